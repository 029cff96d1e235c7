/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pack.h - between codes of b bits, b < 8, and one code per byte, a vector of 64-bit words at a time
 *
 * Eight codes are a 64-bit word; to move them together, pairs close up, then pairs of pairs, then those. */
#ifndef NN_INFER_KERNELS_TUNED_PACK_H
#define NN_INFER_KERNELS_TUNED_PACK_H

#include "nn/infer/kernels/tuned/layer.h"

enum { WORDS = LANES / 2, CHUNK = 8 * WORDS }; /* 64-bit words and codes at a time */

typedef uint64_t word_vec __attribute__((vector_size(WORDS * 8)));
typedef uint8_t packed1 __attribute__((vector_size(WORDS)));
typedef uint16_t packed2 __attribute__((vector_size(WORDS * 2)));
typedef uint32_t packed4 __attribute__((vector_size(WORDS * 4)));

/* The low `bits` of every `unit` bits of a word, unit < 64. */
INLINE uint64_t low_bits(int bits, int unit)
{
    return ~(uint64_t)0 / (((uint64_t)1 << unit) - 1) * (((uint64_t)1 << bits) - 1);
}

/* Low b bits of CHUNK bytes, side by side: CHUNK / 8 * b bytes. */
INLINE void squeeze(uint8_t *to, word_vec x, const int b)
{
    x &= low_bits(b, 8);
    x = (x | x >> (8 - b)) & low_bits(2 * b, 16);
    x = (x | x >> (16 - 2 * b)) & low_bits(4 * b, 32);
    x |= x >> (32 - 4 * b);
    if (b == 1) {
        packed1 p = __builtin_convertvector(x, packed1);
        memcpy(to, &p, sizeof p);
    } else if (b == 2) {
        packed2 p = __builtin_convertvector(x, packed2);
        memcpy(to, &p, sizeof p);
    } else {
        packed4 p = __builtin_convertvector(x, packed4);
        memcpy(to, &p, sizeof p);
    }
}

/* The inverse. */
INLINE word_vec spread(const uint8_t *from, const int b)
{
    packed1 p1;
    packed2 p2;
    packed4 p4;
    word_vec x;
    if (b == 1) {
        memcpy(&p1, from, sizeof p1);
        x = __builtin_convertvector(p1, word_vec);
    } else if (b == 2) {
        memcpy(&p2, from, sizeof p2);
        x = __builtin_convertvector(p2, word_vec);
    } else {
        memcpy(&p4, from, sizeof p4);
        x = __builtin_convertvector(p4, word_vec);
    }
    x = (x | x << (32 - 4 * b)) & low_bits(4 * b, 32);
    x = (x | x << (16 - 2 * b)) & low_bits(2 * b, 16);
    return (x | x << (8 - b)) & low_bits(b, 8);
}

#endif
