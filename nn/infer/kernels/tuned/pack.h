/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pack.h - eight codes of b bits to bytes and back, in a 64-bit word: pairs, then fours, then eights move together */
#ifndef NN_INFER_KERNELS_TUNED_PACK_H
#define NN_INFER_KERNELS_TUNED_PACK_H

#include "nn/infer/kernels/tuned/layer.h"

/* The low `bits` bits of every `unit` bits. */
INLINE uint64_t low_bits(int bits, int unit)
{
    return ~(uint64_t)0 / (((uint64_t)1 << (unit - 1) << 1) - 1) * (((uint64_t)1 << bits) - 1);
}

/* Low b bits of eight bytes to the low 8 b bits, b < 8. */
INLINE uint64_t squeeze(uint64_t x, const int b)
{
    x &= low_bits(b, 8);
    x = (x | x >> (8 - b)) & low_bits(2 * b, 16);
    x = (x | x >> (16 - 2 * b)) & low_bits(4 * b, 32);
    return (x | x >> (32 - 4 * b)) & low_bits(8 * b, 64);
}

INLINE uint64_t spread(uint64_t x, const int b)
{
    x = (x | x << (32 - 4 * b)) & low_bits(4 * b, 32);
    x = (x | x << (16 - 2 * b)) & low_bits(2 * b, 16);
    return (x | x << (8 - b)) & low_bits(b, 8);
}

#endif
