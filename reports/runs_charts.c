/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runs_charts.c - the figures of a comparison: hypervolume as it grew, and the surface that half of the runs attain
 *
 * A line is a group's median, the band behind it the middle half of its runs. */
#include "reports/compare.h"
#include <math.h>
#include <string.h>

enum { POINTS = 400 };

static void add_group(chart *c, size_t g, const char *name, const runs_band *b, double scale, double until, bool with_band)
{
    for (size_t i = 0; i < b->n; i++) {
        b->low[i] *= scale;
        b->median[i] *= scale;
        b->high[i] *= scale;
    }
    if (with_band)
        chart_add_step_band(c, chart_colour(g), b->x, b->low, b->high, b->n, until);
    chart_add_steps(c, chart_colour(g), (int)g, name, b->x, b->median, b->n, until);
}

static ash_status draw_hypervolume(const runs *s, runs_axis axis, chart *c, ash_error *err)
{
    if (!s->reference)
        return ash_fail(err, ASH_INVALID, "no run has a result, so there is no hypervolume to draw");
    double scale = s->box > 0 ? 100 / s->box : 1;
    c->x = (chart_axis){.label = axis == RUNS_EVALUATIONS ? "evaluations" : "trained MACs", .unit = REPORT_COUNT};
    c->y = (chart_axis){.label = s->box > 0 ? "hypervolume (%)" : "hypervolume", .unit = REPORT_PLAIN};
    c->y.cut = true; /* every run starts at nothing; what matters is what comes after a twentieth of the budget */
    c->y.least = INFINITY;
    for (size_t i = 0; i < s->n; i++)
        c->y.least = fmin(c->y.least, runs_hypervolume(s->v[i], axis, s->budget[axis] / 20) * scale);
    for (size_t g = 0; g < s->n_groups; g++) {
        runs_band b;
        if (runs_hypervolume_band(s, &s->groups[g], axis, POINTS, c->a, &b, err) != ASH_OK)
            return err->status;
        add_group(c, g, s->groups[g].name, &b, scale, NAN, s->groups[g].n > 1);
    }
    return ASH_OK;
}

static ash_status draw_evaluations(const runs *s, const runs_chart_view *view, chart *c, ash_error *err)
{
    (void)view;
    c->title = "hypervolume against evaluations";
    return draw_hypervolume(s, RUNS_EVALUATIONS, c, err);
}

static ash_status draw_macs(const runs *s, const runs_chart_view *view, chart *c, ash_error *err)
{
    (void)view;
    c->title = "hypervolume against trained MACs";
    return draw_hypervolume(s, RUNS_TRAINED_MACS, c, err);
}

static ash_status draw_attainment(const runs *s, const runs_chart_view *view, chart *c, ash_error *err)
{
    const report_metric *mx = &s->v[0]->metrics[view->x], *my = &s->v[0]->metrics[view->y];
    runs_band *bands = ARENA_NEW(c->a, runs_band, s->n_groups);
    double lo[2] = {INFINITY, INFINITY}, hi[2] = {-INFINITY, -INFINITY};
    if (!bands)
        return ash_fail_memory(err);
    for (size_t g = 0; g < s->n_groups; g++) {
        runs_band *b = &bands[g];
        if (runs_attainment(s, &s->groups[g], mx->name, my->name, view->axis, c->a, b, err) != ASH_OK)
            return err->status;
        for (size_t i = 0; i < b->n; i++) {
            b->x[i] *= mx->percent ? 100 : 1;
            lo[0] = fmin(lo[0], b->x[i]);
            hi[0] = fmax(hi[0], b->x[i]);
            lo[1] = fmin(lo[1], b->low[i]);
            hi[1] = fmax(hi[1], isfinite(b->median[i]) ? b->median[i] : -INFINITY);
        }
    }
    c->title = arena_printf(c->a, "median attainment of %s and %s", my->label, mx->label);
    c->x =
        (chart_axis){.label = report_axis_label(mx, c->a), .unit = mx->unit, .log = plot_wants_log((double[]){lo[0], hi[0]}, 2)};
    c->y =
        (chart_axis){.label = report_axis_label(my, c->a), .unit = my->unit, .log = plot_wants_log((double[]){lo[1], hi[1]}, 2)};
    for (size_t g = 0; g < s->n_groups; g++)
        add_group(c, g, s->groups[g].name, &bands[g], my->percent ? 100 : 1, hi[0], s->groups[g].n > 1);
    return ASH_OK;
}

static const runs_chart charts[] = {
    {"evaluations", "hypervolume against evaluations", draw_evaluations},
    {"macs", "hypervolume against trained MACs", draw_macs},
    {"attainment", "what half of the runs attain in two metrics", draw_attainment},
};

const char *const runs_chart_names[] = {"evaluations", "macs", "attainment", NULL};

const runs_chart *runs_chart_find(const char *name)
{
    for (size_t i = 0; i < sizeof charts / sizeof charts[0]; i++)
        if (strcmp(charts[i].name, name) == 0)
            return &charts[i];
    return NULL;
}
