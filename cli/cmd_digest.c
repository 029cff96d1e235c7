/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_digest.c - ashlar digest DB: the fingerprint of what a run computed */
#include "cli/study.h"
#include <inttypes.h>

typedef struct request {
    const char *path;
    int64_t run;
    output_format format;
} request;

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->format;
        state->child_inputs[1] = &r->run;
        return 0;
    case ARGP_KEY_ARG:
        if (r->path)
            cli_usage(state, "one database, please: \"%s\" is one too many", text);
        r->path = text;
        return 0;
    case ARGP_KEY_NO_ARGS:
        cli_usage(state, "name a database");
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static ash_status digest(study *s, const request *r, ash_error *err)
{
    hash256 sum;
    size_t trials, by_clock;
    ash_status status = study_open(s, r->path, r->run, true, err);
    if (status != ASH_OK || (status = db_digest(s->d, s->run.id, &sum, &trials, &by_clock, err)) != ASH_OK)
        return status;
    char hex[65];
    hash_to_hex(hex, &sum);
    table *t = table_create();
    table_column(t, "sha256", TABLE_LEFT);
    table_column(t, "run", TABLE_RIGHT);
    table_column(t, "trials", TABLE_RIGHT);
    table_column(t, "ended_by_clock", TABLE_RIGHT);
    table_row(t);
    table_text(t, hex);
    table_id(t, s->run.id);
    table_integer(t, (int64_t)trials);
    table_integer(t, (int64_t)by_clock);
    table_print(t, r->format, stdout);
    table_destroy(t);
    return ASH_OK;
}

int cmd_digest(int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {&cli_run_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        NULL, parse, "DB",
        "Print the SHA-256 over everything that configuration and seed determine: each told trial's id, parents, genome, "
        "training key, status, metrics, learning curve and weights. Times, hosts and annotations such as test_error stay out.\v"
        "Two runs of one configuration and seed have one digest, with any number of threads and after any number of "
        "interruptions. A trial that a clock ended is a recorded event; ended_by_clock counts them.\n\n"
        "  ashlar digest digits.db\n"
        "  ashlar digest digits.db --run 2 --format json\n",
        children, NULL, NULL};
    request r = {0};
    cli_parse(&argp, argc, argv, &r);
    study s;
    ash_error err;
    ash_status status = digest(&s, &r, &err);
    study_close(&s);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
