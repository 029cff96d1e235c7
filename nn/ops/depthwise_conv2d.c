/* SPDX-License-Identifier: GPL-3.0-or-later */
/* depthwise_conv2d.c - a convolution per channel */
#include "nn/linear.h"
#include "nn/window.h"

typedef struct depthwise {
    int64_t weight_bits;
    const char *weight_quantizer;
    bool bias;
    nn_window window;
} depthwise;

static const option rows[] = {
    NN_WINDOW_KERNEL(depthwise, "3"),
    NN_WINDOW_STRIDE(depthwise),
    NN_WINDOW_DILATION(depthwise),
    NN_WINDOW_PADDING(depthwise, "same"),
    NN_LINEAR_BIAS(depthwise),
    NN_LINEAR_BITS(depthwise),
};
static const option_table attrs = OPTION_TABLE("depthwise_conv2d", depthwise, rows);

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a;
    depthwise *d = n->attrs;
    int h, w;
    if (nn_window_resolve(&d->window, *in, &h, &w, err) != ASH_OK)
        return err->status;
    nn_conv *g = &d->window.g;
    g->groups = in->c;
    return nn_linear_infer(n, (nn_shape){h, w, in->c}, (size_t)g->kh * (size_t)g->kw, d->bias, d->weight_bits, d->weight_quantizer, err);
}

static nn_conv geometry(const nn_node *n, nn_shape in)
{
    (void)in;
    return ((const depthwise *)n->attrs)->window.g;
}

const nn_op nn_op_depthwise_conv2d = {
    .name = "depthwise_conv2d",
    .help = "convolution of each channel by itself",
    .kind = NN_LINEAR,
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = &attrs,
    .infer = infer,
    .geometry = geometry,
};
