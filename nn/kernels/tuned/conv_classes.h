/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_classes.h - the reductions that make up an input gradient, one per residue class of the stride */
#ifndef NN_KERNELS_TUNED_CONV_CLASSES_H
#define NN_KERNELS_TUNED_CONV_CLASSES_H

#include "nn/kernels/tuned/conv_driver.h"

typedef struct axis { /* one dimension */
    int size, stride, pad, kernel, dilation;
} axis;

typedef struct classes {
    axis v, h;                    /* vertical, horizontal */
    int top, bottom, left, right; /* halo that dy needs */
    int images, pitch;
    conv_job *jobs; /* (count), each over one image; for m <= images of them, count is m times as much */
    int count;
    int32_t *xo, *yo;
    ptrdiff_t *seg;
    float *w, *pairs;
} classes;

#define classes_plan LEVEL_NAME(nn_classes_plan)
#define classes_fill LEVEL_NAME(nn_classes_fill)
classes classes_plan(bump *b, const nn_view *dx, const nn_view *dy, const nn_conv *g, int images, bool depthwise);
/* Pixels, taps and packed weights; `from` is where dy lies when it is read. */
void classes_fill(classes *p, nn_view dx, nn_view from, const float *w, ptrdiff_t ldw, bool accumulate, bool depthwise);

#endif
