/* SPDX-License-Identifier: GPL-3.0-or-later */
/* graph.h - a network is a graph of operators; innocent of search
 *
 * Nodes are in topological order: an input always has a lower index. Node 0 is the image. Activations of one
 * image have shape (h, w, c) (NHWC in memory); a vector is (1, 1, c). Attributes of a node are a struct described
 * by its operator's option table, so that text is enough to build any node:
 *
 *     int x = nn_add1(g, err, 0, "conv2d", "out=16, kernel=3, stride=2, weight_bits=4");
 *     x = nn_add1(g, err, x, "batch_norm", NULL);
 *     x = nn_add1(g, err, x, "relu", NULL);
 *
 * A graph and everything in it live in the arena it was created in. Functions that return int give the node's index, or
 * -1 with the error filled in.
 */
#ifndef NN_GRAPH_H
#define NN_GRAPH_H

#include "core/arena.h"
#include "core/buffer.h"
#include "core/node.h"
#include "core/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NN_MAX_INPUTS 8
#define NN_MAX_PARAMS 4

typedef struct nn_op nn_op; /* nn/op.h: the operator's table of functions */

typedef struct nn_shape {
    int h, w, c;
} nn_shape;

typedef enum nn_role {
    NN_WEIGHT, NN_BIAS, NN_GAMMA, NN_BETA,
    NN_STEP,  /* of a quantizer: learned with the weights, but none of the network's parameters as they are counted */
    NN_RANGE, /* the same, set by the first batch and kept */
} nn_role;

typedef struct nn_param { /* one trainable tensor of a node */
    const char *name;     /* "weight", "bias", "gamma", "beta", "step" */
    nn_role role;
    size_t count;         /* elements */
    size_t rows;          /* weights: output channels, the unit of weight scales and of packed bytes; else 1 */
    size_t fan_in;        /* for initialisation; 0 when the role needs none */
} nn_param;

typedef struct nn_node {
    const nn_op *op;
    void *attrs; /* op->attrs->size bytes; NULL when the operator has none */
    int n_inputs;
    int inputs[NN_MAX_INPUTS];
    nn_shape shape;    /* of the output, one image */
    const char *name;  /* unique in the graph: "conv2d_3", or what the architecture file says */
    const char *block; /* the block it came from, for drawing and reports; NULL: none */
    int n_params;
    nn_param params[NN_MAX_PARAMS];
    int64_t macs;     /* multiply-accumulates of conv, depthwise conv and dense; 0 otherwise */
    int64_t flops;    /* 2 x macs + 1 per bias, add, pool and activation element: docs/costs.md */
    int weight_bits;  /* 32, 8, 4, 2 or 1; 32 when the node has no weights */
    const struct nn_weight_quantizer *weight_quantizer; /* NULL: 32 bits */
    int act_bits;     /* bits that its inputs are to be read with, for nn/quant/place.h; 32: as they come */
    int out_bits;     /* bits of one element of the output as deployed: 32 (float) unless quantised */
    bool out_signed;  /* of codes */
} nn_node;

typedef struct nn_graph {
    arena *arena;
    const char *name;
    nn_node *nodes;
    int n_nodes, cap_nodes;
    int output; /* the node whose output is the network's; the last node unless set */
} nn_graph;

nn_graph *nn_graph_create(arena *a, nn_shape input); /* NULL: out of memory */

/* Append an operator: attributes as text ("out=16, kernel=3"; NULL: none) or as a document node. Infers the shape, params and
 * costs; refuses unknown operators and attributes, wrong numbers of inputs, and shapes that do not fit, in one sentence. */
int nn_add(nn_graph *g, ash_error *err, const char *op, const int *inputs, int n_inputs, const char *attrs);
int nn_add1(nn_graph *g, ash_error *err, int input, const char *op, const char *attrs_format, ...)
    __attribute__((format(printf, 5, 6)));
int nn_add_node(nn_graph *g, ash_error *err, const char *op, const int *inputs, int n_inputs, const node *attrs);
int nn_add_op(nn_graph *g, ash_error *err, const nn_op *op, const int *inputs, int n_inputs, const node *attrs);
/* The operator and attributes of `like`, which may be of another graph, on other inputs. */
int nn_add_copy(nn_graph *g, ash_error *err, const nn_node *like, const int *inputs, int n_inputs);
void nn_set_block(nn_graph *g, int first_node, const char *block); /* for all nodes from first_node on */
void nn_set_act_bits(nn_graph *g, int first_node, int bits);
bool nn_are_bits(int64_t bits); /* 32, 8, 4, 2 or 1: what weights and activations may have */
/* Parameter of this role, or -1. */
int nn_param_of(const nn_node *n, nn_role role);

/* Attributes in canonical form, "out: 16, kernel: [3]"; nothing for an operator without any. */
void nn_print_attrs(const nn_node *n, buffer *out);
/* The graph as an architecture file (YAML, flow style, a line per node): reads back to an equal graph. */
void nn_print(const nn_graph *g, buffer *out);

/* Architecture file: {name, input: [h, w, c], layers: [{op: conv2d, out: 6, kernel: 5, id: a, inputs: [b, c]}, ...]}.
 * `inputs` defaults to the layer before; the first layer reads the image, whose id is "input". A layer's `act_bits` and the file's `quantize`,
 * or this one in its place (NULL: none), are settings of nn/quant/place.h, which then puts quantizers in. */
ash_status nn_read(const node *root, const node *quantize, arena *a, nn_graph **out, ash_error *err);

/* live (n_nodes): whether the node is the image or reaches the output. */
void nn_mark_live(const nn_graph *g, bool *live);
int nn_consumers(const nn_graph *g, int of); /* inputs that read the node, plus one for the network's output */
/* Whether node i is a batch norm that folds into the linear layer before it. */
bool nn_folds(const nn_graph *g, int i);

/* Totals over the graph. */
int64_t nn_macs(const nn_graph *g);
int64_t nn_flops(const nn_graph *g);
int64_t nn_params(const nn_graph *g);        /* trainable: weights, biases, BN gamma and beta; no steps of quantizers */
int64_t nn_params_folded(const nn_graph *g); /* BN folded into the weights and one bias of the layer before it */

int64_t nn_node_params(const nn_node *n);
int64_t nn_node_params_folded(const nn_graph *g, int i);

/* The registry (nn/ops/ops.def): name of operator i, or NULL past the end; NULL-terminated list of all. */
const nn_op *nn_op_find(const char *name);
const nn_op *nn_op_at(size_t i);
const char *nn_op_name(const nn_op *op);
const char *nn_op_help(const nn_op *op);

/* Inference memory plan (nn/plan.c): batch 1, BN folded, activations of out_bits (or `activation_bits` for all when it is
 * not 0), in-place where an operator allows it, execution order of least peak. */
typedef struct nn_memory {
    int64_t peak_bytes;  /* the arena, with the input buffer */
    int64_t arena_bytes_without_input; /* the same when the input lives elsewhere (--exclude-input) */
} nn_memory;
ash_status nn_plan_inference(const nn_graph *g, int activation_bits, nn_memory *out, ash_error *err);

#endif
