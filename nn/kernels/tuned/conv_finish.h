/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_finish.h - FINISH, the end of every reduction: bias, statistics or activation, and writing y
 *
 * Of acc[P][NV], vectors V of L floats, for channels from c0 of the pixels whose offsets in y are yo; part: only that many
 * channels of the one vector. A macro for the same reason as STEPS of conv_reduce.inc. */
#ifndef NN_KERNELS_TUNED_CONV_FINISH_H
#define NN_KERNELS_TUNED_CONV_FINISH_H

#define FINISH()                                                                                             \
    do {                                                                                                     \
        if (j->bias)                                                                                         \
            UNROLL                                                                                           \
            for (int v = 0; v < NV; v++) {                                                                   \
                V b = LOAD(L, j->bias + c0 + v * L);                                                         \
                UNROLL                                                                                       \
                for (int p = 0; p < P; p++)                                                                  \
                    acc[p][v] += b;                                                                          \
            }                                                                                                \
        if (j->stats)                                                                                        \
            UNROLL                                                                                           \
            for (int v = 0; v < NV; v++) {                                                                   \
                float *at = j->stats + c0 + v * L;                                                           \
                V shift = LOAD(L, at), sum = LOAD(L, at + j->stats_pitch), squares = LOAD(L, at + 2 * j->stats_pitch); \
                UNROLL                                                                                       \
                for (int p = 0; p < P; p++) {                                                                \
                    V d = acc[p][v] - shift;                                                                 \
                    sum += d;                                                                                \
                    squares += d * d;                                                                        \
                }                                                                                            \
                STORE(L, at + j->stats_pitch, sum);                                                          \
                STORE(L, at + 2 * j->stats_pitch, squares);                                                  \
            }                                                                                                \
        else if (j->act != NN_ACT_NONE)                                                                      \
            UNROLL                                                                                           \
            for (int p = 0; p < P; p++)                                                                      \
                UNROLL                                                                                       \
                for (int v = 0; v < NV; v++)                                                                 \
                    acc[p][v] = CAT(activate, L)(acc[p][v], j->act);                                         \
        if (part) {                                                                                          \
            UNROLL                                                                                           \
            for (int p = 0; p < P; p++) {                                                                    \
                float *y = j->y + yo[p] + c0;                                                                \
                V r = acc[p][0];                                                                             \
                if (j->accumulate)                                                                           \
                    r += CAT(load_part, L)(y, part);                                                         \
                CAT(store_part, L)(y, r, part);                                                              \
            }                                                                                                \
        } else if (j->accumulate) {                                                                          \
            UNROLL                                                                                           \
            for (int p = 0; p < P; p++)                                                                      \
                UNROLL                                                                                       \
                for (int v = 0; v < NV; v++) {                                                               \
                    float *y = j->y + yo[p] + c0 + v * L;                                                    \
                    STORE(L, y, LOAD(L, y) + acc[p][v]);                                                     \
                }                                                                                            \
        } else {                                                                                             \
            UNROLL                                                                                           \
            for (int p = 0; p < P; p++)                                                                      \
                UNROLL                                                                                       \
                for (int v = 0; v < NV; v++)                                                                 \
                    STORE(L, j->y + yo[p] + c0 + v * L, acc[p][v]);                                          \
        }                                                                                                    \
    } while (0)

#endif
