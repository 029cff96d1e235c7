/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search_test.h - a run of the controller against a made-up world, with as many workers in as odd an order as wanted
 *
 * The world is a pure function of the genome: some genomes do not decode, isomorphic ones share a key, and every result
 * follows from the key. What a run told is written down as text, one line per trial in the order of telling. */
#ifndef TESTS_SEARCH_SEARCH_TEST_H
#define TESTS_SEARCH_SEARCH_TEST_H

#include "unit.h"

#include "core/log.h"
#include "search/controller.h"
#include "search/strategy.h"
#include "search/fake_space.h"

#include <stdio.h>

#define assert_ok(call, err)                                                                                           \
    do {                                                                                                               \
        if ((call) != ASH_OK)                                                                                          \
            fail_msg("%s: %s", #call, (err).text);                                                                     \
    } while (0)

#define assert_refused(call, expected, err, part)                                                                      \
    do {                                                                                                               \
        memset(&(err), 0, sizeof(err));                                                                                \
        assert_int_equal((call), (expected));                                                                          \
        assert_int_equal((err).status, (expected));                                                                    \
        if (!strstr((err).text, (part)))                                                                               \
            fail_msg("\"%s\" does not say \"%s\"", (err).text, (part));                                                \
    } while (0)

typedef struct world {
    space space;
    unsigned classes;    /* genomes with one digit sum modulo `classes` are isomorphic; 0: none are */
    unsigned invalid;    /* one genome in `invalid` does not decode; 0: none */
    unsigned failing;    /* one in `failing` fails or diverges; 0: none */
    unsigned same_ticks; /* 1: all trainings take equally long */
    uint64_t salt;
} world;

/* SplitMix64's finaliser: a hash for the world's arbitrary values. */
static inline uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline uint64_t world_code(const world *w, const genome *g)
{
    uint64_t code = 0, sum = 0;
    for (size_t i = 0; i < g->n; i++) {
        code = code * 31 + g->gene[i];
        sum += g->gene[i];
    }
    return mix((w->classes ? sum % w->classes : code) + w->salt);
}

static inline uint64_t code_of_key(const hash256 *key)
{
    uint64_t code;
    memcpy(&code, key->b, sizeof(code));
    return code;
}

typedef struct run {
    world world;
    const char *settings; /* the search section, inline */
    search_budget budget;
    uint64_t seed;
    unsigned workers;     /* real ones */
    uint64_t order;       /* of the real completions */
    unsigned stop_after;  /* controller_stop after so many completions; 0: never */
    bool abandon;         /* ... and what is out then comes back unevaluated */
    const trial **stored; /* to replay */
    size_t n_stored;
    bool check;
    bool all_known;       /* the known hook answers everything */

    /* what happened */
    arena *arena;
    node *map;
    buffer log;           /* told, in order; replayed trials are not in it */
    trial **all;          /* every trial that was stored by done or told, by id - 1 */
    size_t n_all, cap_all;
    trial **events;       /* the same as they were stored, in real order */
    size_t n_events, cap_events;
    unsigned evaluations, most_out, costs;
    controller_progress progress;
    char *sentence;
    ash_status status;
    ash_error err;
} run;

static inline ash_status world_cost(void *ctx, const genome *g, trial *t, arena *a, ash_error *err)
{
    run *x = ctx;
    x->costs++;
    uint64_t code = world_code(&x->world, g);
    if (x->world.invalid && mix(code + 1) % x->world.invalid == 0) {
        t->status = TRIAL_INVALID;
        t->reason = arena_printf(a, "genome %s does not decode", t->genome);
        return ASH_OK;
    }
    memcpy(t->key.b, &code, sizeof(code));
    t->key.b[31] = 1;
    metric *m = ARENA_NEW(a, metric, 2);
    if (!m)
        return ash_fail_memory(err);
    m[0] = (metric){"macs", (double)(1000 + mix(code + 2) % 9000)};
    m[1] = (metric){"model_bytes", (double)(mix(code + 3) % 100000)};
    t->metrics = m;
    t->n_metrics = 2;
    t->blocks = "{}";
    t->virtual_duration = x->world.same_ticks ? 5000 : 1000 + mix(code + 4) % 20000;
    t->status = TRIAL_PENDING;
    return ASH_OK;
}

static inline void world_result(const run *x, trial *t, arena *a)
{
    uint64_t code = code_of_key(&t->key);
    t->trained_macs = 100 + mix(code + 5) % 100;
    if (x->world.failing && mix(code + 6) % x->world.failing == 0) {
        t->status = mix(code + 7) % 2 ? TRIAL_DIVERGED : TRIAL_FAILED;
        t->reason = "it did not work";
        return;
    }
    metric *m = ARENA_NEW(a, metric, t->n_metrics + 1);
    m[0] = (metric){"error", (double)(mix(code + 8) % 1000) / 1000};
    memcpy(m + 1, t->metrics, t->n_metrics * sizeof(*m));
    t->metrics = m;
    t->n_metrics++;
    t->status = TRIAL_OK;
}

static inline void push(arena *a, trial ***list, size_t *n, size_t *cap, trial *t)
{
    if (*n == *cap) {
        *cap = *cap ? 2 * *cap : 64;
        trial **more = ARENA_NEW(a, trial *, *cap);
        assert_non_null(more);
        if (*n)
            memcpy(more, *list, *n * sizeof(*more));
        *list = more;
    }
    (*list)[(*n)++] = t;
}

static inline void store(run *x, const trial *t)
{
    trial *copy = trial_copy(x->arena, t);
    assert_non_null(copy);
    while (x->n_all < t->id)
        push(x->arena, &x->all, &x->n_all, &x->cap_all, NULL);
    x->all[t->id - 1] = copy;
    push(x->arena, &x->events, &x->n_events, &x->cap_events, copy);
}

static inline void write_trial(buffer *b, const trial *t)
{
    char hex[65];
    buffer_printf(b, "%llu %s %s %.8s <%llu,%llu> =%llu @%llu+%llu %llu", (unsigned long long)t->id, t->genome,
                  trial_status_name(t->status), hash_to_hex(hex, &t->key),
                  (unsigned long long)(t->n_parents > 0 ? t->parents[0] : 0),
                  (unsigned long long)(t->n_parents > 1 ? t->parents[1] : 0), (unsigned long long)t->original,
                  (unsigned long long)t->virtual_start, (unsigned long long)t->virtual_duration,
                  (unsigned long long)t->trained_macs);
    for (size_t i = 0; i < t->n_metrics; i++)
        buffer_printf(b, " %s=%a", t->metrics[i].name, t->metrics[i].value);
    buffer_printf(b, " %s\n", t->reason ? t->reason : "");
}

static inline ash_status world_told(void *ctx, const trial *t, ash_error *err)
{
    (void)err;
    run *x = ctx;
    store(x, t);
    write_trial(&x->log, t);
    return ASH_OK;
}

static inline ash_status world_done(void *ctx, const trial *t, ash_error *err)
{
    (void)err;
    store(ctx, t);
    return ASH_OK;
}

static inline bool world_known(void *ctx, trial *t, arena *a)
{
    run *x = ctx;
    if (!x->all_known)
        return false;
    world_result(x, t, a);
    t->found_in = "another run";
    return true;
}

static inline controller *begin(run *x)
{
    x->arena = arena_create();
    assert_non_null(x->arena);
    assert_ok(node_parse_inline(x->arena, x->settings, "run.yaml", &x->map, &x->err), x->err);
    controller_hooks hooks = {x, world_cost, world_told, world_known, world_done};
    controller *c = NULL;
    assert_ok(controller_create(x->map, &x->budget, &x->world.space, x->seed, &hooks, &c, &x->err), x->err);
    return c;
}

static inline void finish(run *x, controller *c)
{
    x->progress = controller_status(c);
    const char *sentence = controller_sentence(c);
    x->sentence = sentence ? arena_strdup(x->arena, sentence) : NULL;
    controller_destroy(c);
}

static inline void evaluate_one(run *x, controller *c, trial *handed, bool abandon)
{
    arena *a = arena_create();
    trial t = *trial_copy(a, handed);
    if (!abandon)
        world_result(x, &t, a);
    t.host = "somewhere";
    t.worker = (uint32_t)x->evaluations;
    x->evaluations += !abandon;
    x->status = controller_done(c, &t, &x->err);
    arena_destroy(a); /* the controller keeps copies */
}

/* One run from beginning to end. Idle workers ask at random moments, and whoever is out comes back at random. */
static inline void go(run *x)
{
    controller *c = begin(x);
    if (x->stored)
        assert_ok(controller_replay(c, x->stored, x->n_stored, x->check, &x->err), x->err);
    rng r = rng_stream(x->order, "completions", 0);
    trial *out[64];
    unsigned n = 0, completions = 0, workers = x->workers ? x->workers : 1;
    bool over = false;
    while (x->status == ASH_OK) {
        if (!over && n < workers && (n == 0 || rng_below(&r, 3))) {
            trial *t;
            controller_answer answer = controller_next(c, &t, &x->err);
            if (answer == CONTROLLER_BROKEN)
                x->status = x->err.status;
            else if (answer == CONTROLLER_TRIAL) {
                out[n++] = t;
                if (n > x->most_out)
                    x->most_out = n;
                continue;
            } else if (answer == CONTROLLER_FINISHED) {
                assert_int_equal(n, 0);
                break;
            } else if (n == 0) {
                fail_msg("the controller waits for nothing");
            }
        }
        if (n == 0)
            continue;
        unsigned k = rng_below(&r, n);
        trial *t = out[k];
        out[k] = out[--n];
        evaluate_one(x, c, t, x->abandon && x->stop_after && completions >= x->stop_after);
        if (x->stop_after && ++completions == x->stop_after)
            controller_stop(c);
    }
    finish(x, c);
}

static inline void end(run *x)
{
    arena_destroy(x->arena);
    buffer_free(&x->log);
}

static inline const char *told_text(const run *x)
{
    return x->log.len ? x->log.data : "";
}

/* All that was stored, by id: what a database read in id order gives. */
static inline char *stored_text(const run *x, size_t n)
{
    buffer b = {0};
    for (size_t i = 0; i < x->n_all && i < n; i++)
        if (x->all[i])
            write_trial(&b, x->all[i]);
    char *text = arena_strdup(x->arena, b.len ? b.data : "");
    buffer_free(&b);
    return text;
}

#endif
