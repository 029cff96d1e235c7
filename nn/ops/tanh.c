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

NN_POINTWISE_OP(tanh, "hyperbolic tangent", false, value, slope)
