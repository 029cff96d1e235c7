/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bands.c - what the middle half of a group's runs did: hypervolume as it grew, and attainment surfaces */
#include "reports/runs.h"
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double spent_at(const report_step *s, runs_axis axis)
{
    return axis == RUNS_EVALUATIONS ? (double)s->evaluations : (double)s->trained_macs;
}

double runs_hypervolume(const report *r, runs_axis axis, double budget)
{
    size_t lo = 0, hi = r->n_history; /* the last step within the budget */
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (spent_at(&r->history[mid], axis) <= budget)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo ? r->history[lo - 1].hypervolume : NAN;
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static size_t sort_unique(double *v, size_t n)
{
    size_t kept = 0;
    if (n)
        qsort(v, n, sizeof *v, by_value);
    for (size_t i = 0; i < n; i++)
        if (!kept || v[i] != v[kept - 1])
            v[kept++] = v[i];
    return kept;
}

static bool new_band(runs_band *b, size_t n, arena *a)
{
    double *v = ARENA_NEW(a, double, 4 * n + 1);
    *b = (runs_band){v, v + n, v + 2 * n, v + 3 * n, n};
    return v != NULL;
}

ash_status runs_hypervolume_band(const runs *s, const runs_group *g, runs_axis axis, size_t points, arena *a, runs_band *out,
                                 ash_error *err)
{
    size_t cap = 2, n = 0;
    double budget = s->budget[axis];
    for (size_t i = 0; i < g->n; i++)
        cap += s->v[g->members[i]]->n_history;
    double *x = ARENA_NEW(a, double, cap), *values = ARENA_NEW(a, double, g->n + 1);
    if (!x || !values)
        return ash_fail_memory(err);
    x[n++] = 0;
    x[n++] = budget;
    for (size_t i = 0; i < g->n; i++) {
        const report *r = s->v[g->members[i]];
        for (size_t k = 0; k < r->n_history; k++)
            if (spent_at(&r->history[k], axis) < budget)
                x[n++] = spent_at(&r->history[k], axis);
    }
    n = sort_unique(x, n);
    size_t kept = n < points ? n : points;
    if (!new_band(out, kept, a))
        return ash_fail_memory(err);
    for (size_t k = 0; k < kept; k++) {
        out->x[k] = x[kept > 1 ? k * (n - 1) / (kept - 1) : 0];
        for (size_t i = 0; i < g->n; i++)
            values[i] = runs_hypervolume(s->v[g->members[i]], axis, out->x[k]);
        qsort(values, g->n, sizeof *values, by_value);
        out->low[k] = gsl_stats_quantile_from_sorted_data(values, 1, g->n, 0.25);
        out->median[k] = gsl_stats_quantile_from_sorted_data(values, 1, g->n, 0.5);
        out->high[k] = gsl_stats_quantile_from_sorted_data(values, 1, g->n, 0.75);
    }
    return ASH_OK;
}

/* ---- attainment ---- */

typedef struct staircase { /* the front of one run over two metrics: x ascending, y descending */
    double *x, *y;
    size_t n;
} staircase;

typedef struct point {
    double x, y;
} point;

static int by_x_then_y(const void *p, const void *q)
{
    const point *a = p, *b = q;
    return a->x != b->x ? (a->x > b->x) - (a->x < b->x) : (a->y > b->y) - (a->y < b->y);
}

static bool climb(const report *r, const char *name_x, const char *name_y, runs_axis axis, double budget, arena *a,
                  staircase *out)
{
    const size_t *order = report_virtual_order(r, a);
    point *p = ARENA_NEW(a, point, r->n_trials + 1);
    *out = (staircase){ARENA_NEW(a, double, r->n_trials + 1), ARENA_NEW(a, double, r->n_trials + 1), 0};
    if (!order || !p || !out->x || !out->y)
        return false;
    int x = report_metric_index(r, name_x), y = report_metric_index(r, name_y);
    size_t n = 0;
    double spent = 0;
    for (size_t i = 0; x >= 0 && y >= 0 && i < r->n_trials; i++) {
        const trial *t = r->trials[order[i]];
        const double *v = r->values + order[i] * r->n_metrics;
        spent += axis == RUNS_EVALUATIONS ? report_counts(t) : t->status == TRIAL_DUPLICATE ? 0 : (double)t->trained_macs;
        if (spent > budget)
            break;
        if (t->status == TRIAL_OK && !isnan(v[x]) && !isnan(v[y]))
            p[n++] = (point){v[x], v[y]};
    }
    if (n)
        qsort(p, n, sizeof *p, by_x_then_y);
    for (size_t i = 0; i < n; i++)
        if (!out->n || p[i].y < out->y[out->n - 1]) {
            out->x[out->n] = p[i].x;
            out->y[out->n++] = p[i].y;
        }
    return true;
}

ash_status runs_attainment(const runs *s, const runs_group *g, const char *x, const char *y, runs_axis axis, arena *a,
                           runs_band *out, ash_error *err)
{
    staircase *c = ARENA_NEW(a, staircase, g->n + 1);
    size_t *at = ARENA_NEW(a, size_t, g->n + 1), cap = 0, n = 0;
    double *values = ARENA_NEW(a, double, g->n + 1);
    if (!c || !at || !values)
        return ash_fail_memory(err);
    for (size_t i = 0; i < g->n; i++) {
        if (!climb(s->v[g->members[i]], x, y, axis, s->budget[axis], a, &c[i]))
            return ash_fail_memory(err);
        cap += c[i].n;
    }
    double *corners = ARENA_NEW(a, double, cap + 1);
    if (!corners)
        return ash_fail_memory(err);
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < c[i].n; k++)
            corners[n++] = c[i].x[k];
    n = sort_unique(corners, n);
    if (!new_band(out, n, a))
        return ash_fail_memory(err);
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < g->n; i++) {
            while (at[i] < c[i].n && c[i].x[at[i]] <= corners[k])
                at[i]++;
            values[i] = at[i] ? c[i].y[at[i] - 1] : INFINITY;
        }
        qsort(values, g->n, sizeof *values, by_value);
        out->x[k] = corners[k];
        out->low[k] = values[(g->n + 3) / 4 - 1];
        out->median[k] = values[(g->n + 1) / 2 - 1];
        out->high[k] = values[(3 * g->n + 3) / 4 - 1];
    }
    return ASH_OK;
}
