/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dropout.c - inverted dropout (Srivastava et al. 2014): in training, zero with probability `rate`, else scaled by 1 / (1 - rate) */
#include "nn/alias.h"

typedef struct dropout {
    double rate;
} dropout;

static const option rows[] = {
    {"rate", OPTION_REAL, offsetof(dropout, rate), "0.5", 0, 0.99, .help = "probability that an element is dropped in training"},
};
static const option_table attrs = OPTION_TABLE("dropout", dropout, rows);

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a, (void)err;
    n->shape = *in;
    return ASH_OK;
}

static double rate(const nn_node *n)
{
    return ((const dropout *)n->attrs)->rate;
}

static bool is_alias(const nn_node *n, bool training)
{
    return !training || rate(n) == 0;
}

static size_t state_bytes(const nn_node *n, int batch)
{
    return (size_t)nn_elements(n->shape) * (size_t)batch; /* which elements are kept */
}

static float factor(const nn_node *n)
{
    return 1 / (1 - (float)rate(n));
}

static void forward(const nn_pass *p)
{
    if (!p->training) {
        nn_alias_forward(p);
        return;
    }
    p->kernels->dropout_draw(p->state, (size_t)p->y.n * (size_t)nn_elements(p->node->shape), p->random, (float)rate(p->node));
    p->kernels->dropout_apply(p->y, p->x[0], p->state, factor(p->node), false);
}

static void backward(const nn_pass *p)
{
    if (p->dx[0].p)
        p->kernels->dropout_apply(p->dx[0], p->dy, p->state, factor(p->node), p->accumulate[0]);
}

const nn_op nn_op_dropout = {
    .name = "dropout",
    .help = "drops elements at random in training",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = &attrs,
    .keeps_codes = true,
    .infer = infer,
    .is_alias = is_alias,
    .forward = forward,
    .backward = backward,
    .state_bytes = state_bytes,
};
