/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_cost.c - ashlar cost ARCH...: static costs, in total and layer by layer; nothing is trained */
#include "cli/source.h"
#include "cli/table.h"
#include "config/config.h"
#include "evaluator/cost/cost.h"
#include "reports/report.h"
#include <stdbool.h>
#include <stdio.h>

#define MAX_FILES 256

typedef struct request {
    const char *paths[MAX_FILES], *quantize;
    int n_paths;
    cost_settings settings;
    bool layers;
    output_format format;
} request;

typedef struct subject { /* one architecture file and its costs */
    const char *path;
    nn_graph *g;
    metric *metrics;
    size_t n_metrics;
    cost_layer *layers;
    size_t n_layers;
} subject;

static const struct argp_option rows[] = {
    {"layers", 'l', 0, 0, "Layer by layer, in the file's order", 0},
    {"activation-bits", 'a', "BITS", 0,
     "Bits of every activation, for peak_ram_bytes and bops (default: as the network says, 32 unless quantised)", 0},
    {"quantize", 'q', "SETTINGS", 0, CLI_QUANTIZE_HELP, 0},
    {"exclude-input", 'x', 0, 0, "Leave the input's buffer out of peak_ram_bytes", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->format;
        return 0;
    case 'l':
        r->layers = true;
        return 0;
    case 'a':
        r->settings.activation_bits = (int)cli_integer(state, "--activation-bits", text, 1, 32);
        return 0;
    case 'q':
        r->quantize = text;
        return 0;
    case 'x':
        r->settings.exclude_input = true;
        return 0;
    case ARGP_KEY_ARG:
        if (r->n_paths == MAX_FILES)
            cli_usage(state, "at most %d architecture files at once", MAX_FILES);
        r->paths[r->n_paths++] = text;
        return 0;
    case ARGP_KEY_NO_ARGS:
        cli_usage(state, "which architecture file?");
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static ash_status measure(subject *s, const char *path, const request *r, arena *a, ash_error *err)
{
    node *root, *quantize;
    s->path = path;
    ash_status status = cli_quantize(r->quantize, a, &quantize, err);
    if (status == ASH_OK)
        status = config_read_file(path, a, &root, err);
    if (status == ASH_OK)
        status = nn_read(root, quantize, a, &s->g, err);
    if (status == ASH_OK)
        status = cost_metrics_at(s->g, r->settings, a, &s->metrics, &s->n_metrics, err);
    if (status == ASH_OK)
        status = cost_layers(s->g, r->settings, a, &s->layers, &s->n_layers, err);
    return status;
}

static void put_value(table *t, double v)
{
    if (v == (double)(int64_t)v)
        table_integer(t, (int64_t)v);
    else
        table_number(t, v, "%.3f");
}

/* For people, one network: a metric per line. */
static void print_one(const subject *s, arena *a)
{
    table *t = table_create();
    table_column(t, "metric", TABLE_LEFT);
    table_column(t, s->g->name, TABLE_RIGHT);
    table_column(t, "", TABLE_LEFT);
    for (size_t i = 0; i < s->n_metrics; i++) {
        report_metric m;
        report_describe_metric(s->metrics[i].name, &m);
        table_row(t);
        table_text(t, s->metrics[i].name);
        put_value(t, s->metrics[i].value);
        table_text(t, report_axis_label(&m, a));
    }
    table_print(t, FORMAT_TABLE, stdout);
    table_destroy(t);
}

static void print_totals(const subject *s, int n, output_format format, arena *a)
{
    if (n == 1 && format == FORMAT_TABLE) {
        print_one(s, a);
        return;
    }
    table *t = table_create();
    table_column(t, "network", TABLE_LEFT);
    for (size_t i = 0; i < s->n_metrics; i++)
        table_column(t, s->metrics[i].name, TABLE_RIGHT);
    for (int k = 0; k < n; k++) {
        table_row(t);
        table_text(t, s[k].g->name);
        for (size_t i = 0; i < s[k].n_metrics; i++)
            put_value(t, s[k].metrics[i].value);
    }
    table_print(t, format, stdout);
    table_destroy(t);
}

static void put_shape(table *t, nn_shape s)
{
    char text[64];
    snprintf(text, sizeof text, "%dx%dx%d", s.h, s.w, s.c);
    table_text(t, text);
}

static void add_layers(table *t, const subject *s, bool all)
{
    for (size_t i = 0; i < s->n_layers; i++) {
        const cost_layer *l = &s->layers[i];
        table_row(t);
        if (all)
            table_text(t, s->g->name);
        table_text(t, l->name);
        table_text(t, l->op);
        table_text(t, l->attributes);
        put_shape(t, l->in);
        put_shape(t, l->out);
        table_integer(t, l->macs);
        if (all) {
            table_integer(t, l->flops);
            table_integer(t, l->bops);
        }
        table_integer(t, l->params);
        table_integer(t, l->params_folded);
        table_integer(t, l->weight_bits);
        table_integer(t, l->model_bytes);
        if (all)
            table_integer(t, l->out_bits);
        table_integer(t, l->activation_bytes);
    }
}

/* Programs get every column; people those that fit a line. */
static void print_layers(const subject *s, int n, output_format format)
{
    static const struct {
        const char *name;
        table_align align;
        bool wide;
    } columns[] = {{"network", TABLE_LEFT, true},       {"layer", TABLE_LEFT, false},
                   {"op", TABLE_LEFT, false},           {"attributes", TABLE_LEFT, false},
                   {"in", TABLE_RIGHT, false},          {"out", TABLE_RIGHT, false},
                   {"macs", TABLE_RIGHT, false},        {"flops", TABLE_RIGHT, true},
                   {"bops", TABLE_RIGHT, true},         {"params", TABLE_RIGHT, false},
                   {"params_folded", TABLE_RIGHT, false}, {"weight_bits", TABLE_RIGHT, false},
                   {"model_bytes", TABLE_RIGHT, false}, {"out_bits", TABLE_RIGHT, true},
                   {"activation_bytes", TABLE_RIGHT, false}};
    bool all = format != FORMAT_TABLE;
    table *t = table_create();
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (all || !columns[i].wide)
            table_column(t, columns[i].name, columns[i].align);
    for (int k = 0; k < n; k++)
        add_layers(t, &s[k], all);
    table_print(t, format, stdout);
    table_destroy(t);
}

static void print(const subject *s, int n, const request *r, arena *a)
{
    if (!r->layers)
        print_totals(s, n, r->format, a);
    else if (r->format != FORMAT_TABLE)
        print_layers(s, n, r->format);
    else
        for (int k = 0; k < n; k++) {
            print_layers(&s[k], 1, r->format);
            putchar('\n');
            print_one(&s[k], a);
            if (k < n - 1)
                putchar('\n');
        }
}

int cmd_cost(int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        rows, parse, "ARCH...",
        "Print the static costs of networks given by architecture files. docs/costs.md defines each figure; "
        "nothing is trained or measured.\v"
        "With several files there is one row per network; --layers with --format csv or json gives every column.\n\n"
        "  ashlar cost examples/architectures/resnet8.yaml\n"
        "  ashlar cost --layers --activation-bits 8 examples/architectures/ds-cnn.yaml\n"
        "  ashlar cost --format csv examples/architectures/*.yaml\n",
        children, NULL, NULL};
    request r = {0};
    cli_parse(&argp, argc, argv, &r);
    static subject subjects[MAX_FILES];
    ash_error err;
    ash_status status = ASH_OK;
    arena *a = arena_create();
    if (!a)
        status = ash_fail_memory(&err);
    for (int i = 0; status == ASH_OK && i < r.n_paths; i++)
        status = measure(&subjects[i], r.paths[i], &r, a, &err);
    if (status == ASH_OK)
        print(subjects, r.n_paths, &r, a);
    arena_destroy(a);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
