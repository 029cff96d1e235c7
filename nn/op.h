/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op.h - what an operator provides
 *
 * An operator is one file in nn/ops/ that fills an nn_op, and one line in nn/ops/ops.def. Its shape rule (`infer`) fills the
 * node's shape, params, costs and bits. How it is trained depends on its kind:
 *
 *   NN_PLAIN       runs its own forward and backward, on views of its inputs and output; may have parameters and state.
 *   NN_LINEAR      a convolution in the sense of kernels.h, given by its geometry: the engine runs it.
 *   NN_NORM        batch normalisation; fused with the linear operator before it and the activation behind it.
 *   NN_ACTIVATION  element by element, its gradient follows from its output; fused with what is before it.
 *
 * Most new operators are NN_PLAIN; pointwise.h has the loops of those that work element by element.
 */
#ifndef NN_OP_H
#define NN_OP_H

#include "core/option.h"
#include "core/rng.h"
#include "nn/graph.h"
#include "nn/infer/kind.h"
#include "nn/kernels/kernels.h"

typedef enum nn_kind { NN_PLAIN, NN_LINEAR, NN_NORM, NN_ACTIVATION } nn_kind;

typedef struct nn_norm { /* y = gamma (x - mean) / sqrt(var + epsilon) + beta */
    float epsilon, momentum; /* running = (1 - momentum) running + momentum batch */
} nn_norm;

typedef struct nn_pass { /* one operator's share of a training or evaluation step, on one shard of the batch (nn/net.h) */
    const nn_kernels *kernels;
    const nn_node *node;
    bool training;
    bool quantises; /* false: quantizers let everything through */
    int batch;      /* images of all shards; y.n and so on are those of this one */
    nn_act act; /* of a fused activation; only for operators that fuse one */
    nn_view y, x[NN_MAX_INPUTS]; /* n images each; inputs may have a halo, y's is kept zero by whoever writes pixels only */
    nn_view dy, dx[NN_MAX_INPUTS]; /* backward; dx[i].p is NULL when nobody wants it */
    bool accumulate[NN_MAX_INPUTS]; /* dx[i] += instead of = */
    const float *param[NN_MAX_PARAMS];
    float *grad[NN_MAX_PARAMS]; /* to be overwritten; the gradients of all shards are added up */
    void *state; /* what forward leaves for backward */
    rng *random; /* this node's stream for this shard and step */
} nn_pass;

struct nn_op {
    const char *name, *help;
    nn_kind kind;
    int min_inputs, max_inputs;
    const option_table *attrs; /* NULL: none */
    /* Shape, params, macs, flops and bits of a node whose attrs are read; in: shapes of its inputs. `fail` sentences need not name the
     * operator: the caller does. What it allocates comes from `a`. */
    ash_status (*infer)(nn_node *n, const nn_shape *in, arena *a, ash_error *err);
    bool (*is_alias)(const nn_node *n, bool training); /* its output is its input, reshaped at most; NULL: never */
    bool commutes;     /* the order of its inputs does not matter */
    bool keeps_codes;  /* its output holds values of its one input, or zeros: what was quantised stays so */
    bool not_negative; /* whatever its input is */
    bool moves_zero;   /* of one input and no parameters, but does not map zeros to zeros */

    int in_place; /* NN_PLAIN: inference may write the output over one of the first this many inputs, of the same size, unless it is
                   * read again as a later input; activations and batch norms always may */

    void (*forward)(const nn_pass *p); /* NN_PLAIN */
    /* Sets the first parameter by the first batch that training quantises, which is one shard, before its forward; NULL: none. */
    void (*meet)(const nn_pass *p, float *param);
    void (*backward)(const nn_pass *p);
    size_t (*state_bytes)(const nn_node *n, int batch); /* NULL: none */

    nn_conv (*geometry)(const nn_node *n, nn_shape in); /* NN_LINEAR, pools; of an input that is read as `in` */
    nn_norm (*norm)(const nn_node *n);                  /* NN_NORM */
    nn_act act;                                         /* NN_ACTIVATION */
    bool fuses_act; /* NN_PLAIN: forward applies p->act to its output, and backward does not read y */

    infer_kind integer;      /* NN_PLAIN: how an integer network runs it; INFER_NONE: it cannot, or `value` says how */
    float (*value)(float x); /* NN_PLAIN: of each element; an integer network tabulates it */
};

static inline int64_t nn_elements(nn_shape s)
{
    return (int64_t)s.h * s.w * s.c;
}

#endif
