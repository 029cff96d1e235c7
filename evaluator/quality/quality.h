/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quality.h - how good a network's answers to a split are
 *
 * One pass over the predictions fills a tally (counts per class, sums per value, a score per sample), from which every metric that the
 * data set allows is read: metrics.def, one line each; docs/metrics.md defines them. All are errors: 0 is perfect, and the search minimises.
 *
 * Nothing here calls libm but for chance levels, and sums run in the order of the samples: metrics are part of a run's digest.
 */
#ifndef EVALUATOR_QUALITY_H
#define EVALUATOR_QUALITY_H

#include "core/trial.h"
#include "data/data.h"
#include "nn/train.h"

/* The split as a network reads it: no augmentation, no weights, no anomalies. */
nn_dataset quality_view(const data_set *d, const data_split *split);
/* The training split as the recipe wants it: augmented, classes weighted (from `a`). ASH_INVALID: weights that do not fit the classes. */
ash_status quality_training_view(const data_set *d, const nn_recipe *recipe, arena *a, nn_dataset *out, ash_error *err);

/* Runs the split through the net: every metric that it allows, in the order of metrics.def, from `a`. */
ash_status quality_measure(nn_net *net, const data_set *d, const data_split *split, arena *a, metric **out, size_t *n, ash_error *err);

/* Names in the order of metrics.def, NULL past the end; whether a split of this data set allows the metric; what chance reaches (NaN: not a
 * metric of the data set, or nobody can say). */
const char *quality_name(size_t i);
bool quality_applies(size_t i, const data_set *d, const data_split *split);
double quality_chance(const data_set *d, const char *name);

/* 1 - area under the ROC curve of a score that is to be higher for anomalies: the share of (normal, anomaly) pairs in the wrong order,
 * ties counting half (Mann and Whitney 1947). NaN without both kinds, or out of memory. */
double quality_auc_error(const double *normal, size_t n_normal, const double *anomaly, size_t n_anomalies);

#endif
