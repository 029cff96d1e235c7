/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan_order.c - the execution order of least peak memory
 *
 * What is alive after a set of steps depends on the set alone, not on the order in which it was done. So the best order
 * to reach a set is found level by level: level k holds every reachable set of k steps with the least peak that any order
 * reaches it with. The number of sets is exponential only in the number of branches that run side by side. */
#include "nn/plan_steps.h"
#include <stdlib.h>
#include <string.h>

typedef struct state {
    int64_t peak, live;
    int parent, step; /* the state of the level before and the step that lead here */
} state;

typedef struct level {
    state *v;
    uint64_t *sets; /* (n, words) */
    int n, cap;
    int *slots; /* hash table of indices + 1 */
    int n_slots;
} level;

bool plan_dies(const plan_steps *s, int v, int t, const uint64_t *done)
{
    if (v == s->output)
        return false;
    for (int w = 0; w < s->words; w++) {
        uint64_t left = s->v[v].users[w] & ~done[w];
        if (w == t / 64)
            left &= ~(UINT64_C(1) << (t % 64));
        if (left)
            return false;
    }
    return true;
}

int plan_over(const plan_steps *s, int t, const uint64_t *done)
{
    const plan_step *step = &s->v[t];
    for (int i = 0; i < step->n_over; i++) {
        const plan_step *from = &s->v[step->over[i]];
        if (from->elements == step->elements && from->bits == step->bits && plan_dies(s, step->over[i], t, done))
            return step->over[i];
    }
    return -1;
}

static uint64_t hash_set(const uint64_t *set, int words)
{
    uint64_t h = 0x9e3779b97f4a7c15u;
    for (int w = 0; w < words; w++) {
        h = (h ^ set[w]) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    return h;
}

static int *find_slot(const level *l, const uint64_t *set, int words)
{
    uint64_t mask = (uint64_t)l->n_slots - 1;
    for (uint64_t i = hash_set(set, words) & mask;; i = (i + 1) & mask) {
        int at = l->slots[i];
        if (!at || !memcmp(l->sets + (size_t)(at - 1) * (size_t)words, set, (size_t)words * sizeof *set))
            return &l->slots[i];
    }
}

static bool grow(level *l, int words, arena *scratch)
{
    int cap = l->cap ? 2 * l->cap : 8;
    state *v = ARENA_NEW(scratch, state, cap);
    uint64_t *sets = ARENA_NEW(scratch, uint64_t, (size_t)cap * (size_t)words);
    int *slots = ARENA_NEW(scratch, int, 4 * (size_t)cap);
    if (!v || !sets || !slots)
        return false;
    if (l->n) {
        memcpy(v, l->v, (size_t)l->n * sizeof *v);
        memcpy(sets, l->sets, (size_t)l->n * (size_t)words * sizeof *sets);
    }
    *l = (level){.v = v, .sets = sets, .n = l->n, .cap = cap, .slots = slots, .n_slots = 4 * cap};
    for (int i = 0; i < l->n; i++)
        *find_slot(l, sets + (size_t)i * (size_t)words, words) = i + 1;
    return true;
}

static bool put(level *l, const uint64_t *set, int words, state st, arena *scratch)
{
    if (l->n == l->cap && !grow(l, words, scratch))
        return false;
    int *slot = find_slot(l, set, words);
    if (*slot) {
        if (st.peak < l->v[*slot - 1].peak)
            l->v[*slot - 1] = st;
        return true;
    }
    memcpy(l->sets + (size_t)l->n * (size_t)words, set, (size_t)words * sizeof *set);
    l->v[l->n++] = st;
    *slot = l->n;
    return true;
}

static bool is_ready(const plan_steps *s, int t, const uint64_t *done)
{
    if (plan_has(done, t))
        return false;
    for (int i = 0; i < s->v[t].n_in; i++)
        if (!plan_has(done, s->v[t].in[i]))
            return false;
    return true;
}

static state take(const plan_steps *s, const state *from, int parent, int t, const uint64_t *done)
{
    int over = plan_over(s, t, done);
    int64_t during = from->live + s->v[t].bytes - (over >= 0 ? s->v[over].bytes : 0);
    state to = {.peak = during > from->peak ? during : from->peak,
                .live = from->live + s->v[t].bytes,
                .parent = parent,
                .step = t};
    for (int i = 0; i < s->v[t].n_in; i++)
        if (plan_dies(s, s->v[t].in[i], t, done))
            to.live -= s->v[s->v[t].in[i]].bytes;
    return to;
}

static bool expand(const plan_steps *s, const level *from, level *to, uint64_t *set, arena *scratch)
{
    for (int i = 0; i < from->n; i++) {
        const uint64_t *done = from->sets + (size_t)i * (size_t)s->words;
        for (int t = 1; t < s->n; t++) {
            if (!is_ready(s, t, done))
                continue;
            memcpy(set, done, (size_t)s->words * sizeof *set);
            plan_put(set, t);
            if (!put(to, set, s->words, take(s, &from->v[i], i, t, done), scratch))
                return false;
        }
    }
    return true;
}

typedef struct ranked {
    state st;
    int index;
} ranked;

static int by_peak(const void *x, const void *y)
{
    const ranked *a = x, *b = y;
    if (a->st.peak != b->st.peak)
        return a->st.peak < b->st.peak ? -1 : 1;
    if (a->st.live != b->st.live)
        return a->st.live < b->st.live ? -1 : 1;
    return a->index - b->index;
}

static bool keep_best(level *l, int words, arena *scratch)
{
    ranked *r = ARENA_NEW(scratch, ranked, l->n);
    if (!r)
        return false;
    for (int i = 0; i < l->n; i++)
        r[i] = (ranked){l->v[i], i};
    qsort(r, (size_t)l->n, sizeof *r, by_peak);
    level kept = {0};
    for (int i = 0; i < NN_PLAN_BEAM; i++)
        if (!put(&kept, l->sets + (size_t)r[i].index * (size_t)words, words, r[i].st, scratch))
            return false;
    *l = kept;
    return true;
}

ash_status plan_order(const plan_steps *s, int *order, int64_t *peak, bool *exact, arena *scratch, ash_error *err)
{
    level *levels = ARENA_NEW(scratch, level, s->n);
    uint64_t *set = ARENA_NEW(scratch, uint64_t, s->words);
    if (!levels || !set)
        return ash_fail_memory(err);
    plan_put(set, 0);
    state start = {.peak = s->v[0].bytes, .live = s->v[0].bytes, .parent = -1, .step = 0};
    if (!put(&levels[0], set, s->words, start, scratch))
        return ash_fail_memory(err);
    *exact = true;
    for (int k = 1; k < s->n; k++) {
        if (!expand(s, &levels[k - 1], &levels[k], set, scratch))
            return ash_fail_memory(err);
        if (levels[k].n > NN_PLAN_BEAM) {
            *exact = false;
            if (!keep_best(&levels[k], s->words, scratch))
                return ash_fail_memory(err);
        }
    }
    *peak = levels[s->n - 1].v[0].peak;
    for (int k = s->n - 1, i = 0; k >= 0; k--) {
        order[k] = levels[k].v[i].step;
        i = levels[k].v[i].parent;
    }
    return ASH_OK;
}
