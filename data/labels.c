/* SPDX-License-Identifier: GPL-3.0-or-later */
/* labels.c - see labels.h */
#include "data/labels.h"
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* The user's names; a copy, as the settings may go before the set. */
static ash_status use_names(data_raw *raw, option_texts names, const char *source, arena *a, ash_error *err)
{
    const char **copy = ARENA_NEW(a, const char *, names.n);
    for (size_t i = 0; copy && i < names.n; i++)
        if (!(copy[i] = arena_strdup(a, names.v[i])))
            return ash_fail_memory(err);
    if (!copy)
        return ash_fail_memory(err);
    for (size_t i = 0; i < raw->n; i++)
        if ((size_t)raw->label[i] >= names.n)
            return ash_fail(err, ASH_INVALID, "%s: label %d of sample %zu is out of range: there are %zu classes, 0 to %zu", source,
                            raw->label[i], i + 1, names.n, names.n - 1);
    raw->n_outputs = (int)names.n;
    raw->class_names = copy;
    return ASH_OK;
}

/* The distinct numbers of the training samples, ascending, in `values`; returns how many. */
static size_t distinct(int32_t *values, size_t n_train)
{
    size_t n = 0;
    qsort(values, n_train, sizeof *values, compare);
    for (size_t i = 0; i < n_train; i++)
        if (i == 0 || values[i] != values[n - 1])
            values[n++] = values[i];
    return n;
}

ash_status data_label_classes(data_raw *raw, option_texts names, const char *source, arena *a, ash_error *err)
{
    source = source ? source : raw->name;
    if (names.n)
        return use_names(raw, names, source, a, err);
    size_t n_train = raw->n - raw->n_test - raw->n_val;
    int32_t *values = arena_memdup(a, raw->label, n_train * sizeof *values);
    if (!values)
        return ash_fail_memory(err);
    size_t n = distinct(values, n_train);
    if (n > DATA_MAX_CLASSES)
        return ash_fail(err, ASH_INVALID, "%s: %zu different labels; at most %d classes can be told apart",
                        raw->name, n, DATA_MAX_CLASSES);
    const char **texts = ARENA_NEW(a, const char *, n);
    for (size_t k = 0; texts && k < n; k++)
        if (!(texts[k] = arena_printf(a, "%d", values[k])))
            return ash_fail_memory(err);
    if (!texts)
        return ash_fail_memory(err);
    for (size_t i = 0; i < raw->n; i++) {
        int32_t *found = bsearch(&raw->label[i], values, n, sizeof *values, compare);
        if (!found)
            return ash_fail(err, ASH_INVALID, "%s: label %d of sample %zu is out of range: it does not occur in the training labels", source,
                            raw->label[i], i - n_train + 1);
        raw->label[i] = (int32_t)(found - values);
    }
    raw->n_outputs = (int)n;
    raw->class_names = texts;
    return ASH_OK;
}

ash_status data_number_features(data_raw *raw, arena *a, ash_error *err)
{
    const char **names = ARENA_NEW(a, const char *, (size_t)raw->c);
    for (int k = 0; names && k < raw->c; k++)
        if (!(names[k] = arena_printf(a, "x%d", k + 1)))
            names = NULL;
    raw->feature_names = names;
    return names ? ASH_OK : ash_fail_memory(err);
}

ash_status data_shape_rows(data_raw *raw, option_ints shape, size_t features, const char *source, const node *map, ash_error *err)
{
    raw->h = raw->w = 1;
    raw->c = (int)features;
    if (shape.n == 0)
        return ASH_OK;
    if (shape.n != 2 && shape.n != 3)
        return data_fail_key(map, "shape", err, "shape is [height, width] or [height, width, channels]");
    int64_t c = shape.n == 3 ? shape.v[2] : 1; /* sides are at most 65536: no overflow */
    if ((uint64_t)(shape.v[0] * shape.v[1] * c) != features)
        return data_fail_key(map, "shape", err, "a shape of %lld x %lld x %lld takes %lld values, but %s has %zu features",
                             (long long)shape.v[0], (long long)shape.v[1], (long long)c, (long long)(shape.v[0] * shape.v[1] * c), source,
                             features);
    raw->h = (int)shape.v[0];
    raw->w = (int)shape.v[1];
    raw->c = (int)c;
    raw->is_image = true;
    return ASH_OK;
}
