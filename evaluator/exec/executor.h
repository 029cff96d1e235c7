/* SPDX-License-Identifier: GPL-3.0-or-later */
/* executor.h - where trials run
 *
 * An executor pulls trials from the controller, has them evaluated and hands them back, until the controller is finished. One
 * file each, registered in executors.def: serial and threads in this process, the others with workers of their own (pool.h). The result of a run does not depend
 * on the choice.
 */
#ifndef EVALUATOR_EXECUTOR_H
#define EVALUATOR_EXECUTOR_H

#include "evaluator/evaluator.h"
#include "search/controller.h"

typedef struct executor_remote { /* what executors with worker processes need; the program ignores SIGPIPE */
    const char *const *command; /* NULL-terminated: starts `ashlar worker`, or something that leads to one */
    const char *run;            /* text that tells the worker which run it works for; opaque to the executor */
    double heartbeat_s;         /* between signs of life; a worker that misses three is lost */
    double look_s;              /* between looks for new places where workers can run */
    const char *const *prefixes; /* of executor process: a worker behind each of these commands */
    size_t n_prefixes;
    const char *pilots; /* of executor slurm: the name of the jobs that hold nodes */
    /* Whether the trained weights of this result are to be kept, and who keeps them. */
    bool (*wants_weights)(void *ctx, const trial *t);
    void (*keep_weights)(void *ctx, uint64_t trial, const void *bytes, size_t n);
    void *ctx;
} executor_remote;

typedef struct executor_job {
    controller *controller;
    const evaluator_type *type;
    void *evaluator; /* the type's state */
    int workers;     /* trials at a time; 0: one per core. Executors with workers elsewhere: at each of them */
    const executor_remote *remote; /* NULL: no worker processes can be started */
    /* Polled often; 0: go on, 1: drain (hand out nothing more), 2: abandon what is in flight. May be NULL. */
    int (*interrupted)(void *ctx);
    void (*progress)(void *ctx, const controller_progress *p); /* under the lock, after each told result; may be NULL */
    /* By executors that wait for others, once a second, also when nothing comes: a failure ends the run. May be NULL. */
    ash_status (*tick)(void *ctx, ash_error *err);
    void *tick_ctx;
    void *ctx;
} executor_job;

typedef struct executor_type {
    const char *name, *help;
    bool needs_site; /* Slurm or an MPI: it cannot run just anywhere */
    ash_status (*run)(const executor_job *job, ash_error *err);
} executor_type;

const executor_type *executor_find(const char *name);
const executor_type *executor_at(size_t i); /* NULL past the end */
extern const char *const executor_names[];

/* For executors: calls job->progress when the controller has told more than *told. Under the same lock as the controller. */
void executor_show(const executor_job *job, uint64_t *told);

#endif
