/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model.c - from a run and its trials to what a report shows */
#include "core/pareto.h"
#include "core/text.h"
#include "reports/report.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int report_metric_index(const report *r, const char *name)
{
    for (size_t i = 0; i < r->n_metrics; i++)
        if (!strcmp(r->metrics[i].name, name))
            return (int)i;
    return -1;
}

/* A finished evaluation with its own result: what may be on the front. */
static bool is_result(const trial *t)
{
    return t->status == TRIAL_OK;
}

typedef struct metric_list {
    report_metric *v;
    size_t n, cap;
} metric_list;

static report_metric *find_or_add(metric_list *l, const char *name, arena *a)
{
    for (size_t i = 0; i < l->n; i++)
        if (!strcmp(l->v[i].name, name))
            return &l->v[i];
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        report_metric *v = ARENA_NEW(a, report_metric, cap);
        if (!v)
            return NULL;
        if (l->n)
            memcpy(v, l->v, l->n * sizeof *v);
        l->v = v;
        l->cap = cap;
    }
    report_describe_metric(name, &l->v[l->n]);
    return &l->v[l->n++];
}

static int by_name(const void *x, const void *y)
{
    return strcmp(((const report_metric *)x)->name, ((const report_metric *)y)->name);
}

/* Objectives first, in the run's order; then everything else that any trial has, by name. */
static bool collect_metrics(report *r, arena *a)
{
    metric_list l = {0};
    char *names = arena_strdup(a, r->run->objectives ? r->run->objectives : "");
    if (!names)
        return false;
    char *rest = NULL;
    for (char *name = strtok_r(names, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest)) {
        report_metric *m = find_or_add(&l, name, a);
        if (!m)
            return false;
        m->objective = true;
    }
    r->n_objectives = l.n;
    for (size_t i = 0; i < r->n_trials; i++)
        for (size_t k = 0; k < r->trials[i]->n_metrics; k++) {
            report_metric *m = find_or_add(&l, r->trials[i]->metrics[k].name, a);
            if (!m)
                return false;
            if (isfinite(r->trials[i]->metrics[k].value))
                m->known++;
        }
    if (l.n > r->n_objectives)
        qsort(l.v + r->n_objectives, l.n - r->n_objectives, sizeof *l.v, by_name);

    double *values = ARENA_NEW(a, double, r->n_trials *l.n + 1);
    if (!values)
        return false;
    for (size_t i = 0; i < r->n_trials; i++)
        for (size_t k = 0; k < l.n; k++) {
            double v = trial_metric(r->trials[i], l.v[k].name);
            values[i * l.n + k] = isfinite(v) ? v : NAN;
        }
    r->metrics = l.v;
    r->n_metrics = l.n;
    r->values = values;
    return true;
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

/* The data set's description comes from the database as text; an unreadable one is left out, not trusted. */
static bool read_data(report *r, report_metric *metrics, arena *a)
{
    json_t *data = r->run->data_json ? json_loads(r->run->data_json, 0, NULL) : NULL;
    if (!json_is_object(data)) {
        json_decref(data);
        return true;
    }
    char *text = json_dumps(data, JSON_COMPACT | JSON_REAL_PRECISION(17));
    r->data_json = text ? arena_strdup(a, text) : NULL;
    free(text);
    r->classification = number_of(data, "classes") >= 2;
    const json_t *b = json_object_get(data, "baselines");
    if (json_is_object(b)) {
        report_baseline linear = {"linear model", number_of(b, "linear_val_error"), number_of(b, "linear_test_error"),
                                  number_of(b, "linear_macs")};
        report_baseline nearest = {"1-nearest neighbour", number_of(b, "nn1_val_error"),
                                   number_of(b, "nn1_test_error"), NAN};
        if (!isnan(linear.val_error) || !isnan(linear.test_error))
            r->baselines[r->n_baselines++] = linear;
        if (!isnan(nearest.val_error) || !isnan(nearest.test_error))
            r->baselines[r->n_baselines++] = nearest;
    }
    json_decref(data);
    for (size_t k = 0; k < r->n_metrics; k++) {
        bool in_unit_interval = true;
        for (size_t i = 0; i < r->n_trials; i++)
            in_unit_interval &= !(r->values[i * r->n_metrics + k] > 1);
        metrics[k].percent = r->classification && metrics[k].unit == REPORT_FRACTION && in_unit_interval;
    }
    return r->data_json != NULL;
}

typedef struct order_key {
    double value;
    uint64_t id;
    size_t index;
} order_key;

static int by_value_then_id(const void *x, const void *y)
{
    const order_key *a = x, *b = y;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* The objectives of the trials that may be on the front, packed: (n, m). Their indices in `index`. */
static size_t pack_results(const report *r, double *points, size_t *index)
{
    size_t n = 0, m = r->n_objectives;
    for (size_t i = 0; i < r->n_trials; i++) {
        const double *v = r->values + i * r->n_metrics;
        bool known = is_result(r->trials[i]);
        for (size_t k = 0; k < m; k++)
            known &= !isnan(v[k]);
        if (!known)
            continue;
        memcpy(points + n * m, v, m * sizeof *v);
        index[n++] = i;
    }
    return n;
}

static ash_status find_front(report *r, arena *a, ash_error *err)
{
    size_t m = r->n_objectives, cap = r->n_trials + 1;
    bool *on_front = ARENA_NEW(a, bool, cap);
    size_t *index = ARENA_NEW(a, size_t, cap), *members = ARENA_NEW(a, size_t, cap);
    double *points = ARENA_NEW(a, double, cap *(m + 1));
    order_key *keys = ARENA_NEW(a, order_key, cap);
    if (!on_front || !index || !members || !points || !keys)
        return ash_fail_memory(err);
    size_t n = m ? pack_results(r, points, index) : 0;
    r->n_front = n ? pareto_front(members, points, n, m) : 0;
    size_t by = m > 1 ? 1 : 0;
    for (size_t i = 0; i < r->n_front; i++) {
        size_t t = index[members[i]];
        on_front[t] = true;
        keys[i] = (order_key){.value = points[members[i] * m + by], .id = r->trials[t]->id, .index = t};
    }
    if (r->n_front)
        qsort(keys, r->n_front, sizeof *keys, by_value_then_id);
    for (size_t i = 0; i < r->n_front; i++)
        members[i] = keys[i].index;
    r->on_front = on_front;
    r->front = members;
    return ASH_OK;
}

ash_status report_build(const db_run *run, trial *const *trials, size_t n, arena *a, report **out, ash_error *err)
{
    report *r = ARENA_NEW(a, report, 1);
    if (!r)
        return ash_fail_memory(err);
    r->run = run;
    r->trials = trials;
    r->n_trials = n;
    if (!collect_metrics(r, a) || !read_data(r, (report_metric *)r->metrics, a))
        return ash_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        r->by_status[trials[i]->status]++;
        r->train_s += trials[i]->status == TRIAL_DUPLICATE ? 0 : trials[i]->wall_s;
    }
    ash_status s = find_front(r, a, err);
    if (s == ASH_OK)
        s = report_own_reference(r, a, err);
    *out = r;
    return s;
}

ash_status report_default_axes(const report *r, report_view *view, ash_error *err)
{
    int macs = report_metric_index(r, "macs");
    if (view->y < 0)
        view->y = view->x == 0 && r->n_metrics > 1 ? 1 : 0;
    if (view->x < 0) {
        view->x = r->n_objectives > 1 ? 1 : macs > 0 ? macs : 1;
        if (view->x == view->y)
            view->x = view->y ? 0 : r->n_metrics > 1;
    }
    if (r->n_metrics < 2 || view->x == view->y)
        return ash_fail(err, ASH_INVALID, "a front needs two different metrics; the run has %zu", r->n_metrics);
    return ASH_OK;
}
