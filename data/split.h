/* SPDX-License-Identifier: GPL-3.0-or-later */
/* split.h - which samples are held out
 *
 * A pure function of (labels, settings): the split seed only, never the search seed, the format or the
 * values. Classes keep their shares to within one sample, and every class has at least one sample in each
 * split. Within a split, samples stay in their original order, anomalies (target.h) behind the others.
 */
#ifndef DATA_SPLIT_H
#define DATA_SPLIT_H

#include "data/format.h"

typedef struct data_order {
    uint32_t *order; /* (n): train, then val, then test, then what `limit` leaves out */
    size_t n_train, n_val, n_test;
    size_t val_anomalies, test_anomalies; /* the last of each */
} data_order;

/* The order in `a`. Official splits stay what they are, but for val_limit. Refuses a class with fewer than three samples, and a set or a limit too small for its classes. */
ash_status data_split_make(const data_raw *raw, const data_settings *s, const node *map, arena *a,
                           arena *scratch, data_order *out, ash_error *err);

/* Put the samples into that order, in place. `scratch` is for one row. */
ash_status data_split_apply(data_raw *raw, const data_order *order, arena *scratch, ash_error *err);

#endif
