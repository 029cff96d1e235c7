/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bytes.c - what a model file holds of each node, known before anything is trained */
#include "nn/infer/group.h"
#include "nn/infer/model.h"

/* m of each input (of one for all but an addition), bias, shift: per channel. */
static int64_t requant_bytes(const nn_graph *g, const infer_group *group)
{
    int64_t channels = g->nodes[group->quantizer].shape.c, factors = group->kind == INFER_ADD ? g->nodes[group->main].n_inputs : 1;
    return channels * (factors * (int64_t)sizeof(int32_t) + (int64_t)sizeof(int32_t) + (int64_t)sizeof(int8_t));
}

static int64_t weight_bytes(const nn_node *n)
{
    int64_t rows = (int64_t)n->params[0].rows, per_row = (int64_t)n->params[0].count / rows;
    return rows * ((per_row * n->weight_bits + 7) / 8);
}

ash_status infer_node_bytes(const nn_graph *g, arena *a, int64_t *bytes, ash_error *err)
{
    infer_groups groups;
    if (infer_find_groups(g, a, &groups, err) != ASH_OK)
        return err->status;
    for (int k = 1; k < groups.n; k++) {
        const infer_group *group = &groups.v[k];
        const nn_node *n = &g->nodes[group->main];
        if (group->kind == INFER_LINEAR)
            bytes[group->main] = weight_bytes(n);
        if (infer_has_requant(group->kind) && group->quantizer >= 0)
            bytes[group->quantizer] += requant_bytes(g, group);
        else if (group->kind == INFER_LINEAR) /* the output: a scale and an offset per channel */
            bytes[group->main] += 2 * (int64_t)sizeof(double) * n->shape.c;
        else if (group->kind == INFER_TABLE)
            bytes[group->main] += (int64_t)sizeof(int16_t) << g->nodes[n->inputs[0]].out_bits;
    }
    return ASH_OK;
}
