/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relu6.c - min(max(x, 0), 6) */
#include "nn/pointwise.h"

const nn_op nn_op_relu6 = {
    .name = "relu6",
    .help = "min(max(x, 0), 6)",
    .kind = NN_ACTIVATION,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = nn_pointwise_infer,
    .not_negative = true,
    .act = NN_ACT_RELU6,
};
