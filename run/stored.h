/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stored.h - a run opened again from its database alone: to train what it trained, or to ask its networks
 *
 * The database holds the run file, the data's hash and the kernel level; nothing else is needed but the data set itself.
 */
#ifndef RUN_STORED_H
#define RUN_STORED_H

#include "run/recorder.h"

typedef struct stored_run {
    arena *arena;
    db *db; /* for reading */
    db_run row;
    session session;
    recorder recorder; /* takes the weights that trainings leave */
} stored_run;

/* Run 0 is the latest. ASH_INVALID: other data, a kernel level that this machine lacks. stored_close after either. */
ash_status stored_open(stored_run *s, const char *db_path, int64_t run, ash_error *err);
void stored_close(stored_run *s); /* fine on a zeroed struct */

#endif
