/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv.c - sums of a tile of pixels by a block of output channels (see layer.h), one loop for each kind of dot product */
#include "nn/infer/kernels/tuned/layer.h"

#if HAS_DOT4
#define KIND dot4
#define STEP dot4
#define PIXELS 6
#include "nn/infer/kernels/tuned/conv.inc"
#else
#define KIND dot2
#define STEP dot2
#define PIXELS 6
#include "nn/infer/kernels/tuned/conv.inc"
#endif

#if HAS_SHORT
#define KIND short4
#define STEP short4
#define WIDEN short_widen
#define PIXELS 6
#include "nn/infer/kernels/tuned/conv.inc"
#endif

#define BITS
#if HAS_POPCOUNT
#define KIND differ
#define PAIR differ_pair
#define SINGLE differ_single
#define WIDEN differ_all
#define PIXELS 3 /* each has two vectors of sums */
#include "nn/infer/kernels/tuned/conv.inc"
#else
#define KIND differ8
#define STEP differ8
#define WIDEN differ_widen
#define PIXELS 4 /* the rest of the registers is temporary */
#include "nn/infer/kernels/tuned/conv.inc"
#endif

void layer_conv(const layer *l, const tile_job *j)
{
    if (l->mode == MODE_BITS)
#if HAS_POPCOUNT
        conv_differ(l, j);
#else
        conv_differ8(l, j);
#endif
#if HAS_SHORT
    else if (l->mode == MODE_SHORT)
        conv_short4(l, j);
#endif
    else
#if HAS_DOT4
        conv_dot4(l, j);
#else
        conv_dot2(l, j);
#endif
}
