/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tanh.c - the hyperbolic tangent */
#include "nn/kernels/math.h"
#include "nn/pointwise.h"

static float slope(float x)
{
    float y = nn_tanhf(x);
    return 1 - y * y;
}

NN_POINTWISE_OP(tanh, "hyperbolic tangent", false, false, nn_tanhf, slope)
