/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_explain.c - what a trained network gets right and wrong, and how sure that is
 *
 * The weights of a trial answer a split sample by sample; where none are stored, the trial is trained again, which gives the same bits. Members of the
 * front are asked about the test split, which they met when the run was done; others about the validation split. */
#include "cli/asked.h"
#include "cli/explain.h"
#include "cli/output.h"
#include "nn/infer/model.h"
#include "nn/net.h"
#include "reports/report.h"
#include <inttypes.h>
#include <string.h>

typedef struct request {
    const char *path, *trial_text, *split, *sheet;
    int64_t run, id, samples, repeats;
    output_format format;
} request;

typedef struct subject {
    arena *arena;
    asked asked;
    explained what;
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

static ash_status open_subject(subject *u, const request *r, ash_error *err)
{
    asked *q = &u->asked;
    if (!(u->arena = arena_create()))
        return ash_fail_memory(err);
    if (asked_open(q, r->path, r->run, r->id, r->split, u->arena, err) != ASH_OK)
        return err->status;
    asked_warn(q);
    const data_set *d = q->stored.session.data;
    return explain_ask(&u->what, q->net, d, q->test ? &d->test : &d->val, u->arena, err);
}

/* ---- printing ---- */

static bool is_integer(const subject *u)
{
    ash_error why;
    return infer_supports(u->asked.net->graph, &why);
}

static void print_heading(const subject *u, const request *r)
{
    const data_set *d = u->asked.stored.session.data;
    const data_split *split = u->what.answers.split;
    printf("trial %" PRIu64 " of %s on the %s split of %s: %zu samples", u->asked.trial->id, r->path, u->asked.test ? "test" : "validation", d->name, split->n);
    if (split->n_anomalies)
        printf(", %zu of them anomalies", split->n_anomalies);
    printf("\n%s\n", u->asked.trial->genome);
    printf("Scored %s.\n", is_integer(u) ? "on the integer engine, as deployed" : "in floats");
    puts(u->asked.test ? "The test split was opened for this. Choose by validation: figures that chose are no test any more."
                 : "The search chose by this split, so these figures are somewhat too good.");
    if (u->asked.again)
        puts("Its weights were not stored; it was trained again, to the same bits.");
}

/* The same for programs. */
static void add_heading(const subject *u, facts *f)
{
    facts_part(f, "trial", "", true);
    facts_add(f, "run", "value", (double)u->asked.stored.row.id, FACT_COUNT);
    facts_add(f, "trial", "value", (double)u->asked.trial->id, FACT_COUNT);
    facts_text(f, "split", "value", u->asked.test ? "test" : "val");
    facts_text(f, "on_front", "value", u->asked.on_front ? "yes" : "no");
    facts_text(f, "arithmetic", "value", report_arithmetic(is_integer(u)));
    facts_text(f, "trained_again", "value", u->asked.again ? "yes" : "no");
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
        status = explain_importance(&u->what, u->asked.net, (int)r->repeats, u->arena, f, err);
    if (status == ASH_OK) {
        explain_replicates(u->asked.trial, u->asked.stored.session.data->task == DATA_CLASSIFICATION, f);
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
    asked_close(&u.asked);
    arena_destroy(u.arena);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
