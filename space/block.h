/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block.h - the bricks that stages are built from
 *
 * A block is one file in blocks/ that fills a `block`, and one line in blocks.def. Its option table declares its parameters;
 * whatever stands there can be a gene of the run file, with the table's range, default and help. By convention `width` is the
 * number of output channels, `bits` the weight bits of every weight in the block, `act_bits` the bits of the activations that these
 * weights meet (whoever builds a block sees to it: block_act_bits), and `stride` is taken by the first
 * of the repeats that share their genes (the later ones get 1). A run file may define more (user_block.h); they belong to its space.
 */
#ifndef SPACE_BLOCK_H
#define SPACE_BLOCK_H

#include "core/option.h"
#include "nn/graph.h"

typedef enum block_domain {
    BLOCK_IMAGES,  /* takes maps (h, w, c); does not decode after a dense block or on vector data */
    BLOCK_VECTORS, /* flattens its input; only image-free blocks may follow */
    BLOCK_ANY,     /* takes what comes and leaves its kind alone */
} block_domain;

typedef struct block {
    const char *name, *help;
    const option_table *options;
    block_domain domain;
    /* Append the block to the graph behind node `input`; its last node, or -1 with err filled in. NULL: a block of the run file. */
    int (*build)(nn_graph *g, int input, const void *settings, ash_error *err);
} block;

const block *block_find(const char *name); /* NULL: unknown */
const block *block_at(size_t i);           /* NULL past the end */
extern const char *const block_names[];    /* NULL-terminated */

/* Rows that most blocks share; `type` is the settings struct. */
#define BLOCK_WIDTH(type)                                                                                              \
    {                                                                                                                  \
        "width", OPTION_INT, offsetof(type, width), NULL, 1, 8192, .help = "output channels"                           \
    }
#define BLOCK_KERNEL(type, def)                                                                                        \
    {                                                                                                                  \
        "kernel", OPTION_INT, offsetof(type, kernel), def, 1, 31, .help = "height and width of the kernel"             \
    }
#define BLOCK_KERNEL1D(type, def)                                                                                      \
    {                                                                                                                  \
        "kernel", OPTION_INT, offsetof(type, kernel), def, 1, 255, .help = "steps of the kernel"                       \
    }
#define BLOCK_STRIDE(type, def)                                                                                        \
    {                                                                                                                  \
        "stride", OPTION_INT, offsetof(type, stride), def, 1, 16, .help = "step; of the first repeat only"                  \
    }
#define BLOCK_BITS(type)                                                                                               \
    {                                                                                                                  \
        "bits", OPTION_NAME, offsetof(type, bits), "32", .names = block_bits, .help = "weight bits"                    \
    },                                                                                                                 \
    {                                                                                                                  \
        "act_bits", OPTION_NAME, offsetof(type, act_bits), "32", .names = block_bits,                                  \
            .help = "bits of the activations that the weights meet"                                                    \
    }
#define BLOCK_ACTIVATION(type, def)                                                                                    \
    {                                                                                                                  \
        "activation", OPTION_NAME, offsetof(type, activation), def, .names = block_activations, .help = "activation"   \
    }
/* act_bits of a block's settings; 32 when its table has none. */
int block_act_bits(const option_table *table, const void *settings);
extern const char *const block_bits[];        /* "32", "8", "4", "2", "1" */
extern const char *const block_activations[]; /* operators, and "none" */

/* Pieces of blocks. Each passes -1 on, so that a chain is checked once at its end. */
int lay_op(nn_graph *g, int input, const char *op, ash_error *err); /* an operator without attributes */
int lay_conv(nn_graph *g, int input, int64_t width, int64_t kernel, int64_t stride, int64_t groups, const char *bits,
               ash_error *err); /* convolution without bias, then batch norm */
int lay_depthwise(nn_graph *g, int input, int64_t kernel, int64_t stride, const char *bits, ash_error *err); /* same */
int lay_act(nn_graph *g, int input, const char *activation, ash_error *err); /* one of block_activations */
/* Over a sequence (steps, 1, features): a kernel of kernel x 1, a stride of stride x 1. */
int lay_conv1d(nn_graph *g, int input, int64_t width, int64_t kernel, int64_t stride, int64_t groups, const char *bits, ash_error *err);
int lay_depthwise1d(nn_graph *g, int input, int64_t kernel, int64_t stride, const char *bits, ash_error *err);
int lay_add(nn_graph *g, int a, int b, ash_error *err);

#endif
