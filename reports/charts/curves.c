/* SPDX-License-Identifier: GPL-3.0-or-later */
/* curves.c - learning curves of the front: validation error, or loss where no error was measured, against epochs */
#include "reports/chart.h"
#include <math.h>

enum { MOST_NAMED = 8 };

/* Up to eight lines have a colour, a dash and a name each; more are coloured by their place on the front, dark to light, with the
 * ends named. */
static void style(const report *r, size_t i, size_t n, chart *c, size_t points)
{
    static const char *const scale[] = {"#440154", "#414487", "#2a788e", "#22a884", "#7ad151"};
    if (n <= MOST_NAMED) {
        chart_add(c, CHART_LINE, chart_colour(i), (int)i,
                  arena_printf(c->a, "trial %llu", (unsigned long long)r->trials[r->front[i]]->id), points);
        return;
    }
    const char *by = r->metrics[r->n_objectives > 1 ? 1 : 0].label;
    const char *title = i == 0 ? arena_printf(c->a, "fewest %s", by) : i + 1 == n ? arena_printf(c->a, "most %s", by) : NULL;
    chart_add(c, CHART_LINE, scale[i * 5 / n], 0, title, points);
}

static double value(const curve_point *p, bool error)
{
    return error ? p->val_error : p->val_loss;
}

static ash_status draw(const report *r, const report_view *view, chart *c, ash_error *err)
{
    (void)view;
    size_t with_curve = 0;
    bool error = false;
    for (size_t i = 0; i < r->n_front; i++) {
        const trial *t = r->trials[r->front[i]];
        with_curve += t->n_curve > 0;
        for (size_t k = 0; k < t->n_curve; k++)
            error |= !isnan(t->curve[k].val_error);
    }
    if (!with_curve)
        return ash_fail(err, ASH_INVALID, "no member of the front has a learning curve");
    int shown = report_metric_index(r, error ? "error" : "val_loss");
    bool percent = error && (shown >= 0 ? r->metrics[shown].percent : r->classification);
    c->title = arena_printf(c->a, "%s: learning curves of the front", r->run->name ? r->run->name : "run");
    c->x = (chart_axis){.label = "epoch", .unit = REPORT_COUNT};
    c->y = (chart_axis){.label = percent ? "validation error (%)"
                                 : error ? "validation error"
                                         : "validation loss",
                        .unit = REPORT_PLAIN,
                        .log = true};
    for (size_t i = 0; i < r->n_front && !c->failed; i++) {
        const trial *t = r->trials[r->front[i]];
        if (!t->n_curve)
            continue;
        style(r, i, r->n_front, c, t->n_curve);
        chart_series *s = &c->series[c->n - 1];
        for (size_t k = 0; k < s->n; k++) {
            s->x[k] = t->curve[k].epoch;
            s->y[k] = (percent ? 100 : 1) * value(&t->curve[k], error);
            c->y.log &= s->y[k] > 0 || isnan(s->y[k]);
        }
    }
    return ASH_OK;
}

const report_chart report_chart_curves = {"curves", "learning curves of the front's members", false, draw};
