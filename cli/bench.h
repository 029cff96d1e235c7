/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench.h - what the benchmarks of ashlar bench share: what was asked for, images, a clock, a median */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "cli/command.h"
#include "core/status.h"
#include "nn/train.h"
#include <stdbool.h>

enum { BENCH_MAX_FILES = 64, BENCH_MAX_ROUNDS = 101 };

typedef struct bench_request {
    const char *what, *paths[BENCH_MAX_FILES], *level, *quantize;
    int n_paths, batch, rounds, ms; /* ms of processor time per subject and round; of wall time when several cores work */
    int threads, candidates;        /* train: threads inside each network, networks at a time */
    int size, channels; /* of infer's images; 0: its own choice */
    bool breakdown;
    output_format format;
} bench_request;

/* Each measures and prints. */
ash_status bench_train(const bench_request *r, ash_error *err);
ash_status bench_infer(const bench_request *r, ash_error *err);
ash_status bench_networks(const bench_request *r, ash_error *err); /* infer, of architecture files */

/* n images of normal noise for a network, with labels in turn: what is measured does not depend on them. false: out of memory. */
bool bench_noise(const nn_graph *g, size_t n, arena *a, nn_dataset *out);
double bench_processor_s(void); /* of this thread */
double bench_wall_s(void);
double bench_median(double *v, int n); /* sorts v */

#endif
