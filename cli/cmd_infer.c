/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_infer.c - an integer network at work: that of a trial, or of a model file
 *
 * What is printed was computed on integers alone, with the arithmetic of the deployed network (nn/infer/model.h). A trial answers the data of
 * its run, or other data of the same kind; these are normalised as its training data were. */
#include "cli/asked.h"
#include "cli/explain.h"
#include "cli/output.h"
#include "cli/source.h"
#include "cli/table.h"
#include "core/log.h"
#include "data/file.h"
#include "evaluator/about.h"
#include "nn/infer/engine.h"
#include "nn/infer/file.h"
#include "nn/net.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)1 << 30) /* of a model file */

typedef struct request {
    const char *path, *trial_text, *data, *split, *predictions, *export;
    int64_t run, id;
    output_format format;
} request;

typedef struct subject {
    arena *arena;
    asked asked; /* of a trial */
    infer_model *model;
    infer_about *about;
    infer_engine *engine;
    runfile *file; /* of --data */
    data_set *other, *data; /* data: other, the run's, or NULL */
    const data_split *split;
    answers answers;
    double seconds;
} subject;

enum { KEY_DATA = 256, KEY_SPLIT, KEY_PREDICTIONS, KEY_EXPORT };

static const struct argp_option rows[] = {
    {"data", KEY_DATA, "DATA", 0, "A run file, a CSV file, a folder of IDX files, or digits (default: the data of the trial's run)", 0},
    {"split", KEY_SPLIT, "NAME", 0, "train, val or test (default: test for members of the front and for other data, else val)", 0},
    {"predictions", KEY_PREDICTIONS, "FILE.csv", 0, "Write every answer", 0},
    {"export", KEY_EXPORT, "FILE", 0, "Write the model file", 0},
    {0},
};

static void parse_end(const request *r, struct argp_state *state)
{
    if (!r->path)
        cli_usage(state, "name a database and a trial, or a model file");
    if (r->data || r->trial_text)
        return;
    if (r->predictions || r->split)
        cli_usage(state, "a model file by itself has nothing to answer; --data names samples");
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->format;
        state->child_inputs[1] = &r->run;
        break;
    case KEY_DATA: r->data = text; break;
    case KEY_SPLIT:
        if (strcmp(text, "train") != 0 && strcmp(text, "val") != 0 && strcmp(text, "test") != 0)
            cli_usage(state, "--split is train, val or test, not \"%s\"", text);
        r->split = text;
        break;
    case KEY_PREDICTIONS: r->predictions = text; break;
    case KEY_EXPORT: r->export = text; break;
    case ARGP_KEY_ARG:
        if (r->trial_text)
            cli_usage(state, "one database and one trial, or one model file, please: \"%s\" is one too many", text);
        else if (!r->path)
            r->path = text;
        else
            r->id = cli_integer(state, "TRIAL", r->trial_text = text, 1, INT64_MAX);
        break;
    case ARGP_KEY_END: parse_end(r, state); break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ---- opening ---- */

static ash_status read_file(subject *u, const request *r, ash_error *err)
{
    buffer bytes = {0};
    ash_status status = data_file_slurp(r->path, MOST_BYTES, &bytes, err);
    if (status == ASH_OK && (status = infer_read(bytes.data, bytes.len, u->arena, &u->model, &u->about, err)) != ASH_OK)
        ash_prefix(err, "%s", r->path);
    if (status != ASH_OK && bytes.len > 6 && memcmp(bytes.data, "SQLite", 6) == 0)
        ash_fail(err, ASH_INVALID, "%s is a database: name a trial, too", r->path);
    buffer_free(&bytes);
    return status;
}

/* The splits of the trial's own data are opened as `ashlar explain` does; other data are whoever asks for them. */
static ash_status read_trial(subject *u, const request *r, ash_error *err)
{
    asked *q = &u->asked;
    bool known = !r->data && r->split && strcmp(r->split, "train") != 0;
    if (asked_open(q, r->path, r->run, r->id, known ? r->split : NULL, u->arena, err) != ASH_OK ||
        infer_compile(q->net, u->arena, &u->model, err) != ASH_OK)
        return err->status;
    u->data = q->stored.session.data;
    if (!r->data && (!r->split || known))
        asked_warn(q);
    return about_data(u->data, q->net->graph->name, u->arena, &u->about, err);
}

/* Other data come as they are, and become what the network knows. */
static ash_status open_other(subject *u, const request *r, ash_error *err)
{
    override_list raw = {0};
    overrides_add(&raw, "data.normalize=none");
    ash_status status = source_open(&r->data, 1, NULL, &raw, &u->file, err);
    overrides_free(&raw);
    if (status == ASH_OK)
        status = data_open(u->file->data, &u->other, err);
    if (status == ASH_OK)
        status = about_adopt(u->about, u->other, err);
    u->data = u->other;
    return status;
}

static ash_status choose_split(subject *u, const request *r, ash_error *err)
{
    const data_set *d = u->data;
    bool test = u->other ? d->test.n > 0 : u->asked.test;
    const char *name = r->split ? r->split : test ? "test" : "val";
    u->split = strcmp(name, "train") == 0 ? &d->train : strcmp(name, "val") == 0 ? &d->val : &d->test;
    return u->split->n ? ASH_OK : ash_fail(err, ASH_INVALID, "%s has no %s split", d->name, name);
}

/* ---- answering ---- */

static void ask_engine(void *who, const nn_dataset *samples, nn_answer *each, void *ctx)
{
    infer_evaluate(who, samples, each, ctx);
}

static ash_status answer(subject *u, ash_error *err)
{
    double start = clock_wall_s();
    if (infer_engine_create(u->model, NULL, &u->engine, err) != ASH_OK ||
        answers_of(ask_engine, u->engine, u->data, u->split, u->arena, &u->answers, err) != ASH_OK)
        return err->status;
    u->seconds = clock_wall_s() - start;
    return ASH_OK;
}

static void describe(const subject *u, const request *r)
{
    const infer_model *m = u->model;
    const infer_tensor *x = &m->tensors[0];
    buffer file = {0};
    infer_write(m, u->about, &file);
    if (r->trial_text)
        printf("integer network of trial %" PRId64 " of %s: ", r->id, r->path);
    else
        printf("integer network of %s: ", r->path);
    printf("%d steps, %zu bytes as a file, %" PRId64 " bytes of activations\n", m->n_tensors - 1, file.len, m->arena_bytes);
    printf("input %d x %d x %d of %d bits, %zu answers\n", x->shape.h, x->shape.w, x->shape.c, x->type.bits, u->about->outputs);
    if (u->split)
        printf("%zu samples of %s (%s), %.0f per second, all arithmetic on integers\n", u->split->n, u->data->name,
               u->split == &u->data->test ? "test" : u->split == &u->data->val ? "validation" : "training", (double)u->split->n / u->seconds);
    buffer_free(&file);
}

static ash_status print_answers(const subject *u, const request *r, ash_error *err)
{
    facts *f = facts_create();
    facts_part(f, "integer", "", true);
    facts_add(f, "samples", "value", (double)u->answers.n, FACT_COUNT);
    facts_add(f, "activation_bytes", "value", (double)u->model->arena_bytes, FACT_COUNT);
    explained e = {.answers = u->answers};
    ash_status status = explain_facts(&e, 0, u->arena, f, err);
    if (status == ASH_OK)
        facts_print(f, r->format);
    facts_destroy(f);
    return status;
}

/* A row for each sample: its number or name, the truth, the answer, and every output in units that people know. */
static void fill_predictions(const subject *u, table *t)
{
    const answers *s = &u->answers;
    const char *const *names = s->d->class_names;
    size_t k = (size_t)s->k;
    float *y = arena_alloc_array(u->arena, k, sizeof(*y));
    table_column(t, "sample", TABLE_LEFT);
    if (s->answer) {
        table_column(t, "true", TABLE_LEFT);
        table_column(t, "answer", TABLE_LEFT);
    }
    for (size_t j = 0; j < k; j++)
        table_column(t, u->about->names ? u->about->names[j] : arena_printf(u->arena, "y%zu", j), TABLE_RIGHT);
    for (size_t i = 0; y && i < s->n; i++) {
        table_row(t);
        if (s->d->sample_names)
            table_text(t, s->d->sample_names[s->split->origin[i]]);
        else
            table_id(t, s->split->origin[i]);
        if (s->answer) {
            table_text(t, names[s->split->label[i]]);
            table_text(t, names[s->answer[i]]);
        }
        memcpy(y, s->y + i * k, k * sizeof(*y));
        infer_finish(u->about, y);
        for (size_t j = 0; j < k; j++)
            table_number(t, (double)y[j], "%g");
    }
}

static ash_status write_predictions(const subject *u, const request *r, ash_error *err)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out)
        return ash_fail_memory(err);
    table *t = table_create();
    fill_predictions(u, t);
    table_print(t, FORMAT_CSV, out);
    table_destroy(t);
    ash_status status = fclose(out) == 0 ? output_write(r->predictions, r->path, text, n, err) : ash_fail_memory(err);
    free(text);
    return status;
}

static ash_status write_model(const subject *u, const request *r, ash_error *err)
{
    buffer file = {0};
    infer_write(u->model, u->about, &file);
    ash_status status = file.failed ? ash_fail_memory(err) : output_write(r->export, r->path, file.data, file.len, err);
    buffer_free(&file);
    return status;
}

static ash_status infer(subject *u, const request *r, ash_error *err)
{
    if (!(u->arena = arena_create()))
        return ash_fail_memory(err);
    if ((r->trial_text ? read_trial(u, r, err) : read_file(u, r, err)) != ASH_OK || (r->data && open_other(u, r, err) != ASH_OK))
        return err->status;
    if (u->data && (choose_split(u, r, err) != ASH_OK || answer(u, err) != ASH_OK))
        return err->status;
    if (r->format == FORMAT_TABLE)
        describe(u, r);
    if (u->data && print_answers(u, r, err) != ASH_OK)
        return err->status;
    if (r->predictions && write_predictions(u, r, err) != ASH_OK)
        return err->status;
    return r->export ? write_model(u, r, err) : ASH_OK;
}

int cmd_infer(int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {&cli_run_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        rows, parse, "DB TRIAL\nFILE",
        "Run an integer network, of a trial or of a model file, as it is deployed: accuracy, figures of each class, the confusion matrix.\v"
        "A network can run on integers alone when all its weights and activations have 8 bits or fewer. Model files: docs/model-file.md.\n\n"
        "  ashlar infer digits.db 12\n"
        "  ashlar infer digits.db 12 --export digits.ashm\n"
        "  ashlar infer digits.ashm --data digits --predictions answers.csv\n",
        children, NULL, NULL};
    request r = {0};
    subject u = {0};
    ash_error err;
    cli_parse(&argp, argc, argv, &r);
    ash_status status = infer(&u, &r, &err);
    infer_engine_destroy(u.engine);
    data_close(u.other);
    runfile_close(u.file);
    asked_close(&u.asked);
    arena_destroy(u.arena);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
