/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front.h - the end of a run: the members of the front meet the test split */
#ifndef RUN_FRONT_H
#define RUN_FRONT_H

#include "run/recorder.h"

/* Opens the test split, once, for the members of the front: each is scored with its stored weights, and trained again when
 * there are none (a result that was known from another run). Nothing to do without a test split, or for results without weights. */
ash_status front_test(recorder *r, ash_error *err);

/* The weights of a trial, from `a`: stored, or trained again (*again). *bytes is NULL when the evaluator leaves none. */
ash_status front_weights(recorder *r, const trial *t, arena *a, void **bytes, size_t *n, bool *again, ash_error *err);

#endif
