/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relu.c - max(x, 0) */
#include "nn/pointwise.h"

const nn_op nn_op_relu = {
    .name = "relu",
    .help = "max(x, 0)",
    .kind = NN_ACTIVATION,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = nn_pointwise_infer,
    .not_negative = true,
    .act = NN_ACT_RELU,
};
