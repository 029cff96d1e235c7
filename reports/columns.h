/* SPDX-License-Identifier: GPL-3.0-or-later */
/* columns.h - the front as a table: which metrics, and how a value is written for people */
#ifndef REPORTS_COLUMNS_H
#define REPORTS_COLUMNS_H

#include "reports/report.h"

enum { COLUMNS_MOST = 16 };
/* What a table of the front shows unless told: the objectives, each with its value on the test split, then macs, model_bytes and
 * mean_weight_bits, and the arithmetic when any member is an integer network. Returns the number of metrics put into `columns`. */
size_t columns_default(const report *r, int columns[COLUMNS_MOST]);
/* view->columns, or the default. */
size_t columns_of(const report *r, const report_view *view, int columns[COLUMNS_MOST]);

/* "2.51", "12 501 632" with `group` between groups of three, "0.0173"; "" when it is not known. In the unit of report_axis_label.
 */
void columns_cell(char out[64], const report_metric *m, double value, const char *group);

#endif
