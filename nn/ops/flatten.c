/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flatten.c - an image as one vector, in (h, w, c) order */
#include "nn/alias.h"

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a;
    if (nn_elements(*in) > 1 << 30)
        return ash_fail(err, ASH_INVALID, "an image of %lld elements", (long long)nn_elements(*in));
    n->shape = (nn_shape){1, 1, (int)nn_elements(*in)};
    return ASH_OK;
}

const nn_op nn_op_flatten = {
    .name = "flatten",
    .help = "an image as one vector",
    .min_inputs = 1,
    .max_inputs = 1,
    .keeps_codes = true,
    .infer = infer,
    .is_alias = nn_always_alias,
    .forward = nn_alias_forward,
    .backward = nn_alias_backward,
};
