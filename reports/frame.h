/* SPDX-License-Identifier: GPL-3.0-or-later */
/* frame.h - a run while it goes on: one frame of `ashlar watch`
 *
 * Made from a report of what is stored so far, and from what the watcher knows of the process that searches.
 */
#ifndef REPORTS_FRAME_H
#define REPORTS_FRAME_H

#include "reports/lines.h"

typedef struct frame_progress {
    const char *state;                 /* "running", "finished", "interrupted", "killed" */
    double elapsed_s;                  /* of the session that runs, or ran last; NaN: unknown */
    double rate;                       /* evaluations per second in it; NaN: unknown */
    double fraction;                   /* of the budget, in [0, 1]; NaN: no budget */
    double left_s;                     /* estimate; NaN: unknown */
    int64_t evaluations, trained_macs; /* the budget; 0: none */
} frame_progress;

/* One line: "142/300 evaluations  47 %  1.6/s  about 1 min 38 s left  hypervolume 0.8213  12 on the front  3 without a result".
 */
ash_status frame_line(const report *r, const frame_progress *p, buffer *out, ash_error *err);
/* A frame of about size->rows lines (at least 24), none longer than size->columns; the view's axes are those of the plot. */
ash_status frame_write(const report *r, const frame_progress *p, const report_view *view, const lines_size *size, arena *a,
                       buffer *out, ash_error *err);

#endif
