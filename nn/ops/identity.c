/* SPDX-License-Identifier: GPL-3.0-or-later */
/* identity.c - its input */
#include "nn/alias.h"

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a, (void)err;
    n->shape = *in;
    return ASH_OK;
}

const nn_op nn_op_identity = {
    .name = "identity",
    .help = "its input; the canonical form removes it",
    .min_inputs = 1,
    .max_inputs = 1,
    .keeps_codes = true,
    .infer = infer,
    .is_alias = nn_always_alias,
    .forward = nn_alias_forward,
    .backward = nn_alias_backward,
};
