/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inverted_bottleneck.c - expand, depthwise, project (Sandler et al., arXiv:1801.04381)
 *
 * Without the expansion when it is 1, as in MobileNetV2. The input is added when the shapes agree. */
#include "space/block.h"

typedef struct settings {
    int64_t width, kernel, stride, expansion;
    const char *activation, *bits, *act_bits;
} settings;

static const option rows[] = {
    BLOCK_WIDTH(settings),
    BLOCK_KERNEL(settings, "3"),
    BLOCK_STRIDE(settings, "1"),
    {"expansion", OPTION_INT, offsetof(settings, expansion), "4", 1, 64, .help = "inner channels per input channel"},
    BLOCK_ACTIVATION(settings, "relu6"),
    BLOCK_BITS(settings),
};
static const option_table options = OPTION_TABLE("inverted_bottleneck", settings, rows);

static int build(nn_graph *g, int x, const void *settings_, ash_error *err)
{
    const settings *s = settings_;
    int first = x, c = g->nodes[x].shape.c;
    if (s->expansion > 1) {
        x = lay_conv(g, x, s->expansion * c, 1, 1, 1, s->bits, err);
        x = lay_act(g, x, s->activation, err);
    }
    x = lay_depthwise(g, x, s->kernel, s->stride, s->bits, err);
    x = lay_act(g, x, s->activation, err);
    x = lay_conv(g, x, s->width, 1, 1, 1, s->bits, err);
    return s->stride == 1 && s->width == c ? lay_add(g, first, x, err) : x;
}

const block block_inverted_bottleneck = {"inverted_bottleneck", "expand, depthwise, project, with a shortcut when shapes agree",
                                         &options, BLOCK_IMAGES, build};
