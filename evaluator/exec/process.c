/* SPDX-License-Identifier: GPL-3.0-or-later */
/* process.c - workers behind command prefixes: none is a process on this machine, "ssh HOST" another machine
 *
 * A network that crashes the program costs one attempt, never the run. */
#include "evaluator/exec/pool.h"

static ash_status places(const executor_job *job, const char *listing, arena *a, place **out, size_t *n, ash_error *err)
{
    static const char *const here[] = {""};
    const executor_remote *remote = job->remote;
    const char *const *prefixes = remote->n_prefixes ? remote->prefixes : here;
    (void)listing;
    *n = remote->n_prefixes ? remote->n_prefixes : 1;
    if (!(*out = ARENA_NEW(a, place, *n)))
        return ash_fail_memory(err);
    for (size_t i = 0; i < *n; i++) {
        place *p = &(*out)[i];
        p->name = i ? arena_printf(a, "%s #%zu", prefixes[i], i + 1) : prefixes[i]; /* a host may have several */
        p->command = pool_command(job, prefixes[i], NULL, a);
        p->slots = job->workers;
        if (!p->name || !p->command)
            return ash_fail_memory(err);
    }
    return ASH_OK;
}

static ash_status run(const executor_job *job, ash_error *err)
{
    static const launcher behind_prefixes = {.places = places};
    return pool_run(job, &behind_prefixes, err);
}

const executor_type executor_process = {
    .name = "process",
    .help = "worker processes, here or behind execution.prefixes such as ssh: a crash costs one trial",
    .run = run,
};
