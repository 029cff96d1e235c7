/* SPDX-License-Identifier: GPL-3.0-or-later */
/* add.c - the sum of inputs of one shape */
#include "nn/op.h"

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a;
    for (int i = 1; i < n->n_inputs; i++)
        if (in[i].h != in[0].h || in[i].w != in[0].w || in[i].c != in[0].c)
            return ash_fail(err, ASH_INVALID, "inputs of different shapes, (%d, %d, %d) and (%d, %d, %d)", in[0].h,
                            in[0].w, in[0].c, in[i].h, in[i].w, in[i].c);
    n->shape = in[0];
    n->flops = (n->n_inputs - 1) * nn_elements(in[0]);
    return ASH_OK;
}

static void forward(const nn_pass *p)
{
    int n = p->node->n_inputs;
    p->kernels->add(p->y, p->x[0], p->x[1], n == 2 ? p->act : NN_ACT_NONE);
    for (int i = 2; i < n; i++)
        p->kernels->add(p->y, p->y, p->x[i], i == n - 1 ? p->act : NN_ACT_NONE);
}

static void backward(const nn_pass *p)
{
    for (int i = 0; i < p->node->n_inputs; i++)
        if (p->dx[i].p)
            p->kernels->copy(p->dx[i], p->dy, p->accumulate[i]);
}

const nn_op nn_op_add = {
    .name = "add",
    .help = "sum of inputs of one shape",
    .min_inputs = 2,
    .max_inputs = NN_MAX_INPUTS,
    .infer = infer,
    .commutes = true,
    .in_place = 2,
    .forward = forward,
    .backward = backward,
    .fuses_act = true,
    .integer = INFER_ADD,
};
