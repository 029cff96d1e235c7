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

NN_POINTWISE_OP(hard_swish, "x min(max(x + 3, 0), 6) / 6", false, false, value, slope)
