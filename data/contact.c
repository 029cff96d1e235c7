/* SPDX-License-Identifier: GPL-3.0-or-later */
/* contact.c - a sheet that shows what a data set is like */
#include "data/sheet.h"
#include <stdlib.h>

enum { COLUMNS = 10, TARGET_ROWS = 4 };

static const float *sample(const data_set *d, size_t i)
{
    return d->train.x + i * (size_t)d->h * (size_t)d->w * (size_t)d->c;
}

static ash_status by_class(const data_set *d, arena *a, buffer *out, ash_error *err)
{
    size_t rows = d->n_outputs < CONTACT_MOST_CLASSES ? (size_t)d->n_outputs : CONTACT_MOST_CLASSES;
    sheet_tile *tiles = ARENA_NEW(a, sheet_tile, rows * COLUMNS);
    size_t *of_class = ARENA_NEW(a, size_t, rows), *seen = ARENA_NEW(a, size_t, rows), *filled = ARENA_NEW(a, size_t, rows);
    if (!tiles || !of_class || !seen || !filled)
        return ash_fail_memory(err);
    for (size_t i = 0; i < d->train.n; i++)
        if ((size_t)d->train.label[i] < rows)
            of_class[d->train.label[i]]++;
    for (size_t i = 0; i < d->train.n; i++) {
        size_t k = (size_t)d->train.label[i];
        if (k >= rows)
            continue;
        size_t shown = of_class[k] < COLUMNS ? of_class[k] : COLUMNS;
        if (seen[k]++ == filled[k] * of_class[k] / shown && filled[k] < shown)
            tiles[k * COLUMNS + filled[k]++].x = sample(d, i);
    }
    for (size_t k = 0; k < rows; k++)
        tiles[k * COLUMNS].label = d->class_names[k];
    return sheet_png(d, tiles, rows, COLUMNS, out, err);
}

typedef struct ranked {
    float target;
    size_t i;
} ranked;

static int compare(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->target != y->target)
        return x->target < y->target ? -1 : 1;
    return (x->i > y->i) - (x->i < y->i);
}

static ash_status by_target(const data_set *d, arena *a, buffer *out, ash_error *err)
{
    size_t n = d->train.n, shown = n < COLUMNS * TARGET_ROWS ? n : COLUMNS * TARGET_ROWS, rows = (shown + COLUMNS - 1) / COLUMNS;
    sheet_tile *tiles = ARENA_NEW(a, sheet_tile, rows * COLUMNS);
    ranked *all = ARENA_NEW(a, ranked, n);
    if (!tiles || !all)
        return ash_fail_memory(err);
    for (size_t i = 0; i < n; i++)
        all[i] = (ranked){d->train.target[i * (size_t)d->n_outputs], i};
    qsort(all, n, sizeof *all, compare);
    for (size_t t = 0; t < shown; t++) {
        const ranked *r = &all[shown > 1 ? t * (n - 1) / (shown - 1) : 0];
        tiles[t].x = sample(d, r->i);
        tiles[t].label = arena_printf(a, "%.4g", r->target * d->target_std[0] + d->target_mean[0]);
        if (!tiles[t].label)
            return ash_fail_memory(err);
    }
    return sheet_png(d, tiles, rows, COLUMNS, out, err);
}

/* Without classes or targets: any. */
static ash_status evenly(const data_set *d, arena *a, buffer *out, ash_error *err)
{
    size_t n = d->train.n, shown = n < COLUMNS * TARGET_ROWS ? n : COLUMNS * TARGET_ROWS, rows = (shown + COLUMNS - 1) / COLUMNS;
    sheet_tile *tiles = ARENA_NEW(a, sheet_tile, rows * COLUMNS);
    if (!tiles)
        return ash_fail_memory(err);
    for (size_t t = 0; t < shown; t++)
        tiles[t].x = sample(d, t * n / shown);
    return sheet_png(d, tiles, rows, COLUMNS, out, err);
}

ash_status sheet_contact(const data_set *d, buffer *out, ash_error *err)
{
    arena *a = arena_create();
    if (!a)
        return ash_fail_memory(err);
    ash_status status = d->task == DATA_CLASSIFICATION ? by_class(d, a, out, err)
                        : d->task == DATA_REGRESSION   ? by_target(d, a, out, err)
                                                       : evenly(d, a, out, err);
    arena_destroy(a);
    return status;
}
