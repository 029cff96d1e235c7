/* SPDX-License-Identifier: GPL-3.0-or-later */
/* separable1d.c - separable.c over the steps of a sequence (steps, 1, features) */
#include "space/block.h"

typedef struct settings {
    int64_t width, kernel, stride;
    const char *activation, *bits, *act_bits;
} settings;

static const option rows[] = {
    BLOCK_WIDTH(settings),
    BLOCK_KERNEL1D(settings, "3"),
    BLOCK_STRIDE(settings, "1"),
    BLOCK_ACTIVATION(settings, "relu"),
    BLOCK_BITS(settings),
};
static const option_table options = OPTION_TABLE("separable1d", settings, rows);

static int build(nn_graph *g, int x, const void *settings_, ash_error *err)
{
    const settings *s = settings_;
    x = lay_depthwise1d(g, x, s->kernel, s->stride, s->bits, err);
    x = lay_act(g, x, s->activation, err);
    x = lay_conv(g, x, s->width, 1, 1, 1, s->bits, err);
    return lay_act(g, x, s->activation, err);
}

const block block_separable1d = {"separable1d", "depthwise and pointwise convolution over a sequence, each with batch norm and activation",
                                 &options, BLOCK_IMAGES, build};
