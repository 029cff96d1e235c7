/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv1d.c - convolution over the steps of a sequence (steps, 1, features), batch norm, activation */
#include "space/block.h"

typedef struct settings {
    int64_t width, kernel, stride, groups;
    const char *activation, *bits, *act_bits;
} settings;

static const option rows[] = {
    BLOCK_WIDTH(settings),
    BLOCK_KERNEL1D(settings, "3"),
    BLOCK_STRIDE(settings, "1"),
    {"groups", OPTION_INT, offsetof(settings, groups), "1", 1, 8192,
     .help = "groups of channels that do not see one another"},
    BLOCK_ACTIVATION(settings, "relu"),
    BLOCK_BITS(settings),
};
static const option_table options = OPTION_TABLE("conv1d", settings, rows);

static int build(nn_graph *g, int x, const void *settings_, ash_error *err)
{
    const settings *s = settings_;
    x = lay_conv1d(g, x, s->width, s->kernel, s->stride, s->groups, s->bits, err);
    return lay_act(g, x, s->activation, err);
}

const block block_conv1d = {"conv1d", "convolution over a sequence, batch norm, activation", &options, BLOCK_IMAGES, build};
