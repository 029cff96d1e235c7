/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loss_optim.c - softmax cross-entropy and the optimisers
 *
 * Sums over classes run in class order, so the vector length does not change them. */
#include "nn/kernels/math.h"
#include "nn/kernels/tuned/tuned.h"
#include <math.h>

/* nn_expf without branches, for x <= 0: the compiler vectorises the loop. */
static void exp_all(float *restrict e, const float *restrict z, float shift, int c)
{
    for (int j = 0; j < c; j++) {
        float x = z[j] - shift, y = x > -87.0f ? x : -87.0f;
        float t = y * 1.44269504088896341f + 12582912.0f;
        int32_t bits;
        memcpy(&bits, &t, 4);
        float n = t - 12582912.0f;
        float r = (y - n * 0.693359375f) + n * 2.12194440e-4f;
        float p = 1.0f / 720.0f;
        p = p * r + 1.0f / 120.0f;
        p = p * r + 1.0f / 24.0f;
        p = p * r + 1.0f / 6.0f;
        p = p * r + 0.5f;
        p = p * r + 1.0f;
        p = p * r + 1.0f;
        uint32_t scale = (uint32_t)(bits - 0x4b400000 + 127) << 23;
        float s;
        memcpy(&s, &scale, 4);
        e[j] = x > -87.0f ? p * s : (x != x ? x : 0.0f);
    }
}

double tuned_softmax_ce(float *dlogits, const float *logits, const int32_t *label, int n, int c,
                        float smoothing, size_t *errors)
{
    enum { PIECE = 64 };
    double loss = 0;
    size_t wrong = 0;
    for (int i = 0; i < n; i++) {
        const float *z = logits + (ptrdiff_t)i * c;
        float *d = dlogits ? dlogits + (ptrdiff_t)i * c : NULL;
        int best = 0;
        for (int j = 1; j < c; j++)
            if (z[j] > z[best])
                best = j;
        wrong += best != label[i];
        float top = z[best], sum = 0, off = smoothing / (float)c, mean = 0;
        for (int j0 = 0; j0 < c; j0 += PIECE) {
            float room[PIECE], *e = d ? d + j0 : room;
            int m = c - j0 < PIECE ? c - j0 : PIECE;
            exp_all(e, z + j0, top, m);
            for (int j = 0; j < m; j++)
                sum += e[j];
            for (int j = 0; smoothing != 0 && j < m; j++)
                mean += z[j0 + j] - top;
        }
        loss += nn_log((double)sum) - (double)((1 - smoothing) * (z[label[i]] - top)) - (double)(off * mean);
        if (!d)
            continue;
        float over = 1.0f / (float)n, norm = over / sum, off_n = off * over;
        for (int j = 0; j < c; j++)
            d[j] = d[j] * norm - off_n;
        d[label[i]] -= (1 - smoothing) * over;
    }
    if (errors)
        *errors += wrong;
    return loss;
}

void tuned_sgd(float *restrict w, float *restrict velocity, const float *restrict grad, size_t n, float lr,
               float momentum, float decay)
{
    for (size_t i = 0; i < n; i++) {
        float v = momentum * velocity[i] + (grad[i] + decay * w[i]);
        velocity[i] = v;
        w[i] -= lr * v;
    }
}

void tuned_adamw(float *restrict w, float *restrict m, float *restrict v, const float *restrict grad,
                 size_t n, float lr, float beta1, float beta2, float epsilon, float decay, float correction1,
                 float correction2)
{
    for (size_t i = 0; i < n; i++) {
        float g = grad[i], a = beta1 * m[i] + (1 - beta1) * g, b = beta2 * v[i] + (1 - beta2) * (g * g);
        m[i] = a;
        v[i] = b;
        w[i] -= lr * (a * correction1 / (sqrtf(b * correction2) + epsilon) + decay * w[i]);
    }
}

double tuned_sum_squares(const float *x, size_t n)
{
    double lane[16] = {0}, sum = 0;
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int l = 0; l < 16; l++)
            lane[l] += (double)x[i + l] * (double)x[i + l];
    for (int l = 0; i < n; i++, l++)
        lane[l] += (double)x[i] * (double)x[i];
    for (int l = 0; l < 16; l++)
        sum += lane[l];
    return sum;
}
