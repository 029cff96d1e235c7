/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_report.c - ashlar report DB: a page, a figure or a table of a run */
#include "cli/output.h"
#include "cli/study.h"
#include "core/text.h"
#include "reports/report.h"
#include <stdlib.h>
#include <string.h>

typedef struct request {
    const char *path, *output, *x, *y;
    int64_t run;
    const report_format *format;
    bool front_only, plain;
} request;

enum { KEY_X = 256, KEY_Y, KEY_FRONT, KEY_PLAIN };

static const struct argp_option rows[] = {
    {"run", 'r', "N", 0, "Run of the study (default: the latest)", 0},
    {"output", 'o', "FILE", 0, "Where to; - is standard output (default: DB's name with the format's ending)", 0},
    {"format", 'f', "FORMAT", 0, "html, svg, csv or json (default: by FILE's ending, else html)", 0},
    {"x", KEY_X, "METRIC", 0, "Metric across, in html and svg (default: the second objective)", 0},
    {"y", KEY_Y, "METRIC", 0, "Metric up, in html and svg (default: the first objective)", 0},
    {"front", KEY_FRONT, NULL, 0, "csv and json: only the trials on the front", 0},
    {"plain", KEY_PLAIN, NULL, 0, "html: a small page without the bundled chart library", 0},
    {0},
};

static const report_format *find_format(const struct argp_state *state, const char *name)
{
    const report_format *f = report_format_find(name);
    if (!f) {
        size_t n = 0;
        while (report_format_names[n])
            n++;
        const char *near = text_nearest(name, report_format_names, n);
        cli_usage(state, "--format is html, svg, csv or json, not \"%s\"%s%s%s", name, near ? "; did you mean " : "",
                  near ? near : "", near ? "?" : "");
    }
    return f;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case 'r':
        r->run = cli_integer(state, "--run", text, 1, INT64_MAX);
        return 0;
    case 'o':
        if (!*text)
            cli_usage(state, "--output takes a file name");
        r->output = text;
        return 0;
    case 'f':
        r->format = find_format(state, text);
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
    case ARGP_KEY_ARG:
        if (r->path)
            cli_usage(state, "one database, please: \"%s\" is one too many", text);
        r->path = text;
        return 0;
    case ARGP_KEY_NO_ARGS:
        cli_usage(state, "which database?");
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *ending_of(const char *path)
{
    const char *base = strrchr(path, '/'), *dot = strrchr(base ? base : path, '.');
    return dot ? dot + 1 : "";
}

/* --format, else the ending of --output, else the first of the registry. */
static const report_format *choose_format(const request *r)
{
    if (r->format)
        return r->format;
    const char *ending = r->output ? ending_of(r->output) : "";
    for (size_t i = 0; report_format_at(i); i++)
        if (strcmp(report_format_at(i)->extension, ending) == 0)
            return report_format_at(i);
    return report_format_at(0);
}

/* digits.db, html -> digits.html, next to the database */
static const char *default_output(const char *path, const report_format *format, arena *a)
{
    bool is_db = strcmp(ending_of(path), "db") == 0 || strcmp(ending_of(path), "sqlite") == 0;
    size_t stem = is_db ? strlen(path) - strlen(ending_of(path)) - 1 : strlen(path);
    return arena_printf(a, "%.*s.%s", (int)stem, path, format->extension);
}

static ash_status find_metric(const report *r, const char *option, const char *name, int *out, ash_error *err)
{
    if (!name)
        return ASH_OK;
    *out = report_metric_index(r, name);
    if (*out >= 0)
        return ASH_OK;
    const char **names = malloc((r->n_metrics + 1) * sizeof *names);
    if (!names)
        return ash_fail_memory(err);
    buffer list = {0};
    for (size_t i = 0; i < r->n_metrics; i++) {
        names[i] = r->metrics[i].name;
        buffer_printf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = text_nearest(name, names, r->n_metrics);
    free(names);
    if (near)
        ash_fail(err, ASH_INVALID, "%s: the run has no metric \"%s\"; did you mean \"%s\"?", option, name, near);
    else
        ash_fail(err, ASH_INVALID, "%s: the run has no metric \"%s\"; it has %s", option, name, list.len ? list.data : "none");
    buffer_free(&list);
    return ASH_INVALID;
}

/* Formats that do without axes are written also for a run with one metric. */
static ash_status choose_view(const report *r, const request *q, const report_format *format, report_view *view, ash_error *err)
{
    *view = (report_view){.x = -1, .y = -1, .front_only = q->front_only, .plain = q->plain};
    ash_status s = find_metric(r, "--x", q->x, &view->x, err);
    if (s == ASH_OK)
        s = find_metric(r, "--y", q->y, &view->y, err);
    if (s == ASH_OK && q->x && q->y && view->x == view->y)
        s = ash_fail(err, ASH_INVALID, "--x and --y are both \"%s\"; a front needs two different metrics", q->x);
    if (s != ASH_OK)
        return s;
    s = report_default_axes(r, view, err);
    if (s == ASH_OK || q->x || q->y || strcmp(format->name, "svg") == 0)
        return s;
    view->x = view->y = -1;
    return ASH_OK;
}

static ash_status make(study *s, const request *q, ash_error *err)
{
    ash_status status = study_open(s, q->path, q->run, true, err);
    if (status != ASH_OK)
        return status;
    const report_format *format = choose_format(q);
    const char *name = strrchr(q->path, '/');
    report *r = NULL;
    report_view view;
    status = report_load(s->d, s->run.id, name ? name + 1 : q->path, s->a, &r, err);
    if (status != ASH_OK)
        return status;
    if (!r->n_trials)
        return ash_fail(err, ASH_INVALID, "%s: run %lld has no trials yet; there is nothing to report", q->path, (long long)s->run.id);
    if ((status = choose_view(r, q, format, &view, err)) != ASH_OK)
        return status;
    const char *output = q->output ? q->output : default_output(q->path, format, s->a);
    if (!output)
        return ash_fail_memory(err);
    buffer out = {0};
    status = format->write(r, &view, s->a, &out, err);
    if (status == ASH_OK && out.failed)
        status = ash_fail_memory(err);
    if (status == ASH_OK)
        status = output_write(output, q->path, out.data, out.len, err);
    buffer_free(&out);
    if (status == ASH_OK && strcmp(output, "-") != 0)
        printf("%s: run %lld, %zu trials, %zu on the front\n", output, (long long)s->run.id, r->n_trials, r->n_front);
    return status;
}

int cmd_report(int argc, char **argv)
{
    static const struct argp argp = {
        rows, parse, "DB",
        "Write a report of a run: a page that opens offline in any browser, the front as a figure, or every trial as CSV or JSON.\v"
        "The page has the front over any two metrics, the hypervolume, learning curves, the blocks of each network on the front, "
        "a table of the trials, and how the run was made.\n\n"
        "  ashlar report digits.db\n"
        "  ashlar report digits.db -o front.svg --x model_bytes\n"
        "  ashlar report digits.db --format csv -o - | head\n",
        NULL, NULL, NULL};
    request q = {0};
    cli_parse(&argp, argc, argv, &q);
    study s = {0};
    ash_error err;
    ash_status status = make(&s, &q, &err);
    study_close(&s);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
