/* SPDX-License-Identifier: GPL-3.0-or-later */
/* language.c - the `space` section to genes: stages, their parameters and conditions; docs/search-space.md
 *
 * A stage's keys are its own (name, block, repeat, vary, when) or parameters of the blocks it may be. A parameter is a gene
 * only where it has a choice, and active only where the chosen block declares it and its `when` holds. */
#include "core/text.h"
#include "space/reader.h"
#include <string.h>

typedef struct stage_settings {
    const char *name;
    const node *block, *repeat, *when;
    bool vary;
} stage_settings;

static const option stage_rows[] = {
    {"name", OPTION_TEXT, offsetof(stage_settings, name), NULL, .optional = true, .help = "unique name, in genomes and reports"},
    {"block", OPTION_NODE, offsetof(stage_settings, block), NULL, .help = "block or list of blocks to choose from"},
    {"repeat", OPTION_NODE, offsetof(stage_settings, repeat), NULL, .help = "how often the block stands in a row"},
    {"vary", OPTION_BOOL, offsetof(stage_settings, vary), "false", .help = "every repeat has genes of its own"},
    {"when", OPTION_NODE, offsetof(stage_settings, when), NULL, .help = "condition under which the stage exists"},
};
static const option_table stage_options = OPTION_TABLE("stage", stage_settings, stage_rows);

/* The blocks that a stage may be, and the keys of its map that are parameters. */
typedef struct palette {
    const block **blocks;
    size_t n;
    const option_table **tables; /* scratch of the same length */
} palette;

/* ------------------------------------------------------------------ block choice */

static ash_status read_palette(reader *rd, const node *choice, palette *out, ash_error *err)
{
    const node *item = choice->kind == NODE_LIST ? choice->first : choice;
    size_t n = choice->kind == NODE_LIST ? choice->count : 1;
    if (choice->kind == NODE_MAP)
        return node_fail(choice, err, "block must be a name or a list of names, not a map");
    if (n == 0)
        return node_fail(choice, err, "block has no values; give at least one");
    *out = (palette){ARENA_NEW(rd->s->arena, const block *, n), n, ARENA_NEW(rd->s->arena, const option_table *, n)};
    if (!out->blocks || !out->tables)
        return ash_fail_memory(err);
    for (size_t i = 0; i < n; i++, item = item->next) {
        if (space_block_of_node(rd->s, item, &out->blocks[i], err) != ASH_OK)
            return err->status;
        for (size_t k = 0; k < i; k++)
            if (out->blocks[k] == out->blocks[i])
                return node_fail(item, err, "block has the value %s twice; name each value once", item->text);
    }
    return ASH_OK;
}

/* "max_pool.kernel" is the kernel of max_pool only; "kernel" that of every block without a key of its own. */
static bool split_key(const char *key, const palette *p, const block **only, const char **name)
{
    const char *dot = strchr(key, '.');
    *only = NULL;
    *name = key;
    if (!dot)
        return true;
    for (size_t i = 0; i < p->n; i++) {
        if (strlen(p->blocks[i]->name) == (size_t)(dot - key) && strncmp(p->blocks[i]->name, key, (size_t)(dot - key)) == 0) {
            *only = p->blocks[i];
            *name = dot + 1;
            return true;
        }
    }
    return false;
}

static bool overridden(const node *map, const block *b, const char *name, arena *a)
{
    const char *key = arena_printf(a, "%s.%s", b->name, name);
    return key && node_get(map, key);
}

/* The option tables that take this key's values, and which blocks of the choice they belong to. */
static size_t takers(reader *rd, const node *map, const palette *p, const char *key, bool *takes, const char **name,
                     const block **only)
{
    size_t n = 0;
    memset(takes, 0, p->n * sizeof(*takes));
    if (!split_key(key, p, only, name))
        return 0;
    for (size_t i = 0; i < p->n; i++) {
        takes[i] = option_find(p->blocks[i]->options, *name) &&
                   (*only ? *only == p->blocks[i] : !overridden(map, p->blocks[i], *name, rd->s->arena));
        if (takes[i])
            p->tables[n++] = p->blocks[i]->options;
    }
    return n;
}

static ash_status unknown_key(reader *rd, const node *key, const palette *p, ash_error *err)
{
    const char *candidates[256];
    size_t n = 0;
    for (size_t i = 0; i < stage_options.count; i++)
        candidates[n++] = stage_rows[i].name;
    for (size_t b = 0; b < p->n; b++) {
        const option_table *t = p->blocks[b]->options;
        for (size_t i = 0; i < t->count && n < 256; i++) {
            bool known = false;
            for (size_t k = 0; k < n; k++)
                known = known || strcmp(candidates[k], t->rows[i].name) == 0;
            if (!known)
                candidates[n++] = t->rows[i].name;
        }
    }
    const char *near = text_nearest(key->key, candidates, n);
    if (near)
        return node_fail_key(key, err, "unknown parameter \"%s\" in stage \"%s\"; did you mean \"%s\"?", key->key, rd->stage, near);
    buffer known = {0};
    for (size_t i = 0; i < n; i++)
        buffer_printf(&known, "%s%s", i ? ", " : "", candidates[i]);
    node_fail_key(key, err, "unknown parameter \"%s\" in stage \"%s\", whose blocks have no such option; known are: %s",
                  key->key, rd->stage, known.len ? known.data : "");
    buffer_free(&known);
    return ASH_INVALID;
}

/* ------------------------------------------------------------------ parameters of one position */

/* Condition "the block is one that takes this parameter"; none when all do. */
static ash_status when_block(reader *rd, const parameter *choice, const bool *takes, conditions *when, ash_error *err)
{
    bool all = true;
    for (size_t i = 0; i < choice->n; i++)
        all = all && takes[i];
    if (all || choice->gene < 0)
        return ASH_OK;
    bool *allowed = arena_memdup(rd->s->arena, takes, choice->n * sizeof(bool));
    return allowed ? reader_require(rd, when, (size_t)choice->gene, allowed, err) : ash_fail_memory(err);
}

static ash_status read_parameter(reader *rd, const node *map, const node *value, const palette *p, const parameter *choice,
                                 const conditions *outer, ash_error *err)
{
    bool *takes = ARENA_NEW(rd->s->arena, bool, p->n);
    const char *name;
    const block *only;
    if (!takes)
        return ash_fail_memory(err);
    size_t n = takers(rd, map, p, value->key, takes, &name, &only);
    bool shadowed = false; /* every block that has it brings its own */
    for (size_t i = 0; i < p->n && !only; i++)
        shadowed = shadowed || option_find(p->blocks[i]->options, name);
    if (n == 0)
        return shadowed ? ASH_OK : unknown_key(rd, value, p, err);
    parameter *x = reader_parameter(rd, value->key, err);
    if (!x)
        return err->status;
    values v;
    if (values_read(value, name, p->tables, n, rd->s->arena, &v, err) != ASH_OK)
        return err->status;
    x->name = x->key + (name - value->key);
    x->only = only;
    x->n = v.n;
    x->values = v.v;
    x->when = *outer;
    if (when_block(rd, choice, takes, &x->when, err) != ASH_OK)
        return err->status;
    const node *when = value->kind == NODE_MAP ? node_get(value, "when") : NULL;
    if (when && reader_when(rd, when, &x->when, err) != ASH_OK)
        return err->status;
    return reader_gene(rd, x, err);
}

/* Every option that has no default must get a value. */
static ash_status check_required(reader *rd, const node *map, const node *place, const palette *p, ash_error *err)
{
    for (size_t b = 0; b < p->n; b++) {
        const option_table *t = p->blocks[b]->options;
        for (size_t i = 0; i < t->count; i++) {
            const option *o = &t->rows[i];
            const node *given = node_get(map, o->name);
            if (o->def || o->optional || given || (rd->defaults && node_get(rd->defaults, o->name)) ||
                overridden(map, p->blocks[b], o->name, rd->s->arena))
                continue;
            return node_fail(place, err, "stage \"%s\": block %s needs \"%s\" (%s)", rd->stage, p->blocks[b]->name, o->name,
                             o->help);
        }
    }
    return ASH_OK;
}

static ash_status read_defaults(reader *rd, const node *map, const palette *p, const parameter *choice,
                                const conditions *outer, ash_error *err)
{
    for (const node *d = rd->defaults ? rd->defaults->first : NULL; d; d = d->next) {
        bool declared = false;
        for (size_t i = 0; i < p->n; i++)
            declared = declared || option_find(p->blocks[i]->options, d->key);
        if (!declared || node_get(map, d->key))
            continue;
        if (read_parameter(rd, map, d, p, choice, outer, err) != ASH_OK)
            return err->status;
        reader_used_default(rd, d);
    }
    return ASH_OK;
}

static ash_status read_position(reader *rd, const node *map, const palette *p, const conditions *outer, position *out,
                                ash_error *err)
{
    parameter *choice = reader_parameter(rd, "block", err);
    if (!choice)
        return err->status;
    const char **names = ARENA_NEW(rd->s->arena, const char *, p->n);
    if (!names)
        return ash_fail_memory(err);
    for (size_t i = 0; i < p->n; i++)
        names[i] = p->blocks[i]->name;
    choice->n = p->n;
    choice->values = names;
    choice->when = *outer;
    size_t index = rd->n_params - 1;
    if (reader_gene(rd, choice, err) != ASH_OK)
        return err->status;
    for (const node *value = map->first; value; value = value->next)
        if (!option_find(&stage_options, value->key) && read_parameter(rd, map, value, p, choice, outer, err) != ASH_OK)
            return err->status;
    /* after the keys that are there: a typo in one is worth more than the lack of another */
    if (check_required(rd, map, node_get(map, "block"), p, err) != ASH_OK ||
        read_defaults(rd, map, p, choice, outer, err) != ASH_OK)
        return err->status;
    *out = (position){rd->unit, choice, rd->params + index + 1, rd->n_params - index - 1};
    return ASH_OK;
}

/* ------------------------------------------------------------------ a stage */

static ash_status read_repeat(reader *rd, const node *n, const conditions *outer, stage *out, ash_error *err)
{
    typedef struct holder {
        int64_t repeat;
    } holder;
    static const option row = {"repeat", OPTION_INT, offsetof(holder, repeat), "1", 0, 64, .help = "repeats"};
    const option_table table = {"stage", &row, 1, sizeof(holder)}, *tables[] = {&table};
    static const char *const once[] = {"1"};
    values v = {once, 1};
    if (n && values_read(n, "repeat", tables, 1, rd->s->arena, &v, err) != ASH_OK)
        return err->status;
    parameter *x = reader_parameter(rd, "repeat", err);
    if (!x)
        return err->status;
    x->n = v.n;
    x->values = v.v;
    x->when = *outer;
    const node *when = n && n->kind == NODE_MAP ? node_get(n, "when") : NULL;
    if (when)
        return node_fail(when, err, "repeat takes no condition of its own; put `when` into the stage");
    for (size_t i = 0; i < v.n; i++) {
        int64_t k = 0;
        text_to_int(v.v[i], &k);
        out->max_repeat = k > out->max_repeat ? (int)k : out->max_repeat;
    }
    out->repeat = x;
    return reader_gene(rd, x, err);
}

/* "there are at least k repeats" */
static ash_status when_repeat(reader *rd, const parameter *repeat, int k, conditions *when, ash_error *err)
{
    if (repeat->gene < 0)
        return ASH_OK;
    bool *allowed = ARENA_NEW(rd->s->arena, bool, repeat->n), all = true;
    if (!allowed)
        return ash_fail_memory(err);
    for (size_t i = 0; i < repeat->n; i++) {
        int64_t r = 0;
        text_to_int(repeat->values[i], &r);
        allowed[i] = r >= k;
        all = all && allowed[i];
    }
    return all ? ASH_OK : reader_require(rd, when, (size_t)repeat->gene, allowed, err);
}

static ash_status read_positions(reader *rd, const node *map, const stage_settings *set, stage *out, ash_error *err)
{
    palette p;
    if (read_palette(rd, set->block, &p, err) != ASH_OK)
        return err->status;
    size_t n = set->vary ? (size_t)out->max_repeat : 1;
    position *positions = ARENA_NEW(rd->s->arena, position, n + 1);
    if (!positions)
        return ash_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        rd->unit = set->vary ? arena_printf(rd->s->arena, "%s.%zu", out->name, i + 1) : out->name;
        if (!rd->unit)
            return ash_fail_memory(err);
        conditions outer = out->when;
        if (when_repeat(rd, out->repeat, (int)i + 1, &outer, err) != ASH_OK ||
            read_position(rd, map, &p, &outer, &positions[i], err) != ASH_OK)
            return err->status;
    }
    out->positions = positions;
    out->n_positions = n;
    return ASH_OK;
}

/* Only stage's own keys go through its table; the rest are parameters of blocks. */
static ash_status read_own_keys(reader *rd, const node *map, stage_settings *set, ash_error *err)
{
    if (map->kind != NODE_MAP)
        return node_fail(map, err, "a stage must be a map such as {name: body, block: conv, width: [8, 16]}");
    node own = *map;
    own.first = NULL;
    own.count = 0;
    for (const node *n = map->first; n; n = n->next) {
        for (const node *before = map->first; before != n; before = before->next)
            if (strcmp(before->key, n->key) == 0)
                return node_fail_key(n, err, "duplicate key \"%s\" in stage; it stands already in line %d", n->key, before->key_line);
        if (!option_find(&stage_options, n->key))
            continue;
        node *copy = arena_memdup(rd->s->arena, n, sizeof(*n));
        if (!copy)
            return ash_fail_memory(err);
        copy->next = NULL;
        node_append(&own, copy);
    }
    return option_read(&stage_options, set, &own, rd->s->arena, err);
}

static ash_status check_name(const reader *rd, const node *map, const char *name, size_t before, ash_error *err)
{
    const node *place = node_get(map, "name");
    place = place ? place : map;
    if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] || strcmp(name, "head") == 0)
        return node_fail(place, err, "\"%s\" cannot name a stage; use letters, digits, _ and -, and not \"head\"", name);
    for (size_t i = 0; i < before; i++)
        if (strcmp(rd->stages[i].name, name) == 0)
            return node_fail(place, err, "two stages are named \"%s\"; names must differ", name);
    return ASH_OK;
}

static ash_status read_stage(reader *rd, const node *map, size_t index, ash_error *err)
{
    stage *out = &rd->stages[index];
    stage_settings set;
    if (read_own_keys(rd, map, &set, err) != ASH_OK)
        return err->status;
    out->name = set.name ? arena_strdup(rd->s->arena, set.name) : arena_printf(rd->s->arena, "stage%zu", index + 1);
    if (!out->name)
        return ash_fail_memory(err);
    if (check_name(rd, map, out->name, index, err) != ASH_OK)
        return err->status;
    if (!set.block)
        return node_fail(map, err, "stage \"%s\" needs \"block\", one of the blocks or a list of them", out->name);
    rd->stage = rd->unit = out->name;
    if (set.when && reader_when(rd, set.when, &out->when, err) != ASH_OK)
        return err->status;
    if (read_repeat(rd, set.repeat, &out->when, out, err) != ASH_OK)
        return err->status;
    return read_positions(rd, map, &set, out, err);
}

/* ------------------------------------------------------------------ the section */

static ash_status read_head(reader *rd, const node *map, ash_error *err)
{
    rd->stage = rd->unit = "head";
    rd->s->head = (position){"head", NULL, rd->params + rd->n_params, 0};
    if (map && map->kind != NODE_MAP)
        return node_fail(map, err, "head must be a map such as {pool: global, hidden: [0, 32]}");
    size_t first = rd->n_params;
    /* Defaults' bits reach the head too. */
    for (int pass = 0; pass < 2; pass++) {
        const node *from = pass == 0 ? map : rd->defaults;
        for (const node *n = from ? from->first : NULL; n; n = n->next) {
            const option_table *tables[] = {&head_options};
            node one = *n, own = {.kind = NODE_MAP, .first = &one, .count = 1};
            one.next = NULL;
            bool known = option_find(&head_options, n->key);
            if (pass == 1 && (!known || node_get(map, n->key)))
                continue;
            char *scratch = known ? NULL : arena_alloc(rd->s->arena, head_options.size);
            if (!known) /* says what is known, or what was meant */
                return scratch ? option_read(&head_options, scratch, &own, rd->s->arena, err) : ash_fail_memory(err);
            for (const node *before = from->first; before != n; before = before->next)
                if (strcmp(before->key, n->key) == 0)
                    return node_fail_key(n, err, "duplicate key \"%s\" in head; it stands already in line %d", n->key, before->key_line);
            parameter *x = reader_parameter(rd, n->key, err);
            values v;
            if (!x || values_read(n, n->key, tables, 1, rd->s->arena, &v, err) != ASH_OK)
                return err->status;
            x->n = v.n;
            x->values = v.v;
            const node *when = n->kind == NODE_MAP ? node_get(n, "when") : NULL;
            if ((when && reader_when(rd, when, &x->when, err) != ASH_OK) || reader_gene(rd, x, err) != ASH_OK)
                return err->status;
            if (pass == 1)
                reader_used_default(rd, n);
        }
    }
    rd->s->head.n_params = rd->n_params - first;
    return ASH_OK;
}

ash_status stages_read(space *s, const node *map, ash_error *err)
{
    const node *list = node_get(map, "stages");
    if (list->kind != NODE_LIST)
        return node_fail(list, err, "stages must be a list of stages");
    if (list->count == 0)
        return node_fail(list, err, "stages is empty; a space needs at least one stage");
    reader rd = {.s = s, .defaults = node_get(map, "defaults")};
    if (rd.defaults && rd.defaults->kind != NODE_MAP)
        return node_fail(rd.defaults, err, "defaults must be a map of parameters");
    rd.stages = ARENA_NEW(s->arena, stage, list->count);
    if (!rd.stages || !reader_reserve(&rd, list, map))
        return ash_fail_memory(err);
    size_t i = 0;
    for (const node *n = list->first; n; n = n->next)
        if (read_stage(&rd, n, i++, err) != ASH_OK)
            return err->status;
    s->stages = rd.stages;
    s->n_stages = list->count;
    if (read_head(&rd, node_get(map, "head"), err) != ASH_OK)
        return err->status;
    s->genes = rd.genes;
    s->n_genes = rd.n_genes;
    return reader_check_defaults(&rd, err);
}
