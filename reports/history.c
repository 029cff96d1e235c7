/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history.c - the reference point, and how the hypervolume grew
 *
 * The anytime curve: trials are visited in virtual order and the non-dominated ones so far are kept in an archive. The
 * hypervolume is computed again only when a trial enters the archive, from the archive alone, so a run of ten thousand
 * trials costs a few hundred small hypervolumes.
 *
 * Without a reference point of its own, a run gets one from its front: the nadir (the worst value of each objective
 * on the front) plus a tenth of the distance to the ideal, so that the extremes count too (Ishibuchi et al. 2018,
 * doi:10.1162/evco_a_00226, discuss the choice). Such a hypervolume compares nothing across runs; reports say which it is. */
#include "core/pareto.h"
#include "core/text.h"
#include "reports/report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool report_parse_reference(const char *text, size_t m, double *out)
{
    size_t n = 0;
    while (text && *text) {
        size_t len = strcspn(text, ",");
        char word[64];
        const char *from = text + strspn(text, " ");
        size_t used = len - (size_t)(from - text);
        if (used >= sizeof word || n == m)
            return false;
        memcpy(word, from, used);
        while (used && word[used - 1] == ' ')
            used--;
        word[used] = 0;
        if (!text_to_real(word, &out[n++]))
            return false;
        text += len;
        text += *text == ',';
    }
    return n == m && m > 0;
}

double report_beyond(double ideal, double nadir)
{
    return nadir + (nadir > ideal ? 0.1 * (nadir - ideal) : nadir != 0 ? 0.1 * fabs(nadir) : 1);
}

static bool choose_reference(const report *r, double *out)
{
    if (!r->n_front)
        return false;
    for (size_t k = 0; k < r->n_objectives; k++) {
        double ideal = INFINITY, nadir = -INFINITY;
        for (size_t i = 0; i < r->n_front; i++) {
            double v = r->values[r->front[i] * r->n_metrics + k];
            ideal = fmin(ideal, v);
            nadir = fmax(nadir, v);
        }
        out[k] = report_beyond(ideal, nadir);
    }
    return true;
}

/* A share of the box below the reference needs objectives of one sign. */
static double box_of(const report *r)
{
    double box = 1;
    for (size_t k = 0; k < r->n_objectives; k++)
        box *= r->reference[k] > 0 ? r->reference[k] : 0;
    for (size_t i = 0; i < r->n_front; i++)
        for (size_t k = 0; k < r->n_objectives; k++)
            if (r->values[r->front[i] * r->n_metrics + k] < 0)
                box = 0;
    return box;
}

/* Put p into the archive of n rows unless a row dominates or equals it; drop what it dominates. True when it went in. */
static bool archive_put(double *rows, size_t *n, const double *p, size_t m)
{
    for (size_t i = 0; i < *n; i++)
        if (pareto_dominates(rows + i * m, p, m) || !memcmp(rows + i * m, p, m * sizeof *p))
            return false;
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (!pareto_dominates(p, rows + i * m, m)) {
            if (kept != i)
                memmove(rows + kept * m, rows + i * m, m * sizeof *p);
            kept++;
        }
    memcpy(rows + kept * m, p, m * sizeof *p);
    *n = kept + 1;
    return true;
}

bool report_counts(const trial *t)
{
    return t->status != TRIAL_DUPLICATE && t->status != TRIAL_INVALID && t->status != TRIAL_INFEASIBLE &&
           t->status != TRIAL_PENDING;
}

typedef struct told {
    uint64_t finish, id;
    size_t index;
} told;

static int by_finish_then_id(const void *x, const void *y)
{
    const told *a = x, *b = y;
    if (a->finish != b->finish)
        return a->finish < b->finish ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

size_t *report_virtual_order(const report *r, arena *a)
{
    told *keys = ARENA_NEW(a, told, r->n_trials + 1);
    size_t *order = ARENA_NEW(a, size_t, r->n_trials + 1);
    if (!keys || !order)
        return NULL;
    for (size_t i = 0; i < r->n_trials; i++) {
        const trial *t = r->trials[i];
        keys[i] = (told){t->virtual_start + t->virtual_duration, t->id, i};
    }
    qsort(keys, r->n_trials, sizeof *keys, by_finish_then_id);
    for (size_t i = 0; i < r->n_trials; i++)
        order[i] = keys[i].index;
    return order;
}

static ash_status grow_history(report *r, arena *a, ash_error *err)
{
    size_t m = r->n_objectives, n = r->n_trials, archived = 0;
    const size_t *order = report_virtual_order(r, a);
    double *archive = ARENA_NEW(a, double, (n + 1) * (m + 1));
    report_step *steps = ARENA_NEW(a, report_step, n + 2);
    if (!order || !archive || !steps)
        return ash_fail_memory(err);
    uint64_t evaluations = 0, macs = 0;
    r->hypervolume = r->reference ? 0 : NAN;
    r->n_history = 0;
    if (r->reference)
        steps[r->n_history++] = (report_step){0};
    for (size_t i = 0; i < n; i++) {
        const trial *t = r->trials[order[i]];
        evaluations += report_counts(t);
        macs += t->status == TRIAL_DUPLICATE ? 0 : t->trained_macs;
        if (!r->reference || t->status != TRIAL_OK)
            continue;
        const double *p = r->values + order[i] * r->n_metrics;
        bool inside = true;
        for (size_t k = 0; k < m; k++)
            inside &= p[k] < r->reference[k]; /* false for NaN too */
        if (!inside || !archive_put(archive, &archived, p, m))
            continue;
        double hv = pareto_hypervolume(archive, archived, m, r->reference);
        if (isnan(hv))
            return ash_fail_memory(err);
        if (hv > r->hypervolume) {
            r->hypervolume = hv;
            steps[r->n_history++] = (report_step){evaluations, t->id, macs, hv};
        }
    }
    if (r->reference && (steps[r->n_history - 1].evaluations < evaluations || steps[r->n_history - 1].trained_macs < macs))
        steps[r->n_history++] = (report_step){evaluations, 0, macs, r->hypervolume};
    r->evaluations = evaluations;
    r->trained_macs = macs;
    r->history = steps;
    return ASH_OK;
}

ash_status report_set_reference(report *r, const double *reference, bool given, arena *a, ash_error *err)
{
    r->reference = reference;
    r->reference_given = given;
    r->box = reference ? box_of(r) : 0;
    return grow_history(r, a, err);
}

ash_status report_own_reference(report *r, arena *a, ash_error *err)
{
    double *reference = ARENA_NEW(a, double, r->n_objectives + 1);
    if (!reference)
        return ash_fail_memory(err);
    bool given = report_parse_reference(r->run->reference, r->n_objectives, reference);
    return report_set_reference(r, given || choose_reference(r, reference) ? reference : NULL, given, a, err);
}
