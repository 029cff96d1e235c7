/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_outer.c - the outer-product kernel: weight gradients (see conv.h)
 *
 * Channels are cut into vectors as in conv_reduce.c. Of dy a partial vector may be loaded whole: the caller
 * has copied it with a pitch padded to vectors when c is no multiple of 4. */
#include "nn/kernels/tuned/conv.h"

#define L 4
#include "nn/kernels/tuned/conv_outer.inc"
#undef L
#if LANES >= 8
#define L 8
#include "nn/kernels/tuned/conv_outer.inc"
#undef L
#endif
#if LANES >= 16
#define L 16
#include "nn/kernels/tuned/conv_outer.inc"
#undef L
#endif

void conv_outer(const conv_job *j)
{
    for (int c = 0; c < j->c;) {
        int left = j->c - c;
        if (left <= 8 && has_pairs(j->c) && j->len > 1) {
            outer_pairs(j, c, left < 8 ? left : 0);
            break;
        }
        if (left >= 2 * LANES) {
            CAT(outer2x, LANES)(j, c);
            c += 2 * LANES;
            continue;
        }
#if LANES >= 16
        if (left > 12 || (left > 8 && j->c % 4 != 0)) {
            outer1x16(j, c, left < 16 ? left : 0);
            c += 16;
            continue;
        }
#endif
#if LANES >= 8
        if (left > 4) {
            outer1x8(j, c, left < 8 ? left : 0);
            c += 8;
            continue;
        }
#endif
        outer1x4(j, c, left < 4 ? left : 0);
        c += 4;
    }
}
