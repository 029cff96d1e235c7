/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hard_sigmoid.c - min(max(x + 3, 0), 6) / 6: the gate of MobileNetV3 (Howard et al., arXiv:1905.02244) */
#include "nn/pointwise.h"

static float value(float x)
{
    float y = x + 3;
    y = y > 0 ? y : 0;
    return (y < 6 ? y : 6) * (1.0f / 6);
}

static float slope(float x)
{
    return x > -3 && x < 3 ? 1.0f / 6 : 0;
}

NN_POINTWISE_OP(hard_sigmoid, "min(max(x + 3, 0), 6) / 6", true, true, value, slope)
