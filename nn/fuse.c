/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuse.c - see fuse.h */
#include "nn/fuse.h"
#include "nn/op.h"

typedef struct readers { /* of one node's output: live nodes, and the network's output */
    int count, first; /* first: the lowest node that reads it */
} readers;

static void find_readers(const nn_graph *g, const bool *live, readers *r)
{
    for (int i = g->n_nodes - 1; i >= 0; i--) {
        r[i].count += i == g->output;
        for (int k = 0; live[i] && k < g->nodes[i].n_inputs; k++) {
            r[g->nodes[i].inputs[k]].count++;
            r[g->nodes[i].inputs[k]].first = i;
        }
    }
}

/* A reshaped view needs a source without a halo: nobody else may read the source, and no window with padding the view. */
static bool can_share(const nn_graph *g, const bool *live, const readers *r, int i)
{
    const nn_node *n = &g->nodes[i];
    const nn_shape in = g->nodes[n->inputs[0]].shape;
    if (in.h == n->shape.h && in.w == n->shape.w)
        return true;
    if (r[n->inputs[0]].count != 1)
        return false;
    for (int j = i + 1; j < g->n_nodes; j++)
        for (int k = 0; live[j] && k < g->nodes[j].n_inputs; k++)
            if (g->nodes[j].inputs[k] == i && g->nodes[j].op->kind == NN_LINEAR) {
                nn_conv c = g->nodes[j].op->geometry(&g->nodes[j], n->shape);
                if (c.kh != 1 || c.kw != 1)
                    return false;
            }
    return true;
}

/* The only reader of node i, when it is of this kind; else -1. */
static int only_reader(const nn_graph *g, const readers *r, int i, nn_kind kind)
{
    return r[i].count == 1 && r[i].first > i && g->nodes[r[i].first].op->kind == kind ? r[i].first : -1;
}

static nn_group group_at(const nn_graph *g, const readers *r, int i)
{
    const nn_op *op = g->nodes[i].op;
    nn_group p = {.main = i, .norm = -1, .act = -1, .out = i};
    if (op->kind == NN_LINEAR)
        p.norm = only_reader(g, r, i, NN_NORM);
    else if (op->kind == NN_NORM)
        p.norm = i;
    if (p.norm >= 0)
        p.out = p.norm;
    if (op->kind == NN_ACTIVATION)
        p.act = i;
    else if (op->kind != NN_PLAIN || op->fuses_act)
        p.act = only_reader(g, r, p.out, NN_ACTIVATION);
    if (p.act >= 0)
        p.out = p.act;
    return p;
}

ash_status nn_fuse(const nn_graph *g, bool training, arena *a, nn_fused *out, ash_error *err)
{
    size_t nodes = (size_t)g->n_nodes;
    bool *live = ARENA_NEW(a, bool, nodes), *taken = ARENA_NEW(a, bool, nodes);
    readers *r = ARENA_NEW(a, readers, nodes);
    *out = (nn_fused){ARENA_NEW(a, nn_group, nodes), 0, ARENA_NEW(a, int, nodes)};
    if (!live || !taken || !r || !out->groups || !out->tensor)
        return ash_fail_memory(err);
    nn_mark_live(g, live);
    find_readers(g, live, r);
    for (int i = 0; i < g->n_nodes; i++)
        out->tensor[i] = -1;
    for (int i = 0; i < g->n_nodes; i++) {
        const nn_node *n = &g->nodes[i];
        if (!live[i] || taken[i])
            continue;
        if (n->op->is_alias && n->op->is_alias(n, training) && can_share(g, live, r, i)) {
            out->tensor[i] = out->tensor[n->inputs[0]];
            continue;
        }
        nn_group p = group_at(g, r, i);
        if (p.norm >= 0)
            taken[p.norm] = true;
        if (p.act >= 0)
            taken[p.act] = true;
        out->tensor[p.out] = p.out;
        out->groups[out->n_groups++] = p;
    }
    return ASH_OK;
}
