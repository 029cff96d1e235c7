/* SPDX-License-Identifier: GPL-3.0-or-later */
/* weights.h - fake quantisation of weights, per output channel, symmetric
 *
 *   8, 4 bits  q = round(w / s), s = max|w| / (2^(bits-1) - 1), halves to even
 *   2 bits     ternary: s sign(w) where |w| > 0.7 mean|w|, else 0; s = mean of those |w|    (Li et al. 2016, arXiv:1605.04711)
 *   1 bit      s sign(w), s = mean|w|, sign(0) = +1                    (BWN: Rastegari et al. 2016, arXiv:1603.05279)
 *
 * Only weights: activations stay float, and every report says so. The gradient is straight-through (Bengio et al. 2013,
 * arXiv:1308.3432): that of the quantised weight is taken as the weight's own.
 */
#ifndef NN_QUANT_WEIGHTS_H
#define NN_QUANT_WEIGHTS_H

#include <stddef.h>

/* w and out: (per_row, rows), the row (output channel) running fastest; out may not be w. bits: 8, 4, 2 or 1. scale (rows)
 * receives s. */
void nn_quantise_weights(float *out, float *scale, const float *w, size_t per_row, size_t rows, int bits);

#endif
