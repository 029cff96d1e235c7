/* SPDX-License-Identifier: GPL-3.0-or-later */
/* identity.c - nothing: lets a search leave a stage out */
#include "space/block.h"

static const option_table options = {"identity", NULL, 0, 0};

static int build(nn_graph *g, int x, const void *settings, ash_error *err)
{
    (void)g, (void)settings, (void)err;
    return x;
}

const block block_identity = {"identity", "nothing: leaves the stage out", &options, BLOCK_ANY, build};
