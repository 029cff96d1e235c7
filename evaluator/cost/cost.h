/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cost.h - static costs of a network, layer by layer
 *
 * Operators count MACs and elements; this folder weighs them with bits and bytes. Definitions: docs/costs.md. A new metric is one
 * line in metrics.def.
 */
#ifndef EVALUATOR_COST_H
#define EVALUATOR_COST_H

#include "core/trial.h"
#include "nn/graph.h"

typedef struct cost_settings {
    int activation_bits; /* of every activation, 1 to 32; 0: as the network says (float unless quantised) */
    bool exclude_input;  /* from peak_ram_bytes */
} cost_settings;

/* All static metrics of a network (macs, flops, bops, params, params_folded, model_bytes, peak_ram_bytes, mean_weight_bits, mean_act_bits,
 * integer), in the order of metrics.def, from `a`. */
ash_status cost_metrics(const nn_graph *g, arena *a, metric **out, size_t *n, ash_error *err);
ash_status cost_metrics_at(const nn_graph *g, cost_settings settings, arena *a, metric **out, size_t *n,
                           ash_error *err);

/* One layer's share, for `ashlar cost` and the block description: a row per node but the image, in the graph's order. Sums over rows are
 * the metrics of the same names. */
typedef struct cost_layer {
    const char *name, *op, *block; /* block: NULL when none */
    const char *attributes;        /* "kernel 3x3, stride 2": what the shapes do not say; "" when nothing */
    nn_shape in, out;              /* in: of the first input */
    int64_t macs, flops, bops, params, params_folded, model_bytes;
    int64_t activation_bytes; /* of the output's buffer; 0 when it shares its input's */
    int weight_bits, in_bits, out_bits;
} cost_layer;
ash_status cost_layers(const nn_graph *g, cost_settings settings, arena *a, cost_layer **out, size_t *n, ash_error *err);

/* The block description that a trial carries (JSON): reports draw a network from it and never see nn. docs/costs.md
 * describes it. NULL: out of memory. */
char *cost_blocks_json(const nn_graph *g, arena *a);

#endif
