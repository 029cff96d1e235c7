/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tabular.c - the evaluator that trains nothing: results are looked up in a CSV table
 *
 *     evaluator:
 *       type: tabular
 *       file: nasbench201.csv       # relative to the run file
 *       architecture: arch          # the column that holds the genome's text
 *       metrics:
 *         error: {column: test_accuracy, scale: -0.01, offset: 1}   # offset + scale x cell
 *         latency_s: {column: latency_ms, scale: 0.001, static: true}
 *         val_loss: loss            # the cell as it is
 *       network: [macs, params]     # static metrics of the decoded network
 *
 * A row is found by the genome's text, letter by letter, so isomorphic networks with rows of their own are different trials.
 * A genome without a row is an invalid trial. Metrics from `network` are those of the network as decoded, dead branches included,
 * because that is what tables count; they are computed once per row. */
#include "core/text.h"
#include "data/format.h"
#include "evaluator/cost/cost.h"
#include "evaluator/evaluator.h"
#include "evaluator/lookup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct tabular_options {
    const char *file, *architecture;
    const node *metrics;
    option_texts network;
    bool blocks;
} tabular_options;

static const option rows[] = {
    {"file", OPTION_TEXT, offsetof(tabular_options, file), NULL, .execution = true,
     .help = "CSV file with a header, plain or .gz, relative to the run file"},
    {"architecture", OPTION_TEXT, offsetof(tabular_options, architecture), "architecture",
     .help = "column that holds the genome's text"},
    {"metrics", OPTION_NODE, offsetof(tabular_options, metrics), .optional = true,
     .help = "metric: column, or metric: {column, scale, offset, static}; the value is offset + scale x cell"},
    {"network", OPTION_TEXT_LIST, offsetof(tabular_options, network), "[]",
     .help = "static metrics to take from the decoded network, like [macs, params]"},
    {"blocks", OPTION_BOOL, offsetof(tabular_options, blocks), "true", .execution = true,
     .help = "describe each network for reports, which decodes it at every evaluation"},
};
static const option_table tabular_option_table = OPTION_TABLE("evaluator", tabular_options, rows);
static const char *const not_ours[] = {"type", NULL};

typedef struct value { /* one metric that the table gives; option table of its long form */
    const char *metric, *column;
    double scale, offset;
    bool is_static;
} value;

static const option value_rows[] = {
    {"column", OPTION_TEXT, offsetof(value, column), NULL, .help = "column that holds the value"},
    {"scale", OPTION_REAL, offsetof(value, scale), "1", -1e15, 1e15, .help = "factor of the cell"},
    {"offset", OPTION_REAL, offsetof(value, offset), "0", -1e15, 1e15, .help = "added after scaling"},
    {"static", OPTION_BOOL, offsetof(value, is_static), "false",
     .help = "known before the evaluation, so that a hard constraint can limit it"},
};
static const option_table value_options = OPTION_TABLE("evaluator.metrics", value, value_rows);

typedef struct tabular_state {
    arena *arena, *scratch;
    tabular_options options;
    const evaluator_context *context;
    size_t n_values, n_network;
    value *values; /* (n_values), in the order of the table's columns */
    lookup table;
    double **network; /* (rows): network metrics (n_network), NULL until wanted */
} tabular_state;

static void tabular_destroy(void *state)
{
    tabular_state *s = state;
    if (s) {
        arena_destroy(s->arena);
        arena_destroy(s->scratch);
    }
    free(s);
}

static ash_status read_values(tabular_state *s, ash_error *err)
{
    const node *map = s->options.metrics;
    if (map && map->kind != NODE_MAP)
        return node_fail(map, err, "\"metrics\" should say which metric is in which column, like {error: test_error}");
    s->values = ARENA_NEW(s->arena, value, map && map->count ? map->count : 1);
    if (!s->values)
        return ash_fail_memory(err);
    for (const node *n = map ? map->first : NULL; n; n = n->next) {
        value *v = &s->values[s->n_values++];
        if (n->kind == NODE_LIST)
            return node_fail(n, err, "metric \"%s\" needs a column's name, or {column: ..., scale: ..., offset: ...}",
                             n->key);
        if (n->kind == NODE_MAP && option_read(&value_options, v, n, s->arena, err) != ASH_OK)
            return err->status;
        if (n->kind == NODE_SCALAR)
            *v = (value){.column = n->text, .scale = 1};
        v->metric = arena_strdup(s->arena, n->key);
        v->column = arena_strdup(s->arena, v->column);
        if (!v->metric || !v->column)
            return ash_fail_memory(err);
    }
    return ASH_OK;
}

static ash_status read_table(tabular_state *s, const node *map, ash_error *err)
{
    const char *path = data_path(s->arena, map, "file", s->options.file);
    lookup_column key = {s->options.architecture, node_get(map, "architecture")};
    lookup_column *columns = ARENA_NEW(s->scratch, lookup_column, s->n_values + 1);
    if (!path || !columns)
        return ash_fail_memory(err);
    for (size_t i = 0; i < s->n_values; i++)
        columns[i] = (lookup_column){s->values[i].column, node_get(s->options.metrics, s->values[i].metric)};
    if (lookup_read(path, &key, columns, s->n_values, s->arena, &s->table, err) != ASH_OK)
        return err->status;
    s->network = ARENA_NEW(s->arena, double *, s->table.n_rows);
    return s->network ? ASH_OK : ash_fail_memory(err);
}

/* A table of another space would make every trial invalid: say so at once. */
static ash_status check_rows(tabular_state *s, const node *map, ash_error *err)
{
    genome *g = genome_create(s->context->space, s->scratch);
    if (!g)
        return ash_fail_memory(err);
    ash_error first = {0}, other;
    for (size_t i = 0; i < s->table.n_rows; i++) {
        if (space_parse(s->context->space, s->table.key[i], g, i ? &other : &first) == ASH_OK)
            return ASH_OK;
    }
    return data_fail_key(map, "file", err, "none of the %zu rows of %s is a genome of this space; of the first: %s",
                         s->table.n_rows, s->table.path, first.text);
}

/* Metrics that need no more than the decoded graph. */
static bool quick_metric(const char *name, const nn_graph *g, double *out)
{
    static const struct {
        const char *name;
        int64_t (*count)(const nn_graph *g);
    } quick[] = {{"macs", nn_macs}, {"flops", nn_flops}, {"params", nn_params}, {"params_folded", nn_params_folded}};
    for (size_t i = 0; i < sizeof(quick) / sizeof(quick[0]); i++)
        if (strcmp(quick[i].name, name) == 0) {
            *out = g ? (double)quick[i].count(g) : 0;
            return true;
        }
    return false;
}

static ash_status measure(const tabular_state *s, const nn_graph *g, arena *a, double *out, ash_error *err)
{
    metric *all = NULL;
    size_t n = 0;
    for (size_t i = 0; i < s->n_network; i++) {
        const char *name = s->options.network.v[i];
        if (quick_metric(name, g, &out[i]))
            continue;
        if (!all && cost_metrics(g, a, &all, &n, err) != ASH_OK)
            return err->status;
        out[i] = trial_metric(&(trial){.metrics = all, .n_metrics = n}, name);
    }
    return ASH_OK;
}

/* The names are tried on a network of one neuron. */
static ash_status check_network(tabular_state *s, const node *map, ash_error *err)
{
    nn_graph *g = nn_graph_create(s->scratch, (nn_shape){1, 1, 1});
    double *out = ARENA_NEW(s->scratch, double, s->n_network + 1);
    if (!g || !out)
        return ash_fail_memory(err);
    if (nn_add1(g, err, 0, "dense", "out=1") < 0 || measure(s, g, s->scratch, out, err) != ASH_OK)
        return err->status;
    const node *list = node_get(map, "network");
    for (size_t i = 0; i < s->n_network; i++) {
        const char *name = s->options.network.v[i];
        const node *at = list && list->kind == NODE_LIST ? node_at(list, i) : list;
        if (isnan(out[i]))
            return node_fail(at, err, "a network has no static metric \"%s\"", name);
        for (size_t k = 0; k < i; k++)
            if (strcmp(name, s->options.network.v[k]) == 0)
                return node_fail(at, err, "\"%s\" is listed twice", name);
        for (size_t k = 0; k < s->n_values; k++)
            if (strcmp(name, s->values[k].metric) == 0)
                return node_fail(at, err, "\"%s\" is asked of the network and of column \"%s\"; choose one", name,
                                 s->values[k].column);
    }
    if (s->n_values + s->n_network == 0)
        return data_fail_key(map, "file", err,
                             "nothing is looked up in %s; say which metric is in which column, like metrics: {error: "
                             "test_error}",
                             s->options.file);
    return ASH_OK;
}

static ash_status tabular_create(const node *map, const evaluator_context *context, void **state, ash_error *err)
{
    tabular_state *s = calloc(1, sizeof(*s));
    if (!s || !(s->arena = arena_create()) || !(s->scratch = arena_create())) {
        tabular_destroy(s);
        return ash_fail_memory(err);
    }
    s->context = context;
    if (option_read_except(&tabular_option_table, &s->options, map, not_ours, s->arena, err) != ASH_OK)
        goto fail;
    s->n_network = s->options.network.n;
    if (read_values(s, err) != ASH_OK || check_network(s, map, err) != ASH_OK || read_table(s, map, err) != ASH_OK ||
        check_rows(s, map, err) != ASH_OK)
        goto fail;
    arena_reset(s->scratch);
    *state = s;
    return ASH_OK;
fail:
    tabular_destroy(s);
    return err->status;
}

static hash256 tabular_content(const void *state)
{
    return ((const tabular_state *)state)->table.hash;
}

/* Everything that a looked-up result depends on. */
static hash256 row_key(const tabular_state *s, size_t row)
{
    hasher h;
    hash_init(&h);
    hash_text(&h, "ashlar table 1");
    hash_key(&h, &s->table.hash);
    hash_text(&h, s->options.architecture);
    hash_text(&h, s->table.key[row]);
    hash_u64(&h, s->n_values);
    for (size_t i = 0; i < s->n_values; i++) {
        hash_text(&h, s->values[i].metric);
        hash_text(&h, s->values[i].column);
        hash_real(&h, s->values[i].scale);
        hash_real(&h, s->values[i].offset);
    }
    hash_u64(&h, s->n_network);
    for (size_t i = 0; i < s->n_network; i++)
        hash_text(&h, s->options.network.v[i]);
    return hash_final(&h);
}

static ash_status invalid(trial *t, const char *reason, ash_error *err)
{
    t->status = TRIAL_INVALID;
    t->reason = reason;
    return reason ? ASH_OK : ash_fail_memory(err);
}

/* Fills s->network[row]. ASH_INVALID: the genome does not decode. */
static ash_status know_network(tabular_state *s, size_t row, const genome *g, ash_error *err)
{
    if (s->n_network == 0 || s->network[row])
        return ASH_OK;
    arena_reset(s->scratch);
    nn_graph *graph;
    ash_status status = space_decode(s->context->space, g, s->scratch, &graph, err);
    if (status != ASH_OK)
        return status;
    double *out = ARENA_NEW(s->arena, double, s->n_network);
    if (!out)
        return ash_fail_memory(err);
    if (measure(s, graph, s->scratch, out, err) != ASH_OK) {
        err->status = ASH_BROKEN; /* it decoded */
        return err->status;
    }
    s->network[row] = out;
    return ASH_OK;
}

static size_t add_values(const tabular_state *s, size_t row, bool is_static, metric *out)
{
    const double *cells = &s->table.values[row * s->n_values];
    size_t n = 0;
    for (size_t i = 0; i < s->n_values; i++) {
        const value *v = &s->values[i];
        if (v->is_static == is_static)
            out[n++] = (metric){v->metric, v->offset + v->scale * cells[i]};
    }
    return n;
}

static ash_status tabular_cost(void *state, const genome *g, trial *t, arena *a, ash_error *err)
{
    tabular_state *s = state;
    const char *text = t->genome ? t->genome : space_print(s->context->space, g, a);
    if (!text)
        return ash_fail_memory(err);
    size_t row = lookup_find(&s->table, text);
    if (row == LOOKUP_NONE)
        return invalid(t, arena_printf(a, "%s has no row for this architecture", data_basename(s->table.path)), err);
    ash_status status = know_network(s, row, g, err);
    if (status == ASH_INVALID)
        return invalid(t, arena_strdup(a, err->text), err);
    if (status != ASH_OK)
        return status;
    metric *metrics = ARENA_NEW(a, metric, s->n_values + s->n_network + 1);
    if (!metrics)
        return ash_fail_memory(err);
    t->n_metrics = add_values(s, row, true, metrics);
    for (size_t i = 0; i < s->n_network; i++)
        metrics[t->n_metrics++] = (metric){s->options.network.v[i], s->network[row][i]};
    t->metrics = metrics;
    t->key = row_key(s, row);
    t->status = TRIAL_PENDING;
    return ASH_OK;
}

/* Runs in several threads at once: reads the table only. */
static ash_status tabular_evaluate(void *state, trial *t, arena *a, bool (*stop)(void *), void *stop_ctx, ash_error *err)
{
    (void)stop, (void)stop_ctx;
    const tabular_state *s = state;
    size_t row = lookup_find(&s->table, t->genome);
    metric *metrics = ARENA_NEW(a, metric, s->n_values + t->n_metrics + 1);
    if (!metrics)
        return ash_fail_memory(err);
    if (row == LOOKUP_NONE)
        return ash_fail(err, ASH_BROKEN, "%s has no row for trial %llu, %s", s->table.path, (unsigned long long)t->id,
                        t->genome);
    size_t n = add_values(s, row, false, metrics);
    memcpy(metrics + n, t->metrics, t->n_metrics * sizeof(*metrics));
    t->metrics = metrics;
    t->n_metrics += n;
    if (s->options.blocks) {
        genome *g = genome_create(s->context->space, a);
        nn_graph *graph;
        if (!g)
            return ash_fail_memory(err);
        if (space_parse(s->context->space, t->genome, g, err) == ASH_OK &&
            space_decode(s->context->space, g, a, &graph, err) == ASH_OK)
            t->blocks = cost_blocks_json(graph, a); /* a table may hold what does not decode: then there is no picture */
    }
    t->status = TRIAL_OK;
    return ASH_OK;
}

const evaluator_type evaluator_tabular = {
    .name = "tabular",
    .help = "look the results up in a CSV table, by the genome's text",
    .options = &tabular_option_table,
    .create = tabular_create,
    .destroy = tabular_destroy,
    .content = tabular_content,
    .cost = tabular_cost,
    .evaluate = tabular_evaluate,
};
