/* SPDX-License-Identifier: GPL-3.0-or-later */
/* level.c - fills the level's table with the kernels tuned for it, and measures its multiply-adds */
#include "nn/kernels/tuned/tuned.h"

void LEVEL_NAME(nn_level_fill)(nn_kernels *k)
{
    k->lanes = LANES;
    k->conv_scratch = tuned_conv_scratch;
    k->conv_forward = tuned_conv_forward;
    k->conv_input_grad = tuned_conv_input_grad;
    k->conv_weight_grad = tuned_conv_weight_grad;
}

/* Independent chains of multiply-adds that never leave the registers; as many as cover latency x throughput.
 */
double LEVEL_NAME(nn_level_fma)(long iterations, double *flops)
{
    enum { CHAINS = 12 };
    vec acc[CHAINS], a = {0}, b = {0};
    volatile float one = 0.999f, small = 1e-3f; /* not known to the compiler */
    a += one;
    b += small;
    for (int i = 0; i < CHAINS; i++)
        acc[i] = b * (float)i;
    for (long n = 0; n < iterations; n++) {
        UNROLL
        for (int i = 0; i < CHAINS; i++)
            acc[i] = acc[i] * a + b;
        UNROLL
        for (int i = 0; i < CHAINS; i++)
            acc[i] = acc[i] * a + b;
    }
    double sum = 0;
    for (int i = 0; i < CHAINS; i++)
        for (int l = 0; l < LANES; l++)
            sum += acc[i][l];
    *flops = 2.0 * 2.0 * CHAINS * LANES * (double)iterations;
    return sum;
}
