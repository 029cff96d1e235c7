/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front.c - the front over two metrics, all trials behind it
 *
 * Grey dots: every trial that has both metrics, at most one per cell of a fine grid, so that a figure of a million trials stays
 * small. Symbols: members of the front over all objectives, by mean weight bits when the run has several. The stepped line is the
 * front over the two metrics shown. Dashed: baselines. */
#include "reports/chart.h"
#include "reports/figure.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GRID_W = 1200, GRID_H = 900 };

typedef struct point {
    double x, y;
} point;

static int by_x(const void *p, const void *q)
{
    const point *a = p, *b = q;
    return a->x != b->x ? (a->x < b->x ? -1 : 1) : a->y < b->y ? -1 : a->y > b->y;
}

/* (n_trials): what is shown of each trial; NaN where nothing is. */
static point *shown(const report *r, const report_view *view, arena *a)
{
    point *p = ARENA_NEW(a, point, r->n_trials + 1);
    const report_metric *mx = &r->metrics[view->x], *my = &r->metrics[view->y];
    for (size_t i = 0; p && i < r->n_trials; i++) {
        const double *v = r->values + i * r->n_metrics;
        bool both = r->trials[i]->status == TRIAL_OK && !isnan(v[view->x]) && !isnan(v[view->y]);
        p[i] = both ? (point){v[view->x] * (mx->percent ? 100 : 1), v[view->y] * (my->percent ? 100 : 1)} : (point){NAN, NAN};
    }
    return p;
}

static bool wants_log(const point *p, size_t n, bool of_x, arena *a)
{
    double *v = ARENA_NEW(a, double, n + 1);
    for (size_t i = 0; v && i < n; i++)
        v[i] = of_x ? p[i].x : p[i].y;
    return v && plot_wants_log(v, n);
}

static void add_cloud(const report *r, const point *p, chart *c)
{
    size_t n = 0;
    plot_axis ax, ay;
    ash_error err;
    chart_series *s = chart_add(c, CHART_CLOUD, CHART_GREY, 0, "trials", r->n_trials);
    unsigned char *seen = ARENA_NEW(c->a, unsigned char, GRID_W *GRID_H / 8 + 1);
    for (size_t i = 0; i < s->n; i++) {
        s->x[i] = p[i].x;
        s->y[i] = p[i].y;
    }
    if (!seen || chart_fit(c, &ax, &ay, &err) != ASH_OK) {
        c->failed = true;
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (isnan(p[i].x) || r->on_front[i])
            continue;
        size_t column = (size_t)(plot_position(&ax, p[i].x) * (GRID_W - 1)),
               row = (size_t)(plot_position(&ay, p[i].y) * (GRID_H - 1));
        size_t cell = row * GRID_W + column;
        if (seen[cell / 8] & 1u << cell % 8)
            continue;
        seen[cell / 8] |= (unsigned char)(1u << cell % 8);
        s->x[n] = p[i].x;
        s->y[n++] = p[i].y;
    }
    s->n = n;
}

static void add_steps(const point *p, size_t n, chart *c)
{
    point *sorted = ARENA_NEW(c->a, point, n + 1);
    double *v = ARENA_NEW(c->a, double, 2 * n + 1), right = -INFINITY;
    size_t count = 0, kept = 0;
    if (!sorted || !v) {
        c->failed = true;
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i].x)) {
            sorted[count++] = p[i];
            right = fmax(right, p[i].x);
        }
    if (count)
        qsort(sorted, count, sizeof *sorted, by_x);
    for (size_t i = 0; i < count; i++)
        if (!kept || sorted[i].y < v[n + kept - 1]) {
            v[kept] = sorted[i].x;
            v[n + kept++] = sorted[i].y;
        }
    chart_add_steps(c, "#222222", 0, NULL, v, v + n, kept, right);
}

static void add_members(const report *r, const point *p, chart *c)
{
    int bits = figure_bits_metric(r);
    for (int k = 0; k < (bits < 0 ? 1 : FIGURE_BIT_CLASSES); k++) {
        size_t n = 0;
        const char *title = bits < 0 ? "Pareto front" : arena_printf(c->a, "front, %s bits", figure_bit_label(k));
        chart_series *s = chart_add(c, CHART_POINTS, bits < 0 ? chart_colour(0) : figure_bit_colour(k), k, title, r->n_front);
        for (size_t i = 0; i < s->n; i++) {
            size_t t = r->front[i];
            if (isnan(p[t].x) || (bits >= 0 && figure_bit_class(r->values[t * r->n_metrics + (size_t)bits]) != k))
                continue;
            s->x[n] = p[t].x;
            s->y[n++] = p[t].y;
        }
        s->n = n;
        c->n -= n == 0; /* nothing of this class */
    }
}

static void add_baselines(const report *r, const report_view *view, const point *p, chart *c)
{
    double lo = INFINITY, hi = -INFINITY;
    for (size_t i = 0; i < r->n_trials; i++) {
        lo = fmin(lo, p[i].x); /* fmin and fmax skip NaN */
        hi = fmax(hi, p[i].x);
    }
    for (size_t i = 0; i < r->n_baselines && lo <= hi; i++) {
        double e = figure_baseline_error(&r->baselines[i], r->metrics[view->y].name) * (r->metrics[view->y].percent ? 100 : 1);
        if (isnan(e))
            continue;
        chart_series *s = chart_add(c, CHART_LINE, "#666666", 1 + (int)i, r->baselines[i].name, 2);
        for (size_t k = 0; k < s->n; k++) {
            s->x[k] = k ? hi : lo;
            s->y[k] = e;
        }
    }
}

static ash_status draw(const report *r, const report_view *view, chart *c, ash_error *err)
{
    const report_metric *mx = &r->metrics[view->x], *my = &r->metrics[view->y];
    const point *p = shown(r, view, c->a);
    if (!p)
        return ash_fail_memory(err);
    c->title = arena_printf(c->a, "%s: %s against %s", r->run->name ? r->run->name : "run", my->label, mx->label);
    c->x = (chart_axis){.label = report_axis_label(mx, c->a), .unit = mx->unit, .log = wants_log(p, r->n_trials, true, c->a)};
    c->y = (chart_axis){.label = report_axis_label(my, c->a), .unit = my->unit, .log = wants_log(p, r->n_trials, false, c->a)};
    add_cloud(r, p, c);
    add_baselines(r, view, p, c);
    add_steps(p, r->n_trials, c);
    add_members(r, p, c);
    return ASH_OK;
}

const report_chart report_chart_front = {"front", "the front over two metrics, all trials behind it", true, draw};
