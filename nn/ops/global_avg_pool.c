/* SPDX-License-Identifier: GPL-3.0-or-later */
/* global_avg_pool.c - the mean of each channel over the image */
#include "nn/op.h"

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a, (void)err;
    n->shape = (nn_shape){1, 1, in->c};
    n->flops = nn_elements(*in);
    return ASH_OK;
}

static nn_conv whole(const nn_view *x)
{
    return (nn_conv){x->h, x->w, 1, 1, 0, 0, 1, 1, 1};
}

static void forward(const nn_pass *p)
{
    nn_conv g = whole(&p->x[0]);
    p->kernels->avg_pool_forward(p->y, p->x[0], &g, true);
}

static void backward(const nn_pass *p)
{
    nn_conv g = whole(&p->x[0]);
    if (p->dx[0].p)
        p->kernels->avg_pool_backward(p->dx[0], p->dy, &g, true, p->accumulate[0]);
}

const nn_op nn_op_global_avg_pool = {
    .name = "global_avg_pool",
    .help = "mean of each channel over the image",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};
