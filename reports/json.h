/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.h - the report as one JSON object: a format of its own, and the data of the HTML page
 *
 * docs/reports.md lists the keys. Metrics are objects keyed by metric name; what is unknown is null or absent.
 */
#ifndef REPORTS_JSON_H
#define REPORTS_JSON_H

#include "reports/report.h"

typedef struct json_limits { /* 0: unlimited, and exact */
    size_t trials;      /* more than this many: the front and an even sample of the others */
    size_t block_bytes; /* block descriptions beyond the front's stop here */
    size_t curve_points;
    int digits; /* of curves */
    bool front_only;
    const report_view *view; /* the axes to start with; NULL: none */
} json_limits;

ash_status json_write_report(const report *r, const json_limits *limits, arena *a, buffer *out, ash_error *err);

#endif
