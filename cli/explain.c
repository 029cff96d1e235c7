/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain.c - see explain.h */
#include "cli/explain.h"
#include "data/sheet.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MATRIX = 20, CONFUSIONS = 20, TARGETS = 50 }; /* more classes than MATRIX: people see the most frequent confusions */

ash_status explain_ask(explained *e, nn_net *net, const data_set *d, const data_split *split, arena *a, ash_error *err)
{
    metric *m;
    *e = (explained){0};
    if (quality_measure(net, d, split, a, &m, &e->n_metrics, err) != ASH_OK || answers_collect(net, d, split, a, &e->answers, err) != ASH_OK)
        return err->status;
    e->metrics = m;
    e->worst = answers_worst(&e->answers, a);
    return e->worst ? ASH_OK : ash_fail_memory(err);
}

/* ---- measures ---- */

static void add_interval(facts *f, const char *item, interval i, fact_kind kind)
{
    facts_add(f, item, "value", i.value, kind);
    facts_add(f, item, "low", i.low, kind);
    facts_add(f, item, "high", i.high, kind);
}

static void add_metrics(const explained *e, bool classes, facts *f)
{
    for (size_t i = 0; i < e->n_metrics; i++) {
        const char *name = e->metrics[i].name + (strncmp(e->metrics[i].name, "val_", 4) == 0 ? 4 : 0);
        if (strcmp(name, "error") == 0 || strcmp(name, "mae") == 0)
            continue; /* they have intervals */
        bool share = classes && strcmp(name, "loss") != 0 && strcmp(name, "f1_error") != 0;
        facts_add(f, name, "value", e->metrics[i].value, share ? FACT_SHARE : FACT_PLAIN);
    }
}

static ash_status add_measures(const explained *e, facts *f, ash_error *err)
{
    const answers *s = &e->answers;
    bool classes = s->d->task == DATA_CLASSIFICATION;
    value_figures v;
    facts_part(f, "measure", classes ? "measures; low and high: 95 % interval (Wilson)" : "measures; low and high: 95 % interval (bootstrap)", false);
    if (classes) {
        size_t right = 0;
        for (size_t i = 0; i < s->n; i++)
            right += s->answer[i] == s->split->label[i];
        add_interval(f, "accuracy", wilson(right, s->n), FACT_SHARE);
        add_interval(f, "error", wilson(s->n - right, s->n), FACT_SHARE);
    } else {
        if (answers_values(s, -1, &v, err) != ASH_OK)
            return err->status;
        add_interval(f, "error", v.rmse, FACT_PLAIN);
        add_interval(f, "mae", v.mae, FACT_PLAIN);
    }
    add_metrics(e, classes, f);
    if (s->split->n_anomalies && s->split->n_anomalies < s->n) {
        anomaly_figures g;
        if (answers_anomalies(s, &g, err) != ASH_OK)
            return err->status;
        add_interval(f, "auc", g.auc, FACT_PLAIN);
        facts_add(f, "found_at_5_percent", "value", g.found, FACT_SHARE);
        facts_add(f, "normal_loss", "value", g.normal_loss, FACT_PLAIN);
        facts_add(f, "anomaly_loss", "value", g.anomaly_loss, FACT_PLAIN);
    }
    return ASH_OK;
}

/* ---- classes ---- */

static int by_count(const void *x, const void *y)
{
    const confusion *a = x, *b = y;
    if (a->count != b->count)
        return (a->count < b->count) - (a->count > b->count);
    return a->truth != b->truth ? (a->truth > b->truth) - (a->truth < b->truth) : (a->answer > b->answer) - (a->answer < b->answer);
}

static ash_status add_confusions(const answers *s, arena *a, facts *f, ash_error *err)
{
    const char *const *name = s->d->class_names;
    size_t n, wrong = 0;
    confusion *cell = answers_confusion(s, a, &n);
    if (!cell)
        return ash_fail_memory(err);
    bool many = s->k > MATRIX;
    facts_part(f, "confusion", "confusion matrix: a row for each true class, a column for each answer", many);
    size_t next = 0; /* cells come in the order of the matrix */
    for (int c = 0; c < s->k; c++)
        for (int j = 0; j < s->k; j++) {
            bool there = next < n && cell[next].truth == c && cell[next].answer == j;
            if (there || !many)
                facts_add(f, name[c], name[j], there ? (double)cell[next].count : 0, FACT_COUNT);
            next += there;
        }
    if (!many)
        return ASH_OK;
    for (size_t i = 0; i < n; i++)
        if (cell[i].truth != cell[i].answer)
            cell[wrong++] = cell[i];
    qsort(cell, wrong, sizeof(*cell), by_count);
    facts_part(f, "confused", "the most frequent confusions", false);
    for (size_t i = 0; i < wrong && i < CONFUSIONS; i++) {
        const char *item = arena_printf(a, "%s as %s", name[cell[i].truth], name[cell[i].answer]);
        if (!item)
            return ash_fail_memory(err);
        facts_add(f, item, "samples", (double)cell[i].count, FACT_COUNT);
    }
    return ASH_OK;
}

static ash_status add_classes(const answers *s, arena *a, facts *f, ash_error *err)
{
    class_figures *g = answers_classes(s, a);
    if (!g)
        return ash_fail_memory(err);
    facts_part(f, "class", "classes; recall is the accuracy within the class, low and high its 95 % interval", false);
    for (int c = 0; c < s->k; c++) {
        const char *name = s->d->class_names[c];
        facts_add(f, name, "samples", (double)g[c].support, FACT_COUNT);
        facts_add(f, name, "answered", (double)g[c].predicted, FACT_COUNT);
        facts_add(f, name, "correct", (double)g[c].correct, FACT_COUNT);
        facts_add(f, name, "recall", g[c].recall.value, FACT_SHARE);
        facts_add(f, name, "low", g[c].recall.low, FACT_SHARE);
        facts_add(f, name, "high", g[c].recall.high, FACT_SHARE);
        facts_add(f, name, "precision", g[c].precision, FACT_SHARE);
        facts_add(f, name, "f1", g[c].f1, FACT_PLAIN);
    }
    return add_confusions(s, a, f, err);
}

/* ---- values ---- */

static ash_status add_values(const answers *s, facts *f, ash_error *err)
{
    bool input = s->d->task == DATA_RECONSTRUCTION;
    const char *const *names = input ? s->d->feature_names : s->d->target_names;
    if (!names || s->k > TARGETS)
        return ASH_OK;
    facts_part(f, input ? "feature" : "target", input ? "features, normalised" : "targets, in their own units; low and high: 95 % interval (bootstrap)", false);
    for (int j = 0; j < s->k; j++) {
        value_figures v;
        if (answers_values(s, j, &v, err) != ASH_OK)
            return err->status;
        facts_add(f, names[j], "rmse", v.rmse.value, FACT_PLAIN);
        facts_add(f, names[j], "rmse_low", v.rmse.low, FACT_PLAIN);
        facts_add(f, names[j], "rmse_high", v.rmse.high, FACT_PLAIN);
        facts_add(f, names[j], "mae", v.mae.value, FACT_PLAIN);
        facts_add(f, names[j], "mae_low", v.mae.low, FACT_PLAIN);
        facts_add(f, names[j], "mae_high", v.mae.high, FACT_PLAIN);
        facts_add(f, names[j], "r2", v.r2, FACT_PLAIN);
    }
    return ASH_OK;
}

/* ---- samples ---- */

static const char *sample_name(const answers *s, size_t i, arena *a)
{
    uint32_t origin = s->split->origin[i];
    return s->d->sample_names ? s->d->sample_names[origin] : arena_printf(a, "%u", origin);
}

static double in_units(const answers *s, double standardised, int j)
{
    return standardised * s->d->target_std[j] + s->d->target_mean[j];
}

static ash_status add_worst(const explained *e, size_t n, arena *a, facts *f, ash_error *err)
{
    const answers *s = &e->answers;
    const data_set *d = s->d;
    facts_part(f, "sample", d->sample_names ? "the samples that went worst" : "the samples that went worst, by their number in the data from 0", false);
    for (size_t w = 0; w < n && w < s->n; w++) {
        size_t i = e->worst[w];
        const char *name = sample_name(s, i, a);
        if (!name)
            return ash_fail_memory(err);
        facts_add(f, name, "loss", s->loss[i], FACT_PLAIN);
        if (d->task == DATA_CLASSIFICATION) {
            facts_text(f, name, "true", d->class_names[s->split->label[i]]);
            facts_add(f, name, "probability", answers_probability(s, i, s->split->label[i]), FACT_SHARE);
            facts_text(f, name, "answer", d->class_names[s->answer[i]]);
            facts_add(f, name, "its probability", answers_probability(s, i, s->answer[i]), FACT_SHARE);
        } else if (d->task == DATA_RECONSTRUCTION && s->split->n_anomalies) {
            facts_text(f, name, "kind", i >= s->n - s->split->n_anomalies ? "anomaly" : "normal");
        } else if (d->task == DATA_REGRESSION && s->k == 1) {
            facts_add(f, name, "true", in_units(s, (double)s->split->target[i], 0), FACT_PLAIN);
            facts_add(f, name, "answer", in_units(s, (double)s->y[i], 0), FACT_PLAIN);
        }
    }
    return ASH_OK;
}

ash_status explain_facts(const explained *e, size_t worst, arena *a, facts *f, ash_error *err)
{
    ash_status status = add_measures(e, f, err);
    if (status == ASH_OK)
        status = e->answers.answer ? add_classes(&e->answers, a, f, err) : add_values(&e->answers, f, err);
    return status == ASH_OK ? add_worst(e, worst, a, f, err) : status;
}

/* ---- features and seeds ---- */

ash_status explain_importance(const explained *e, nn_net *net, int repeats, arena *a, facts *f, ash_error *err)
{
    const answers *s = &e->answers;
    importance *m;
    if (s->d->is_image || s->d->task == DATA_RECONSTRUCTION)
        return ASH_OK;
    if (answers_importance(net, s->d, s->split, repeats, a, &m, err) != ASH_OK)
        return err->status;
    facts_part(f, "importance", "features: how much the error rises when one is shuffled among the samples", false);
    fact_kind kind = s->answer ? FACT_SHARE : FACT_PLAIN;
    for (int c = 0; c < s->d->c; c++) {
        facts_add(f, s->d->feature_names[c], "rise", m[c].mean, kind);
        facts_add(f, s->d->feature_names[c], "deviation", m[c].sd, kind);
    }
    return ASH_OK;
}

void explain_replicates(const trial *t, bool classes, facts *f)
{
    double sd = trial_metric(t, "error_sd"), n = 0;
    fact_kind kind = classes ? FACT_SHARE : FACT_PLAIN;
    if (isnan(sd))
        return;
    facts_part(f, "replicate", "validation error of each replicate; the answers above are of the first", false);
    for (size_t i = 0; i < t->n_metrics; i++) {
        const char *name = t->metrics[i].name;
        if (strncmp(name, "error_", 6) == 0 && name[6] >= '0' && name[6] <= '9') {
            facts_add(f, name + 6, "error", t->metrics[i].value, kind);
            n++;
        }
    }
    facts_add(f, "mean", "error", trial_metric(t, "error"), kind);
    facts_add(f, "deviation", "error", sd, kind);
    facts_add(f, "standard error of the mean", "error", sd / sqrt(n), kind);
}

/* ---- the sheet ---- */

static const char *tile_label(const answers *s, size_t i, arena *a)
{
    if (s->answer && s->answer[i] == s->split->label[i])
        return s->d->class_names[s->answer[i]];
    if (s->answer)
        return arena_printf(a, "%s as %s", s->d->class_names[s->split->label[i]], s->d->class_names[s->answer[i]]);
    if (s->d->task == DATA_REGRESSION)
        return arena_printf(a, "%.3g as %.3g", in_units(s, (double)s->split->target[i * (size_t)s->k], 0),
                            in_units(s, (double)s->y[i * (size_t)s->k], 0));
    return arena_printf(a, "%.3g%s", s->loss[i], i >= s->n - s->split->n_anomalies ? " !" : "");
}

ash_status explain_sheet(const explained *e, size_t shown, arena *a, buffer *out, ash_error *err)
{
    const answers *s = &e->answers;
    bool pairs = s->d->task == DATA_RECONSTRUCTION; /* what was shown, and what became of it */
    size_t n = shown < s->n ? shown : s->n, width = (size_t)(s->d->h * s->d->w * s->d->c), each = pairs ? 2 : 1;
    size_t columns = n < 10 / each ? n : 10 / each, rows = (n + columns - 1) / columns;
    sheet_tile *tile = ARENA_NEW(a, sheet_tile, rows * columns * each);
    if (!tile)
        return ash_fail_memory(err);
    for (size_t t = 0; t < n; t++) {
        size_t i = e->worst[t];
        const char *label = tile_label(s, i, a);
        if (!label)
            return ash_fail_memory(err);
        bool wrong = s->answer ? s->answer[i] != s->split->label[i] : pairs && i >= s->n - s->split->n_anomalies;
        tile[t * each] = (sheet_tile){.x = s->split->x + i * width, .label = label, .marked = wrong};
        if (pairs)
            tile[t * each + 1] = (sheet_tile){.x = s->y + i * width, .label = "answer"};
    }
    return sheet_png(s->d, tile, rows, columns * each, out, err);
}
