/* SPDX-License-Identifier: GPL-3.0-or-later */
/* about.c - see about.h */
#include "nn/infer/about.h"
#include <math.h>

void infer_normalise(const infer_about *a, float *x, const float *raw)
{
    for (size_t i = 0; i < a->sample; i++) {
        float v = isnan(raw[i]) ? a->missing[i % a->channels] : raw[i];
        size_t k = a->n_norm ? i % a->n_norm : 0; /* channels are the innermost dimension */
        x[i] = a->n_norm ? (v - a->mean[k]) * a->scale[k] : v;
    }
}

static void softmax(float *y, size_t n)
{
    float top = y[0], sum = 0;
    for (size_t i = 1; i < n; i++)
        top = fmaxf(top, y[i]);
    for (size_t i = 0; i < n; i++)
        sum += y[i] = expf(y[i] - top);
    for (size_t i = 0; i < n; i++)
        y[i] /= sum;
}

void infer_finish(const infer_about *a, float *y)
{
    if (a->answer == INFER_CLASSES)
        softmax(y, a->outputs);
    for (size_t i = 0; a->answer == INFER_VALUES && i < a->outputs; i++)
        y[i] = (float)(a->out_mean[i] + a->out_std[i] * (double)y[i]);
    for (size_t i = 0; a->answer == INFER_SAMPLE && a->n_norm && i < a->outputs; i++)
        y[i] = y[i] / a->scale[i % a->n_norm] + a->mean[i % a->n_norm];
}
