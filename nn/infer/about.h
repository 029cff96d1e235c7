/* SPDX-License-Identifier: GPL-3.0-or-later */
/* about.h - what a network does not know of itself: how samples become what it was trained on, and what its answers mean
 *
 * It was fitted on the training split of a data set, and goes with the weights wherever they go. */
#ifndef NN_INFER_ABOUT_H
#define NN_INFER_ABOUT_H

#include <stddef.h>

typedef enum infer_answer {
    INFER_CLASSES, /* logits */
    INFER_VALUES,  /* standardised values of a regression */
    INFER_SAMPLE,  /* the sample again, normalised */
} infer_answer;

typedef struct infer_about {
    const char *name; /* of the network */
    infer_answer answer;
    size_t sample, channels, n_norm, outputs; /* elements of a sample; its channels; 0, channels or elements; answers */
    const float *mean, *scale;       /* (n_norm): x = (raw - mean) scale; element or channel by n_norm */
    const float *missing;            /* (channels): what a value that is not there (NaN) counts as */
    const char *const *names;        /* (outputs) of classes or values; NULL: none */
    const double *out_mean, *out_std; /* (outputs), INFER_VALUES: y = mean + std answer */
} infer_about;

/* One sample in the data set's own units, as the network wants it. */
void infer_normalise(const infer_about *a, float *x, const float *raw);
/* One answer in units that people know: probabilities, values in the target's units, the sample. */
void infer_finish(const infer_about *a, float *y);

#endif
