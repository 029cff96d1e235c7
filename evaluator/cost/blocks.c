/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blocks.c - a network as JSON, for reports that never see nn (docs/costs.md, "The block description") */
#include "evaluator/cost/cost.h"
#include <jansson.h>
#include <stdlib.h>

static json_t *shape_of(nn_shape s) { return json_pack("[i,i,i]", s.h, s.w, s.c); }

/* Steals `value`; a NULL anywhere makes the whole thing NULL. */
static bool put(json_t *object, const char *key, json_t *value) { return json_object_set_new(object, key, value) == 0; }

static json_t *inputs_of(const nn_graph *g, int i)
{
    json_t *list = json_array();
    for (int k = 0; k < g->nodes[i].n_inputs; k++)
        if (json_array_append_new(list, json_string(g->nodes[g->nodes[i].inputs[k]].name)) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *layer_of(const nn_graph *g, int i, const cost_layer *l)
{
    json_t *o = json_object();
    bool ok = put(o, "name", json_string(l->name)) && put(o, "op", json_string(l->op)) &&
              (!l->block || put(o, "block", json_string(l->block))) &&
              (!*l->attributes || put(o, "attributes", json_string(l->attributes))) && put(o, "in", shape_of(l->in)) &&
              put(o, "out", shape_of(l->out)) && put(o, "macs", json_integer(l->macs)) &&
              put(o, "flops", json_integer(l->flops)) && put(o, "params", json_integer(l->params)) &&
              put(o, "params_folded", json_integer(l->params_folded)) && put(o, "bytes", json_integer(l->model_bytes)) &&
              put(o, "weight_bits", json_integer(l->weight_bits)) && put(o, "out_bits", json_integer(l->out_bits)) &&
              put(o, "inputs", inputs_of(g, i));
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *layers_of(const nn_graph *g, const cost_layer *layers, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(list, layer_of(g, (int)i + 1, &layers[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *totals_of(const metric *metrics, size_t n)
{
    json_t *o = json_object();
    for (size_t i = 0; i < n; i++) {
        double v = metrics[i].value;
        if (!put(o, metrics[i].name, v == (double)(json_int_t)v ? json_integer((json_int_t)v) : json_real(v))) {
            json_decref(o);
            return NULL;
        }
    }
    return o;
}

char *cost_blocks_json(const nn_graph *g, arena *a)
{
    ash_error err;
    cost_layer *layers;
    metric *metrics;
    size_t n_layers, n_metrics;
    if (cost_layers(g, (cost_settings){0}, a, &layers, &n_layers, &err) != ASH_OK ||
        cost_metrics(g, a, &metrics, &n_metrics, &err) != ASH_OK)
        return NULL;
    json_t *root = json_object();
    bool ok = put(root, "input", shape_of(g->nodes[0].shape)) && put(root, "layers", layers_of(g, layers, n_layers)) &&
              put(root, "totals", totals_of(metrics, n_metrics));
    char *text = ok ? json_dumps(root, JSON_COMPACT) : NULL;
    char *out = text ? arena_strdup(a, text) : NULL;
    free(text);
    json_decref(root);
    return out;
}
