/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ledger.h - which trials are out, with whom, and what became of them
 *
 * What executors with workers of their own share. A trial that the controller handed out is queued, taken by a holder (a worker), and
 * comes back, or is queued again when its holder is lost. Evaluations are pure functions of what a trial says, so evaluating one twice is harmless;
 * a result that nobody waits for any more finds no flight. Losing a holder never counts against a trial. A crash does: the third makes it a
 * failed trial.
 */
#ifndef EVALUATOR_LEDGER_H
#define EVALUATOR_LEDGER_H

#include "evaluator/exec/executor.h"

enum { LEDGER_CRASHES = 3 };

typedef struct flight {
    struct flight *next;
    trial *handed;          /* the controller's */
    const void *holder;     /* NULL: queued */
    uint32_t sent, crashes; /* times */
    arena *arena;           /* of the result */
    trial *result;          /* while it waits for its weights */
} flight;

typedef struct ledger {
    const executor_job *job;
    flight *flights, *spare;
    size_t queued;
    double rate; /* seconds per tick of virtual duration, the slowest seen */
    uint64_t told, redone;
    bool finished; /* nothing more will be handed out */
} ledger;

/* Asks the controller until `wanted` trials are queued, or it has none now. */
ash_status ledger_fill(ledger *l, size_t wanted, ash_error *err);
/* The first queued trial that is expected to end within most_s (INFINITY: any); it is the holder's now. NULL: none. */
flight *ledger_take(ledger *l, const void *holder, double most_s);
/* What the holder has of this trial; waits: for its weights. NULL: nothing. */
flight *ledger_find(const ledger *l, const void *holder, uint64_t id, bool waits);
/* Whether the holder has anything, weights to be sent included. */
bool ledger_holds(const ledger *l, const void *holder);
ash_status ledger_done(ledger *l, flight *f, const trial *result, ash_error *err);
ash_status ledger_crash(ledger *l, flight *f, const char *why, ash_error *err);
/* The holder is lost: what it was evaluating is queued again (*n: how many); a result that waited for its weights stands without them. */
ash_status ledger_lose(ledger *l, const void *holder, size_t *n, ash_error *err);
/* Gives everything back unfinished. */
ash_status ledger_abandon(ledger *l, ash_error *err);
void ledger_free(ledger *l);

#endif
