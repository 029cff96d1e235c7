/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder.c - see recorder.h */
#include "run/recorder.h"
#include "core/pareto.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void recorder_init(recorder *r)
{
    *r = (recorder){.best = INFINITY};
    pthread_mutex_init(&r->lock, NULL);
}

void recorder_fini(recorder *r)
{
    kept_free(&r->kept);
    free(r->ids);
    free(r->points);
    pthread_mutex_destroy(&r->lock);
}

/* ---- weights ---- */

void recorder_keep(void *ctx, uint64_t trial_id, const void *bytes, size_t n)
{
    recorder *r = ctx;
    pthread_mutex_lock(&r->lock);
    if (!kept_put(&r->kept, trial_id, bytes, n))
        r->out_of_memory = true;
    pthread_mutex_unlock(&r->lock);
}

kept_weights *recorder_take(recorder *r, uint64_t trial_id)
{
    pthread_mutex_lock(&r->lock);
    kept_weights *found = kept_take(&r->kept, trial_id);
    pthread_mutex_unlock(&r->lock);
    return found;
}

/* ---- the front ---- */

static bool grow(recorder *r)
{
    if (r->n < r->cap)
        return true;
    size_t cap = r->cap ? 2 * r->cap : 64;
    uint64_t *ids = realloc(r->ids, cap * sizeof(*ids));
    if (ids)
        r->ids = ids;
    double *points = ids ? realloc(r->points, cap * r->m * sizeof(*points)) : NULL;
    if (points) {
        r->points = points;
        r->cap = cap;
    }
    return points != NULL;
}

static bool is_member(const recorder *r, uint64_t id)
{
    size_t i = 0;
    while (i < r->n && r->ids[i] != id)
        i++;
    return i < r->n;
}

/* Its point, behind the members' points; false: it has none, or a member is as good. */
static bool is_new(recorder *r, const trial *t)
{
    size_t m = r->m;
    double *p = r->points + r->n * m;
    for (size_t k = 0; k < m; k++)
        if (isnan(p[k] = trial_metric(t, r->session->objectives[k])))
            return false;
    for (size_t i = 0; i < r->n; i++)
        if (r->ids[i] == t->id || pareto_dominates(r->points + i * m, p, m))
            return false;
    return true;
}

bool recorder_wants(void *ctx, const trial *t)
{
    recorder *r = ctx;
    return t->status == TRIAL_OK && grow(r) && is_new(r, t);
}

/* *entered: the trial is a member now. Members that it dominates leave, and so do their weights when `drop`. */
static ash_status enter(recorder *r, const trial *t, bool drop, bool *entered, ash_error *err)
{
    *entered = false;
    if (t->status != TRIAL_OK)
        return ASH_OK;
    if (!grow(r))
        return ash_fail_memory(err);
    size_t m = r->m, kept = 0;
    const double *p = r->points + r->n * m;
    if (!is_new(r, t))
        return ASH_OK;
    for (size_t i = 0; i < r->n; i++) {
        if (pareto_dominates(p, r->points + i * m, m)) {
            if (drop && db_drop_weights(r->db, r->run, r->ids[i], err) != ASH_OK)
                return err->status;
            continue;
        }
        r->ids[kept] = r->ids[i];
        memmove(r->points + kept * m, r->points + i * m, m * sizeof(*p));
        kept++;
    }
    memmove(r->points + kept * m, p, m * sizeof(*p));
    r->ids[kept] = t->id;
    r->n = kept + 1;
    r->best = fmin(r->best, r->points[kept * m]);
    *entered = true;
    return ASH_OK;
}

/* ---- hooks ---- */

static ash_status cost(void *ctx, const genome *g, trial *t, arena *a, ash_error *err)
{
    recorder *r = ctx;
    return r->session->type->cost(r->session->evaluator, g, t, a, err);
}

static bool known(void *ctx, trial *t, arena *a)
{
    recorder *r = ctx;
    trial found;
    if (r->alone)
        return false;
    if (!db_find_key(r->db, &t->key, a, &found))
        return false;
    t->status = found.status;
    t->reason = found.reason;
    t->metrics = found.metrics;
    t->n_metrics = found.n_metrics;
    t->curve = found.curve;
    t->n_curve = found.n_curve;
    t->weights_hash = found.weights_hash;
    t->trained_macs = found.trained_macs;
    t->found_in = found.found_in;
    return true;
}

/* Weights first: a member of the front without weights would have to be trained again after a crash. */
static ash_status done(void *ctx, const trial *t, ash_error *err)
{
    recorder *r = ctx;
    bool entered;
    if (r->out_of_memory)
        return ash_fail_memory(err);
    kept_weights *w = recorder_take(r, t->id);
    ash_status status = enter(r, t, true, &entered, err);
    if (status == ASH_OK && entered && w)
        status = db_put_weights(r->db, r->run, t->id, w->bytes, w->n, err);
    free(w);
    return status == ASH_OK ? db_put_trial(r->db, r->run, t, err) : status;
}

/* What was evaluated is stored already; duplicates and rejects come here only. */
static ash_status told(void *ctx, const trial *t, ash_error *err)
{
    recorder *r = ctx;
    return controller_is_result(t) ? ASH_OK : db_put_trial(r->db, r->run, t, err);
}

controller_hooks recorder_hooks(recorder *r)
{
    return (controller_hooks){.ctx = r, .cost = cost, .told = told, .known = known, .done = done};
}

ash_status recorder_resume(recorder *r, session *s, db *d, int64_t run, const trial *const *stored, size_t n,
                           ash_error *err)
{
    r->session = s;
    r->db = d;
    r->run = run;
    r->m = s->n_objectives;
    bool entered;
    int64_t *runs;
    size_t n_runs;
    if (db_run_ids(d, s->file->arena, &runs, &n_runs, err) != ASH_OK)
        return err->status;
    r->alone = n_runs == 1 && !s->file->objectives.duplicates; /* its own results the controller knows */
    for (size_t i = 0; i < n; i++)
        if (enter(r, stored[i], false, &entered, err) != ASH_OK)
            return err->status;
    for (size_t i = 0; i < n; i++) /* a crash may have left weights behind */
        if (!is_member(r, stored[i]->id) && db_drop_weights(d, run, stored[i]->id, err) != ASH_OK)
            return err->status;
    return ASH_OK;
}
