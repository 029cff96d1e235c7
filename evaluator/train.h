/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train.h - from a stored trial back to its network */
#ifndef EVALUATOR_TRAIN_H
#define EVALUATOR_TRAIN_H

#include "evaluator/evaluator.h"

/* A stored network, ready to answer: its genome and its weights (nn_weights_get). nn_net_destroy comes before the end of `a`. */
ash_status train_restore(const evaluator_context *context, const char *genome_text, const void *weights, size_t n, arena *a, nn_net **out,
                         ash_error *err);

/* What it reaches on a split of the context's data: all metrics of evaluator/quality, from `a`. */
ash_status train_score(const evaluator_context *context, const char *genome_text, const void *weights, size_t n, const data_split *split,
                       arena *a, metric **out, size_t *n_out, ash_error *err);

#endif
