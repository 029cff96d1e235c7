/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search.c - `ashlar run` as a function */
#include "lib/private.h"
#include "run/run.h"
#include <stdatomic.h>

typedef struct search_watch {
    run_job *job;
    ash_progress_fn progress;
    void *ctx;
    atomic_int level;
} search_watch;

static int interrupted(void *ctx)
{
    search_watch *w = ctx;
    return atomic_load(&w->level);
}

/* Under the executor's lock. A stop is never taken back. */
static void show_progress(void *ctx, const controller_progress *p)
{
    search_watch *w = ctx;
    if (!w->progress)
        return;
    ash_progress now = {.evaluated = p->counted, .trials = p->told, .failed = p->failed, .front = w->job->recorder.n,
                        .best = w->job->recorder.best, .fraction = p->fraction};
    int level = w->progress(w->ctx, &now);
    if (level > atomic_load(&w->level))
        atomic_store(&w->level, level > 2 ? 2 : level);
}

ash_status ash_search(const char *run_file, const char *database, const char *const *settings, ash_progress_fn progress, void *ctx, ash_error *err)
{
    lib_begin();
    runfile *f;
    run_job job = {0};
    search_watch watch = {&job, progress, ctx, 0};
    size_t n = 0;
    while (settings && settings[n])
        n++;
    ash_status status = runfile_read(run_file, settings, n, &f, err);
    if (status == ASH_OK)
        status = run_open(&job, f, database, (run_flags){0}, err);
    if (status == ASH_OK)
        status = run_search(&job, &(run_watch){.interrupted = interrupted, .progress = show_progress, .ctx = &watch}, err);
    if (status == ASH_OK)
        status = run_end(&job, atomic_load(&watch.level) > 0, err);
    run_close(&job);
    return status;
}
