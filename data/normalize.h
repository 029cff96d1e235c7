/* SPDX-License-Identifier: GPL-3.0-or-later */
/* normalize.h - statistics of the training split, and what is done with them
 *
 * Everything here is fitted on d->train alone and applied to all splits: filling missing values, (raw - mean)
 * * scale per channel or per element, standardising regression targets.
 */
#ifndef DATA_NORMALIZE_H
#define DATA_NORMALIZE_H

#include "data/format.h"

/* Fills d->summary from the raw values of d->train. */
ash_status data_summarise(data_set *d, arena *a, ash_error *err);

/* Missing values (NaN) become the training mean of their feature; needs d->summary. */
void data_fill_missing(data_set *d);

/* d->normalize ("none", "global", "feature") over all splits. A constant channel or element gets scale 1, so
 * it becomes zero, not NaN. */
ash_status data_normalise(data_set *d, arena *a, ash_error *err);

/* Standardise d->train/val/test.target from `target`, (n, n_outputs) in split order; refuses a constant
 * target. */
ash_status data_standardise(data_set *d, const double *target, arena *a, ash_error *err);

#endif
