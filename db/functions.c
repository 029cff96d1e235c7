/* SPDX-License-Identifier: GPL-3.0-or-later */
/* functions.c - dominance and hypervolume in SQL
 *
 * All objectives are minimised; NULL is "not a number", which every point without one dominates.
 *
 *   dominates(a1, ..., am, b1, ..., bm)        1 when a is no worse anywhere and better somewhere
 *   hypervolume(x1, ..., xm, r1, ..., rm)      aggregate and window function: what the points dominate up to r
 *   is_dominated(x1, ..., xm) OVER w           0 for the front of the partition, else 1
 *   pareto_rank(x1, ..., xm) OVER w            0 for the front, 1 for the front of the rest, ...
 *
 * with w = (ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING), also after PARTITION BY. SQLite tells a window
 * function its frame and never its current row. In this frame all rows of the partition have come in before
 * the first answer, and the current row is the first that has not gone out: that is how the two know whom to
 * answer. Other frames are errors, but for OVER (): SQLite asks once there, and gives the first row's answer to all.
 *
 * This file is compiled twice: into db/, and into the extension that the sqlite3 shell loads.
 */
#ifdef ASHLAR_SQLITE_EXTENSION
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#else
#include "db/db.h"
#endif
#include "core/pareto.h"
#include "db/functions.h"
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW "OVER (ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"

typedef struct cloud {
    size_t m, n, cap, first; /* rows first..n are in the frame */
    double *points;          /* (n, m) */
    size_t *answers;         /* (n): rank, or whether dominated */
    size_t last;             /* the row answered last; SIZE_MAX: none */
    double *reference;       /* (m): hypervolume */
    double *front;           /* (n_front, m): of the frame; hypervolume */
    size_t n_front, cap_front;
    double volume;
    bool volume_known, failed;
} cloud;

static double value_of(sqlite3_value *v)
{
    int type = sqlite3_value_numeric_type(v);
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT ? sqlite3_value_double(v) : NAN;
}

static void dominates(sqlite3_context *context, int n, sqlite3_value **args)
{
    double p[128];
    if (n < 2 || n % 2 || n > 128) {
        sqlite3_result_error(context, "dominates(a1, ..., am, b1, ..., bm) takes two points of equal length",
                             -1);
        return;
    }
    for (int i = 0; i < n; i++)
        p[i] = value_of(args[i]);
    sqlite3_result_int(context, pareto_dominates(p, p + n / 2, (size_t)n / 2));
}

static cloud *cloud_of(sqlite3_context *context, bool make)
{
    cloud **slot = sqlite3_aggregate_context(context, make ? (int)sizeof(*slot) : 0);
    if (!slot)
        return NULL;
    if (!*slot && make && (*slot = calloc(1, sizeof(**slot))) != NULL)
        (*slot)->last = SIZE_MAX;
    return *slot;
}

static void cloud_free(sqlite3_context *context)
{
    cloud **slot = sqlite3_aggregate_context(context, 0);
    if (!slot || !*slot)
        return;
    free((*slot)->points);
    free((*slot)->answers);
    free((*slot)->reference);
    free((*slot)->front);
    free(*slot);
    *slot = NULL;
}

/* false when out of memory */
static bool append(double **points, size_t *n, size_t *cap, const double *p, size_t m)
{
    if (*n == *cap) {
        size_t more = *cap ? 2 * *cap : 64;
        double *grown = realloc(*points, more * m * sizeof(double));
        if (!grown)
            return false;
        *points = grown;
        *cap = more;
    }
    memcpy(*points + *n * m, p, m * sizeof(double));
    ++*n;
    return true;
}

static void fail(sqlite3_context *context, cloud *c, const char *message)
{
    if (c)
        c->failed = true;
    if (message)
        sqlite3_result_error(context, message, -1);
    else
        sqlite3_result_error_nomem(context);
}

/* ---- pareto_rank, is_dominated ---- */

static void ranked_step(sqlite3_context *context, int n, sqlite3_value **args)
{
    cloud *c = cloud_of(context, true);
    double p[64];
    if (!c)
        fail(context, NULL, NULL);
    else if (n < 1 || n > 64)
        fail(context, c, "pareto_rank and is_dominated take 1 to 64 objectives");
    else if (c->last != SIZE_MAX)
        fail(context, c, "pareto_rank and is_dominated need " WINDOW);
    else {
        c->m = (size_t)n;
        for (int i = 0; i < n; i++)
            p[i] = value_of(args[i]);
        if (!append(&c->points, &c->n, &c->cap, p, c->m))
            fail(context, c, NULL);
    }
}

static void ranked_inverse(sqlite3_context *context, int n, sqlite3_value **args)
{
    (void)n, (void)args;
    cloud *c = cloud_of(context, false);
    if (c)
        c->first++;
}

static bool answer_all(cloud *c, bool ranks)
{
    c->answers = malloc(c->n * sizeof(*c->answers));
    if (!c->answers)
        return false;
    if (ranks)
        return pareto_rank(c->answers, c->points, c->n, c->m) > 0;
    size_t *front = malloc(c->n * sizeof(*front));
    if (!front)
        return false;
    size_t n = pareto_front(front, c->points, c->n, c->m);
    for (size_t i = 0; i < c->n; i++)
        c->answers[i] = 1;
    for (size_t i = 0; i < n; i++)
        c->answers[front[i]] = 0;
    free(front);
    return true;
}

static void ranked_value(sqlite3_context *context)
{
    cloud *c = cloud_of(context, false);
    bool ranks = sqlite3_user_data(context) != NULL;
    if (!c || c->failed || c->first >= c->n)
        return;
    if (c->last == c->first || (c->last == SIZE_MAX && c->first != 0))
        fail(context, c, "pareto_rank and is_dominated need " WINDOW);
    else if (!c->answers && !answer_all(c, ranks))
        fail(context, c, NULL);
    else {
        c->last = c->first;
        sqlite3_result_int64(context, (sqlite3_int64)c->answers[c->first]);
    }
}

static void ranked_final(sqlite3_context *context)
{
    cloud *c = cloud_of(context, false);
    /* as a plain aggregate, or in a frame that never moved on to its last row */
    if (c && !c->failed && c->n && (c->last == SIZE_MAX || c->last + 1 < c->n))
        sqlite3_result_error(context, "pareto_rank and is_dominated need " WINDOW, -1);
    cloud_free(context);
}

/* ---- hypervolume ---- */

/* The front of the frame grows with each point; only what leaves the frame makes it start again. */
static bool enter(cloud *c, const double *p)
{
    for (size_t j = 0; j < c->m; j++)
        if (isnan(p[j]) || !(p[j] < c->reference[j]))
            return true;
    for (size_t i = 0; i < c->n_front; i++) {
        const double *q = c->front + i * c->m;
        if (pareto_dominates(q, p, c->m) || memcmp(q, p, c->m * sizeof(double)) == 0)
            return true;
    }
    size_t kept = 0;
    for (size_t i = 0; i < c->n_front; i++)
        if (!pareto_dominates(p, c->front + i * c->m, c->m))
            memmove(c->front + kept++ * c->m, c->front + i * c->m, c->m * sizeof(double));
    c->n_front = kept;
    c->volume_known = false;
    return append(&c->front, &c->n_front, &c->cap_front, p, c->m);
}

static void volume_step(sqlite3_context *context, int n, sqlite3_value **args)
{
    cloud *c = cloud_of(context, true);
    double p[64];
    if (!c) {
        fail(context, NULL, NULL);
        return;
    }
    if (n < 2 || n % 2 || n > 128) {
        fail(context, c,
             "hypervolume(x1, ..., xm, r1, ..., rm) takes objectives and as many reference values");
        return;
    }
    size_t m = (size_t)n / 2;
    if (!c->reference) {
        c->m = m;
        c->reference = malloc(m * sizeof(double));
        if (!c->reference) {
            fail(context, c, NULL);
            return;
        }
        for (size_t j = 0; j < m; j++)
            c->reference[j] = value_of(args[m + j]);
    }
    for (size_t j = 0; j < m; j++) {
        double r = value_of(args[m + j]);
        if (isnan(r) || r != c->reference[j]) {
            fail(context, c, "hypervolume: the reference point has to be the same numbers for all rows");
            return;
        }
        p[j] = value_of(args[j]);
    }
    if (!append(&c->points, &c->n, &c->cap, p, m) || !enter(c, p))
        fail(context, c, NULL);
}

static void volume_inverse(sqlite3_context *context, int n, sqlite3_value **args)
{
    (void)n, (void)args;
    cloud *c = cloud_of(context, false);
    if (!c || c->failed)
        return;
    c->first++;
    c->n_front = 0;
    c->volume_known = false;
    for (size_t i = c->first; i < c->n; i++)
        if (!enter(c, c->points + i * c->m)) {
            fail(context, c, NULL);
            return;
        }
}

static void volume_value(sqlite3_context *context)
{
    cloud *c = cloud_of(context, false);
    if (!c || c->failed || !c->reference) {
        if (!c || !c->failed)
            sqlite3_result_double(context, 0.0);
        return;
    }
    if (!c->volume_known) {
        c->volume = c->n_front ? pareto_hypervolume(c->front, c->n_front, c->m, c->reference) : 0.0;
        c->volume_known = true;
    }
    if (isnan(c->volume))
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_double(context, c->volume);
}

static void volume_final(sqlite3_context *context)
{
    volume_value(context);
    cloud_free(context);
}

int db_functions_create(sqlite3 *handle)
{
    static char ranks; /* its address says "ranks", NULL "dominated" */
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int rc = sqlite3_create_function_v2(handle, "dominates", -1, flags, NULL, dominates, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_window_function(handle, "pareto_rank", -1, flags, &ranks, ranked_step,
                                            ranked_final, ranked_value, ranked_inverse, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_window_function(handle, "is_dominated", -1, flags, NULL, ranked_step,
                                            ranked_final, ranked_value, ranked_inverse, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_create_window_function(handle, "hypervolume", -1, flags, NULL, volume_step, volume_final,
                                            volume_value, volume_inverse, NULL);
    return rc;
}

#ifndef ASHLAR_SQLITE_EXTENSION
ash_status db_register_functions(sqlite3 *handle, ash_error *err)
{
    if (db_functions_create(handle) == SQLITE_OK)
        return ASH_OK;
    return ash_fail(err, ASH_BROKEN, "cannot register the SQL functions: %s", sqlite3_errmsg(handle));
}
#endif
