/* SPDX-License-Identifier: GPL-3.0-or-later */
/* weights.c - see weights.h */
#include "nn/quant/weights.h"
#include <math.h>

/* scale[c] = mean (or maximum) of |w| over row c. */
static void row_means(float *scale, const float *w, size_t per_row, size_t rows)
{
    for (size_t c = 0; c < rows; c++)
        scale[c] = 0;
    for (size_t i = 0; i < per_row; i++)
        for (size_t c = 0; c < rows; c++)
            scale[c] += fabsf(w[i * rows + c]);
    for (size_t c = 0; c < rows; c++)
        scale[c] /= (float)per_row;
}

static void row_maxima(float *scale, const float *w, size_t per_row, size_t rows)
{
    for (size_t c = 0; c < rows; c++)
        scale[c] = 0;
    for (size_t i = 0; i < per_row; i++)
        for (size_t c = 0; c < rows; c++) {
            float m = fabsf(w[i * rows + c]);
            scale[c] = m > scale[c] ? m : scale[c];
        }
}

static void binary(float *out, float *scale, const float *w, size_t per_row, size_t rows)
{
    row_means(scale, w, per_row, rows);
    for (size_t i = 0; i < per_row; i++)
        for (size_t c = 0; c < rows; c++)
            out[i * rows + c] = w[i * rows + c] < 0 ? -scale[c] : scale[c];
}

static void ternary(float *out, float *scale, const float *w, size_t per_row, size_t rows)
{
    row_means(scale, w, per_row, rows);
    for (size_t c = 0; c < rows; c++) {
        float threshold = 0.7f * scale[c], sum = 0;
        size_t kept = 0;
        for (size_t i = 0; i < per_row; i++) {
            float m = fabsf(w[i * rows + c]);
            if (m > threshold) {
                sum += m;
                kept++;
            }
        }
        scale[c] = kept ? sum / (float)kept : 0;
        for (size_t i = 0; i < per_row; i++) {
            float v = w[i * rows + c];
            out[i * rows + c] = fabsf(v) > threshold ? (v < 0 ? -scale[c] : scale[c]) : 0;
        }
    }
}

static void uniform(float *out, float *scale, const float *w, size_t per_row, size_t rows, int bits)
{
    float largest = (float)((1 << (bits - 1)) - 1);
    row_maxima(scale, w, per_row, rows);
    for (size_t c = 0; c < rows; c++)
        scale[c] /= largest;
    for (size_t i = 0; i < per_row; i++)
        for (size_t c = 0; c < rows; c++) {
            float s = scale[c];
            out[i * rows + c] = s > 0 ? rintf(w[i * rows + c] / s) * s : 0;
        }
}

void nn_quantise_weights(float *out, float *scale, const float *w, size_t per_row, size_t rows, int bits)
{
    if (bits == 1)
        binary(out, scale, w, per_row, rows);
    else if (bits == 2)
        ternary(out, scale, w, per_row, rows);
    else
        uniform(out, scale, w, per_row, rows, bits);
}
