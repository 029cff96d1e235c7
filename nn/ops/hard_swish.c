/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hard_swish.c - x min(max(x + 3, 0), 6) / 6, the activation of MobileNetV3 (Howard et al., arXiv:1905.02244)
 *
 * Not monotone: its gradient does not follow from its output, so it reads its input again and is no NN_ACTIVATION. */
#include "nn/pointwise.h"

static float value(float x)
{
    float y = x + 3;
    y = y > 0 ? y : 0;
    return x * (y < 6 ? y : 6) * (1.0f / 6);
}

static float slope(float x)
{
    return x <= -3 ? 0 : x >= 3 ? 1 : x * (1.0f / 3) + 0.5f;
}

static void forward(const nn_pass *p)
{
    nn_pointwise_forward(p, value);
}

static void backward(const nn_pass *p)
{
    nn_pointwise_backward(p, slope);
}

const nn_op nn_op_hard_swish = {
    .name = "hard_swish",
    .help = "x min(max(x + 3, 0), 6) / 6",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = nn_pointwise_infer,
    .in_place = 1,
    .forward = forward,
    .backward = backward,
};
