/* SPDX-License-Identifier: GPL-3.0-or-later */
/* private.h - what the files of db/ share
 *
 * open.c opens and refuses, schema.c migrates, lock.c keeps the second writer out, run.c knows runs and
 * sessions, write.c appends, front.c keeps the front, read.c loads, functions.c is the mathematics in SQL.
 */
#ifndef DB_PRIVATE_H
#define DB_PRIVATE_H

#include "db/db.h"

#define DB_APPLICATION_ID 0x4173686c /* "Ashl", in the file's header */

extern const char *const db_migrations[]; /* db_migrations[n]: version n to n + 1 */
extern const int db_version;              /* the newest */
extern const char db_views[];

typedef enum db_sql {
#define DB_STATEMENT(name, sql) DB_##name,
#include "db/statements.def"
#undef DB_STATEMENT
    DB_STATEMENT_COUNT
} db_sql;

/* The front of one run in memory: ids ascending and their objectives, row by row. */
typedef struct db_front {
    int64_t run; /* 0: none loaded */
    size_t m, n, cap;
    char **names;   /* [m] */
    uint64_t *ids;  /* [n] */
    double *points; /* [n * m] */
} db_front;

typedef struct db_lock {
    int fd;     /* of PATH-writer; -1: a reader */
    char *name; /* owned */
} db_lock;

struct db {
    sqlite3 *handle;
    char *path;
    db_lock lock;
    bool writer;
    sqlite3_stmt *statements[DB_STATEMENT_COUNT];
    bool in_transaction;
    unsigned pending;     /* trials since the last commit */
    double last_commit_s; /* clock_wall_s */
    int64_t session;      /* of this process; 0: none yet */
    db_front front;
    char *metric_list; /* the last trial's list of metric names, and its id: nearly always the same */
    int64_t metric_list_id;
};

/* lock.c */
ash_status db_lock_take(const char *path, db_lock *lock, ash_error *err);
void db_lock_release(db_lock *lock); /* fd -1 is fine */

/* open.c: as db_open_writer, or db_take_over; `network` asks for the journal of a network file system. */
ash_status db_open_writer_as(const char *path, bool network, bool take_over, db **out, ash_error *err);
/* ash_fail with SQLite's message, made a sentence: full disk, damaged file, locked. `what` is the failed
 * deed. */
ash_status db_fail(db *d, ash_error *err, const char *what);
ash_status db_fail_on(sqlite3 *handle, const char *path, ash_error *err, const char *what);

/* schema.c */
ash_status db_migrate_to(sqlite3 *handle, const char *path, int version,
                         ash_error *err); /* tests stop at an older one */
ash_status db_check_schema(db *d, ash_error *err);

/* statements.c: a prepared, reset statement, or NULL with err. Owned by d. */
sqlite3_stmt *db_statement(db *d, db_sql which, ash_error *err);
/* Steps a statement that returns no rows, and resets it. */
ash_status db_run_statement(db *d, sqlite3_stmt *s, const char *what, ash_error *err);

void db_bind_text(sqlite3_stmt *s, int index, const char *text); /* NULL: NULL; borrowed until reset */
void db_bind_hash(sqlite3_stmt *s, int index, const hash256 *h); /* zero: NULL */
const char *db_column_text(sqlite3_stmt *s, int column, arena *a, bool *ok); /* NULL stays NULL */
hash256 db_column_hash(sqlite3_stmt *s, int column);                         /* NULL or odd: zero */
double db_column_real(sqlite3_stmt *s, int column);                          /* NULL: NaN */
void db_utc_now(char out[32]);                                               /* "2026-01-31T12:00:00Z" */

/* write.c */
ash_status db_begin(db *d, ash_error *err); /* opens the batch unless it is open */

/* front.c */
ash_status db_front_add(db *d, int64_t run, const trial *t, ash_error *err);
void db_front_forget(db *d);

#endif
