/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batchnorm.h - batch norm backward in its two passes, for who writes dx a few images at a time */
#ifndef NN_KERNELS_TUNED_BATCHNORM_H
#define NN_KERNELS_TUNED_BATCHNORM_H

#include "nn/kernels/tuned/sweep.h"

typedef struct bn_slice { /* per-channel operands of a slice of channels, as patterns */
    float mean[SWEEP_MOST], scale[SWEEP_MOST], shift[SWEEP_MOST];
    float slope[SWEEP_MOST], constant[SWEEP_MOST];
} bn_slice;

INLINE int bn_slices(int c)
{
    int slice = sweep_slice(c);
    return (c + slice - 1) / slice;
}

#define bn_backward_prepare LEVEL_NAME(nn_bn_backward_prepare)
#define bn_backward_dx LEVEL_NAME(nn_bn_backward_dx)
/* k (bn_slices(c)) from the sums. */
void bn_backward_prepare(bn_slice *k, const nn_gradient *d);
/* dx of some images; x and dy have the pixel strides of d. */
void bn_backward_dx(nn_view dx, nn_view dy, nn_view x, const bn_slice *k, nn_act act);

#endif
