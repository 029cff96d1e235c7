/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_doctor.c - ashlar doctor: what a run needs, tried out */
#include "cli/command.h"
#include "cli/slurm.h"
#include "cli/table.h"
#include "db/db.h"
#include "nn/kernels/kernels.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct request {
    bool slurm;
    const char *partition, *folder;
    output_format format;
} request;

typedef struct findings {
    table *table;
    arena *arena;
    int failures;
} findings;

enum { KEY_SLURM = 256, KEY_FOLDER };

static const struct argp_option rows[] = {
    {"slurm", KEY_SLURM, NULL, 0, "try out what launch slurm needs; submits a small job and ends it", 0},
    {"partition", 'p', "NAME", 0, "where that job runs", 0},
    {"folder", KEY_FOLDER, "DIR", 0, "where databases will be (default: this folder)", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &r->format; return 0;
    case KEY_SLURM: r->slurm = true; return 0;
    case 'p': r->partition = text; return 0;
    case KEY_FOLDER: r->folder = text; return 0;
    case ARGP_KEY_ARG: cli_usage(state, "\"%s\" is too many", text);
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {0}};
static const struct argp argp = {
    .options = rows,
    .parser = parse,
    .args_doc = "",
    .doc = "Check that this machine, and with --slurm this cluster, has what a run needs.\v"
           "Exit status 0: all is well; 1: something is not, and the table says what.\n\n"
           "For example:\n\n  ashlar doctor --slurm --folder /scratch/me\n",
    .children = children,
};

static void found(findings *f, const char *what, bool good, const char *text)
{
    table_row(f->table);
    table_text(f->table, what);
    table_text(f->table, good ? "ok" : "FAILED");
    table_text(f->table, text);
    f->failures += !good;
}

/* What a program says, or why it fails. */
static char *ask(findings *f, const char *what, const char *const *words, const char *input)
{
    char *out;
    ash_error err;
    if (slurm_call(words, input, f->arena, &out, &err) == ASH_OK)
        return out;
    found(f, what, false, err.text);
    return NULL;
}

static void check_machine(findings *f, const char *folder)
{
    found(f, "kernel level", true, nn_kernels_best()->level);
    char *probe = arena_printf(f->arena, "%s/.ashlar-doctor-%ld", folder, (long)getpid());
    int fd = probe ? open(probe, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600) : -1;
    found(f, "folder", fd >= 0, fd >= 0 ? "can be written" : "cannot be written");
    if (fd >= 0) {
        close(fd);
        unlink(probe);
    }
    found(f, "file system", true, db_on_network(folder) ? "a network's: databases use a rollback journal" : "local: databases use a write-ahead log");
}

static bool wait_until_runs(findings *f, const char *id)
{
    for (int i = 0; i < 120; i++) {
        char *state = ask(f, "the job", (const char *[]){"squeue", "-h", "-j", id, "-o%T", NULL}, "");
        if (!state)
            return false;
        if (strcmp(state, "RUNNING") == 0)
            return true;
        sleep(1);
    }
    found(f, "the job", false, "did not start within two minutes");
    return false;
}

/* A step of a job of ours, started from here, writes into the folder: all that pilots need. */
static void check_step(findings *f, const request *r, const char *folder)
{
    char *job = arena_printf(f->arena, "#!/bin/sh\n#SBATCH --ntasks=1 --time=5 --output=/dev/null%s%s\nsleep 300\n",
                             r->partition ? " --partition=" : "", r->partition ? r->partition : "");
    char *probe = arena_printf(f->arena, "%s/.ashlar-doctor-%ld", folder, (long)getpid());
    char *id = job && probe ? ask(f, "sbatch", (const char *[]){"sbatch", "--parsable", NULL}, job) : NULL;
    if (!id)
        return;
    id[strcspn(id, ";")] = '\0';
    found(f, "sbatch", true, "takes a job");
    char *jobid = arena_printf(f->arena, "--jobid=%s", id);
    if (jobid && wait_until_runs(f, id)) {
        char *host = ask(f, "srun --jobid --overlap", (const char *[]){"srun", jobid, "--overlap", "-N1", "-n1", "--mem=0", "--mpi=none", "-Q", "sh", "-c",
                                                         "uname -n; : >\"$0\"", probe, NULL}, "");
        if (host) {
            found(f, "srun --jobid --overlap", true, arena_printf(f->arena, "starts workers, as on %s", host));
            bool shared = access(probe, F_OK) == 0;
            found(f, "shared folder", shared, shared ? "what a node writes is seen here" : "what a node writes is not seen here: see docs/launching.md, no shared home");
        }
        unlink(probe);
    }
    ask(f, "scancel", (const char *[]){"scancel", id, NULL}, "");
}

static void check_slurm(findings *f, const request *r, const char *folder)
{
    char *config = ask(f, "slurmctld", (const char *[]){"scontrol", "show", "config", NULL}, "");
    if (!config)
        return;
    const char *at = strstr(config, "MaxArraySize"), *value = at ? strchr(at, '=') : NULL;
    long size = value ? strtol(value + 1, NULL, 10) : 0;
    found(f, "slurmctld", true, "answers");
    found(f, "MaxArraySize", size > 1, arena_printf(f->arena, "up to %ld pilots in one launch", size > 1 ? size - 1 : 0));
    check_step(f, r, folder);
}

int cmd_doctor(int argc, char **argv)
{
    request r = {.folder = "."};
    ash_error err;
    cli_parse(&argp, argc, argv, &r);
    findings f = {.table = table_create(), .arena = arena_create()};
    const char *folder = f.arena ? slurm_absolute(r.folder, f.arena) : NULL;
    if (!folder) {
        ash_fail_memory(&err);
        return cli_fail(&err);
    }
    table_column(f.table, "check", TABLE_LEFT);
    table_column(f.table, "result", TABLE_LEFT);
    table_column(f.table, "what was found", TABLE_WRAP);
    check_machine(&f, folder);
    if (r.slurm)
        check_slurm(&f, &r, folder);
    table_print(f.table, r.format, stdout);
    table_destroy(f.table);
    arena_destroy(f.arena);
    return f.failures ? ASH_BROKEN : 0;
}
