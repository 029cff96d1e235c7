/* SPDX-License-Identifier: GPL-3.0-or-later */
/* private.h - what stands behind the opaque types of ashlar.h */
#ifndef LIB_PRIVATE_H
#define LIB_PRIVATE_H

#include "core/trial.h"
#include "db/db.h"

struct ash_trial {
    const trial *record;
    const ash_run *run;
};

struct ash_run {
    ash_study *study;
    ash_run *next;
    arena *arena; /* of all below */
    db_run row;
    const char **objectives; /* (n_objectives) */
    ash_trial *trials; /* (n), ascending ids */
    const ash_trial **front; /* (n_front) */
    size_t n_objectives, n, n_front;
};

struct ash_study {
    db *db;
    arena *arena;
    int64_t *ids; /* (n), of the runs when it was opened */
    size_t n;
    ash_run *runs; /* loaded so far */
};

/* Once per entry point: no message, no aborting handler. */
void lib_begin(void);

#endif
