/* SPDX-License-Identifier: GPL-3.0-or-later */
/* weights.c - the registry of weight quantizers and what they share; see weights.h */
#include "nn/quant/weights.h"
#include <math.h>
#include <string.h>

#define NN_WEIGHT_QUANTIZER(name) extern const nn_weight_quantizer nn_weight_quantizer_##name;
#include "nn/quant/quantizers.def"
#undef NN_WEIGHT_QUANTIZER

static const nn_weight_quantizer *const quantizers[] = {
#define NN_WEIGHT_QUANTIZER(name) &nn_weight_quantizer_##name,
#include "nn/quant/quantizers.def"
#undef NN_WEIGHT_QUANTIZER
};

const char *const nn_weight_quantizer_names[] = {
#define NN_WEIGHT_QUANTIZER(name) #name,
#include "nn/quant/quantizers.def"
#undef NN_WEIGHT_QUANTIZER
    NULL,
};

const nn_weight_quantizer *nn_weight_quantizer_find(const char *name)
{
    size_t i = 0;
    while (strcmp(quantizers[i]->name, name) != 0)
        i++;
    return quantizers[i];
}

bool nn_weight_quantizer_learns(const nn_weight_quantizer *q, int bits)
{
    return q->learns && bits > 1 && bits < 32;
}

float nn_largest_code(int bits, bool is_signed)
{
    return bits == 1 ? 1 : (float)((1 << (bits - is_signed)) - 1);
}

/* scale[c] = mean of |w| over row c. */
static void row_means(float *scale, const nn_rows *r)
{
    for (size_t c = 0; c < r->rows; c++)
        scale[c] = 0;
    for (size_t i = 0; i < r->per_row; i++)
        for (size_t c = 0; c < r->rows; c++)
            scale[c] += fabsf(r->w[i * r->rows + c]);
    for (size_t c = 0; c < r->rows; c++)
        scale[c] /= (float)r->per_row;
}

void nn_binary_codes(float *codes, float *scale, const nn_rows *r)
{
    row_means(scale, r);
    for (size_t i = 0; i < r->per_row * r->rows; i++)
        codes[i] = r->w[i] < 0 ? -1 : 1;
}

void nn_weight_steps(float *step, const nn_rows *r)
{
    float root = sqrtf(nn_largest_code(r->bits, true));
    row_means(step, r);
    for (size_t c = 0; c < r->rows; c++)
        step[c] = 2 * step[c] / root;
}

void nn_quantise_weights(const nn_weight_quantizer *q, float *out, float *scale, const nn_rows *r)
{
    q->codes(out, scale, r);
    for (size_t i = 0; i < r->per_row; i++)
        for (size_t c = 0; c < r->rows; c++)
            out[i * r->rows + c] *= scale[c];
}

void nn_weight_codes(const nn_weight_quantizer *q, int8_t *codes, float *scale, const nn_rows *r, float *scratch)
{
    q->codes(scratch, scale, r);
    for (size_t i = 0; i < r->per_row * r->rows; i++)
        codes[i] = (int8_t)scratch[i];
}
