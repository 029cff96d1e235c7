/* SPDX-License-Identifier: GPL-3.0-or-later */
/* allocation.c - workers on the nodes of the Slurm job that this program runs in, one step on each
 *
 * A step that ends is started again, so a node that comes back takes part again; --no-kill lets the job outlive a node. */
#include "evaluator/exec/slurm_job.h"

#include <stdlib.h>
#include <string.h>

/* First line: what is left of the job. Then a host in each line. */
static ash_status lister(const executor_job *job, arena *a, const char *const **out, ash_error *err)
{
    static const char list[] = "squeue -h -j \"$0\" -o %L && scontrol show hostnames \"$1\"";
    const char *id = getenv("SLURM_JOB_ID"), *nodes = getenv("SLURM_JOB_NODELIST"), *cpus = getenv("SLURM_JOB_CPUS_PER_NODE");
    (void)job;
    if (!id || !nodes)
        return ash_fail(err, ASH_INVALID, "executor allocation runs inside a Slurm job; \"ashlar launch slurm --nodes N\" submits one");
    const char **command = ARENA_NEW(a, const char *, 6);
    const char *words[] = {"sh", "-c", list, arena_strdup(a, id), arena_strdup(a, nodes)};
    if (!command || !words[3] || !words[4] || setenv("ASHLAR_JOB_CPUS", cpus ? cpus : "1", 1) != 0)
        return ash_fail_memory(err);
    memcpy(command, words, sizeof(words));
    *out = command;
    slurm_forget_job();
    return setenv("SLURM_JOB_ID", words[3], 1) == 0 ? ASH_OK : ash_fail_memory(err);
}

/* Of the i-th node, from "2(x3),4". */
static int cpus_of(const char *list, size_t i)
{
    while (*list) {
        char *end;
        long cpus = strtol(list, &end, 10), times = 1;
        if (strncmp(end, "(x", 2) == 0)
            times = strtol(end + 2, &end, 10);
        if (i < (size_t)times)
            return cpus > 0 ? (int)cpus : 1;
        i -= (size_t)times;
        list = end + strspn(end, "),");
        if (list == end)
            break;
    }
    return 1;
}

static ash_status places(const executor_job *job, const char *listing, arena *a, place **out, size_t *n, ash_error *err)
{
    char *text = arena_strdup(a, listing), *rest;
    *n = 0;
    if (!text || !(*out = ARENA_NEW(a, place, strlen(text) + 1)))
        return ash_fail_memory(err);
    const char *left = strtok_r(text, "\n", &rest), *id = getenv("SLURM_JOB_ID"), *list = getenv("ASHLAR_JOB_CPUS");
    for (const char *host; left && id && list && (host = strtok_r(NULL, "\n", &rest));) {
        int cpus = cpus_of(list, *n);
        const char *srun = arena_printf(a, "srun --jobid=%s --exact --overlap -N1 -n1 -w %s -c%d --mem=0 --mpi=none -Q", id, host, cpus);
        if (!srun)
            return ash_fail_memory(err);
        if (slurm_place(job, host, srun, slurm_seconds(left), NULL, job->workers ? job->workers : cpus, a, &(*out)[(*n)++], err) != ASH_OK)
            return err->status;
    }
    return ASH_OK;
}

static ash_status run(const executor_job *job, ash_error *err)
{
    static const launcher steps = {.elastic = true, .lister = lister, .places = places};
    return pool_run(job, &steps, err);
}

const executor_type executor_allocation = {
    .name = "allocation",
    .help = "a worker on each node of the Slurm job that the run is in",
    .needs_site = true,
    .run = run,
};
