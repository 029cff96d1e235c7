/* SPDX-License-Identifier: GPL-3.0-or-later */
/* serial.c - trials one after the other, in the calling thread
 *
 * The specification of an executor: the others differ in how long they take. */
#include "core/log.h"
#include "evaluator/exec/executor.h"

#include <unistd.h>

static bool must_stop(void *ctx)
{
    const executor_job *job = ctx;
    return job->interrupted && job->interrupted(job->ctx) >= 2;
}

static ash_status evaluate(const executor_job *job, trial *handed, arena *a, const char *host, ash_error *err)
{
    trial t = *handed;
    double start_s = clock_wall_s();
    ash_status status = job->type->evaluate(job->evaluator, &t, a, must_stop, (void *)job, err);
    if (status != ASH_OK)
        return status;
    t.wall_s = clock_wall_s() - start_s;
    t.host = host;
    t.attempts = 1;
    return controller_done(job->controller, &t, err);
}

static ash_status run(const executor_job *job, ash_error *err)
{
    char host[256] = "";
    gethostname(host, sizeof(host) - 1);
    arena *a = arena_create();
    if (!a)
        return ash_fail_memory(err);
    ash_status status = ASH_OK;
    uint64_t told = 0;
    while (status == ASH_OK) {
        trial *t;
        if (job->interrupted && job->interrupted(job->ctx) > 0)
            controller_stop(job->controller);
        controller_answer answer = controller_next(job->controller, &t, err);
        if (answer == CONTROLLER_BROKEN)
            status = err->status;
        else if (answer == CONTROLLER_TRIAL)
            status = evaluate(job, t, a, host, err);
        if (status == ASH_OK)
            executor_show(job, &told);
        if (answer != CONTROLLER_TRIAL)
            break; /* never CONTROLLER_WAIT: nothing else is out */
        arena_reset(a);
    }
    arena_destroy(a);
    return status;
}

const executor_type executor_serial = {
    .name = "serial",
    .help = "one trial at a time, in this thread",
    .run = run,
};
