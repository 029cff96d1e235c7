/* SPDX-License-Identifier: GPL-3.0-or-later */
/* max_pool.c - the largest value in each window; padding never wins */
#include "nn/pool.h"

static size_t state_bytes(const nn_node *n, int batch)
{
    return (size_t)nn_elements(n->shape) * (size_t)batch * sizeof(int32_t);
}

static void forward(const nn_pass *p)
{
    p->kernels->max_pool_forward(p->y, p->training ? p->state : NULL, p->x[0], nn_pool_window(p->node));
}

static void backward(const nn_pass *p)
{
    if (p->dx[0].p)
        p->kernels->max_pool_backward(p->dx[0], p->dy, p->state, nn_pool_window(p->node), p->accumulate[0]);
}

const nn_op nn_op_max_pool = {
    .name = "max_pool",
    .help = "maximum over a window",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = &nn_pool_attrs,
    .keeps_codes = true,
    .infer = nn_pool_infer,
    .forward = forward,
    .backward = backward,
    .state_bytes = state_bytes,
    .integer = INFER_MAX,
    .geometry = nn_pool_geometry,
};
