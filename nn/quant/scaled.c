/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scaled.c - scales that follow the weights, so that nothing is learned but the weights
 *
 *   8, 4 bits  s = max|w| / (2^(bits-1) - 1), code = round(w / s), halves to even
 *   2 bits     ternary: code = sign(w) where |w| > 0.7 mean|w|, else 0; s = mean of those |w|    (Li et al. 2016, arXiv:1605.04711)
 *   1 bit      code = sign(w), s = mean|w|                             (BWN: Rastegari et al. 2016, arXiv:1603.05279) */
#include "nn/quant/weights.h"
#include <math.h>

static void ternary(float *codes, float *scale, const nn_rows *r)
{
    for (size_t c = 0; c < r->rows; c++) {
        float sum = 0;
        for (size_t i = 0; i < r->per_row; i++)
            sum += fabsf(r->w[i * r->rows + c]);
        float threshold = 0.7f * (sum / (float)r->per_row);
        size_t kept = 0;
        sum = 0;
        for (size_t i = 0; i < r->per_row; i++) {
            float w = r->w[i * r->rows + c], m = fabsf(w);
            bool large = m > threshold;
            codes[i * r->rows + c] = large ? (w < 0 ? -1.0f : 1.0f) : 0;
            sum += large ? m : 0;
            kept += large;
        }
        scale[c] = kept ? sum / (float)kept : 0;
    }
}

static void uniform(float *codes, float *scale, const nn_rows *r)
{
    float largest = nn_largest_code(r->bits, true);
    for (size_t c = 0; c < r->rows; c++)
        scale[c] = 0;
    for (size_t i = 0; i < r->per_row; i++)
        for (size_t c = 0; c < r->rows; c++) {
            float m = fabsf(r->w[i * r->rows + c]);
            scale[c] = m > scale[c] ? m : scale[c];
        }
    for (size_t c = 0; c < r->rows; c++)
        scale[c] /= largest;
    for (size_t i = 0; i < r->per_row; i++)
        for (size_t c = 0; c < r->rows; c++)
            codes[i * r->rows + c] = scale[c] > 0 ? rintf(r->w[i * r->rows + c] / scale[c]) : 0;
}

static void codes_of(float *codes, float *scale, const nn_rows *r)
{
    if (r->bits == 1)
        nn_binary_codes(codes, scale, r);
    else if (r->bits == 2)
        ternary(codes, scale, r);
    else
        uniform(codes, scale, r);
}

const nn_weight_quantizer nn_weight_quantizer_scaled = {
    .name = "scaled",
    .help = "scales follow the weights: maximum (8, 4 bits), ternary (2), mean (1)",
    .most_bits = 8,
    .codes = codes_of,
};
