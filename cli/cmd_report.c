/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_report.c - ashlar report DB: a page, a figure or a table of a run */
#include "cli/figure_options.h"
#include "cli/output.h"
#include "cli/study.h"
#include "reports/chart.h"
#include "reports/columns.h"
#include "reports/runs.h"
#include <stdlib.h>
#include <string.h>

typedef struct request {
    const char **paths, *output, *x, *y;
    size_t n;
    int64_t run;
    const report_format *format;
    const char *columns;
    const report_chart *chart;
    double width_cm;
    bool front_only, plain, all;
} request;

enum { KEY_X = 256, KEY_Y, KEY_FRONT, KEY_PLAIN, KEY_FIGURE, KEY_WIDTH, KEY_COLUMNS, KEY_ALL, MOST_FILES = 4096 };

static const struct argp_option rows[] = {
    {"output", 'o', "FILE", 0, "Where to; - is standard output (default: DB's name with the format's ending)", 0},
    {"format", 'f', "FORMAT", 0, "One of the formats below (default: by FILE's ending, else html)", 0},
    {"figure", KEY_FIGURE, "FIGURE", 0, "Which figure; the figures are listed below (default: front)", 0},
    {"x", KEY_X, "METRIC", 0, "Metric across, in a figure, page or text (default: the second objective)", 0},
    {"y", KEY_Y, "METRIC", 0, "Metric up (default: the first objective)", 0},
    {"width", KEY_WIDTH, "CM", 0, "Figures but the front as SVG: their width (default: 8.6, a column of a paper)", 0},
    {"columns", KEY_COLUMNS, "METRICS", 0, "Tables: which metrics, comma-separated (default: objectives and costs)", 0},
    {"front", KEY_FRONT, NULL, 0, "csv and json: only the trials on the front", 0},
    {"all", KEY_ALL, NULL, 0, "html: also the other runs of the database, side by side", 0},
    {"plain", KEY_PLAIN, NULL, 0, "html: a small page without the bundled chart library", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->run;
        return 0;
    case 'o':
        if (!*text)
            cli_usage(state, "--output takes a file name");
        r->output = text;
        return 0;
    case 'f':
        if (!(r->format = report_format_find(text)))
            cli_refuse_name(state, "--format", text, report_format_names);
        return 0;
    case KEY_FIGURE:
        if (!(r->chart = report_chart_find(text)))
            cli_refuse_name(state, "--figure", text, report_chart_names);
        return 0;
    case KEY_WIDTH:
        r->width_cm = cli_width_cm(state, text);
        return 0;
    case KEY_COLUMNS:
        r->columns = text;
        return 0;
    case KEY_X:
        r->x = text;
        return 0;
    case KEY_Y:
        r->y = text;
        return 0;
    case KEY_FRONT:
        r->front_only = true;
        return 0;
    case KEY_PLAIN:
        r->plain = true;
        return 0;
    case KEY_ALL:
        r->all = true;
        return 0;
    case ARGP_KEY_ARG:
        if (r->n == MOST_FILES)
            cli_usage(state, "at most %d databases at a time", MOST_FILES);
        r->paths[r->n++] = text;
        return 0;
    case ARGP_KEY_NO_ARGS:
        cli_usage(state, "which database?");
    case ARGP_KEY_END:
        if (r->output && !r->format && *cli_ending_of(r->output) && !cli_format_of(r->output))
            cli_usage(state, "no format has the ending of \"%s\": name one with --format", r->output);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --format, else the ending of --output, else the first of the registry. */
static const report_format *choose_format(const request *r)
{
    if (r->format)
        return r->format;
    const report_format *named = r->output ? cli_format_of(r->output) : NULL;
    return named ? named : report_format_at(0);
}

/* digits.db, html -> digits.html, next to the database */
static const char *default_output(const char *path, const report_format *format, arena *a)
{
    bool is_db = strcmp(cli_ending_of(path), "db") == 0 || strcmp(cli_ending_of(path), "sqlite") == 0;
    size_t stem = is_db ? strlen(path) - strlen(cli_ending_of(path)) - 1 : strlen(path);
    return arena_printf(a, "%.*s.%s", (int)stem, path, format->extension);
}

static ash_status choose_columns(const report *r, const char *list, arena *a, report_view *view, ash_error *err)
{
    const char **names;
    if (study_split(list, a, &names, &view->n_columns, err) != ASH_OK)
        return ash_prefix(err, "--columns");
    int *columns = ARENA_NEW(a, int, view->n_columns);
    if (!columns)
        return ash_fail_memory(err);
    for (size_t i = 0; i < view->n_columns; i++)
        if (cli_find_metric(r, "--columns", names[i], &columns[i], err) != ASH_OK)
            return err->status;
    if (view->n_columns > COLUMNS_MOST)
        return ash_fail(err, ASH_INVALID, "--columns takes up to %d metrics", COLUMNS_MOST);
    view->columns = columns;
    return ASH_OK;
}

/* What is asked for and the format cannot do is refused, not overlooked. */
static ash_status check_options(const request *q, const report_format *format, ash_error *err)
{
    if (q->chart && format->shows != REPORT_FIGURE)
        return ash_fail(err, ASH_INVALID, "--figure is for figures (svg, pdf, png, eps, tikz); %s is none", format->name);
    if (q->width_cm > 0 && (format->shows != REPORT_FIGURE || (strcmp(format->name, "svg") == 0 && (!q->chart || q->chart->two_metrics))))
        return ash_fail(err, ASH_INVALID, "--width is for figures drawn to a size in centimetres (pdf, png, eps, tikz); %s is not", format->name);
    if (q->columns && format->shows != REPORT_TABLE)
        return ash_fail(err, ASH_INVALID, "--columns is for tables (latex, markdown, text); %s is none", format->name);
    if (q->chart && !q->chart->two_metrics && (q->x || q->y))
        return ash_fail(err, ASH_INVALID, "--x and --y choose the axes of the front; the figure \"%s\" has its own", q->chart->name);
    if ((q->n > 1 || q->all) && strcmp(format->name, "html") != 0)
        return ash_fail(err, ASH_INVALID, "several runs side by side are for the page (html), not %s; for figures and tables of them there is ashlar compare",
                        format->name);
    return ASH_OK;
}

/* The page of one run, with others beside it: all are measured up to one reference point. */
static ash_status load_others(study *s, const request *q, report *r, report_view *view, ash_error *err)
{
    runs *all = NULL;
    ash_status status = runs_load(&(runs_request){.paths = q->paths, .n = q->n, .run = q->all ? 0 : q->run}, s->a, &all, err);
    if (status == ASH_OK && all->reference)
        status = report_set_reference(r, all->reference, all->reference_given, s->a, err);
    view->runs = all;
    return status;
}

/* Formats that do without axes are written also for a run with one metric. */
static ash_status choose_view(const report *r, const request *q, const report_format *format, arena *a, report_view *view, ash_error *err)
{
    *view = (report_view){.x = -1, .y = -1, .front_only = q->front_only, .plain = q->plain, .chart = q->chart, .width_cm = q->width_cm};
    view->ascii = q->output && strcmp(q->output, "-") == 0 && !cli_utf8();
    ash_status s = cli_find_metric(r, "--x", q->x, &view->x, err);
    if (s == ASH_OK)
        s = cli_find_metric(r, "--y", q->y, &view->y, err);
    if (s == ASH_OK && q->x && q->y && view->x == view->y)
        s = ash_fail(err, ASH_INVALID, "--x and --y are both \"%s\"; a front needs two different metrics", q->x);
    if (s == ASH_OK && q->columns)
        s = choose_columns(r, q->columns, a, view, err);
    if (s != ASH_OK)
        return s;
    s = report_default_axes(r, view, err);
    if (s == ASH_OK || q->x || q->y || (format->shows == REPORT_FIGURE && (!q->chart || q->chart->two_metrics)))
        return s;
    view->x = view->y = -1;
    return ASH_OK;
}

static ash_status make(study *s, const request *q, ash_error *err)
{
    const report_format *format = choose_format(q);
    const char *path = q->paths[0];
    ash_status status = check_options(q, format, err);
    if (status == ASH_OK)
        status = study_open(s, path, q->run, true, err);
    if (status != ASH_OK)
        return status;
    const char *name = strrchr(path, '/');
    report *r = NULL;
    report_view view;
    status = report_load(s->d, s->run.id, name ? name + 1 : path, s->a, &r, err);
    if (status != ASH_OK)
        return status;
    if (!r->n_trials)
        return ash_fail(err, ASH_INVALID, "%s: run %lld has no trials yet; there is nothing to report", path, (long long)s->run.id);
    if ((status = choose_view(r, q, format, s->a, &view, err)) != ASH_OK)
        return status;
    if ((q->n > 1 || q->all) && (status = load_others(s, q, r, &view, err)) != ASH_OK)
        return status;
    const char *output = q->output ? q->output : default_output(path, format, s->a);
    if (!output)
        return ash_fail_memory(err);
    buffer out = {0};
    status = format->write(r, &view, s->a, &out, err);
    if (status == ASH_OK && out.failed)
        status = ash_fail_memory(err);
    if (status == ASH_OK)
        status = output_write(output, path, out.data, out.len, err);
    buffer_free(&out);
    if (status == ASH_OK && strcmp(output, "-") != 0)
        printf("%s: run %lld, %zu trials, %zu on the front\n", output, (long long)s->run.id, r->n_trials, r->n_front);
    return status;
}

/* The end of --help: the formats, from their registry, and examples. */
static char *help_formats(int key, const char *text, void *input)
{
    (void)input;
    if (key != ARGP_KEY_HELP_EXTRA)
        return (char *)text;
    buffer out = {0};
    buffer_puts(&out, "Formats:\n");
    for (size_t i = 0; report_format_at(i); i++)
        buffer_printf(&out, "  %-9s .%-5s %s\n", report_format_at(i)->name, report_format_at(i)->extension, report_format_at(i)->help);
    buffer_puts(&out, "\nFigures:\n");
    for (size_t i = 0; report_chart_names[i]; i++)
        buffer_printf(&out, "  %-9s %s\n", report_chart_names[i], report_chart_find(report_chart_names[i])->help);
    buffer_puts(&out, "\nFor example:\n"
                      "  ashlar report digits.db\n"
                      "  ashlar report seed*.db -o seeds.html\n"
                      "  ashlar report digits.db -o front.pdf --x model_bytes\n"
                      "  ashlar report digits.db -o history.png --figure history\n"
                      "  ashlar report digits.db -o front.tex --columns error,macs\n"
                      "  ashlar report digits.db --format text -o -\n"
                      "  ashlar report digits.db --format csv -o - | head\n");
    return out.failed ? NULL : out.data; /* argp frees it */
}

int cmd_report(int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_run_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        rows, parse, "DB...",
        "Write a report of a run: a page that opens offline in any browser, a figure or a table for a paper, text for a terminal, or every "
        "trial as CSV or JSON.\v"
        "The page has the front over any two metrics, the hypervolume, learning curves, the blocks of each network on the front, "
        "a table of the trials, and how the run was made. With several databases it is the page of the first one's run, with the fronts and "
        "the hypervolume of the others beside it.",
        children, help_formats, NULL};
    const char *paths[MOST_FILES];
    request q = {.paths = paths};
    cli_parse(&argp, argc, argv, &q);
    study s = {0};
    ash_error err;
    ash_status status = make(&s, &q, &err);
    study_close(&s);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
