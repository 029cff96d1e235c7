/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuse.h - which nodes run as one, and which share a buffer
 *
 * Training, evaluation and the inference memory plan all execute the groups found here, so that what is planned is what
 * runs. A group is a linear operator with the batch norm and the activation behind it, or any shorter tail of that, or one plain
 * operator. Flatten, identity and the like are no groups: their output is their input's buffer.
 */
#ifndef NN_FUSE_H
#define NN_FUSE_H

#include "nn/graph.h"

typedef struct nn_group {
    int main;      /* the node whose inputs are the group's */
    int norm, act; /* the batch norm and activation that run with it (may be `main`); -1: none */
    int out;       /* the node whose output is the group's: the last of the three */
} nn_group;

typedef struct nn_fused {
    nn_group *groups; /* in an order of execution; the first is the image */
    int n_groups;
    int *tensor; /* (n_nodes): the `out` node of the group whose buffer holds this node's output; -1: dead, or inside a group */
} nn_fused;

/* training: dropout is an operator. Result in `a`. */
ash_status nn_fuse(const nn_graph *g, bool training, arena *a, nn_fused *out, ash_error *err);

#endif
