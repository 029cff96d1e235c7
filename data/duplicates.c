/* SPDX-License-Identifier: GPL-3.0-or-later */
/* duplicates.c - see duplicates.h */
#include "data/duplicates.h"
#include <stdlib.h>
#include <string.h>

enum { TRAIN, VAL, TEST, N_SPLITS };

typedef struct entry {
    hash256 hash;
    uint32_t origin;
    uint8_t split;
    uint32_t at; /* in its split */
} entry;

static const struct {
    const char *name, *sentence;
} kinds[DUPLICATE_KINDS] = {
    [DUPLICATE_TEST_IN_TRAIN] = {"test_in_training", "test samples that are in the training split too"},
    [DUPLICATE_TEST_IN_VAL] = {"test_in_validation", "test samples that are in the validation split too"},
    [DUPLICATE_VAL_IN_TRAIN] = {"validation_in_training", "validation samples that are in the training split too"},
    [DUPLICATE_IN_TRAIN] = {"repeats_in_training", "training samples that repeat another one"},
    [DUPLICATE_LABELS] = {"contradictions", "samples that occur with more than one label"},
};

const char *data_duplicate_name(data_duplicate kind)
{
    return kinds[kind].name;
}
const char *data_duplicate_sentence(data_duplicate kind)
{
    return kinds[kind].sentence;
}

static int compare(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    int order = memcmp(&x->hash, &y->hash, sizeof x->hash);
    if (order)
        return order;
    if (x->split != y->split)
        return x->split < y->split ? -1 : 1;
    return (x->origin > y->origin) - (x->origin < y->origin);
}

/* Keeps the examples whose first sample comes first. */
static void note(data_duplicates *out, data_duplicate kind, const entry *sample, const entry *repeats)
{
    uint32_t(*list)[2] = out->example[kind];
    size_t n = out->n_examples[kind], at = n;
    while (at > 0 && list[at - 1][0] > sample->origin)
        at--;
    if (at == DUPLICATE_EXAMPLES)
        return;
    size_t kept = n < DUPLICATE_EXAMPLES ? n : DUPLICATE_EXAMPLES - 1;
    memmove(list + at + 1, list + at, (kept - at) * sizeof *list);
    list[at][0] = sample->origin;
    list[at][1] = repeats->origin;
    out->n_examples[kind] = kept + 1;
}

static bool same_label(const data_set *d, const data_split *const *splits, const entry *x, const entry *y)
{
    const data_split *a = splits[x->split], *b = splits[y->split];
    size_t k = (size_t)d->n_outputs;
    if (a->label)
        return a->label[x->at] == b->label[y->at];
    return !a->target || memcmp(a->target + x->at * k, b->target + y->at * k, k * sizeof *a->target) == 0;
}

/* Equal samples, sorted: training first, then validation, then test. */
static void count_group(const data_set *d, const data_split *const *splits, const entry *group, size_t n, data_duplicates *out)
{
    bool contradicts = false;
    for (size_t i = 1; i < n; i++) {
        const entry *e = &group[i], *first = &group[0];
        if (e->split == TRAIN || e->split != first->split) {
            data_duplicate kind = e->split == TRAIN       ? DUPLICATE_IN_TRAIN
                                  : e->split == VAL       ? DUPLICATE_VAL_IN_TRAIN
                                  : first->split == TRAIN ? DUPLICATE_TEST_IN_TRAIN
                                                          : DUPLICATE_TEST_IN_VAL;
            out->count[kind]++;
            note(out, kind, e, first);
        }
        if (!contradicts && !same_label(d, splits, e, first)) {
            contradicts = true;
            out->count[DUPLICATE_LABELS]++;
            note(out, DUPLICATE_LABELS, e, first);
        }
    }
}

ash_status data_find_duplicates(const data_set *d, data_duplicates *out, ash_error *err)
{
    const data_split *const splits[] = {&d->train, &d->val, &d->test};
    size_t width = (size_t)d->h * (size_t)d->w * (size_t)d->c, total = d->train.n + d->val.n + d->test.n, n = 0;
    *out = (data_duplicates){0};
    entry *all = malloc(total * sizeof *all);
    if (!all)
        return ash_fail_memory(err);
    for (uint8_t s = 0; s < N_SPLITS; s++)
        for (size_t i = 0; i < splits[s]->n; i++)
            all[n++] = (entry){hash_of_bytes(splits[s]->x + i * width, width * sizeof(float)), splits[s]->origin[i], s, (uint32_t)i};
    qsort(all, n, sizeof *all, compare);
    for (size_t first = 0, next; first < n; first = next) {
        for (next = first + 1; next < n && hash_equal(&all[next].hash, &all[first].hash);)
            next++;
        if (next - first > 1)
            count_group(d, splits, all + first, next - first, out);
    }
    free(all);
    return ASH_OK;
}
