/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure.h - the front as an SVG figure */
#ifndef REPORTS_FIGURE_H
#define REPORTS_FIGURE_H

#include "reports/report.h"

/* The front over two metrics with all trials behind it. Standalone: an XML document with its own colours on white; otherwise
 * an element for an HTML page whose style sheet colours the classes (report.css). */
ash_status figure_front(const report *r, int x, int y, bool standalone, arena *a, buffer *out, ash_error *err);

#endif
