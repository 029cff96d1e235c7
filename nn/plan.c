/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan.c - from a graph to steps, an order and offsets (plan.h says what may share memory) */
#include "nn/plan.h"
#include "nn/op.h"
#include "nn/plan_steps.h"
#include <string.h>

typedef struct planner {
    const nn_graph *g;
    int activation_bits;
    bool exclude_input;
    arena *scratch;
    nn_plan *plan;
    int *readers; /* (n_nodes) operators that read the buffer of a node, the network's output counted as one */
    int *step_of; /* (n_nodes) of a host: the step that makes its buffer */
    plan_steps steps;
} planner;

static ash_status mark_used(planner *p, ash_error *err)
{
    bool *live = ARENA_NEW(p->scratch, bool, p->g->n_nodes);
    if (!live)
        return ash_fail_memory(err);
    nn_mark_live(p->g, live);
    for (int i = 0; i < p->g->n_nodes; i++)
        p->plan->nodes[i] = (nn_plan_node){
            .role = live[i] ? NN_PLAN_RUN : NN_PLAN_UNUSED, .host = -1, .over = -1, .offset = -1};
    return ASH_OK;
}

static bool is_alias(const nn_node *n)
{
    return n->op->is_alias && n->op->is_alias(n, false);
}

static int input_host(const planner *p, int of, int input)
{
    return p->plan->nodes[p->g->nodes[of].inputs[input]].host;
}

/* Aliases get the node that they name as their host; every other node is its own host so far. */
static void name_aliases(planner *p)
{
    nn_plan_node *nodes = p->plan->nodes;
    for (int i = 0; i < p->g->n_nodes; i++) {
        if (nodes[i].role == NN_PLAN_UNUSED)
            continue;
        bool alias = i > 0 && is_alias(&p->g->nodes[i]);
        nodes[i].host = alias ? input_host(p, i, 0) : i;
        nodes[i].role = alias ? NN_PLAN_ALIAS : NN_PLAN_RUN;
        for (int k = 0; !alias && k < p->g->nodes[i].n_inputs; k++)
            p->readers[input_host(p, i, k)]++;
    }
    p->readers[nodes[p->g->output].host]++;
}

static bool is_quantizer(const nn_node *n)
{
    return n->out_bits < 32 && !n->op->keeps_codes;
}

/* The only reader of its input, element by element: it works in its input's buffer. In the image's none but a quantizer does. Codes are no
 * accumulators: who reads them makes a buffer. */
static void fuse(planner *p)
{
    nn_plan_node *nodes = p->plan->nodes;
    for (int i = 1; i < p->g->n_nodes; i++) {
        if (nodes[i].role == NN_PLAN_UNUSED)
            continue;
        if (nodes[i].role == NN_PLAN_ALIAS) {
            nodes[i].host = input_host(p, i, 0); /* which may have been fused since */
            continue;
        }
        const nn_node *n = &p->g->nodes[i];
        bool quantizer = is_quantizer(n);
        if (n->op->kind != NN_NORM && n->op->kind != NN_ACTIVATION && !quantizer)
            continue;
        int from = n->inputs[0];
        while (nodes[from].role == NN_PLAN_ALIAS)
            from = p->g->nodes[from].inputs[0];
        if ((from == 0 && !quantizer) || p->readers[from] != 1 || p->g->nodes[from].out_bits < 32)
            continue;
        nodes[i].role = NN_PLAN_FUSED;
        nodes[i].host = nodes[from].host;
    }
}

static void set_size(const planner *p, plan_step *step)
{
    const nn_node *n = &p->g->nodes[step->last];
    step->elements = nn_elements(n->shape);
    step->bits = p->activation_bits ? p->activation_bits : n->out_bits;
    step->bytes = (step->elements * step->bits + 7) / 8;
    step->align = step->bits > 16 ? 4 : step->bits > 8 ? 2 : 1;
    if (step->node == 0 && p->exclude_input)
        step->bytes = 0;
}

static void add_reader(plan_steps *s, int from, int reader)
{
    plan_step *step = &s->v[reader];
    for (int k = 0; k < step->n_in; k++)
        if (step->in[k] == from)
            return;
    step->in[step->n_in++] = from;
    plan_put(s->v[from].users, reader);
}

/* Never the image, which may lie in read-only memory. */
static void allow_over(const planner *p, plan_step *step)
{
    const nn_node *n = &p->g->nodes[step->node];
    int may = n->op->kind == NN_ACTIVATION || n->op->kind == NN_NORM ? 1 : n->op->in_place;
    for (int k = 0; k < n->n_inputs && k < may; k++) {
        int from = input_host(p, step->node, k);
        bool read_again = from == 0;
        for (int j = may; j < n->n_inputs; j++)
            read_again |= input_host(p, step->node, j) == from;
        if (!read_again)
            step->over[step->n_over++] = p->step_of[from];
    }
}

static ash_status make_steps(planner *p, ash_error *err)
{
    const nn_graph *g = p->g;
    plan_steps *s = &p->steps;
    for (int i = 0; i < g->n_nodes; i++)
        s->n += p->plan->nodes[i].role == NN_PLAN_RUN;
    s->words = (s->n + 63) / 64;
    s->v = ARENA_NEW(p->scratch, plan_step, s->n);
    uint64_t *sets = ARENA_NEW(p->scratch, uint64_t, (size_t)s->n * (size_t)s->words);
    if (!s->v || !sets)
        return ash_fail_memory(err);
    int n = 0;
    for (int i = 0; i < g->n_nodes; i++) {
        const nn_plan_node *node_plan = &p->plan->nodes[i];
        if (node_plan->role == NN_PLAN_FUSED)
            s->v[p->step_of[node_plan->host]].last = i;
        if (node_plan->role != NN_PLAN_RUN)
            continue;
        s->v[n] = (plan_step){.node = i,
                              .last = i,
                              .users = sets + (size_t)n * (size_t)s->words};
        p->step_of[i] = n++;
        for (int k = 0; k < g->nodes[i].n_inputs; k++)
            add_reader(s, p->step_of[input_host(p, i, k)], n - 1);
        allow_over(p, &s->v[n - 1]);
    }
    for (int k = 0; k < s->n; k++)
        set_size(p, &s->v[k]);
    s->output = p->step_of[p->plan->nodes[g->output].host];
    return ASH_OK;
}

static int last_use(const plan_steps *s, int step, const int *position)
{
    if (step == s->output)
        return s->n - 1;
    int last = position[step];
    for (int t = 0; t < s->n; t++)
        if (plan_has(s->v[step].users, t) && position[t] > last)
            last = position[t];
    return last;
}

/* Buffers to blocks (those written over each other are one), blocks to offsets. */
static ash_status place(planner *p, const int *order, ash_error *err)
{
    const plan_steps *s = &p->steps;
    int *position = ARENA_NEW(p->scratch, int, s->n), *block_of = ARENA_NEW(p->scratch, int, s->n);
    uint64_t *done = ARENA_NEW(p->scratch, uint64_t, s->words);
    plan_block *blocks = ARENA_NEW(p->scratch, plan_block, s->n);
    if (!position || !block_of || !done || !blocks)
        return ash_fail_memory(err);
    int n = 0;
    for (int k = 0; k < s->n; k++)
        position[order[k]] = k;
    for (int k = 0; k < s->n; k++) {
        int t = order[k], over = k ? plan_over(s, t, done) : -1;
        const plan_step *step = &s->v[t];
        p->plan->nodes[step->node].over = over < 0 ? -1 : s->v[over].node;
        if (over < 0)
            blocks[n] = (plan_block){.bytes = step->bytes, .align = step->align, .first = k};
        block_of[t] = over < 0 ? n++ : block_of[over];
        blocks[block_of[t]].last = last_use(s, t, position);
        plan_put(done, t);
    }
    p->plan->arena_bytes = plan_place(blocks, n, p->plan->live_bytes, p->scratch);
    if (p->plan->arena_bytes < 0)
        return ash_fail_memory(err);
    for (int i = 0; i < p->g->n_nodes; i++) {
        nn_plan_node *node_plan = &p->plan->nodes[i];
        if (node_plan->role == NN_PLAN_UNUSED)
            continue;
        int t = p->step_of[node_plan->host];
        node_plan->bytes = s->v[t].bytes;
        node_plan->offset = t == 0 && p->exclude_input ? -1 : blocks[block_of[t]].offset;
    }
    return ASH_OK;
}

static void list_nodes(planner *p, const int *order)
{
    nn_plan *plan = p->plan;
    for (int k = 1; k < p->steps.n; k++) {
        const plan_step *step = &p->steps.v[order[k]];
        for (int i = step->node; i <= step->last; i++)
            if (plan->nodes[i].host == step->node && plan->nodes[i].role != NN_PLAN_ALIAS)
                plan->order[plan->n_order++] = i;
    }
}

static ash_status make_plan(planner *p, ash_error *err)
{
    ash_status st = mark_used(p, err);
    if (st == ASH_OK) {
        name_aliases(p);
        fuse(p);
        st = make_steps(p, err);
    }
    int *order = st == ASH_OK ? ARENA_NEW(p->scratch, int, p->steps.n) : NULL;
    if (st == ASH_OK && !order)
        st = ash_fail_memory(err);
    if (st == ASH_OK)
        st = plan_order(&p->steps, order, &p->plan->live_bytes, &p->plan->exact_order, p->scratch, err);
    if (st == ASH_OK)
        st = place(p, order, err);
    if (st == ASH_OK)
        list_nodes(p, order);
    return st;
}

ash_status nn_plan_create(const nn_graph *g, int activation_bits, bool exclude_input, arena *a, nn_plan **out,
                          ash_error *err)
{
    arena *scratch = arena_create();
    if (!scratch)
        return ash_fail_memory(err);
    size_t n = (size_t)g->n_nodes;
    planner p = {.g = g, .activation_bits = activation_bits, .exclude_input = exclude_input, .scratch = scratch};
    p.readers = ARENA_NEW(scratch, int, n);
    p.step_of = ARENA_NEW(scratch, int, n);
    p.plan = ARENA_NEW(a, nn_plan, 1);
    ash_status st = ASH_OK;
    if (p.plan) {
        p.plan->order = ARENA_NEW(a, int, n);
        p.plan->nodes = ARENA_NEW(a, nn_plan_node, n);
    }
    if (!p.readers || !p.step_of || !p.plan || !p.plan->order || !p.plan->nodes)
        st = ash_fail_memory(err);
    else
        st = make_plan(&p, err);
    *out = st == ASH_OK ? p.plan : NULL;
    arena_destroy(scratch);
    return st;
}

ash_status nn_plan_inference(const nn_graph *g, int activation_bits, nn_memory *out, ash_error *err)
{
    arena *a = arena_create();
    if (!a)
        return ash_fail_memory(err);
    nn_plan *with, *without;
    ash_status st = nn_plan_create(g, activation_bits, false, a, &with, err);
    if (st == ASH_OK)
        st = nn_plan_create(g, activation_bits, true, a, &without, err);
    if (st == ASH_OK)
        *out = (nn_memory){with->arena_bytes, without->arena_bytes};
    arena_destroy(a);
    return st;
}
