/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts.c - see facts.h */
#include "cli/facts.h"
#include "cli/table.h"
#include "core/arena.h"
#include "core/buffer.h"
#include "core/log.h"
#include "reports/escape.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct fact {
    size_t part, item, measure; /* numbers of the part, and of names within it */
    double value;
    const char *text; /* NULL: a number */
    fact_kind kind;
} fact;

typedef struct name_list {
    const char **v;
    size_t n, cap;
} name_list;

typedef struct part {
    const char *name, *title;
    bool hidden;
    name_list items, measures;
    size_t last_item, last_measure; /* where the latest fact went: the next is near */
} part;

struct facts {
    arena *a;
    part *parts;
    fact *v;
    size_t n_parts, cap_parts, n, cap;
};

static void *checked(void *p)
{
    if (p)
        return p;
    log_error("out of memory");
    exit(ASH_BROKEN);
}

static void *grown(void *v, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return v;
    *cap = *cap ? 2 * *cap : 16;
    return checked(realloc(v, *cap * size));
}

facts *facts_create(void)
{
    facts *f = checked(calloc(1, sizeof(*f)));
    f->a = checked(arena_create());
    return f;
}

void facts_destroy(facts *f)
{
    for (size_t i = 0; i < f->n_parts; i++) {
        free(f->parts[i].items.v);
        free(f->parts[i].measures.v);
    }
    free(f->parts);
    free(f->v);
    arena_destroy(f->a);
    free(f);
}

void facts_part(facts *f, const char *name, const char *title, bool hidden)
{
    f->parts = grown(f->parts, f->n_parts, &f->cap_parts, sizeof(*f->parts));
    f->parts[f->n_parts++] = (part){.name = checked(arena_strdup(f->a, name)), .title = checked(arena_strdup(f->a, title)), .hidden = hidden};
}

static size_t number_of(facts *f, name_list *l, size_t near, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[(near + i) % l->n], name) == 0)
            return (near + i) % l->n;
    l->v = grown(l->v, l->n, &l->cap, sizeof(*l->v));
    l->v[l->n] = checked(arena_strdup(f->a, name));
    return l->n++;
}

static void add(facts *f, const char *item, const char *measure, double value, const char *text, fact_kind kind)
{
    part *p = &f->parts[f->n_parts - 1];
    p->last_item = number_of(f, &p->items, p->last_item, item);
    p->last_measure = number_of(f, &p->measures, p->last_measure, measure);
    f->v = grown(f->v, f->n, &f->cap, sizeof(*f->v));
    f->v[f->n++] = (fact){f->n_parts - 1, p->last_item, p->last_measure, value, text ? checked(arena_strdup(f->a, text)) : NULL, kind};
}

void facts_add(facts *f, const char *item, const char *measure, double value, fact_kind kind)
{
    add(f, item, measure, value, NULL, kind);
}

void facts_text(facts *f, const char *item, const char *measure, const char *value)
{
    add(f, item, measure, NAN, value ? value : "", FACT_PLAIN);
}

/* ---- for people ---- */

/* The facts of a part as a grid (items, measures); NULL where there is none. */
static const fact **grid_of(const facts *f, size_t at)
{
    const part *p = &f->parts[at];
    const fact **grid = checked(calloc(p->items.n * p->measures.n + 1, sizeof(*grid)));
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i].part == at)
            grid[f->v[i].item * p->measures.n + f->v[i].measure] = &f->v[i];
    return grid;
}

/* How many facts of a line of the grid there are, and how many of them are shares. */
static size_t shares(const fact **grid, size_t first, size_t step, size_t n, size_t *facts_there)
{
    size_t found = 0;
    *facts_there = 0;
    for (size_t i = 0; i < n; i++) {
        const fact *c = grid[first + i * step];
        *facts_there += c != NULL;
        found += c && !c->text && c->kind == FACT_SHARE;
    }
    return found;
}

static void put(table *t, const fact *c)
{
    if (!c || c->text)
        table_text(t, c ? c->text : NULL);
    else if (c->kind == FACT_COUNT && isfinite(c->value))
        table_integer(t, (int64_t)c->value);
    else
        table_number(t, c->kind == FACT_SHARE ? 100 * c->value : c->value, c->kind == FACT_SHARE ? "%.2f" : "%.4g");
}

/* "name (%)" when all facts of the line are shares. */
static const char *heading(const facts *f, const char *name, const fact **grid, size_t first, size_t step, size_t n)
{
    size_t there, found = shares(grid, first, step, n, &there);
    return found && found == there ? checked(arena_printf(f->a, "%s (%%)", name)) : name;
}

static void print_part(const facts *f, size_t at)
{
    const part *p = &f->parts[at];
    size_t n = p->items.n, m = p->measures.n, there;
    const fact **grid = grid_of(f, at);
    bool by_column = true; /* no column mixes shares and others, so its heading can say which it holds; else each row says it */
    for (size_t k = 0; k < m; k++) {
        size_t found = shares(grid, k, m, n, &there);
        by_column &= found == 0 || found == there;
    }
    table *t = table_create();
    table_column(t, p->name, TABLE_LEFT);
    for (size_t k = 0; k < m; k++)
        table_column(t, by_column ? heading(f, p->measures.v[k], grid, k, m, n) : p->measures.v[k], TABLE_AUTO);
    for (size_t i = 0; i < n; i++) {
        table_row(t);
        table_text(t, by_column ? p->items.v[i] : heading(f, p->items.v[i], grid, i * m, 1, m));
        for (size_t k = 0; k < m; k++)
            put(t, grid[i * m + k]);
    }
    printf("\n%s\n", p->title);
    table_print(t, FORMAT_TABLE, stdout);
    table_destroy(t);
    free(grid);
}

/* ---- for programs ---- */

static void print_csv(const facts *f)
{
    table *t = table_create();
    static const char *const names[] = {"part", "item", "measure", "value"};
    for (int i = 0; i < 4; i++)
        table_column(t, names[i], TABLE_LEFT);
    for (size_t i = 0; i < f->n; i++) {
        const fact *c = &f->v[i];
        const part *p = &f->parts[c->part];
        table_row(t);
        table_text(t, p->name);
        table_text(t, p->items.v[c->item]);
        table_text(t, p->measures.v[c->measure]);
        if (c->text)
            table_text(t, c->text);
        else
            table_number(t, c->value, "%g");
    }
    table_print(t, FORMAT_CSV, stdout);
    table_destroy(t);
}

static void print_json(const facts *f)
{
    buffer b = {0};
    for (size_t at = 0; at < f->n_parts; at++) {
        const part *p = &f->parts[at];
        const fact **grid = grid_of(f, at);
        buffer_puts(&b, at ? ",\n  " : "{\n  ");
        escape_json(&b, p->name);
        buffer_puts(&b, ": {");
        for (size_t i = 0; i < p->items.n; i++) {
            const char *separator = "{";
            buffer_puts(&b, i ? ",\n    " : "\n    ");
            escape_json(&b, p->items.v[i]);
            buffer_puts(&b, ": ");
            for (size_t k = 0; k < p->measures.n; k++) {
                const fact *c = grid[i * p->measures.n + k];
                if (!c)
                    continue;
                buffer_puts(&b, separator);
                escape_json(&b, p->measures.v[k]);
                buffer_puts(&b, ": ");
                if (c->text)
                    escape_json(&b, c->text);
                else
                    escape_json_number(&b, c->value, 0);
                separator = ", ";
            }
            buffer_puts(&b, "}");
        }
        buffer_puts(&b, "\n  }");
        free(grid);
    }
    buffer_puts(&b, "\n}\n");
    checked(b.failed ? NULL : b.data);
    fwrite(b.data, 1, b.len, stdout);
    buffer_free(&b);
}

void facts_print(const facts *f, output_format format)
{
    if (format == FORMAT_JSON)
        print_json(f);
    else if (format == FORMAT_CSV)
        print_csv(f);
    for (size_t at = 0; format == FORMAT_TABLE && at < f->n_parts; at++)
        if (!f->parts[at].hidden && f->parts[at].items.n)
            print_part(f, at);
}
