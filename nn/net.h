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

/* A part of every batch. Shards share nothing but sums, which are taken of each by itself and then added up in order: whoever runs them, and
 * how many at a time, the bits are the same. Their number depends on the graph and the batch alone. */
typedef struct nn_shard {
    int index, first, n;    /* its images of the present batch */
    float *grads;           /* (n_params) its part of the gradient; the first shard's is the net's */
    float *scratch, *image; /* image: one sample, for augmentation */
    float *stats;           /* (2, most channels): of one norm's input */
    double *dgamma, *dbeta; /* (most channels): of one norm */
} nn_shard;

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
    double *dgamma, *dbeta; /* norm groups: (c) of the batch */
    float *running;        /* norm groups: (2, c) mean and variance */
    float *folded, *folded_bias; /* linear groups: what evaluation uses, norm folded in */
    unsigned char *state; /* a shard's is state_pitch bytes behind the one before */
    size_t state_pitch;
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
    nn_shard *shards;
    int n_shards, active, images; /* active: how many shards the present batch of `images` has */
    double loss, own;   /* of the present batch; mixup: its share of its own */
    bool finite;        /* its gradient is */
    void *block;
    size_t bytes;
    uint64_t updates;   /* optimiser steps done */
    double beta1_power, beta2_power;
    nn_profile *profile; /* of whoever measures; NULL: no clock is read */
    bool quantises;     /* weights and activations are; false: training has not come to it */
    bool frozen;        /* training takes the running statistics of norms as they are */
    bool meets, met;    /* an operator sets itself by the first batch that is quantised; it has */
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

/* What follows is called by every thread of a team (an OpenMP parallel region), or by one thread outside of any. */

/* Every thread of the team runs this; the body is run by one of them before any goes on. */
#define NN_ONE_THREAD(...)        \
    do {                       \
        _Pragma("omp barrier") \
        _Pragma("omp master")  \
        {                      \
            __VA_ARGS__;       \
        }                      \
        _Pragma("omp barrier") \
    } while (0)

/* Copies samples order[0..n) of a data set into node 0's buffer; augment: as training shows them, by streams of `seed`. */
void nn_load(nn_net *net, const nn_dataset *data, const uint32_t *order, int n, bool augment, uint64_t seed);
/* The first n images of the batch are run through the net; node 0's buffer holds them. */
void nn_forward(nn_net *net, int n, bool training, uint64_t seed);
void nn_backward(nn_net *net); /* from the output's dy to all grads */
/* One optimiser step over grads at this learning rate, after clipping. false: the gradient is not finite. */
bool nn_update(nn_net *net, double lr);
/* A whole training step; returns the mean loss, NaN when it diverged. */
double nn_train_step(nn_net *net, const nn_dataset *data, const uint32_t *order, int n, double lr, uint64_t seed);

/* Parameters are added up and updated in blocks, that threads take in turn. */
enum { NN_BLOCK = 1 << 14 };
static inline size_t nn_block_end(const nn_net *net, size_t begin)
{
    return net->n_params - begin < NN_BLOCK ? net->n_params : begin + NN_BLOCK;
}

/* What follows is called by one thread. */

/* Loss of the output against the samples, and its gradient (dy of the output) when training. Returns the summed loss (classification:
 * cross-entropy; else squared error averaged over outputs), adds errors or summed squared error to *errors. Class weights count in training
 * only. own < 1: each sample was mixed with the next one of the batch, in these shares. */
double nn_loss(nn_net *net, const nn_dataset *data, const uint32_t *order, int n, bool training, double own, double *errors);

/* mixup: mixes each image in node 0's buffer with the next one; returns the share of its own that it keeps. */
double nn_mix(nn_net *net, int n, uint64_t seed);
double nn_beta(rng *r, double alpha); /* Beta(alpha, alpha), 0 < alpha <= 1 */

double nn_learning_rate(const nn_recipe *r, uint64_t step, uint64_t steps_per_epoch); /* step from 0 */

/* nn_net_create with a number of shards; 0: as many as are worth while. */
ash_status nn_net_create_in_shards(const nn_graph *g, const nn_recipe *recipe, const char *level, size_t max_bytes, int shards, nn_net **out,
                                   ash_error *err);

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
