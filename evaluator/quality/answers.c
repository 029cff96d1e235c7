/* SPDX-License-Identifier: GPL-3.0-or-later */
/* answers.c - see answers.h. For people: exp and log are the C library's, and nothing here is stored. */
#include "evaluator/quality/answers.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- collecting ---- */

typedef struct collector {
    answers *s;
    size_t first;
} collector;

static double class_loss(const answers *s, size_t i)
{
    return -log(fmax(answers_probability(s, i, s->split->label[i]), 1e-300));
}

static const float *target_of(const answers *s, size_t i)
{
    const float *from = s->d->task == DATA_RECONSTRUCTION ? s->split->x : s->split->target;
    return from + i * (size_t)s->k;
}

static double value_loss(const answers *s, size_t i)
{
    const float *y = s->y + i * (size_t)s->k, *target = target_of(s, i);
    double sum = 0;
    for (int j = 0; j < s->k; j++)
        sum += ((double)y[j] - (double)target[j]) * ((double)y[j] - (double)target[j]);
    return sum / s->k;
}

static void collect(void *ctx, size_t from, int n, const float *outputs)
{
    const collector *c = ctx;
    answers *s = c->s;
    size_t k = (size_t)s->k, at = c->first + from;
    memcpy(s->y + at * k, outputs, (size_t)n * k * sizeof(*outputs));
    for (size_t i = at; i < at + (size_t)n; i++) {
        const float *y = s->y + i * k;
        if (!s->answer) {
            s->loss[i] = value_loss(s, i);
            continue;
        }
        s->answer[i] = 0;
        for (int j = 1; j < s->k; j++)
            if (y[j] > y[s->answer[i]])
                s->answer[i] = j;
        s->loss[i] = class_loss(s, i);
    }
}

ash_status answers_of(answers_ask *ask, void *who, const data_set *d, const data_split *split, arena *a, answers *out, ash_error *err)
{
    bool classes = d->task == DATA_CLASSIFICATION;
    *out = (answers){.d = d, .split = split, .n = split->n, .k = d->n_outputs};
    out->y = arena_alloc_array(a, split->n + 1, sizeof(float) * (size_t)d->n_outputs);
    out->loss = ARENA_NEW(a, double, split->n + 1);
    out->answer = classes ? ARENA_NEW(a, int32_t, split->n + 1) : NULL;
    if (!out->y || !out->loss || (classes && !out->answer))
        return ash_fail_memory(err);
    collector c = {out, 0};
    nn_dataset view = quality_view(d, split);
    ask(who, &view, collect, &c);
    if (split->n_anomalies) {
        c.first = view.n;
        view.x += view.n * (size_t)(d->h * d->w * d->c);
        view.n = split->n_anomalies;
        ask(who, &view, collect, &c);
    }
    return ASH_OK;
}

static void ask_net(void *who, const nn_dataset *samples, nn_answer *each, void *ctx)
{
    nn_evaluate_each(who, samples, each, ctx);
}

ash_status answers_collect(nn_net *net, const data_set *d, const data_split *split, arena *a, answers *out, ash_error *err)
{
    return answers_of(ask_net, net, d, split, a, out, err);
}

double answers_probability(const answers *s, size_t sample, int class)
{
    const float *y = s->y + sample * (size_t)s->k;
    double top = (double)y[0], sum = 0;
    for (int j = 1; j < s->k; j++)
        top = fmax(top, (double)y[j]);
    for (int j = 0; j < s->k; j++)
        sum += exp((double)y[j] - top);
    return exp((double)y[class] - top) / sum;
}

typedef struct ranked {
    double loss;
    uint32_t sample;
} ranked;

static int by_falling_loss(const void *x, const void *y)
{
    const ranked *a = x, *b = y;
    return a->loss != b->loss ? (a->loss < b->loss) - (a->loss > b->loss) : (a->sample > b->sample) - (a->sample < b->sample);
}

uint32_t *answers_worst(const answers *s, arena *a)
{
    ranked *r = ARENA_NEW(a, ranked, s->n + 1);
    uint32_t *out = ARENA_NEW(a, uint32_t, s->n + 1);
    if (!r || !out)
        return NULL;
    for (size_t i = 0; i < s->n; i++)
        r[i] = (ranked){s->loss[i], (uint32_t)i};
    qsort(r, s->n, sizeof(*r), by_falling_loss);
    for (size_t i = 0; i < s->n; i++)
        out[i] = r[i].sample;
    return out;
}

/* ---- classes ---- */

interval wilson(size_t successes, size_t n)
{
    const double z = 1.959963984540054;
    double count = (double)n, p = (double)successes / count, spread = z * sqrt(p * (1 - p) / count + z * z / (4 * count * count));
    double centre = p + z * z / (2 * count), scale = 1 + z * z / count;
    return (interval){p, fmax(0, (centre - spread) / scale), fmin(1, (centre + spread) / scale)};
}

class_figures *answers_classes(const answers *s, arena *a)
{
    class_figures *f = ARENA_NEW(a, class_figures, (size_t)s->k);
    for (size_t i = 0; f && i < s->n; i++) {
        f[s->split->label[i]].support++;
        f[s->answer[i]].predicted++;
        f[s->answer[i]].correct += s->answer[i] == s->split->label[i];
    }
    for (int c = 0; f && c < s->k; c++) {
        f[c].recall = f[c].support ? wilson(f[c].correct, f[c].support) : (interval){NAN, NAN, NAN};
        f[c].precision = f[c].predicted ? (double)f[c].correct / (double)f[c].predicted : NAN;
        f[c].f1 = f[c].support + f[c].predicted ? 2 * (double)f[c].correct / (double)(f[c].support + f[c].predicted) : NAN;
    }
    return f;
}

static int by_cell(const void *x, const void *y)
{
    const confusion *a = x, *b = y;
    return a->truth != b->truth ? (a->truth > b->truth) - (a->truth < b->truth) : (a->answer > b->answer) - (a->answer < b->answer);
}

confusion *answers_confusion(const answers *s, arena *a, size_t *n)
{
    confusion *cell = ARENA_NEW(a, confusion, s->n + 1);
    *n = 0;
    if (!cell)
        return NULL;
    for (size_t i = 0; i < s->n; i++)
        cell[i] = (confusion){s->split->label[i], s->answer[i], 1};
    qsort(cell, s->n, sizeof(*cell), by_cell);
    for (size_t i = 0; i < s->n; i++)
        if (*n && by_cell(&cell[*n - 1], &cell[i]) == 0)
            cell[*n - 1].count++;
        else
            cell[(*n)++] = cell[i];
    return cell;
}

/* ---- the bootstrap ---- */

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

/* statistic(ctx, times): of a resample in which sample i occurs times[i] times. Samples before and from `border` are drawn apart. */
static ash_status bootstrap(size_t n, size_t border, double (*statistic)(const void *ctx, const uint32_t *times), const void *ctx, interval *out,
                            ash_error *err)
{
    uint32_t *times = malloc((n + 1) * sizeof(*times));
    double values[BOOTSTRAP];
    if (!times)
        return ash_fail_memory(err);
    for (size_t i = 0; i < n; i++)
        times[i] = 1;
    out->value = statistic(ctx, times);
    for (int b = 0; b < BOOTSTRAP; b++) {
        rng r = rng_stream(1, "bootstrap", (uint64_t)b);
        memset(times, 0, n * sizeof(*times));
        for (size_t i = 0; i < n; i++)
            times[i < border ? rng_below(&r, (uint32_t)border) : border + rng_below(&r, (uint32_t)(n - border))]++;
        values[b] = statistic(ctx, times);
    }
    free(times);
    qsort(values, BOOTSTRAP, sizeof(*values), by_value);
    out->low = values[(int)(0.025 * (BOOTSTRAP - 1))];
    out->high = values[(int)ceil(0.975 * (BOOTSTRAP - 1))];
    return ASH_OK;
}

typedef struct sums { /* one number per sample */
    size_t n;
    double *v;
} sums;

static double mean_of(const void *ctx, const uint32_t *times)
{
    const sums *s = ctx;
    double sum = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += times[i] * s->v[i];
    return sum / (double)s->n;
}

static double root_mean_of(const void *ctx, const uint32_t *times)
{
    return sqrt(mean_of(ctx, times));
}

/* ---- values ---- */

ash_status answers_values(const answers *s, int j, value_figures *out, ash_error *err)
{
    size_t n = s->n - s->split->n_anomalies, k = (size_t)s->k, from = j < 0 ? 0 : (size_t)j, to = j < 0 ? k : from + 1;
    double unit = j < 0 || !s->d->target_std ? 1 : s->d->target_std[j];
    double *square = calloc(2 * n + 1, sizeof(*square)), sum = 0, squares = 0, residual = 0;
    if (!square)
        return ash_fail_memory(err);
    double *absolute = square + n;
    for (size_t i = 0; i < n; i++)
        for (size_t o = from; o < to; o++) {
            double target = unit * (double)target_of(s, i)[o], e = unit * (double)s->y[i * k + o] - target;
            square[i] += e * e / (double)(to - from);
            absolute[i] += fabs(e) / (double)(to - from);
            residual += e * e;
            sum += target;
            squares += target * target;
        }
    double count = (double)n * (double)(to - from), total = squares - sum * sum / count;
    out->r2 = total > 0 ? 1 - residual / total : NAN;
    ash_status status = bootstrap(n, n, root_mean_of, &(sums){n, square}, &out->rmse, err);
    if (status == ASH_OK)
        status = bootstrap(n, n, mean_of, &(sums){n, absolute}, &out->mae, err);
    free(square);
    return status;
}

/* ---- anomalies ---- */

typedef struct roc {
    size_t n, n_normal;
    const double *loss;
    uint32_t *order; /* (n): by falling loss */
} roc;

/* Pairs in the right order, ties counting half, each sample as often as it was drawn. */
static double area(const void *ctx, const uint32_t *times)
{
    const roc *r = ctx;
    double right = 0, above = 0, all[2] = {0, 0};
    for (size_t i = 0; i < r->n;) {
        double group[2] = {0, 0}, loss = r->loss[r->order[i]];
        for (; i < r->n && !(r->loss[r->order[i]] < loss); i++)
            group[r->order[i] >= r->n_normal] += times[r->order[i]];
        right += group[0] * (above + group[1] / 2);
        above += group[1];
        all[0] += group[0];
        all[1] += group[1];
    }
    return right / (all[0] * all[1]);
}

ash_status answers_anomalies(const answers *s, anomaly_figures *out, ash_error *err)
{
    arena *a = arena_create();
    size_t n_normal = s->n - s->split->n_anomalies, flagged = 0, allowed = n_normal / 20;
    roc r = {s->n, n_normal, s->loss, a ? answers_worst(s, a) : NULL};
    *out = (anomaly_figures){0};
    ash_status status = r.order ? bootstrap(s->n, n_normal, area, &r, &out->auc, err) : ash_fail_memory(err);
    for (size_t i = 0; status == ASH_OK && i < s->n; i++) {
        bool anomaly = r.order[i] >= n_normal;
        flagged += !anomaly;
        out->found += anomaly && flagged <= allowed;
        *(anomaly ? &out->anomaly_loss : &out->normal_loss) += s->loss[r.order[i]];
    }
    out->found /= (double)s->split->n_anomalies;
    out->anomaly_loss /= (double)s->split->n_anomalies;
    out->normal_loss /= (double)n_normal;
    arena_destroy(a);
    return status;
}

/* ---- importance ---- */

ash_status answers_importance(nn_net *net, const data_set *d, const data_split *split, int repeats, arena *a, importance **out, ash_error *err)
{
    size_t n = split->n, width = (size_t)d->c;
    float *x = arena_memdup(a, split->x, n * width * sizeof(*x));
    uint32_t *order = ARENA_NEW(a, uint32_t, n + 1);
    importance *all = ARENA_NEW(a, importance, width);
    double *rise = ARENA_NEW(a, double, (size_t)repeats);
    if (!x || !order || !all || !rise)
        return ash_fail_memory(err);
    nn_dataset view = quality_view(d, split);
    view.x = x;
    double before = nn_evaluate(net, &view).error;
    for (size_t f = 0; f < width; f++) {
        for (int r = 0; r < repeats; r++) {
            rng stream = rng_stream(1, "importance", f * (size_t)repeats + (size_t)r);
            for (size_t i = 0; i < n; i++)
                order[i] = (uint32_t)i;
            rng_shuffle(&stream, order, n);
            for (size_t i = 0; i < n; i++)
                x[i * width + f] = split->x[order[i] * width + f];
            rise[r] = nn_evaluate(net, &view).error - before;
            all[f].mean += rise[r] / repeats;
        }
        for (int r = 0; r < repeats; r++)
            all[f].sd += (rise[r] - all[f].mean) * (rise[r] - all[f].mean) / (repeats - 1);
        all[f].sd = sqrt(all[f].sd);
        for (size_t i = 0; i < n; i++)
            x[i * width + f] = split->x[i * width + f];
    }
    *out = all;
    return ASH_OK;
}
