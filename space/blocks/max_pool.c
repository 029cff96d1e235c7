/* SPDX-License-Identifier: GPL-3.0-or-later */
/* max_pool.c - pooling */
#include "space/block.h"

typedef struct settings {
    int64_t kernel, stride;
} settings;

static const option rows[] = {
    BLOCK_KERNEL(settings, "2"),
    BLOCK_STRIDE(settings, "2"),
};
static const option_table options = OPTION_TABLE("max_pool", settings, rows);

static int build(nn_graph *g, int x, const void *settings_, ash_error *err)
{
    const settings *s = settings_;
    return nn_add1(g, err, x, "max_pool", "kernel=%d, stride=%d, padding=same", (int)s->kernel, (int)s->stride);
}

const block block_max_pool = {"max_pool", "maximum of each window", &options, BLOCK_IMAGES, build};
