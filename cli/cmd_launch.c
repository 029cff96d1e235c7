/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_launch.c - ashlar launch slurm|add-pilots|mpi CONFIG: a run on a cluster
 *
 * Everything is submitted from here, the login side; nothing is submitted from a node. */
#include "cli/command.h"
#include "cli/outcome.h"
#include "cli/slurm.h"
#include "core/log.h"
#include "run/runfile.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_WORDS = 32 };

typedef struct request {
    slurm_request job;
    const char *action, *path, *db;
    override_list overrides;
    const char *extra[MAX_WORDS + 1]; /* for sbatch or mpirun, as they are */
    size_t n_extra;
    int ranks;
    bool dry;
    arena *arena;
} request;

enum { KEY_PILOTS = 256, KEY_NODES, KEY_TIME, KEY_CPUS, KEY_MEM, KEY_CONTROLLER_MEM, KEY_LIMIT, KEY_IDLE, KEY_DB, KEY_SET, KEY_DRY };

static const struct argp_option rows[] = {
    {"pilots", KEY_PILOTS, "N", 0, "jobs that hold a node each for workers (default: 4)", 0},
    {"nodes", KEY_NODES, "N", 0, "no pilots: one job with N nodes, for small runs and strict sites", 0},
    {"time", KEY_TIME, "TIME", 0, "of each job, as sbatch takes it", 0},
    {"partition", 'p', "NAME", 0, "where the jobs run", 0},
    {"cpus-per-task", 'c', "N", 0, "cores of a pilot, or of each of --nodes: as many networks are trained there at a time (default: 1)", 0},
    {"mem", KEY_MEM, "SIZE", 0, "memory of a pilot", 0},
    {"controller-mem", KEY_CONTROLLER_MEM, "SIZE", 0, "memory of the job that searches and stores (default: 2G)", 0},
    {"array-limit", KEY_LIMIT, "N", 0, "pilots that run at the same time", 0},
    {"idle", KEY_IDLE, "S", 0, "seconds after which a pilot that nobody uses ends (default: 600)", 0},
    {"ranks", 'n', "N", 0, "of launch mpi: one rank searches and stores, the others train (default: 2)", 0},
    {"db", KEY_DB, "FILE", 0, "the study's database; default: CONFIG's name with .db, in this folder", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "override a setting of CONFIG, as in ashlar run", 0},
    {"dry-run", KEY_DRY, NULL, 0, "print what would be submitted or run", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case KEY_PILOTS: r->job.pilots = (int)cli_integer(state, "--pilots", text, 1, 100000); return 0;
    case KEY_NODES: r->job.nodes = (int)cli_integer(state, "--nodes", text, 1, 100000); return 0;
    case KEY_TIME: r->job.time = text; return 0;
    case 'p': r->job.partition = text; return 0;
    case 'c': r->job.cpus = (int)cli_integer(state, "--cpus-per-task", text, 1, 4096); return 0;
    case KEY_MEM: r->job.mem = text; return 0;
    case KEY_CONTROLLER_MEM: r->job.controller_mem = text; return 0;
    case KEY_LIMIT: r->job.array_limit = (int)cli_integer(state, "--array-limit", text, 1, 100000); return 0;
    case KEY_IDLE: r->job.idle_s = (int)cli_integer(state, "--idle", text, 1, 1000000); return 0;
    case 'n': r->ranks = (int)cli_integer(state, "--ranks", text, 2, 1000000); return 0;
    case KEY_DB: r->db = text; return 0;
    case KEY_SET: overrides_add(&r->overrides, "%s", text); return 0;
    case KEY_DRY: r->dry = true; return 0;
    case ARGP_KEY_ARG:
        if (!r->action)
            r->action = text;
        else if (!r->path)
            r->path = text;
        else if (!state->quoted || state->next <= state->quoted)
            cli_usage(state, "\"%s\" is too many; options for sbatch or mpirun go behind --", text);
        else if (r->n_extra == MAX_WORDS)
            cli_usage(state, "at most %d words behind --", MAX_WORDS);
        else
            r->extra[r->n_extra++] = text;
        return 0;
    case ARGP_KEY_END:
        if (!r->action || (strcmp(r->action, "slurm") != 0 && strcmp(r->action, "add-pilots") != 0 && strcmp(r->action, "mpi") != 0))
            cli_usage(state, "say what to launch: slurm, add-pilots or mpi, and a run file");
        if (!r->path)
            cli_usage(state, "name a run file: ashlar launch %s CONFIG", r->action);
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = rows,
    .parser = parse,
    .args_doc = "slurm|add-pilots|mpi CONFIG [-- OPTION...]",
    .doc = "Submit a search to a cluster. slurm submits a small job that searches and stores, and pilots, jobs that hold nodes "
           "for its workers; add-pilots gives a running search more of them; mpi starts mpirun, or prints its line. Words behind -- go to sbatch or "
           "mpirun as they are.\v"
           "The result is that of ashlar run on one machine. Jobs that are preempted, lose their node or run out of time go on by themselves; "
           "docs/launching.md tells how, for each kind of site.\n\n"
           "Examples:\n"
           "  ashlar launch slurm digits.yaml --pilots 8 --cpus-per-task 16 --time 4:00:00\n"
           "  ashlar launch slurm digits.yaml --pilots 8 --dry-run -- --account=physics\n"
           "  ashlar launch add-pilots digits.yaml --pilots 4 --cpus-per-task 16 --time 1:00:00\n"
           "  ashlar launch mpi digits.yaml --ranks 64 -- --hostfile hosts\n",
};

/* ---- Slurm ---- */

static ash_status submit(request *r, const char *script, const char *dependency, char **id, ash_error *err)
{
    const char *words[MAX_WORDS + 4] = {"sbatch", "--parsable"};
    size_t n = 2;
    if (dependency)
        words[n++] = dependency;
    for (size_t i = 0; i < r->n_extra; i++)
        words[n++] = r->extra[i];
    if (r->dry) {
        printf("# ");
        for (size_t i = 0; i < n; i++)
            printf("%s ", words[i]);
        printf("<<'EOF'\n%sEOF\n", script);
        *id = arena_strdup(r->arena, "CONTROLLER");
        return ASH_OK;
    }
    if (slurm_call(words, script, r->arena, id, err) != ASH_OK)
        return err->status;
    (*id)[strcspn(*id, ";")] = '\0'; /* a cluster's name may follow */
    return ASH_OK;
}

static void say_what_next(const request *r, const char *run, const char *pilots)
{
    const char *study = outcome_shell_word(r->arena, r->db), *config = outcome_shell_word(r->arena, r->path);
    if (run)
        printf("run: job %s, log %s\n", run, r->job.log);
    if (pilots)
        printf("pilots: job %s\n", pilots);
    printf("\nnext:\n  ashlar watch %s\n", study);
    if (pilots)
        printf("  ashlar launch add-pilots %s --db %s\n", config, study);
    printf("  ashlar stop %s\n", study);
}

static ash_status launch_slurm(request *r, ash_error *err)
{
    buffer script = {0}, pilots = {0};
    char *first = NULL, *array = NULL;
    bool starts = strcmp(r->action, "slurm") == 0, has_pilots = !starts || !r->job.nodes;
    slurm_controller_script(&r->job, &script);
    slurm_pilot_script(&r->job, &pilots);
    ash_status status = script.failed || pilots.failed ? ash_fail_memory(err) : ASH_OK;
    if (status == ASH_OK && starts)
        status = submit(r, script.data, NULL, &first, err);
    const char *after = first ? arena_printf(r->arena, "--dependency=after:%s", first) : NULL;
    if (status == ASH_OK && has_pilots)
        status = submit(r, pilots.data, after, &array, err);
    if (status == ASH_OK && !r->dry)
        say_what_next(r, first, array);
    buffer_free(&script);
    buffer_free(&pilots);
    return status;
}

/* ---- MPI ---- */

static ash_status launch_mpi(request *r, ash_error *err)
{
    const char **words = ARENA_NEW(r->arena, const char *, MAX_WORDS + r->job.n_run + 16);
    size_t n = 0;
    const char *ranks = arena_printf(r->arena, "%d", r->ranks);
    if (!words || !ranks)
        return ash_fail_memory(err);
    words[n++] = "mpirun";
    words[n++] = "-n";
    words[n++] = ranks;
    for (size_t i = 0; i < r->n_extra; i++)
        words[n++] = r->extra[i];
    const char *rest[] = {r->job.program, "run", r->path, "--db", r->db, "--executor", "mpi"};
    for (size_t i = 0; i < sizeof(rest) / sizeof(*rest); i++)
        words[n++] = rest[i];
    for (size_t i = 0; i < r->job.n_run; i++)
        words[n++] = r->job.run[i];
    words[n] = NULL;
    if (!r->dry) {
        execvp(words[0], (char *const *)words);
        return ash_fail(err, ASH_BROKEN, "cannot start mpirun: %s", strerror(errno));
    }
    for (size_t i = 0; i < n; i++) {
        const char *word = outcome_shell_word(r->arena, words[i]);
        printf("%s%s", i ? " " : "", word ? word : "?");
    }
    printf("\n");
    return ASH_OK;
}

/* ---- both ---- */

/* The search keeps `lookahead` trials apart from what they would tell it, however many trainers there are (docs/cluster.md). */
static void advise(const request *r, long long lookahead)
{
    long long places = r->job.nodes ? r->job.nodes : r->job.pilots;
    if (r->job.array_limit && r->job.array_limit < places)
        places = r->job.array_limit;
    long long trainers = strcmp(r->action, "mpi") == 0 ? r->ranks - 1 : places * r->job.cpus;
    if (strcmp(r->action, "add-pilots") != 0 && lookahead < 2 * trainers)
        log_note("search.lookahead is %lld, which keeps about %lld of %lld trainers at work; a new study for all of them: --set search.lookahead=%lld",
                 lookahead, lookahead < 2 ? 1 : lookahead / 2, trainers, 4 * trainers);
}

static ash_status prepare(request *r, ash_error *err)
{
    char program[4096] = "";
    runfile *f;
    ash_status status = runfile_read(r->path, r->overrides.v, r->overrides.n, &f, err);
    if (status != ASH_OK)
        return status;
    advise(r, f->objectives.lookahead);
    const char *other = f->execution.program ? arena_strdup(r->arena, f->execution.program) : NULL;
    runfile_close(f);
    if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
        return ash_fail(err, ASH_BROKEN, "cannot find this program: %s", strerror(errno));
    if (!r->db && !(r->db = runfile_default_database(r->path, r->arena)))
        return ash_fail_memory(err);
    const char **run = ARENA_NEW(r->arena, const char *, 2 * r->overrides.n + 1);
    for (size_t i = 0; run && i < r->overrides.n; i++) {
        run[r->job.n_run++] = "--set";
        run[r->job.n_run++] = r->overrides.v[i];
    }
    r->job.run = run;
    r->job.program = other ? other : arena_strdup(r->arena, program);
    r->job.config = slurm_absolute(r->path, r->arena);
    r->job.db = slurm_absolute(r->db, r->arena);
    r->job.name = slurm_name(r->db, r->arena);
    if (!run || !r->job.program || !r->job.config || !r->job.db || !r->job.name)
        return ash_fail_memory(err);
    r->job.log = arena_printf(r->arena, "%s.log", r->job.db);
    return r->job.log ? ASH_OK : ash_fail_memory(err);
}

int cmd_launch(int argc, char **argv)
{
    request r = {.job = {.pilots = 4, .cpus = 1, .idle_s = 600, .controller_mem = "2G"}, .ranks = 2, .arena = arena_create()};
    ash_error err;
    cli_parse(&argp, argc, argv, &r);
    ash_status status = r.arena ? prepare(&r, &err) : ash_fail_memory(&err);
    if (status == ASH_OK)
        status = strcmp(r.action, "mpi") == 0 ? launch_mpi(&r, &err) : launch_slurm(&r, &err);
    overrides_free(&r.overrides);
    arena_destroy(r.arena);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
