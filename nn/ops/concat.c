/* SPDX-License-Identifier: GPL-3.0-or-later */
/* concat.c - inputs of one height and width, channel after channel */
#include "nn/op.h"

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a;
    n->shape = in[0];
    for (int i = 1; i < n->n_inputs; i++) {
        if (in[i].h != in[0].h || in[i].w != in[0].w)
            return ash_fail(err, ASH_INVALID, "inputs of different sizes, %d x %d and %d x %d", in[0].h, in[0].w,
                            in[i].h, in[i].w);
        n->shape.c += in[i].c;
    }
    return ASH_OK;
}

static nn_view channels(nn_view v, int from, int count)
{
    v.p += from;
    v.c = count;
    return v;
}

static void forward(const nn_pass *p)
{
    for (int i = 0, from = 0; i < p->node->n_inputs; from += p->x[i].c, i++)
        p->kernels->copy(channels(p->y, from, p->x[i].c), p->x[i], false);
}

static void backward(const nn_pass *p)
{
    for (int i = 0, from = 0; i < p->node->n_inputs; from += p->x[i].c, i++)
        if (p->dx[i].p)
            p->kernels->copy(p->dx[i], channels(p->dy, from, p->x[i].c), p->accumulate[i]);
}

const nn_op nn_op_concat = {
    .name = "concat",
    .help = "channels of all inputs, one after the other",
    .min_inputs = 2,
    .max_inputs = NN_MAX_INPUTS,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .integer = INFER_CONCAT,
};
