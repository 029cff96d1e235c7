/* SPDX-License-Identifier: GPL-3.0-or-later */
/* user_block_parameters.c - the parameters of a definition as an option table, so that they are checked, printed and searched like those of
 * every block */
#include "core/text.h"
#include "space/user_block_private.h"
#include <string.h>

typedef struct slot { /* of a parameter in the settings: any of the four */
    int64_t any;
} slot;
_Static_assert(sizeof(double) <= sizeof(slot) && sizeof(const char *) <= sizeof(slot), "a slot holds every type");

bool user_block_is_word(const char *text)
{
    return *text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")];
}

ash_status user_block_check(const option_table *rows, const node *value, const char *name, arena *a, ash_error *err)
{
    node one = *value, map = {.kind = NODE_MAP, .first = &one, .count = 1};
    one.key = name;
    one.next = NULL;
    const option *o = option_find(rows, name);
    const option_table table = {rows->section, o ? o : rows->rows, o ? 1 : rows->count, rows->size};
    void *settings = arena_alloc(a, rows->size + 1);
    return settings ? option_read(&table, settings, &map, a, err) : ash_fail_memory(err);
}

static bool contains(const char *const *words, const char *word)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

typedef struct standard {
    int64_t width, kernel, stride, groups;
    const char *activation, *bits, *act_bits;
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

static ash_status take_default(space *s, user_block *u, const node *def, bool has_type, option *o, ash_error *err)
{
    if (def->kind != NODE_SCALAR)
        return node_fail(def, err, "a default is one value; what a search may choose from stands in the stages");
    if (!has_type && type_of_default(def, o, err) != ASH_OK)
        return err->status;
    if (o->type == OPTION_BOOL)
        o->min = o->max = 0;
    if (!(o->def = arena_strdup(s->arena, def->text)))
        return ash_fail_memory(err);
    const option_table table = {u->base.name, o, 1, u->options.size};
    return user_block_check(&table, def, o->name, s->arena, err);
}

static ash_status read_parameter_map(space *s, user_block *u, const node *map, bool is_standard, option *o, ash_error *err)
{
    arena *a = s->arena;
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
    return set.def ? take_default(s, u, set.def, is_standard || set.names.n, o, err) : ASH_OK;
}

static ash_status read_parameter(space *s, user_block *u, const node *p, size_t index, option *o, ash_error *err)
{
    static const char *const taken[] = {"name", "block", "repeat", "vary", "when", BLOCK_IN, BLOCK_INPUT, NULL};
    const option *known = option_find(&standard_options, p->key);
    if (!user_block_is_word(p->key) || contains(taken, p->key))
        return node_fail_key(p, err, "\"%s\" cannot name a parameter; use letters, digits and _, and not name, block, repeat, vary, when, "
                             "in or input", p->key);
    *o = known ? *known : (option){.type = OPTION_INT, .min = 0, .max = 65536, .help = "parameter of the block"};
    o->offset = index * sizeof(slot);
    if (!(o->name = arena_strdup(s->arena, p->key)))
        return ash_fail_memory(err);
    switch (p->kind) {
    case NODE_LIST:
        return node_fail(p, err, "a parameter is its default, or a map with default, min, max, names, help; what a search may choose "
                         "from stands in the stages");
    case NODE_MAP: return read_parameter_map(s, u, p, known, o, err);
    default: return *p->text ? take_default(s, u, p, known, o, err) : ASH_OK;
    }
}

ash_status user_block_parameters(space *s, user_block *u, const node *map, ash_error *err)
{
    size_t n = map ? map->count : 0, i = 0;
    option *rows = ARENA_NEW(s->arena, option, n + 1);
    if (map && map->kind != NODE_MAP)
        return node_fail(map, err, "parameters must be a map such as {width: , expansion: {default: 4, min: 1, max: 8}}");
    if (n > USER_BLOCK_PARAMETERS)
        return node_fail(map, err, "more than %d parameters", USER_BLOCK_PARAMETERS);
    if (!rows)
        return ash_fail_memory(err);
    u->options = (option_table){u->base.name, rows, 0, n * sizeof(slot)};
    for (const node *p = map ? map->first : NULL; p; p = p->next, i++) {
        if (option_find(&u->options, p->key))
            return node_fail_key(p, err, "duplicate parameter \"%s\"", p->key);
        if (read_parameter(s, u, p, i, &rows[i], err) != ASH_OK)
            return err->status;
        u->options.count++;
    }
    return ASH_OK;
}
