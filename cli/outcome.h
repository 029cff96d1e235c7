/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outcome.h - what is printed at the end of a run */
#ifndef CLI_OUTCOME_H
#define CLI_OUTCOME_H

#include "cli/command.h"
#include "run/recorder.h"

/* The front as a table; for people also the baselines, the hypervolume, the database's path and the next commands. */
ash_status outcome_print(recorder *r, output_format format, double wall_s, ash_error *err);

/* A word for a shell: quoted when it needs to be. In `a`; NULL: out of memory. */
const char *outcome_shell_word(arena *a, const char *word);

#endif
