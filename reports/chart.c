/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chart.c - building charts, their axes, a place for the legend, and the registry of a run's figures */
#include "reports/chart.h"
#include "core/text.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- series ---- */

chart_series *chart_add(chart *c, chart_mark mark, const char *colour, int style, const char *title, size_t n)
{
    static chart_series none; /* written to by nobody: n is 0 */
    if (c->n == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 16;
        chart_series *series = ARENA_NEW(c->a, chart_series, cap);
        if (series && c->n)
            memcpy(series, c->series, c->n * sizeof *series);
        c->failed |= !series;
        if (!series)
            return &none;
        c->series = series;
        c->cap = cap;
    }
    chart_series *s = &c->series[c->n++];
    double *v = ARENA_NEW(c->a, double, 3 * n + 1);
    c->failed |= !v;
    *s = (chart_series){title, mark, colour, style, v, v + n, mark == CHART_BAND ? v + 2 * n : NULL, v ? n : 0};
    return s;
}

/* The corners of a step function: index of the value, and x. */
static size_t corners(size_t n, double until)
{
    return n ? 2 * n - 1 + (isfinite(until) ? 1 : 0) : 0;
}

static void put_corner(chart_series *s, size_t i, const double *x, const double *y, const double *y2, size_t n, double until)
{
    size_t at = i / 2;
    s->x[i] = i % 2 ? (at + 1 < n ? x[at + 1] : until) : x[at];
    s->y[i] = y[at];
    if (y2)
        s->y2[i] = y2[at];
}

chart_series *chart_add_steps(chart *c, const char *colour, int style, const char *title, const double *x, const double *y,
                              size_t n, double until)
{
    chart_series *s = chart_add(c, CHART_LINE, colour, style, title, corners(n, until));
    for (size_t i = 0; i < s->n; i++)
        put_corner(s, i, x, y, NULL, n, until);
    return s;
}

chart_series *chart_add_step_band(chart *c, const char *colour, const double *x, const double *low, const double *high, size_t n,
                                  double until)
{
    chart_series *s = chart_add(c, CHART_BAND, colour, 0, NULL, corners(n, until));
    for (size_t i = 0; i < s->n; i++)
        put_corner(s, i, x, low, high, n, until);
    return s;
}

const char *chart_colour(size_t i)
{
    static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"};
    return colours[i % (sizeof colours / sizeof colours[0])];
}

/* ---- axes ---- */

static size_t gather(const chart *c, double *x, double *y)
{
    size_t n = 0;
    for (size_t k = 0; k < c->n; k++) {
        const chart_series *s = &c->series[k];
        for (size_t i = 0; i < s->n; i++)
            for (int side = 0; side < (s->y2 ? 2 : 1); side++) {
                double v = side ? s->y2[i] : s->y[i];
                if (!isfinite(s->x[i]) || !isfinite(v) || (c->y.cut && v < c->y.least))
                    continue;
                x[n] = s->x[i];
                y[n++] = v;
            }
    }
    return n;
}

ash_status chart_fit(const chart *c, plot_axis *x, plot_axis *y, ash_error *err)
{
    size_t cap = 1;
    for (size_t k = 0; k < c->n; k++)
        cap += 2 * c->series[k].n;
    double *v = malloc(2 * cap * sizeof *v);
    if (!v || c->failed) {
        free(v);
        return ash_fail_memory(err);
    }
    size_t n = gather(c, v, v + cap);
    plot_axis_fit(x, v, n, c->x.log, c->x.unit, 0, 1);
    plot_axis_fit(y, v + cap, n, c->y.log, c->y.unit, 0, 1);
    free(v);
    return ASH_OK;
}

/* ---- the legend ---- */

const char *chart_legend_corner(const chart *c, const plot_axis *x, const plot_axis *y, double width_cm, double height_cm)
{
    static const char *const names[] = {"bottom right", "top right", "bottom left", "top left"};
    size_t rows = 0, longest = 0;
    for (size_t k = 0; k < c->n; k++)
        if (c->series[k].title) {
            size_t n = text_characters(c->series[k].title);
            rows++;
            longest = n > longest ? n : longest;
        }
    double w = (0.9 + 0.135 * (double)longest) / (width_cm - 1.6), h = (0.2 + 0.34 * (double)rows) / (height_cm - 1.2);
    bool covers[4] = {w > 0.7 || h > 0.6, covers[0], covers[0], covers[0]};
    for (size_t k = 0; k < c->n; k++) {
        const chart_series *s = &c->series[k];
        for (size_t i = 0; i < s->n; i++)
            for (int side = 0; side < (s->y2 ? 2 : 1); side++) {
                double px = plot_position(x, s->x[i]), py = plot_position(y, side ? s->y2[i] : s->y[i]);
                bool last =
                    i + 1 == s->n || s->mark == CHART_CLOUD || s->mark == CHART_POINTS; /* a line covers what is between */
                double qx = last ? px : plot_position(x, s->x[i + 1]),
                       qy = last ? py : plot_position(y, side ? s->y2[i + 1] : s->y[i + 1]);
                for (int corner = 0; corner < 4; corner++) {
                    double x0 = corner < 2 ? 1 - w : 0, y0 = corner % 2 ? 1 - h : 0;
                    covers[corner] |= fmax(px, qx) > x0 && fmin(px, qx) < x0 + w && fmax(py, qy) > y0 && fmin(py, qy) < y0 + h;
                }
            }
    }
    for (int corner = 0; corner < 4; corner++)
        if (!covers[corner])
            return names[corner];
    return NULL;
}

/* ---- the figures of a run ---- */

#define CHART(name) extern const report_chart report_chart_##name;
#include "reports/charts.def"
#undef CHART

static const report_chart *const charts[] = {
#define CHART(name) &report_chart_##name,
#include "reports/charts.def"
#undef CHART
};

const char *const report_chart_names[] = {
#define CHART(name) #name,
#include "reports/charts.def"
#undef CHART
    NULL,
};

const report_chart *report_chart_find(const char *name)
{
    for (size_t i = 0; i < sizeof charts / sizeof charts[0]; i++)
        if (strcmp(charts[i]->name, name) == 0)
            return charts[i];
    return NULL;
}

ash_status report_draw(const report *r, const report_view *view, arena *a, chart *out, ash_error *err)
{
    *out = (chart){.a = a};
    ash_status status = (view->chart ? view->chart : charts[0])->draw(r, view, out, err);
    return status == ASH_OK && out->failed ? ash_fail_memory(err) : status;
}
