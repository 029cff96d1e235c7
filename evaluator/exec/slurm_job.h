/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slurm_job.h - what the launchers under Slurm share */
#ifndef EVALUATOR_SLURM_JOB_H
#define EVALUATOR_SLURM_JOB_H

#include "evaluator/exec/pool.h"

/* "1-02:03:04", "05:06", as squeue prints what is left of a job; 0: no limit, or no time at all. */
int64_t slurm_seconds(const char *text);
/* A job's variables would make steps of other jobs into steps of this one: forget all but the way to the configuration. */
void slurm_forget_job(void);
/* A worker started by `srun` and its options, for so long; `alive`: NULL or a file that it touches. */
ash_status slurm_place(const executor_job *job, const char *name, const char *srun, int64_t left_s, const char *alive, int slots, arena *a, place *out,
                       ash_error *err);

#endif
