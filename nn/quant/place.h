/* SPDX-License-Identifier: GPL-3.0-or-later */
/* place.h - quantizers into a graph, as its nodes' act_bits ask
 *
 * A node's act_bits are the bits with which its inputs are to be read; a `quantize` node is put where codes come about, one for all
 * readers that can share it. When every linear operator has at most 8 bits of weights and of activations and its last one makes the
 * output, the network becomes an *integer network*: whatever is stored has codes, so that nn/infer can run it.
 *
 *   - What only linear operators with the same bits read gets one quantizer with these bits. Max pooling, flattening and other operators that
 *     hand codes on are looked through (not by one bit: a maximum of signs says little, and zero is none).
 *   - What is read otherwise, too (additions, averages, products), gets codes of 8 bits first; linear operators that want fewer take them
 *     from those. So a shortcut around binary convolutions is not binary (Bi-Real Net: Liu et al. 2018, arXiv:1808.00278).
 *   - Codes are unsigned where the value cannot be negative. One bit of a value that can be is sign(x), else 0 or 1.
 *   - The image gets a quantizer whose range its first batch sets.
 *   - A batch norm right behind a linear operator, and a ReLU, belong to what they follow: no codes between them. hard_swish, sigmoid,
 *     hard_sigmoid and tanh read 8 bits: a table of 256 codes when deployed.
 *
 * A network of which some part stays float only gets the quantizers that are asked for.
 */
#ifndef NN_QUANT_PLACE_H
#define NN_QUANT_PLACE_H

#include "core/option.h"
#include "nn/graph.h"

typedef struct nn_quantisation { /* option table "quantize": of spaces and architecture files */
    const char *weights, *activations; /* weight_quantizer (nn/quant/weights.h) and method (nn/ops/quantize.c) */
    int64_t weight_bits, act_bits;     /* of all linear operators; 0: what each says of itself */
    int64_t edge_bits;                 /* those two are at least this in operators that read the image or make the output */
} nn_quantisation;
extern const option_table nn_quantisation_options;

/* *out: g itself when nothing is asked for; else a graph in `a`, with g's names and blocks. */
ash_status nn_place_quantizers(const nn_graph *g, const nn_quantisation *q, arena *a, nn_graph **out, ash_error *err);

#endif
