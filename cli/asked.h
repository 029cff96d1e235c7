/* SPDX-License-Identifier: GPL-3.0-or-later */
/* asked.h - a stored trial whose network is asked: its run, its data, its weights, and which split it may see
 *
 * Weights are kept for members of the front; another trial is trained again, which gives the same bits. */
#ifndef CLI_ASKED_H
#define CLI_ASKED_H

#include "nn/train.h"
#include "run/stored.h"

typedef struct asked {
    stored_run stored;
    trial *trial; /* a duplicate is the trial that it repeats */
    nn_net *net;
    bool on_front, again, test; /* again: trained again; test: the split is the test split */
} asked;

/* split: val, test or NULL: test for members of the front, val for others. ASH_INVALID: no such trial, no weights, no such split. asked_close, and
 * then arena_destroy, after either. */
ash_status asked_open(asked *q, const char *path, int64_t run, int64_t id, const char *split, arena *a, ash_error *err);
void asked_close(asked *q); /* fine on a zeroed struct */

/* Warns whoever opens the test split for a trial that is not on the front. */
void asked_warn(const asked *q);

#endif
