/* SPDX-License-Identifier: GPL-3.0-or-later */
/* graph_text.c - architecture files: a graph as text and back */
#include "core/text.h"
#include "nn/graph.h"
#include "nn/op.h"
#include "nn/quant/place.h"
#include <string.h>

/* "conv2d.out: 16\n" per line (option_print) to "out: 16, ". */
void nn_print_attrs(const nn_node *n, buffer *out)
{
    if (!n->op->attrs)
        return;
    buffer lines = {0};
    option_print(n->op->attrs, n->attrs, true, &lines);
    const char *comma = "";
    for (char *line = lines.data, *end; line && (end = strchr(line, '\n')); line = end + 1) {
        const char *name = strchr(line, '.') + 1;
        buffer_puts(out, comma);
        buffer_add(out, name, (size_t)(end - name));
        comma = ", ";
    }
    out->failed |= lines.failed;
    buffer_free(&lines);
}

void nn_print(const nn_graph *g, buffer *out)
{
    const nn_shape in = g->nodes[0].shape;
    buffer_printf(out, "name: \"%s\"\ninput: [%d, %d, %d]\nlayers:\n", g->name, in.h, in.w, in.c);
    for (int i = 1; i < g->n_nodes; i++) {
        const nn_node *n = &g->nodes[i];
        buffer_printf(out, "  - {op: %s, id: %s", n->op->name, n->name);
        if (n->n_inputs != 1 || n->inputs[0] != i - 1) {
            buffer_puts(out, ", inputs: [");
            for (int k = 0; k < n->n_inputs; k++)
                buffer_printf(out, "%s%s", k ? ", " : "", g->nodes[n->inputs[k]].name);
            buffer_puts(out, "]");
        }
        if (n->block)
            buffer_printf(out, ", block: \"%s\"", n->block);
        if (n->op->attrs && n->op->attrs->count) {
            buffer_puts(out, ", ");
            nn_print_attrs(n, out);
        }
        buffer_puts(out, "}\n");
    }
    if (g->output != g->n_nodes - 1)
        buffer_printf(out, "output: %s\n", g->nodes[g->output].name);
}

typedef struct file_options {
    const char *name, *output;
    option_ints input;
    const node *layers, *quantize;
} file_options;

static const option file_rows[] = {
    {"name", OPTION_TEXT, offsetof(file_options, name), "network", .help = "what the network is called"},
    {"input", OPTION_INT_LIST, offsetof(file_options, input), NULL, 1, 65536, .help = "height, width, channels of one sample"},
    {"layers", OPTION_NODE, offsetof(file_options, layers), NULL, .help = "the layers, in order"},
    {"quantize", OPTION_NODE, offsetof(file_options, quantize), NULL, .help = "bits of all layers, and how they come about", .optional = true},
    {"output", OPTION_TEXT, offsetof(file_options, output), NULL, .help = "the layer that is the output", .optional = true},
};
static const option_table file_table = OPTION_TABLE("architecture", file_options, file_rows);

static int find_node(const nn_graph *g, const char *name)
{
    for (int i = 0; i < g->n_nodes; i++)
        if (strcmp(g->nodes[i].name, name) == 0)
            return i;
    return -1;
}

static ash_status unknown_layer(const nn_graph *g, const node *n, ash_error *err)
{
    const char *names[64];
    size_t count = 0;
    for (int i = 0; i < g->n_nodes && count < 64; i++)
        names[count++] = g->nodes[i].name;
    const char *near = text_nearest(n->text, names, count);
    return near ? node_fail(n, err, "no layer \"%s\" before this one; did you mean \"%s\"?", n->text, near)
                : node_fail(n, err, "no layer \"%s\" before this one", n->text);
}

static ash_status read_inputs(const nn_graph *g, const node *n, int *inputs, int *count, ash_error *err)
{
    inputs[0] = g->n_nodes - 1;
    *count = 1;
    if (!n)
        return ASH_OK;
    *count = 0;
    if (n->kind == NODE_MAP)
        return node_fail(n, err, "inputs is a layer's id or a list of them");
    for (const node *c = n->kind == NODE_LIST ? n->first : n; c; c = n->kind == NODE_LIST ? c->next : NULL) {
        if (c->kind != NODE_SCALAR)
            return node_fail(c, err, "inputs is a layer's id or a list of them");
        if (*count == NN_MAX_INPUTS)
            return node_fail(c, err, "more than %d inputs", NN_MAX_INPUTS);
        int i = find_node(g, c->text);
        if (i < 0)
            return unknown_layer(g, c, err);
        inputs[(*count)++] = i;
    }
    return ASH_OK;
}

/* The map without the keys that belong to the file and not to the operator. */
static node *attributes(const node *layer, arena *a)
{
    node *map = node_map(a, NULL);
    if (!map)
        return NULL;
    map->file = layer->file;
    map->line = layer->line;
    map->column = layer->column;
    map->source = layer->source;
    for (const node *c = layer->first; c; c = c->next) {
        if (!strcmp(c->key, "op") || !strcmp(c->key, "id") || !strcmp(c->key, "inputs") || !strcmp(c->key, "block") ||
            !strcmp(c->key, "act_bits"))
            continue;
        node *copy = arena_memdup(a, c, sizeof(*c));
        if (!copy)
            return NULL;
        copy->next = NULL;
        node_append(map, copy);
    }
    return map;
}

static ash_status text_of(const node *layer, const char *key, const char **out, ash_error *err)
{
    const node *n = node_get(layer, key);
    *out = n ? n->text : NULL;
    return n && (n->kind != NODE_SCALAR || !*n->text) ? node_fail(n, err, "%s must be a word", key) : ASH_OK;
}

static ash_status read_act_bits(const node *n, int64_t *out, ash_error *err)
{
    *out = 32;
    if (!n)
        return ASH_OK;
    if (n->kind != NODE_SCALAR || !text_to_int(n->text, out) || !nn_are_bits(*out))
        return node_fail(n, err, "act_bits is 32, 8, 4, 2 or 1: bits of the activations that the layer reads");
    return ASH_OK;
}

static ash_status read_layer(nn_graph *g, const node *layer, ash_error *err)
{
    int inputs[NN_MAX_INPUTS], n_inputs;
    int64_t act_bits;
    const char *op, *id, *block;
    if (layer->kind != NODE_MAP || !node_get(layer, "op"))
        return node_fail(layer, err, "a layer is a map with the key op, such as {op: conv2d, out: 6, kernel: 5}");
    if (text_of(layer, "op", &op, err) || text_of(layer, "id", &id, err) || text_of(layer, "block", &block, err) ||
        read_inputs(g, node_get(layer, "inputs"), inputs, &n_inputs, err) || read_act_bits(node_get(layer, "act_bits"), &act_bits, err))
        return err->status;
    if (id && find_node(g, id) >= 0)
        return node_fail(node_get(layer, "id"), err, "there is a layer \"%s\" already", id);
    node *attrs = attributes(layer, g->arena);
    if (!attrs)
        return ash_fail_memory(err);
    ash_error why;
    int i = nn_add_node(g, &why, op, inputs, n_inputs, attrs);
    if (i < 0 && (why.status != ASH_INVALID || (layer->file && strncmp(why.text, layer->file, strlen(layer->file)) == 0))) {
        *err = why; /* it names its place already */
        return err->status;
    }
    if (i < 0)
        return node_fail(layer, err, "%s", why.text);
    if (id)
        g->nodes[i].name = arena_strdup(g->arena, id);
    if (block)
        g->nodes[i].block = arena_strdup(g->arena, block);
    g->nodes[i].act_bits = (int)act_bits;
    return (id && !g->nodes[i].name) || (block && !g->nodes[i].block) ? ash_fail_memory(err) : ASH_OK;
}

ash_status nn_read(const node *root, const node *quantize, arena *a, nn_graph **out, ash_error *err)
{
    file_options o;
    nn_quantisation q;
    if (option_read(&file_table, &o, root, a, err) != ASH_OK)
        return err->status;
    if (option_read(&nn_quantisation_options, &q, quantize ? quantize : o.quantize, a, err) != ASH_OK)
        return err->status;
    if (o.input.n != 3)
        return node_fail(node_get(root, "input"), err, "input is [height, width, channels]");
    if (!o.layers || o.layers->kind != NODE_LIST || !o.layers->count)
        return node_fail(o.layers ? o.layers : root, err, "layers is a list of at least one layer");
    nn_graph *g = nn_graph_create(a, (nn_shape){(int)o.input.v[0], (int)o.input.v[1], (int)o.input.v[2]});
    if (!g || !(g->name = arena_strdup(a, o.name)))
        return ash_fail_memory(err);
    for (const node *layer = o.layers->first; layer; layer = layer->next)
        if (read_layer(g, layer, err) != ASH_OK)
            return err->status;
    if (o.output) {
        g->output = find_node(g, o.output);
        if (g->output < 0)
            return unknown_layer(g, node_get(root, "output"), err);
    }
    return nn_place_quantizers(g, &q, a, out, err);
}
