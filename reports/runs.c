/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runs.c - several runs side by side: loading, refusing what cannot be compared, the common reference point and budget */
#include "reports/private.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *file_stem(const char *path, arena *a)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    return arena_strndup(a, name, dot && dot != name ? (size_t)(dot - name) : strlen(name));
}

static ash_status load_one(runs *s, db *d, const char *path, int64_t run, bool alone, arena *a, ash_error *err)
{
    report *r;
    const char *slash = strrchr(path, '/'), *stem = file_stem(path, a);
    if (!stem)
        return ash_fail_memory(err);
    if (report_load(d, run, slash ? slash + 1 : path, a, &r, err) != ASH_OK)
        return ash_prefix(err, "%s", path);
    if (!r->n_trials)
        return ash_fail(err, ASH_INVALID, "%s: run %" PRId64 " has no trials yet; there is nothing to compare", path, r->run->id);
    s->labels[s->n] = alone ? stem : arena_printf(a, "%s#%" PRId64, stem, r->run->id);
    if (!s->labels[s->n])
        return ash_fail_memory(err);
    s->v[s->n++] = r;
    return ASH_OK;
}

static bool grow(runs *s, size_t *cap, size_t more, arena *a)
{
    if (s->n + more <= *cap)
        return true;
    size_t wanted = 2 * (s->n + more);
    report **v = ARENA_NEW(a, report *, wanted);
    const char **labels = ARENA_NEW(a, const char *, wanted);
    if (!v || !labels)
        return false;
    if (s->n) {
        memcpy(v, s->v, s->n * sizeof *v);
        memcpy(labels, s->labels, s->n * sizeof *labels);
    }
    s->v = v;
    s->labels = labels;
    *cap = wanted;
    return true;
}

static ash_status load_file(runs *s, size_t *cap, const runs_request *q, const char *path, arena *a, ash_error *err)
{
    db *d = NULL;
    int64_t *ids = NULL;
    size_t n = 0;
    if (db_open_reader(path, &d, err) != ASH_OK)
        return err->status;
    ash_status status = db_run_ids(d, a, &ids, &n, err);
    if (status == ASH_OK && !n)
        status = ash_fail(err, ASH_INVALID, "%s holds no run", path);
    if (status == ASH_OK && !grow(s, cap, n, a))
        status = ash_fail_memory(err);
    if (status == ASH_OK && q->run)
        status = load_one(s, d, path, q->run, n == 1, a, err);
    for (size_t i = 0; status == ASH_OK && !q->run && i < n; i++)
        status = load_one(s, d, path, ids[i], n == 1, a, err);
    db_close(d);
    return status;
}

static const char *or_none(const char *text)
{
    return text && *text ? text : "none";
}

/* Two runs that differ in more than method and seed cannot be compared; a run does not repeat itself. */
static ash_status check_pair(const runs *s, size_t i, size_t j, ash_error *err)
{
    const report *p = s->v[i], *q = s->v[j];
    bool same = p->n_objectives == q->n_objectives;
    for (size_t k = 0; same && k < p->n_objectives; k++)
        same = strcmp(p->metrics[k].name, q->metrics[k].name) == 0;
    if (!same)
        return ash_fail(err, ASH_INVALID,
                        "%s has the objectives %s and %s has %s; runs of different objectives cannot be compared", s->labels[i],
                        or_none(p->run->objectives), s->labels[j], or_none(q->run->objectives));
    if (strcmp(or_none(p->run->data_hash), or_none(q->run->data_hash)) != 0)
        return ash_fail(err, ASH_INVALID,
                        "%s was searched on \"%s\" and %s on \"%s\", whose samples, splits or normalisation differ; runs on "
                        "different data cannot be compared",
                        s->labels[i], or_none(p->run->data_name), s->labels[j], or_none(q->run->data_name));
    if (!hash_is_zero(&p->run->identity) && hash_equal(&p->run->identity, &q->run->identity))
        return ash_fail(err, ASH_INVALID,
                        "%s and %s are the same run (same settings, same seed); a repetition needs a seed of its own",
                        s->labels[i], s->labels[j]);
    return ASH_OK;
}

static ash_status choose_reference(runs *s, const runs_request *q, arena *a, ash_error *err)
{
    size_t m = s->v[0]->n_objectives;
    double *reference = ARENA_NEW(a, double, m + 1);
    if (!reference)
        return ash_fail_memory(err);
    bool given = false, any = false;
    if (q->reference) {
        given = report_parse_reference(q->reference, m, reference);
        if (!given)
            return ash_fail(err, ASH_INVALID, "--reference takes one number for each objective (%s), not \"%s\"",
                            s->v[0]->run->objectives, q->reference);
    } else if (s->v[0]->reference_given) {
        given = true;
        for (size_t i = 1; i < s->n; i++)
            given &= s->v[i]->reference_given && memcmp(s->v[i]->reference, s->v[0]->reference, m * sizeof *reference) == 0;
        memcpy(reference, s->v[0]->reference, m * sizeof *reference);
    }
    for (size_t k = 0; k < m && !given; k++) {
        double ideal = INFINITY, nadir = -INFINITY;
        for (size_t i = 0; i < s->n; i++)
            for (size_t f = 0; f < s->v[i]->n_front; f++) {
                double v = s->v[i]->values[s->v[i]->front[f] * s->v[i]->n_metrics + k];
                ideal = fmin(ideal, v);
                nadir = fmax(nadir, v);
                any = true;
            }
        reference[k] = report_beyond(ideal, nadir);
    }
    s->reference = given || any ? reference : NULL;
    s->reference_given = given;
    for (size_t i = 0; i < s->n; i++)
        if (report_set_reference(s->v[i], s->reference, given, a, err) != ASH_OK)
            return err->status;
    s->box = s->v[0]->box;
    for (size_t i = 0; i < s->n; i++)
        s->box = s->v[i]->box > 0 ? s->box : 0;
    return ASH_OK;
}

static double spent(const report *r, runs_axis axis)
{
    return axis == RUNS_EVALUATIONS ? (double)r->evaluations : (double)r->trained_macs;
}

static void find_budgets(runs *s)
{
    for (int axis = 0; axis < 2; axis++) {
        double least = INFINITY, most = 0;
        for (size_t i = 0; i < s->n; i++) {
            least = fmin(least, spent(s->v[i], axis));
            most = fmax(most, spent(s->v[i], axis));
        }
        s->budget[axis] = least;
        s->same_budget[axis] = least == most;
    }
}

ash_status runs_load(const runs_request *q, arena *a, runs **out, ash_error *err)
{
    runs *s = ARENA_NEW(a, runs, 1);
    size_t cap = 0;
    if (!s)
        return ash_fail_memory(err);
    for (size_t i = 0; i < q->n; i++)
        if (load_file(s, &cap, q, q->paths[i], a, err) != ASH_OK)
            return err->status;
    if (!s->n)
        return ash_fail(err, ASH_INVALID, "there is no run to compare");
    for (size_t j = 1; j < s->n; j++)
        for (size_t i = 0; i < j; i++)
            if (check_pair(s, i, j, err) != ASH_OK)
                return err->status;
    if (runs_make_groups(s, q, a, err) != ASH_OK || choose_reference(s, q, a, err) != ASH_OK)
        return err->status;
    find_budgets(s);
    *out = s;
    return ASH_OK;
}
