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
    return (size_t)nn_elements(n->shape) * (size_t)batch * sizeof(float);
}

static void multiply(nn_view to, nn_view from, const float *factor, bool accumulate)
{
    for (int i = 0; i < to.n; i++)
        for (int y = 0; y < to.h; y++)
            for (int x = 0; x < to.w; x++) {
                float *t = to.p + i * to.sn + y * to.sh + x * to.sw;
                const float *f = from.p + i * from.sn + y * from.sh + x * from.sw;
                for (int c = 0; c < to.c; c++)
                    t[c] = accumulate ? t[c] + f[c] * *factor++ : f[c] * *factor++;
            }
}

static void forward(const nn_pass *p)
{
    if (!p->training) {
        nn_alias_forward(p);
        return;
    }
    size_t n = (size_t)p->y.n * (size_t)nn_elements(p->node->shape);
    float *factor = p->state, drop = (float)rate(p->node), keep = 1 / (1 - drop);
    for (size_t i = 0; i < n; i++)
        factor[i] = rng_float(p->random) < drop ? 0 : keep;
    multiply(p->y, p->x[0], factor, false);
}

static void backward(const nn_pass *p)
{
    if (p->dx[0].p)
        multiply(p->dx[0], p->dy, p->state, p->accumulate[0]);
}

const nn_op nn_op_dropout = {
    .name = "dropout",
    .help = "drops elements at random in training",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = &attrs,
    .infer = infer,
    .is_alias = is_alias,
    .forward = forward,
    .backward = backward,
    .state_bytes = state_bytes,
};
