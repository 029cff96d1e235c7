/* SPDX-License-Identifier: GPL-3.0-or-later */
/* input.c - the image; node 0 of every graph */
#include "nn/op.h"

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)n, (void)in, (void)a, (void)err;
    return ASH_OK; /* nn_graph_create gives it its shape */
}

static void nothing(const nn_pass *p)
{
    (void)p; /* who runs the net fills it */
}

const nn_op nn_op_input = {
    .name = "input", .help = "the image", .infer = infer, .forward = nothing, .backward = nothing};
