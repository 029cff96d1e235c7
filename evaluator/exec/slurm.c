/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slurm.c - workers on the nodes that Slurm pilots hold
 *
 * A pilot is a job that holds cores and does nothing. All pilots of a run have one name. One squeue for all of them says which are running; each
 * gets a worker as a step of its job. Pilots may come and go, and be added, as long as the run lasts. */
#include "evaluator/exec/slurm_job.h"

#include <stdio.h>
#include <string.h>

static ash_status lister(const executor_job *job, arena *a, const char *const **out, ash_error *err)
{
    if (!job->remote->pilots)
        return ash_fail(err, ASH_INVALID, "executor slurm needs the name of the jobs that hold nodes, execution.pilots; \"ashlar launch slurm\" submits them");
    slurm_forget_job();
    const char **command = ARENA_NEW(a, const char *, 10);
    const char *words[] = {"squeue", "--me", "-h", "-r", "-t", "R", "-n", job->remote->pilots, "-o%A %L %C"};
    if (!command)
        return ash_fail_memory(err);
    memcpy(command, words, sizeof(words));
    *out = command;
    return ASH_OK;
}

static ash_status places(const executor_job *job, const char *listing, arena *a, place **out, size_t *n, ash_error *err)
{
    size_t lines = 0;
    for (const char *at = listing; (at = strchr(at, '\n')); at++)
        lines++;
    *n = 0;
    if (!(*out = ARENA_NEW(a, place, lines + 1)))
        return ash_fail_memory(err);
    for (const char *line = listing; lines--; line = strchr(line, '\n') + 1) {
        long long id;
        char left[64];
        int cpus;
        if (sscanf(line, "%lld %63s %d", &id, left, &cpus) != 3 || cpus < 1 || cpus > 4096)
            continue;
        const char *name = arena_printf(a, "pilot %lld", id);
        const char *srun = arena_printf(a, "srun --jobid=%lld --overlap -N1 -n1 -c%d --mem=0 --mpi=none -Q", id, cpus);
        const char *alive = arena_printf(a, "/tmp/ashlar-pilot-%lld", id);
        if (!name || !srun || !alive)
            return ash_fail_memory(err);
        if (slurm_place(job, name, srun, slurm_seconds(left), alive, job->workers ? job->workers : cpus, a, &(*out)[(*n)++], err) != ASH_OK)
            return err->status;
    }
    return ASH_OK;
}

static ash_status run(const executor_job *job, ash_error *err)
{
    static const launcher pilots = {.elastic = true, .lister = lister, .places = places};
    return pool_run(job, &pilots, err);
}

const executor_type executor_slurm = {
    .name = "slurm",
    .help = "a worker on each node that a Slurm pilot job holds; ashlar launch slurm",
    .needs_site = true,
    .run = run,
};
