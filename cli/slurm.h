/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slurm.h - what launch, stop and doctor share: names of jobs, batch scripts, Slurm's programs */
#ifndef CLI_SLURM_H
#define CLI_SLURM_H

#include "core/arena.h"
#include "core/buffer.h"
#include "core/status.h"

typedef struct slurm_request {
    const char *program, *config, *db, *log; /* absolute paths */
    const char *name;                        /* of the run's job; its pilots are NAME-pilots */
    const char *time, *partition, *mem, *controller_mem; /* as sbatch takes them; NULL: the site's default */
    int pilots, cpus, array_limit, nodes, idle_s;
    const char *const *run;      /* further words of the run's command */
    size_t n_run;
} slurm_request;

/* One name for each database: ashlar-digits-1a2b3c4d. */
const char *slurm_name(const char *db, arena *a);
void slurm_controller_script(const slurm_request *r, buffer *out);
void slurm_pilot_script(const slurm_request *r, buffer *out);

/* Runs a program of Slurm's with `input` on its standard input; *out is what it prints, without the last newline, in `a`. ASH_BROKEN with
 * what it says when it fails. */
ash_status slurm_call(const char *const *command, const char *input, arena *a, char **out, ash_error *err);

/* Absolute form of the path of a file that need not exist; in `a`. */
const char *slurm_absolute(const char *path, arena *a);

#endif
