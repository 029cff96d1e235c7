/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blocks.c - a network as JSON, for reports that never see nn (docs/costs.md, "The block description")
 *
 * A controller writes one per trial, so the text is written at once, without a tree of values; only what is rare goes through the library. */
#include "core/buffer.h"
#include "evaluator/cost/cost.h"
#include <jansson.h>
#include <stdlib.h>


static void put_value(buffer *out, json_t *value) /* stolen */
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    if (text)
        buffer_puts(out, text);
    out->failed |= !text;
    free(text);
    json_decref(value);
}

static void put_string(buffer *out, const char *text)
{
    const char *s = text;
    while (*s >= ' ' && *s <= '~' && *s != '"' && *s != '\\')
        s++;
    if (*s) {
        put_value(out, json_string(text));
        return;
    }
    buffer_puts(out, "\"");
    buffer_add(out, text, (size_t)(s - text));
    buffer_puts(out, "\"");
}

static void put_text(buffer *out, const char *key, const char *text)
{
    buffer_puts(out, key);
    put_string(out, text);
}

static void put_integer(buffer *out, const char *key, int64_t value)
{
    char digits[24], *p = digits + sizeof(digits);
    uint64_t v = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        *--p = (char)('0' + v % 10);
    while (v /= 10);
    if (value < 0)
        *--p = '-';
    buffer_puts(out, key);
    buffer_add(out, p, (size_t)(digits + sizeof(digits) - p));
}

static void put_shape(buffer *out, const char *key, nn_shape s)
{
    buffer_puts(out, key);
    put_integer(out, "[", s.h);
    put_integer(out, ",", s.w);
    put_integer(out, ",", s.c);
    buffer_puts(out, "]");
}

static void put_layer(buffer *out, const nn_graph *g, int i, const cost_layer *l)
{
    put_text(out, "{\"name\":", l->name);
    put_text(out, ",\"op\":", l->op);
    if (l->block)
        put_text(out, ",\"block\":", l->block);
    if (*l->attributes)
        put_text(out, ",\"attributes\":", l->attributes);
    put_shape(out, ",\"in\":", l->in);
    put_shape(out, ",\"out\":", l->out);
    put_integer(out, ",\"macs\":", l->macs);
    put_integer(out, ",\"flops\":", l->flops);
    put_integer(out, ",\"params\":", l->params);
    put_integer(out, ",\"params_folded\":", l->params_folded);
    put_integer(out, ",\"bytes\":", l->model_bytes);
    put_integer(out, ",\"weight_bits\":", l->weight_bits);
    put_integer(out, ",\"out_bits\":", l->out_bits);
    buffer_puts(out, ",\"inputs\":[");
    for (int k = 0; k < g->nodes[i].n_inputs; k++)
        put_text(out, k ? "," : "", g->nodes[g->nodes[i].inputs[k]].name);
    buffer_puts(out, "]}");
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
    buffer out = {0};
    put_shape(&out, "{\"input\":", g->nodes[0].shape);
    buffer_puts(&out, ",\"layers\":[");
    for (size_t i = 0; i < n_layers; i++) {
        buffer_puts(&out, i ? "," : "");
        put_layer(&out, g, (int)i + 1, &layers[i]);
    }
    buffer_puts(&out, "],\"totals\":{");
    for (size_t i = 0; i < n_metrics; i++) {
        double v = metrics[i].value;
        put_text(&out, i ? "," : "", metrics[i].name);
        if (v == (double)(int64_t)v)
            put_integer(&out, ":", (int64_t)v);
        else {
            buffer_puts(&out, ":");
            put_value(&out, json_real(v));
        }
    }
    buffer_puts(&out, "}}");
    char *text = out.failed ? NULL : arena_strdup(a, out.data);
    buffer_free(&out);
    return text;
}
