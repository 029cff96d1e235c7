/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_reduce.c - the batch-reduce kernel: forward convolution, input gradient, dense layers (see conv.h)
 *
 * Channels are cut into blocks of 4, 2 and 1 native vectors, then into shorter vectors: 24 channels at 16
 * lanes are one vector of 16 and one of 8, so that a narrow net wastes few lanes. Only the last 1..3
 * (5..7, 13..15) channels need a partial vector, whose other lanes are never stored. The last 5 to 8 go to conv_pairs.c. */
#include "nn/kernels/tuned/conv.h"
#include "nn/kernels/tuned/conv_finish.h"

#define L 4
#include "nn/kernels/tuned/conv_reduce.inc"
#undef L
#if LANES >= 8
#define L 8
#include "nn/kernels/tuned/conv_reduce.inc"
#undef L
#endif
#if LANES >= 16
#define L 16
#include "nn/kernels/tuned/conv_reduce.inc"
#undef L
#endif

void conv_reduce(const conv_job *j)
{
    for (int c = 0; c < j->c;) {
        int left = j->c - c;
        if (left <= 8 && has_pairs(j->c)) {
            reduce_pairs(j, c, left < 8 ? left : 0);
            break;
        }
#if REGISTERS == 32
        if (left >= 4 * LANES) {
            CAT(reduce4x, LANES)(j, c);
            c += 4 * LANES;
            continue;
        }
#endif
        if (left >= 2 * LANES) {
            CAT(reduce2x, LANES)(j, c);
            c += 2 * LANES;
            continue;
        }
#if LANES >= 16
        if (left > 12 || (left > 8 && j->c % 4 != 0)) {
            reduce1x16(j, c, left < 16 ? left : 0);
            c += 16;
            continue;
        }
#endif
#if LANES >= 8
        if (left > 4) {
            reduce1x8(j, c, left < 8 ? left : 0);
            c += 8;
            continue;
        }
#endif
        reduce1x4(j, c, left < 4 ? left : 0);
        c += 4;
    }
}
