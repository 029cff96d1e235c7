/* SPDX-License-Identifier: GPL-3.0-or-later */
/* infer_nets.h - random quantised networks with every operator, for tests of nn/infer; nothing is trained, parameters are drawn */
#ifndef TESTS_NN_INFER_NETS_H
#define TESTS_NN_INFER_NETS_H

#include "core/rng.h"
#include "nn/infer/model.h"
#include "nn/net.h"
#include "nn/quant/place.h"
#include "unit.h"
#include <math.h>
#include <string.h>

typedef struct quantised {
    arena *a;
    nn_graph *g;
    nn_net *net;
    rng r;
    bool fine;  /* all codes are of 8 bits and signed */
    bool plain; /* no quantizers: they are to be placed */
    ash_error err;
} quantised;

static inline int q_below(quantised *f, int n)
{
    return (int)rng_below(&f->r, (uint32_t)n);
}

static inline int q_add(quantised *f, const char *op, const int *inputs, int n, const char *attrs)
{
    int i = nn_add(f->g, &f->err, op, inputs, n, attrs);
    if (i < 0)
        fail_msg("%s %s: %s", op, attrs ? attrs : "", f->err.text);
    return i;
}

static inline int q_add1(quantised *f, const char *op, int x, const char *attrs)
{
    return q_add(f, op, &x, 1, attrs);
}

static inline quantised q_start(uint64_t seed, int h, int w, int c)
{
    quantised f = {.a = arena_create(), .r = rng_stream(seed, "quantised", 0)};
    f.g = nn_graph_create(f.a, (nn_shape){h, w, c});
    assert_non_null(f.g);
    return f;
}

static inline int q_bytes(quantised *f, int x)
{
    return f->plain ? x : q_add1(f, "quantize", x, "bits=8, signed=true");
}

static inline int q_codes(quantised *f, int x)
{
    static const char *const types[] = {"bits=8, signed=true", "bits=8", "bits=4, signed=true", "bits=4", "bits=2, signed=true", "bits=2",
                                        "bits=1, signed=true", "bits=1"};
    return f->plain ? x : q_add1(f, "quantize", x, types[f->fine ? 0 : q_below(f, 8)]);
}

static inline int q_tail(quantised *f, int x)
{
    if (q_below(f, 2))
        x = q_add1(f, "batch_norm", x, NULL);
    if (q_below(f, 8) == 0)
        x = q_add1(f, "dropout", x, NULL);
    static const char *const acts[] = {"relu", "relu6"};
    if (q_below(f, 3))
        x = q_add1(f, acts[q_below(f, 2)], x, NULL);
    return q_codes(f, x);
}

static inline const char *q_weights(quantised *f)
{
    static const char *const weights[] = {"weight_bits=8", "weight_bits=4", "weight_bits=2", "weight_bits=1",
                                          "weight_bits=8, weight_quantizer=lsq", "weight_bits=4, weight_quantizer=lsq",
                                          "weight_bits=2, weight_quantizer=lsq", "weight_bits=4, weight_quantizer=dorefa",
                                          "weight_bits=2, weight_quantizer=dorefa", "weight_bits=1, weight_quantizer=dorefa"};
    return weights[q_below(f, 10)];
}

static inline int q_conv(quantised *f, int x)
{
    static const char *const windows[] = {"out=5, kernel=3", "out=6, kernel=1", "out=4, kernel=3, stride=2", "out=9, kernel=3, dilation=2",
                                          "out=8, kernel=[1, 3], bias=false", "out=3, kernel=5, padding=2", "out=17, kernel=2"};
    char text[200];
    int c = f->g->nodes[x].shape.c;
    if (c % 2 == 0 && q_below(f, 4) == 0)
        snprintf(text, sizeof(text), "out=6, kernel=3, groups=2, %s", q_weights(f));
    else
        snprintf(text, sizeof(text), "%s, %s", windows[q_below(f, 7)], q_weights(f));
    return q_add1(f, "conv2d", x, text);
}

static inline int q_depthwise(quantised *f, int x)
{
    char text[200];
    snprintf(text, sizeof(text), "kernel=3, stride=%d, %s", 1 + q_below(f, 2), q_weights(f));
    return q_add1(f, "depthwise_conv2d", x, text);
}

/* One more tensor of codes from tensors of codes x and other. */
static inline int q_grow(quantised *f, int x, int other)
{
    static const char *const functions[] = {"hard_swish", "sigmoid", "hard_sigmoid", "tanh"};
    static const char *const pools[] = {"kernel=2", "kernel=3, stride=1, padding=same", "kernel=[3, 2], stride=2, padding=1"};
    nn_shape a = f->g->nodes[x].shape, b = f->g->nodes[other].shape;
    bool same = a.h == b.h && a.w == b.w && a.c == b.c, bytes = f->g->nodes[x].out_bits == 8;
    int inputs[3] = {x, other, x};
    switch (q_below(f, 16)) {
    case 0:
    case 1: return q_tail(f, q_conv(f, x));
    case 2: return q_tail(f, q_depthwise(f, x));
    case 3: return same ? q_tail(f, q_add(f, "add", inputs, 2 + q_below(f, 2), NULL)) : q_tail(f, q_conv(f, other));
    case 4: return a.h == b.h && a.w == b.w ? q_tail(f, q_add(f, "concat", inputs, 2, NULL)) : q_codes(f, x);
    case 5:
        inputs[1] = q_codes(f, q_add1(f, functions[q_below(f, 4)], q_bytes(f, q_add1(f, "global_avg_pool", x, NULL)), NULL));
        return q_tail(f, q_add(f, "multiply", inputs, 2, NULL));
    case 6: return same ? q_tail(f, q_add(f, "multiply", inputs, 2, NULL)) : q_tail(f, q_depthwise(f, other));
    case 7: return a.h >= 3 && a.w >= 3 ? q_tail(f, q_add1(f, "avg_pool", x, pools[q_below(f, 3)])) : q_tail(f, q_add1(f, "global_avg_pool", x, NULL));
    case 8: return a.h >= 3 && a.w >= 3 ? q_add1(f, "max_pool", x, pools[q_below(f, 3)]) : q_tail(f, q_conv(f, x));
    case 9: return bytes ? q_codes(f, q_add1(f, functions[q_below(f, 4)], x, NULL)) : q_codes(f, x);
    case 10: return q_codes(f, q_add1(f, "batch_norm", x, NULL));
    case 11: return q_codes(f, q_add1(f, "relu", x, NULL));
    case 12: return a.c % 2 == 0 ? q_add1(f, "channel_shuffle", x, "groups=2") : q_add1(f, "identity", x, NULL);
    case 13: return f->g->nodes[x].out_bits > 1 ? q_add1(f, "zero", x, NULL) : q_add1(f, "identity", x, NULL);
    case 14: return q_below(f, 3) ? q_codes(f, x) : q_add1(f, "flatten", x, NULL);
    default: return q_tail(f, q_conv(f, x));
    }
}

/* Weights as initialised; norms, biases and steps drawn so that codes are used. */
static inline void q_draw(quantised *f)
{
    nn_recipe recipe;
    assert_int_equal(option_read(&nn_recipe_options, &recipe, NULL, f->a, &f->err), ASH_OK);
    recipe.batch = 2;
    if (nn_net_create(f->g, &recipe, "reference", 0, &f->net, &f->err) != ASH_OK)
        fail_msg("%s", f->err.text);
    nn_net_init(f->net, 1);
    for (int i = 0; i < f->g->n_nodes; i++) {
        const nn_node *n = &f->g->nodes[i];
        bool live = false;
        for (int s = 0; s < f->net->fused.n_groups; s++)
            live |= f->net->fused.groups[s].norm == i;
        for (int k = 0; k < n->n_params; k++) {
            float *v = nn_param_values(f->net, i, k);
            for (size_t j = 0; j < n->params[k].count; j++)
                switch (n->params[k].role) {
                case NN_WEIGHT: break;
                case NN_GAMMA: v[j] = 1.5f - 2 * rng_float(&f->r); break;
                case NN_STEP:
                case NN_RANGE:
                    v[j] = n->n_inputs && n->params[k].count == 1 && n->out_bits < 32
                               ? (0.5f + rng_float(&f->r)) * 2.0f / nn_largest_code(n->out_bits, n->out_signed)
                               : (0.5f + rng_float(&f->r)) * 0.3f / nn_largest_code(n->weight_bits, true);
                    break;
                default: v[j] = rng_float(&f->r) - 0.5f;
                }
        }
        for (int c = 0; live && c < n->shape.c; c++) {
            float *running = (float *)(uintptr_t)nn_running_of(f->net, i);
            running[c] = rng_float(&f->r) - 0.5f;
            running[n->shape.c + c] = 0.2f + rng_float(&f->r);
        }
    }
}

static inline void q_place(quantised *f)
{
    static const int bits[] = {8, 4, 2, 1};
    static const nn_quantisation as_they_say = {.weights = "scaled", .activations = "lsq"};
    for (int i = 0; i < f->g->n_nodes; i++)
        f->g->nodes[i].act_bits = bits[q_below(f, 4)];
    if (nn_place_quantizers(f->g, &as_they_say, f->a, &f->g, &f->err) != ASH_OK)
        fail_msg("%s", f->err.text);
}

static inline quantised q_random_of(uint64_t seed, int most, bool fine, bool plain)
{
    static const int sizes[][3] = {{6, 6, 3}, {5, 7, 2}, {8, 8, 4}, {1, 1, 10}};
    rng r = rng_stream(seed, "size", 0);
    const int *size = sizes[rng_below(&r, 4)];
    quantised f = q_start(seed, size[0], size[1], size[2]);
    int codes[64], n = 1, grow = 1 + q_below(&f, most);
    f.fine = fine;
    f.plain = plain;
    codes[0] = q_bytes(&f, q_below(&f, 4) ? 0 : q_add1(&f, "identity", 0, NULL));
    for (int i = 0; i < grow; i++) {
        int back = q_below(&f, 3), x = codes[n - 1 - (back < n ? back : 0)], other = codes[q_below(&f, n)];
        codes[n++] = q_grow(&f, x, other);
    }
    char text[200];
    snprintf(text, sizeof(text), "out=4, %s", q_weights(&f));
    int last = q_add1(&f, q_below(&f, 4) ? "dense" : "conv2d", codes[n - 1], text);
    if (q_below(&f, 3) == 0)
        last = plain ? last : q_add1(&f, "batch_norm", last, NULL);
    if (plain)
        q_place(&f);
    q_draw(&f);
    return f;
}

static inline quantised q_random(uint64_t seed, int most, bool fine)
{
    return q_random_of(seed, most, fine, false);
}

static inline void q_image(quantised *f, float *image)
{
    for (int64_t i = 0; i < nn_elements(f->g->nodes[0].shape); i++)
        image[i] = 4 * rng_float(&f->r) - 2;
}

static inline infer_model *q_compile(quantised *f)
{
    infer_model *m;
    if (infer_compile(f->net, f->a, &m, &f->err) != ASH_OK)
        fail_msg("%s", f->err.text);
    return m;
}

static inline void q_end(quantised *f)
{
    nn_net_destroy(f->net);
    arena_destroy(f->a);
}

#endif
