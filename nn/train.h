/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train.h - from a graph and a data set to weights
 *
 * Training is a pure function of (graph, recipe, data, seed, kernel level): sums in a fixed order, no clock. It occupies the caller's core, and
 * takes spare ones (core/cores.h) for an epoch at a time where the network is large enough; the bits are the same. All memory of a net
 * is planned before the first step and allocated once; a step allocates nothing.
 */
#ifndef NN_TRAIN_H
#define NN_TRAIN_H

#include "core/hash.h"
#include "core/option.h"
#include "core/rng.h"
#include "core/trial.h"
#include "nn/graph.h"

typedef struct nn_dataset { /* borrowed views; x is already normalised */
    size_t n;
    nn_shape shape;
    int n_outputs;         /* classes, or values of a regression */
    const float *x;        /* (n, h, w, c) */
    const int32_t *label;  /* (n): classification */
    const float *target;   /* (n, n_outputs): regression. Both NULL: the target is the input, as it was shown (augmented, mixed) */
    const float *class_weight; /* (n_outputs), of the training loss of a classification; NULL: all 1 */
    /* Writes to `out` what training uses instead of a sample (h, w, c) this time; NULL: no augmentation. */
    void (*augment)(const void *ctx, const float *sample, float *out, rng *r);
    const void *augment_ctx;
} nn_dataset;

typedef struct nn_recipe { /* option table "train": how a candidate is trained; part of the training key */
    int64_t epochs, batch;
    const char *optimizer; /* sgd, adamw */
    const char *schedule;  /* constant, step, cosine */
    double lr, momentum, weight_decay, warmup_epochs, label_smoothing, clip_norm, mixup;
    option_texts class_weights; /* none, balanced, or numbers; who has the data makes nn_dataset.class_weight of it */
    int64_t float_epochs, frozen_epochs; /* before quantisers act; at the end, with the statistics of norms held */
    double beta1, beta2, epsilon;           /* adamw */
    double step_factor; int64_t step_epochs; /* schedule step */
} nn_recipe;
extern const option_table nn_recipe_options;

typedef struct nn_score {
    double loss, error; /* classification: mean cross-entropy and error fraction; regression, reconstruction: MSE and RMSE */
} nn_score;

typedef struct nn_net nn_net; /* a compiled graph with its weights, training plan and kernels */

/* `level` is a kernel level's name (nn/kernels/kernels.h); NULL: the best of this machine. `batch` is the largest
 * batch it will see. Refuses nets whose plan exceeds max_bytes (0: no limit). The graph must outlive the net. */
ash_status nn_net_create(const nn_graph *g, const nn_recipe *recipe, const char *level, size_t max_bytes,
                         nn_net **out, ash_error *err);
void nn_net_destroy(nn_net *net);
size_t nn_net_bytes(const nn_graph *g, const nn_recipe *recipe); /* planned bytes, before creating anything */
void nn_net_init(nn_net *net, uint64_t seed); /* Kaiming-uniform weights, BN 1/0 */

typedef enum nn_outcome { NN_TRAINED, NN_DIVERGED, NN_STOPPED } nn_outcome;

/* Trains for recipe->epochs. `epoch` (may be NULL) is called after each; returning false stops (a cap, Ctrl-C). Fills
 * curve[recipe->epochs] and *n_curve. val may be NULL. */
nn_outcome nn_train(nn_net *net, const nn_dataset *train, const nn_dataset *val, uint64_t seed,
                    curve_point *curve, size_t *n_curve, bool (*epoch)(void *ctx, const curve_point *p), void *ctx);

/* From here on evaluations and predictions of an integer network (nn/quant/place.h) are those of the integer engine (nn/infer), which is
 * what is deployed; any other network stays as it is. Training, and other weights, undo it. ASH_INVALID: the weights have no integer form (not finite,
 * sums beyond 32 bits). */
ash_status nn_deploy(nn_net *net, ash_error *err);

nn_score nn_evaluate(nn_net *net, const nn_dataset *data);
/* The same, and hands on what the network answers to samples [from, from + n): outputs (n, n_outputs), valid during the call. */
typedef void nn_answer(void *ctx, size_t from, int n, const float *outputs);
nn_score nn_evaluate_each(nn_net *net, const nn_dataset *data, nn_answer *each, void *ctx);
/* Raw outputs (logits) of n images: out (n, n_outputs). */
void nn_predict(nn_net *net, const float *x, size_t n, float *out);

/* All trained state (weights and BN statistics) as one little-endian float blob, in node order. */
size_t nn_weights_bytes(const nn_net *net);
void nn_weights_get(const nn_net *net, void *bytes);
ash_status nn_weights_set(nn_net *net, const void *bytes, size_t n, ash_error *err);
hash256 nn_weights_hash(const nn_net *net);

/* Forward MACs x 3 x samples, the unit of the trained-MACs budget. */
uint64_t nn_training_macs(const nn_graph *g, const nn_recipe *recipe, size_t n_samples);

#endif
