/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare.h - methods against one another: what each reached, and whether the difference is more than chance */
#ifndef REPORTS_COMPARE_H
#define REPORTS_COMPARE_H

#include "reports/chart.h"
#include "reports/runs.h"
#include "reports/statistics.h"

typedef struct compare_pair { /* of groups a and b, by hypervolume (larger is better) after the common budget */
    size_t a, b;
    double difference, low, high; /* median of a less median of b, with a 95 % interval (bootstrap); NaN for groups of one run */
    double a12;                   /* the chance that a run of a is better than one of b */
    stats_test mann_whitney;
    stats_test wilcoxon; /* by seed, over the seeds that both have; n is 0 when they have none in common */
    double p_holm;       /* Mann-Whitney's p, adjusted for the number of pairs; NaN when nothing was tested */
} compare_pair;

typedef struct comparison {
    const runs *s;
    runs_axis axis;
    double budget;
    double scale;          /* to the unit of hypervolume: per cent of the reference box, or 1 */
    const double *final;   /* (runs) */
    stats_summary *groups; /* (n_groups) */
    compare_pair *pairs;   /* every two groups once */
    size_t n_pairs;
} comparison;

/* ASH_INVALID for fewer than two runs, or when no run has a result. In `a`. */
ash_status compare_runs(const runs *s, runs_axis axis, arena *a, comparison *out, ash_error *err);

typedef struct runs_chart_view {
    int x, y; /* metrics of the attainment surface, by their index in the first run; all runs have them */
    runs_axis axis;
} runs_chart_view;

typedef struct runs_chart {
    const char *name, *help;
    ash_status (*draw)(const runs *s, const runs_chart_view *view, chart *c, ash_error *err);
} runs_chart;
const runs_chart *runs_chart_find(const char *name); /* NULL: unknown */
extern const char *const runs_chart_names[];         /* NULL-terminated; the first is the default */

#endif
