/* SPDX-License-Identifier: GPL-3.0-or-later */
/* threads.c - an OpenMP team; each thread trains one network at a time
 *
 * The controller is called under one lock; evaluations run outside it. A thread with nothing to do sleeps on a condition until
 * a trial comes back (or a fraction of a second passes, to look at the interrupt flag). Each thread has an arena that is
 * reset after every trial. The first error stops the others: they abandon what they are at.
 *
 * The core of a thread that sleeps is spare (core/cores.h): trainings that still run, like the last ones of a search, take it. */
#include "core/cores.h"
#include "core/log.h"
#include "evaluator/exec/executor.h"

#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#define POLL_NS 50000000L

typedef struct team {
    const executor_job *job;
    pthread_mutex_t lock;
    pthread_cond_t returned;
    atomic_bool failed;
    ash_error *err; /* filled by the first that fails, under the lock */
    uint64_t told;
    char host[256];
} team;

static int interrupt_level(const team *w)
{
    return w->job->interrupted ? w->job->interrupted(w->job->ctx) : 0;
}

static bool must_stop(void *ctx)
{
    team *w = ctx;
    return atomic_load_explicit(&w->failed, memory_order_relaxed) || interrupt_level(w) >= 2;
}

/* Under the lock. */
static void fail(team *w, const ash_error *err)
{
    if (!atomic_load(&w->failed))
        *w->err = *err;
    atomic_store(&w->failed, true);
    pthread_cond_broadcast(&w->returned);
}

static void wait_a_little(team *w)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += POLL_NS;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&w->returned, &w->lock, &until);
}

/* Evaluates a trial that was handed out; called and returns with the lock held. */
static void evaluate(team *w, trial *handed, int worker, arena *a)
{
    ash_error err;
    trial t = *handed;
    pthread_mutex_unlock(&w->lock);
    double start_s = clock_wall_s();
    cores_add(-1);
    ash_status status = w->job->type->evaluate(w->job->evaluator, &t, a, must_stop, w, &err);
    cores_add(1);
    t.wall_s = clock_wall_s() - start_s;
    t.worker = (uint32_t)worker;
    t.host = w->host;
    t.attempts = 1;
    pthread_mutex_lock(&w->lock);
    if (status == ASH_OK && !atomic_load(&w->failed))
        status = controller_done(w->job->controller, &t, &err);
    if (status != ASH_OK)
        fail(w, &err);
    executor_show(w->job, &w->told);
    pthread_cond_broadcast(&w->returned);
}

static void work(team *w, int worker)
{
    ash_error err;
    arena *a = arena_create();
    pthread_mutex_lock(&w->lock);
    if (!a) {
        ash_fail_memory(&err);
        fail(w, &err);
    }
    while (!atomic_load(&w->failed)) {
        trial *t;
        if (interrupt_level(w) > 0)
            controller_stop(w->job->controller);
        controller_answer answer = controller_next(w->job->controller, &t, &err);
        executor_show(w->job, &w->told);
        if (answer == CONTROLLER_BROKEN)
            fail(w, &err);
        else if (answer == CONTROLLER_WAIT)
            wait_a_little(w);
        else if (answer == CONTROLLER_TRIAL)
            evaluate(w, t, worker, a);
        else
            break;
        arena_reset(a);
    }
    pthread_cond_broadcast(&w->returned); /* the others need not sleep out their time */
    pthread_mutex_unlock(&w->lock);
    arena_destroy(a);
}

static ash_status run(const executor_job *job, ash_error *err)
{
    team w = {.job = job, .err = err};
    gethostname(w.host, sizeof(w.host) - 1);
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.returned, NULL);
    int workers = job->workers > 0 ? job->workers : omp_get_num_procs();
    omp_set_max_active_levels(2); /* a training may have a team of its own */
    cores_add(workers);
#pragma omp parallel num_threads(workers)
    work(&w, omp_get_thread_num());
    cores_add(-workers);
    pthread_cond_destroy(&w.returned);
    pthread_mutex_destroy(&w.lock);
    return atomic_load(&w.failed) ? err->status : ASH_OK;
}

const executor_type executor_threads = {
    .name = "threads",
    .help = "an OpenMP team, one trial per thread",
    .run = run,
};
