/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world.h - what is searched in a simulated cluster: made-up durations and results, or the costs and the database of a run file
 *
 * Everything is a pure function of the training key, as it is in a real run. */
#ifndef BENCH_CLUSTER_WORLD_H
#define BENCH_CLUSTER_WORLD_H

#include "run/run.h"

typedef struct world {
    arena *arena, *scratch;
    controller *controller;
    double spread, mean_s, estimate_error;
    uint64_t seed;
    struct recorded {
        double virtual_duration, wall_s;
    } *recorded; /* (n): of a study, NULL: log-normal */
    size_t n;
    double tick_s; /* seconds of a tick: what executors learn from the first results */
    space *space;
    run_job job; /* of a run file */
    char folder[32]; /* its database is in here */
} world;

struct sim_settings;
ash_status world_open(world *w, const struct sim_settings *set, unsigned lookahead, ash_error *err);
void world_close(world *w);
double world_duration_s(const world *w, const trial *t); /* on a worker of normal speed */
double world_estimate_s(const world *w, const trial *t);
/* A result as its worker sends it (base64), and what the controller does with it: checks, takes apart, stores, tells. */
ash_status world_send(const world *w, const trial *t, double wall_s, unsigned host, unsigned worker, unsigned attempts, buffer *message,
                      ash_error *err);
ash_status world_receive(world *w, buffer *message, ash_error *err);

#endif
