/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim.h - one simulated search: see bench/cluster_sim.c */
#ifndef BENCH_CLUSTER_SIM_H
#define BENCH_CLUSTER_SIM_H

#include "cluster/world.h"

typedef struct sim_settings {
    unsigned workers, cores;     /* in all; of a node */
    unsigned evaluations;        /* per worker */
    double lookahead;            /* virtual workers, as a multiple of the workers */
    double spread, mean_s, estimate_error;
    const char *strategy;
    double mtbf_s, preempt_s, repair_s, wall_time_s; /* 0: never, unlimited */
    double slow, slowness;
    bool backup;
    const char *durations, *run;
    uint64_t seed;
} sim_settings;

typedef struct sim_outcome {
    unsigned lookahead;
    double utilisation; /* until the last trial was handed out */
    double overall;     /* until the last result */
    uint64_t evaluations, redone;
    double makespan_s;
    double cpu_us; /* of the controller, per evaluation */
} sim_outcome;

ash_status sim_run(const sim_settings *set, sim_outcome *out, ash_error *err);

#endif
