/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dorefa.c - DoReFa-Net's weights (Zhou et al. 2016, arXiv:1606.06160)
 *
 *   t = tanh(w) / (2 max|tanh(w)|) + 1/2, q = round((2^b - 1) t), weight = (2 q - (2^b - 1)) / (2^b - 1); the maximum is the layer's
 *   one bit: sign(w) x mean|w| of the layer
 *
 * Levels are odd integers, none of them zero, so eight bits would not be eight bits of integer: at most four. The gradient passes through
 * the rounding and follows tanh(w) / max|tanh(w)| with the maximum held. */
#include "nn/kernels/math.h"
#include "nn/quant/weights.h"
#include <math.h>

static float largest_tanh(const nn_rows *r)
{
    float most = 0;
    for (size_t i = 0; i < r->per_row * r->rows; i++) {
        float m = fabsf(r->w[i]);
        most = m > most ? m : most;
    }
    return nn_tanhf(most > 0 ? most : 1);
}

static void binary(float *codes, float *scale, const nn_rows *r)
{
    float mean = 0;
    nn_binary_codes(codes, scale, r);
    for (size_t c = 0; c < r->rows; c++)
        mean += scale[c];
    for (size_t c = 0; c < r->rows; c++)
        scale[c] = mean / (float)r->rows;
}

static void codes_of(float *codes, float *scale, const nn_rows *r)
{
    float levels = (float)((1 << r->bits) - 1), most = largest_tanh(r);
    if (r->bits == 1) {
        binary(codes, scale, r);
        return;
    }
    for (size_t c = 0; c < r->rows; c++)
        scale[c] = 1 / levels;
    for (size_t i = 0; i < r->per_row * r->rows; i++)
        codes[i] = 2 * rintf(levels * (nn_tanhf(r->w[i]) / (2 * most) + 0.5f)) - levels;
}

static void gradient(float *dw, float *dstep, const nn_rows *r)
{
    (void)dstep;
    float most = largest_tanh(r);
    for (size_t i = 0; r->bits > 1 && i < r->per_row * r->rows; i++) {
        float t = nn_tanhf(r->w[i]);
        dw[i] *= (1 - t * t) / most;
    }
}

const nn_weight_quantizer nn_weight_quantizer_dorefa = {
    .name = "dorefa",
    .help = "odd levels of tanh(w), at most 4 bits",
    .most_bits = 4,
    .codes = codes_of,
    .gradient = gradient,
};
