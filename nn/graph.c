/* SPDX-License-Identifier: GPL-3.0-or-later */
/* graph.c - building graphs, and their totals */
#include "nn/graph.h"
#include "core/text.h"
#include "nn/op.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

nn_graph *nn_graph_create(arena *a, nn_shape input)
{
    nn_graph *g = ARENA_NEW(a, nn_graph, 1);
    if (!g)
        return NULL;
    *g = (nn_graph){.arena = a, .name = "network", .cap_nodes = 32};
    g->nodes = ARENA_NEW(a, nn_node, (size_t)g->cap_nodes);
    if (!g->nodes)
        return NULL;
    g->nodes[0] = (nn_node){.op = nn_op_find("input"), .shape = input, .name = "input", .weight_bits = 32, .act_bits = 32, .out_bits = 32};
    g->n_nodes = 1;
    return g;
}

static int fail(ash_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int fail(ash_error *err, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ash_fail(err, ASH_INVALID, "%s", text);
    return -1;
}

static int no_memory(ash_error *err)
{
    ash_fail_memory(err);
    return -1;
}

static const nn_op *find_op(const char *name, ash_error *err)
{
    const nn_op *op = nn_op_find(name);
    if (op && strcmp(name, "input") != 0)
        return op;
    const char *names[64];
    size_t n = 0;
    for (size_t i = 1; nn_op_at(i) && n < 64; i++)
        names[n++] = nn_op_at(i)->name;
    const char *near = text_nearest(name, names, n);
    if (near)
        fail(err, "unknown operator \"%s\"; did you mean \"%s\"?", name, near);
    else
        fail(err, "unknown operator \"%s\"", name);
    return NULL;
}

static bool grow(nn_graph *g)
{
    if (g->n_nodes < g->cap_nodes)
        return true;
    nn_node *more = ARENA_NEW(g->arena, nn_node, 2 * (size_t)g->cap_nodes);
    if (!more)
        return false;
    memcpy(more, g->nodes, (size_t)g->n_nodes * sizeof(*more));
    g->nodes = more;
    g->cap_nodes *= 2;
    return true;
}

#define MAX_ELEMENTS 268435455 /* of an activation: eight of them still add up in an int, and all costs in 64 bits */

static bool fits(nn_shape s) { return nn_elements(s) <= MAX_ELEMENTS; }

/* Infers what follows from operator, attributes and inputs, and appends. */
static int append(nn_graph *g, ash_error *err, nn_node n, const int *inputs, int n_inputs)
{
    nn_shape in[NN_MAX_INPUTS];
    if (n_inputs < n.op->min_inputs || n_inputs > n.op->max_inputs)
        return fail(err, "%s takes %d%s input%s, not %d", n.op->name, n.op->min_inputs,
                    n.op->max_inputs > n.op->min_inputs ? " or more" : "", n.op->max_inputs == 1 ? "" : "s", n_inputs);
    n.n_inputs = n_inputs;
    for (int i = 0; i < n_inputs; i++) {
        if (inputs[i] < 0 || inputs[i] >= g->n_nodes)
            return fail(err, "%s: input %d is no node before it", n.op->name, inputs[i]);
        n.inputs[i] = inputs[i];
        in[i] = g->nodes[inputs[i]].shape;
    }
    if (n.op->infer(&n, in, g->arena, err) != ASH_OK) {
        ash_prefix(err, "%s", n.op->name);
        return -1;
    }
    if (!fits(n.shape) || !fits(g->nodes[0].shape))
        return fail(err, "%s: an activation of more than %d elements", n.op->name, MAX_ELEMENTS);
    if (n.op->keeps_codes) {
        n.out_bits = g->nodes[inputs[0]].out_bits;
        n.out_signed = g->nodes[inputs[0]].out_signed;
    }
    if (!grow(g) || !(n.name = arena_printf(g->arena, "%s_%d", n.op->name, g->n_nodes)))
        return no_memory(err);
    g->nodes[g->n_nodes] = n;
    g->output = g->n_nodes++;
    return g->output;
}

int nn_add_op(nn_graph *g, ash_error *err, const nn_op *op, const int *inputs, int n_inputs, const node *attrs)
{
    nn_node n = {.op = op, .weight_bits = 32, .act_bits = 32, .out_bits = 32};
    if (!op->attrs && attrs && attrs->count)
        return node_fail_key(attrs->first, err, "%s has no attribute \"%s\"", op->name, attrs->first->key), -1;
    if (op->attrs) {
        n.attrs = arena_alloc(g->arena, op->attrs->size);
        if (!n.attrs)
            return no_memory(err);
        if (option_read(op->attrs, n.attrs, attrs, g->arena, err) != ASH_OK)
            return -1;
    }
    return append(g, err, n, inputs, n_inputs);
}

int nn_add_node(nn_graph *g, ash_error *err, const char *op, const int *inputs, int n_inputs, const node *attrs)
{
    const nn_op *found = find_op(op, err);
    return found ? nn_add_op(g, err, found, inputs, n_inputs, attrs) : -1;
}

int nn_add(nn_graph *g, ash_error *err, const char *op, const int *inputs, int n_inputs, const char *attrs)
{
    node *map = NULL;
    if (attrs && node_parse_inline(g->arena, attrs, op, &map, err) != ASH_OK)
        return -1;
    return nn_add_node(g, err, op, inputs, n_inputs, map);
}

int nn_add1(nn_graph *g, ash_error *err, int input, const char *op, const char *attrs_format, ...)
{
    char text[512];
    if (!attrs_format)
        return nn_add(g, err, op, &input, 1, NULL);
    va_list args;
    va_start(args, attrs_format);
    int n = vsnprintf(text, sizeof(text), attrs_format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof(text))
        return fail(err, "%s: its attributes are too long", op);
    return nn_add(g, err, op, &input, 1, text);
}

int nn_add_copy(nn_graph *g, ash_error *err, const nn_node *like, const int *inputs, int n_inputs)
{
    nn_node n = {.op = like->op, .block = like->block, .weight_bits = 32, .act_bits = like->act_bits, .out_bits = 32};
    if (n.op->attrs && !(n.attrs = arena_memdup(g->arena, like->attrs, n.op->attrs->size)))
        return no_memory(err);
    return append(g, err, n, inputs, n_inputs);
}

void nn_set_block(nn_graph *g, int first_node, const char *block)
{
    for (int i = first_node; i < g->n_nodes; i++)
        g->nodes[i].block = block;
}

void nn_set_act_bits(nn_graph *g, int first_node, int bits)
{
    for (int i = first_node; i < g->n_nodes; i++)
        g->nodes[i].act_bits = bits;
}

bool nn_are_bits(int64_t bits)
{
    return bits == 32 || bits == 8 || bits == 4 || bits == 2 || bits == 1;
}

int nn_param_of(const nn_node *n, nn_role role)
{
    int k = n->n_params - 1;
    while (k >= 0 && n->params[k].role != role)
        k--;
    return k;
}

void nn_mark_live(const nn_graph *g, bool *live)
{
    memset(live, 0, (size_t)g->n_nodes * sizeof(*live));
    live[g->output] = true;
    live[0] = true;
    for (int i = g->output; i >= 0; i--)
        for (int k = 0; live[i] && k < g->nodes[i].n_inputs; k++)
            live[g->nodes[i].inputs[k]] = true;
}

int nn_consumers(const nn_graph *g, int of)
{
    int n = of == g->output;
    for (int i = of + 1; i < g->n_nodes; i++)
        for (int k = 0; k < g->nodes[i].n_inputs; k++)
            n += g->nodes[i].inputs[k] == of;
    return n;
}

bool nn_folds(const nn_graph *g, int i)
{
    const nn_node *n = &g->nodes[i];
    return n->op->kind == NN_NORM && g->nodes[n->inputs[0]].op->kind == NN_LINEAR && nn_consumers(g, n->inputs[0]) == 1;
}

int64_t nn_macs(const nn_graph *g)
{
    int64_t sum = 0;
    for (int i = 0; i < g->n_nodes; i++)
        sum += g->nodes[i].macs;
    return sum;
}

int64_t nn_flops(const nn_graph *g)
{
    int64_t sum = 0;
    for (int i = 0; i < g->n_nodes; i++)
        sum += g->nodes[i].flops;
    return sum;
}

int64_t nn_node_params(const nn_node *n)
{
    int64_t sum = 0;
    for (int k = 0; k < n->n_params; k++)
        if (n->params[k].role < NN_STEP)
            sum += (int64_t)n->params[k].count;
    return sum;
}

int64_t nn_params(const nn_graph *g)
{
    int64_t sum = 0;
    for (int i = 0; i < g->n_nodes; i++)
        sum += nn_node_params(&g->nodes[i]);
    return sum;
}

int64_t nn_node_params_folded(const nn_graph *g, int i)
{
    const nn_node *n = &g->nodes[i];
    if (nn_folds(g, i)) /* its shift becomes the bias of the layer before it */
        return nn_param_of(&g->nodes[n->inputs[0]], NN_BIAS) >= 0 ? 0 : n->shape.c;
    return nn_node_params(n);
}

int64_t nn_params_folded(const nn_graph *g)
{
    int64_t sum = 0;
    for (int i = 0; i < g->n_nodes; i++)
        sum += nn_node_params_folded(g, i);
    return sum;
}
