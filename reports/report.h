/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.h - one run as a model, and the model as a page, a figure or a table
 *
 * report_build turns a run and its trials into everything that a report shows: which metrics there are, which trials are on
 * the front over the objectives, how the hypervolume grew, what the data set's baselines reach. It computes
 * nothing else and knows no format. A format (formats.def: html, svg, csv, json) is one file with one function that
 * writes the model to a buffer.
 *
 * Evaluations are counted as the budget counts them: duplicates, invalid and infeasible trials are free. History follows
 * virtual time (virtual finish, then id), the order in which the search learned the results.
 */
#ifndef REPORTS_REPORT_H
#define REPORTS_REPORT_H

#include "core/arena.h"
#include "core/buffer.h"
#include "core/status.h"
#include "core/trial.h"
#include "db/db.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum report_unit { /* how a metric's numbers are written */
    REPORT_PLAIN,
    REPORT_FRACTION, /* shown in per cent when the task is a classification */
    REPORT_COUNT,    /* SI prefixes on axes: 20k */
    REPORT_BYTES,
    REPORT_BITS,
    REPORT_SECONDS,
    REPORT_JOULES,
    REPORT_ARITHMETIC, /* 1: "integer", 0: "float" */
} report_unit;

typedef struct report_metric {
    const char *name;  /* "error": the key in the database */
    const char *label; /* "validation error" */
    report_unit unit;
    bool percent;   /* REPORT_FRACTION of a classification: x 100 for people */
    bool objective; /* objectives come first, in the run's order */
    size_t known;   /* trials that have it */
} report_metric;

typedef struct report_step { /* the hypervolume after this much work; only changes, the start and the end */
    uint64_t evaluations, trial, trained_macs; /* evaluations and trained MACs so far; the trial that brought it (0: none) */
    double hypervolume;
} report_step;

typedef struct report_field { /* "how the run was made": one line of it */
    const char *name, *value;
} report_field;

typedef struct report_baseline { /* what a simple method reaches on the same split; NaN: unknown */
    const char *name; /* "linear model" */
    double val_error, test_error, macs;
} report_baseline;

typedef struct report {
    const char *source; /* the database's file name, NULL: none */
    const db_run *run;
    trial *const *trials; /* in id order */
    size_t n_trials;

    const report_metric *metrics; /* objectives first, then by name */
    size_t n_metrics, n_objectives;
    const double *values; /* (n_trials, n_metrics); NaN: not measured */

    const bool *on_front; /* (n_trials): non-dominated over the objectives among the trials that are ok */
    const size_t *front;  /* indices into trials, by the second objective (or the first), then id */
    size_t n_front;

    const double *reference; /* (n_objectives), for the hypervolume; NULL when no trial is ok */
    bool reference_given;    /* by the run; else 10 % of the front's extent beyond its nadir */
    double hypervolume;      /* of the whole run; NaN when there is no reference */
    double box;              /* the volume between the origin and the reference: hypervolume / box is a share. 0: no share */
    const report_step *history;
    size_t n_history;

    uint64_t evaluations;
    size_t by_status[TRIAL_STATUS_COUNT];
    double train_s;        /* sums over the trials, without duplicates */
    uint64_t trained_macs;

    const char *data_json; /* the data set as the run saw it; NULL when absent or unreadable */
    bool classification;
    report_baseline baselines[2];
    size_t n_baselines;
    const report_field *fields; /* digest, environment, sessions; filled by report_load */
    size_t n_fields;
    const struct nodes *nodes; /* where it was evaluated (nodes.h); NULL: not from a database */
} report;

/* The model of a run. Borrows run and trials; everything else lives in `a`. A database without trials gives a report that says so. */
ash_status report_build(const db_run *run, trial *const *trials, size_t n, arena *a, report **out, ash_error *err);

/* The same from a database: run 0 is the latest. `source` is what the report calls the database. */
ash_status report_load(db *d, int64_t run, const char *source, arena *a, report **out, ash_error *err);

/* Measure the hypervolume and its history again, up to another reference point (NULL: none), which is borrowed. `given`: not from the
 * run's own front. */
ash_status report_set_reference(report *r, const double *reference, bool given, arena *a, ash_error *err);
/* The run's reference point, else one from its front; report_build calls it. */
ash_status report_own_reference(report *r, arena *a, ash_error *err);
/* "0.1, 1e5" into m finite numbers; false when it is anything else. */
bool report_parse_reference(const char *text, size_t m, double *out);
/* A coordinate of a reference point from a front's extent in one objective. */
double report_beyond(double ideal, double nadir);
/* Does the trial count as an evaluation? Duplicates, invalid and infeasible ones do not. */
bool report_counts(const trial *t);
/* Indices of all trials in the order in which the search learned the results; NULL: out of memory. */
size_t *report_virtual_order(const report *r, arena *a);

/* The index of a metric, or -1. */
int report_metric_index(const report *r, const char *name);

typedef struct report_view { /* what the user asked for */
    int x, y;        /* metrics on the axes; -1: chosen by report_default_axes */
    bool front_only; /* csv, json: only the front */
    bool plain;      /* html: without the bundled chart library */
    const struct report_chart *chart; /* figures: which (chart.h); NULL: the front */
    double width_cm;                  /* figures; 0: a column of a paper */
    const int *columns;               /* latex, markdown, text: metrics (n_columns); 0: report_columns */
    size_t n_columns;
    bool ascii; /* text: the terminal knows no UTF-8 */
    const struct runs *runs; /* html: all runs that are shown side by side, the report's own among them (runs.h); NULL: only its own */
} report_view;

/* Fill x and y where they are -1: y the first objective, x the second; with one objective, x is macs or any other metric.
 * ASH_INVALID when the run has fewer than two metrics. */
ash_status report_default_axes(const report *r, report_view *view, ash_error *err);

typedef enum report_shows { /* what a format is about, which decides the options it takes */
    REPORT_TRIALS, /* everything */
    REPORT_FIGURE, /* view->chart; over view->x and view->y when the chart is of two metrics */
    REPORT_TABLE,  /* the front, with view->columns */
} report_shows;

typedef struct report_format {
    const char *name, *extension, *help;
    ash_status (*write)(const report *r, const report_view *view, arena *a, buffer *out, ash_error *err);
    report_shows shows;
} report_format;

const report_format *report_format_find(const char *name); /* NULL: unknown */
const report_format *report_format_at(size_t i);           /* NULL past the end */
extern const char *const report_format_names[];            /* NULL-terminated */

/* Label with its unit, as an axis or a column shows it: "validation error (%)", "model size (B)". */
const char *report_axis_label(const report_metric *m, arena *a);
const char *report_unit_name(report_unit unit);
const char *report_arithmetic(double integer); /* the metric `integer` in words */
/* Label and unit of a metric name; unknown names are their own label. */
void report_describe_metric(const char *name, report_metric *out);

#endif
