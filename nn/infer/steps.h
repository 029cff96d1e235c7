/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steps.h - inside nn/infer: the steps that are not linear, on unpacked codes in (h, w, c) order */
#ifndef NN_INFER_STEPS_H
#define NN_INFER_STEPS_H

#include "nn/infer/model.h"

typedef struct infer_pass {
    const infer_step *step;
    const infer_tensor *y;
    infer_type x_type;            /* of the first input */
    const int64_t *constant;      /* (channels): what is added to acc m before the shift; NULL without requantisation */
    const int16_t *x[NN_MAX_INPUTS];
    int16_t *to;
} infer_pass;

/* What infer_pass.constant has to hold. */
void infer_constants(int64_t *constant, const infer_requant *r, int channels, infer_type y);
void infer_pass_run(const infer_pass *p);

#endif
