/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net_plan.c - what a net decides before it takes memory: halos, who wants gradients, which passes are left to readers, and which
 * gradients share memory */
#include "nn/net.h"

static int larger(int a, int b)
{
    return a > b ? a : b;
}

bool nn_has_halo(const nn_tensor *t)
{
    return t->top || t->bottom || t->left || t->right;
}

/* What the windows of one linear step read beyond the edges of its input. */
static void widen(const nn_net *net, nn_tensor *t, int id)
{
    const nn_node *n = &net->graph->nodes[id];
    nn_shape in = net->graph->nodes[n->inputs[0]].shape;
    nn_conv c = n->op->geometry(n, in);
    int below = (n->shape.h - 1) * c.stride_h + (c.kh - 1) * c.dilation_h + 1 - in.h - c.pad_top;
    int beside = (n->shape.w - 1) * c.stride_w + (c.kw - 1) * c.dilation_w + 1 - in.w - c.pad_left;
    t->top = larger(t->top, c.pad_top);
    t->left = larger(t->left, c.pad_left);
    t->bottom = larger(t->bottom, below);
    t->right = larger(t->right, beside);
}

static void plan_tensors(nn_net *net, bool *written) /* written: n_nodes, false */
{
    const nn_graph *g = net->graph;
    for (int s = 0; s < net->fused.n_groups; s++) {
        const nn_group *p = &net->fused.groups[s];
        const nn_node *n = &g->nodes[p->main];
        nn_tensor *out = &net->tensors[p->out];
        out->wants_grad = (n->n_params > 0 && nn_param_of(n, NN_RANGE) < 0) || p->norm >= 0;
        for (int k = 0; k < n->n_inputs; k++) {
            nn_tensor *in = &net->tensors[net->fused.tensor[n->inputs[k]]];
            out->wants_grad |= in->wants_grad;
            if (n->op->kind == NN_LINEAR)
                widen(net, in, p->main);
        }
    }
    written[net->fused.tensor[g->output]] = true; /* by the loss */
    for (int s = net->fused.n_groups - 1; s >= 0; s--) {
        nn_step *step = &net->steps[s];
        const nn_node *n = &g->nodes[step->group.main];
        for (int k = 0; k < n->n_inputs; k++) {
            int in = net->fused.tensor[n->inputs[k]];
            step->accumulate[k] = written[in];
            written[in] = true;
        }
    }
}

static void plan_steps(nn_net *net)
{
    for (int s = 0; s < net->fused.n_groups; s++) {
        nn_step *step = &net->steps[s];
        step->group = net->fused.groups[s];
        net->tensors[step->group.out].step = step;
        const nn_node *n = &net->graph->nodes[step->group.main];
        if (n->op->kind != NN_LINEAR)
            continue;
        nn_shape in = net->graph->nodes[n->inputs[0]].shape;
        step->conv = n->op->geometry(n, in);
    }
}

/* After halos are known: a window over a whole dense input is a matrix product. */
static void plan_matrices(nn_net *net)
{
    for (int s = 0; s < net->fused.n_groups; s++) {
        nn_step *step = &net->steps[s];
        const nn_node *n = &net->graph->nodes[step->group.main];
        const nn_conv *c = &step->conv;
        if (n->op->kind != NN_LINEAR)
            continue;
        nn_shape in = net->graph->nodes[n->inputs[0]].shape;
        step->as_matrix = c->kh == in.h && c->kw == in.w && c->groups == 1 && n->shape.h * n->shape.w == 1 &&
                          c->pad_top + c->pad_left == 0 && c->dilation_h == 1 && c->dilation_w == 1 &&
                          !nn_has_halo(&net->tensors[net->fused.tensor[n->inputs[0]]]) &&
                          !nn_has_halo(&net->tensors[step->group.out]);
    }
}

/* A batch norm behind a linear operator is left to the reader of its output where that is one linear operator: what it
 * reads is made a few images at a time, in cache. */
static void plan_lazy(nn_net *net, int *readers) /* readers: n_nodes, 0 */
{
    const nn_graph *g = net->graph;
    for (int s = 0; s < net->fused.n_groups; s++) {
        const nn_step *step = &net->steps[s];
        const nn_node *n = &g->nodes[step->group.main];
        for (int k = 0; k < n->n_inputs; k++) {
            int in = net->fused.tensor[n->inputs[k]];
            nn_shape own = g->nodes[in].shape, seen = g->nodes[n->inputs[k]].shape;
            bool windows = n->op->kind == NN_LINEAR && !step->as_matrix && own.h == seen.h && own.w == seen.w;
            readers[in] += windows ? 1 : 2;
        }
    }
    readers[net->fused.tensor[g->output]] += 2;
    for (int s = 0; s < net->fused.n_groups; s++) {
        const nn_step *step = &net->steps[s];
        bool linear = g->nodes[step->group.main].op->kind == NN_LINEAR && step->group.norm >= 0;
        net->tensors[step->group.out].lazy = linear && !step->as_matrix && readers[step->group.out] == 1;
    }
}

/* ------------------------------------------------------------------ memory of gradients */

/* The gradient of a tensor lives from the first step that writes it, its last reader, to the step that made the tensor. Those that are
 * never alive together share a slot: small nets stay in cache, large ones take less memory. Slots are chosen best fit, in order. */
static void plan_gradients(nn_net *net, int *last_reader) /* last_reader: n_nodes, 0 */
{
    const nn_graph *g = net->graph;
    nn_slot *slots = net->slots;
    for (int s = 0; s < net->fused.n_groups; s++) {
        const nn_node *n = &g->nodes[net->steps[s].group.main];
        for (int k = 0; k < n->n_inputs; k++)
            last_reader[net->fused.tensor[n->inputs[k]]] = s;
    }
    last_reader[net->fused.tensor[g->output]] = net->fused.n_groups; /* the loss */
    for (int from = net->fused.n_groups; from > 0; from--)
        for (int s = net->fused.n_groups - 1; s >= 0; s--) {
            nn_tensor *t = &net->tensors[net->steps[s].group.out];
            if (!t->wants_grad || last_reader[net->steps[s].group.out] != from)
                continue;
            size_t floats = (size_t)nn_elements(g->nodes[net->steps[s].group.out].shape);
            int best = -1;
            for (int k = 0; k < net->n_slots; k++) {
                bool better = best < 0 || (slots[best].floats < floats ? slots[k].floats > slots[best].floats
                                                                       : slots[k].floats >= floats && slots[k].floats < slots[best].floats);
                if (slots[k].until > from && better)
                    best = k;
            }
            if (best < 0)
                best = net->n_slots++;
            if (slots[best].floats < floats)
                slots[best].floats = floats;
            /* Of the output, the loss writes all images at once: what shares memory with it could not lie otherwise. */
            slots[best].until = net->n_shards > 1 && from == net->fused.n_groups ? 0 : s;
            t->slot = best;
        }
}

/* Shards are worth their sums where each has work for about a millisecond, more than adding up its gradient costs. */
static int count_shards(const nn_net *net)
{
    enum { MOST = 8, LEAST_IMAGES = 8, LEAST_MACS = 8 << 20, MACS_PER_PARAM = 64 };
    int64_t macs = nn_macs(net->graph) * net->batch, most[] = {net->batch / LEAST_IMAGES, macs / LEAST_MACS, macs / MACS_PER_PARAM / (nn_params(net->graph) + 1)};
    int64_t n = MOST;
    for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++)
        n = most[i] < n ? most[i] : n;
    return n > 1 ? (int)n : 1;
}

ash_status nn_net_plan(nn_net *net, ash_error *err)
{
    size_t n = (size_t)net->graph->n_nodes;
    bool *written = ARENA_NEW(net->arena, bool, n);
    int *readers = ARENA_NEW(net->arena, int, n), *last_reader = ARENA_NEW(net->arena, int, n);
    net->slots = ARENA_NEW(net->arena, nn_slot, n);
    if (!written || !readers || !last_reader || !net->slots)
        return ash_fail_memory(err);
    plan_steps(net);
    plan_tensors(net, written);
    plan_matrices(net);
    plan_lazy(net, readers);
    if (!net->n_shards)
        net->n_shards = count_shards(net);
    plan_gradients(net, last_reader);
    net->shards = ARENA_NEW(net->arena, nn_shard, (size_t)net->n_shards);
    if (!net->shards)
        return ash_fail_memory(err);
    return ASH_OK;
}
