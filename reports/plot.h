/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plot.h - an axis: from values to positions, with ticks at round numbers
 *
 * A linear axis steps by 1, 2 or 5 times a power of ten. A logarithmic axis marks decades, and 2 and 5 between them when few
 * decades are in view. Labels of counts and bytes use SI prefixes (20k = 20,000).
 */
#ifndef REPORTS_PLOT_H
#define REPORTS_PLOT_H

#include "reports/report.h"

#define PLOT_MAX_TICKS 32

typedef struct plot_axis {
    double lo, hi;  /* in view; for a logarithmic axis both > 0 */
    double from, to; /* positions of lo and hi */
    bool log;
    size_t n_ticks;
    double ticks[PLOT_MAX_TICKS];
    char labels[PLOT_MAX_TICKS][16];
} plot_axis;

/* An axis over the finite values, with a little room at the ends; NaN is skipped. Non-positive values switch a
 * logarithmic axis off. */
void plot_axis_fit(plot_axis *axis, const double *values, size_t n, bool log, report_unit unit, double from,
                   double to);
double plot_position(const plot_axis *axis, double value);

/* Whether a logarithmic axis shows these values better: all positive and more than a decade and a half apart. */
bool plot_wants_log(const double *values, size_t n);

/* "20k", "1.5M", "0.02": at most 15 characters. */
void plot_label(char out[16], double value, report_unit unit);

#endif
