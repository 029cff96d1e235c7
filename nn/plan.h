/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan.h - the inference memory plan: one block of bytes, an offset for every activation, an order of execution
 *
 * One image at a time. What may share memory:
 *   - flatten, identity and dropout are other names of their input;
 *   - batch norm folds into the convolution or dense layer before it; an activation, or a batch norm that cannot fold, that is the only
 *     reader of its input works on it in place (NN_PLAN_FUSED, with the node that made the buffer as its host);
 *   - a quantizer that is the only reader of its input joins what is before it, also the image: what is stored are the codes, as many bits
 *     as they have, and never the accumulators. Whoever reads codes (another quantizer, a batch norm, an activation) makes a buffer;
 *   - an operator that works element by element (nn_op.in_place) writes over an input that nobody reads later, of as many elements and bits;
 *   - two activations that are never alive together.
 * Alive: from the step that writes it to the last step that reads it, both included. The image is alive from the start, and is
 * never written over. The output is alive to the end.
 *
 * The order of execution has the least peak of live bytes over all topological orders (dynamic programming over the sets
 * of steps already done, as uNAS does: Liberis et al., arXiv:2010.14246). When a level holds more than NN_PLAN_BEAM sets only the best
 * of them go on, and exact_order is false. Offsets come from first fit in several orders; the smallest arena is kept. It is at least
 * live_bytes, nearly always equal, and arena_bytes is what is reported: the plan is what an engine executes in.
 */
#ifndef NN_PLAN_H
#define NN_PLAN_H

#include "nn/graph.h"
#include <stdbool.h>

#define NN_PLAN_BEAM 2048

typedef enum nn_plan_role {
    NN_PLAN_UNUSED, /* the output does not depend on it: never executed */
    NN_PLAN_RUN,    /* writes a buffer of its own, or over a dying input */
    NN_PLAN_FUSED,  /* works in place on host's buffer, right after it */
    NN_PLAN_ALIAS,  /* another name of host's buffer */
} nn_plan_role;

typedef struct nn_plan_node {
    nn_plan_role role;
    int host;       /* NN_PLAN_RUN: itself; fused and alias: the node that runs; unused: -1 */
    int over;       /* NN_PLAN_RUN: the node whose buffer it writes over (a host), or -1 */
    int64_t offset; /* of the buffer in the arena, in bytes; -1: unused, or the image when it is excluded */
    int64_t bytes;  /* of the buffer */
} nn_plan_node;

typedef struct nn_plan {
    int n_order;
    int *order;          /* (n_order) nodes to execute; fused nodes follow their host; aliases, unused and the image are absent */
    nn_plan_node *nodes; /* (n_nodes of the graph) */
    int64_t arena_bytes; /* the block */
    int64_t live_bytes;  /* the largest sum of bytes alive at once in this order: no placement can be smaller */
    bool exact_order;    /* no order has smaller live_bytes */
} nn_plan;

/* activation_bits: of every activation, 1 to 32; 0: each node's out_bits. The plan lives in `a`. */
ash_status nn_plan_create(const nn_graph *g, int activation_bits, bool exclude_input, arena *a, nn_plan **out,
                          ash_error *err);

#endif
