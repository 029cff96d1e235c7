/* SPDX-License-Identifier: GPL-3.0-or-later */
/* user_block_read.c - the section `blocks` to definitions: parameters to option tables, layers to a checked list */
#include "core/text.h"
#include "nn/op.h"
#include "space/user_block_private.h"
#include <string.h>

#define MAX_LAYERS 256
#define MAX_SIZE 2000

typedef struct slot { /* of a parameter in the settings: any of the four */
    int64_t any;
} slot;
_Static_assert(sizeof(double) <= sizeof(slot) && sizeof(const char *) <= sizeof(slot), "a slot holds every type");

typedef struct reader {
    space *s;
    user_block *block;
    scope sc;
    const node *list; /* of layers */
    bool *read;       /* (layers + 1): somebody reads it */
} reader;

/* ------------------------------------------------------------------ words */

static bool is_word(const char *text)
{
    return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")];
}

static bool contains(const char *const *words, const char *word)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

/* Reads one key through the rows of a table: its errors name the key's place. */
static ash_status check_value(const option_table *rows, const node *value, const char *name, arena *a, ash_error *err)
{
    node one = *value, map = {.kind = NODE_MAP, .first = &one, .count = 1};
    one.key = name;
    one.next = NULL;
    const option *o = option_find(rows, name);
    const option_table table = {rows->section, o ? o : rows->rows, o ? 1 : rows->count, rows->size};
    void *settings = arena_alloc(a, rows->size + 1);
    return settings ? option_read(&table, settings, &map, a, err) : ash_fail_memory(err);
}

/* ------------------------------------------------------------------ parameters */

typedef struct standard {
    int64_t width, kernel, stride, groups;
    const char *activation, *bits;
} standard;

static const option standard_rows[] = { /* what a parameter of this name is unless it says otherwise */
    BLOCK_WIDTH(standard),
    BLOCK_KERNEL(standard, "3"),
    BLOCK_STRIDE(standard, "1"),
    {"groups", OPTION_INT, offsetof(standard, groups), "1", 1, 8192, .help = "groups of channels that do not see one another"},
    BLOCK_ACTIVATION(standard, "relu"),
    BLOCK_BITS(standard),
};
static const option_table standard_options = OPTION_TABLE("standard", standard, standard_rows);

typedef struct parameter_settings {
    const node *def;
    double min, max;
    option_texts names;
    const char *help;
} parameter_settings;

static const option parameter_rows[] = {
    {"default", OPTION_NODE, offsetof(parameter_settings, def), NULL, .help = "value where a stage gives none"},
    {"min", OPTION_REAL, offsetof(parameter_settings, min), "0", .help = "least value"},
    {"max", OPTION_REAL, offsetof(parameter_settings, max), "65536", .help = "largest value"},
    {"names", OPTION_TEXT_LIST, offsetof(parameter_settings, names), NULL, .optional = true, .help = "the words it may be"},
    {"help", OPTION_TEXT, offsetof(parameter_settings, help), NULL, .optional = true, .help = "what it is"},
};
static const option_table parameter_options = OPTION_TABLE("parameter", parameter_settings, parameter_rows);

static ash_status take_names(const option_texts *names, option *o, arena *a, ash_error *err)
{
    const char **own = ARENA_NEW(a, const char *, names->n + 1);
    if (!own)
        return ash_fail_memory(err);
    for (size_t i = 0; i < names->n; i++)
        if (!(own[i] = arena_strdup(a, names->v[i])))
            return ash_fail_memory(err);
    o->type = OPTION_NAME;
    o->names = own;
    o->min = o->max = 0;
    o->def = NULL;
    return ASH_OK;
}

/* A default says the type of a parameter that has no names and is no standard one. */
static ash_status type_of_default(const node *def, option *o, ash_error *err)
{
    int64_t whole;
    double real;
    if (strcmp(def->text, "true") == 0 || strcmp(def->text, "false") == 0)
        o->type = OPTION_BOOL;
    else if (text_to_int(def->text, &whole))
        o->type = OPTION_INT;
    else if (text_to_real(def->text, &real))
        o->type = OPTION_REAL;
    else
        return node_fail(def, err, "the default \"%s\" is no number; a parameter of words lists them: {names: [%s, ...], default: %s}",
                         def->text, def->text, def->text);
    return ASH_OK;
}

static ash_status take_default(reader *rd, const node *def, bool has_type, option *o, ash_error *err)
{
    if (def->kind != NODE_SCALAR)
        return node_fail(def, err, "a default is one value; what a search may choose from stands in the stages");
    if (!has_type && type_of_default(def, o, err) != ASH_OK)
        return err->status;
    if (o->type == OPTION_BOOL)
        o->min = o->max = 0;
    if (!(o->def = arena_strdup(rd->s->arena, def->text)))
        return ash_fail_memory(err);
    const option_table table = {rd->block->base.name, o, 1, rd->block->options.size};
    return check_value(&table, def, o->name, rd->s->arena, err);
}

static ash_status read_parameter_map(reader *rd, const node *map, bool is_standard, option *o, ash_error *err)
{
    arena *a = rd->s->arena;
    parameter_settings set;
    const node *min = node_get(map, "min"), *max = node_get(map, "max");
    if (option_read(&parameter_options, &set, map, a, err) != ASH_OK)
        return err->status;
    o->min = min ? set.min : o->min;
    o->max = max ? set.max : o->max;
    if ((min || max) && (set.names.n || o->type != OPTION_INT))
        return node_fail(min ? min : max, err, "%s is a word; min and max are for numbers", o->name);
    if (o->type == OPTION_INT && o->min >= o->max)
        return node_fail(min ? min : max, err, "%s: min must be less than max", o->name);
    if (set.names.n && take_names(&set.names, o, a, err) != ASH_OK)
        return err->status;
    if (set.help && !(o->help = arena_strdup(a, set.help)))
        return ash_fail_memory(err);
    return set.def ? take_default(rd, set.def, is_standard || set.names.n, o, err) : ASH_OK;
}

static ash_status read_parameter(reader *rd, const node *p, size_t index, option *o, ash_error *err)
{
    static const char *const taken[] = {"name", "block", "repeat", "vary", "when", BLOCK_IN, BLOCK_INPUT, NULL};
    const option *known = option_find(&standard_options, p->key);
    if (!is_word(p->key) || contains(taken, p->key))
        return node_fail_key(p, err, "\"%s\" cannot name a parameter; use letters, digits and _, and not name, block, repeat, vary, when, "
                             "in or input", p->key);
    *o = known ? *known : (option){.type = OPTION_INT, .min = 0, .max = 65536, .help = "parameter of the block"};
    o->offset = index * sizeof(slot);
    if (!(o->name = arena_strdup(rd->s->arena, p->key)))
        return ash_fail_memory(err);
    switch (p->kind) {
    case NODE_LIST:
        return node_fail(p, err, "a parameter is its default, or a map with default, min, max, names, help; what a search may choose "
                         "from stands in the stages");
    case NODE_MAP: return read_parameter_map(rd, p, known, o, err);
    default: return *p->text ? take_default(rd, p, known, o, err) : ASH_OK;
    }
}

static ash_status read_parameters(reader *rd, const node *map, ash_error *err)
{
    size_t n = map ? map->count : 0, i = 0;
    option *rows = ARENA_NEW(rd->s->arena, option, n + 1);
    if (map && map->kind != NODE_MAP)
        return node_fail(map, err, "parameters must be a map such as {width: , expansion: {default: 4, min: 1, max: 8}}");
    if (n > USER_BLOCK_PARAMETERS)
        return node_fail(map, err, "more than %d parameters", USER_BLOCK_PARAMETERS);
    if (!rows)
        return ash_fail_memory(err);
    rd->block->options = (option_table){rd->block->base.name, rows, 0, n * sizeof(slot)};
    for (const node *p = map ? map->first : NULL; p; p = p->next, i++) {
        if (option_find(&rd->block->options, p->key))
            return node_fail_key(p, err, "duplicate parameter \"%s\"", p->key);
        if (read_parameter(rd, p, i, &rows[i], err) != ASH_OK)
            return err->status;
        rd->block->options.count++;
    }
    return ASH_OK;
}

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

static int find_layer(const reader *rd, const char *id)
{
    if (strcmp(id, BLOCK_INPUT) == 0)
        return 0;
    for (size_t i = 0; i < rd->sc.n_layers; i++)
        if (rd->block->layers[i].id && strcmp(rd->block->layers[i].id, id) == 0)
            return (int)i + 1;
    return -1;
}

static ash_status read_id(reader *rd, const node *id, user_layer *l, ash_error *err)
{
    if (!id)
        return ASH_OK;
    if (id->kind != NODE_SCALAR || !is_word(id->text) || strcmp(id->text, BLOCK_IN) == 0)
        return node_fail(id, err, "an id is a word of letters, digits and _, and not \"in\"");
    if (find_layer(rd, id->text) >= 0)
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
    int i = find_layer(rd, n->text);
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

static ash_status read_attributes(reader *rd, const node *layer, user_layer *l, ash_error *err)
{
    static const char *const own[] = {"op", "block", "id", "inputs", "when", NULL};
    static const option_table none = {"", NULL, 0, 0};
    const option_table *t = l->block ? l->block->options : l->op && l->op->attrs ? l->op->attrs : &none;
    node *attrs = node_map(rd->s->arena, NULL);
    if (!attrs)
        return ash_fail_memory(err);
    for (const node *n = layer->first; n; n = n->next) {
        if (contains(own, n->key))
            continue;
        if (t->count == 0)
            return node_fail_key(n, err, "%s has no attribute \"%s\"", l->what, n->key);
        bool computed = option_find(t, n->key) && has_expression(n);
        if ((computed ? check_expression(rd, n, err) : check_value(t, n, n->key, rd->s->arena, err)) != ASH_OK)
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
    if (!is_word(def->key))
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
    if (read_parameters(&rd, set.parameters, err) != ASH_OK || read_layers(&rd, def, set.layers, err) != ASH_OK)
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
