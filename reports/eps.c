/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eps.c - a figure as EPS, by gnuplot */
#include "reports/chart.h"

static ash_status write(const report *r, const report_view *view, arena *a, buffer *out, ash_error *err)
{
    chart c;
    if (report_draw(r, view, a, &c, err) != ASH_OK)
        return err->status;
    return chart_gnuplot(&c, "eps", view->width_cm > 0 ? view->width_cm : CHART_WIDTH_CM, out, err);
}

const report_format report_eps = {"eps", "eps", "a figure as EPS, by gnuplot", write, REPORT_FIGURE};
