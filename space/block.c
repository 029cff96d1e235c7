/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block.c - the registry of blocks and the pieces they share; see block.h */
#include "space/block.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK(name) extern const block block_##name;
#include "space/blocks.def"
#undef BLOCK

static const block *const blocks[] = {
#define BLOCK(name) &block_##name,
#include "space/blocks.def"
#undef BLOCK
    NULL,
};

const char *const block_names[] = {
#define BLOCK(name) #name,
#include "space/blocks.def"
#undef BLOCK
    NULL,
};

const char *const block_bits[] = {"32", "8", "4", "2", "1", NULL};
const char *const block_activations[] = {"relu", "relu6", "hard_swish", "hard_sigmoid", "sigmoid", "tanh", "none", NULL};

const block *block_at(size_t i)
{
    return i < sizeof(blocks) / sizeof(blocks[0]) ? blocks[i] : NULL;
}

const block *block_find(const char *name)
{
    for (size_t i = 0; blocks[i]; i++)
        if (strcmp(blocks[i]->name, name) == 0)
            return blocks[i];
    return NULL;
}

int block_act_bits(const option_table *table, const void *settings)
{
    const option *o = option_find(table, "act_bits");
    return o && o->type == OPTION_NAME ? atoi(*(const char *const *)((const char *)settings + o->offset)) : 32;
}

int lay_op(nn_graph *g, int input, const char *op, ash_error *err)
{
    return input < 0 ? -1 : nn_add1(g, err, input, op, NULL);
}

int lay_act(nn_graph *g, int input, const char *activation, ash_error *err)
{
    return strcmp(activation, "none") == 0 ? input : lay_op(g, input, activation, err);
}

typedef enum shape { SQUARE, ALONG } shape; /* k x k, or k x 1 */

typedef struct window {
    char text[80];
} window;

static window window_of(shape of, int64_t kernel, int64_t stride)
{
    window w;
    const char *one = of == ALONG ? ", 1]" : "", *open = of == ALONG ? "[" : "";
    snprintf(w.text, sizeof(w.text), "kernel=%s%d%s, stride=%s%d%s", open, (int)kernel, one, open, (int)stride, one);
    return w;
}

static int conv(nn_graph *g, int input, int64_t width, window w, int64_t groups, const char *bits, ash_error *err)
{
    if (input < 0)
        return -1;
    input = nn_add1(g, err, input, "conv2d", "out=%d, %s, groups=%d, bias=false, weight_bits=%s", (int)width, w.text, (int)groups, bits);
    return lay_op(g, input, "batch_norm", err);
}

static int depthwise(nn_graph *g, int input, window w, const char *bits, ash_error *err)
{
    if (input < 0)
        return -1;
    input = nn_add1(g, err, input, "depthwise_conv2d", "%s, bias=false, weight_bits=%s", w.text, bits);
    return lay_op(g, input, "batch_norm", err);
}

int lay_conv(nn_graph *g, int input, int64_t width, int64_t kernel, int64_t stride, int64_t groups, const char *bits, ash_error *err)
{
    return conv(g, input, width, window_of(SQUARE, kernel, stride), groups, bits, err);
}

int lay_conv1d(nn_graph *g, int input, int64_t width, int64_t kernel, int64_t stride, int64_t groups, const char *bits, ash_error *err)
{
    return conv(g, input, width, window_of(ALONG, kernel, stride), groups, bits, err);
}

int lay_depthwise(nn_graph *g, int input, int64_t kernel, int64_t stride, const char *bits, ash_error *err)
{
    return depthwise(g, input, window_of(SQUARE, kernel, stride), bits, err);
}

int lay_depthwise1d(nn_graph *g, int input, int64_t kernel, int64_t stride, const char *bits, ash_error *err)
{
    return depthwise(g, input, window_of(ALONG, kernel, stride), bits, err);
}

int lay_add(nn_graph *g, int a, int b, ash_error *err)
{
    return a < 0 || b < 0 ? -1 : nn_add(g, err, "add", (const int[]){a, b}, 2, NULL);
}
