/* SPDX-License-Identifier: GPL-3.0-or-later */
/* split.c - stratified splits
 *
 * The samples of each class are shuffled by a stream of (split seed, class) and dealt: first test, then
 * validation, the rest trains. How many of each class go where comes from rounding the running total over the
 * classes, so that each class is within one sample of its share and so is the sum. `limit` thins the dealt
 * samples the same way, so a smaller limit uses a subset of what a larger one uses, up to rounding.
 * Regression is one class. Anomalies do not train: validation and test share them. */
#include "data/split.h"
#include <math.h>
#include <string.h>

enum { LEAST = 3 }; /* samples of a class: one for each split */

typedef enum part { TRAIN, VAL, TEST, UNUSED, N_PARTS } part;

/* Round shares of the running total: take[k] of count[k] samples, each at least `least` and at most count[k]
 * - keep. With fraction 0 nothing is taken. */
static void deal(size_t *take, const size_t *count, size_t n_classes, double fraction, size_t least,
                 size_t keep)
{
    size_t seen = 0, given = 0;
    for (size_t k = 0; k < n_classes; k++) {
        seen += count[k];
        size_t due = (size_t)floor(fraction * (double)seen + 0.5);
        size_t t = due > given ? due - given : 0;
        given = due;
        if (fraction <= 0)
            t = 0;
        else if (t < least)
            t = least;
        if (t + keep > count[k])
            t = count[k] > keep ? count[k] - keep : 0;
        take[k] = t;
    }
}

static size_t sum(const size_t *v, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += v[i];
    return total;
}

static ash_status check_classes(const data_raw *raw, const size_t *count, ash_error *err)
{
    if (raw->task != DATA_CLASSIFICATION) {
        if (count[0] < LEAST)
            return ash_fail(err, ASH_INVALID,
                            "%s: %zu %ssamples; at least three are needed, one for each split", raw->name,
                            count[0], raw->label ? "normal " : "");
        if (raw->label && count[1] < 2 && raw->n_test + raw->n_val == 0)
            return ash_fail(err, ASH_INVALID, "%s: there is one anomaly; at least two are needed, to validate and to test", raw->name);
        return ASH_OK;
    }
    if (raw->n_outputs < 2)
        return ash_fail(err, ASH_INVALID, "%s: there is one class only (\"%s\"); nothing can be told apart",
                        raw->name, raw->class_names[0]);
    for (int k = 0; k < raw->n_outputs; k++)
        if (count[k] < LEAST)
            return ash_fail(err, ASH_INVALID,
                            "%s: class \"%s\" has %zu sample%s; a class needs at least three, one for each "
                            "split: add samples or leave the class out",
                            raw->name, raw->class_names[k], count[k], count[k] == 1 ? "" : "s");
    return ASH_OK;
}

/* Thin part p to `limit` samples in all: `have` are the classes' numbers, reduced in place. */
static ash_status thin(size_t *have, size_t n_classes, int64_t limit, const char *key, const data_raw *raw,
                       const node *map, ash_error *err)
{
    size_t total = sum(have, n_classes);
    if (limit <= 0 || (size_t)limit >= total)
        return ASH_OK;
    if ((size_t)limit < n_classes)
        return data_fail_key(map, key, err,
                             "%s %lld is too small: %s has %zu classes, and each keeps a sample", key,
                             (long long)limit, raw->name, n_classes);
    size_t seen = 0, given = 0;
    for (size_t k = 0; k < n_classes; k++) {
        seen += have[k];
        /* exact in 64 bits: limit and seen are below 2^31 */
        size_t due = ((size_t)limit * seen + total / 2) / total;
        size_t t = due > given ? due - given : 0;
        given = due;
        if (t < 1)
            t = 1;
        if (t < have[k])
            have[k] = t;
    }
    /* Classes raised to one sample may have brought the sum over the limit: take them from the largest class.
     */
    for (total = sum(have, n_classes); total > (size_t)limit; total--) {
        size_t largest = 0;
        for (size_t k = 1; k < n_classes; k++)
            if (have[k] > have[largest])
                largest = k;
        have[largest]--;
    }
    return ASH_OK;
}

/* A class of the samples that we split has the bucket of its number; of the official validation samples, one n_classes further. */
static size_t bucket_of(const data_raw *raw, size_t n_own, size_t n_classes, size_t i)
{
    return (raw->label ? (size_t)raw->label[i] : 0) + (i < n_own ? 0 : n_classes);
}

/* How many anomalies test; the others validate, where there is no official validation. */
static size_t share_anomalies(size_t count, double test_fraction, double val_fraction)
{
    if (test_fraction <= 0 || count == 0)
        return 0;
    size_t n = (size_t)floor((double)count * test_fraction / (test_fraction + val_fraction) + 0.5);
    return n < 1 ? 1 : n >= count && val_fraction > 0 ? count - 1 : n;
}

ash_status data_split_make(const data_raw *raw, const data_settings *s, const node *map, arena *a,
                           arena *scratch, data_order *out, ash_error *err)
{
    size_t n_own = raw->n - raw->n_test - raw->n_val; /* those that we split; the official ones follow them */
    size_t n_dealt = n_own + raw->n_val;
    bool anomalies = raw->task == DATA_RECONSTRUCTION && raw->label;
    size_t n_classes = raw->task == DATA_CLASSIFICATION ? (size_t)raw->n_outputs : anomalies ? 2 : 1;
    size_t *start = ARENA_NEW(scratch, size_t, 2 * n_classes + 1), *count = ARENA_NEW(scratch, size_t, 2 * n_classes);
    size_t *n_of = ARENA_NEW(scratch, size_t, n_classes * 3), *fill = ARENA_NEW(scratch, size_t, 2 * n_classes);
    uint32_t *by_class = ARENA_NEW(scratch, uint32_t, n_dealt ? n_dealt : 1);
    uint8_t *goes = ARENA_NEW(scratch, uint8_t, raw->n ? raw->n : 1);
    out->order = ARENA_NEW(a, uint32_t, raw->n ? raw->n : 1);
    if (!start || !count || !n_of || !fill || !by_class || !goes || !out->order)
        return ash_fail_memory(err);
    size_t *test = n_of, *val = n_of + n_classes, *train = n_of + 2 * n_classes;

    for (size_t i = 0; i < n_dealt; i++)
        count[bucket_of(raw, n_own, n_classes, i)]++;
    ash_status status = check_classes(raw, count, err);
    if (status != ASH_OK)
        return status;
    double test_fraction = raw->n_test ? 0 : s->test_fraction;
    double val_fraction = raw->n_val ? 0 : s->val_fraction;
    if (val_fraction + test_fraction >= 1)
        return data_fail_key(map, node_get(map, "val_fraction") ? "val_fraction" : "test_fraction", err,
                             "val_fraction %g and test_fraction %g leave nothing to train on",
                             val_fraction, test_fraction);

    deal(test, count, n_classes, test_fraction, 1, 2);
    for (size_t k = 0; k < n_classes; k++)
        train[k] = count[k] - test[k];
    deal(val, train, n_classes, val_fraction / (1 - test_fraction), 1, 1);
    if (anomalies) {
        test[1] = share_anomalies(count[1], test_fraction, val_fraction);
        val[1] = train[1] = val_fraction > 0 ? count[1] - test[1] : 0;
    }
    for (size_t k = 0; k < n_classes; k++)
        train[k] -= val[k];
    for (size_t k = 0; k < 2 * n_classes; k++)
        start[k + 1] = start[k] + count[k];

    memcpy(fill, start, 2 * n_classes * sizeof *fill);
    for (size_t i = 0; i < n_dealt; i++)
        by_class[fill[bucket_of(raw, n_own, n_classes, i)]++] = (uint32_t)i;
    /* Thinning comes last, so that a limit changes neither what is tested nor which samples could train. */
    size_t *n_val = fill; /* dealt numbers, before thinning */
    memcpy(n_val, val, n_classes * sizeof *n_val);
    if (raw->n_val)
        memcpy(val, count + n_classes, n_classes * sizeof *val);
    status = thin(train, n_classes, s->limit, "limit", raw, map, err);
    if (status == ASH_OK)
        status = thin(val, n_classes, s->val_limit, "val_limit", raw, map, err);
    if (status != ASH_OK)
        return status;
    memset(goes, UNUSED, raw->n);
    for (size_t k = 0; k < n_classes; k++) {
        uint32_t *own = by_class + start[k];
        rng r = rng_stream((uint64_t)s->split_seed, "data split", k);
        rng_shuffle(&r, own, count[k]);
        for (size_t i = 0; i < test[k]; i++)
            goes[own[i]] = TEST;
        for (size_t i = 0; i < val[k] && !raw->n_val; i++)
            goes[own[test[k] + i]] = VAL;
        for (size_t i = 0; i < train[k]; i++)
            goes[own[test[k] + n_val[k] + i]] = TRAIN;
    }
    for (size_t k = 0; k < n_classes && raw->n_val; k++) {
        uint32_t *official = by_class + start[n_classes + k];
        rng r = rng_stream((uint64_t)s->split_seed, "data official validation", k);
        rng_shuffle(&r, official, count[n_classes + k]);
        for (size_t i = 0; i < val[k]; i++)
            goes[official[i]] = VAL;
    }
    memset(goes + n_dealt, TEST, raw->n_test);

    size_t at = 0, of_part[N_PARTS][2] = {0};
    for (int p = 0; p < N_PARTS; p++)
        for (int anomaly = 0; anomaly < 2; anomaly++)
            for (size_t i = 0; i < raw->n; i++)
                if (goes[i] == p && (anomalies && raw->label[i]) == anomaly) {
                    out->order[at++] = (uint32_t)i;
                    of_part[p][anomaly]++;
                }
    out->n_train = of_part[TRAIN][0];
    out->n_val = of_part[VAL][0] + of_part[VAL][1];
    out->n_test = of_part[TEST][0] + of_part[TEST][1];
    out->val_anomalies = of_part[VAL][1];
    out->test_anomalies = of_part[TEST][1];
    return ASH_OK;
}

/* Walk the cycles of the permutation: row i becomes the old row order[i]. One spare row, no second copy of
 * the data. */
ash_status data_split_apply(data_raw *raw, const data_order *order, arena *scratch, ash_error *err)
{
    size_t width = (size_t)raw->h * (size_t)raw->w * (size_t)raw->c, k = (size_t)raw->n_outputs;
    float *row = ARENA_NEW(scratch, float, width);
    double *target = ARENA_NEW(scratch, double, k);
    uint32_t *from = arena_memdup(scratch, order->order, raw->n * sizeof *from);
    if (!row || !target || !from)
        return ash_fail_memory(err);
    for (size_t first = 0; first < raw->n; first++) {
        if (from[first] == first)
            continue;
        memcpy(row, raw->x + first * width, width * sizeof *row);
        int32_t label = raw->label ? raw->label[first] : 0;
        if (raw->target)
            memcpy(target, raw->target + first * k, k * sizeof *target);
        for (size_t to = first;;) {
            size_t source = from[to];
            from[to] = (uint32_t)to;
            bool last = source == first;
            memcpy(raw->x + to * width, last ? row : raw->x + source * width, width * sizeof *row);
            if (raw->label)
                raw->label[to] = last ? label : raw->label[source];
            if (raw->target)
                memcpy(raw->target + to * k, last ? target : raw->target + source * k, k * sizeof *target);
            if (last)
                break;
            to = source;
        }
    }
    return ASH_OK;
}
