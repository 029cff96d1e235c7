/* SPDX-License-Identifier: GPL-3.0-or-later */
/* user_block_read.c - the section `blocks` to definitions: layers to a checked list (parameters: user_block_parameters.c) */
#include "core/text.h"
#include "nn/op.h"
#include "space/user_block_private.h"
#include <string.h>

#define MAX_LAYERS 256
#define MAX_SIZE 2000

typedef struct reader {
    space *s;
    user_block *block;
    scope sc;
    const node *list; /* of layers */
    bool *read;       /* (layers + 1): somebody reads it */
} reader;

/* ------------------------------------------------------------------ what a layer is */

static ash_status unknown_operator(const node *n, const char *text, ash_error *err)
{
    const char *names[128];
    size_t count = 0;
    for (size_t i = 1; nn_op_at(i) && count < 128; i++)
        names[count++] = nn_op_at(i)->name;
    const char *near = text_nearest(text, names, count);
    if (near)
        return node_fail(n, err, "unknown operator \"%s\"; did you mean \"%s\"?", text, near);
    if (block_find(text))
        return node_fail(n, err, "unknown operator \"%s\"; it is a block: write {block: %s, ...}", text, text);
    buffer known = {0};
    for (size_t i = 0; i < count; i++)
        buffer_printf(&known, "%s%s", i ? ", " : "", names[i]);
    node_fail(n, err, "unknown operator \"%s\"; known are: %s", text, known.len ? known.data : "");
    buffer_free(&known);
    return ASH_INVALID;
}

static bool is_operator(const char *name)
{
    return nn_op_find(name) && strcmp(name, "input") != 0;
}

static const option *required_row(const option_table *t, const node *given)
{
    for (size_t i = 0; t && i < t->count; i++)
        if (!t->rows[i].def && !t->rows[i].optional && !(given && node_get(given, t->rows[i].name)))
            return &t->rows[i];
    return NULL;
}

/* op: $activation */
static ash_status choose_operator(reader *rd, const node *n, user_layer *l, ash_error *err)
{
    l->chosen = user_block_lone(&rd->sc, n->text);
    if (!l->chosen || l->chosen->type != OPTION_NAME)
        return node_fail(n, err, "op is an operator, or $NAME of a parameter whose names are operators, such as $activation");
    for (const char *const *name = l->chosen->names; *name; name++) {
        if (strcmp(*name, "none") == 0)
            continue;
        if (!is_operator(*name))
            return node_fail(n, err, "$%s may be \"%s\", which is no operator", l->chosen->name, *name);
        const nn_op *op = nn_op_find(*name);
        if (op->min_inputs > 1 || required_row(op->attrs, NULL))
            return node_fail(n, err, "$%s may be \"%s\", which needs attributes or several inputs", l->chosen->name, *name);
    }
    return ASH_OK;
}

static ash_status read_what(reader *rd, const node *layer, user_layer *l, ash_error *err)
{
    const node *op = node_get(layer, "op"), *inner = node_get(layer, "block"), *n = op ? op : inner;
    if (!op == !inner)
        return node_fail(layer, err, "a layer has one key op or block, such as {op: conv2d, out: $width} or {block: conv, width: $width}");
    if (n->kind != NODE_SCALAR)
        return node_fail(n, err, "%s must be a word", n->key);
    if (!(l->what = arena_strdup(rd->s->arena, n->text)))
        return ash_fail_memory(err);
    if (inner)
        return space_block_of_node(rd->s, inner, &l->block, err);
    if (op->text[0] == '$')
        return choose_operator(rd, op, l, err);
    if (!is_operator(op->text))
        return unknown_operator(op, op->text, err);
    l->op = nn_op_find(op->text);
    return ASH_OK;
}

/* ------------------------------------------------------------------ its id and inputs */

static ash_status read_id(reader *rd, const node *id, user_layer *l, ash_error *err)
{
    if (!id)
        return ASH_OK;
    if (id->kind != NODE_SCALAR || !user_block_is_word(id->text) || strcmp(id->text, BLOCK_IN) == 0)
        return node_fail(id, err, "an id is a word of letters, digits and _, and not \"in\"");
    if (user_block_layer(&rd->sc, id->text, strlen(id->text)) >= 0)
        return node_fail(id, err, "there is a layer \"%s\" already%s", id->text,
                         strcmp(id->text, BLOCK_INPUT) == 0 ? ": what the block reads" : "");
    l->id = arena_strdup(rd->s->arena, id->text);
    return l->id ? ASH_OK : ash_fail_memory(err);
}

static ash_status unknown_layer(const reader *rd, const node *n, ash_error *err)
{
    for (const node *other = rd->list->first; other; other = other->next) {
        const node *id = node_get(other, "id");
        if (id && id->kind == NODE_SCALAR && strcmp(id->text, n->text) == 0)
            return node_fail(n, err, "layer \"%s\" stands further down; a layer reads only layers before it", n->text);
    }
    const char *names[MAX_LAYERS + 1] = {BLOCK_INPUT};
    size_t count = 1;
    for (size_t i = 0; i < rd->sc.n_layers; i++)
        if (rd->block->layers[i].id)
            names[count++] = rd->block->layers[i].id;
    const char *near = text_nearest(n->text, names, count);
    return near ? node_fail(n, err, "no layer \"%s\" before this one; did you mean \"%s\"?", n->text, near)
                : node_fail(n, err, "no layer has the id \"%s\"; the block's input is \"input\"", n->text);
}

static ash_status read_input(reader *rd, const node *n, user_layer *l, ash_error *err)
{
    if (n->kind != NODE_SCALAR)
        return node_fail(n, err, "inputs is a layer's id or a list of them");
    if (l->n_inputs == NN_MAX_INPUTS)
        return node_fail(n, err, "more than %d inputs", NN_MAX_INPUTS);
    int i = user_block_layer(&rd->sc, n->text, strlen(n->text));
    if (i < 0)
        return unknown_layer(rd, n, err);
    l->inputs[l->n_inputs++] = i;
    return ASH_OK;
}

static ash_status read_inputs(reader *rd, const node *layer, user_layer *l, ash_error *err)
{
    const node *n = node_get(layer, "inputs");
    int min = l->op ? l->op->min_inputs : 1, max = l->op ? l->op->max_inputs : 1;
    if (!n)
        l->inputs[l->n_inputs++] = (int)rd->sc.n_layers; /* the layer before */
    else if (n->kind != NODE_LIST) {
        if (read_input(rd, n, l, err) != ASH_OK)
            return err->status;
    } else
        for (const node *c = n->first; c; c = c->next)
            if (read_input(rd, c, l, err) != ASH_OK)
                return err->status;
    if (l->n_inputs < min || l->n_inputs > max)
        return node_fail(n ? n : layer, err, "%s takes %d%s input%s, not %d%s", l->what, min, max > min ? " or more" : "",
                         max == 1 ? "" : "s", l->n_inputs, n ? "" : "; name them: inputs: [a, b]");
    for (int k = 0; k < l->n_inputs; k++)
        rd->read[l->inputs[k]] = true;
    return ASH_OK;
}

/* ------------------------------------------------------------------ its values */

static bool has_expression(const node *n)
{
    bool found = n->kind == NODE_SCALAR && strchr(n->text, '$');
    for (const node *c = n->first; c && !found; c = c->next)
        found = has_expression(c);
    return found;
}

static ash_status check_expression(const reader *rd, const node *n, ash_error *err)
{
    expression_value ignored;
    ash_error why;
    if (n->kind == NODE_SCALAR && strchr(n->text, '$') && !user_block_lone(&rd->sc, n->text) &&
        user_block_compute(&rd->sc, n->text, &ignored, &why) != ASH_OK)
        return node_fail(n, err, "%s", why.text);
    for (const node *c = n->first; c; c = c->next)
        if (check_expression(rd, c, err) != ASH_OK)
            return err->status;
    return ASH_OK;
}

static ash_status read_when(reader *rd, const node *when, user_layer *l, ash_error *err)
{
    expression_value ignored;
    ash_error why;
    if (!when)
        return ASH_OK;
    if (when->kind != NODE_SCALAR)
        return node_fail(when, err, "when is an expression such as $stride == 1 && $width == $in");
    if (user_block_compute(&rd->sc, when->text, &ignored, &why) != ASH_OK)
        return node_fail(when, err, "%s", why.text);
    l->when = arena_strdup(rd->s->arena, when->text);
    return l->when ? ASH_OK : ash_fail_memory(err);
}

static bool is_own_key(const char *key) /* of a layer, whatever it is */
{
    return !strcmp(key, "op") || !strcmp(key, "block") || !strcmp(key, "id") || !strcmp(key, "inputs") || !strcmp(key, "when");
}

static ash_status read_attributes(reader *rd, const node *layer, user_layer *l, ash_error *err)
{
    static const option_table none = {"", NULL, 0, 0};
    const option_table *t = l->block ? l->block->options : l->op && l->op->attrs ? l->op->attrs : &none;
    node *attrs = node_map(rd->s->arena, NULL);
    if (!attrs)
        return ash_fail_memory(err);
    for (const node *n = layer->first; n; n = n->next) {
        if (is_own_key(n->key))
            continue;
        if (t->count == 0)
            return node_fail_key(n, err, "%s has no attribute \"%s\"", l->what, n->key);
        bool computed = option_find(t, n->key) && has_expression(n);
        if ((computed ? check_expression(rd, n, err) : user_block_check(t, n, n->key, rd->s->arena, err)) != ASH_OK)
            return err->status;
        node *copy = user_block_copy(NULL, n, rd->s->arena, err);
        if (!copy)
            return err->status;
        node_append(attrs, copy);
    }
    l->attrs = attrs;
    const option *missing = required_row(t, attrs);
    return missing ? node_fail(layer, err, "%s needs \"%s\" (%s)", l->what, missing->name, missing->help) : ASH_OK;
}

static ash_status read_layer(reader *rd, const node *layer, ash_error *err)
{
    user_layer *l = &rd->block->layers[rd->sc.n_layers];
    if (layer->kind != NODE_MAP)
        return node_fail(layer, err, "a layer is a map such as {op: conv2d, out: $width} or {block: conv, width: $width}");
    for (const node *n = layer->first; n; n = n->next) {
        if (strpbrk(n->key, "$()")) /* {out: max(1, $in / 4)} has the keys "out" and "$in / 4)" */
            return node_fail_key(n, err, "\"%s\" is no key; a value with a comma needs quotes inside { }", n->key);
        for (const node *before = layer->first; before != n; before = before->next)
            if (strcmp(before->key, n->key) == 0)
                return node_fail_key(n, err, "duplicate key \"%s\" in a layer", n->key);
    }
    if (read_what(rd, layer, l, err) || read_id(rd, node_get(layer, "id"), l, err) || read_inputs(rd, layer, l, err) ||
        read_when(rd, node_get(layer, "when"), l, err) || read_attributes(rd, layer, l, err))
        return err->status;
    rd->block->size += !l->block ? 1 : l->block->build ? 8 : ((const user_block *)l->block)->size;
    return rd->block->size > MAX_SIZE ? node_fail(layer, err, "the block has more than %d layers, those of its blocks included", MAX_SIZE)
                                      : ASH_OK;
}

static ash_status read_layers(reader *rd, const node *def, const node *list, ash_error *err)
{
    if (!list || list->kind != NODE_LIST || list->count == 0)
        return node_fail(list ? list : def, err, "block \"%s\" needs layers, a list such as [{op: conv2d, out: $width}, {op: relu}]",
                         rd->block->base.name);
    if (list->count > MAX_LAYERS)
        return node_fail(list, err, "more than %d layers", MAX_LAYERS);
    rd->list = list;
    rd->block->layers = ARENA_NEW(rd->s->arena, user_layer, list->count);
    rd->read = ARENA_NEW(rd->s->arena, bool, list->count + 1);
    if (!rd->block->layers || !rd->read)
        return ash_fail_memory(err);
    for (const node *layer = list->first; layer; layer = layer->next, rd->sc.n_layers++)
        if (read_layer(rd, layer, err) != ASH_OK)
            return err->status;
    rd->block->n_layers = list->count;
    size_t i = 1;
    for (const node *layer = list->first; layer->next; layer = layer->next, i++)
        if (!rd->read[i])
            return node_fail(layer, err, "no layer reads this one; name it in the inputs of a later layer, or remove it");
    return ASH_OK;
}

/* ------------------------------------------------------------------ a block */

typedef struct definition {
    const char *help, *takes;
    const node *parameters, *layers;
} definition;

static const char *const domains[] = {[BLOCK_IMAGES] = "maps", [BLOCK_VECTORS] = "vectors", [BLOCK_ANY] = "any", NULL};

static const option definition_rows[] = {
    {"help", OPTION_TEXT, offsetof(definition, help), "block of the run file", .help = "what it is, in one line"},
    {"takes", OPTION_NAME, offsetof(definition, takes), "maps", .names = domains, .help = "what it reads"},
    {"parameters", OPTION_NODE, offsetof(definition, parameters), NULL, .help = "what stages may set"},
    {"layers", OPTION_NODE, offsetof(definition, layers), NULL, .help = "its layers, in order"},
};
static const option_table definition_options = OPTION_TABLE("block", definition, definition_rows);

static ash_status read_block(space *s, const node *def, ash_error *err)
{
    definition set;
    reader rd = {.s = s, .block = ARENA_NEW(s->arena, user_block, 1)};
    if (!rd.block)
        return ash_fail_memory(err);
    if (!user_block_is_word(def->key))
        return node_fail_key(def, err, "\"%s\" cannot name a block; use letters, digits and _", def->key);
    if (block_find(def->key))
        return node_fail_key(def, err, "there is a built-in block \"%s\"; choose another name", def->key);
    if (space_block(s, def->key))
        return node_fail_key(def, err, "two blocks are named \"%s\"; names must differ", def->key);
    if (option_read(&definition_options, &set, def, s->arena, err) != ASH_OK)
        return err->status;
    rd.sc.block = rd.block;
    rd.block->base = (block){arena_strdup(s->arena, def->key), arena_strdup(s->arena, set.help), &rd.block->options, BLOCK_IMAGES, NULL};
    if (!rd.block->base.name || !rd.block->base.help)
        return ash_fail_memory(err);
    while (strcmp(domains[rd.block->base.domain], set.takes) != 0)
        rd.block->base.domain++;
    if (user_block_parameters(s, rd.block, set.parameters, err) != ASH_OK || read_layers(&rd, def, set.layers, err) != ASH_OK)
        return err->status;
    s->blocks[s->n_blocks++] = &rd.block->base;
    return ASH_OK;
}

ash_status user_blocks_read(space *s, const node *map, ash_error *err)
{
    if (map->kind != NODE_MAP || map->count == 0)
        return node_fail(map, err, "blocks must be a map of blocks, NAME: {parameters: {width: }, layers: [...]}");
    s->blocks = ARENA_NEW(s->arena, const block *, map->count);
    if (!s->blocks)
        return ash_fail_memory(err);
    for (const node *def = map->first; def; def = def->next)
        if (read_block(s, def, err) != ASH_OK)
            return err->status;
    return ASH_OK;
}
