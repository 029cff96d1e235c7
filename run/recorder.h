/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder.h - what becomes of results: database, front, weights
 *
 * The controller's hooks. A result is stored when it comes back, not when its virtual turn comes, so that a crash
 * loses no finished evaluation. Weights are kept for members of the front only: the thread that trained a network leaves
 * them here, and they go to the database in the batch of their trial, or nowhere.
 */
#ifndef RUN_RECORDER_H
#define RUN_RECORDER_H

#include "evaluator/kept.h"
#include "run/session.h"
#include "db/db.h"
#include <pthread.h>

typedef struct recorder {
    session *session;
    db *db;
    int64_t run;
    bool alone; /* no other run of the study can know a result */

    /* The front so far, in no order. */
    size_t n, cap, m;
    uint64_t *ids;  /* (n) */
    double *points; /* (n, m) */
    double best;    /* lowest value of the first objective; infinite: none */

    pthread_mutex_t lock; /* of what follows: workers leave weights here */
    kept_weights *kept;
    bool out_of_memory;
} recorder;

void recorder_init(recorder *r);
void recorder_fini(recorder *r);
/* evaluator_context.keep_weights; ctx is the recorder. Any thread. */
void recorder_keep(void *ctx, uint64_t trial_id, const void *bytes, size_t n);
/* executor_remote.wants_weights: whether the trial, were it handed back now, would enter the front. */
bool recorder_wants(void *ctx, const trial *t);
/* From here on db, run and session are set. Stored trials enter the front; weights of others are forgotten. */
ash_status recorder_resume(recorder *r, session *s, db *d, int64_t run, const trial *const *stored, size_t n,
                           ash_error *err);
controller_hooks recorder_hooks(recorder *r);
/* The weights that a worker left for this trial, or NULL; caller frees. */
kept_weights *recorder_take(recorder *r, uint64_t trial_id);

#endif
