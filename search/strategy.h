/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strategy.h - what to try next
 *
 * A strategy turns the results told so far into the next genome. It is one file that fills a `strategy` and one line in
 * strategies.def; docs/strategies.md walks through one. Two rules make runs reproducible and resumable:
 *
 *   ask changes nothing. It is a pure function of (state, trial id, random stream), may be called twice, or for
 *   a trial whose answer is thrown away, and allocates nothing.
 *   tell is the only thing that changes a state. The controller calls it in virtual order, so a state is a
 *   pure function of the sequence of results. No state is ever saved: resume tells the stored results again.
 *
 * A strategy sees genomes and numbers; never a network, a clock, a thread or the database.
 */
#ifndef SEARCH_STRATEGY_H
#define SEARCH_STRATEGY_H

#include "core/option.h"
#include "core/rng.h"
#include "space/space.h"

typedef struct strategy_context { /* borrowed; outlives the state */
    const space *space;
    size_t n_objectives;
    const void *settings; /* filled from the strategy's option table */
    arena *arena;         /* memory that lives as long as the state; for init and tell */
} strategy_context;

typedef struct observation { /* one told result; everything is borrowed for the duration of tell */
    uint64_t id;
    const genome *genome;
    const double *objectives; /* (n_objectives), minimised; NaN when it was not scored */
    double violation; /* 0: feasible and scored; finite: sum of relative excesses over the constraints that it is outside of, hard or soft;
                       * infinite: no network, or diverged, capped, failed: never worth a child */
    bool duplicate;   /* repeats an earlier trial, whose values it carries */
} observation;

typedef struct proposal {
    genome *genome;  /* the answer */
    genome *scratch; /* for ask's own use, of the same size */
    uint32_t n_parents;
    uint64_t parents[2]; /* trial ids */
} proposal;

typedef struct strategy {
    const char *name, *help;
    const option_table *options; /* its keys in the run file's search section; NULL: none */
    size_t state_size;           /* the controller allocates the state, zeroed */
    ash_status (*init)(void *state, const strategy_context *context, ash_error *err);
    void (*fini)(void *state); /* NULL: nothing to free */
    /* True: a proposal that repeats a known network is asked for again, up to search.max_attempts times. */
    bool (*wants_new)(const void *state);
    void (*ask)(const void *state, uint64_t id, rng *r, proposal *out);
    ash_status (*tell)(void *state, const observation *o, ash_error *err);
} strategy;

const strategy *strategy_find(const char *name); /* NULL: unknown */
const strategy *strategy_at(size_t i);           /* NULL past the end */
extern const char *const strategy_names[];       /* NULL-terminated */

#endif
