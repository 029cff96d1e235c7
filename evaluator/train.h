/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train.h - from a stored trial back to its network */
#ifndef EVALUATOR_TRAIN_H
#define EVALUATOR_TRAIN_H

#include "evaluator/evaluator.h"

/* The score of a trained network, given by its genome and weights (nn_weights_get), on a split of the context's data. */
ash_status train_score(const evaluator_context *context, const char *genome_text, const void *weights, size_t n,
                       const data_split *split, nn_score *out, ash_error *err);

#endif
