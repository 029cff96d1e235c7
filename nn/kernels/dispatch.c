/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dispatch.c - which levels exist, which this CPU can run, and how fast its multiply-adds are
 *
 * The tables are filled once, before main, so that finding a level takes no lock and is safe from any thread.
 */
#include "nn/kernels/levels.h"
#include <string.h>
#include <time.h>

enum {
#define NN_LEVEL(ident, name, supported) LEVEL_##ident,
#include "nn/kernels/levels.def"
#undef NN_LEVEL
    LEVEL_COUNT
};

static const char *const names[] = {
    "reference",
#define NN_LEVEL(ident, name, supported) name,
#include "nn/kernels/levels.def"
#undef NN_LEVEL
    NULL,
};

static nn_kernels tables[LEVEL_COUNT];
static bool can_run[LEVEL_COUNT];

__attribute__((constructor)) static void fill_tables(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
#endif
#define NN_LEVEL(ident, text, supported)                                                                     \
    can_run[LEVEL_##ident] = (supported);                                                                    \
    tables[LEVEL_##ident] = nn_reference;                                                                    \
    tables[LEVEL_##ident].level = text;                                                                      \
    if (can_run[LEVEL_##ident]) /* the function that fills a table is itself compiled for the level */       \
        nn_level_fill_##ident(&tables[LEVEL_##ident]);
#include "nn/kernels/levels.def"
#undef NN_LEVEL
}

static int index_of(const char *level) /* -1: unknown, 0: reference, i: tables[i - 1] */
{
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], level) == 0)
            return i;
    return -1;
}

bool nn_kernels_supported(const char *level)
{
    int i = index_of(level);
    return i == 0 || (i > 0 && can_run[i - 1]);
}

const nn_kernels *nn_kernels_find(const char *level)
{
    int i = index_of(level);
    if (i == 0)
        return &nn_reference;
    return i > 0 && can_run[i - 1] ? &tables[i - 1] : NULL;
}

const nn_kernels *nn_kernels_best(void)
{
    int i = LEVEL_COUNT - 1;
    while (i > 0 && !can_run[i])
        i--;
    return &tables[i];
}

const char *const *nn_kernels_levels(void)
{
    return names;
}

static double fma_loop(int level, long iterations, double *flops)
{
    switch (level) {
#define NN_LEVEL(ident, text, supported)                                                                     \
    case LEVEL_##ident:                                                                                      \
        return nn_level_fma_##ident(iterations, flops);
#include "nn/kernels/levels.def"
#undef NN_LEVEL
    default:
        return 0;
    }
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double nn_kernels_peak_flops(const char *level)
{
    int i = index_of(level);
    if (i < 0 || (i > 0 && !can_run[i - 1]))
        return 0;
    i = i > 0 ? i - 1 : 0; /* the reference is measured against the lowest level */
    long iterations = 1000;
    double flops = 0, best = 0, spent = 0;
    volatile double sink;
    while (spent < 0.2) {
        double start = now_s();
        sink = fma_loop(i, iterations, &flops);
        double took = now_s() - start;
        spent += took;
        if (took < 0.001)
            iterations *= 2; /* long enough to time, short enough to slip between interruptions */
        else if (flops / took > best)
            best = flops / took;
    }
    (void)sink;
    return best;
}
