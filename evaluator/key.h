/* SPDX-License-Identifier: GPL-3.0-or-later */
/* key.h - the training key: everything that a training depends on, and nothing else
 *
 * key = SHA-256(canonical network, recipe, training seed, data hash, augmentation, kernel level, replicate). Never the trial
 * id: two trials with one key are one training. The random streams of a training are derived from its key.
 *
 * Replicates are trainings that differ in their seed only. The first one (0) is the training that a run without replicates does; a trial of several
 * has a key of its own, made of the first one's and their number.
 */
#ifndef EVALUATOR_KEY_H
#define EVALUATOR_KEY_H

#include "evaluator/evaluator.h"

/* Zero when out of memory. */
hash256 training_key(const evaluator_context *context, const hash256 *network, uint64_t replicate);
/* The key of a trial of n replicates; n = 1: `first` itself. */
hash256 replicated_key(const hash256 *first, uint64_t n);

#endif
