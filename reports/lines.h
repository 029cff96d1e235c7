/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lines.h - a run in lines of text: parts that the plain-text report and `ashlar watch` share */
#ifndef REPORTS_LINES_H
#define REPORTS_LINES_H

#include "reports/report.h"

typedef struct lines_size {
    size_t columns, rows; /* of the terminal; rows: of the plot */
    bool ascii;
} lines_size;

/* The front as an aligned table; at most `most` rows (0: all), evenly chosen. */
void lines_front(const report *r, const report_view *view, size_t most, size_t columns, arena *a, buffer *out);
/* The front over two metrics. Writes nothing when the run has no result with both. */
ash_status lines_plot(const report *r, const report_view *view, const lines_size *size, arena *a, buffer *out, ash_error *err);
/* "hypervolume 0.8213 of the box up to error 0.1, macs 100 000"; nothing without a reference. */
void lines_hypervolume(const report *r, buffer *out);
/* The first `width` characters of a text, on one line and without control characters. */
void lines_cut(buffer *out, const char *text, size_t width);
/* Trials without a result, counted by status and reason, at most so many; reasons that differ in numbers alone are one. */
ash_status lines_failures(const report *r, size_t most, size_t columns, arena *a, buffer *out, ash_error *err);

#endif
