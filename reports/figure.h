/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure.h - the front as an SVG figure */
#ifndef REPORTS_FIGURE_H
#define REPORTS_FIGURE_H

#include "reports/report.h"

/* The front over two metrics with all trials behind it. Standalone: an XML document with its own colours on white; otherwise
 * an element for an HTML page whose style sheet colours the classes (report.css). */
ash_status figure_front(const report *r, int x, int y, bool standalone, arena *a, buffer *out, ash_error *err);

/* Members of the front are coloured by classes of mean weight bits: a sequential scale, safe for colour-blind readers (dark: few bits). */
enum { FIGURE_BIT_CLASSES = 4 };
int figure_bits_metric(const report *r); /* the metric's index; -1 unless the front has at least two different widths */
int figure_bit_class(double bits);       /* -1: unknown */
const char *figure_bit_label(int class); /* "<= 4", with the sign for it */
const char *figure_bit_colour(int class);

/* What a baseline reaches in a metric, when that is an error; NaN otherwise. */
double figure_baseline_error(const report_baseline *b, const char *metric);

#endif
