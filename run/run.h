/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.h - the main job without a command line: a run file searched into a database
 *
 *     run_job r = {0};
 *     run_open(&r, file, "digits.db", false, &err) ... run_search(&r, &watch, &err) ... run_end(&r, false, &err)
 *     run_close(&r);
 *
 * The same run file in the same database resumes or extends what is stored there. */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include "run/recorder.h"

typedef struct run_flags {
    bool new_run;      /* a run of other settings may join the study */
    bool take_over;    /* go on although another process has the study: it stores nothing more */
    bool check_replay; /* on resume, ask for every stored trial too, and compare */
} run_flags;

typedef struct run_job {
    arena *arena;
    session session;
    recorder recorder;
    db *db;
    db_run row; /* what the database holds of the run */
    controller *controller;
} run_job;

/* Takes the file over, also when it fails; run_close after either, whatever else fails too. What can be wrong with the run file is found
 * before the database is made. */
ash_status run_open(run_job *r, runfile *f, const char *db_path, run_flags flags, ash_error *err);

typedef struct run_watch {
    int (*interrupted)(void *ctx); /* as in executor_job */
    void (*progress)(void *ctx, const controller_progress *p);
    void *ctx;
    const char *worker; /* this program, to start worker processes; NULL: executors that need one are refused */
} run_watch;
ash_status run_search(run_job *r, const run_watch *watch, ash_error *err);

/* Marks the run's end in the database. One that was not interrupted first opens the test split for the front; one that evaluated nothing is
 * ASH_INVALID. */
ash_status run_end(run_job *r, bool interrupted, ash_error *err);
void run_close(run_job *r); /* fine on a zeroed struct */

#endif
