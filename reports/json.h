/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.h - a run as JSON: the head of the JSON report, and of the data of the HTML page
 *
 * docs/reports.md lists the keys. What is unknown is null or absent.
 */
#ifndef REPORTS_JSON_H
#define REPORTS_JSON_H

#include "reports/report.h"
#include "reports/runs.h"

/* Everything but the trials: an object that is still open, after a comma. */
void json_write_head(const report *r, arena *a, buffer *out);
/* Groups of runs: quartile bands of the hypervolume, and the fronts over the objectives. `own` is marked; NULL: null. */
ash_status json_write_runs(const runs *s, const report *own, arena *a, buffer *out, ash_error *err);

#endif
