/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linear.h - what conv2d, depthwise_conv2d and dense share: weights with bits, a bias, MACs
 *
 * Weights lie as (kh, kw, c_in / groups, c_out): an output channel is a row of kh x kw x c_in / groups weights.
 */
#ifndef NN_LINEAR_H
#define NN_LINEAR_H

#include "nn/op.h"
#include "nn/quant/weights.h"

#define NN_LINEAR_BIAS(type)                                                                                           \
    {"bias", OPTION_BOOL, offsetof(type, bias), "true", .help = "whether a bias per output channel is added"}
#define NN_LINEAR_BITS(type)                                                                                           \
    {"weight_bits", OPTION_INT, offsetof(type, weight_bits), "32", 1, 32,                                              \
     .help = "bits per weight: 32 (float), 8, 4, 2 or 1"},                                                              \
    {"weight_quantizer", OPTION_NAME, offsetof(type, weight_quantizer), "scaled", .names = nn_weight_quantizer_names,  \
     .later = true, .help = "how weights of fewer than 32 bits come about"}

/* Fills shape, params (weight, bias, steps that are learned), costs and bits. per_output: weights that one output channel has. */
ash_status nn_linear_infer(nn_node *n, nn_shape out, size_t per_output, bool bias, int64_t weight_bits, const char *weight_quantizer, ash_error *err);

#endif
