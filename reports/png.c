/* SPDX-License-Identifier: GPL-3.0-or-later */
/* png.c - a figure as PNG of 300 dots per inch, by gnuplot */
#include "reports/chart.h"

static ash_status write(const report *r, const report_view *view, arena *a, buffer *out, ash_error *err)
{
    chart c;
    if (report_draw(r, view, a, &c, err) != ASH_OK)
        return err->status;
    return chart_gnuplot(&c, "png", view->width_cm > 0 ? view->width_cm : CHART_WIDTH_CM, out, err);
}

const report_format report_png = {"png", "png", "a figure as PNG of 300 dots per inch, by gnuplot", write, REPORT_FIGURE};
