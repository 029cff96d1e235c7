/* SPDX-License-Identifier: GPL-3.0-or-later */
/* statements.c - prepared statements, and values going in and out of them */
#include "db/private.h"
#include <math.h>
#include <string.h>
#include <time.h>

/* The metrics of metrics.def come last in both, in that order. */
static const char insert_trial[] =
    "INSERT INTO trials (run, trial, status, reason, genome, key, original, virtual_start, virtual_duration, "
    "metric_list, "
    "trained_macs, weights_hash, blocks, wall_s, host, worker, attempts, found_in, session, "
    "stored_at"
#define DB_METRIC(name) ", " #name
#include "db/metrics.def"
#undef DB_METRIC
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, "
    "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
#define DB_METRIC(name) ", ?"
#include "db/metrics.def"
#undef DB_METRIC
    ") ON CONFLICT (run, trial) DO NOTHING";

static const char select_trials[] =
    "SELECT t.run, t.trial, t.status, t.reason, t.genome, t.key, t.original, t.virtual_start, "
    "t.virtual_duration, l.names, "
    "t.trained_macs, t.weights_hash, b.description, t.wall_s, t.host, t.worker, t.attempts, t.found_in"
#define DB_METRIC(name) ", t." #name
#include "db/metrics.def"
#undef DB_METRIC
    " FROM trials t LEFT JOIN metric_lists l ON l.metric_list = t.metric_list LEFT JOIN blocks b ON b.blocks "
    "= t.blocks"
    " WHERE t.run = ?1 AND t.trial BETWEEN ?2 AND ?3 ORDER BY t.trial";

static const char *const sql_text[] = {
#define DB_STATEMENT(name, sql) [DB_##name] = sql,
#include "db/statements.def"
#undef DB_STATEMENT
};

sqlite3_stmt *db_statement(db *d, db_sql which, ash_error *err)
{
    sqlite3_stmt **s = &d->statements[which];
    if (!*s &&
        sqlite3_prepare_v3(d->handle, sql_text[which], -1, SQLITE_PREPARE_PERSISTENT, s, NULL) != SQLITE_OK) {
        db_fail(d, err, "use its tables");
        return NULL;
    }
    sqlite3_reset(*s);
    sqlite3_clear_bindings(*s);
    return *s;
}

ash_status db_run_statement(db *d, sqlite3_stmt *s, const char *what, ash_error *err)
{
    int rc = sqlite3_step(s);
    ash_status status = rc == SQLITE_DONE || rc == SQLITE_ROW ? ASH_OK : db_fail(d, err, what);
    sqlite3_reset(s);
    return status;
}

void db_bind_text(sqlite3_stmt *s, int index, const char *text)
{
    sqlite3_bind_text(s, index, text, -1, SQLITE_STATIC);
}

void db_bind_hash(sqlite3_stmt *s, int index, const hash256 *h)
{
    if (hash_is_zero(h))
        sqlite3_bind_null(s, index);
    else
        sqlite3_bind_blob(s, index, h->b, sizeof(h->b), SQLITE_STATIC);
}

const char *db_column_text(sqlite3_stmt *s, int column, arena *a, bool *ok)
{
    if (sqlite3_column_type(s, column) == SQLITE_NULL)
        return NULL;
    const char *text = (const char *)sqlite3_column_text(s, column);
    const char *copy = text ? arena_strdup(a, text) : NULL;
    if (!copy)
        *ok = false;
    return copy;
}

hash256 db_column_hash(sqlite3_stmt *s, int column)
{
    hash256 h = {{0}};
    const void *bytes = sqlite3_column_blob(s, column);
    if (bytes && sqlite3_column_bytes(s, column) == (int)sizeof(h.b))
        memcpy(h.b, bytes, sizeof(h.b));
    return h;
}

double db_column_real(sqlite3_stmt *s, int column)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? NAN : sqlite3_column_double(s, column);
}

void db_utc_now(char out[32])
{
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
