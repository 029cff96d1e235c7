/* SPDX-License-Identifier: GPL-3.0-or-later */
/* level.c - fills the level's table with the kernels tuned for it, and measures its multiply-adds */
#include "nn/kernels/tuned/tuned.h"

void LEVEL_NAME(nn_level_fill)(nn_kernels *k)
{
    k->lanes = LANES;
#define NN_TUNED(name, result, arguments) k->name = LEVEL_NAME(nn_##name);
#include "nn/kernels/tuned/tuned.def"
#undef NN_TUNED
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
