/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steps.h - the steps that are not linear, on unpacked codes in (h, w, c) order: what a kernel table gets to run one
 *
 * Like linear steps they are compiled once per instruction set (nn/infer/kernels/tuned/steps.c): plain loops, long enough to fill vectors. */
#ifndef NN_INFER_STEPS_H
#define NN_INFER_STEPS_H

#include "nn/infer/model.h"

/* Of a step that requantises: code = clamp(((sum + add) << up) >> 32 >> down), element i of pixels in turn with entry i % span. That is the rule of
 * model.h, since up = max(0, 32 - shift) and down = max(0, shift - 32); of one bit signed, up and down play no part. */
typedef struct infer_constants {
    int span;      /* a multiple of the channels, so that few channels fill vectors, too; 0: nothing is requantised */
    int64_t *add, *up;
    int32_t *down, *m; /* m: (inputs of an addition, otherwise 1; span) */
} infer_constants;

typedef struct infer_pass {
    const infer_step *step;
    const infer_tensor *y;
    infer_type x_type;        /* of the first input */
    infer_constants constants;
    const int16_t *x[NN_MAX_INPUTS];
    int16_t *to;              /* overlaps no input */
} infer_pass;

/* The constants of a step whose output is y, at `memory` (64-byte aligned), which takes *bytes. memory NULL: only how many. */
infer_constants infer_constants_at(void *memory, size_t *bytes, const infer_step *s, const infer_tensor *y);

#endif
