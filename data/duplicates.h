/* SPDX-License-Identifier: GPL-3.0-or-later */
/* duplicates.h - samples that occur more than once
 *
 * A sample of the test split that was trained on flatters every network, and one that occurs with two labels cannot be right twice. Samples are
 * equal when all values that a network sees are; they are compared by SHA-256.
 */
#ifndef DATA_DUPLICATES_H
#define DATA_DUPLICATES_H

#include "data/data.h"

typedef enum data_duplicate {
    DUPLICATE_TEST_IN_TRAIN, /* samples of the test split that are in the training split too, */
    DUPLICATE_TEST_IN_VAL,   /* else in the validation split */
    DUPLICATE_VAL_IN_TRAIN,
    DUPLICATE_IN_TRAIN, /* repeats of a training sample */
    DUPLICATE_LABELS,   /* different samples that occur with more than one label or target, in any split */
    DUPLICATE_KINDS
} data_duplicate;

enum { DUPLICATE_EXAMPLES = 3 };

typedef struct data_duplicates {
    size_t count[DUPLICATE_KINDS];
    /* The pairs whose first sample comes first: origins (data_split.origin) of the repeated sample and of the one it repeats. */
    uint32_t example[DUPLICATE_KINDS][DUPLICATE_EXAMPLES][2];
    size_t n_examples[DUPLICATE_KINDS];
} data_duplicates;

const char *data_duplicate_name(data_duplicate kind);       /* "test_in_training", ... */
const char *data_duplicate_sentence(data_duplicate kind);   /* "test samples that are in the training split too" */
ash_status data_find_duplicates(const data_set *d, data_duplicates *out, ash_error *err);

#endif
