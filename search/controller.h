/* SPDX-License-Identifier: GPL-3.0-or-later */
/* controller.h - deterministic, asynchronous, passive
 *
 * A state machine without threads. Executors pull: controller_next hands out a trial to evaluate, controller_done takes
 * it back, in any real order. Results are told to the strategy in virtual time (docs/determinism.md): V virtual
 * workers (`lookahead`) each have a clock, a trial's virtual duration comes from its static costs, and a new trial is
 * asked for when a virtual worker becomes free, after exactly the results with an earlier (virtual finish, id) have
 * been told. So the sequence of trials depends on the seed and the settings and not on threads, machines or luck.
 *
 * The controller sees genomes and trial records; never a network, a database or a thread. The caller locks.
 */
#ifndef SEARCH_CONTROLLER_H
#define SEARCH_CONTROLLER_H

#include "core/option.h"
#include "core/trial.h"
#include "space/space.h"

/* Ticks that a trial which is not evaluated (duplicate, infeasible, invalid) takes in virtual time. The evaluator's
 * durations are in the same unit, about 1,000 trained MACs; a hook that leaves a duration of 0 gets this one. */
#define CONTROLLER_C0 UINT64_C(1000)

typedef struct search_settings { /* option table "search"; the strategy's own table adds its keys to the same map */
    const char *strategy;    /* registry: random, evolution, nsga2 */
    option_texts objectives; /* metric names, minimised */
    option_texts constraints, soft_constraints; /* "model_bytes <= 64K"; "error <= 0.1" */
    int64_t lookahead;       /* V; 1 makes the search sequential */
    bool duplicates;         /* true: duplicates are evaluated again and count (golden replays) */
    int64_t max_attempts;    /* proposals per trial before the space counts as exhausted or infeasible */
} search_settings;
extern const option_table search_options;
/* The common settings of a run file's search section (the strategy's own keys are checked too). */
ash_status controller_settings(const node *map, search_settings *out, arena *a, ash_error *err);
/* Canonical text of the common settings and the strategy's own (option_print): what the run's identity hashes. */
ash_status controller_print_settings(const node *map, bool identity_only, buffer *out, ash_error *err);

typedef struct search_budget { /* option table "budget": execution, not identity */
    int64_t evaluations; /* trials that count: not duplicates, not infeasible; 0: unlimited */
    int64_t trained_macs;
    double wall_s;       /* only stops handing out */
} search_budget;
extern const option_table budget_options;

typedef struct controller_hooks {
    void *ctx;
    /* Static costs of a genome: fills t->key, metrics, blocks and virtual_duration (from `a`), and t->status:
     * TRIAL_PENDING when it should be evaluated, TRIAL_INVALID with a reason when it does not decode. ASH_BROKEN only
     * for a broken world. Called for every proposal, also those that are not recorded. */
    ash_status (*cost)(void *ctx, const genome *g, trial *t, arena *a, ash_error *err);
    /* A trial was told, in virtual order: append it to the database. Not called for replayed trials. May be NULL. */
    ash_status (*told)(void *ctx, const trial *t, ash_error *err);
    /* Every trial that is known from another run, by training key; may be NULL. Fills the result part of *t and
     * returns true. */
    bool (*known)(void *ctx, trial *t, arena *a);
    /* A trial came back and may have to wait for its virtual turn; may be NULL. Storing it already here (told
     * stores it again, which must be harmless) means that a crash loses no finished evaluation. */
    ash_status (*done)(void *ctx, const trial *t, ash_error *err);
} controller_hooks;

typedef struct controller controller;

/* `map` is the run file's search section; it, the space and what the hooks point at must outlive the controller. */
ash_status controller_create(const node *map, const search_budget *budget, const space *s, uint64_t seed,
                             const controller_hooks *hooks, controller **out, ash_error *err);
void controller_destroy(controller *c);

typedef enum controller_answer {
    CONTROLLER_TRIAL,  /* *out is to be evaluated; it belongs to the controller until done */
    CONTROLLER_WAIT,   /* nothing to hand out until another trial comes back */
    CONTROLLER_FINISHED, /* budget spent, or controller_stop, or the space is exhausted: see controller_sentence */
    CONTROLLER_BROKEN,
} controller_answer;

controller_answer controller_next(controller *c, trial **out, ash_error *err);
/* Takes back a trial that controller_next gave, with its result filled in (strings may live anywhere; copied). Status
 * ok, diverged, capped, timeout or failed; TRIAL_PENDING abandons it, which also stops the controller. */
ash_status controller_done(controller *c, const trial *t, ash_error *err);
/* Has it one of these statuses, other than pending? */
bool controller_is_result(const trial *t);
void controller_stop(controller *c); /* hand out nothing more; drain what is in flight */

/* Resume: stored trials by id, before the first next (copied); they are told in virtual order as the run reaches them
 * and not evaluated again. Gaps (trials lost in flight) are asked for anew. With check, each is also asked for and
 * compared. */
ash_status controller_replay(controller *c, const trial *const *stored, size_t n, bool check, ash_error *err);

typedef struct controller_progress {
    uint64_t asked, told, counted, duplicates, infeasible, invalid, failed, in_flight;
    uint64_t trained_macs;
    double fraction; /* of the tightest budget, for the progress line */
} controller_progress;
controller_progress controller_status(const controller *c);
/* Why it finished; NULL: the budget was spent. With nothing counted, the space or its constraints are to blame. */
const char *controller_sentence(const controller *c);

#endif
