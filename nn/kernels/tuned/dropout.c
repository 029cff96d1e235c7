/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dropout.c - which elements dropout keeps, and keeping them
 *
 * A stream's words are a function of their place, so Philox4x32-10 (core/rng.c) runs for many blocks at once, in
 * loops that the compiler turns into vectors. Half a word, as a fraction, decides for an element. */
#include "nn/kernels/tuned/sweep.h"

enum { BLOCKS = 2 * LANES };

/* Words of `BLOCKS` consecutive Philox blocks from number `first` on. */
static void philox_blocks(uint32_t words[BLOCKS * 4], uint64_t first, const rng *r)
{
    uint32_t c0[BLOCKS], c1[BLOCKS], c2[BLOCKS], c3[BLOCKS], k0 = r->key[0], k1 = r->key[1];
    for (int l = 0; l < BLOCKS; l++) {
        c0[l] = (uint32_t)(first + (uint64_t)l);
        c1[l] = (uint32_t)((first + (uint64_t)l) >> 32);
        c2[l] = r->counter[2];
        c3[l] = r->counter[3];
    }
    for (int round = 0; round < 10; round++) {
        for (int l = 0; l < BLOCKS; l++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c0[l], p1 = (uint64_t)0xCD9E8D57u * c2[l];
            c0[l] = (uint32_t)(p1 >> 32) ^ c1[l] ^ k0;
            c1[l] = (uint32_t)p1;
            c2[l] = (uint32_t)(p0 >> 32) ^ c3[l] ^ k1;
            c3[l] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int l = 0; l < BLOCKS; l++) {
        words[4 * l] = c0[l];
        words[4 * l + 1] = c1[l];
        words[4 * l + 2] = c2[l];
        words[4 * l + 3] = c3[l];
    }
}

void tuned_dropout_draw(uint8_t *kept, size_t n, const rng *r, float rate)
{
    enum { HALVES = BLOCKS * 8 };
    float bound = rate * 0x1p16f;
    uint32_t words[BLOCKS * 4];
    uint16_t least = (uint16_t)bound; /* a rate of 1 is none */
    least = (uint16_t)(least + ((float)least < bound));
    uint64_t block = (uint64_t)r->counter[1] << 32 | r->counter[0];
    for (size_t i = 0; i < n; i += HALVES, block += BLOCKS) {
        size_t left = n - i < HALVES ? n - i : HALVES;
        uint16_t half[HALVES];
        philox_blocks(words, block, r);
        memcpy(half, words, sizeof(half)); /* little-endian: the lower one first */
        for (size_t k = 0; k < left; k++)
            kept[i + k] = half[k] >= least;
    }
}

static void keep(float *restrict to, const float *restrict from, const uint8_t *restrict kept, float factor, ptrdiff_t n)
{
    for (ptrdiff_t k = 0; k < n; k++)
        to[k] = from[k] * ((float)kept[k] * factor);
}

static void keep_more(float *restrict to, const float *restrict from, const uint8_t *restrict kept, float factor,
                      ptrdiff_t n)
{
    for (ptrdiff_t k = 0; k < n; k++)
        to[k] += from[k] * ((float)kept[k] * factor);
}

void tuned_dropout_apply(nn_view y, nn_view x, const uint8_t *kept, float factor, bool accumulate)
{
    const nn_view *views[] = {&y, &x};
    sweep s = sweep_of(views, 2, 0, y.c);
    SWEEP_ROWS(&s)
    {
        (accumulate ? keep_more : keep)(SWEEP_AT(&s, 0), SWEEP_AT(&s, 1), kept, factor, s.len);
        kept += s.len;
    }
}
