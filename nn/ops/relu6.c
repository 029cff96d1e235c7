/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relu6.c - min(max(x, 0), 6) */
#include "nn/op.h"

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a, (void)err;
    n->shape = *in;
    n->flops = nn_elements(*in);
    return ASH_OK;
}

const nn_op nn_op_relu6 = {
    .name = "relu6",
    .help = "min(max(x, 0), 6)",
    .kind = NN_ACTIVATION,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .act = NN_ACT_RELU6,
};
