/* SPDX-License-Identifier: GPL-3.0-or-later */
/* key.h - the training key: everything that a training depends on, and nothing else
 *
 * key = SHA-256(canonical network, recipe, training seed, data hash, augmentation, kernel level, replicate). Never the trial
 * id: two trials with one key are one training. The random streams of a training are derived from its key.
 */
#ifndef EVALUATOR_KEY_H
#define EVALUATOR_KEY_H

#include "evaluator/evaluator.h"

/* Zero when out of memory. */
hash256 training_key(const evaluator_context *context, const hash256 *network, uint64_t replicate);

#endif
