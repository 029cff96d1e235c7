/* SPDX-License-Identifier: GPL-3.0-or-later */
/* depthwise.c - depthwise convolution: every channel on its own (see conv.h)
 *
 * Here a segment is one tap of the window (len is 1): y[pixel][c] = sum over taps t of x[pixel + t][c] *
 * w[t][c]. The last 1..3 channels take a slow path that reads no further than the channel they end with. */
#include "nn/kernels/tuned/conv.h"

/* Nine taps in three rows of three at equal distances. */
static bool is_3x3(const conv_job *j)
{
    if (j->segs != 9)
        return false;
    for (int t = 1; t < 9; t++)
        if (t % 3 != 0 && j->seg[t] - j->seg[t - 1] != j->seg[1] - j->seg[0])
            return false;
    return true;
}

#define L 4
#include "nn/kernels/tuned/depthwise.inc"
#undef L
#if LANES >= 8
#define L 8
#include "nn/kernels/tuned/depthwise.inc"
#undef L
#endif
#if LANES >= 16
#define L 16
#include "nn/kernels/tuned/depthwise.inc"
#undef L
#endif

#define EACH_CHUNK(RUN)                                                                                      \
    for (int c = 0; c < j->c;) {                                                                             \
        int left = j->c - c;                                                                                 \
        if (LANES >= 16 && left >= 16) {                                                                     \
            CAT(RUN, LANES)(j, c, 0);                                                                        \
            c += LANES;                                                                                      \
        } else if (LANES >= 8 && left >= 8) {                                                                \
            CAT(RUN, EIGHT)(j, c, 0);                                                                        \
            c += EIGHT;                                                                                      \
        } else {                                                                                             \
            CAT(RUN, 4)(j, c, left < 4 ? left : 0);                                                          \
            c += 4;                                                                                          \
        }                                                                                                    \
    }
#if LANES >= 8
#define EIGHT 8
#else
#define EIGHT 4
#endif

void depthwise_reduce(const conv_job *j)
{
    EACH_CHUNK(depthwise_reduce_)
}

void depthwise_outer(const conv_job *j)
{
    EACH_CHUNK(depthwise_outer_)
}
