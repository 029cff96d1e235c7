/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_data.c - what is in a data set, and what a network has to beat */
#include "cli/command.h"
#include "cli/output.h"
#include "cli/source.h"
#include "cli/table.h"
#include "core/text.h"
#include "data/data.h"
#include "data/sheet.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { KEY_SET = 256, KEY_FAST, KEY_SHEET, MOST = 4 };

typedef struct data_arguments {
    const char *names[MOST];
    size_t n;
    bool info, fast;
    const char *sheet;
    override_list overrides;
    output_format format;
} data_arguments;

static const struct argp_option options[] = {
    {"set", KEY_SET, "KEY=VALUE", 0, "override a setting: --set data.label=species. May be repeated", 0},
    {"no-baselines", KEY_FAST, NULL, 0, "do not measure the linear model and the nearest neighbour", 0},
    {"sheet", KEY_SHEET, "FILE.png", 0, "draw samples of each class side by side; - is standard output", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    data_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &a->format; break;
    case KEY_SET: overrides_add(&a->overrides, "%s", arg); break;
    case KEY_FAST: a->fast = true; break;
    case KEY_SHEET: a->sheet = arg; break;
    case ARGP_KEY_ARG:
        if (!a->info) {
            if (strcmp(arg, "info") != 0)
                cli_usage(state, "\"%s\" is nothing that can be done with data; there is: info", arg);
            a->info = true;
        } else if (a->n == MOST) {
            cli_usage(state, "\"%s\" is one file too many", arg);
        } else {
            a->names[a->n++] = arg;
        }
        break;
    case ARGP_KEY_END:
        if (!a->n)
            cli_usage(state, "which data? ashlar data info RUNFILE, CSV, FOLDER or digits");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {0}};
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "info DATA...",
    .doc = "Show the shape, classes, splits and statistics of a data set, and the errors of a linear model and of "
           "1-nearest-neighbour, which a network has to beat.\v"
           "DATA is a run file, a CSV file (and one of test rows), a folder of IDX files, or digits.\n\n"
           "Examples:\n"
           "  ashlar data info examples/digits.yaml\n"
           "  ashlar data info measurements.csv --set data.label=quality\n"
           "  ashlar data info /usr/share/datasets/fashion-mnist --format json\n",
    .children = children,
};

static void fact(table *t, const char *name, const char *value)
{
    table_row(t);
    table_text(t, name);
    table_text(t, value);
}

static const char *split_text(const data_split *p, bool official, arena *a)
{
    const char *text = arena_printf(a, "%zu samples%s", p->n, official ? " (official)" : "");
    return text && p->n_anomalies ? arena_printf(a, "%s, %zu of them anomalies", text, p->n_anomalies) : text;
}

static void facts(table *t, const data_set *d, arena *a)
{
    char hex[65];
    fact(t, "name", d->name);
    fact(t, "format", d->format);
    fact(t, "task", data_task_name(d->task));
    fact(t, "sample",
         d->is_image ? arena_printf(a, "%d x %d x %d (height, width, channels)", d->h, d->w, d->c)
                     : arena_printf(a, "%d features", d->c));
    buffer names = {0};
    const char *const *labels = d->class_names ? d->class_names : d->target_names;
    for (int k = 0; labels && k < d->n_outputs; k++) {
        if (names.len > 60 && k + 1 < d->n_outputs) {
            buffer_puts(&names, ", ...");
            break;
        }
        buffer_printf(&names, "%s%s", k ? ", " : "", labels[k]);
    }
    fact(t, d->task == DATA_CLASSIFICATION ? "classes" : "targets",
         d->task == DATA_RECONSTRUCTION ? arena_printf(a, "%d: the input itself", d->n_outputs)
                                        : arena_printf(a, "%d: %s", d->n_outputs, names.data ? names.data : ""));
    buffer_free(&names);
    fact(t, "training split", split_text(&d->train, false, a));
    fact(t, "validation split", split_text(&d->val, false, a));
    fact(t, "test split", d->test.n ? split_text(&d->test, d->official_test, a) : "none");
    if (d->dropped)
        fact(t, "dropped", arena_printf(a, "%zu rows with missing values", d->dropped));
    fact(t, "normalisation", d->normalize);
    if (data_has_augmentation(d))
        fact(t, "augmentation", arena_printf(a, "%sshift %d", d->flip ? "flip, " : "", d->shift));
    fact(t, "hash", hash_to_hex(hex, &d->hash));
}

static void baseline(table *t, const data_set *d, const char *name, double val, double test, double macs)
{
    bool percent = d->task == DATA_CLASSIFICATION;
    table_row(t);
    table_text(t, name);
    table_number(t, percent ? 100 * val : val, percent ? "%.2f" : "%.4f");
    table_number(t, percent ? 100 * test : test, percent ? "%.2f" : "%.4f");
    table_number(t, macs, "%.0f");
}

static ash_status print_baselines(const data_set *d, output_format format, ash_error *err)
{
    data_baseline b;
    if (data_baselines(d, &b, err) != ASH_OK)
        return err->status;
    bool percent = d->task == DATA_CLASSIFICATION;
    table *t = table_create();
    table_column(t, "baseline", TABLE_LEFT);
    table_column(t, percent ? "validation error (%)" : "validation error (RMSE)", TABLE_RIGHT);
    table_column(t, percent ? "test error (%)" : "test error (RMSE)", TABLE_RIGHT);
    table_column(t, "MACs", TABLE_RIGHT);
    if (d->task != DATA_RECONSTRUCTION)
        baseline(t, d, "linear model", b.linear_val_error, b.linear_test_error, (double)b.linear_macs);
    baseline(t, d, "1-nearest neighbour", b.nn1_val_error, b.nn1_test_error, NAN);
    putchar('\n');
    table_print(t, format, stdout);
    table_destroy(t);
    if (b.linear_train_used && b.linear_train_used < d->train.n)
        printf("the linear model was fitted on %zu of %zu samples\n", b.linear_train_used, d->train.n);
    if (b.nn1_train_used < d->train.n || b.nn1_test_used < d->test.n - d->test.n_anomalies)
        printf("nearest neighbours among %zu training samples of %zu validation and %zu test samples\n",
               b.nn1_train_used, b.nn1_val_used, b.nn1_test_used);
    return ASH_OK;
}

/* One row per channel of an image, or per feature. */
static void print_summary(const data_set *d, output_format format)
{
    table *t = table_create();
    table_column(t, d->is_image ? "channel" : "feature", TABLE_LEFT);
    static const char *const names[] = {"min", "max", "mean", "deviation"};
    for (size_t i = 0; i < 4; i++)
        table_column(t, names[i], TABLE_RIGHT);
    table_column(t, "missing", TABLE_RIGHT);
    for (int k = 0; k < d->c; k++) {
        char number[24];
        const data_summary *s = &d->summary[k];
        snprintf(number, sizeof(number), "%d", k);
        table_row(t);
        table_text(t, d->feature_names ? d->feature_names[k] : number);
        table_number(t, s->min, "%.6g");
        table_number(t, s->max, "%.6g");
        table_number(t, s->mean, "%.6g");
        table_number(t, s->std, "%.6g");
        table_integer(t, (int64_t)s->missing);
    }
    table_print(t, format, stdout);
    table_destroy(t);
}

/* For programs there is one table: facts, and the baselines among them. */
static ash_status print_for_programs(const data_arguments *args, const data_set *d, table *t, arena *a, ash_error *err)
{
    data_baseline b;
    char number[32];
    if (!args->fast && data_baselines(d, &b, err) != ASH_OK)
        return err->status;
    const struct {
        const char *name;
        double value;
    } rows[] = {{"linear_val_error", b.linear_val_error}, {"linear_test_error", b.linear_test_error},
                {"linear_macs", (double)b.linear_macs},   {"nn1_val_error", b.nn1_val_error},
                {"nn1_test_error", b.nn1_test_error}};
    for (size_t i = 0; !args->fast && i < sizeof(rows) / sizeof(rows[0]); i++)
        fact(t, rows[i].name, isfinite(rows[i].value) ? arena_strdup(a, text_of_real(number, rows[i].value)) : NULL);
    table_print(t, args->format, stdout);
    return ASH_OK;
}

static ash_status info(const data_arguments *args, const data_set *d, arena *a, ash_error *err)
{
    table *t = table_create();
    ash_status status = ASH_OK;
    table_column(t, "property", TABLE_LEFT);
    table_column(t, "value", TABLE_LEFT);
    facts(t, d, a);
    if (args->format != FORMAT_TABLE) {
        status = print_for_programs(args, d, t, a, err);
    } else {
        table_print(t, args->format, stdout);
        putchar('\n');
        print_summary(d, args->format);
        if (!args->fast)
            status = print_baselines(d, args->format, err);
    }
    table_destroy(t);
    return status;
}

static ash_status draw_sheet(const char *path, const data_set *d, ash_error *err)
{
    buffer png = {0};
    ash_status status = sheet_contact(d, &png, err);
    if (status == ASH_OK)
        status = output_write(path, NULL, png.data, png.len, err);
    buffer_free(&png);
    return status;
}

int cmd_data(int argc, char **argv)
{
    data_arguments args = {0};
    ash_error err;
    runfile *f = NULL;
    data_set *d = NULL;
    cli_parse(&argp, argc, argv, &args);
    ash_status status = source_open(args.names, args.n, NULL, &args.overrides, &f, &err);
    if (status == ASH_OK)
        status = data_open(f->data, &d, &err);
    if (status == ASH_OK)
        status = args.sheet && strcmp(args.sheet, "-") == 0 ? ASH_OK : info(&args, d, f->arena, &err);
    if (status == ASH_OK && args.sheet)
        status = draw_sheet(args.sheet, d, &err);
    data_close(d);
    runfile_close(f);
    overrides_free(&args.overrides);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
