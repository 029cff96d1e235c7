/* SPDX-License-Identifier: GPL-3.0-or-later */
/* synthetic.c - samples of a known function
 *
 * Inputs are uniform in [-range, range]; noise is normal, in units of the target's. Functions use + - x only,
 * so the samples are the same bits on every machine. A new function is one row of the table. */
#include "data/format.h"
#include <string.h>

typedef struct synthetic_settings {
    const char *function;
    int64_t samples, seed;
    double noise, range;
} synthetic_settings;

typedef struct function {
    const char *name;
    int inputs;
    int classes; /* 0: regression on y; else y is the class, before the noise */
    double (*y)(const double *x);
    const char *target;
} function;

static double polynomial(const double *x)
{
    return 4 * x[0] * x[0] * x[0] - 2 * x[1] * x[1] + 8;
}
static double product(const double *x)
{
    return x[0] * x[1] + x[2];
}
/* Inputs are scaled to [-1, 1]: the disc of half the square's area, radius^2 = 2 / pi. */
static double disc(const double *x)
{
    return x[0] * x[0] + x[1] * x[1] < 0.63661977236758134;
}

static const function functions[] = {
    {"polynomial", 2, 0, polynomial, "4 x1^3 - 2 x2^2 + 8"},
    {"product", 3, 0, product, "x1 x2 + x3"},
    {"disc", 2, 2, disc, NULL},
};
enum { N_FUNCTIONS = sizeof functions / sizeof *functions, MOST_INPUTS = 3 };

static const char *const function_names[] = {"polynomial", "product", "disc", NULL};
static const char *const feature_names[MOST_INPUTS] = {"x1", "x2", "x3"};
static const char *const class_names[] = {"outside", "inside"};

static const option rows[] = {
    {"function", OPTION_NAME, offsetof(synthetic_settings, function), "polynomial", .names = function_names,
     .help = "polynomial: y = 4 x1^3 - 2 x2^2 + 8; product: y = x1 x2 + x3; disc: inside or outside, two "
             "classes"},
    {"samples", OPTION_COUNT, offsetof(synthetic_settings, samples), "1000", 10, 10000000,
     .help = "number of samples, before splitting"},
    {"noise", OPTION_REAL, offsetof(synthetic_settings, noise), "0", 0, 1e6,
     .help = "deviation of the normal noise added to y; disc: to its inputs"},
    {"range", OPTION_REAL, offsetof(synthetic_settings, range), "1", 1e-6, 1e6,
     .help = "inputs are uniform in [-range, range]; disc scales with it"},
    {"seed", OPTION_INT, offsetof(synthetic_settings, seed), "1", 0, 9007199254740992.0,
     .help = "of the samples; the split has its own"},
};
static const option_table options = OPTION_TABLE("synthetic", synthetic_settings, rows);

static ash_status read_synthetic(const void *settings, const node *map, arena *a, data_raw *out,
                                 ash_error *err)
{
    (void)map;
    const synthetic_settings *s = settings;
    const function *f = functions;
    while (f < functions + N_FUNCTIONS - 1 && strcmp(f->name, s->function) != 0)
        f++;
    size_t n = (size_t)s->samples;
    *out = (data_raw){.name = f->name,
                      .task = f->classes ? DATA_CLASSIFICATION : DATA_REGRESSION,
                      .h = 1,
                      .w = 1,
                      .c = f->inputs,
                      .n_outputs = f->classes ? f->classes : 1,
                      .n = n,
                      .feature_names = feature_names};
    const char **target_name = arena_memdup(a, &f->target, sizeof f->target);
    out->x = ARENA_NEW(a, float, n *(size_t)f->inputs);
    if (f->classes) {
        out->class_names = class_names;
        out->label = ARENA_NEW(a, int32_t, n);
    } else {
        out->target_names = target_name;
        out->target = ARENA_NEW(a, double, n);
    }
    if (!out->x || !target_name || (!out->label && !out->target))
        return ash_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        rng r = rng_stream((uint64_t)s->seed, "data synthetic", i);
        double x[MOST_INPUTS];
        for (int k = 0; k < f->inputs; k++) {
            /* y is of the float that the network will see */
            float value = (float)((2 * rng_real(&r) - 1) * s->range);
            out->x[i * (size_t)f->inputs + (size_t)k] = value;
            x[k] = f->classes ? value / s->range + s->noise * rng_normal(&r) : (double)value;
        }
        double y = f->y(x);
        if (f->classes)
            out->label[i] = (int32_t)y;
        else
            out->target[i] = y + s->noise * rng_normal(&r);
    }
    return ASH_OK;
}

const data_format data_format_synthetic = {
    .name = "synthetic",
    .help = "samples of a known function, for tests and first steps",
    .options = &options,
    .read = read_synthetic,
};
