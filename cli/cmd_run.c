/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_run.c - the main job: search, train, store; resume and extend */
#include "cli/command.h"
#include "cli/outcome.h"
#include "core/log.h"
#include "evaluator/exec/mpi.h"
#include "run/rank.h"
#include "run/run.h"
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct run_arguments {
    const char *config, *db;
    override_list overrides;
    run_flags flags;
    bool quiet;
    output_format format;
    int argc;
    char **argv;
} run_arguments;

typedef struct run_state {
    run_arguments args;
    run_job job;
    arena *arena;
    double start_s;
} run_state;

/* ---- command line ---- */

enum { KEY_DB = 256, KEY_SEED, KEY_EVALUATIONS, KEY_REPLICATES, KEY_EXECUTOR, KEY_SET, KEY_NEW, KEY_TAKE, KEY_CHECK };

static const struct argp_option options[] = {
    {"db", KEY_DB, "FILE", 0, "the study's database; default: CONFIG's name with .db, in this folder", 0},
    {"seed", KEY_SEED, "N", 0, "seed of the search and of all trainings", 0},
    {"evaluations", KEY_EVALUATIONS, "N", 0, "stop after N evaluated networks; more than before extends a run", 0},
    {"replicates", KEY_REPLICATES, "N", 0, "train every network N times, with seeds of their own; the mean counts", 0},
    {"threads", 't', "N", 0, "networks trained at a time; default: one per core. Never changes a result", 0},
    {"executor", KEY_EXECUTOR, "NAME", 0, "threads, serial, process, slurm, allocation or mpi. Never changes a result", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "override a setting of CONFIG: --set train.epochs=5. May be repeated", 0},
    {"new-run", KEY_NEW, NULL, 0, "add a run of other settings to the study, instead of refusing it", 0},
    {"take-over", KEY_TAKE, NULL, 0, "go on although another process seems to write the study; that one then leaves with status 3", 0},
    {"check-replay", KEY_CHECK, NULL, 0, "on resume, also ask for every stored trial and compare", 0},
    {"quiet", 'q', NULL, 0, "no progress, no notes, no warnings", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    run_arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT: state->child_inputs[0] = &a->format; break;
    case KEY_DB: a->db = arg; break;
    case KEY_SEED:
        overrides_add(&a->overrides, "seed=%lld", cli_integer(state, "--seed", arg, 0, INT64_C(1) << 53));
        break;
    case KEY_EVALUATIONS:
        overrides_add(&a->overrides, "budget.evaluations=%lld",
                      cli_integer(state, "--evaluations", arg, 1, 1000000000));
        break;
    case KEY_REPLICATES:
        overrides_add(&a->overrides, "evaluator.replicates=%lld", cli_integer(state, "--replicates", arg, 1, 100));
        break;
    case 't':
        overrides_add(&a->overrides, "execution.threads=%lld", cli_integer(state, "--threads", arg, 1, 4096));
        break;
    case KEY_EXECUTOR: overrides_add(&a->overrides, "execution.executor=%s", arg); break;
    case KEY_SET: overrides_add(&a->overrides, "%s", arg); break;
    case KEY_NEW: a->flags.new_run = true; break;
    case KEY_TAKE: a->flags.take_over = true; break;
    case KEY_CHECK: a->flags.check_replay = true; break;
    case 'q': a->quiet = true; break;
    case ARGP_KEY_ARG:
        if (a->config)
            cli_usage(state, "one run file at a time: \"%s\" is too many", arg);
        a->config = arg;
        break;
    case ARGP_KEY_END:
        if (!a->config)
            cli_usage(state, "there is no run file: ashlar run CONFIG; \"ashlar init\" writes one");
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {0}};
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "CONFIG",
    .doc = "Search a space of networks on a data set, and print the Pareto front of trained networks.\v"
           "Run again to resume what was interrupted; with a larger budget to extend it. The same seed gives the same "
           "front, whatever the threads and the interruptions. Ctrl-C finishes the networks in training and stores "
           "them; a second one abandons them. SIGTERM and SIGUSR1, which batch systems send, abandon them at once, store everything else, "
           "and end the program with status 75: start it again to go on.\n\n"
           "Examples:\n"
           "  ashlar run examples/digits.yaml\n"
           "  ashlar run examples/digits.yaml --evaluations 1200\n"
           "  ashlar run examples/digits.yaml --seed 2 --db seed2.db --set train.epochs=10\n",
    .children = children,
};

/* ---- interruption ---- */

enum { TRY_AGAIN = 75 }; /* EX_TEMPFAIL of sysexits.h */
static volatile sig_atomic_t signals, told_to_leave;

static void on_signal(int number)
{
    if (number != SIGINT) {
        signals = 2;
        told_to_leave = 1;
    } else if (signals < 2) {
        signals++;
    }
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

static int interrupted(void *ctx)
{
    static atomic_int said;
    int n = signals;
    (void)ctx;
    if (n == 1 && atomic_exchange(&said, 1) == 0)
        log_note("finishing the networks in training; interrupt again to abandon them");
    return n;
}

static const char *resume_command(const run_state *s)
{
    buffer text = {0};
    for (int i = 0; i < s->args.argc; i++) {
        const char *word = i ? outcome_shell_word(s->arena, s->args.argv[i]) : s->args.argv[0];
        buffer_printf(&text, "%s%s", i ? " " : "", word ? word : "?");
    }
    const char *out = text.failed ? NULL : arena_strndup(s->arena, text.data, text.len);
    buffer_free(&text);
    return out ? out : "the same command";
}

/* ---- the run ---- */

static void show_progress(void *ctx, const controller_progress *p)
{
    const run_state *s = ctx;
    const search_budget *budget = &s->job.session.file->budget;
    char best[64] = "", of[32] = "";
    if (s->job.recorder.n)
        snprintf(best, sizeof(best), ", best %s %.4g, %zu on the front", s->job.session.objectives[0], s->job.recorder.best,
                 s->job.recorder.n);
    if (budget->evaluations)
        snprintf(of, sizeof(of), "/%lld", (long long)budget->evaluations);
    progress_update(p->fraction, "%" PRIu64 "%s networks%s", p->counted, of, best);
}

static ash_status search(run_state *s, ash_error *err)
{
    char program[4096] = "";
    if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
        strcpy(program, "ashlar");
    run_watch watch = {interrupted, s->args.quiet ? NULL : show_progress, s, program};
    catch_signals();
    if (!s->args.quiet)
        progress_begin("");
    ash_status status = run_search(&s->job, &watch, err);
    progress_end();
    return status;
}

static ash_status finish(run_state *s, ash_error *err)
{
    if (run_end(&s->job, signals > 0, err) != ASH_OK)
        return err->status;
    if (signals > 0)
        return ash_fail(err, ASH_BROKEN, "interrupted after %" PRIu64 " networks, all stored in %s; resume with: %s",
                        controller_status(s->job.controller).counted, db_path(s->job.db), resume_command(s));
    return outcome_print(&s->job.recorder, s->args.format, clock_wall_s() - s->start_s, err);
}

static ash_status run(run_state *s, ash_error *err)
{
    runfile *f;
    const char *path = s->args.db ? s->args.db : runfile_default_database(s->args.config, s->arena);
    if (!path)
        return ash_fail_memory(err);
    int rank = 0;
    ash_status status = runfile_read(s->args.config, s->args.overrides.v, s->args.overrides.n, &f, err);
    if (status == ASH_OK && strcmp(f->execution.executor, "mpi") == 0 && ((status = mpi_begin(&rank, err)) != ASH_OK || rank > 0)) {
        runfile_close(f);
        return rank > 0 ? rank_work(err) : status;
    }
    if (status == ASH_OK)
        status = run_open(&s->job, f, path, s->args.flags, err);
    if (status == ASH_OK)
        status = search(s, err);
    return status == ASH_OK ? finish(s, err) : status;
}

int cmd_run(int argc, char **argv)
{
    run_state s = {.args = {.argc = argc, .argv = argv}, .start_s = clock_wall_s()};
    char **words = malloc((size_t)argc * sizeof(*words)); /* argp reorders argv */
    ash_error err;
    if (!words || !(s.arena = arena_create())) {
        ash_fail_memory(&err);
        return cli_fail(&err);
    }
    memcpy(words, argv, (size_t)argc * sizeof(*words));
    s.args.argv = words;
    cli_parse(&argp, argc, argv, &s.args);
    if (s.args.quiet)
        log_set_level(LOG_ERROR);
    ash_status status = run(&s, &err);
    run_close(&s.job);
    overrides_free(&s.args.overrides);
    arena_destroy(s.arena);
    free(words);
    if (status != ASH_OK)
        cli_fail(&err);
    return status == ASH_BROKEN && told_to_leave ? TRY_AGAIN : (int)status;
}
