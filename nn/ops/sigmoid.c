/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sigmoid.c - 1 / (1 + exp(-x)), with the exp of kernels/math.h */
#include "nn/kernels/math.h"
#include "nn/pointwise.h"

static float value(float x)
{
    return 1 / (1 + nn_expf(-x));
}

static float slope(float x)
{
    float y = value(x);
    return y * (1 - y);
}

static void forward(const nn_pass *p)
{
    nn_pointwise_forward(p, value);
}

static void backward(const nn_pass *p)
{
    nn_pointwise_backward(p, slope);
}

const nn_op nn_op_sigmoid = {
    .name = "sigmoid",
    .help = "1 / (1 + exp(-x))",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = nn_pointwise_infer,
    .in_place = 1,
    .moves_zero = true,
    .forward = forward,
    .backward = backward,
};
