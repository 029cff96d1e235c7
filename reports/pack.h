/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pack.h - the trials of a report as compressed columns: how a page carries 100,000 of them in a few megabytes
 *
 * The bytes are sections one after the other, deflated (zlib) and in base64. `description` lists the sections in their order, as JSON,
 * with what a reader needs to take them apart; reports/web/data.js is that reader and says what each kind means.
 *
 * A real column is a table of its distinct values and an index per trial. Columns of up to 4,096 values, integers and all
 * members of the front are exact. Others are rounded to five significant digits, or four when that leaves more than 65,535 values.
 */
#ifndef REPORTS_PACK_H
#define REPORTS_PACK_H

#include "reports/report.h"

typedef struct pack_limits {
    size_t trials;       /* more than this many: the front and an even sample of the others */
    size_t block_bytes;  /* block descriptions beyond the front's stop here */
    size_t curve_points; /* so do learning curves */
} pack_limits;

ash_status pack_trials(const report *r, const pack_limits *limits, arena *a, buffer *description, buffer *base64, ash_error *err);
/* Any bytes deflated (zlib) and in base64, added to `base64`. */
ash_status pack_bytes(const void *bytes, size_t length, buffer *base64, ash_error *err);

#endif
