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

NN_POINTWISE_OP(sigmoid, "1 / (1 + exp(-x))", true, true, value, slope)
