/* SPDX-License-Identifier: GPL-3.0-or-later */
/* labels.h - whole numbers as class labels
 *
 * For formats whose labels are numbers: named by the user (0 is the first name), or the numbers that occur among the samples that are
 * no official test or validation samples, ascending (EMNIST letters begin at 1). Beside it, what formats of rows of features share.
 */
#ifndef DATA_LABELS_H
#define DATA_LABELS_H

#include "data/format.h"

/* raw->label holds the numbers, none negative; they become classes, raw->n_outputs and raw->class_names are set. `names` may be empty. `source`
 * (NULL: raw->name) is what messages call the official samples: their file of labels. A number that the names or the training samples do not
 * have is refused. */
ash_status data_label_classes(data_raw *raw, option_texts names, const char *source, arena *a, ash_error *err);

/* Rows of `features` values become images [h, w] or [h, w, c], channels last: the option `shape`, which may be empty. `source` is called in messages. */
ash_status data_shape_rows(data_raw *raw, option_ints shape, size_t features, const char *source, const node *map, ash_error *err);

/* x1, x2, ...: names for features that have none. */
ash_status data_number_features(data_raw *raw, arena *a, ash_error *err);

#endif
