/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dense.c - fully connected; reads an image as the vector (h, w, c), so a flatten before it changes nothing */
#include "nn/linear.h"

typedef struct dense {
    int64_t out, weight_bits;
    const char *weight_quantizer;
    bool bias;
} dense;

static const option rows[] = {
    {"out", OPTION_INT, offsetof(dense, out), NULL, 1, 1048576, .help = "outputs"},
    NN_LINEAR_BIAS(dense),
    NN_LINEAR_BITS(dense),
};
static const option_table attrs = OPTION_TABLE("dense", dense, rows);

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a;
    const dense *d = n->attrs;
    return nn_linear_infer(n, (nn_shape){1, 1, (int)d->out}, (size_t)nn_elements(*in), d->bias, d->weight_bits, d->weight_quantizer, err);
}

static nn_conv geometry(const nn_node *n, nn_shape in) /* one window, as large as the input */
{
    (void)n;
    return (nn_conv){in.h, in.w, 1, 1, 0, 0, 1, 1, 1};
}

const nn_op nn_op_dense = {
    .name = "dense",
    .help = "fully connected layer",
    .kind = NN_LINEAR,
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = &attrs,
    .infer = infer,
    .geometry = geometry,
};
