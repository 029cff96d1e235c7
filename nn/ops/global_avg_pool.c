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

static nn_conv geometry(const nn_node *n, nn_shape in) /* one window, as large as the input */
{
    (void)n;
    return (nn_conv){in.h, in.w, 1, 1, 0, 0, 1, 1, 1};
}

static void forward(const nn_pass *p)
{
    nn_conv g = geometry(p->node, (nn_shape){p->x[0].h, p->x[0].w, p->x[0].c});
    p->kernels->avg_pool_forward(p->y, p->x[0], &g, true);
}

static void backward(const nn_pass *p)
{
    nn_conv g = geometry(p->node, (nn_shape){p->x[0].h, p->x[0].w, p->x[0].c});
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
    .integer = INFER_AVERAGE,
    .geometry = geometry,
};
