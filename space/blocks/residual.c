/* SPDX-License-Identifier: GPL-3.0-or-later */
/* residual.c - two convolutions and a shortcut (He et al., arXiv:1512.03385)
 *
 * The shortcut is a 1x1 convolution with batch norm when the shape changes. */
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
static const option_table options = OPTION_TABLE("residual", settings, rows);

static int build(nn_graph *g, int x, const void *settings_, ash_error *err)
{
    const settings *s = settings_;
    int shortcut = x;
    bool same = s->stride == 1 && s->width == g->nodes[x].shape.c;
    x = lay_conv(g, x, s->width, s->kernel, s->stride, 1, s->bits, err);
    x = lay_act(g, x, s->activation, err);
    x = lay_conv(g, x, s->width, s->kernel, 1, 1, s->bits, err);
    if (!same && x >= 0)
        shortcut = lay_conv(g, shortcut, s->width, 1, s->stride, 1, s->bits, err);
    return lay_act(g, lay_add(g, shortcut, x, err), s->activation, err);
}

const block block_residual = {"residual", "two convolutions with a shortcut", &options, BLOCK_IMAGES, build};
