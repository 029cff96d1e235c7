/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runs.h - several runs side by side: loaded, grouped by method, measured up to one reference point
 *
 * A group is a method; its members are repetitions, usually other seeds. Unless asked otherwise, runs that differ in nothing but
 * the seed are one group, and the group is called by what it alone has: "nsga2", "epochs=10 lr=0.1".
 *
 * Runs of different budgets are compared after the largest budget that all of them reached: evaluations, or trained MACs.
 */
#ifndef REPORTS_RUNS_H
#define REPORTS_RUNS_H

#include "reports/report.h"

typedef enum runs_axis { RUNS_EVALUATIONS, RUNS_TRAINED_MACS } runs_axis; /* what a budget is counted in */

typedef struct runs_group {
    const char *name;
    const size_t *members; /* indices of runs, by seed, then in the order given */
    size_t n;
} runs_group;

typedef struct runs {
    report **v;          /* (n): each with the common reference point */
    const char **labels; /* (n): "nsga2-1", the file's name without its ending; "study#2" when a file has several runs */
    size_t n;
    runs_group *groups; /* in the order in which their first runs were given */
    size_t n_groups;
    const double *reference; /* (objectives); NULL when no run has a result */
    bool reference_given;    /* asked for, or the same in all runs; else from the fronts of all runs together */
    double box;              /* volume between the origin and the reference; 0: no share can be given */
    double budget[2];        /* by runs_axis: what every run reached */
    bool same_budget[2];     /* no run went further */
} runs;

typedef struct runs_request {
    const char *const *paths; /* databases; all runs of each */
    size_t n;
    int64_t run;           /* 0: all; else only this run of each database */
    const char *group;     /* NULL: by settings; "file", "name", or a setting such as "search.strategy" or "strategy" */
    const char *reference; /* "0.1,1e5"; NULL: chosen */
} runs_request;

/* Refuses (ASH_INVALID) runs without trials, the same run twice, runs of different objectives or data, an unknown group key. One
 * run is fine here. Everything lives in `a`. */
ash_status runs_load(const runs_request *q, arena *a, runs **out, ash_error *err);

/* The hypervolume of a run after `budget`. */
double runs_hypervolume(const report *r, runs_axis axis, double budget);

typedef struct runs_band {           /* of a group: a step function, constant from x[i] to x[i+1] */
    double *x, *low, *median, *high; /* (n): quartiles of the hypervolume */
    size_t n;
} runs_band;
/* From 0 to the common budget, at most `points` steps (>= 2). */
ash_status runs_hypervolume_band(const runs *s, const runs_group *g, runs_axis axis, size_t points, arena *a, runs_band *out,
                                 ash_error *err);

/* The empirical attainment surface over two metrics, both minimised: median[i] is what half of the group's runs attain at x[i] or
 * left of it, low and high what a quarter and three quarters do (Fonseca and Fleming 1996, doi:10.1007/3-540-61723-X_1022). A
 * step function; infinite where too few runs attain anything. Trials beyond the common budget on `axis` do not count. */
ash_status runs_attainment(const runs *s, const runs_group *g, const char *x, const char *y, runs_axis axis, arena *a,
                           runs_band *out, ash_error *err);

#endif
