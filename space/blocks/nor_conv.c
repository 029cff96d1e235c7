/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nor_conv.c - ReLU, convolution, batch norm: the edge of NAS-Bench-201 (Dong & Yang, arXiv:2001.00326) */
#include "space/block.h"

typedef struct settings {
    int64_t width, kernel, stride;
    const char *activation, *bits, *act_bits;
} settings;

static const option rows[] = {
    BLOCK_WIDTH(settings),
    BLOCK_KERNEL(settings, "3"),
    BLOCK_STRIDE(settings, "1"),
    BLOCK_ACTIVATION(settings, "relu"),
    BLOCK_BITS(settings),
};
static const option_table options = OPTION_TABLE("nor_conv", settings, rows);

static int build(nn_graph *g, int x, const void *settings_, ash_error *err)
{
    const settings *s = settings_;
    x = lay_act(g, x, s->activation, err);
    return lay_conv(g, x, s->width, s->kernel, s->stride, 1, s->bits, err);
}

const block block_nor_conv = {"nor_conv", "activation, convolution, batch norm", &options, BLOCK_IMAGES, build};
