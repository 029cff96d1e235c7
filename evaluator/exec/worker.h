/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker.h - the controller's side of one worker: what it says, what it has, whether it lives */
#ifndef EVALUATOR_WORKER_H
#define EVALUATOR_WORKER_H

#include "evaluator/exec/ledger.h"
#include "evaluator/exec/pool.h"
#include "evaluator/exec/remote.h"

enum { WORKER_SILENT_BEATS = 3, WORKER_START_BEATS = 60 };

typedef enum worker_state { WORKER_NONE, WORKER_STARTING, WORKER_GREETED, WORKER_READY } worker_state;

typedef struct worker {
    struct worker *next;
    arena *arena; /* of its place */
    place place;
    bool listed; /* the place is there, says the last listing */
    bool closed; /* no worker here any more: it was refused, or its time is over */
    worker_state state;
    remote_process link;
    char host[256];
    int slots, busy;
    unsigned starts; /* since the last result */
    double started_s, heard_s, ends_s; /* ends_s: of its wall time; INFINITY */
} worker;

typedef struct worker_context { /* the same for all */
    const executor_job *job;
    ledger *ledger;
    arena *scratch; /* of the message at hand */
} worker_context;

ash_status worker_start(worker *w, ash_error *err);
void worker_ping(worker *w, uint64_t number);
/* Gives it queued trials while it has slots and time for them. */
void worker_feed(worker *w, worker_context *c);
/* Reads what it says and does what follows. ASH_OK with *gone set when it is to be given up, and err->text says why; other failures
 * end the run. */
ash_status worker_hear(worker *w, worker_context *c, bool *gone, ash_error *err);
/* grace_ms 0: it is killed. What it had is still its own in the ledger. */
void worker_end(worker *w, int grace_ms);

#endif
