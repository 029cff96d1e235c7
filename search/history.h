/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history.h - what the controller remembers of every trial, and who was first
 *
 * One record per trial in id order, without learning curves or blocks, and two hash tables: training key to the first
 * trial with it, genome text to the first trial with it. Everything lives in one arena.
 */
#ifndef SEARCH_HISTORY_H
#define SEARCH_HISTORY_H

#include "core/trial.h"

typedef struct record {
    hash256 key;
    const char *text;
    trial_status status; /* TRIAL_PENDING until told */
    const char *reason;
    const metric *metrics;
    size_t n_metrics;
    uint64_t finish; /* virtual */
    struct flight *flight; /* the caller's: where it is in flight */
} record;

typedef struct history {
    arena *a;
    record *records; /* (cap); trial id i is records[i - 1] */
    size_t n, cap;
    uint64_t *by_key, *by_text; /* (slots): first trial id, 0 = empty; open addressing */
    size_t slots;
    const char *names[64]; /* metric names seen, shared by all records */
    size_t n_names;
} history;

ash_status history_init(history *h, arena *a, ash_error *err);
/* Appends the record of trial h->n + 1. A zero key is not indexed. `text` is copied. */
ash_status history_add(history *h, const hash256 *key, const char *text, uint64_t finish, ash_error *err);
/* Fills the result of a record, copying what t points at. */
ash_status history_tell(history *h, const trial *t, ash_error *err);
record *history_at(const history *h, uint64_t id);
uint64_t history_find_key(const history *h, const hash256 *key); /* 0: none */
uint64_t history_find_text(const history *h, const char *text);

#endif
