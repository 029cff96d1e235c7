/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pass.h - one step of a net, on one shard of the batch
 *
 * A batch norm in training needs its sums over the whole batch, so a step with one has two parts in each direction: up to the sums of a shard,
 * and what follows once those of all shards are added up. */
#ifndef NN_PASS_H
#define NN_PASS_H

#include "nn/net.h"

/* Weights as the passes use them. */
void nn_step_prepare(nn_net *net, nn_step *s, bool training);

/* Whether training has to gather sums of this step; frozen norms have none. */
bool nn_step_gathers(const nn_net *net, const nn_step *s);

void nn_step_forward(nn_net *net, nn_step *s, const nn_shard *k, bool training, uint64_t seed); /* up to the sums */
void nn_step_gather(nn_net *net, nn_step *s);                                                   /* by one thread */
void nn_step_normalise(const nn_net *net, const nn_step *s, const nn_shard *k);                 /* the rest */

void nn_step_sums(nn_net *net, nn_step *s, const nn_shard *k);
void nn_step_gather_sums(nn_net *net, nn_step *s); /* by one thread */
void nn_step_backward(nn_net *net, nn_step *s, const nn_shard *k);
void nn_step_finish(nn_net *net, nn_step *s); /* once the gradient is that of the whole batch: through the quantizer of weights */

#endif
