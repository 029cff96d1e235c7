/* SPDX-License-Identifier: GPL-3.0-or-later */
/* constraint.h - "model_bytes <= 64K": hard limits on what is known before training */
#ifndef SEARCH_CONSTRAINT_H
#define SEARCH_CONSTRAINT_H

#include "core/arena.h"
#include "core/status.h"
#include "core/trial.h"

typedef enum constraint_op { CONSTRAINT_LE, CONSTRAINT_LT, CONSTRAINT_GE, CONSTRAINT_GT } constraint_op;

typedef struct constraint {
    const char *text;   /* as written, blanks around it cut */
    const char *metric; /* in the arena */
    constraint_op op;
    double bound;
} constraint;

/* Metric, one of <= < >= >, and a number. Units: K, M, G are powers of 1024 for metrics whose name ends with _bytes and of
 * 1000 (k, M, G) for all others. */
ash_status constraint_parse(const char *text, arena *a, constraint *out, ash_error *err);

/* 0: satisfied; else how far outside, relative to the bound (absolute for a bound of 0); never 0 when violated. NaN
 * when the value is NaN. */
double constraint_violation(const constraint *c, double value);

#endif
