/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front.c - the front of a run, kept while trials arrive
 *
 * The objectives of a run are known when it begins, so its front need not be searched for: a new trial is
 * compared with the members, and enters, and drives out those that it dominates, in the transaction that
 * appends it. So the view `front` is a join, at any number of trials, in any SQLite shell. Members are the
 * trials with status ok and no NaN among their objectives; equal points are all members, as in core/pareto.h.
 * Duplicates are not: their original is.
 */
#include "core/pareto.h"
#include "db/private.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void db_front_forget(db *d)
{
    db_front *f = &d->front;
    for (size_t i = 0; i < f->m; i++)
        free(f->names[i]);
    free(f->names);
    free(f->ids);
    free(f->points);
    *f = (db_front){0};
}

static bool grow(db_front *f)
{
    if (f->n < f->cap)
        return true;
    size_t cap = f->cap ? 2 * f->cap : 64;
    uint64_t *ids = realloc(f->ids, cap * sizeof(*ids));
    if (ids)
        f->ids = ids;
    double *points = ids ? realloc(f->points, cap * f->m * sizeof(*points)) : NULL;
    if (points) {
        f->points = points;
        f->cap = cap;
    }
    return points != NULL;
}

static ash_status load(db *d, int64_t run, ash_error *err)
{
    db_front *f = &d->front;
    db_front_forget(d);
    sqlite3_stmt *s = db_statement(d, DB_SELECT_OBJECTIVES, err);
    if (!s)
        return err->status;
    sqlite3_bind_int64(s, 1, run);
    int rc;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(s, 0);
        char **names = realloc(f->names, (f->m + 1) * sizeof(*names));
        if (names)
            f->names = names;
        if (!name || !names || !(names[f->m] = strdup(name)))
            return ash_fail_memory(err);
        f->m++;
    }
    ash_status status = rc == SQLITE_DONE ? ASH_OK : db_fail(d, err, "read the objectives");
    sqlite3_reset(s);
    if (status != ASH_OK || !(s = db_statement(d, DB_SELECT_FRONT, err)))
        return err->status;
    sqlite3_bind_int64(s, 1, run);
    while (f->m && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        if (!grow(f))
            return ash_fail_memory(err);
        f->ids[f->n++] = (uint64_t)sqlite3_column_int64(s, 0);
    }
    status = rc == SQLITE_DONE ? ASH_OK : db_fail(d, err, "read the front");
    sqlite3_reset(s);
    if (status != ASH_OK)
        return status;
    for (size_t i = 0; i < f->n; i++)
        for (size_t j = 0; j < f->m; j++)
            f->points[i * f->m + j] = db_get_metric(d, run, f->ids[i], f->names[j]);
    f->run = run;
    return ASH_OK;
}

static ash_status change(db *d, db_sql which, int64_t run, uint64_t id, ash_error *err)
{
    sqlite3_stmt *s = db_statement(d, which, err);
    if (!s)
        return err->status;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, (int64_t)id);
    return db_run_statement(d, s, "store the front", err);
}

ash_status db_front_add(db *d, int64_t run, const trial *t, ash_error *err)
{
    db_front *f = &d->front;
    ash_status status;
    if (t->status != TRIAL_OK)
        return ASH_OK;
    if (f->run != run && (status = load(d, run, err)) != ASH_OK) {
        db_front_forget(d);
        return status;
    }
    if (f->m == 0)
        return ASH_OK;
    if (!grow(f))
        return ash_fail_memory(err);
    double *point = f->points + f->n * f->m; /* (m), where the new member would stand */
    for (size_t j = 0; j < f->m; j++)
        if (isnan(point[j] = trial_metric(t, f->names[j])))
            return ASH_OK;
    for (size_t i = 0; i < f->n; i++)
        if (pareto_dominates(f->points + i * f->m, point, f->m))
            return ASH_OK;
    size_t kept = 0;
    for (size_t i = 0; i < f->n; i++) {
        if (pareto_dominates(point, f->points + i * f->m, f->m)) {
            if ((status = change(d, DB_DELETE_FRONT, run, f->ids[i], err)) != ASH_OK)
                return status;
            continue;
        }
        f->ids[kept] = f->ids[i];
        memmove(f->points + kept * f->m, f->points + i * f->m, f->m * sizeof(double));
        kept++;
    }
    f->ids[kept] = t->id;
    memmove(f->points + kept * f->m, point, f->m * sizeof(double));
    f->n = kept + 1;
    return change(d, DB_INSERT_FRONT, run, t->id, err);
}
