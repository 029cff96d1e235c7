/* SPDX-License-Identifier: GPL-3.0-or-later */
/* max_pool1d.c - pooling over the steps of a sequence (steps, 1, features) */
#include "space/block.h"

typedef struct settings {
    int64_t kernel, stride;
} settings;

static const option rows[] = {
    BLOCK_KERNEL1D(settings, "2"),
    BLOCK_STRIDE(settings, "2"),
};
static const option_table options = OPTION_TABLE("max_pool1d", settings, rows);

static int build(nn_graph *g, int x, const void *settings_, ash_error *err)
{
    const settings *s = settings_;
    return nn_add1(g, err, x, "max_pool", "kernel=[%d, 1], stride=[%d, 1], padding=same", (int)s->kernel, (int)s->stride);
}

const block block_max_pool1d = {"max_pool1d", "maximum of each window of a sequence", &options, BLOCK_IMAGES, build};
