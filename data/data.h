/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data.h - data sets: read, split, normalised
 *
 * One format per file (data/formats.def). Everything ends as one dense array of float images (n, h, w, c), features as (n, 1, 1, c).
 * Splits are stratified (classification) and come from a split seed of their own, so that the search seed never
 * changes what is held out. Normalisation is fitted on the training split only. The test split is opened once.
 */
#ifndef DATA_DATA_H
#define DATA_DATA_H

#include "core/hash.h"
#include "core/option.h"
#include "core/rng.h"
#include "core/status.h"

typedef enum data_task { DATA_CLASSIFICATION, DATA_REGRESSION } data_task;

typedef struct data_settings { /* option table "data"; the format's own table adds its keys to the same map */
    const char *type;      /* a format's name: digits, idx, csv, synthetic */
    int64_t split_seed;
    double val_fraction, test_fraction; /* test_fraction is ignored when the set has official test files */
    int64_t limit;         /* use at most this many training samples (stratified); 0: all */
    const char *normalize; /* none, global (one mean and deviation per channel), feature (one per input element) */
    bool flip; int64_t shift; /* augmentation of training images; off by default */
} data_settings;
extern const option_table data_options;

typedef struct data_split {
    size_t n;
    float *x;       /* (n, h, w, c), normalised */
    int32_t *label; /* (n); NULL for regression */
    float *target;  /* (n, n_outputs), standardised with target_mean/target_std; NULL for classification */
} data_split;

typedef struct data_set {
    const char *name;
    data_task task;
    int h, w, c;
    int n_outputs;                  /* classes, or target values */
    const char *const *class_names; /* n_outputs; NULL for regression */
    const char *const *feature_names; /* c for tables; NULL for images */
    data_split train, val, test;    /* test.n may be 0 */
    double *target_mean, *target_std; /* (n_outputs), regression, of the training split */
    bool flip; int shift;
    hash256 hash; /* of the samples and labels as split, before normalisation, and of the settings that shape them */
} data_set;

/* Reads `map` (the run file's data section; NULL: digits) whole: common settings and the format's own. */
ash_status data_open(const node *map, data_set **out, ash_error *err);
void data_close(data_set *d);

/* Augment one training image in place, by d->flip and d->shift; ctx is the data_set. Fits nn_dataset.augment. */
void data_augment(const void *ctx, float *image, rng *r);

typedef struct data_baseline {
    double linear_val_error, linear_test_error; /* multinomial logistic regression, or ridge for regression (RMSE) */
    double nn1_val_error, nn1_test_error;       /* 1-nearest-neighbour */
    int64_t linear_macs;
} data_baseline;
ash_status data_baselines(const data_set *d, data_baseline *out, ash_error *err);

/* Registry (data/formats.def). */
typedef struct data_format data_format;
const data_format *data_format_find(const char *name);
const data_format *data_format_at(size_t i);

#endif
