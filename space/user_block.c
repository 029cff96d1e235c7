/* SPDX-License-Identifier: GPL-3.0-or-later */
/* user_block.c - laying a block of the run file; see user_block.h, and user_block_read.c for reading one */
#include "space/user_block_private.h"
#include "core/text.h"
#include <string.h>

/* ------------------------------------------------------------------ names */

int user_block_layer(const scope *sc, const char *name, size_t length)
{
    if (length == strlen(BLOCK_INPUT) && strncmp(name, BLOCK_INPUT, length) == 0)
        return 0;
    for (size_t i = 0; i < sc->n_layers; i++) {
        const char *id = sc->block->layers[i].id;
        if (id && strlen(id) == length && strncmp(id, name, length) == 0)
            return (int)i + 1;
    }
    return -1;
}

static ash_status unknown_name(const scope *sc, const char *name, ash_error *err)
{
    const option_table *t = &sc->block->options;
    const char *names[USER_BLOCK_PARAMETERS + 1];
    size_t n = 0;
    for (; n < t->count && n < USER_BLOCK_PARAMETERS; n++)
        names[n] = t->rows[n].name;
    names[n++] = BLOCK_IN;
    const char *near = text_nearest(name, names, n);
    if (near)
        return ash_fail(err, ASH_INVALID, "unknown name $%s; did you mean $%s?", name, near);
    return ash_fail(err, ASH_INVALID, "unknown name $%s; it is a parameter of the block, $in (channels of the block's input), or "
                    "$ID.c, $ID.h or $ID.w of a layer before or of \"input\"", name);
}

static ash_status size_of_layer(const scope *sc, const char *name, const char *dot, int64_t *out, ash_error *err)
{
    int i = user_block_layer(sc, name, (size_t)(dot - name));
    if (i < 0 || !strchr("chw", dot[1]) || !dot[1] || dot[2])
        return unknown_name(sc, name, err);
    if (!sc->graph)
        return ASH_OK;
    nn_shape s = sc->graph->nodes[sc->nodes[i]].shape;
    *out = dot[1] == 'c' ? s.c : dot[1] == 'h' ? s.h : s.w;
    return ASH_OK;
}

static bool whole_numbers(const char *const *names)
{
    int64_t ignored;
    for (; *names; names++)
        if (!text_to_int(*names, &ignored))
            return false;
    return true;
}

static ash_status look_up(const void *ctx, const char *name, int64_t *out, ash_error *err)
{
    const scope *sc = ctx;
    const char *dot = strchr(name, '.');
    *out = 1;
    if (dot)
        return size_of_layer(sc, name, dot, out, err);
    if (strcmp(name, BLOCK_IN) == 0) {
        *out = sc->graph ? sc->graph->nodes[sc->nodes[0]].shape.c : 1;
        return ASH_OK;
    }
    const option *o = option_find(&sc->block->options, name);
    if (!o)
        return unknown_name(sc, name, err);
    if (o->type == OPTION_REAL || (o->type == OPTION_NAME && !whole_numbers(o->names)))
        return ash_fail(err, ASH_INVALID, "$%s is no whole number; it can only stand alone", name);
    if (!sc->settings)
        return ASH_OK;
    const char *at = (const char *)sc->settings + o->offset;
    if (o->type == OPTION_NAME)
        text_to_int(*(const char *const *)(const void *)at, out);
    else
        *out = o->type == OPTION_BOOL ? *(const bool *)at : *(const int64_t *)(const void *)at;
    return ASH_OK;
}

/* ------------------------------------------------------------------ values */

const option *user_block_lone(const scope *sc, const char *text)
{
    return text[0] == '$' ? option_find(&sc->block->options, text + 1) : NULL;
}

ash_status user_block_compute(const scope *sc, const char *text, expression_value *out, ash_error *err)
{
    return expression_evaluate(text, look_up, sc, !sc->graph, out, err);
}

/* The text of a parameter's value. */
static const char *text_of(const scope *sc, const option *o, arena *a)
{
    const void *at = (const char *)sc->settings + o->offset;
    char real[32];
    switch (o->type) {
    case OPTION_NAME: return *(const char *const *)at;
    case OPTION_REAL: return arena_strdup(a, text_of_real(real, *(const double *)at));
    case OPTION_BOOL: return *(const bool *)at ? "true" : "false";
    default: return arena_printf(a, "%lld", (long long)*(const int64_t *)at);
    }
}

static const char *value_of(const scope *sc, const char *text, arena *a, ash_error *err)
{
    const option *o = sc ? user_block_lone(sc, text) : NULL;
    expression_value v;
    if (!o && (!sc || !strchr(text, '$')))
        return text;
    if (!o && user_block_compute(sc, text, &v, err) != ASH_OK)
        return NULL;
    const char *out = o ? text_of(sc, o, a)
                      : v.is_truth ? (v.number ? "true" : "false") : arena_printf(a, "%lld", (long long)v.number);
    if (!out)
        ash_fail_memory(err);
    return out;
}

node *user_block_copy(const scope *sc, const node *n, arena *a, ash_error *err)
{
    const char *text = n->kind == NODE_SCALAR ? value_of(sc, n->text, a, err) : NULL;
    if (n->kind == NODE_SCALAR && !text)
        return NULL;
    node *out = n->kind == NODE_SCALAR ? node_scalar(a, n->key, text) : n->kind == NODE_LIST ? node_list(a, n->key) : node_map(a, n->key);
    if (!out) {
        ash_fail_memory(err);
        return NULL;
    }
    for (const node *c = n->first; c; c = c->next) {
        node *child = user_block_copy(sc, c, a, err);
        if (!child)
            return NULL;
        node_append(out, child);
    }
    return out;
}

/* ------------------------------------------------------------------ building */

static int add_operator(scope *sc, const user_layer *l, const int *inputs, const node *attrs, ash_error *err)
{
    const nn_op *op = l->op;
    if (!op) {
        const char *name = text_of(sc, l->chosen, sc->graph->arena);
        if (strcmp(name, "none") == 0)
            return inputs[0];
        op = nn_op_find(name);
    }
    return nn_add_op(sc->graph, err, op, inputs, l->n_inputs, attrs);
}

static int add_layer(scope *sc, const user_layer *l, ash_error *err)
{
    arena *a = sc->graph->arena;
    int inputs[NN_MAX_INPUTS];
    expression_value when = {1, true};
    for (int k = 0; k < l->n_inputs; k++)
        inputs[k] = sc->nodes[l->inputs[k]];
    if (l->when && user_block_compute(sc, l->when, &when, err) != ASH_OK)
        return -1;
    if (!when.number)
        return inputs[0];
    const node *attrs = user_block_copy(sc, l->attrs, a, err);
    if (!attrs)
        return -1;
    if (!l->block)
        return add_operator(sc, l, inputs, attrs, err);
    void *settings = arena_alloc(a, l->block->options->size + 1);
    if (!settings) {
        ash_fail_memory(err);
        return -1;
    }
    if (option_read(l->block->options, settings, attrs, a, err) != ASH_OK)
        return -1;
    return block_build(l->block, sc->graph, inputs[0], settings, err);
}

int user_block_build(const block *b, nn_graph *g, int input, const void *settings, ash_error *err)
{
    const user_block *u = (const user_block *)b;
    int *nodes = ARENA_NEW(g->arena, int, u->n_layers + 1);
    if (!nodes) {
        ash_fail_memory(err);
        return -1;
    }
    nodes[0] = input;
    scope sc = {.block = u, .settings = settings, .graph = g, .nodes = nodes};
    for (; sc.n_layers < u->n_layers; sc.n_layers++) {
        const user_layer *l = &u->layers[sc.n_layers];
        nodes[sc.n_layers + 1] = add_layer(&sc, l, err);
        if (nodes[sc.n_layers + 1] < 0) {
            bool named = strncmp(err->text, l->what, strlen(l->what)) == 0; /* by nn */
            ash_prefix(err, named ? "layer %d" : "layer %d (%s)", (int)sc.n_layers + 1, l->what);
            return -1;
        }
    }
    return nodes[u->n_layers];
}
