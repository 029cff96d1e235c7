/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batch_norm.c - batch normalisation (Ioffe and Szegedy 2015, arXiv:1502.03167), per channel */
#include "nn/op.h"

typedef struct batch_norm {
    double momentum, epsilon;
} batch_norm;

static const option rows[] = {
    {"momentum", OPTION_REAL, offsetof(batch_norm, momentum), "0.1", 0, 1, .help = "weight of a batch in the running statistics"},
    {"epsilon", OPTION_REAL, offsetof(batch_norm, epsilon), "1e-5", 1e-12, 1, .help = "added to the variance"},
};
static const option_table attrs = OPTION_TABLE("batch_norm", batch_norm, rows);

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a, (void)err;
    size_t c = (size_t)in->c;
    n->shape = *in;
    n->params[0] = (nn_param){"gamma", NN_GAMMA, c, 1, 0};
    n->params[1] = (nn_param){"beta", NN_BETA, c, 1, 0};
    n->n_params = 2;
    n->flops = nn_elements(*in); /* folded: the addition of a bias */
    return ASH_OK;
}

static nn_norm norm(const nn_node *n)
{
    const batch_norm *b = n->attrs;
    return (nn_norm){(float)b->epsilon, (float)b->momentum};
}

const nn_op nn_op_batch_norm = {
    .name = "batch_norm",
    .help = "batch normalisation; folds into the layer before it when deployed",
    .kind = NN_NORM,
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = &attrs,
    .infer = infer,
    .norm = norm,
};
