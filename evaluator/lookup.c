/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lookup.c - see lookup.h */
#include "evaluator/lookup.h"
#include "core/text.h"
#include "data/file.h"

#include <string.h>

#define MOST_BYTES ((size_t)1 << 30)

typedef struct load { /* what reading needs beside the result */
    lookup *l;
    const lookup_column *columns;
    csv_store store;
    csv_reader reader;
    size_t *index; /* (1 + n_columns): place in a record, the key's first */
    size_t cells;  /* of the header, and so of each record */
    size_t *line, *slots;
    double *values;
    arena *keep;
} load;

static uint64_t hash_of_key(const char *text) /* FNV-1a; collisions are resolved by comparing */
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return h ^ h >> 29;
}

static size_t slot_of(const lookup *l, const size_t *slots, const char *key)
{
    size_t i = (size_t)hash_of_key(key) & (l->n_slots - 1);
    while (slots[i] && strcmp(l->key[slots[i] - 1], key) != 0)
        i = (i + 1) & (l->n_slots - 1);
    return i;
}

size_t lookup_find(const lookup *l, const char *key)
{
    size_t row = l->slots[slot_of(l, l->slots, key)];
    return row ? row - 1 : LOOKUP_NONE;
}

static ash_status no_column(const load *d, const lookup_column *c, const csv_record *header, arena *a, ash_error *err)
{
    const char **names = ARENA_NEW(a, const char *, header->n);
    buffer list = {0};
    for (size_t i = 0; names && i < header->n; i++) {
        names[i] = header->cells[i].text;
        buffer_printf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = names ? text_nearest(c->name, names, header->n) : NULL;
    const char *format = "%s has no column \"%s\"%s%s%s; there are %.600s";
    const char *before = near ? "; did you mean \"" : "", *after = near ? "\"?" : "";
    if (c->at)
        node_fail(c->at, err, format, d->l->path, c->name, before, near ? near : "", after, list.len ? list.data : "");
    else
        ash_fail(err, ASH_INVALID, format, d->l->path, c->name, before, near ? near : "", after, list.len ? list.data : "");
    buffer_free(&list);
    return err->status;
}

static ash_status read_header(load *d, const lookup_column *key, arena *a, ash_error *err)
{
    csv_record header;
    bool more;
    if (csv_next(&d->reader, &header, &more, err) != ASH_OK)
        return err->status;
    if (!more)
        return ash_fail(err, ASH_INVALID, "%s is empty; its first line should name the columns", d->l->path);
    d->cells = header.n;
    for (size_t i = 0; i <= d->l->n_columns; i++) {
        const lookup_column *c = i ? &d->columns[i - 1] : key;
        size_t found = 0;
        for (size_t k = 0; k < header.n; k++)
            if (strcmp(header.cells[k].text, c->name) == 0) {
                d->index[i] = k;
                found++;
            }
        if (found == 0)
            return no_column(d, c, &header, a, err);
        if (found > 1)
            return ash_fail(err, ASH_INVALID, "%s:%zu: %zu columns are named \"%s\"", d->l->path, header.line, found,
                            c->name);
    }
    return ASH_OK;
}

static ash_status count_rows(load *d, ash_error *err)
{
    csv_reader r = d->reader;
    csv_record row;
    bool more;
    for (;;) {
        if (csv_next(&r, &row, &more, err) != ASH_OK)
            return err->status;
        if (!more)
            break;
        if (row.n != d->cells)
            return ash_fail(err, ASH_INVALID, "%s:%zu: %zu cell%s, where the first line has %zu", d->l->path, row.line,
                            row.n, row.n == 1 ? "" : "s", d->cells);
        d->l->n_rows++;
    }
    return d->l->n_rows ? ASH_OK : ash_fail(err, ASH_INVALID, "%s: there is a header and no row", d->l->path);
}

static ash_status read_row(load *d, size_t i, const csv_record *row, ash_error *err)
{
    lookup *l = d->l;
    const char *key = row->cells[d->index[0]].text;
    if (!*key)
        return ash_fail(err, ASH_INVALID, "%s:%zu: the architecture is empty", l->path, row->line);
    size_t slot = slot_of(l, d->slots, key);
    if (d->slots[slot])
        return ash_fail(err, ASH_INVALID, "%s:%zu: \"%.200s\" stands in line %zu already", l->path, row->line, key,
                        d->line[d->slots[slot] - 1]);
    l->key[i] = arena_strdup(d->keep, key);
    if (!l->key[i])
        return ash_fail_memory(err);
    d->slots[slot] = i + 1;
    d->line[i] = row->line;
    for (size_t k = 0; k < l->n_columns; k++) {
        const char *text = row->cells[d->index[k + 1]].text;
        if (!text_to_real(text, &d->values[i * l->n_columns + k]))
            return ash_fail(err, ASH_INVALID, "%s:%zu: column \"%s\" holds \"%.40s\", which is not a finite number",
                            l->path, row->line, d->columns[k].name, text);
    }
    return ASH_OK;
}

static ash_status read_rows(load *d, arena *scratch, ash_error *err)
{
    lookup *l = d->l;
    if (count_rows(d, err) != ASH_OK)
        return err->status;
    for (l->n_slots = 16; l->n_slots < 2 * l->n_rows;)
        l->n_slots *= 2;
    l->key = ARENA_NEW(d->keep, const char *, l->n_rows);
    l->values = d->values = ARENA_NEW(d->keep, double, l->n_rows * l->n_columns + 1);
    l->slots = d->slots = ARENA_NEW(d->keep, size_t, l->n_slots);
    d->line = ARENA_NEW(scratch, size_t, l->n_rows);
    if (!l->key || !d->values || !d->slots || !d->line)
        return ash_fail_memory(err);
    for (size_t i = 0; i < l->n_rows; i++) {
        csv_record row;
        bool more;
        if (csv_next(&d->reader, &row, &more, err) != ASH_OK || read_row(d, i, &row, err) != ASH_OK)
            return err->status;
    }
    return ASH_OK;
}

ash_status lookup_read(const char *path, const lookup_column *key, const lookup_column *columns, size_t n, arena *a,
                       lookup *out, ash_error *err)
{
    *out = (lookup){.path = path, .n_columns = n};
    arena *scratch = arena_create();
    if (!scratch)
        return ash_fail_memory(err);
    load d = {.l = out, .columns = columns, .store = {.a = scratch}, .keep = a};
    buffer text = {0};
    d.index = ARENA_NEW(scratch, size_t, n + 1);
    ash_status status = d.index ? data_file_slurp(path, MOST_BYTES, &text, err) : ash_fail_memory(err);
    if (status == ASH_OK)
        status = csv_begin(&d.reader, path, text.len ? text.data : "", text.len, ',', &d.store, err);
    if (status == ASH_OK)
        status = read_header(&d, key, scratch, err);
    if (status == ASH_OK)
        status = read_rows(&d, scratch, err);
    if (status == ASH_OK)
        out->hash = hash_of_bytes(text.data, text.len);
    buffer_free(&text);
    arena_destroy(scratch);
    return status;
}
