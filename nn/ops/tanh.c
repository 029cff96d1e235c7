/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tanh.c - the hyperbolic tangent, 1 - 2 / (exp(2 x) + 1), with the exp of kernels/math.h */
#include "nn/kernels/math.h"
#include "nn/pointwise.h"

/* Near zero the quotient would cancel: a series there. */
static float value(float x)
{
    if (x > -0.1f && x < 0.1f)
        return x - x * x * x * (1.0f / 3) + x * x * x * x * x * (2.0f / 15);
    return 1 - 2 / (nn_expf(2 * x) + 1);
}

static float slope(float x)
{
    float y = value(x);
    return 1 - y * y;
}

static void forward(const nn_pass *p)
{
    nn_pointwise_forward(p, value);
}

static void backward(const nn_pass *p)
{
    nn_pointwise_backward(p, slope);
}

const nn_op nn_op_tanh = {
    .name = "tanh",
    .help = "hyperbolic tangent",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = nn_pointwise_infer,
    .in_place = 1,
    .forward = forward,
    .backward = backward,
};
