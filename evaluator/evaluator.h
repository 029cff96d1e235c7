/* SPDX-License-Identifier: GPL-3.0-or-later */
/* evaluator.h - how good is a genome
 *
 * An evaluator answers two questions about a genome: what it costs before any training (cost: static metrics, training
 * key, virtual duration), and how good it is (evaluate: status and the remaining metrics). Kinds are one file each:
 * train, tabular, command; registered in evaluator/evaluators.def.
 */
#ifndef EVALUATOR_EVALUATOR_H
#define EVALUATOR_EVALUATOR_H

#include "core/option.h"
#include "core/trial.h"
#include "data/data.h"
#include "nn/train.h"
#include "space/space.h"

typedef struct evaluator_context { /* what a run offers; all borrowed, all immutable while trials run */
    const space *space;
    const data_set *data;     /* NULL for evaluators that need none */
    const nn_recipe *recipe;  /* the run file's train section */
    const char *kernel_level; /* pinned when the run is created */
    uint64_t training_seed;
    /* Called with the trained state (nn_weights_get) of each trial that was trained, from the thread that trained it; the bytes are
     * only valid during the call. NULL: weights are not wanted. */
    void (*keep_weights)(void *ctx, uint64_t trial_id, const void *bytes, size_t n);
    void *keep_ctx;
} evaluator_context;

typedef struct evaluator_type {
    const char *name, *help;
    const option_table *options; /* keys beside `type` in the run file's evaluator section */
    bool needs_data, takes_data; /* takes: uses the recipe, and the data section where there is one */
    /* `map`: the evaluator section (may be NULL). */
    ash_status (*create)(const node *map, const evaluator_context *context, void **state, ash_error *err);
    void (*destroy)(void *state);
    /* Hash of what the settings refer to but do not hold, such as a table's content: part of the run's identity. NULL: they
     * refer to nothing. (The data set has a hash of its own.) */
    hash256 (*content)(const void *state);
    /* Names of the metrics that evaluate adds to those of cost, NULL-terminated. NULL: they are error and val_loss. */
    const char *const *(*measures)(const void *state);
    /* What a network that learned nothing reaches on one of them; NaN: nobody can say. NULL: NaN. */
    double (*chance)(const void *state, const char *name);
    /* Static costs: fills status (TRIAL_PENDING or TRIAL_INVALID), reason, key, metrics, blocks and virtual_duration from `a`. Called under the
     * controller's lock; must not train. */
    ash_status (*cost)(void *state, const genome *g, trial *t, arena *a, ash_error *err);
    /* Result of a pending trial: status, reason, all metrics, curve, weights_hash, trained_macs from `a`. Called by several
     * threads at once, each with its own arena. `stop` (may be NULL) is polled: true abandons, and the trial stays TRIAL_PENDING. */
    ash_status (*evaluate)(void *state, trial *t, arena *a, bool (*stop)(void *), void *stop_ctx, ash_error *err);
} evaluator_type;

const evaluator_type *evaluator_find(const char *name);
const evaluator_type *evaluator_at(size_t i);
extern const char *const evaluator_names[];

#endif
