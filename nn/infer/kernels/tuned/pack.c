/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pack.c - codes, one per byte, to codes as they lie */
#include "nn/infer/kernels/tuned/pack.h"

/* Field `from` .. `from + bits` of every byte. */
INLINE void pack_bits(uint8_t *restrict y, const uint8_t *restrict codes, size_t n, const int bits, const int from)
{
    size_t whole = n / 8;
    for (size_t i = 0; i < whole; i++) {
        uint64_t x;
        memcpy(&x, codes + 8 * i, 8);
        x = squeeze(x >> from, bits);
        memcpy(y + i * (size_t)bits, &x, (size_t)bits);
    }
    if (n % 8) {
        uint64_t x = 0;
        memcpy(&x, codes + 8 * whole, n % 8);
        x = squeeze(x >> from, bits);
        memcpy(y + whole * (size_t)bits, &x, codes_bytes(n % 8, bits));
    }
}

void layer_pack(uint8_t *y, const uint8_t *codes, size_t n, int bits)
{
    if (bits == 1)
        pack_bits(y, codes, n, 1, 0);
    else if (bits == 2)
        pack_bits(y, codes, n, 2, 0);
    else
        pack_bits(y, codes, n, 4, 0);
}

void layer_sign(uint8_t *y, const int8_t *x, size_t n) { pack_bits(y, (const uint8_t *)x, n, 1, 7); }
