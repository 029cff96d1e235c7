/* SPDX-License-Identifier: GPL-3.0-or-later */
/* load.c - a run out of the database, with what was measured afterwards and where it ran */
#include "reports/nodes.h"
#include "reports/report.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static ash_status fail_sql(sqlite3 *h, ash_error *err)
{
    return ash_fail(err, ASH_BROKEN, "cannot read the database: %s", sqlite3_errmsg(h));
}

static trial *find_trial(trial **trials, size_t n, uint64_t id)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (trials[mid]->id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && trials[lo]->id == id ? trials[lo] : NULL;
}

/* Annotations (test_error, ...) become metrics of the trial in the report; they are no part of the record. */
static ash_status add_annotations(sqlite3 *h, int64_t run, trial **trials, size_t n, arena *a, ash_error *err)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(h, "SELECT trial, metric, value FROM annotations WHERE run = ?1 AND value IS NOT NULL ORDER BY trial, metric",
                           -1, &s, NULL) != SQLITE_OK)
        return fail_sql(h, err);
    sqlite3_bind_int64(s, 1, run);
    int step;
    while ((step = sqlite3_step(s)) == SQLITE_ROW) {
        trial *t = find_trial(trials, n, (uint64_t)sqlite3_column_int64(s, 0));
        const char *name = (const char *)sqlite3_column_text(s, 1);
        if (!t || !name)
            continue;
        metric *m = ARENA_NEW(a, metric, t->n_metrics + 1);
        char *copy = arena_strdup(a, name);
        if (!m || !copy) {
            sqlite3_finalize(s);
            return ash_fail_memory(err);
        }
        if (t->n_metrics)
            memcpy(m, t->metrics, t->n_metrics * sizeof *m);
        m[t->n_metrics] = (metric){copy, sqlite3_column_double(s, 2)};
        t->metrics = m;
        t->n_metrics++;
    }
    sqlite3_finalize(s);
    return step == SQLITE_DONE ? ASH_OK : fail_sql(h, err);
}

typedef struct field_list {
    report_field *v;
    size_t n, cap;
    arena *a;
} field_list;

static void add_field(field_list *l, const char *name, const char *value)
{
    if (!value || !*value || l->n == l->cap)
        return;
    report_field f = {arena_strdup(l->a, name), arena_strdup(l->a, value)};
    if (f.name && f.value)
        l->v[l->n++] = f;
}

/* The environment of the last session, and the span of all of them. */
static ash_status add_sessions(sqlite3 *h, int64_t run, field_list *l, ash_error *err)
{
    static const char sql[] =
        "SELECT version, host, system, cpu, cores, memory_bytes, compiler, libraries, started_at, ended_at, state, "
        "(SELECT count(*) FROM sessions WHERE run = ?1), (SELECT min(started_at) FROM sessions WHERE run = ?1) "
        "FROM sessions WHERE run = ?1 ORDER BY session DESC LIMIT 1";
    static const char *const names[] = {"Ashlar", "host", "system", "processor", "cores", "memory", "compiler", "libraries"};
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(h, sql, -1, &s, NULL) != SQLITE_OK)
        return fail_sql(h, err);
    sqlite3_bind_int64(s, 1, run);
    int step = sqlite3_step(s);
    if (step == SQLITE_ROW) {
        for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++) {
            if (i == 5 && sqlite3_column_int64(s, i) > 0)
                add_field(l, names[i], arena_printf(l->a, "%" PRId64 " MiB", (int64_t)sqlite3_column_int64(s, i) >> 20));
            else if (i != 5)
                add_field(l, names[i], (const char *)sqlite3_column_text(s, i));
        }
        add_field(l, "sessions", (const char *)sqlite3_column_text(s, 11));
        add_field(l, "first started", (const char *)sqlite3_column_text(s, 12));
        add_field(l, "last ended", (const char *)sqlite3_column_text(s, 9));
        add_field(l, "state", (const char *)sqlite3_column_text(s, 10));
    }
    sqlite3_finalize(s);
    return step == SQLITE_ROW || step == SQLITE_DONE ? ASH_OK : fail_sql(h, err);
}

ash_status report_load(db *d, int64_t run, const char *source, arena *a, report **out, ash_error *err)
{
    db_run *r = ARENA_NEW(a, db_run, 1);
    field_list fields = {.v = ARENA_NEW(a, report_field, 20), .cap = 20, .a = a};
    trial **trials = NULL;
    size_t n = 0, n_told = 0, by_clock = 0;
    hash256 digest;
    nodes *where = NULL;
    char hex[65];
    if (!r || !fields.v)
        return ash_fail_memory(err);
    ash_status s = db_load_run(d, run, a, r, err);
    if (s == ASH_OK)
        s = db_load_trials(d, r->id, a, &trials, &n, err);
    if (s == ASH_OK)
        s = db_digest(d, r->id, &digest, &n_told, &by_clock, err);
    if (s == ASH_OK)
        s = add_annotations(db_handle(d), r->id, trials, n, a, err);
    if (s == ASH_OK) {
        add_field(&fields, "digest", hash_to_hex(hex, &digest));
        add_field(&fields, "ended by a clock", by_clock ? arena_printf(a, "%zu trials", by_clock) : NULL);
        s = add_sessions(db_handle(d), r->id, &fields, err);
    }
    if (s == ASH_OK)
        s = nodes_load(db_handle(d), r->id, a, &where, err);
    if (s == ASH_OK)
        s = report_build(r, trials, n, a, out, err);
    if (s != ASH_OK)
        return s;
    (*out)->source = source;
    (*out)->fields = fields.v;
    (*out)->n_fields = fields.n;
    (*out)->nodes = where;
    return ASH_OK;
}
