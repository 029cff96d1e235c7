/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quality.c - see quality.h */
#include "evaluator/quality/quality.h"
#include "nn/op.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 1, VALUES = 2, INPUT = 4, ANOMALIES = 8 }; /* what a metric needs */

typedef struct tally {
    const data_split *split;
    nn_score score;
    int k; /* classes, or values per sample */
    size_t *support, *predicted, *correct;  /* (k): samples of a class, answers of a class, those that are right */
    double absolute;                        /* sum of |error| over samples and values */
    double *residual, *sum, *squares;       /* (k): of squared errors; of the targets and their squares */
    double *sample;                         /* (n): mean squared error of each sample's reconstruction */
} tally;

/* ---- the metrics ---- */

static double samples(const tally *t) /* without anomalies */
{
    return (double)(t->split->n - t->split->n_anomalies);
}

/* 1 - mean recall over the classes that the split has. */
static double balanced_error(const tally *t)
{
    double sum = 0;
    int present = 0;
    for (int c = 0; c < t->k; c++)
        if (t->support[c]) {
            sum += (double)t->correct[c] / (double)t->support[c];
            present++;
        }
    return 1 - sum / present;
}

/* 1 - mean over classes, present or predicted, of F1 = 2 TP / (2 TP + FP + FN). */
static double f1_error(const tally *t)
{
    double sum = 0;
    int present = 0;
    for (int c = 0; c < t->k; c++)
        if (t->support[c] + t->predicted[c]) {
            sum += 2 * (double)t->correct[c] / (double)(t->support[c] + t->predicted[c]);
            present++;
        }
    return 1 - sum / present;
}

/* Mean over values of residual / total sum of squares, the total about the split's own mean; a value that is constant in the split counts 0
 * when it is met exactly and 1 otherwise. */
static double r2_error(const tally *t)
{
    double sum = 0, n = samples(t);
    for (int j = 0; j < t->k; j++) {
        double total = t->squares[j] - t->sum[j] * t->sum[j] / n;
        sum += total > 1e-12 * t->squares[j] ? t->residual[j] / total : t->residual[j] > 0;
    }
    return sum / t->k;
}

typedef struct scored {
    double score;
    bool anomaly;
} scored;

static int by_score(const void *x, const void *y)
{
    double a = ((const scored *)x)->score, b = ((const scored *)y)->score;
    return (a > b) - (a < b);
}

double quality_auc_error(const double *normal, size_t n_normal, const double *anomaly, size_t n_anomalies)
{
    size_t n = n_normal + n_anomalies;
    scored *s = malloc((n + 1) * sizeof(*s));
    double wrong = 0, below = 0; /* below: anomalies with a lower score than the group at hand */
    if (!s)
        return NAN;
    for (size_t i = 0; i < n; i++)
        s[i] = i < n_normal ? (scored){normal[i], false} : (scored){anomaly[i - n_normal], true};
    qsort(s, n, sizeof(*s), by_score);
    for (size_t i = 0; i < n;) {
        double of_group[2] = {0, 0}, score = s[i].score;
        for (; i < n && !(s[i].score > score); i++)
            of_group[s[i].anomaly]++;
        wrong += of_group[false] * (below + of_group[true] / 2);
        below += of_group[true];
    }
    free(s);
    return n_normal && n_anomalies ? wrong / ((double)n_normal * (double)n_anomalies) : NAN;
}

static double auc_error(const tally *t)
{
    size_t normal = t->split->n - t->split->n_anomalies;
    return quality_auc_error(t->sample, normal, t->sample + normal, t->split->n_anomalies);
}

/* ---- the registry ---- */

static const struct {
    const char *name;
    int of;
} metrics[] = {
#define QUALITY(name, of, chance, value) {#name, of},
#include "evaluator/quality/metrics.def"
#undef QUALITY
};
enum { N_METRICS = sizeof(metrics) / sizeof(*metrics) };

static double value_of(size_t i, const tally *t)
{
    size_t at = 0;
#define QUALITY(name, of, chance, value) \
    if (i == at++)                       \
        return value;
#include "evaluator/quality/metrics.def"
#undef QUALITY
    return NAN;
}

/* Targets and normalised inputs have a deviation of 1, which is what answering their mean costs. */
static double unit(const data_set *d)
{
    return d->task == DATA_RECONSTRUCTION && strcmp(d->normalize, "none") == 0 ? NAN : 1;
}

#define CHANCE(classes, others) (d->task == DATA_CLASSIFICATION ? (classes) : (others))

static double chance_of(size_t i, const data_set *d)
{
    size_t at = 0;
#define QUALITY(name, of, chance, value) \
    if (i == at++)                       \
        return chance;
#include "evaluator/quality/metrics.def"
#undef QUALITY
    return NAN;
}

const char *quality_name(size_t i)
{
    return i < N_METRICS ? metrics[i].name : NULL;
}

bool quality_applies(size_t i, const data_set *d, const data_split *split)
{
    int has = d->task == DATA_CLASSIFICATION ? CLASSES : d->task == DATA_REGRESSION ? VALUES : INPUT;
    if (split->n_anomalies && split->n_anomalies < split->n)
        has |= ANOMALIES;
    return (metrics[i].of & has) != 0;
}

double quality_chance(const data_set *d, const char *name)
{
    for (size_t i = 0; i < N_METRICS; i++)
        if (strcmp(metrics[i].name, name) == 0 && quality_applies(i, d, &d->val))
            return chance_of(i, d);
    return NAN;
}

/* ---- one pass over the answers ---- */

static bool begin(tally *t, const data_set *d, const data_split *split, arena *a)
{
    *t = (tally){.split = split, .k = d->n_outputs};
    size_t k = (size_t)t->k;
    t->support = ARENA_NEW(a, size_t, 3 * k);
    t->residual = ARENA_NEW(a, double, 3 * k);
    t->sample = ARENA_NEW(a, double, split->n + 1);
    if (!t->support || !t->residual || !t->sample)
        return false;
    t->predicted = t->support + k;
    t->correct = t->predicted + k;
    t->sum = t->residual + k;
    t->squares = t->sum + k;
    return true;
}

static void add_class(tally *t, size_t i, const float *y)
{
    int best = 0;
    for (int j = 1; j < t->k; j++)
        if (y[j] > y[best])
            best = j;
    int label = t->split->label[i];
    t->support[label]++;
    t->predicted[best]++;
    t->correct[label] += best == label;
}

static void add_values(tally *t, size_t i, const float *y, const float *target)
{
    double squares = 0;
    bool anomaly = i >= t->split->n - t->split->n_anomalies; /* which is not to be reproduced */
    for (int j = 0; j < t->k; j++) {
        double wanted = (double)target[j], e = (double)y[j] - wanted;
        squares += e * e;
        if (anomaly)
            continue;
        t->absolute += fabs(e);
        t->residual[j] += e * e;
        t->sum[j] += wanted;
        t->squares[j] += wanted * wanted;
    }
    t->sample[i] = squares / t->k;
}

typedef struct pass {
    tally tally;
    const data_set *d;
    size_t first; /* sample of the split that the pass began with */
} pass;

static void add_answers(void *ctx, size_t from, int n, const float *outputs)
{
    pass *p = ctx;
    size_t k = (size_t)p->tally.k, at = p->first + from;
    const float *target = p->d->task == DATA_RECONSTRUCTION ? p->tally.split->x : p->tally.split->target;
    for (size_t i = 0; i < (size_t)n; i++)
        if (p->d->task == DATA_CLASSIFICATION)
            add_class(&p->tally, at + i, outputs + i * k);
        else
            add_values(&p->tally, at + i, outputs + i * k, target + (at + i) * k);
}

ash_status quality_measure(nn_net *net, const data_set *d, const data_split *split, arena *a, metric **out, size_t *n, ash_error *err)
{
    pass p = {.d = d};
    metric *m = ARENA_NEW(a, metric, N_METRICS);
    if (!m || !begin(&p.tally, d, split, a))
        return ash_fail_memory(err);
    nn_dataset view = quality_view(d, split);
    p.tally.score = nn_evaluate_each(net, &view, add_answers, &p);
    if (split->n_anomalies) {
        p.first = view.n;
        view.x += view.n * (size_t)nn_elements(view.shape);
        view.n = split->n_anomalies;
        nn_evaluate_each(net, &view, add_answers, &p);
    }
    *n = 0;
    for (size_t i = 0; i < N_METRICS; i++)
        if (quality_applies(i, d, split))
            m[(*n)++] = (metric){metrics[i].name, value_of(i, &p.tally)};
    *out = m;
    return ASH_OK;
}
