/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv2d.c - two-dimensional convolution (cross-correlation), with groups, stride and dilation */
#include "nn/linear.h"
#include "nn/window.h"

typedef struct conv2d {
    int64_t out, groups, weight_bits;
    const char *weight_quantizer;
    bool bias;
    nn_window window;
} conv2d;

static const option rows[] = {
    {"out", OPTION_INT, offsetof(conv2d, out), NULL, 1, 65536, .help = "output channels"},
    NN_WINDOW_KERNEL(conv2d, "3"),
    NN_WINDOW_STRIDE(conv2d),
    NN_WINDOW_DILATION(conv2d),
    {"groups", OPTION_INT, offsetof(conv2d, groups), "1", 1, 65536, .help = "groups that the channels are split into"},
    NN_WINDOW_PADDING(conv2d, "same"),
    NN_LINEAR_BIAS(conv2d),
    NN_LINEAR_BITS(conv2d),
};
static const option_table attrs = OPTION_TABLE("conv2d", conv2d, rows);

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a;
    conv2d *c = n->attrs;
    int h, w;
    if (in->c % c->groups != 0 || c->out % c->groups != 0)
        return ash_fail(err, ASH_INVALID, "groups %d does not divide %d input and %d output channels", (int)c->groups,
                        in->c, (int)c->out);
    if (nn_window_resolve(&c->window, *in, &h, &w, err) != ASH_OK)
        return err->status;
    nn_conv *g = &c->window.g;
    g->groups = (int)c->groups;
    return nn_linear_infer(n, (nn_shape){h, w, (int)c->out}, (size_t)g->kh * (size_t)g->kw * (size_t)(in->c / c->groups),
                           c->bias, c->weight_bits, c->weight_quantizer, err);
}

static nn_conv geometry(const nn_node *n, nn_shape in)
{
    (void)in;
    return ((const conv2d *)n->attrs)->window.g;
}

const nn_op nn_op_conv2d = {
    .name = "conv2d",
    .help = "convolution",
    .kind = NN_LINEAR,
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = &attrs,
    .infer = infer,
    .geometry = geometry,
};
