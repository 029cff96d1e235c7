/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mixup.c - training on mixtures of two samples (Zhang et al., arXiv:1710.09412)
 *
 * One share per step from Beta(alpha, alpha); each image of the batch is mixed with the next one (the batch is shuffled, so that is a random
 * partner), and the loss mixes the labels likewise (loss.c).
 *
 * Beta by Johnk's rejection (Metrika 8, 1964): U^(1/alpha) / (U^(1/alpha) + V^(1/alpha)) for uniform U, V whose powers sum to at most 1; it accepts
 * at least half the time for alpha <= 1. The powers are taken as exp(log(U) / alpha) with exp and log of our own, so the bits do not depend on
 * libm. */
#include "nn/kernels/math.h"
#include "nn/net.h"

double nn_beta(rng *r, double alpha)
{
    for (;;) {
        double u = 1 - rng_real(r), v = 1 - rng_real(r); /* (0, 1] */
        double x = nn_log(u) / alpha, y = nn_log(v) / alpha, top = x > y ? x : y;
        if ((double)nn_expf((float)x) + (double)nn_expf((float)y) > 1)
            continue;
        double a = (double)nn_expf((float)(x - top)), b = (double)nn_expf((float)(y - top)); /* one of them is 1 */
        return a / (a + b);
    }
}

static void blend(nn_view v, int i, const float *other, ptrdiff_t other_row, float own)
{
    for (int y = 0; y < v.h; y++) {
        float *to = v.p + i * v.sn + y * v.sh;
        const float *from = other + y * other_row;
        for (int k = 0; k < v.w * v.c; k++)
            to[k] = own * to[k] + (1 - own) * from[k];
    }
}

double nn_mix(nn_net *net, int n, uint64_t seed)
{
    rng r = rng_stream(seed, "mixup", 0);
    float own = (float)nn_beta(&r, net->recipe.mixup);
    nn_view v = nn_output_view(net, 0, n);
    ptrdiff_t row = (ptrdiff_t)v.w * v.c;
    float *first = net->shards[0].image;
    for (int y = 0; y < v.h; y++) /* the first image is the last one's partner, and is mixed first */
        for (ptrdiff_t k = 0; k < row; k++)
            first[y * row + k] = v.p[y * v.sh + k];
    for (int i = 0; i + 1 < n; i++)
        blend(v, i, v.p + (i + 1) * v.sn, v.sh, own);
    blend(v, n - 1, first, row, own);
    return (double)own;
}
