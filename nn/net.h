/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net.h - the inside of nn_net: buffers, steps, and running them; for nn, its tests and its benchmarks
 *
 * Activations lie in NHWC buffers with a zero halo as wide as the widest window that reads them, gradients in
 * dense ones. All memory is one block, laid out twice by the same code: once to measure it, once for real.
 */
#ifndef NN_NET_H
#define NN_NET_H

#include "nn/fuse.h"
#include "nn/op.h"
#include "nn/quant/weights.h"
#include "nn/train.h"

typedef struct nn_step nn_step;

typedef struct nn_tensor { /* a group's output */
    int top, bottom, left, right; /* halo */
    float *y;                     /* image 0, pixel 0, inside the halo */
    float *dy;                    /* NULL: nobody wants its gradient; shared with gradients of other times */
    int slot;                     /* where dy is */
    bool wants_grad;
    bool lazy;          /* training does not write it: its one reader makes it from the norm's input, which lies here instead */
    const nn_step *step; /* that writes it */
    float *base;        /* with the halo */
    size_t floats;
} nn_tensor;

struct nn_step { /* how a group is run */
    nn_group group;
    nn_conv conv;          /* linear groups */
    bool as_matrix;        /* the window is the whole input, which is dense: images are the pixels of one row */
    bool accumulate[NN_MAX_INPUTS];
    float *quantised, *quant_scale; /* linear groups with fewer than 32 bits: the weights as used */
    float *before;         /* norm groups: the norm's input, when a linear operator makes it */
    float *stats, *inv_std, *scale, *shift; /* norm groups: (2, c), (c), (c), (c) of the batch */
    float *running;        /* norm groups: (2, c) mean and variance */
    float *folded, *folded_bias; /* linear groups: what evaluation uses, norm folded in */
    void *state;
};

typedef struct nn_slot { /* memory of gradients that are never alive together */
    size_t floats; /* per image */
    int until;     /* while planning: the step of the backward pass that reads it last */
    float *p;
} nn_slot;

typedef struct nn_profile { /* where the time of training steps goes, summed up; seconds */
    double (*now)(void);    /* the caller's clock: the engine has none */
    double last, load, loss, update;
    double *forward, *backward; /* (n_groups) */
} nn_profile;

struct nn_net {
    const nn_graph *graph;
    nn_recipe recipe;
    const nn_kernels *kernels;
    arena *arena;
    nn_fused fused;
    nn_step *steps;    /* one per group */
    nn_tensor *tensors; /* one per node; used where fused.tensor says */
    nn_slot *slots;
    int n_slots, batch;
    size_t n_params, n_decayed; /* floats, padding included; the first n_decayed are weights */
    size_t *param_at;           /* (n_nodes * NN_MAX_PARAMS) offsets into the four below */
    float *params, *grads, *moment1, *moment2;
    float *scratch, *image;     /* image: one sample, for augmentation */
    void *block;
    size_t bytes;
    uint64_t updates;   /* optimiser steps done */
    double beta1_power, beta2_power;
    nn_profile *profile; /* of whoever measures; NULL: no clock is read */
    bool quantises;     /* weights and activations are; false: training has not come to it */
    bool frozen;        /* training takes the running statistics of norms as they are */
    bool met;           /* quantizers have met a batch */
    struct nn_deployed *deployed; /* the integer network of these weights; NULL: evaluation is in float */
    bool eval_ready;    /* folded weights are those of params */
};

/* Adds the time since the last lap to one entry of the profile. */
static inline void nn_lap(nn_profile *p, double *spent)
{
    double now = p->now();
    *spent += now - p->last;
    p->last = now;
}

/* The first n images of the batch are run through the net; node 0's buffer holds them. */
void nn_forward(nn_net *net, int n, bool training, uint64_t seed);
void nn_backward(nn_net *net, int n); /* from the output's dy to all grads */

/* Copies samples order[0..n) of a data set into node 0's buffer; r: for augmentation, NULL: none. */
void nn_load(nn_net *net, const nn_dataset *data, const uint32_t *order, int n, rng *r);

/* Loss of the output against the samples, and its gradient (dy of the output) when training. Returns the summed loss (classification:
 * cross-entropy; else squared error averaged over outputs), adds errors or summed squared error to *errors. Class weights count in training
 * only. own < 1: each sample was mixed with the next one of the batch, in these shares. */
double nn_loss(nn_net *net, const nn_dataset *data, const uint32_t *order, int n, bool training, double own, double *errors);

/* mixup: mixes each image in node 0's buffer with the next one; returns the share of its own that it keeps. */
double nn_mix(nn_net *net, int n, uint64_t seed);
double nn_beta(rng *r, double alpha); /* Beta(alpha, alpha), 0 < alpha <= 1 */

/* One optimiser step over grads at this learning rate, after clipping. false: the gradient is not finite. */
bool nn_update(nn_net *net, double lr);

/* A whole training step; returns the mean loss, NaN when it diverged. */
double nn_train_step(nn_net *net, const nn_dataset *data, const uint32_t *order, int n, double lr, uint64_t seed, rng *augment);

double nn_learning_rate(const nn_recipe *r, uint64_t step, uint64_t steps_per_epoch); /* step from 0 */

/* A window over the whole of a dense input, as a product of matrices: images become the pixels of one row. */
void nn_as_matrix(nn_view *x, nn_view *y, nn_conv *g);

/* Mean and variance (2, c) that a batch norm has gathered. */
const float *nn_running_of(const nn_net *net, int id);
/* The weights of a linear node for its quantizer. */
nn_rows nn_rows_of(const nn_net *net, int id);
void nn_undeploy(nn_net *net);
/* nn_evaluate_each and nn_predict of a deployed net. */
nn_score nn_deployed_evaluate(nn_net *net, const nn_dataset *data, nn_answer *each, void *ctx);
void nn_deployed_predict(nn_net *net, const float *x, size_t n, float *out);
/* Parameter k of a node, and its gradient. */
float *nn_param_values(const nn_net *net, int id, int k);
float *nn_param_grads(const nn_net *net, int id, int k);

/* Output of a node (of its group) as it lies in memory, and its gradient. */
nn_view nn_output_view(const nn_net *net, int id, int n);
nn_view nn_grad_view(const nn_net *net, int id, int n);
/* In training: the step whose norm and activation the reader of this node's output has to apply; NULL: they are applied. */
const nn_step *nn_lazy_step(const nn_net *net, int id);
nn_view nn_before_view(const nn_net *net, const nn_step *s, int n); /* a norm's input, dense */
/* Everything that is decided before memory is laid out; needs graph, fused, steps and tensors. */
ash_status nn_net_plan(nn_net *net, ash_error *err);
bool nn_has_halo(const nn_tensor *t);
/* Zeroes the buffers that training and evaluation use in turn. */
void nn_clear_lazy(nn_net *net);

#endif
