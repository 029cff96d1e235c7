/* SPDX-License-Identifier: GPL-3.0-or-later */
/* db.h - one SQLite file per study: schema, one writer, any number of readers
 *
 * Everything that a run computed is a row, names are the field's and units are in the column names; the views
 * (front, best, lineage, curves) answer the common questions in plain SQL: docs/database.md.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "core/status.h"
#include "core/trial.h"
#include <sqlite3.h>

typedef struct db db;

/* Write access takes the study's writer lock: a second writer is refused (ASH_BROKEN, who holds it). Creates the file when absent.
 * Refuses a database of another program, of a newer version, or truncated. Migrates an older one. */
ash_status db_open_writer(const char *path, db **out, ash_error *err);
ash_status db_open_reader(const char *path, db **out, ash_error *err);
void db_close(db *d); /* commits what is pending */
sqlite3 *db_handle(db *d); /* for queries; read-only use outside db/ */

typedef struct db_run {
    int64_t id;              /* filled by db_run_begin */
    const char *name;
    hash256 identity;        /* hash of the identity settings */
    const char *settings;    /* canonical text of the identity settings (option_print) */
    const char *config;      /* the run file as given, with overrides */
    const char *config_path; /* where it was read from, for relative paths in it; NULL: nowhere */
    uint64_t seed;
    const char *objectives;  /* comma-separated metric names, in order */
    const char *reference;   /* hypervolume reference point, comma-separated reals; NULL: none */
    const char *kernel_level, *data_name, *data_json; /* data_json: shapes, splits, baselines for the report */
    const char *data_hash;
    const char *space_text;
} db_run;

/* Finds the run of this identity or makes it. A different identity in the database is ASH_INVALID with the settings that
 * differ, unless new_run. *resumed says which. Records this process's environment (version, host, cpu, compiler) as a session of the run. */
ash_status db_run_begin(db *d, db_run *run, bool new_run, bool *resumed, ash_error *err);
/* Appends a told trial with its metrics, curve and parents; batched into transactions (flushed by db_flush, every 0.5 s, every 256). INSERT OR
 * IGNORE on (run, id): at-least-once execution is harmless. */
ash_status db_put_trial(db *d, int64_t run, const trial *t, ash_error *err);
ash_status db_flush(db *d, ash_error *err);
ash_status db_put_weights(db *d, int64_t run, uint64_t trial_id, const void *bytes, size_t n, ash_error *err);
/* A trial left the front: forget its weights; no error when there are none. */
ash_status db_drop_weights(db *d, int64_t run, uint64_t trial_id, ash_error *err);
/* An annotation beside the trial's own metrics: seen by queries and reports, never part of the digest or of db_load_trials. */
ash_status db_put_metric(db *d, int64_t run, uint64_t trial_id, const char *name, double value, ash_error *err); /* e.g. test_error */
ash_status db_run_end(db *d, int64_t run, const char *state, ash_error *err); /* finished, interrupted */

/* Trials of a run in id order; strings live in `a`. */
ash_status db_load_trials(db *d, int64_t run, arena *a, trial ***out, size_t *n, ash_error *err);
ash_status db_load_run(db *d, int64_t run /* 0: the latest */, arena *a, db_run *out, ash_error *err);
/* A finished result for a training key in any run of the study. */
bool db_find_key(db *d, const hash256 *key, arena *a, trial *out);
ash_status db_get_weights(db *d, int64_t run, uint64_t trial_id, arena *a, void **bytes, size_t *n, ash_error *err);

/* SHA-256 over the told trials in id order (trial_digest). *by_clock counts the trials that a clock ended. */
ash_status db_digest(db *d, int64_t run, hash256 *out, size_t *n_trials, size_t *by_clock, ash_error *err);

/* SQL functions and aggregates (dominance rank, hypervolume) on a connection; db_open_* calls it. */
ash_status db_register_functions(sqlite3 *handle, ash_error *err);

#endif
