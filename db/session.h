/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.h - the environment of each process that worked on a run */
#ifndef DB_SESSION_H
#define DB_SESSION_H

#include "db/db.h"

ash_status db_session_begin(db *d, const db_run *run, ash_error *err); /* inside the caller's transaction */
ash_status db_session_end(db *d, const char *state, ash_error *err);

#endif
