/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_init.c - a commented run file for a data set, which runs as it is
 *
 * What the file sets was chosen from the data set's shape and size; what it could set stands beside it as comments, one line
 * per row of the option tables, so the file never lacks an option that exists. */
#include "cli/command.h"
#include "cli/outcome.h"
#include "cli/output.h"
#include "cli/source.h"
#include "core/text.h"
#include "data/data.h"
#include "search/strategy.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_SET = 256, KEY_FORCE, MOST = 4, COLUMN = 34 };

typedef struct init_arguments {
    const char *names[MOST];
    size_t n;
    const char *out;
    bool force;
    override_list overrides;
} init_arguments;

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "write here; default: the data's name with .yaml; - is standard output", 0},
    {"force", KEY_FORCE, NULL, 0, "replace a file that exists", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "a setting of the data: --set data.label=species. May be repeated", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    init_arguments *a = state->input;
    switch (key) {
    case 'o': a->out = arg; break;
    case KEY_FORCE: a->force = true; break;
    case KEY_SET: overrides_add(&a->overrides, "%s", arg); break;
    case ARGP_KEY_ARG:
        if (a->n == MOST)
            cli_usage(state, "\"%s\" is one file too many", arg);
        a->names[a->n++] = arg;
        break;
    case ARGP_KEY_END:
        if (!a->n)
            cli_usage(state, "which data? ashlar init CSV, NPZ, FOLDER or digits");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "DATA...",
    .doc = "Write a run file for a data set, with every option as a comment.\v"
           "DATA is a CSV file (and one of test rows), a folder of images with a folder for each class, a .npz archive, two or four .npy "
           "files (samples, labels, test samples, test labels), a folder of IDX or CIFAR files, two or four IDX files, or digits.\n\n"
           "Examples:\n"
           "  ashlar init measurements.csv --set data.label=quality\n"
           "  ashlar init photos\n"
           "  ashlar init /usr/share/datasets/fashion-mnist -o fashion.yaml\n",
};

/* ---- comments ---- */

static void put_default(const option *o, buffer *out)
{
    bool odd = o->def && o->type == OPTION_TEXT && (!*o->def || strpbrk(o->def, ",:#[]{}&*!|>'%@`"));
    if (o->def)
        buffer_printf(out, odd ? "\"%s\"" : "%s", o->def);
    else
        buffer_puts(out, o->type == OPTION_TEXT || o->type == OPTION_NAME ? "..." : "[...]");
}

/* "  # epochs: 20       passes over the training split (1..100000)" */
static void put_comment(const option *o, const char *indent, buffer *out)
{
    char low[32], high[32];
    size_t start = out->len;
    buffer_printf(out, "%s%s%s: ", indent, *indent == '#' ? "" : "# ", o->name);
    put_default(o, out);
    do
        buffer_puts(out, " ");
    while (out->len - start < COLUMN && !out->failed);
    buffer_printf(out, " # %s", o->help);
    if (o->names) {
        buffer_puts(out, ": ");
        for (size_t i = 0; o->names[i]; i++)
            buffer_printf(out, "%s%s", i ? ", " : "", o->names[i]);
    } else if (o->max > 0 && o->max < 1e9) {
        buffer_printf(out, " (%s to %s%s%s)", text_of_real(low, o->min), text_of_real(high, o->max), o->unit ? " " : "",
                      o->unit ? o->unit : "");
    } else if (o->unit) {
        buffer_printf(out, " (%s)", o->unit);
    }
    buffer_puts(out, "\n");
}

/* The rows of a table that the file does not set. */
static void put_comments(const option_table *table, const char *indent, const char *const *set, buffer *out)
{
    for (size_t i = 0; table && i < table->count; i++) {
        bool is_set = false;
        for (size_t k = 0; set && set[k]; k++)
            is_set = is_set || strcmp(set[k], table->rows[i].name) == 0;
        if (!is_set)
            put_comment(&table->rows[i], indent, out);
    }
}

/* ---- sections ---- */

static void put_data(const node *map, const data_set *d, buffer *out)
{
    const char *set[32] = {NULL};
    size_t n = 0;
    const data_format *f = data_format_find(d->format);
    arena *a = arena_create();
    buffer_printf(out, "data:                              # %zu training, %zu validation, %zu test samples\n", d->train.n,
                  d->val.n, d->test.n);
    for (const node *v = map ? map->first : NULL; a && v; v = v->next) {
        node value = *v;
        value.key = NULL;
        value.next = NULL;
        const char *text = node_print(a, &value);
        buffer_printf(out, "  %s: %s\n", v->key, text ? text : "");
        if (n < 31)
            set[n++] = v->key;
    }
    put_comments(data_format_options(f), "  ", set, out);
    put_comments(&data_options, "  ", set, out);
    arena_destroy(a);
}

static const char *const space_head = "space:                             # docs/search-space.md\n"
                                      "  stages:                          # lists are choices; block, repeat and width can be lists too\n";

/* An autoencoder keeps all of the map, and is narrow before its outputs. */
static void put_head(const data_set *d, const char *pool, buffer *out)
{
    if (d->task == DATA_RECONSTRUCTION)
        buffer_puts(out, "  head:\n    pool: flatten\n    hidden: [8, 16, 32]            # the bottleneck\n    bits: [4, 8]\n");
    else
        buffer_printf(out, "  head:\n    pool: %s\n    bits: [4, 8]\n", pool);
}

/* A small stem, then bodies that halve the image until its side is about 8: the larger the image, the more of them have to. */
static void put_image_space(const data_set *d, buffer *out)
{
    int side = d->h < d->w ? d->h : d->w, free_bodies = side >= 28 ? 2 : 1;
    bool large = side >= 16;
    buffer_printf(out,
                  "%s"
                  "    - name: stem\n"
                  "      block: conv\n"
                  "      width: %s\n"
                  "      kernel: 3\n"
                  "      stride: %s\n"
                  "      bits: [2, 4, 8]\n",
                  space_head, large ? "[8, 16]" : "[4, 8, 16]", large ? "2" : "[1, 2]");
    int map = large ? side / 2 : side;
    for (int i = 0; free_bodies > 0; i++) {
        bool must = map > 16;
        free_bodies -= !must;
        buffer_printf(out,
                      "    - name: body%d\n"
                      "      block: [conv, separable, residual, inverted_bottleneck]\n"
                      "      repeat: [%s1, 2]\n"
                      "      width: %s\n"
                      "      kernel: 3\n"
                      "      stride: %s\n"
                      "      bits: [1, 2, 4, 8]\n",
                      i + 1, i && !must ? "0, " : "", must ? "[8, 16, 24]" : large ? "[16, 24, 32]" : "[8, 16, 24, 32]",
                      must ? "2" : side >= 8 ? "[1, 2]" : "1");
        map = must ? map / 2 : map;
    }
    put_head(d, side > 64 ? "global" : "[global, flatten]", out);
}

/* One-dimensional blocks over the steps. */
static void put_sequence_space(const data_set *d, buffer *out)
{
    bool large = d->h >= 64;
    buffer_printf(out,
                  "%s"
                  "    - name: stem\n"
                  "      block: conv1d\n"
                  "      width: [8, 16, 24]\n"
                  "      kernel: %s\n"
                  "      stride: %s\n"
                  "      bits: [4, 8]\n"
                  "    - name: body\n"
                  "      block: [conv1d, separable1d]\n"
                  "      repeat: {from: 0, to: %d}\n"
                  "      vary: true                   # every repeat has genes of its own\n"
                  "      width: [8, 16, 24, 32]\n"
                  "      kernel: [3, 5]\n"
                  "      stride: %s\n"
                  "      bits: [2, 4, 8]\n",
                  space_head, large ? "[3, 5, 9]" : "[3, 5]", large ? "2" : d->h >= 8 ? "[1, 2]" : "1", d->h >= 32 ? 4 : 3,
                  d->h >= 16 ? "[1, 2]" : "1");
    put_head(d, "[global, flatten]", out);
}

/* Wide, narrow, wide; the bottleneck has fewer values than a row. */
static void put_autoencoder_space(const data_set *d, buffer *out)
{
    int narrow = d->c / 8 > 0 ? d->c / 8 : 1, half = d->c / 2 > narrow ? d->c / 2 : narrow;
    buffer_printf(out, "%s    - {name: encode, block: dense, width: [8, 16, 32, 64], bits: [4, 8, 32]}\n"
                       "    - {name: bottleneck, block: dense, width: [%d", space_head, narrow);
    for (int width = 2 * narrow; width <= half; width *= 2)
        buffer_printf(out, ", %d", width);
    buffer_puts(out, "], bits: [8, 32]}\n"
                     "    - {name: decode, block: dense, width: [8, 16, 32, 64], bits: [4, 8, 32]}\n"
                     "  head:\n"
                     "    bits: [4, 8, 32]\n");
}

static void put_table_space(buffer *out)
{
    buffer_puts(out, space_head);
    buffer_puts(out, "    - name: hidden\n"
                     "      block: dense\n"
                     "      repeat: [1, 2, 3]\n"
                     "      vary: true                   # every repeat has a width and bits of its own\n"
                     "      width: [4, 8, 16, 32, 64]\n"
                     "      bits: [2, 4, 8, 32]\n"
                     "  head:\n"
                     "    bits: [4, 8, 32]\n");
}

/* About as many steps as such networks need to settle: more passes over few samples, in smaller batches when they are very few. */
static void put_train(const data_set *d, buffer *out)
{
    static const char *const images[] = {"epochs", NULL};
    static const char *const few_images[] = {"epochs", "batch", NULL};
    static const char *const tables[] = {"epochs", "optimizer", "lr", NULL};
    bool gentle = !d->is_image || d->task == DATA_RECONSTRUCTION; /* squared errors of many values have small gradients: steps that adapt */
    bool few = !gentle && d->train.n < 1000;
    size_t most = gentle ? 60 : few ? 40 : 20, epochs = 60000 / (d->train.n ? d->train.n : 1);
    epochs = epochs > most ? most : epochs < 3 ? 3 : epochs;
    buffer_printf(out, "\ntrain:                             # how every network is trained\n  epochs: %zu\n", epochs);
    if (few)
        buffer_puts(out, "  batch: 16\n");
    if (gentle)
        buffer_puts(out, "  optimizer: adamw\n  lr: 0.01\n");
    put_comments(&nn_recipe_options, "  ", gentle ? tables : few ? few_images : images, out);
}

static void put_search(const data_set *d, buffer *out)
{
    static const char *const set[] = {"strategy", "objectives", "evaluations", "type", NULL};
    const strategy *s = strategy_find("nsga2");
    buffer_puts(out, "\nsearch:\n  strategy: nsga2                  # ");
    for (size_t i = 0; strategy_names[i]; i++)
        buffer_printf(out, "%s%s", i ? ", " : "", strategy_names[i]);
    buffer_printf(out, "\n  objectives: [%s, macs, model_bytes]    # docs/metrics.md, docs/costs.md\n"
                       "  # constraints: [\"model_bytes <= 64K\", \"macs <= 1M\"]\n", d->val.n_anomalies ? "auc_error" : "error");
    static const char *const set_too[] = {"strategy", "objectives", "constraints", NULL};
    put_comments(&search_options, "  ", set_too, out);
    put_comments(s ? s->options : NULL, "  ", set, out);
    buffer_puts(out, "\nbudget:                            # a larger one extends a run that is done\n  evaluations: 100\n");
    put_comments(&budget_options, "  ", set, out);
    buffer_puts(out, "\n# evaluator:\n");
    put_comments(evaluator_find("train")->options, "#   ", set, out);
    buffer_puts(out, "\n# execution:                         # never changes a result\n");
    put_comments(&execution_options, "#   ", NULL, out);
}

static void put_file(const runfile *f, const data_set *d, const char *path, buffer *out)
{
    static const char *const set[] = {"seed", NULL};
    buffer_printf(out,
                  "# %s: %s, %d x %d x %d to %d %s. Run it with: ashlar run %s\n"
                  "# A line that starts with # is an option at its default; take the # away to change it.\n\nseed: 1\n",
                  d->name, data_task_name(d->task), d->h, d->w, d->c, d->n_outputs,
                  d->task == DATA_CLASSIFICATION ? "classes" : "targets", path);
    put_comments(&runfile_top_options, "", set, out);
    buffer_puts(out, "\n");
    put_data(f->data, d, out);
    buffer_puts(out, "\n");
    if (d->is_image && d->w == 1)
        put_sequence_space(d, out);
    else if (d->is_image)
        put_image_space(d, out);
    else if (d->task == DATA_RECONSTRUCTION)
        put_autoencoder_space(d, out);
    else
        put_table_space(out);
    put_train(d, out);
    put_search(d, out);
}

/* ---- the command ---- */

/* "path/iris.csv.gz" is written to iris.yaml. */
static const char *default_output(const char *name, arena *a)
{
    char real[PATH_MAX];
    if (strcmp(name, ".") == 0 && realpath(name, real)) /* a folder that one stands in has a name too */
        name = real;
    size_t n = strlen(name);
    while (n > 1 && name[n - 1] == '/')
        n--;
    const char *copy = arena_strndup(a, name, n);
    const char *slash = copy ? strrchr(copy, '/') : NULL;
    const char *base = slash ? slash + 1 : copy;
    return base ? arena_printf(a, "%.*s.yaml", (int)strcspn(base, "."), base) : NULL;
}

static ash_status write_file(const init_arguments *args, const runfile *f, const data_set *d, ash_error *err)
{
    const char *path = args->out ? args->out : default_output(args->names[0], f->arena);
    buffer out = {0};
    if (!path)
        return ash_fail_memory(err);
    if (!args->force && strcmp(path, "-") != 0 && access(path, F_OK) == 0)
        return ash_fail(err, ASH_INVALID, "%s exists; --force replaces it, -o writes another file", path);
    put_file(f, d, strcmp(path, "-") == 0 ? "FILE" : path, &out);
    ash_status status = out.failed ? ash_fail_memory(err) : output_write(path, NULL, out.data, out.len, err);
    buffer_free(&out);
    if (status == ASH_OK && strcmp(path, "-") != 0)
        printf("wrote %s; next: ashlar run %s\n", path, outcome_shell_word(f->arena, path));
    return status;
}

int cmd_init(int argc, char **argv)
{
    init_arguments args = {0};
    ash_error err;
    runfile *f = NULL;
    data_set *d = NULL;
    cli_parse(&argp, argc, argv, &args);
    ash_status status = source_open(args.names, args.n, NULL, &args.overrides, &f, &err);
    if (status == ASH_OK)
        status = data_open(f->data, &d, &err);
    if (status == ASH_OK)
        status = write_file(&args, f, d, &err);
    data_close(d);
    runfile_close(f);
    overrides_free(&args.overrides);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
