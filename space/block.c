/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block.c - the registry of blocks and the pieces they share; see block.h */
#include "space/block.h"
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

ash_status block_of_node(const node *name, const block **out, ash_error *err)
{
    typedef struct holder {
        const char *block;
    } holder;
    static const option row = {"block", OPTION_NAME, offsetof(holder, block), NULL, .names = block_names, .help = "block"};
    const option_table table = {"stage", &row, 1, sizeof(holder)};
    node *map = &(node){.kind = NODE_MAP, .count = 1};
    node copy = *name;
    copy.key = "block";
    copy.next = NULL;
    map->first = &copy;
    holder h;
    ash_status status = option_read(&table, &h, map, NULL, err);
    if (status == ASH_OK)
        *out = block_find(h.block);
    return status;
}

int lay_op(nn_graph *g, int input, const char *op, ash_error *err)
{
    return input < 0 ? -1 : nn_add1(g, err, input, op, NULL);
}

int lay_conv(nn_graph *g, int input, int64_t width, int64_t kernel, int64_t stride, int64_t groups, const char *bits,
               ash_error *err)
{
    if (input < 0)
        return -1;
    input = nn_add1(g, err, input, "conv2d", "out=%d, kernel=%d, stride=%d, groups=%d, bias=false, weight_bits=%s", (int)width,
                    (int)kernel, (int)stride, (int)groups, bits);
    return lay_op(g, input, "batch_norm", err);
}

int lay_depthwise(nn_graph *g, int input, int64_t kernel, int64_t stride, const char *bits, ash_error *err)
{
    if (input < 0)
        return -1;
    input = nn_add1(g, err, input, "depthwise_conv2d", "kernel=%d, stride=%d, bias=false, weight_bits=%s", (int)kernel,
                    (int)stride, bits);
    return lay_op(g, input, "batch_norm", err);
}

int lay_add(nn_graph *g, int a, int b, ash_error *err)
{
    return a < 0 || b < 0 ? -1 : nn_add(g, err, "add", (const int[]){a, b}, 2, NULL);
}
