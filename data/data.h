/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data.h - data sets: read, split, normalised
 *
 * One format per file (data/formats.def). Everything ends as one dense array of float images (n, h, w, c),
 * features as (n, 1, 1, c). Splits are stratified (classification) and come from a split seed of their own,
 * so that the search seed never changes what is held out. Normalisation is fitted on the training split only.
 * The test split is opened once.
 */
#ifndef DATA_DATA_H
#define DATA_DATA_H

#include "core/arena.h"
#include "core/buffer.h"
#include "core/hash.h"
#include "core/node.h"
#include "core/option.h"
#include "core/rng.h"
#include "core/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum data_task { DATA_CLASSIFICATION, DATA_REGRESSION, DATA_RECONSTRUCTION } data_task;
const char *data_task_name(data_task t); /* "classification", "regression", "reconstruction" */

typedef struct data_settings { /* option table "data"; the format's own table adds its keys to the same map */
    const char *type;          /* a format's name: digits, idx, csv, synthetic */
    int64_t split_seed;
    double val_fraction, test_fraction; /* ignored when the set has official files of that split */
    const char *target;                 /* label: what the format says; input: the sample itself (reconstruction) */
    option_texts anomaly;               /* classes that never train a reconstruction; empty: none are known */
    int64_t limit;                      /* use at most this many training samples (stratified); 0: all */
    int64_t val_limit;                  /* the same for the validation split */
    const char *normalize; /* none, global (one mean and deviation per channel), feature (one per input
                            * element), auto (images: global, tables: feature) */
    bool flip;             /* augmentation of training samples; off by default */
    int64_t shift, cutout;
    double rotate, noise;
    int64_t memory;      /* samples that take more lie in a mapped file; 0: never */
    const char *scratch; /* its folder */
} data_settings;
extern const option_table data_options;

typedef struct data_split {
    size_t n, n_anomalies; /* the last n_anomalies of them are anomalies: a reconstruction's validation and test splits */
    float *x;       /* (n, h, w, c), normalised */
    int32_t *label; /* (n): classification only */
    float *target;  /* (n, n_outputs), standardised with target_mean/target_std: regression only */
    const uint32_t *origin; /* (n) its number among the samples as read, from 0: training files, then validation, then test files */
} data_split;

typedef struct data_summary {   /* of one channel (images) or one feature (tables), training split, before
                                   normalisation */
    double min, max, mean, std; /* of the values that are not missing; std is the population's */
    size_t missing;
} data_summary;

typedef struct data_set {
    const char *name;   /* what a person would call it: "digits", "fashion-mnist", "iris.csv" */
    const char *format; /* the format's name */
    data_task task;
    bool is_image; /* false: a table, h = w = 1 */
    int h, w, c;
    int n_outputs;                    /* classes, or target values; of a reconstruction h * w * c */
    const char *const *class_names;   /* n_outputs; NULL but for classification */
    const char *const *feature_names; /* c for tables; NULL for images */
    const char *const *target_names;  /* n_outputs for regression; else NULL */
    data_split train, val, test;      /* test.n may be 0 */
    bool official_val, official_test; /* the split came as such, not from val_fraction, test_fraction */
    const char *const *sample_names;  /* by origin: file names; NULL: none */
    double *target_mean, *target_std; /* (n_outputs), regression, of the training split */
    const char *normalize;            /* what was done: none, global or feature */
    const float *norm_mean,
        *norm_scale; /* x = (raw - mean) * scale; (n_norm): 0, c or h * w * c, as `normalize` says */
    size_t n_norm;
    const data_summary *summary; /* (c) */
    size_t dropped;              /* rows left out for missing values */
    bool flip;
    int shift, cutout;    /* pixels */
    double rotate, noise; /* degrees; deviation, in units of the normalised values */
    const char *settings; /* canonical text of all settings but paths, the format's too */
    hash256 hash; /* of the samples and labels as split, before normalisation, and of the settings that shape
                   * them; not of paths */
} data_set;

/* Reads `map` (the run file's data section; NULL: digits) whole: common settings and the format's own. A
 * relative path is relative to the folder of the file that the key stands in (--set and NULL: the working
 * directory). Everything lives until data_close; `map` may go before. */
ash_status data_open(const node *map, data_set **out, ash_error *err);
void data_close(data_set *d); /* NULL is fine */

/* One training sample (h, w, c) as it is used this time, in `out`; fits nn_dataset.augment, ctx is the data_set. In this order: turned about its middle by up to d->rotate
 * degrees; mirrored; shifted by a whole number of pixels (steps of a sequence), up to d->shift; a square of d->cutout pixels, which may lie partly
 * outside, replaced by the mean (DeVries and Taylor, arXiv:1708.04552; a stretch of a sequence); noise added. Turning and shifting repeat the
 * edge: that is right for any data, where a constant would be a new value in a set whose background is not that constant. */
void data_augment(const void *ctx, const float *sample, float *out, rng *r);
bool data_has_augmentation(const data_set *d);
void data_augment_hash(const data_set *d, hasher *h);
void data_augment_print(const data_set *d, buffer *out); /* "flip, shift 2"; nothing when it is off */

/* Fitted on the training split. Error fractions; for regression RMSE of the standardised targets, for reconstruction of the normalised
 * input (the nearest training sample stands for it; NaN for the linear model), as nn_score.error. Test figures are NaN without a test split. Work is bounded: `*_used` are the samples that
 * took part, evenly spaced. */
typedef struct data_baseline {
    double linear_val_error,
        linear_test_error; /* multinomial logistic regression, or ridge for regression (RMSE) */
    double nn1_val_error, nn1_test_error; /* 1-nearest-neighbour, Euclidean, on normalised values */
    int64_t linear_macs;
    size_t linear_train_used, nn1_train_used, nn1_val_used, nn1_test_used;
} data_baseline;
ash_status data_baselines(const data_set *d, data_baseline *out, ash_error *err);

/* Registry (data/formats.def). */
typedef struct data_format data_format;

/* The settings of a data section that files or a folder call for. */
typedef struct data_guess {
    arena *a;
    const data_format *format;
    struct data_guessed {
        const char *key, *value;
        bool is_path;
    } settings[16];
    size_t n;
} data_guess;

/* Asks the formats in the order of the registry; false: none knows these paths, of which all are there. `a` keeps what is guessed. */
bool data_guess_format(const char *const *paths, size_t n, arena *a, data_guess *out);
/* For data_format.guess; a value that does not fit in memory is left out. */
void data_guess_add(data_guess *g, const char *key, const char *value);
void data_guess_path(data_guess *g, const char *key, const char *path);

const data_format *data_format_find(const char *name);
const data_format *data_format_at(size_t i); /* NULL past the end */
const char *data_format_name(const data_format *f);
const char *data_format_help(const data_format *f);
const option_table *data_format_options(const data_format *f);
const char *data_format_looks(const data_format *f); /* what can be guessed: "a folder of IDX files"; NULL: nothing */

#endif
