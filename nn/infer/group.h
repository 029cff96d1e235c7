/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group.h - inside nn/infer: which nodes of a graph become one integer step
 *
 * What the inference memory plan executes in one buffer is one step: an operator that reads codes, the batch norm and the activation behind
 * it, and the quantizer that makes codes of it. The image with its quantizer is the first, and runs nothing. */
#ifndef NN_INFER_GROUP_H
#define NN_INFER_GROUP_H

#include "nn/infer/kind.h"
#include "nn/plan.h"

typedef struct infer_group {
    infer_kind kind;                 /* INFER_NONE: the image */
    int main;                        /* the node whose inputs are the group's */
    int norm, act, quantizer;        /* that run with it (may be `main`); -1: none */
} infer_group;

typedef struct infer_groups {
    nn_plan *plan;
    infer_group *v; /* in order of execution */
    int n;
} infer_groups;

/* ASH_INVALID: the sentence of infer_supports. Result in `a`. */
ash_status infer_find_groups(const nn_graph *g, arena *a, infer_groups *out, ash_error *err);

#endif
