/* SPDX-License-Identifier: GPL-3.0-or-later */
/* internal.h - the controller's state, shared by its files: controller.c (virtual time), propose.c (what the next
 * trial is), replay.c (trials that are stored already), settings.c. Nobody outside search/ includes it. */
#ifndef SEARCH_INTERNAL_H
#define SEARCH_INTERNAL_H

#include "search/constraint.h"
#include "search/controller.h"
#include "search/flights.h"
#include "search/history.h"
#include "search/strategy.h"

#define MAX_DURATION (UINT64_C(1) << 50) /* ticks of one trial: sums over any run that can end do not overflow */

struct controller {
    arena *arena;
    const node *map;
    search_settings set;
    search_budget budget;
    constraint *constraints, *soft_constraints;
    const space *space;
    uint64_t seed;
    controller_hooks hooks;
    const strategy *type;
    void *state;
    bool state_ready;
    history history;
    flights flights; /* (lookahead) */
    double *objectives; /* (set.objectives.n), scratch of tell */

    uint64_t now; /* virtual: the finish of the trial told last */
    controller_progress p;
    uint64_t asked_counted, handed;
    uint64_t barren; /* trials in a row, in ask order, that need no evaluation */
    bool closed;     /* nothing more is asked for */
    bool stopped;    /* nothing more is handed out either */
    bool interrupted; /* stopped by controller_stop, not by a clock */
    bool started;
    double start_s;
    char *sentence;

    /* propose.c */
    arena *judged; /* of the candidate at hand */
    genome *scratch, *best_over, *repeat;
    double least_violation;
    char *nearest;        /* what the least violating proposal of the run violates */
    char *invalid_reason; /* of the last genome that did not decode */
    bool statics_checked;

    /* replay.c */
    arena *replay_arena;
    const trial **replay; /* by id, [0, replay_n]; NULL: not stored */
    size_t replay_n;
    bool replay_check;
};

/* settings.c */
ash_status search_read_settings(const node *map, search_settings *out, const strategy **type, void **own, arena *a,
                                ash_error *err);
/* Says which keys are of other strategies. */
void search_warn_unused(const node *map, const strategy *type);
/* The list of constraints at a key of the section. */
ash_status search_read_constraints(const node *map, const char *key, option_texts texts, constraint **out, arena *a, ash_error *err);

/* propose.c: fills f->genome and f->trial (from f->arena) with trial f->trial.id; its status says what it is. *found = false:
 * the space is exhausted or infeasible, and c->sentence says so. */
ash_status search_propose(controller *c, flight *f, bool *found, ash_error *err);
/* The sum over n constraints of what the metrics are outside by; NaN where a metric is missing. */
double search_violation(const constraint *constraints, size_t n, const metric *metrics, size_t n_metrics);

/* replay.c */
const trial *replay_find(const controller *c, uint64_t id);
/* Puts a stored trial in flight; it starts at c->now. */
ash_status replay_adopt(controller *c, flight *f, const trial *stored, ash_error *err);
/* `proposed` is what the strategy asked for where the database has `stored`. */
ash_status replay_compare(const trial *proposed, const trial *stored, ash_error *err);

#endif
