/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool.h - workers that come and go, wherever a launcher finds a place for them
 *
 * The pool keeps one worker (`ashlar worker`) at each place, speaks to all of them in lines (docs/worker-protocol.md), and shares the trials out.
 * A launcher says which places there are and by which command a worker starts there: one file each, which fills a launcher and
 * an executor_type.
 */
#ifndef EVALUATOR_POOL_H
#define EVALUATOR_POOL_H

#include "evaluator/exec/executor.h"

typedef struct place {
    const char *name;           /* the same at each listing */
    const char *const *command; /* starts a worker there; NULL-terminated */
    int slots;                  /* trials at a time; 0: one per core that the worker finds */
} place;

typedef struct launcher {
    /* Places come and go: the run waits for one when there is none, and a place that is no good is passed over. Otherwise a run
     * whose places are all no good ends with what they say. */
    bool elastic;
    /* The command that lists the places, run every look_s seconds without waiting for it; *out NULL: they are always the same. */
    ash_status (*lister)(const executor_job *job, arena *a, const char *const **out, ash_error *err);
    /* The places of a listing ("" without a lister), in `a`. */
    ash_status (*places)(const executor_job *job, const char *listing, arena *a, place **out, size_t *n, ash_error *err);
} launcher;

ash_status pool_run(const executor_job *job, const launcher *l, ash_error *err);

/* For launchers: the words of `text`, then the worker's command, then "more" (each NULL-terminated or NULL). NULL: out of memory. */
const char *const *pool_command(const executor_job *job, const char *text, const char *const *more, arena *a);

#endif
