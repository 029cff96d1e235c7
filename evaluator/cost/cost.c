/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cost.c - bits and bytes of layers, and the metrics that are sums over them (docs/costs.md) */
#include "evaluator/cost/cost.h"
#include "core/text.h"
#include "nn/infer/model.h"
#include "nn/op.h"
#include "nn/plan.h"
#include <string.h>

#define FLOAT_BYTES 4

typedef cost_layer totals; /* sums over all layers */

/* Weights: a row of ceil(k * bits / 8) bytes per output channel, plus its float scale below 32 bits. Biases, and batch norms that do not fold: 4
 * bytes each. A folded batch norm costs the bias that it adds, if the layer had none. */
static int64_t node_bytes(const nn_graph *g, int node_index)
{
    const nn_node *n = &g->nodes[node_index];
    if (nn_folds(g, node_index))
        return FLOAT_BYTES * nn_node_params_folded(g, node_index);
    int64_t bytes = 0;
    for (int k = 0; k < n->n_params; k++) {
        const nn_param *p = &n->params[k];
        int64_t rows = (int64_t)p->rows, count = (int64_t)p->count;
        if (p->role >= NN_STEP) /* counted with the rows of the weights */
            continue;
        if (p->role != NN_WEIGHT || n->weight_bits == 32)
            bytes += FLOAT_BYTES * count;
        else
            bytes += rows * ((count / rows * n->weight_bits + 7) / 8 + FLOAT_BYTES);
    }
    return bytes;
}

static double mean_weight_bits(const nn_graph *g)
{
    int64_t weights = 0, bits = 0;
    for (int i = 0; i < g->n_nodes; i++)
        for (int k = 0; k < g->nodes[i].n_params; k++)
            if (g->nodes[i].params[k].role == NN_WEIGHT) {
                weights += (int64_t)g->nodes[i].params[k].count;
                bits += (int64_t)g->nodes[i].params[k].count * g->nodes[i].weight_bits;
            }
    return weights ? (double)bits / (double)weights : 32;
}

/* "[3, 3]" to "3x3", "[same]" to "same". */
static char *plain_value(arena *a, const char *text, size_t n)
{
    char *out = arena_alloc(a, n + 1);
    size_t len = 0;
    for (size_t i = 0; out && i < n; i++)
        if (text[i] == ',')
            out[len++] = 'x';
        else if (!strchr("[]\" ", text[i]))
            out[len++] = text[i];
    return out;
}

static bool is_default(const option *row, const char *value)
{
    double v, def;
    if (!row->def)
        return false;
    if (text_to_real(value, &v) && text_to_real(row->def, &def))
        return v == def;
    return strcmp(row->def, value) == 0;
}

/* What is not the default and what neither the shapes nor the bits say; the kernel always. */
static const char *attributes_of(const nn_node *n, arena *a)
{
    static const char *const said[] = {"out", "bias", "weight_bits"};
    if (!n->op->attrs)
        return "";
    buffer lines = {0};
    option_print(n->op->attrs, n->attrs, false, &lines);
    const char *text = lines.failed ? NULL : "";
    for (const char *line = lines.data; text && line && *line; line = strchr(line, '\n') + 1) {
        const char *name = strchr(line, '.') + 1, *colon = strchr(name, ':'), *end = strchr(colon, '\n');
        char *key = arena_strndup(a, name, (size_t)(colon - name));
        char *value = plain_value(a, colon + 1, (size_t)(end - colon - 1));
        if (!key || !value) {
            text = NULL;
            break;
        }
        const option *row = option_find(n->op->attrs, key);
        bool shown = strcmp(key, "kernel") == 0 || !row || !is_default(row, value);
        for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
            shown &= strcmp(key, said[i]) != 0;
        if (shown)
            text = arena_printf(a, "%s%s%s %s", text, *text ? ", " : "", key, value);
    }
    buffer_free(&lines);
    return text;
}

typedef struct costing { /* of one graph */
    const nn_graph *g;
    cost_settings settings;
    nn_plan *plan;
    int64_t *bytes; /* (n_nodes) */
    bool integer;   /* it runs on integers alone */
} costing;

static ash_status begin(costing *c, const nn_graph *g, cost_settings settings, arena *a, ash_error *err)
{
    ash_error why;
    *c = (costing){.g = g, .settings = settings, .bytes = ARENA_NEW(a, int64_t, (size_t)g->n_nodes)};
    if (!c->bytes)
        return ash_fail_memory(err);
    if (nn_plan_create(g, settings.activation_bits, settings.exclude_input, a, &c->plan, err) != ASH_OK)
        return err->status;
    c->integer = infer_node_bytes(g, a, c->bytes, &why) == ASH_OK;
    for (int i = 1; !c->integer && i < g->n_nodes; i++)
        c->bytes[i] = node_bytes(g, i);
    return ASH_OK;
}

static cost_layer layer_of(const costing *c, int i)
{
    const nn_graph *g = c->g;
    const cost_settings settings = c->settings;
    const nn_node *n = &g->nodes[i], *from = &g->nodes[n->inputs[0]];
    int64_t in_bits = settings.activation_bits ? settings.activation_bits : from->out_bits;
    const nn_plan_node *planned = &c->plan->nodes[i];
    return (cost_layer){
        .name = n->name,
        .op = n->op->name,
        .block = n->block,
        .in = from->shape,
        .out = n->shape,
        .macs = n->macs,
        .flops = n->flops,
        .bops = n->macs * n->weight_bits * in_bits,
        .in_bits = (int)in_bits,
        .params = nn_node_params(n),
        .params_folded = nn_node_params_folded(g, i),
        .model_bytes = c->bytes[i],
        .activation_bytes = planned->role == NN_PLAN_RUN && planned->over < 0 ? planned->bytes : 0,
        .weight_bits = n->weight_bits,
        .out_bits = settings.activation_bits ? settings.activation_bits : n->out_bits,
    };
}

/* Of the activations that linear operators read, an activation counting as often as it is multiplied. */
static double mean_act_bits(const costing *c)
{
    double macs = 0, bits = 0;
    for (int i = 1; i < c->g->n_nodes; i++) {
        cost_layer l = layer_of(c, i);
        macs += (double)l.macs;
        bits += (double)l.macs * l.in_bits;
    }
    return macs > 0 ? bits / macs : 32;
}

ash_status cost_layers(const nn_graph *g, cost_settings settings, arena *a, cost_layer **out, size_t *n, ash_error *err)
{
    costing c;
    if (begin(&c, g, settings, a, err) != ASH_OK)
        return err->status;
    cost_layer *rows = ARENA_NEW(a, cost_layer, g->n_nodes);
    if (!rows)
        return ash_fail_memory(err);
    for (int i = 1; i < g->n_nodes; i++) {
        rows[i - 1] = layer_of(&c, i);
        rows[i - 1].attributes = attributes_of(&g->nodes[i], a);
        if (!rows[i - 1].attributes)
            return ash_fail_memory(err);
    }
    *out = rows;
    *n = (size_t)g->n_nodes - 1;
    return ASH_OK;
}

static totals sum_of(const costing *c)
{
    totals t = {0};
    for (int i = 1; i < c->g->n_nodes; i++) {
        cost_layer l = layer_of(c, i);
        t.macs += l.macs;
        t.flops += l.flops;
        t.bops += l.bops;
        t.params += l.params;
        t.params_folded += l.params_folded;
        t.model_bytes += l.model_bytes;
    }
    return t;
}

ash_status cost_metrics_at(const nn_graph *g, cost_settings settings, arena *a, metric **out, size_t *n,
                           ash_error *err)
{
    costing c;
    if (begin(&c, g, settings, a, err) != ASH_OK)
        return err->status;
    const totals sums = sum_of(&c), *t = &sums;
    const nn_plan *plan = c.plan;
    const metric metrics[] = {
#define COST(name, expression) {#name, expression},
#include "evaluator/cost/metrics.def"
#undef COST
    };
    *out = arena_memdup(a, metrics, sizeof metrics);
    *n = sizeof metrics / sizeof metrics[0];
    return *out ? ASH_OK : ash_fail_memory(err);
}

ash_status cost_metrics(const nn_graph *g, arena *a, metric **out, size_t *n, ash_error *err)
{
    return cost_metrics_at(g, (cost_settings){0}, a, out, n, err);
}
