/* SPDX-License-Identifier: GPL-3.0-or-later */
/* avg_pool.c - the mean of each window; padding does not count, as in TensorFlow */
#include "nn/pool.h"

static void forward(const nn_pass *p)
{
    p->kernels->avg_pool_forward(p->y, p->x[0], nn_pool_window(p->node), false);
}

static void backward(const nn_pass *p)
{
    if (p->dx[0].p)
        p->kernels->avg_pool_backward(p->dx[0], p->dy, nn_pool_window(p->node), false, p->accumulate[0]);
}

const nn_op nn_op_avg_pool = {
    .name = "avg_pool",
    .help = "mean over a window",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = &nn_pool_attrs,
    .infer = nn_pool_infer,
    .forward = forward,
    .backward = backward,
    .integer = INFER_AVERAGE,
    .geometry = nn_pool_geometry,
};
