/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cost.h - static costs of a network, layer by layer
 *
 * Operators count MACs and elements; this folder weighs them with bits and bytes. Definitions: docs/costs.md.
 */
#ifndef EVALUATOR_COST_H
#define EVALUATOR_COST_H

#include "core/trial.h"
#include "nn/graph.h"

/* All static metrics of a network (macs, flops, bops, params, params_folded, model_bytes, peak_ram_bytes, mean_weight_bits), by name, from `a`. */
ash_status cost_metrics(const nn_graph *g, arena *a, metric **out, size_t *n, ash_error *err);

/* One layer's share, for `ashlar cost` and the block description. Rows in execution order. */
typedef struct cost_layer {
    const char *name, *op, *block;
    nn_shape in, out;
    int64_t macs, flops, bops, params, params_folded, model_bytes, activation_bytes;
    int weight_bits, out_bits;
} cost_layer;
ash_status cost_layers(const nn_graph *g, arena *a, cost_layer **out, size_t *n, ash_error *err);

/* The block description that a trial carries (JSON): reports draw a network from it and never see nn. docs/database.md. */
char *cost_blocks_json(const nn_graph *g, arena *a);

/* Bytes on flash of one node: rows of ceil(k * bits / 8), an int32 bias and a requantiser (int32, int8) per output channel for quantised
 * nodes, floats otherwise. */
int64_t cost_node_bytes(const nn_graph *g, int node);

#endif
