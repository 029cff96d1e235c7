/* SPDX-License-Identifier: GPL-3.0-or-later */
/* answers.h - a network's answers to a split, sample by sample: what `ashlar explain` looks at
 *
 * Beside the metrics: confusions, figures of each class and each value with their uncertainty, the samples that went worst, what permuting a
 * feature costs. Everything is a function of the answers and a fixed seed.
 */
#ifndef EVALUATOR_ANSWERS_H
#define EVALUATOR_ANSWERS_H

#include "evaluator/quality/quality.h"

typedef struct answers {
    const data_set *d;
    const data_split *split;
    size_t n; /* samples, anomalies included */
    int k;    /* outputs */
    float *y;        /* (n, k) */
    int32_t *answer; /* (n): the class with the largest output; NULL but for classification */
    double *loss;    /* (n): cross-entropy, or mean squared error of the sample */
} answers;

ash_status answers_collect(nn_net *net, const data_set *d, const data_split *split, arena *a, answers *out, ash_error *err);
/* The same of whoever answers: `ask` runs samples through `who` and hands each answer on. */
typedef void answers_ask(void *who, const nn_dataset *samples, nn_answer *each, void *ctx);
ash_status answers_of(answers_ask *ask, void *who, const data_set *d, const data_split *split, arena *a, answers *out, ash_error *err);
/* Softmax probability of a class. */
double answers_probability(const answers *s, size_t sample, int class);
/* Samples by falling loss, ties by their number: (n), from `a`; NULL: out of memory. */
uint32_t *answers_worst(const answers *s, arena *a);

typedef struct interval {
    double value, low, high; /* 95 % */
} interval;

/* Share of successes among n > 0 with the score interval of Wilson (1927), doi:10.1080/01621459.1927.10502953. */
interval wilson(size_t successes, size_t n);

typedef struct class_figures {
    size_t support, predicted, correct;
    interval recall; /* correct / support; NaN without samples */
    double precision, f1; /* NaN when never predicted; NaN when neither is there */
} class_figures;
/* (k), from `a`; NULL: out of memory. */
class_figures *answers_classes(const answers *s, arena *a);

typedef struct confusion {
    int32_t truth, answer;
    size_t count;
} confusion;
/* The cells of the confusion matrix that are not empty, by row, then column. NULL: out of memory. */
confusion *answers_confusion(const answers *s, arena *a, size_t *n);

/* Percentile intervals from BOOTSTRAP resamples of the samples that are no anomalies (Efron 1979, doi:10.1214/aos/1176344552). Output j of the
 * network, in units of the target; j < 0: all outputs, as the network sees them. */
enum { BOOTSTRAP = 1000 };
typedef struct value_figures {
    interval rmse, mae;
    double r2;
} value_figures;
ash_status answers_values(const answers *s, int j, value_figures *out, ash_error *err);

/* Of a split with anomalies: area under the ROC curve (resampled within normal samples and anomalies), and the share of anomalies above
 * the highest 5 % of the normal samples. */
typedef struct anomaly_figures {
    interval auc;
    double found, normal_loss, anomaly_loss; /* mean squared errors */
} anomaly_figures;
ash_status answers_anomalies(const answers *s, anomaly_figures *out, ash_error *err);

/* By how much `error` rises when the values of one feature are shuffled among the samples (Breiman 2001, doi:10.1023/A:1010933404324): mean and
 * standard deviation over `repeats` >= 2 shuffles; (c), from `a`. Tables only. */
typedef struct importance {
    double mean, sd;
} importance;
ash_status answers_importance(nn_net *net, const data_set *d, const data_split *split, int repeats, arena *a, importance **out, ash_error *err);

#endif
