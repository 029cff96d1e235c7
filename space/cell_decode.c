/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cell_decode.c - a cell's operations to a network with the skeleton of NAS-Bench-201
 *
 * Stem, stages of equal cells, a residual block with stride 2 between stages, then batch norm, ReLU, global pooling and
 * the classifier. Every edge's operator is built, used or not, so the network costs what the benchmark publishes.
 *
 * What a node adds up follows the benchmark's own expressions (`to_unique_str` with zeros considered), of which there are 6,466:
 * the sorted '+'-join of the incoming terms, where an absent edge or a zero input gives "#", a skip gives the input's
 * expression as it is, and an operation gives (expression)@operation. Equal expressions share one tensor, so equal
 * architectures become one network. An expression whose terms do not stand in order came from nested sums, and is built as such:
 * additions of its sorted runs. */
#include "space/private.h"
#include <stdlib.h>
#include <string.h>

typedef struct term {
    const char *text;
    int node;
} term;

typedef struct sum {
    const char *text; /* '+'-join of the terms */
    const term *v;
    size_t n;
} sum;

typedef struct builder {
    const space *s;
    arena *arena;
    nn_graph *graph;
    int input, zero;   /* of the current cell; zero: -1 until there is one */
    int64_t channels;
    term *known;       /* expressions of the current cell that have a tensor */
    size_t n_known, cap_known;
    ash_error *err;
} builder;

static int no_memory(builder *b)
{
    ash_fail_memory(b->err);
    return -1;
}

/* ------------------------------------------------------------------ expressions to tensors */

static const term *lookup(const builder *b, const char *text)
{
    for (size_t i = 0; i < b->n_known; i++)
        if (strcmp(b->known[i].text, text) == 0)
            return &b->known[i];
    return NULL;
}

static bool remember(builder *b, const char *text, int index)
{
    if (b->n_known == b->cap_known) {
        term *more = ARENA_NEW(b->arena, term, 2 * b->cap_known + 32);
        if (!more)
            return false;
        if (b->n_known)
            memcpy(more, b->known, b->n_known * sizeof(*more));
        b->known = more;
        b->cap_known = 2 * b->cap_known + 32;
    }
    b->known[b->n_known++] = (term){text, index};
    return true;
}

static const char *join(builder *b, const term *v, size_t n)
{
    buffer out = {0};
    for (size_t i = 0; i < n; i++)
        buffer_printf(&out, "%s%s", i ? "+" : "", v[i].text);
    char *text = out.failed ? NULL : arena_strdup(b->arena, out.data);
    buffer_free(&out);
    return text;
}

static int tensor_of_term(builder *b, const term *t)
{
    if (t->node >= 0)
        return t->node;
    if (b->zero < 0)
        b->zero = nn_add1(b->graph, b->err, b->input, "zero", NULL);
    return b->zero;
}

/* Additions of at most NN_MAX_INPUTS, left to right. */
static int add_up(builder *b, const int *nodes, size_t n)
{
    int inputs[NN_MAX_INPUTS] = {-1}, k = 0;
    for (size_t i = 0; i < n; i++) {
        inputs[k++] = nodes[i];
        if (nodes[i] < 0)
            return -1;
        if (k > 1 && (k == NN_MAX_INPUTS || i + 1 == n)) {
            inputs[0] = nn_add(b->graph, b->err, "add", inputs, k, NULL);
            if (inputs[0] < 0)
                return -1;
            k = 1;
        }
    }
    return inputs[0];
}

static int tensor_of_run(builder *b, const term *v, size_t n, const char *text)
{
    const term *known = lookup(b, text);
    if (known)
        return known->node;
    int *nodes = ARENA_NEW(b->arena, int, n);
    if (!nodes)
        return no_memory(b);
    for (size_t i = 0; i < n; i++)
        if ((nodes[i] = tensor_of_term(b, &v[i])) < 0)
            return -1;
    int made = add_up(b, nodes, n);
    return made >= 0 && !remember(b, text, made) ? no_memory(b) : made;
}

static int by_text(const void *x, const void *y)
{
    return strcmp(((const term *)x)->text, ((const term *)y)->text);
}

static int tensor_of_sum(builder *b, const sum *x)
{
    const term *known = x->n > 1 ? lookup(b, x->text) : NULL;
    if (known)
        return known->node;
    if (x->n == 1)
        return tensor_of_term(b, &x->v[0]);
    term *runs = ARENA_NEW(b->arena, term, x->n);
    int *nodes = ARENA_NEW(b->arena, int, x->n);
    size_t n_runs = 0;
    if (!runs || !nodes)
        return no_memory(b);
    for (size_t i = 0, end; i < x->n; i = end) {
        for (end = i + 1; end < x->n && strcmp(x->v[end - 1].text, x->v[end].text) <= 0;)
            end++;
        const char *text = join(b, x->v + i, end - i);
        if (!text)
            return no_memory(b);
        runs[n_runs].node = end - i == 1 ? tensor_of_term(b, &x->v[i]) : tensor_of_run(b, x->v + i, end - i, text);
        if (runs[n_runs].node < 0)
            return -1;
        runs[n_runs++].text = text;
    }
    qsort(runs, n_runs, sizeof(*runs), by_text);
    for (size_t i = 0; i < n_runs; i++)
        nodes[i] = runs[i].node;
    int made = add_up(b, nodes, n_runs);
    return made >= 0 && n_runs > 1 && !remember(b, x->text, made) ? no_memory(b) : made;
}

/* ------------------------------------------------------------------ edges and nodes */

static int add_edge_op(builder *b, const edge_op *op, int x)
{
    const option_table *table = op->block->options;
    arena *a = b->arena;
    node *map = node_map(a, NULL);
    void *settings = arena_alloc(a, table->size + 1);
    struct {
        const char *name;
        const char *text;
    } given[] = {{"width", arena_printf(a, "%d", (int)b->channels)},
                 {"stride", "1"},
                 {"bits", b->s->cell->bits},
                 {"kernel", op->kernel ? arena_printf(a, "%d", (int)op->kernel) : NULL}};
    if (!map || !settings || !given[0].text)
        return no_memory(b);
    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
        node *value = option_find(table, given[i].name) && given[i].text ? node_scalar(a, given[i].name, given[i].text) : NULL;
        if (value)
            node_append(map, value);
    }
    if (option_read(table, settings, map, a, b->err) != ASH_OK)
        return -1;
    return block_build(op->block, b->graph, x, settings, b->err);
}

/* The terms that an edge brings: the operator is built in any case. */
static bool edge_terms(builder *b, const edge_op *op, const sum *from, sum *out)
{
    static const term zero = {"#", -1};
    bool empty = strcmp(from->text, "#") == 0;
    *out = (sum){"#", &zero, 1};
    if (!op->block) {
        if (!empty && strcmp(op->name, "skip_connect") == 0)
            *out = *from;
        return true;
    }
    int x = tensor_of_sum(b, from), made = x < 0 ? -1 : add_edge_op(b, op, x);
    if (made < 0)
        return false;
    if (empty)
        return true;
    term *t = ARENA_NEW(b->arena, term, 1);
    char *text = arena_printf(b->arena, "(%s)@%s", from->text, op->name);
    if (!t || !text)
        return no_memory(b), false;
    const term *twin = lookup(b, text);
    *t = (term){text, twin ? twin->node : made};
    if (!twin && !remember(b, text, made))
        return no_memory(b), false;
    *out = (sum){text, t, 1};
    return true;
}

static int by_sum_text(const void *x, const void *y)
{
    return strcmp(((const sum *)x)->text, ((const sum *)y)->text);
}

static bool join_sums(builder *b, sum *parts, size_t n, sum *out)
{
    size_t total = 0, at = 0;
    qsort(parts, n, sizeof(*parts), by_sum_text);
    for (size_t i = 0; i < n; i++)
        total += parts[i].n;
    term *v = ARENA_NEW(b->arena, term, total);
    if (!v)
        return no_memory(b), false;
    for (size_t i = 0; i < n; i++) {
        memcpy(v + at, parts[i].v, parts[i].n * sizeof(*v));
        at += parts[i].n;
    }
    *out = (sum){join(b, v, total), v, total};
    return out->text || (no_memory(b), false);
}

static int add_cell(builder *b, const genome *g, int input, int64_t channels, const char *label)
{
    const cell *c = b->s->cell;
    sum nodes[8], parts[8];
    term *first = ARENA_NEW(b->arena, term, 1);
    size_t edge = 0;
    int before = b->graph->n_nodes;
    if (!first || !label)
        return no_memory(b);
    b->input = input;
    b->channels = channels;
    b->zero = -1;
    b->n_known = 0;
    *first = (term){"0", input};
    nodes[0] = (sum){"0", first, 1};
    for (int i = 1; i < c->nodes; i++) {
        for (int j = 0; j < i; j++)
            if (!edge_terms(b, &c->ops[g->gene[edge++]], &nodes[j], &parts[j]))
                return -1;
        if (!join_sums(b, parts, (size_t)i, &nodes[i]))
            return -1;
    }
    int out = tensor_of_sum(b, &nodes[c->nodes - 1]);
    if (out >= 0 && b->graph->n_nodes > before)
        nn_set_block(b->graph, before, label);
    return out;
}

/* ------------------------------------------------------------------ skeleton */

static int reduction(builder *b, int x, int64_t width, const char *label)
{
    const char *bits = b->s->cell->bits;
    nn_shape in = b->graph->nodes[x].shape;
    int before = b->graph->n_nodes, shortcut = x;
    if (!label)
        return no_memory(b);
    if (in.h < 2 && in.w < 2) {
        ash_fail(b->err, ASH_INVALID, "%s: stride 2 on a map of %d x %d; use fewer stages or larger images", label, in.h, in.w);
        return -1;
    }
    x = lay_conv(b->graph, lay_op(b->graph, x, "relu", b->err), width, 3, 2, 1, bits, b->err);
    x = lay_conv(b->graph, lay_op(b->graph, x, "relu", b->err), width, 3, 1, 1, bits, b->err);
    if (x < 0)
        return -1;
    shortcut = nn_add1(b->graph, b->err, shortcut, "avg_pool", "kernel=2, stride=2, padding=same");
    if (shortcut >= 0)
        shortcut = nn_add1(b->graph, b->err, shortcut, "conv2d", "out=%d, kernel=1, bias=false, weight_bits=%s", (int)width, bits);
    x = lay_add(b->graph, shortcut, x, b->err);
    if (x >= 0)
        nn_set_block(b->graph, before, label);
    return x;
}

static int skeleton(builder *b, const genome *g)
{
    const cell *c = b->s->cell;
    int x = lay_conv(b->graph, 0, c->stem, 3, 1, 1, c->bits, b->err);
    if (x < 0)
        return -1;
    nn_set_block(b->graph, 1, "stem");
    for (size_t i = 0; i < c->channels.n; i++) {
        int64_t width = c->channels.v[i];
        if (i > 0)
            x = reduction(b, x, width, arena_printf(b->arena, "reduction.%zu", i));
        else if (c->stem != width)
            x = lay_conv(b->graph, x, width, 1, 1, 1, c->bits, b->err);
        for (int64_t k = 0; k < c->repeats && x >= 0; k++)
            x = add_cell(b, g, x, width, arena_printf(b->arena, "cell.%zu.%d", i + 1, (int)k + 1));
        if (x < 0)
            return -1;
    }
    int before = b->graph->n_nodes;
    x = lay_op(b->graph, x, "batch_norm", b->err);
    x = lay_op(b->graph, x, "relu", b->err);
    x = lay_op(b->graph, x, "global_avg_pool", b->err);
    if (x >= 0)
        x = nn_add1(b->graph, b->err, x, "dense", "out=%d, weight_bits=%s", b->s->outputs, c->bits);
    if (x >= 0)
        nn_set_block(b->graph, before, "head");
    return x;
}

ash_status cell_decode(const space *s, const genome *g, arena *a, nn_graph **out, ash_error *err)
{
    builder b = {.s = s, .arena = a, .graph = nn_graph_create(a, s->input), .err = err};
    if (!b.graph)
        return ash_fail_memory(err);
    if (s->input.h == 1 && s->input.w == 1)
        return ash_fail(err, ASH_INVALID, "a cell needs maps, but the data are vectors; use stages with dense blocks");
    int x = skeleton(&b, g);
    if (x < 0)
        return err->status;
    nn_set_act_bits(b.graph, 0, s->cell->act_bits);
    b.graph->output = x;
    *out = b.graph;
    return ASH_OK;
}
