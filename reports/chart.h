/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chart.h - a figure as data: axes and series, drawn by gnuplot (PDF, PNG, EPS, SVG), as pgfplots code, or in characters
 *
 * What a figure shows is decided once (charts.def, runs_charts.c), how it is drawn once per medium (gnuplot.c, tikz.c,
 * characters.c). Values are in the units people read: per cent where a metric is shown so. A non-finite value is not drawn and
 * breaks a line.
 */
#ifndef REPORTS_CHART_H
#define REPORTS_CHART_H

#include "reports/plot.h"
#include "reports/report.h"

typedef enum chart_mark {
    CHART_CLOUD,  /* small grey dots, behind everything */
    CHART_POINTS, /* symbols */
    CHART_LINE,
    CHART_BAND, /* between y and y2 */
} chart_mark;

typedef struct chart_series {
    const char *title; /* in the legend; NULL: not there */
    chart_mark mark;
    const char *colour; /* "#0072b2" */
    int style;          /* of symbols and dashes: series are told apart without colour; 0: solid */
    double *x, *y, *y2; /* (n); y2: bands only */
    size_t n;
} chart_series;

typedef struct chart_axis {
    const char *label; /* with its unit */
    report_unit unit;
    bool log, cut; /* cut: what lies below `least` is out of view */
    double least;
} chart_axis;

typedef struct chart {
    const char *title; /* for screens and metadata; papers write captions */
    chart_axis x, y;
    chart_series *series; /* drawn in this order */
    size_t n, cap;
    arena *a;
    bool failed; /* out of memory */
} chart;

/* Room for `n` points, y2 too for a band. Never NULL; n is 0 when out of memory. */
chart_series *chart_add(chart *c, chart_mark mark, const char *colour, int style, const char *title, size_t n);
/* A step function through (x[i], y[i]): constant from x[i] on, then up or down. One more point to the right when `until` is
 * finite. */
chart_series *chart_add_steps(chart *c, const char *colour, int style, const char *title, const double *x, const double *y,
                              size_t n, double until);
chart_series *chart_add_step_band(chart *c, const char *colour, const double *x, const double *low, const double *high, size_t n,
                                  double until);
/* Colours that colour-blind readers tell apart (Okabe and Ito 2008): seven, then from the start. */
const char *chart_colour(size_t i);
#define CHART_GREY "#8a8f98"

/* Axes over all series, with positions from 0 to 1. */
ash_status chart_fit(const chart *c, plot_axis *x, plot_axis *y, ash_error *err);
/* The corner where a legend covers nothing ("top right"), or NULL. */
const char *chart_legend_corner(const chart *c, const plot_axis *x, const plot_axis *y, double width_cm, double height_cm);

#define CHART_WIDTH_CM 8.6 /* a column of a two-column page */
#define CHART_HEIGHT(width) (0.72 * (width))

/* Runs gnuplot, which must be installed (ASH_BROKEN with the package's name otherwise). medium: "pdf", "png", "eps", "svg".
 * Without dates. */
ash_status chart_gnuplot(const chart *c, const char *medium, double width_cm, buffer *out, ash_error *err);
/* A tikzpicture for \input, drawn with the document's own fonts by pgfplots. */
ash_status chart_tikz(const chart *c, double width_cm, buffer *out, ash_error *err);
/* Lines of `columns` characters for a terminal: braille dots, or ASCII only. `rows` is the height of the plot without labels. */
ash_status chart_characters(const chart *c, size_t columns, size_t rows, bool ascii, buffer *out, ash_error *err);

/* The figures of one run. */
typedef struct report_chart {
    const char *name, *help;
    bool two_metrics; /* over view->x and view->y */
    ash_status (*draw)(const report *r, const report_view *view, chart *c, ash_error *err);
} report_chart;
const report_chart *report_chart_find(const char *name); /* NULL: unknown */
extern const char *const report_chart_names[];           /* NULL-terminated; the first is the default */
/* view->chart, or the default. */
ash_status report_draw(const report *r, const report_view *view, arena *a, chart *out, ash_error *err);

#endif
