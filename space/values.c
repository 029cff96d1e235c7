/* SPDX-License-Identifier: GPL-3.0-or-later */
/* values.c - a scalar, a list or a range to the list of values of a parameter
 *
 * Each value goes through the option tables of the blocks that declare the parameter, so types, ranges and names
 * are checked where they stand in the file, and is kept as those tables print it. */
#include "core/format.h"
#include "core/text.h"
#include "space/private.h"
#include <string.h>

#define MAX_VALUES 65535

typedef struct collector {
    const char *name;
    const option_table *const *tables;
    size_t n_tables;
    arena *arena;
    const char **v;
    size_t n, cap;
} collector;

bool value_equal(const char *x, const char *y)
{
    double a, b;
    return strcmp(x, y) == 0 || (text_to_real(x, &a) && text_to_real(y, &b) && a == b);
}

/* One value as the option prints it. */
static ash_status canonical(const option_table *table, const char *name, const node *value, arena *a, const char **out,
                            ash_error *err)
{
    const option_table one = {table->section, option_find(table, name), 1, table->size};
    node map = {.kind = NODE_MAP, .count = 1}, copy = *value;
    copy.key = name;
    copy.next = NULL;
    map.first = &copy;
    void *settings = arena_alloc(a, table->size + 1);
    if (!settings)
        return ash_fail_memory(err);
    if (option_read(&one, settings, &map, a, err) != ASH_OK)
        return err->status;
    buffer printed = {0};
    option_print(&one, settings, false, &printed);
    const char *colon = printed.len ? strchr(printed.data, ':') : NULL;
    size_t n = colon ? strlen(colon + 2) - 1 : 0; /* ": value\n" */
    const char *from = colon ? colon + 2 : "";
    if (n >= 2 && from[0] == '"') {
        from++;
        n -= 2;
    }
    *out = printed.failed ? NULL : arena_strndup(a, from, n);
    buffer_free(&printed);
    return *out ? ASH_OK : ash_fail_memory(err);
}

static ash_status grow(collector *c, ash_error *err)
{
    if (c->n < c->cap)
        return ASH_OK;
    size_t cap = c->cap ? 2 * c->cap : 16;
    const char **v = ARENA_NEW(c->arena, const char *, cap);
    if (!v)
        return ash_fail_memory(err);
    if (c->n)
        memcpy(v, c->v, c->n * sizeof(*v));
    c->v = v;
    c->cap = cap;
    return ASH_OK;
}

static ash_status add(collector *c, const node *value, ash_error *err)
{
    const char *text = NULL;
    for (size_t i = 0; i < c->n_tables; i++)
        if (canonical(c->tables[i], c->name, value, c->arena, &text, err) != ASH_OK)
            return err->status;
    if (strpbrk(text, ";|=: \n"))
        return node_fail(value, err, "a value of %s may not hold any of \"; | = :\" or a space", c->name);
    if (c->n >= MAX_VALUES)
        return node_fail(value, err, "%s has more than %d values; use a larger step", c->name, MAX_VALUES);
    if (grow(c, err) != ASH_OK)
        return err->status;
    c->v[c->n++] = text;
    return ASH_OK;
}

/* ------------------------------------------------------------------ ranges */

typedef struct range {
    double from, to, step, factor;
} range;

static const option range_rows[] = {
    {"from", OPTION_REAL, offsetof(range, from), NULL, .help = "first value"},
    {"to", OPTION_REAL, offsetof(range, to), NULL, .help = "last value"},
    {"step", OPTION_REAL, offsetof(range, step), "1", .help = "distance of two values"},
    {"factor", OPTION_REAL, offsetof(range, factor), "0", .help = "ratio of two values, instead of step"},
};
static const option_table range_options = OPTION_TABLE("range", range, range_rows);

static ash_status check_range(const node *map, const range *r, const char *name, ash_error *err)
{
    const node *step = node_get(map, "step"), *factor = node_get(map, "factor");
    if (step && factor)
        return node_fail_key(factor, err, "a range has a step or a factor, not both");
    if (r->from > r->to)
        return node_fail(map, err, "%s: the range is empty, since from (%g) is greater than to (%g)", name, r->from, r->to);
    if (step && r->step <= 0)
        return node_fail(step, err, "%s: step must be greater than 0", name);
    if (factor && (r->factor <= 1 || r->from <= 0))
        return node_fail(factor, err, "%s: a factor must be greater than 1, and from greater than 0", name);
    double count = factor ? 1 : (r->to - r->from) / r->step + 1;
    if (count > MAX_VALUES)
        return node_fail(map, err, "%s has more than %d values; use a larger step", name, MAX_VALUES);
    return ASH_OK;
}

static ash_status add_range(collector *c, const node *map, ash_error *err)
{
    static const char *const except[] = {"when", NULL};
    range r;
    if (option_read_except(&range_options, &r, map, except, c->arena, err) != ASH_OK ||
        check_range(map, &r, c->name, err) != ASH_OK)
        return err->status;
    const node *place = node_get(map, "from");
    double value = r.from;
    /* A hair of slack, so that {from: 0, to: 0.3, step: 0.1} has four values. */
    for (size_t i = 0; value <= r.to * (1 + 1e-9) + 1e-12; i++) {
        char rounded[32], text[32];
        double exact;
        format_text(rounded, sizeof(rounded), "%.12g", value);
        if (!text_to_real(rounded, &exact))
            exact = value;
        node *item = node_scalar(c->arena, c->name, text_of_real(text, exact));
        if (!item || !(item->text = arena_strdup(c->arena, text)))
            return ash_fail_memory(err);
        item->file = place->file;
        item->line = place->line;
        item->column = place->column;
        item->source = place->source;
        if (add(c, item, err) != ASH_OK)
            return err->status;
        value = r.factor > 0 ? value * r.factor : r.from + (double)(i + 1) * r.step;
    }
    return ASH_OK;
}

static ash_status add_list(collector *c, const node *list, ash_error *err)
{
    if (list->count == 0)
        return node_fail(list, err, "%s has no values; give at least one", c->name);
    for (const node *item = list->first; item; item = item->next) {
        if (add(c, item, err) != ASH_OK)
            return err->status;
        for (size_t i = 0; i + 1 < c->n; i++)
            if (strcmp(c->v[i], c->v[c->n - 1]) == 0)
                return node_fail(item, err, "%s has the value %s twice; name each value once", c->name, c->v[i]);
    }
    return ASH_OK;
}

ash_status values_read(const node *n, const char *name, const option_table *const *tables, size_t n_tables, arena *a,
                       values *out, ash_error *err)
{
    collector c = {.name = name, .tables = tables, .n_tables = n_tables, .arena = a};
    const node *listed = n->kind == NODE_MAP ? node_get(n, "values") : NULL;
    if (listed) {
        for (const node *key = n->first; key; key = key->next)
            if (strcmp(key->key, "values") != 0 && strcmp(key->key, "when") != 0)
                return node_fail_key(key, err, "unknown key \"%s\" beside values; known are: values, when", key->key);
        n = listed;
    }
    ash_status status = n->kind == NODE_SCALAR ? add(&c, n, err)
                        : n->kind == NODE_LIST ? add_list(&c, n, err)
                                               : add_range(&c, n, err);
    *out = (values){c.v, c.n};
    return status;
}
