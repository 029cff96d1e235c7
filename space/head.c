/* SPDX-License-Identifier: GPL-3.0-or-later */
/* head.c - what follows the stages: maps to a vector, optional hidden layer, the outputs */
#include "space/private.h"
#include <string.h>

typedef struct settings {
    const char *pool, *bits, *act_bits;
    int64_t hidden;
    double dropout;
} settings;

static const char *const pools[] = {"global", "flatten", NULL};

static const option rows[] = {
    {"pool", OPTION_NAME, offsetof(settings, pool), "global", .names = pools,
     .help = "global: mean of each channel; flatten: all of the map"},
    {"hidden", OPTION_INT, offsetof(settings, hidden), "0", 0, 65536, .help = "width of a dense layer with ReLU; 0: none"},
    {"dropout", OPTION_REAL, offsetof(settings, dropout), "0", 0, 0.95, .help = "rate before the last layer"},
    BLOCK_BITS(settings),
};
const option_table head_options = OPTION_TABLE("head", settings, rows);

int head_build(nn_graph *g, int x, const void *settings_, int outputs, bool vector, ash_error *err)
{
    const settings *s = settings_;
    if (!vector)
        x = lay_op(g, x, strcmp(s->pool, "global") == 0 ? "global_avg_pool" : "flatten", err);
    if (x >= 0 && s->hidden > 0) {
        x = nn_add1(g, err, x, "dense", "out=%d, weight_bits=%s", (int)s->hidden, s->bits);
        x = lay_op(g, x, "relu", err);
    }
    if (x >= 0 && s->dropout > 0)
        x = nn_add1(g, err, x, "dropout", "rate=%.6f", s->dropout);
    return x < 0 ? -1 : nn_add1(g, err, x, "dense", "out=%d, weight_bits=%s", outputs, s->bits);
}
