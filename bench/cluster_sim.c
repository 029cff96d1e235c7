/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cluster_sim.c - a search on a cluster that does not exist
 *
 * Drives the real controller with simulated workers in virtual time. A trial's true duration is its estimate (which the controller knows as
 * virtual duration) times a log-normal error. Nodes fail, are preempted and reach the end of their wall time; what they were at is lost,
 * noticed after a while, and handed out again, as the executors do. Nothing sleeps: a day of 10,000 workers takes seconds.
 *
 *     bench_cluster_sim                        the table of docs/cluster.md
 *     bench_cluster_sim -w 1000 --mtbf 24      one cluster
 *     bench_cluster_sim --durations digits.db  durations as a run recorded them
 *     bench_cluster_sim --run FILE             with the run's own space, costs and database: what the controller itself takes
 */
#include "cluster/sim.h"
#include "core/log.h"

#include <argp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_ERROR = 256, KEY_MTBF, KEY_REPAIR, KEY_PREEMPT, KEY_WALL, KEY_SLOW, KEY_FACTOR, KEY_BACKUP, KEY_DURATIONS, KEY_RUN, KEY_CSV };

static const struct argp_option rows[] = {
    {"workers", 'w', "N", 0, "Workers (default: the whole table)", 0},
    {"cores", 'c', "N", 0, "Workers of a node, which come and go together (32)", 0},
    {"evaluations", 'n', "N", 0, "Evaluations per worker (20)", 0},
    {"spread", 's', "S", 0, "Sigma of the log-normal durations (0.7)", 0},
    {"mean", 'm', "S", 0, "Mean duration in seconds (10)", 0},
    {"estimate-error", KEY_ERROR, "E", 0, "Sigma of the true duration about the estimate (0.1)", 0},
    {"lookahead", 'v', "K", 0, "Virtual workers, as a multiple of the workers (2)", 0},
    {"strategy", 't', "NAME", 0, "Search strategy (random)", 0},
    {"mtbf", KEY_MTBF, "H", 0, "Hours between failures of a node (never)", 0},
    {"repair", KEY_REPAIR, "S", 0, "Seconds until a lost node or pilot is back (120)", 0},
    {"preempt", KEY_PREEMPT, "H", 0, "Hours between preemptions of a node (never)", 0},
    {"wall-time", KEY_WALL, "S", 0, "Wall time of a pilot (unlimited)", 0},
    {"slow", KEY_SLOW, "F", 0, "Fraction of nodes that are slow (0)", 0},
    {"slowness", KEY_FACTOR, "K", 0, "How many times slower they are (3)", 0},
    {"backup", KEY_BACKUP, NULL, 0, "Idle workers repeat the trial that all others wait for", 0},
    {"durations", KEY_DURATIONS, "DB", 0, "Draw estimates and durations from the trials of a study", 0},
    {"run", KEY_RUN, "FILE", 0, "Space, costs and database of this run file; results are made up", 0},
    {"csv", KEY_CSV, NULL, 0, "Comma-separated", 0},
    {"seed", 'r', "N", 0, "Seed (1)", 0},
    {0},
};

typedef struct request {
    sim_settings set;
    bool one, csv, spread_given;
} request;

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *q = state->input;
    sim_settings *s = &q->set;
    switch (key) {
    case 'w': s->workers = (unsigned)atoi(text), q->one = true; return 0;
    case 'c': s->cores = (unsigned)atoi(text); return 0;
    case 'n': s->evaluations = (unsigned)atoi(text); return 0;
    case 's': s->spread = atof(text), q->spread_given = true; return 0;
    case 'm': s->mean_s = atof(text); return 0;
    case 'v': s->lookahead = atof(text); return 0;
    case 't': s->strategy = text; return 0;
    case 'r': s->seed = strtoull(text, NULL, 10); return 0;
    case KEY_ERROR: s->estimate_error = atof(text); return 0;
    case KEY_MTBF: s->mtbf_s = atof(text) * 3600; return 0;
    case KEY_REPAIR: s->repair_s = atof(text); return 0;
    case KEY_PREEMPT: s->preempt_s = atof(text) * 3600; return 0;
    case KEY_WALL: s->wall_time_s = atof(text); return 0;
    case KEY_SLOW: s->slow = atof(text); return 0;
    case KEY_FACTOR: s->slowness = atof(text); return 0;
    case KEY_BACKUP: s->backup = true; return 0;
    case KEY_DURATIONS: s->durations = text; return 0;
    case KEY_RUN: s->run = text; return 0;
    case KEY_CSV: q->csv = true; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static bool one(const request *q, const sim_settings *set)
{
    sim_outcome o;
    ash_error err;
    if (sim_run(set, &o, &err) != ASH_OK) {
        fprintf(stderr, "cluster_sim: %s\n", err.text);
        return false;
    }
    printf(q->csv ? "%u,%.2f,%.2f,%u,%.4f,%.4f,%llu,%llu,%.1f,%.1f\n" : "%7u %6.2f %5.2f %6u  %6.3f %6.3f  %8llu %6llu  %9.1f  %8.1f\n",
           set->workers, set->spread, set->estimate_error, o.lookahead, o.utilisation, o.overall, (unsigned long long)o.evaluations,
           (unsigned long long)o.redone, o.makespan_s, o.cpu_us);
    fflush(stdout);
    return true;
}

static bool table(const request *q)
{
    static const unsigned workers[] = {10, 1000, 10000};
    static const double spread[] = {0.3, 0.7, 1.0}, error[] = {0.1, 0.3};
    bool ok = true;
    for (size_t w = 0; w < 3; w++)
        for (size_t s = 0; s < (q->spread_given ? 1 : 3); s++)
            for (size_t e = 0; e < 2; e++) {
                sim_settings set = q->set;
                set.workers = workers[w];
                set.spread = q->spread_given ? set.spread : spread[s];
                set.estimate_error = error[e];
                ok &= one(q, &set);
            }
    return ok;
}

int main(int argc, char **argv)
{
    static const struct argp argp = {rows, parse, NULL,
                                     "A search on a simulated cluster, with the real controller.\v"
                                     "busy: share of the workers' time that went into results, until the last trial is handed out; all: until the end. "
                                     "cpu us: what the controller took per evaluation, microseconds.", NULL, NULL, NULL};
    request q = {.set = {.cores = 32, .evaluations = 20, .spread = 0.7, .mean_s = 10, .lookahead = 2, .estimate_error = 0.1, .strategy = "random",
                         .repair_s = 120, .slowness = 3, .seed = 1}};
    argp_parse(&argp, argc, argv, 0, NULL, &q);
    puts(q.csv ? "workers,spread,estimate_error,lookahead,busy,all,evaluations,redone,makespan_s,cpu_us"
               : "workers spread error      V    busy    all     evals redone  makespan s   cpu us");
    return (q.one ? one(&q, &q.set) : table(&q)) ? 0 : 1;
}
