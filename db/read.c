/* SPDX-License-Identifier: GPL-3.0-or-later */
/* read.c - trials, weights and digests out of a study
 *
 * Whatever is read may have been written by anybody: a status that has no name, too many parents or an id
 * that is no id is a damaged database and an error, never a crash.
 */
#include "db/private.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const columns[] = {
#define DB_METRIC(name) #name,
#include "db/metrics.def"
#undef DB_METRIC
};
enum { N_COLUMNS = sizeof(columns) / sizeof(*columns), FIRST_METRIC = 18 /* column of SELECT_TRIALS */ };

static ash_status damaged(db *d, uint64_t trial_id, const char *what, ash_error *err)
{
    return ash_fail(err, ASH_BROKEN, "%s: the database is damaged: trial %llu has %s", d->path,
                    (unsigned long long)trial_id, what);
}

static ash_status stored_metric(db *d, db_sql which, int64_t run, uint64_t id, const char *name,
                                double *value, ash_error *err)
{
    sqlite3_stmt *s = db_statement(d, which, err);
    if (!s)
        return err->status;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, (int64_t)id);
    db_bind_text(s, 3, name);
    int rc = sqlite3_step(s);
    *value = rc == SQLITE_ROW ? db_column_real(s, 0) : NAN;
    ash_status status = rc == SQLITE_ROW || rc == SQLITE_DONE ? ASH_OK : db_fail(d, err, "read a metric");
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return status;
}

/* `names`: the told metrics in order, comma-separated; its commas become ends of strings. */
static ash_status load_metrics(db *d, sqlite3_stmt *row, char *names, int64_t run, trial *t, arena *a,
                               ash_error *err)
{
    size_t n = 1;
    for (const char *p = names; *p; p++)
        n += *p == ',';
    metric *m = ARENA_NEW(a, metric, n);
    if (!m)
        return ash_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        m[i].name = names;
        names += strcspn(names, ",");
        *names++ = 0;
        int column = -1;
        for (int c = 0; c < N_COLUMNS && column < 0; c++)
            if (strcmp(columns[c], m[i].name) == 0)
                column = c;
        ash_status status = ASH_OK;
        if (column >= 0)
            m[i].value = db_column_real(row, FIRST_METRIC + column);
        else
            status = stored_metric(d, DB_SELECT_METRIC, run, t->id, m[i].name, &m[i].value, err);
        if (status != ASH_OK)
            return status;
    }
    t->metrics = m;
    t->n_metrics = n;
    return ASH_OK;
}

static ash_status load_parents(db *d, int64_t run, trial *t, ash_error *err)
{
    sqlite3_stmt *s = db_statement(d, DB_SELECT_PARENTS, err);
    if (!s)
        return err->status;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, (int64_t)t->id);
    ash_status status = ASH_OK;
    int rc = SQLITE_DONE;
    while (status == ASH_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        if (t->n_parents == TRIAL_MAX_PARENTS)
            status = damaged(d, t->id, "too many parents", err);
        else
            t->parents[t->n_parents++] = (uint64_t)sqlite3_column_int64(s, 0);
    }
    if (status == ASH_OK && rc != SQLITE_DONE)
        status = db_fail(d, err, "read parents");
    sqlite3_reset(s);
    return status;
}

static ash_status load_curve(db *d, int64_t run, trial *t, arena *a, ash_error *err)
{
    sqlite3_stmt *s = db_statement(d, DB_SELECT_CURVE, err);
    if (!s)
        return err->status;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, (int64_t)t->id);
    buffer points = {0};
    int rc;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        curve_point p = {(uint32_t)sqlite3_column_int64(s, 0), db_column_real(s, 1), db_column_real(s, 2),
                         db_column_real(s, 3)};
        buffer_add(&points, &p, sizeof(p));
        t->n_curve++;
    }
    ash_status status = rc == SQLITE_DONE ? ASH_OK : db_fail(d, err, "read a learning curve");
    sqlite3_reset(s);
    if (status == ASH_OK && t->n_curve) {
        t->curve = points.failed ? NULL : arena_memdup(a, points.data, points.len);
        if (!t->curve)
            status = ash_fail_memory(err);
    }
    buffer_free(&points);
    return status;
}

static ash_status load_row(db *d, sqlite3_stmt *s, arena *a, trial **out, ash_error *err)
{
    trial *t = *out = ARENA_NEW(a, trial, 1);
    if (!t)
        return ash_fail_memory(err);
    int64_t run = sqlite3_column_int64(s, 0), id = sqlite3_column_int64(s, 1);
    bool ok = true;
    t->id = (uint64_t)id;
    const char *name = (const char *)sqlite3_column_text(s, 2);
    if (!name || !trial_status_from_name(name, &t->status) || t->status == TRIAL_PENDING)
        return damaged(d, t->id, "an unknown status", err);
    t->reason = db_column_text(s, 3, a, &ok);
    t->genome = db_column_text(s, 4, a, &ok);
    t->key = db_column_hash(s, 5);
    t->original = (uint64_t)sqlite3_column_int64(s, 6);
    t->virtual_start = (uint64_t)sqlite3_column_int64(s, 7);
    t->virtual_duration = (uint64_t)sqlite3_column_int64(s, 8);
    char *names = (char *)db_column_text(s, 9, a, &ok); /* our copy */
    t->trained_macs = (uint64_t)sqlite3_column_int64(s, 10);
    t->weights_hash = db_column_hash(s, 11);
    t->blocks = db_column_text(s, 12, a, &ok);
    t->wall_s = db_column_real(s, 13);
    t->host = db_column_text(s, 14, a, &ok);
    t->worker = (uint32_t)sqlite3_column_int64(s, 15);
    t->attempts = (uint32_t)sqlite3_column_int64(s, 16);
    t->found_in = db_column_text(s, 17, a, &ok);
    if (!ok)
        return ash_fail_memory(err);
    ash_status status = names ? load_metrics(d, s, names, run, t, a, err) : ASH_OK;
    if (status == ASH_OK)
        status = load_parents(d, run, t, err);
    return status == ASH_OK ? load_curve(d, run, t, a, err) : status;
}

/* Rows of [first, last] in id order, by a statement of its own, so that visitors may use the study meanwhile.
 * With `each` the arena is reset after every trial. */
static ash_status walk(db *d, int64_t run, int64_t first, int64_t last, arena *a, bool each,
                       ash_status (*visit)(void *, const trial *, ash_error *), void *ctx, ash_error *err)
{
    sqlite3_stmt *s = db_statement(d, DB_SELECT_TRIALS, err);
    if (!s)
        return err->status;
    if (sqlite3_prepare_v2(d->handle, sqlite3_sql(s), -1, &s, NULL) != SQLITE_OK)
        return db_fail(d, err, "read trials");
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, first);
    sqlite3_bind_int64(s, 3, last);
    ash_status status = ASH_OK;
    int rc = SQLITE_DONE;
    while (status == ASH_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        trial *t;
        status = load_row(d, s, a, &t, err);
        if (status == ASH_OK)
            status = visit(ctx, t, err);
        if (each)
            arena_reset(a);
    }
    if (status == ASH_OK && rc != SQLITE_DONE)
        status = db_fail(d, err, "read trials");
    sqlite3_finalize(s);
    return status;
}

ash_status db_each_trial(db *d, int64_t run, ash_status (*visit)(void *, const trial *, ash_error *),
                         void *ctx, ash_error *err)
{
    arena *a = arena_create();
    if (!a)
        return ash_fail_memory(err);
    ash_status status = walk(d, run, 1, INT64_MAX, a, true, visit, ctx, err);
    arena_destroy(a);
    return status;
}

static ash_status collect(void *ctx, const trial *t, ash_error *err)
{
    buffer *b = ctx;
    buffer_add(b, &t, sizeof(t));
    return b->failed ? ash_fail_memory(err) : ASH_OK;
}

ash_status db_load_trials(db *d, int64_t run, arena *a, trial ***out, size_t *n, ash_error *err)
{
    buffer all = {0}; /* of trial * */
    *out = NULL;
    *n = 0;
    ash_status status = walk(d, run, 1, INT64_MAX, a, false, collect, &all, err);
    if (status == ASH_OK && all.len && !(*out = arena_memdup(a, all.data, all.len)))
        status = ash_fail_memory(err);
    if (status == ASH_OK)
        *n = all.len / sizeof(trial *);
    buffer_free(&all);
    return status;
}

ash_status db_load_trial(db *d, int64_t run, uint64_t trial_id, arena *a, trial **out, ash_error *err)
{
    buffer one = {0};
    *out = NULL;
    ash_status status = ASH_OK;
    if (trial_id && trial_id <= INT64_MAX)
        status = walk(d, run, (int64_t)trial_id, (int64_t)trial_id, a, false, collect, &one, err);
    if (status == ASH_OK && one.len)
        memcpy(out, one.data, sizeof(*out));
    buffer_free(&one);
    return status;
}

bool db_find_key(db *d, const hash256 *key, arena *a, trial *out)
{
    ash_error err;
    sqlite3_stmt *s = hash_is_zero(key) ? NULL : db_statement(d, DB_FIND_KEY, &err);
    if (!s)
        return false;
    db_bind_hash(s, 1, key);
    bool ok = sqlite3_step(s) == SQLITE_ROW;
    int64_t run = ok ? sqlite3_column_int64(s, 0) : 0, id = ok ? sqlite3_column_int64(s, 1) : 0;
    const char *name = ok ? db_column_text(s, 2, a, &ok) : NULL;
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    trial *t = NULL;
    if (!ok || db_load_trial(d, run, (uint64_t)id, a, &t, &err) != ASH_OK || !t)
        return false;
    t->found_in = name && name[0] ? name : arena_printf(a, "run %lld", (long long)run);
    *out = *t;
    return t->found_in != NULL;
}

double db_get_metric(db *d, int64_t run, uint64_t trial_id, const char *name)
{
    ash_error err;
    double value;
    return stored_metric(d, DB_SELECT_MEASURE, run, trial_id, name, &value, &err) == ASH_OK ? value : NAN;
}

ash_status db_get_weights(db *d, int64_t run, uint64_t trial_id, arena *a, void **bytes, size_t *n,
                          ash_error *err)
{
    *bytes = NULL;
    *n = 0;
    sqlite3_stmt *s = db_statement(d, DB_SELECT_WEIGHTS, err);
    if (!s)
        return err->status;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, (int64_t)trial_id);
    int rc = sqlite3_step(s);
    ash_status status = rc == SQLITE_ROW || rc == SQLITE_DONE ? ASH_OK : db_fail(d, err, "read weights");
    if (rc == SQLITE_ROW) {
        const void *blob = sqlite3_column_blob(s, 0);
        *n = (size_t)sqlite3_column_bytes(s, 0);
        *bytes = arena_memdup(a, blob ? blob : "", *n ? *n : 1);
        if (!*bytes)
            status = ash_fail_memory(err);
    }
    sqlite3_reset(s);
    return status;
}

typedef struct digest {
    hasher h;
    size_t n, by_clock;
} digest;

static ash_status digest_trial(void *ctx, const trial *t, ash_error *err)
{
    (void)err;
    digest *g = ctx;
    trial_digest(t, &g->h);
    g->n++;
    g->by_clock += t->status == TRIAL_TIMEOUT;
    return ASH_OK;
}

ash_status db_digest(db *d, int64_t run, hash256 *out, size_t *n_trials, size_t *by_clock, ash_error *err)
{
    digest g = {.n = 0};
    hash_init(&g.h);
    ash_status status = db_each_trial(d, run, digest_trial, &g, err);
    if (status != ASH_OK)
        return status;
    *out = hash_final(&g.h);
    *n_trials = g.n;
    *by_clock = g.by_clock;
    return ASH_OK;
}
