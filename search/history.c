/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history.c - see history.h */
#include "search/history.h"

#include <string.h>

static uint64_t hash_of_text(const char *text) /* FNV-1a; collisions are resolved by comparing */
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return h ^ h >> 29;
}

record *history_at(const history *h, uint64_t id)
{
    return &h->records[id - 1];
}

/* The slot that holds the key, or the empty one where it belongs. */
static uint64_t *slot_of_key(const history *h, const hash256 *key)
{
    size_t i = (size_t)hash_to_u64(key) & (h->slots - 1);
    while (h->by_key[i] && !hash_equal(&history_at(h, h->by_key[i])->key, key))
        i = (i + 1) & (h->slots - 1);
    return &h->by_key[i];
}

static uint64_t *slot_of_text(const history *h, const char *text)
{
    size_t i = (size_t)hash_of_text(text) & (h->slots - 1);
    while (h->by_text[i] && strcmp(history_at(h, h->by_text[i])->text, text) != 0)
        i = (i + 1) & (h->slots - 1);
    return &h->by_text[i];
}

uint64_t history_find_key(const history *h, const hash256 *key)
{
    return hash_is_zero(key) ? 0 : *slot_of_key(h, key);
}

uint64_t history_find_text(const history *h, const char *text)
{
    return *slot_of_text(h, text);
}

static void index_record(history *h, uint64_t id)
{
    const record *r = history_at(h, id);
    uint64_t *slot = slot_of_text(h, r->text);
    if (!*slot)
        *slot = id;
    if (hash_is_zero(&r->key))
        return;
    slot = slot_of_key(h, &r->key);
    if (!*slot)
        *slot = id;
}

/* Twice the room; the old arrays stay in the arena, at most as much again. */
static ash_status grow(history *h, ash_error *err)
{
    size_t cap = h->cap ? 2 * h->cap : 256;
    record *records = ARENA_NEW(h->a, record, cap);
    uint64_t *by_key = ARENA_NEW(h->a, uint64_t, 2 * cap), *by_text = ARENA_NEW(h->a, uint64_t, 2 * cap);
    if (!records || !by_key || !by_text)
        return ash_fail_memory(err);
    if (h->n)
        memcpy(records, h->records, h->n * sizeof(record));
    h->records = records;
    h->by_key = by_key;
    h->by_text = by_text;
    h->cap = cap;
    h->slots = 2 * cap;
    for (uint64_t id = 1; id <= h->n; id++)
        index_record(h, id);
    return ASH_OK;
}

ash_status history_init(history *h, arena *a, ash_error *err)
{
    *h = (history){.a = a};
    return grow(h, err);
}

ash_status history_add(history *h, const hash256 *key, const char *text, uint64_t finish, ash_error *err)
{
    if (h->n == h->cap && grow(h, err) != ASH_OK)
        return err->status;
    /* Repeats share the text of the first. */
    uint64_t same = history_find_text(h, text);
    const char *copy = same ? history_at(h, same)->text : arena_strdup(h->a, text);
    if (!copy)
        return ash_fail_memory(err);
    h->records[h->n++] = (record){.key = *key, .text = copy, .status = TRIAL_PENDING, .finish = finish};
    index_record(h, h->n);
    return ASH_OK;
}

static const char *share_name(history *h, const char *name)
{
    for (size_t i = 0; i < h->n_names; i++)
        if (strcmp(h->names[i], name) == 0)
            return h->names[i];
    const char *copy = arena_strdup(h->a, name);
    if (copy && h->n_names < sizeof(h->names) / sizeof(h->names[0]))
        h->names[h->n_names++] = copy;
    return copy;
}

ash_status history_tell(history *h, const trial *t, ash_error *err)
{
    record *r = history_at(h, t->id);
    r->status = t->status;
    metric *metrics = ARENA_NEW(h->a, metric, t->n_metrics ? t->n_metrics : 1);
    if (!metrics || (t->reason && !(r->reason = arena_strdup(h->a, t->reason))))
        return ash_fail_memory(err);
    for (size_t i = 0; i < t->n_metrics; i++) {
        metrics[i] = (metric){share_name(h, t->metrics[i].name), t->metrics[i].value};
        if (!metrics[i].name)
            return ash_fail_memory(err);
    }
    r->metrics = metrics;
    r->n_metrics = t->n_metrics;
    return ASH_OK;
}
