/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model.h - an integer network: what is deployed, and what every reported accuracy of it is measured on
 *
 * A model is tensors of codes and the steps that make them. A code is an integer of 1, 2, 4 or 8 bits; its value is code x step of the tensor. There
 * are no zero points. One image at a time: element (y w + x) c + channel lies at bit element x bits of the tensor's bytes, low bits first,
 * tight, in two's complement; one bit signed is 0 for +1 and 1 for -1. Tensors lie where the inference memory plan (nn/plan.h) put them, and
 * steps come in its order, so its arena is all the memory of activations there is: tensors share bytes, and a step may write over what it reads.
 *
 * Everything is exact integer arithmetic with one rounding per output code. With acc a step's sum (kind.h),
 *
 *     v = (acc m + bias 2^(shift - 16) + 2^(shift - 1)) >> shift,    code = clamp(v, low, high)
 *
 * m, bias (in 2^-16 of a code) and shift (16 to 46) per output channel. For INFER_ADD, acc m is the sum over the inputs of x m with
 * an m per input and channel. For INFER_AVERAGE it is floor(acc m / n), n the pixels that count, which together with the shift is one rounding
 * still. One bit signed has none: the code is +1 when acc m + bias 2^(shift - 16) >= 0, else -1. This is XNNPACK's rndnu rule with a bias; batch norm
 * is part of m and bias, relu and relu6 are low and high.
 *
 * The image becomes codes by clamp(floor(x / step + 1/2)), the network's output y = acc scale + offset per channel, both in double: the
 * same bits on every machine.
 *
 * A model is never changed and holds no pointers to what it was made from. It lives in an arena.
 */
#ifndef NN_INFER_MODEL_H
#define NN_INFER_MODEL_H

#include "nn/infer/kind.h"
#include "nn/infer/linear.h"
#include "nn/op.h"
#include "nn/train.h"

typedef struct infer_tensor {
    nn_shape shape;
    infer_type type; /* 32 bits: the output's accumulators */
    float step;      /* > 0; 1 for accumulators, whose scales are the model's */
    int64_t offset;  /* bytes, in the arena */
    int node;        /* of the graph it was compiled from; -1: read from a file */
} infer_tensor;

typedef struct infer_step {
    infer_kind kind;
    int n_inputs, inputs[NN_MAX_INPUTS]; /* tensors */
    nn_shape seen[NN_MAX_INPUTS]; /* shapes of the inputs as they are read: flatten makes a vector of a map, in the same place */
    nn_conv conv;            /* LINEAR, AVERAGE, MAX; SHUFFLE: its groups */
    int weight_bits;         /* LINEAR */
    const int8_t *weights;   /* LINEAR: (per_row, output channels) codes */
    infer_requant requant;   /* LINEAR, ADD, CONCAT, MULTIPLY, AVERAGE; m of ADD is (n_inputs, channels) */
    const int16_t *table;    /* TABLE: (2^bits of x), by the bits of a code as they lie */
} infer_step;

typedef struct infer_model {
    int n_tensors;
    infer_tensor *tensors; /* 0: the image */
    infer_step *steps;     /* (n_tensors - 1), in order of execution: step k writes tensor k + 1; the last, linear, the output's accumulators */
    const double *scale, *offset; /* (channels of the last tensor) */
    int64_t arena_bytes;
} infer_model;

#define INFER_SHIFT_MIN 16
#define INFER_SHIFT_MAX 46
#define INFER_MEAN_MAX (1 << 20) /* pixels that an average may be taken over */

/* Codes of a type run from -code_max (signed) or 0 to code_max. */
static inline int infer_code_max(infer_type t)
{
    return !t.is_signed ? (1 << t.bits) - 1 : t.bits == 1 ? 1 : (1 << (t.bits - 1)) - 1;
}

static inline int infer_code_min(infer_type t)
{
    return t.is_signed ? -infer_code_max(t) : 0;
}

static inline bool infer_is_sign(infer_type t) /* one bit signed: no zero, and no rounding */
{
    return t.bits == 1 && t.is_signed;
}

/* Which kinds have which parts. */
static inline bool infer_has_conv(infer_kind k)
{
    return k == INFER_LINEAR || k == INFER_AVERAGE || k == INFER_MAX || k == INFER_SHUFFLE;
}

static inline bool infer_has_requant(infer_kind k) /* LINEAR: unless it makes the output */
{
    return k == INFER_LINEAR || k == INFER_ADD || k == INFER_CONCAT || k == INFER_MULTIPLY || k == INFER_AVERAGE;
}

/* Bytes of a tensor as it lies. */
static inline int64_t infer_bytes(const infer_tensor *t)
{
    return (nn_elements(t->shape) * t->type.bits + 7) / 8;
}

/* Weights that one output channel of a linear step has. */
static inline int64_t infer_per_row(const nn_conv *c, nn_shape in)
{
    return (int64_t)c->kh * c->kw * (in.c / c->groups);
}

/* Whether every window of a pool holds a pixel of its input. */
bool infer_windows_meet(const nn_conv *c, nn_shape in, nn_shape out);

/* Whether a linear step pads by less than its window, and its input with the padding is a tensor still: what kernels make room for. */
bool infer_padding_fits(const nn_conv *c, nn_shape in, nn_shape out);

/* The largest absolute code among n weights. */
int infer_weight_max(const int8_t *weights, int64_t n);

/* Whether the network can run on integers alone; if not, err says which layer cannot, and why. Weights play no part. */
bool infer_supports(const nn_graph *g, ash_error *err);

/* Bytes that a model file holds of each node: packed weights and tables at the operator, factors, biases and shifts at the quantizer behind it. What the
 * file says of its structure is not in it. bytes: (n_nodes), zero before. ASH_INVALID: the reason of infer_supports. */
ash_status infer_node_bytes(const nn_graph *g, arena *a, int64_t *bytes, ash_error *err);

/* A trained net as an integer network, in `a`. ASH_INVALID: the reason of infer_supports; weights or statistics that are not finite; sums that 32 bits
 * cannot hold. */
ash_status infer_compile(const nn_net *net, arena *a, infer_model **out, ash_error *err);

/* Whether a model is consistent in every respect that the reference and the engine rely on; else why not. infer_compile's are. Tensors can be
 * checked by themselves, while there are no steps yet. */
ash_status infer_check(const infer_model *m, ash_error *err);
ash_status infer_check_tensors(const infer_model *m, ash_error *err);
bool infer_is_shape(nn_shape s); /* positive, and of no more elements than a tensor may have */

#define INFER_MAX_TENSORS 4096

#endif
