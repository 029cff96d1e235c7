/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lsq.c - learned step size (Esser et al. 2020, arXiv:1902.08153), a step per output channel
 *
 *   code = round(clip(w / s, -Q, Q)), Q = 2^(bits-1) - 1; one bit is nn_binary_codes
 *   d/dw = 1 inside, 0 outside; d/ds = g (code - w / s inside, +-Q outside), g = 1 / sqrt(weights of the row x Q) */
#include "nn/quant/weights.h"
#include <math.h>

#define LEAST_STEP 0x1p-20f

static float step_of(const nn_rows *r, size_t c)
{
    return r->step[c] > LEAST_STEP ? r->step[c] : LEAST_STEP;
}

static void codes_of(float *codes, float *scale, const nn_rows *r)
{
    float most = nn_largest_code(r->bits, true);
    if (r->bits == 1) {
        nn_binary_codes(codes, scale, r);
        return;
    }
    for (size_t c = 0; c < r->rows; c++)
        scale[c] = step_of(r, c);
    for (size_t i = 0; i < r->per_row; i++)
        for (size_t c = 0; c < r->rows; c++) {
            float v = r->w[i * r->rows + c] / scale[c];
            codes[i * r->rows + c] = rintf(v < -most ? -most : v > most ? most : v);
        }
}

static void gradient(float *dw, float *dstep, const nn_rows *r)
{
    if (r->bits == 1)
        return;
    float most = nn_largest_code(r->bits, true), g = 1 / sqrtf((float)r->per_row * most);
    for (size_t c = 0; c < r->rows; c++)
        dstep[c] = 0;
    for (size_t i = 0; i < r->per_row; i++)
        for (size_t c = 0; c < r->rows; c++) {
            float *d = &dw[i * r->rows + c], v = r->w[i * r->rows + c] / step_of(r, c);
            bool inside = v >= -most && v <= most;
            dstep[c] += *d * (inside ? rintf(v) - v : v < 0 ? -most : most);
            *d = inside ? *d : 0;
        }
    for (size_t c = 0; c < r->rows; c++)
        dstep[c] *= g;
}

const nn_weight_quantizer nn_weight_quantizer_lsq = {
    .name = "lsq",
    .help = "a learned step per output channel",
    .most_bits = 8,
    .learns = true,
    .codes = codes_of,
    .gradient = gradient,
};
