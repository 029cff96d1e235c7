/* SPDX-License-Identifier: GPL-3.0-or-later */
/* option.c - filling a settings struct from a document; see option.h */
#include "core/option.h"
#include "core/text.h"
#include <stdio.h>
#include <string.h>

const option *option_find(const option_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, name) == 0)
            return &table->rows[i];
    return NULL;
}

static size_t names_count(const char *const *names)
{
    size_t n = 0;
    while (names && names[n])
        n++;
    return n;
}

/* ------------------------------------------------------------------ one value */

static bool is_list(option_type t)
{
    return t == OPTION_INT_LIST || t == OPTION_REAL_LIST || t == OPTION_TEXT_LIST || t == OPTION_NAME_LIST;
}

static const char *type_words(const option *o)
{
    switch (o->type) {
    case OPTION_BOOL:
        return "true or false";
    case OPTION_INT:
    case OPTION_INT_LIST:
        return "a whole number";
    case OPTION_REAL:
    case OPTION_REAL_LIST:
        return "a number";
    case OPTION_SIZE:
        return "a size such as 64K or 1.5M";
    case OPTION_COUNT:
        return "a count such as 20k or 1.5M";
    default:
        return "text";
    }
}

static ash_status wrong_type(const option *o, const node *n, ash_error *err)
{
    if (n->kind != NODE_SCALAR)
        return node_fail(n, err, "%s must be %s, not a %s", o->name, type_words(o), n->kind == NODE_LIST ? "list" : "map");
    return node_fail(n, err, "%s must be %s, not \"%s\"", o->name, type_words(o), n->text);
}

static ash_status check_range(const option *o, double value, const node *n, ash_error *err)
{
    if ((o->min == 0 && o->max == 0) || (value >= o->min && value <= o->max))
        return ASH_OK;
    char low[32], high[32];
    return node_fail(n, err, "%s must be from %s to %s%s%s, not %s", o->name, text_of_real(low, o->min),
                     text_of_real(high, o->max), o->unit ? " " : "", o->unit ? o->unit : "", n->text);
}

static ash_status read_integer(const option *o, const node *n, int64_t *out, ash_error *err)
{
    bool ok = n->kind == NODE_SCALAR && !n->quoted;
    if (ok && o->type == OPTION_SIZE)
        ok = text_to_size(n->text, out);
    else if (ok && o->type == OPTION_COUNT)
        ok = text_to_count(n->text, out);
    else if (ok)
        ok = text_to_int(n->text, out);
    return ok ? check_range(o, (double)*out, n, err) : wrong_type(o, n, err);
}

static ash_status read_number(const option *o, const node *n, double *out, ash_error *err)
{
    if (n->kind != NODE_SCALAR || n->quoted || !text_to_real(n->text, out))
        return wrong_type(o, n, err);
    return check_range(o, *out, n, err);
}

static ash_status read_bool(const option *o, const node *n, bool *out, ash_error *err)
{
    if (n->kind != NODE_SCALAR || n->quoted || (strcmp(n->text, "true") != 0 && strcmp(n->text, "false") != 0))
        return wrong_type(o, n, err);
    *out = n->text[0] == 't';
    return ASH_OK;
}

static ash_status read_text(const option *o, const node *n, const char **out, ash_error *err)
{
    if (n->kind != NODE_SCALAR)
        return wrong_type(o, n, err);
    *out = n->text;
    return ASH_OK;
}

static ash_status read_name(const option *o, const node *n, const char **out, ash_error *err)
{
    if (n->kind != NODE_SCALAR)
        return wrong_type(o, n, err);
    size_t count = names_count(o->names);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(o->names[i], n->text) == 0) {
            *out = o->names[i];
            return ASH_OK;
        }
    }
    const char *near = text_nearest(n->text, o->names, count);
    if (near)
        return node_fail(n, err, "unknown %s \"%s\"; did you mean \"%s\"?", o->name, n->text, near);
    buffer known = {0};
    for (size_t i = 0; i < count; i++)
        buffer_printf(&known, "%s%s", i ? ", " : "", o->names[i]);
    node_fail(n, err, "unknown %s \"%s\"; known are: %s", o->name, n->text, known.len ? known.data : "none");
    buffer_free(&known);
    return ASH_INVALID;
}

/* A list field is {const T *v; size_t n}, the same layout for every T: elements are read one by one into fresh memory. */
static ash_status read_list(const option *o, const node *n, void *field, arena *a, ash_error *err)
{
    if (n->kind == NODE_MAP)
        return node_fail(n, err, "%s must be a list, such as [a, b], not a map", o->name);
    size_t count = n->kind == NODE_LIST ? n->count : 1;
    const node *item = n->kind == NODE_LIST ? n->first : n;
    int64_t *ints = NULL;
    double *reals = NULL;
    const char **texts = NULL;
    if (o->type == OPTION_INT_LIST)
        ints = ARENA_NEW(a, int64_t, count + 1);
    else if (o->type == OPTION_REAL_LIST)
        reals = ARENA_NEW(a, double, count + 1);
    else
        texts = ARENA_NEW(a, const char *, count + 1);
    if (!ints && !reals && !texts)
        return ash_fail_memory(err);
    ash_status status = ASH_OK;
    for (size_t i = 0; i < count && status == ASH_OK; i++, item = item->next) {
        if (ints)
            status = read_integer(o, item, &ints[i], err);
        else if (reals)
            status = read_number(o, item, &reals[i], err);
        else if (o->type == OPTION_NAME_LIST)
            status = read_name(o, item, &texts[i], err);
        else
            status = read_text(o, item, &texts[i], err);
    }
    if (ints)
        *(option_ints *)field = (option_ints){ints, count};
    else if (reals)
        *(option_reals *)field = (option_reals){reals, count};
    else
        *(option_texts *)field = (option_texts){texts, count};
    return status;
}

static ash_status read_value(const option *o, const node *n, void *settings, arena *a, ash_error *err)
{
    void *field = (char *)settings + o->offset;
    if (is_list(o->type))
        return read_list(o, n, field, a, err);
    switch (o->type) {
    case OPTION_BOOL:
        return read_bool(o, n, field, err);
    case OPTION_INT:
    case OPTION_SIZE:
    case OPTION_COUNT:
        return read_integer(o, n, field, err);
    case OPTION_REAL:
        return read_number(o, n, field, err);
    case OPTION_TEXT:
        return read_text(o, n, field, err);
    case OPTION_NAME:
        return read_name(o, n, field, err);
    default:
        *(const node **)field = n;
        return ASH_OK;
    }
}

/* ------------------------------------------------------------------ a map */

/* Defaults are typed as a user would type them and go through the same reader: "sgd", "20", "[1, 2]". */
static ash_status read_default(const option_table *table, const option *o, void *settings, const node *map, arena *a,
                               ash_error *err)
{
    if (!o->def) {
        if (o->optional || o->type == OPTION_NODE)
            return ASH_OK;
        return node_fail(map, err, "%s: required setting \"%s\" is missing (%s)", table->section, o->name, o->help);
    }
    char *assignment = arena_printf(a, "%s=%s", o->name, o->def);
    node *parsed;
    if (!assignment)
        return ash_fail_memory(err);
    if (!is_list(o->type)) { /* text defaults may hold spaces and commas */
        node *scalar = node_scalar(a, o->name, o->def);
        return scalar ? read_value(o, scalar, settings, a, err) : ash_fail_memory(err);
    }
    if (node_parse_inline(a, assignment, "default", &parsed, err) != ASH_OK)
        return err->status;
    return read_value(o, parsed->first, settings, a, err);
}

static bool listed(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static ash_status unknown_key(const option_table *table, const node *key, const char *const *except, arena *a,
                              ash_error *err)
{
    size_t extra = names_count(except);
    const char **candidates = ARENA_NEW(a, const char *, table->count + extra + 1);
    if (!candidates)
        return ash_fail_memory(err);
    for (size_t i = 0; i < table->count; i++)
        candidates[i] = table->rows[i].name;
    for (size_t i = 0; i < extra; i++)
        candidates[table->count + i] = except[i];
    const char *near = text_nearest(key->key, candidates, table->count + extra);
    if (near)
        return node_fail_key(key, err, "unknown key \"%s\" in %s; did you mean \"%s\"?", key->key, table->section, near);
    buffer known = {0};
    for (size_t i = 0; i < table->count + extra; i++)
        buffer_printf(&known, "%s%s", i ? ", " : "", candidates[i]);
    node_fail_key(key, err, "unknown key \"%s\" in %s; known are: %s", key->key, table->section, known.len ? known.data : "none");
    buffer_free(&known);
    return ASH_INVALID;
}

ash_status option_read_except(const option_table *table, void *settings, const node *map, const char *const *except,
                              arena *a, ash_error *err)
{
    memset(settings, 0, table->size);
    if (map && map->kind != NODE_MAP)
        return node_fail(map, err, "%s must be a map of settings (name: value)", table->section);
    for (const node *n = map ? map->first : NULL; n; n = n->next) {
        for (const node *before = map->first; before != n; before = before->next)
            if (strcmp(before->key, n->key) == 0)
                return node_fail_key(n, err, "duplicate key \"%s\" in %s; it stands already in line %d", n->key,
                                     table->section, before->key_line);
        if (!option_find(table, n->key) && !listed(except, n->key))
            return unknown_key(table, n, except, a, err);
    }
    for (size_t i = 0; i < table->count; i++) {
        const option *o = &table->rows[i];
        const node *n = node_get(map, o->name);
        ash_status status = n ? read_value(o, n, settings, a, err) : read_default(table, o, settings, map, a, err);
        if (status != ASH_OK)
            return status;
    }
    return ASH_OK;
}

ash_status option_read(const option_table *table, void *settings, const node *map, arena *a, ash_error *err)
{
    return option_read_except(table, settings, map, NULL, a, err);
}

/* ------------------------------------------------------------------ printing */

/* Text that a reader could take for a number, a truth value or nothing is quoted. */
static void print_text(const char *text, buffer *out)
{
    double number;
    bool quoted = !*text || text_to_real(text, &number) || !strcmp(text, "true") || !strcmp(text, "false") ||
                  !strcmp(text, "null") || !strcmp(text, "Null") || !strcmp(text, "NULL");
    node_print_text(text, quoted, out);
}

static void print_list(const option *o, const void *field, buffer *out)
{
    const option_ints *any = field; /* n stands at the same place in all three */
    char real[32];
    buffer_puts(out, "[");
    for (size_t i = 0; i < any->n; i++) {
        if (i)
            buffer_puts(out, ", ");
        if (o->type == OPTION_INT_LIST)
            buffer_printf(out, "%lld", (long long)any->v[i]);
        else if (o->type == OPTION_REAL_LIST)
            buffer_puts(out, text_of_real(real, ((const option_reals *)field)->v[i]));
        else
            print_text(((const option_texts *)field)->v[i], out);
    }
    buffer_puts(out, "]");
}

static void print_value(const option *o, const void *field, buffer *out)
{
    char real[32];
    const char *text;
    if (is_list(o->type)) {
        print_list(o, field, out);
        return;
    }
    switch (o->type) {
    case OPTION_BOOL:
        buffer_puts(out, *(const bool *)field ? "true" : "false");
        return;
    case OPTION_INT:
    case OPTION_SIZE:
    case OPTION_COUNT:
        buffer_printf(out, "%lld", (long long)*(const int64_t *)field);
        return;
    case OPTION_REAL:
        buffer_puts(out, text_of_real(real, *(const double *)field));
        return;
    default:
        text = *(const char *const *)field;
        if (text)
            print_text(text, out);
    }
}

/* Absent: an optional text without a value, or an empty optional list. */
static bool absent(const option *o, const void *field)
{
    if (o->type == OPTION_NODE)
        return true;
    if (!o->optional)
        return false;
    return is_list(o->type) ? ((const option_ints *)field)->n == 0
                            : (o->type == OPTION_TEXT || o->type == OPTION_NAME) && !*(const char *const *)field;
}

/* Says the field what the row's default would say? */
static bool at_default(const option *o, const void *field)
{
    max_align_t value[2]; /* no field is larger than a list */
    option row = *o;
    row.offset = 0;
    const option_table one = {"", &row, 1, sizeof(value)};
    ash_error err;
    buffer def = {0}, set = {0};
    arena *a = arena_create();
    bool same = a && option_read(&one, value, NULL, a, &err) == ASH_OK;
    if (same) {
        print_value(o, value, &def);
        print_value(o, field, &set);
        same = !def.failed && !set.failed && strcmp(def.data ? def.data : "", set.data ? set.data : "") == 0;
    }
    buffer_free(&def);
    buffer_free(&set);
    arena_destroy(a);
    return same;
}

void option_print(const option_table *table, const void *settings, bool identity_only, buffer *out)
{
    for (size_t i = 0; i < table->count; i++) {
        const option *o = &table->rows[i];
        const void *field = (const char *)settings + o->offset;
        if ((identity_only && (o->execution || (o->later && at_default(o, field)))) || absent(o, field))
            continue;
        buffer_printf(out, "%s.%s: ", table->section, o->name);
        print_value(o, field, out);
        buffer_puts(out, "\n");
    }
}

void option_print_type(const option *o, buffer *out)
{
    static const char *const words[] = {"bool", "int", "real", "size", "count", "text", "name", "ints", "reals", "texts", "names", "map"};
    char low[32], high[32];
    if (o->names) {
        for (size_t i = 0; o->names[i]; i++)
            buffer_printf(out, "%s%s", i ? "|" : "", o->names[i]);
        return;
    }
    buffer_puts(out, words[o->type]);
    if (o->min != 0 || o->max != 0)
        buffer_printf(out, " %s..%s", text_of_real(low, o->min), text_of_real(high, o->max));
    if (o->unit)
        buffer_printf(out, " %s", o->unit);
}

void option_help(const option_table *table, buffer *out)
{
    size_t wide_name = 0, wide_type = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < table->count; i++) {
            const option *o = &table->rows[i];
            buffer type = {0};
            option_print_type(o, &type);
            if (pass == 0) {
                wide_name = strlen(o->name) > wide_name ? strlen(o->name) : wide_name;
                wide_type = type.len > wide_type ? type.len : wide_type;
            } else {
                buffer_printf(out, "  %-*s  %-*s  %s (%s)\n", (int)wide_name, o->name, (int)wide_type,
                              type.len ? type.data : "", o->help,
                              o->def ? o->def : o->optional || o->type == OPTION_NODE ? "optional" : "required");
            }
            buffer_free(&type);
        }
    }
}
