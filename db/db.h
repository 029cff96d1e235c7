/* SPDX-License-Identifier: GPL-3.0-or-later */
/* db.h - one SQLite file per study: schema, one writer, any number of readers
 *
 * Everything that a run computed is a row, names are the field's and units are in the column names; the views
 * (results, measures, front, best, lineage, learning_curves, nodes, summary) answer the common questions in plain SQL:
 * docs/database.md.
 *
 * What was told is appended and never changed. Doubles come back bit for bit, also -0 and the infinities; NaN
 * is stored as NULL and comes back as NaN. A killed process leaves the trials of all committed batches,
 * whole.
 *
 * The newest session is the one that may write: each transaction checks that it still is this process's (ASH_STALE).
 *
 * A db is used by one thread at a time; other threads and processes open readers of their own.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "core/status.h"
#include "core/trial.h"
#include <sqlite3.h>

typedef struct db db;

/* Write access takes the study's writer lock (PATH-writer, released also by kill -9): a second writer is
 * refused (ASH_BROKEN, who holds it). Creates the file when absent. Refuses a database of another program or
 * of a newer version (ASH_INVALID), a truncated or damaged one (ASH_BROKEN), each with a sentence. Migrates
 * an older one. Ignores SIGXFSZ when nobody handles it, so that a file-size limit is an error like a full
 * disk. */
ash_status db_open_writer(const char *path, db **out, ash_error *err);
/* The same also while another process has the lock, for a run that a batch system starts anew while nobody can reach the old one:
 * db_run_begin makes this process the newest session, and whatever an older one would commit from then on is ASH_STALE there. */
ash_status db_take_over(const char *path, db **out, ash_error *err);
/* Never changes the file; waits while a writer is busy. An older schema is read through a migrated temporary copy. */
ash_status db_open_reader(const char *path, db **out, ash_error *err);
/* Is this path, which exists, on a network file system? Then a study there has a rollback journal, not a write-ahead log. */
bool db_on_network(const char *path);
/* Does a process hold the writer's lock of this study? */
bool db_is_written(const char *path);
void db_close(db *d);      /* commits what is pending; NULL is fine */
sqlite3 *db_handle(db *d); /* for queries; read-only use outside db/ */
const char *db_path(const db *d);

typedef struct db_run {
    int64_t id; /* filled by db_run_begin */
    const char *name;
    hash256 identity;        /* hash of the identity settings */
    const char *settings;    /* canonical text of the identity settings (option_print) */
    const char *config;      /* the run file as given, with overrides */
    const char *config_path; /* where it was read from, for relative paths in it; NULL: nowhere */
    uint64_t seed;
    const char *objectives; /* comma-separated metric names, in order */
    const char *reference;  /* hypervolume reference point, comma-separated reals; NULL: none */
    const char *kernel_level, *data_name,
        *data_json; /* data_json: shapes, splits, baselines for the report */
    const char *data_hash;
    const char *space_text;
} db_run;

/* Finds the run of this identity or makes it. A different identity in the database is ASH_INVALID with the
 * settings that differ, unless new_run. *resumed says which; the run file of a resumed run replaces the stored one, since its budget may differ. Records this process's environment (version,
 * host, cpu, compiler) as a session of the run. Committed at once. */
ash_status db_run_begin(db *d, db_run *run, bool new_run, bool *resumed, ash_error *err);
/* Appends a told trial with its metrics, curve and parents; batched into transactions: committed when the
 * last commit is half a second ago, every 256 trials, and by db_flush. A (run, id) that is there already is
 * left as it is: at-least-once execution is harmless. */
ash_status db_put_trial(db *d, int64_t run, const trial *t, ash_error *err);
ash_status db_flush(db *d, ash_error *err);
/* To be called now and then by a writer that waits: commits a batch that is old enough, and finds out when the study was taken over (ASH_STALE). */
ash_status db_tick(db *d, ash_error *err);
/* Trained weights; may come before their trial is told. Replaces. */
ash_status db_put_weights(db *d, int64_t run, uint64_t trial_id, const void *bytes, size_t n, ash_error *err);
/* A trial left the front: forget its weights; no error when there are none. */
ash_status db_drop_weights(db *d, int64_t run, uint64_t trial_id, ash_error *err);
/* An annotation beside the trial's own metrics, such as test_error: seen by queries and reports, never part
 * of the digest or of db_load_trials. Replaces. */
ash_status db_put_metric(db *d, int64_t run, uint64_t trial_id, const char *name, double value,
                         ash_error *err);
/* An annotation or a metric of the trial; NaN when it has neither. */
double db_get_metric(db *d, int64_t run, uint64_t trial_id, const char *name);
ash_status db_run_end(db *d, int64_t run, const char *state, ash_error *err); /* finished, interrupted */

/* Trials of a run in id order; strings live in `a`. */
ash_status db_load_trials(db *d, int64_t run, arena *a, trial ***out, size_t *n, ash_error *err);
/* One trial; *out is NULL when the run has none of this id. */
ash_status db_load_trial(db *d, int64_t run, uint64_t trial_id, arena *a, trial **out, ash_error *err);
/* Calls visit for every trial of a run in id order, in constant memory: the trial lives until visit returns.
 */
ash_status db_each_trial(db *d, int64_t run, ash_status (*visit)(void *ctx, const trial *t, ash_error *err),
                         void *ctx, ash_error *err);
/* ASH_INVALID when there is no such run. */
ash_status db_load_run(db *d, int64_t run /* 0: the latest */, arena *a, db_run *out, ash_error *err);
/* Ids of the runs, ascending. */
ash_status db_run_ids(db *d, arena *a, int64_t **out, size_t *n, ash_error *err);
/* The front of a run over its objectives, ascending ids: what the view `front` shows. */
ash_status db_load_front(db *d, int64_t run, arena *a, uint64_t **out, size_t *n, ash_error *err);
/* A finished result (ok or diverged) for a training key in any run of the study; found_in names the run. */
bool db_find_key(db *d, const hash256 *key, arena *a, trial *out);
/* *bytes is NULL when none are stored. */
ash_status db_get_weights(db *d, int64_t run, uint64_t trial_id, arena *a, void **bytes, size_t *n,
                          ash_error *err);

/* SHA-256 over the told trials in id order (trial_digest). *by_clock counts the trials that a clock ended. */
ash_status db_digest(db *d, int64_t run, hash256 *out, size_t *n_trials, size_t *by_clock, ash_error *err);

/* The SQL functions of docs/database.md (dominates, is_dominated, pareto_rank, hypervolume) on a connection;
 * db_open_* calls it. */
ash_status db_register_functions(sqlite3 *handle, ash_error *err);

#endif
