/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outcome.h - the end of a run: test errors of the front, and what is printed */
#ifndef CLI_OUTCOME_H
#define CLI_OUTCOME_H

#include "cli/command.h"
#include "run/recorder.h"

/* Opens the test split, once, for the members of the front: each is scored with its stored weights, and trained again when
 * there are none (a result that was known from another run). Nothing to do without a test split. */
ash_status outcome_test(recorder *r, ash_error *err);

/* The front as a table; for people also the baselines, the hypervolume, the database's path and the next commands. */
ash_status outcome_print(recorder *r, output_format format, double wall_s, ash_error *err);

/* A word for a shell: quoted when it needs to be. In `a`; NULL: out of memory. */
const char *outcome_shell_word(arena *a, const char *word);

#endif
