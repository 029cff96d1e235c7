/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_explain.c - what a trained network gets right and wrong, and how sure that is
 *
 * The weights of a trial answer a split sample by sample; where none are stored, the trial is trained again, which gives the same bits. Members of the
 * front are asked about the test split, which they met when the run was done; others about the validation split. */
#include "cli/explain.h"
#include "cli/output.h"
#include "core/log.h"
#include "evaluator/train.h"
#include "run/front.h"
#include "run/stored.h"
#include <inttypes.h>
#include <string.h>

typedef struct request {
    const char *path, *trial_text, *split, *sheet;
    int64_t run, id, samples, repeats;
    output_format format;
} request;

typedef struct subject {
    stored_run stored;
    arena *arena;
    trial *trial;
    bool on_front, again, test;
    explained what;
    nn_net *net;
} subject;

enum { KEY_RUN = 256, KEY_SPLIT, KEY_SHEET, KEY_SAMPLES, KEY_REPEATS };

static const struct argp_option rows[] = {
    {"split", KEY_SPLIT, "NAME", 0, "val or test (default: test for members of the front, val for others)", 0},
    {"sheet", KEY_SHEET, "FILE.png", 0, "Draw the samples that went worst", 0},
    {"samples", KEY_SAMPLES, "N", 0, "How many samples that went worst (default: 10 listed, 40 drawn)", 0},
    {"repeats", KEY_REPEATS, "N", 0, "Shuffles of each feature of a table for its importance (default: 10; 0: none)", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->format;
        state->child_inputs[1] = &r->run;
        break;
    case KEY_SPLIT:
        if (strcmp(text, "val") != 0 && strcmp(text, "test") != 0)
            cli_usage(state, "--split is val or test, not \"%s\"", text);
        r->split = text;
        break;
    case KEY_SHEET: r->sheet = text; break;
    case KEY_SAMPLES: r->samples = cli_integer(state, "--samples", text, 1, 10000); break;
    case KEY_REPEATS: r->repeats = cli_integer(state, "--repeats", text, 0, 1000); break;
    case ARGP_KEY_ARG:
        if (r->trial_text)
            cli_usage(state, "one database and one trial, please: \"%s\" is one too many", text);
        else if (!r->path)
            r->path = text;
        else
            r->id = cli_integer(state, "TRIAL", r->trial_text = text, 1, INT64_MAX);
        break;
    case ARGP_KEY_END:
        if (!r->trial_text)
            cli_usage(state, r->path ? "name a trial of %s" : "name a database and a trial", r->path);
        if (r->repeats == 1)
            cli_usage(state, "--repeats 1 has no deviation; 2 or more, or 0 for none");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ---- opening ---- */

/* A duplicate is explained by the trial that it repeats. */
static ash_status find_trial(subject *u, const request *r, ash_error *err)
{
    const db_run *row = &u->stored.row;
    uint64_t id = (uint64_t)r->id;
    if (db_load_trial(u->stored.db, row->id, id, u->arena, &u->trial, err) != ASH_OK)
        return err->status;
    if (u->trial && u->trial->status == TRIAL_DUPLICATE &&
        db_load_trial(u->stored.db, row->id, u->trial->original, u->arena, &u->trial, err) != ASH_OK)
        return err->status;
    if (!u->trial)
        return ash_fail(err, ASH_INVALID, "run %" PRId64 " of %s has no trial %" PRIu64, row->id, r->path, id);
    if (u->trial->status != TRIAL_OK)
        return ash_fail(err, ASH_INVALID, "trial %" PRIu64 " is %s: there is no trained network to explain", id,
                        trial_status_name(u->trial->status));
    if (hash_is_zero(&u->trial->weights_hash))
        return ash_fail(err, ASH_INVALID, "trial %" PRIu64 " was scored by the evaluator %s, which leaves no weights to explain", id,
                        u->stored.session.type->name);
    return ASH_OK;
}

static ash_status choose_split(subject *u, const request *r, ash_error *err)
{
    uint64_t *front;
    size_t n;
    const data_set *d = u->stored.session.data;
    if (db_load_front(u->stored.db, u->stored.row.id, u->arena, &front, &n, err) != ASH_OK)
        return err->status;
    for (size_t i = 0; i < n; i++)
        u->on_front |= front[i] == u->trial->id;
    u->test = r->split ? strcmp(r->split, "test") == 0 : u->on_front && d->test.n > 0;
    if (u->test && d->test.n == 0)
        return ash_fail(err, ASH_INVALID, "%s has no test split", d->name);
    if (u->test && !u->on_front)
        log_warn("trial %" PRIu64 " is not on the front: whoever chooses by its test figures has no test split left", u->trial->id);
    return ASH_OK;
}

static ash_status open_subject(subject *u, const request *r, ash_error *err)
{
    void *bytes = NULL;
    size_t n = 0;
    if (!(u->arena = arena_create()))
        return ash_fail_memory(err);
    if (stored_open(&u->stored, r->path, r->run, err) != ASH_OK || find_trial(u, r, err) != ASH_OK ||
        choose_split(u, r, err) != ASH_OK)
        return err->status;
    session *s = &u->stored.session;
    if (front_weights(&u->stored.recorder, u->trial, u->arena, &bytes, &n, &u->again, err) != ASH_OK)
        return err->status;
    if (!bytes)
        return ash_fail(err, ASH_INVALID, "trial %" PRIu64 " has no weights", u->trial->id);
    if (train_restore(&s->context, u->trial->genome, bytes, n, u->arena, &u->net, err) != ASH_OK)
        return err->status;
    return explain_ask(&u->what, u->net, s->data, u->test ? &s->data->test : &s->data->val, u->arena, err);
}

/* ---- printing ---- */

static void print_heading(const subject *u, const request *r)
{
    const data_set *d = u->stored.session.data;
    const data_split *split = u->what.answers.split;
    printf("trial %" PRIu64 " of %s on the %s split of %s: %zu samples", u->trial->id, r->path, u->test ? "test" : "validation", d->name, split->n);
    if (split->n_anomalies)
        printf(", %zu of them anomalies", split->n_anomalies);
    printf("\n%s\n", u->trial->genome);
    puts(u->test ? "The test split was opened for this. Choose by validation: figures that chose are no test any more."
                 : "The search chose by this split, so these figures are somewhat too good.");
    if (u->again)
        puts("Its weights were not stored; it was trained again, to the same bits.");
}

/* The same for programs. */
static void add_heading(const subject *u, facts *f)
{
    facts_part(f, "trial", "", true);
    facts_add(f, "run", "value", (double)u->stored.row.id, FACT_COUNT);
    facts_add(f, "trial", "value", (double)u->trial->id, FACT_COUNT);
    facts_text(f, "split", "value", u->test ? "test" : "val");
    facts_text(f, "on_front", "value", u->on_front ? "yes" : "no");
    facts_text(f, "trained_again", "value", u->again ? "yes" : "no");
    facts_add(f, "samples", "value", (double)u->what.answers.n, FACT_COUNT);
}

static ash_status draw(const subject *u, const request *r, ash_error *err)
{
    buffer png = {0};
    ash_status status = explain_sheet(&u->what, r->samples ? (size_t)r->samples : 40, u->arena, &png, err);
    if (status == ASH_OK)
        status = output_write(r->sheet, r->path, png.data, png.len, err);
    buffer_free(&png);
    if (status == ASH_OK && r->format == FORMAT_TABLE && strcmp(r->sheet, "-") != 0)
        printf("\nwrote %s\n", r->sheet);
    return status;
}

static ash_status explain(subject *u, const request *r, ash_error *err)
{
    if (open_subject(u, r, err) != ASH_OK)
        return err->status;
    facts *f = facts_create();
    add_heading(u, f);
    ash_status status = explain_facts(&u->what, r->samples ? (size_t)r->samples : 10, u->arena, f, err);
    if (status == ASH_OK && r->repeats)
        status = explain_importance(&u->what, u->net, (int)r->repeats, u->arena, f, err);
    if (status == ASH_OK) {
        explain_replicates(u->trial, u->stored.session.data->task == DATA_CLASSIFICATION, f);
        if (!r->sheet || strcmp(r->sheet, "-") != 0) {
            if (r->format == FORMAT_TABLE)
                print_heading(u, r);
            facts_print(f, r->format);
        }
        fflush(stdout);
        if (r->sheet)
            status = draw(u, r, err);
    }
    facts_destroy(f);
    return status;
}

int cmd_explain(int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {&cli_run_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        rows, parse, "DB TRIAL",
        "Print what a trained network gets right and wrong: errors with 95 % intervals, figures of each class, the confusion matrix, the samples that "
        "went worst, and of tables what each feature is worth.\v"
        "Weights are kept for members of the front; any other trial is trained again first. Definitions: docs/metrics.md and docs/explain.md.\n\n"
        "  ashlar explain digits.db 12\n"
        "  ashlar explain digits.db 12 --sheet worst.png\n"
        "  ashlar explain digits.db 12 --split val --format json\n",
        children, NULL, NULL};
    request r = {.repeats = 10};
    subject u = {0};
    ash_error err;
    cli_parse(&argp, argc, argv, &r);
    ash_status status = explain(&u, &r, &err);
    if (u.net)
        nn_net_destroy(u.net);
    stored_close(&u.stored);
    arena_destroy(u.arena);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
