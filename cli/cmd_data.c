/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_data.c - what is in a data set, and what a network has to beat */
#include "cli/command.h"
#include "cli/output.h"
#include "cli/source.h"
#include "cli/table.h"
#include "core/text.h"
#include "data/data.h"
#include "data/duplicates.h"
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
            cli_usage(state, "which data? ashlar data info RUNFILE, CSV, NPZ, FOLDER or digits");
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
           "DATA is a run file, a CSV file (and one of test rows), a folder of images with a folder for each class, a .npz archive, two "
           ".npy files (samples, labels), a folder of IDX or CIFAR files, or digits.\n\n"
           "Examples:\n"
           "  ashlar data info examples/digits.yaml\n"
           "  ashlar data info measurements.csv --set data.label=quality\n"
           "  ashlar data info photos --sheet photos.png\n"
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
         !d->is_image ? arena_printf(a, "%d features", d->c)
         : d->w == 1  ? arena_printf(a, "%d steps of %d features", d->h, d->c)
                      : arena_printf(a, "%d x %d x %d (height, width, channels)", d->h, d->w, d->c));
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
    buffer_clear(&names);
    fact(t, "training split", split_text(&d->train, false, a));
    fact(t, "validation split", split_text(&d->val, d->official_val, a));
    fact(t, "test split", d->test.n ? split_text(&d->test, d->official_test, a) : "none");
    if (d->dropped)
        fact(t, "dropped", arena_printf(a, "%zu rows with missing values", d->dropped));
    fact(t, "normalisation", d->normalize);
    if (data_has_augmentation(d)) {
        data_augment_print(d, &names);
        fact(t, "augmentation", names.data);
    }
    buffer_free(&names);
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

/* ---- classes and targets ---- */

static void count_labels(const data_split *p, int64_t *count)
{
    for (size_t i = 0; i < p->n; i++)
        count[p->label[i]]++;
}

static void print_classes(const data_set *d, arena *a, output_format format)
{
    enum { BAR = 30, MOST_ROWS = 40 };
    size_t k = (size_t)d->n_outputs, shown = k <= MOST_ROWS ? k : MOST_ROWS;
    int64_t *count = ARENA_NEW(a, int64_t, 3 * k), most = 1, least = INT64_MAX;
    if (!count)
        return;
    const data_split *const splits[] = {&d->train, &d->val, &d->test};
    for (size_t s = 0; s < 3; s++)
        count_labels(splits[s], count + s * k);
    for (size_t i = 0; i < k; i++) {
        most = count[i] > most ? count[i] : most;
        least = count[i] < least ? count[i] : least;
    }
    table *t = table_create();
    table_column(t, "class", TABLE_LEFT);
    table_column(t, "training", TABLE_RIGHT);
    table_column(t, "validation", TABLE_RIGHT);
    table_column(t, "test", TABLE_RIGHT);
    table_column(t, "balance", TABLE_LEFT);
    for (size_t i = 0; i < shown; i++) {
        char bar[BAR + 1] = "";
        memset(bar, '#', (size_t)((count[i] * BAR + most - 1) / most));
        table_row(t);
        table_text(t, d->class_names[i]);
        for (size_t s = 0; s < 3; s++)
            table_integer(t, count[s * k + i]);
        table_text(t, bar);
    }
    putchar('\n');
    table_print(t, format, stdout);
    table_destroy(t);
    if (shown < k)
        printf("and %zu more classes\n", k - shown);
    if (most >= 3 * least)
        printf("the largest class has %.1f times the samples of the smallest: consider train.class_weights and the objective balanced_error\n",
               (double)most / (double)(least ? least : 1));
}

static void print_targets(const data_set *d, output_format format)
{
    table *t = table_create();
    table_column(t, "target", TABLE_LEFT);
    static const char *const names[] = {"min", "max", "mean", "deviation"};
    for (size_t i = 0; i < 4; i++)
        table_column(t, names[i], TABLE_RIGHT);
    for (size_t k = 0; k < (size_t)d->n_outputs; k++) {
        double min = INFINITY, max = -INFINITY;
        for (size_t i = 0; i < d->train.n; i++) {
            min = fmin(min, (double)d->train.target[i * (size_t)d->n_outputs + k]);
            max = fmax(max, (double)d->train.target[i * (size_t)d->n_outputs + k]);
        }
        table_row(t);
        table_text(t, d->target_names[k]);
        table_number(t, min * d->target_std[k] + d->target_mean[k], "%.6g");
        table_number(t, max * d->target_std[k] + d->target_mean[k], "%.6g");
        table_number(t, d->target_mean[k], "%.6g");
        table_number(t, d->target_std[k], "%.6g");
    }
    putchar('\n');
    table_print(t, format, stdout);
    table_destroy(t);
}

/* ---- duplicates ---- */

/* What a person finds a sample by: its file, or its number from 1. */
static const char *sample_name(const data_set *d, uint32_t origin, arena *a)
{
    return d->sample_names ? d->sample_names[origin] : arena_printf(a, "%" PRIu32, origin + 1);
}

static const char *example_text(const data_set *d, const data_duplicates *twins, size_t kind, arena *a)
{
    buffer b = {0};
    for (size_t i = 0; i < twins->n_examples[kind]; i++) {
        const char *one = sample_name(d, twins->example[kind][i][0], a), *other = sample_name(d, twins->example[kind][i][1], a);
        buffer_printf(&b, "%s%s = %s", i ? ", " : "", one ? one : "", other ? other : "");
    }
    if (twins->count[kind] > twins->n_examples[kind])
        buffer_puts(&b, ", ...");
    const char *text = arena_strdup(a, b.data ? b.data : "");
    buffer_free(&b);
    return text;
}

static ash_status print_duplicates(const data_set *d, arena *a, output_format format, ash_error *err)
{
    data_duplicates twins;
    if (data_find_duplicates(d, &twins, err) != ASH_OK)
        return err->status;
    table *t = table_create();
    size_t found = 0;
    table_column(t, "duplicates", TABLE_LEFT);
    table_column(t, "count", TABLE_RIGHT);
    table_column(t, d->sample_names ? "files" : "numbers of the samples, from 1", TABLE_LEFT);
    for (size_t k = 0; k < DUPLICATE_KINDS; k++) {
        if (!twins.count[k])
            continue;
        found++;
        table_row(t);
        table_text(t, data_duplicate_sentence((data_duplicate)k));
        table_integer(t, (int64_t)twins.count[k]);
        table_text(t, example_text(d, &twins, k, a));
    }
    putchar('\n');
    if (found)
        table_print(t, format, stdout);
    else
        puts("no sample occurs twice");
    table_destroy(t);
    return ASH_OK;
}

/* For programs there is one table: facts, and the baselines among them. */
static ash_status print_for_programs(const data_arguments *args, const data_set *d, table *t, arena *a, ash_error *err)
{
    data_baseline b;
    data_duplicates twins;
    char number[32];
    if (data_find_duplicates(d, &twins, err) != ASH_OK)
        return err->status;
    for (size_t k = 0; k < DUPLICATE_KINDS; k++)
        fact(t, data_duplicate_name((data_duplicate)k), arena_printf(a, "%zu", twins.count[k]));
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
        if (d->task == DATA_CLASSIFICATION)
            print_classes(d, a, args->format);
        else if (d->task == DATA_REGRESSION)
            print_targets(d, args->format);
        status = print_duplicates(d, a, args->format, err);
        if (status == ASH_OK && !args->fast)
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
