/* SPDX-License-Identifier: GPL-3.0-or-later */
/* weights.h - fake quantisation of weights, per output channel, symmetric: weight as used = code x scale of its row
 *
 * A quantizer is one file in nn/quant/ and one line in quantizers.def. Codes of b bits are integers within +-(2^(b-1) - 1), -1 or +1 for one
 * bit; dorefa's are odd and reach +-(2^b - 1). That is all that nn/infer needs to know of them.
 *
 * Training computes with code x scale. Unless a quantizer says otherwise the gradient is straight-through (Bengio et al. 2013,
 * arXiv:1308.3432): that of the quantised weight is taken as the weight's own.
 */
#ifndef NN_QUANT_WEIGHTS_H
#define NN_QUANT_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nn_rows { /* weights of one layer: (per_row, rows), the row (output channel) running fastest */
    const float *w;
    const float *step; /* (rows), of a quantizer that learns them; else NULL */
    size_t per_row, rows;
    int bits; /* 8, 4, 2 or 1 */
} nn_rows;

typedef struct nn_weight_quantizer {
    const char *name, *help;
    int most_bits;
    bool learns; /* steps (rows) are parameters, for 2 bits and more */
    /* codes (per_row, rows) as floats, and scale (rows); codes may not be r->w. */
    void (*codes)(float *codes, float *scale, const nn_rows *r);
    /* dw: in, the gradient of code x scale; out, that of w. dstep (rows) is written when it learns. NULL: straight through. */
    void (*gradient)(float *dw, float *dstep, const nn_rows *r);
} nn_weight_quantizer;

const nn_weight_quantizer *nn_weight_quantizer_find(const char *name); /* one of the names */
extern const char *const nn_weight_quantizer_names[];                  /* NULL-terminated; the first is the default */
extern const char *const nn_activation_quantizer_names[];              /* methods of nn/ops/quantize.c for what follows layers */
bool nn_weight_quantizer_learns(const nn_weight_quantizer *q, int bits);

/* out = code x scale; out may not be r->w. */
void nn_quantise_weights(const nn_weight_quantizer *q, float *out, float *scale, const nn_rows *r);
/* The same as integers: scratch (per_row, rows). */
void nn_weight_codes(const nn_weight_quantizer *q, int8_t *codes, float *scale, const nn_rows *r, float *scratch);
/* Where steps that are learned begin: 2 mean|w| / sqrt(largest code) of each row (Esser et al. 2020, arXiv:1902.08153). */
void nn_weight_steps(float *step, const nn_rows *r);

/* What quantizers share: sign(w) (sign(0) = +1) and mean|w| of each row, which is closest to w of all such pairs (Rastegari et al. 2016,
 * arXiv:1603.05279); the largest code. */
void nn_binary_codes(float *codes, float *scale, const nn_rows *r);
float nn_largest_code(int bits, bool is_signed);

/* A step as it is used, whatever training made of it. */
static inline float nn_quantize_step(float step)
{
    return step > 0x1p-20f ? step : 0x1p-20f;
}

#endif
