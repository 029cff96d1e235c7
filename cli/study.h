/* SPDX-License-Identifier: GPL-3.0-or-later */
/* study.h - what the commands that read a database share */
#ifndef CLI_STUDY_H
#define CLI_STUDY_H

#include "cli/command.h"
#include "cli/table.h"
#include "db/db.h"

typedef struct study {
    db *d;
    arena *a;
    db_run run;
    const char **columns; /* of study_source: the columns of `results`, then the run's other metrics */
    size_t n_columns;
} study;

/* Opens for reading and loads the run (0: the latest; needs_run false: none). study_close also after a failure. */
ash_status study_open(study *s, const char *path, int64_t run, bool needs_run, ash_error *err);
void study_close(study *s);

/* A query in parentheses that gives one row per trial of the run: the view `results` with one more column for each metric that it
 * does not have. NULL: out of memory. */
char *study_source(study *s);
/* The column as SQL ("macs"), or NULL with "did you mean". */
const char *study_column(study *s, const char *name, ash_error *err);

/* Comma-separated names, trimmed; an empty one is refused. Array and names live in `a`. */
ash_status study_split(const char *list, arena *a, const char ***out, size_t *n, ash_error *err);

/* Only reading from now on: other SQL is refused when it is prepared (SQLITE_AUTH). */
void study_read_only(db *d);
/* Prepares one statement; what is wrong with it is the user's input (ASH_INVALID), except for a broken database. */
ash_status study_prepare(study *s, const char *sql, sqlite3_stmt **out, ash_error *err);
/* Fills a table from a statement: names made unique, numbers by the metric they are. */
ash_status study_table(study *s, sqlite3_stmt *statement, table *t, ash_error *err);

#endif
