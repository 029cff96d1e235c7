/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_stop.c - ashlar stop DB: end a run that was launched on Slurm */
#include "cli/command.h"
#include "cli/slurm.h"
#include <stdio.h>
#include <string.h>

typedef struct request {
    const char *db;
} request;

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (r->db)
            cli_usage(state, "one database at a time: \"%s\" is too many", text);
        r->db = text;
        return 0;
    case ARGP_KEY_END:
        if (!r->db)
            cli_usage(state, "name the run's database: ashlar stop DB");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .parser = parse,
    .args_doc = "DB",
    .doc = "Stop a run that ashlar launch slurm submitted: networks in training are finished and stored, jobs that wait are "
           "cancelled, and the pilots end with the run.\v"
           "The same launch command goes on where it stopped.\n\n"
           "For example:\n\n  ashlar stop digits.db\n",
};

static ash_status stop(const char *path, arena *a, ash_error *err)
{
    const char *name = slurm_name(path, a);
    const char *pilots = name ? arena_printf(a, "--name=%s-pilots", name) : NULL, *run = name ? arena_printf(a, "--name=%s", name) : NULL;
    char *out;
    if (!pilots || !run)
        return ash_fail_memory(err);
    if (slurm_call((const char *[]){"squeue", "--me", "-h", "-t", "R", "-o%A", run, NULL}, "", a, &out, err) != ASH_OK)
        return err->status;
    bool runs = *out;
    const char *const waiting[] = {"scancel", "--me", "--state=PENDING", run, NULL};
    const char *const signal[] = {"scancel", "--me", "--batch", "--signal=INT", run, NULL};
    const char *const holders[] = {"scancel", "--me", pilots, NULL};
    if (slurm_call(waiting, "", a, &out, err) != ASH_OK || slurm_call(runs ? signal : holders, "", a, &out, err) != ASH_OK)
        return err->status;
    puts(runs ? "the run finishes the networks in training, stores them and ends with its pilots"
              : "the run does not run: jobs that wait and pilots are cancelled");
    return ASH_OK;
}

int cmd_stop(int argc, char **argv)
{
    request r = {0};
    ash_error err;
    cli_parse(&argp, argc, argv, &r);
    arena *a = arena_create();
    ash_status status = a ? stop(r.db, a, &err) : ash_fail_memory(&err);
    arena_destroy(a);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
