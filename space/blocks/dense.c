/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dense.c - fully connected layer, optional batch norm, activation */
#include "space/block.h"

typedef struct settings {
    int64_t width;
    bool batch_norm;
    const char *activation, *bits, *act_bits;
} settings;

static const option rows[] = {
    BLOCK_WIDTH(settings),
    {"batch_norm", OPTION_BOOL, offsetof(settings, batch_norm), "false",
     .help = "batch norm instead of a bias"},
    BLOCK_ACTIVATION(settings, "relu"),
    BLOCK_BITS(settings),
};
static const option_table options = OPTION_TABLE("dense", settings, rows);

static int build(nn_graph *g, int x, const void *settings_, ash_error *err)
{
    const settings *s = settings_;
    x = nn_add1(g, err, x, "dense", "out=%d, bias=%s, weight_bits=%s", (int)s->width, s->batch_norm ? "false" : "true",
                s->bits);
    if (s->batch_norm)
        x = lay_op(g, x, "batch_norm", err);
    return lay_act(g, x, s->activation, err);
}

const block block_dense = {"dense", "fully connected layer and activation", &options, BLOCK_VECTORS, build};
