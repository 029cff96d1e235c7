/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history.c - the hypervolume against evaluations */
#include "reports/chart.h"

static ash_status draw(const report *r, const report_view *view, chart *c, ash_error *err)
{
    (void)view;
    if (!r->reference)
        return ash_fail(err, ASH_INVALID, "the run has no result yet, so its hypervolume has no history");
    double scale = r->box > 0 ? 100 / r->box : 1;
    c->title = arena_printf(c->a, "%s: hypervolume", r->run->name ? r->run->name : "run");
    c->x = (chart_axis){.label = "evaluations", .unit = REPORT_COUNT};
    c->y = (chart_axis){.label = r->box > 0 ? "hypervolume (%)" : "hypervolume", .unit = REPORT_PLAIN};
    double *v = ARENA_NEW(c->a, double, 2 * r->n_history);
    if (!v)
        return ash_fail_memory(err);
    for (size_t i = 0; i < r->n_history; i++) {
        v[i] = (double)r->history[i].evaluations;
        v[r->n_history + i] = scale * r->history[i].hypervolume;
    }
    chart_add_steps(c, chart_colour(0), 0, NULL, v, v + r->n_history, r->n_history, (double)r->evaluations);
    return ASH_OK;
}

const report_chart report_chart_history = {"history", "the hypervolume against evaluations", false, draw};
