/* SPDX-License-Identifier: GPL-3.0-or-later */
/* depthwise.c - sums of a depthwise convolution: TAPS taps side by side take the place of input channels
 *
 * A vector of the room holds TAPS x LANES codes of consecutive channels. Those of TAPS taps are interleaved to words of one
 * channel each; in every 128 bits of them, words lie four channels at a time, and so they are stored. */
#include "nn/infer/kernels/tuned/layer.h"

#if HAS_DOT4
enum { TAPS = 4 };
#else
enum { TAPS = 2 };
#endif

void layer_depthwise(const layer *l, const tile_job *j)
{
    const layer_run *taps = (const layer_run *)((const char *)l + l->runs_at);
    for (int p = 0; p < j->count; p++) {
        const uint8_t *x = j->x + j->at[p];
        const ivec *w = j->weights;
        const int32_t *base = j->base + j->class_at[p];
        ivec acc[TAPS], words[TAPS];
        UNROLL
        for (int i = 0; i < TAPS; i++)
            acc[i] = vec_load(base + i * LANES);
        for (int t = 0; t < l->n_runs; t += TAPS, w += TAPS) {
#if HAS_DOT4
            interleave4(words, vec_load(x + taps[t].offset), vec_load(x + taps[t + 1].offset), vec_load(x + taps[t + 2].offset),
                        vec_load(x + taps[t + 3].offset));
            UNROLL
            for (int i = 0; i < TAPS; i++)
                acc[i] = dot4(acc[i], words[i], w[i]);
#else
            interleave2(words, vec_load(x + taps[t].offset), vec_load(x + taps[t + 1].offset));
            UNROLL
            for (int i = 0; i < TAPS; i++)
                acc[i] = dot2(acc[i], words[i], w[i]);
#endif
        }
        int32_t *sums = j->sums + p * TAPS * LANES;
        UNROLL
        for (int i = 0; i < TAPS; i++)
            UNROLL
            for (int k = 0; k < LANES / 4; k++)
                memcpy(sums + (k * TAPS + i) * 4, (const char *)&acc[i] + 16 * k, 16);
    }
}
