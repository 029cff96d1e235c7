/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pack.c - codes, one per byte, to codes as they lie */
#include "nn/infer/kernels/tuned/pack.h"

/* Bits `from` .. `from + bits` of every byte. */
INLINE void pack_bits(uint8_t *y, const uint8_t *codes, size_t n, const int bits, const int from)
{
    for (; n >= CHUNK; n -= CHUNK, codes += CHUNK, y += CHUNK / 8 * bits) {
        word_vec x;
        memcpy(&x, codes, sizeof x);
        squeeze(y, x >> from, bits);
    }
    if (n) {
        word_vec x = {0};
        uint8_t last[CHUNK];
        memcpy(&x, codes, n);
        squeeze(last, x >> from, bits);
        memcpy(y, last, codes_bytes(n, bits));
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

void layer_sign(uint8_t *y, const int8_t *x, size_t n)
{
    size_t done = 0;
#if HAS_SIGNS
    for (; n - done >= 4 * LANES; done += 4 * LANES)
        signs_of_bytes(y + done / 8, (const uint8_t *)x + done);
#endif
    pack_bits(y + done / 8, (const uint8_t *)x + done, n - done, 1, 7);
}
