/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare.c - see compare.h
 *
 * The bootstrap of a pair draws from a stream of the pair's number, so the same runs in the same order give the same interval. */
#include "reports/compare.h"
#include <math.h>
#include <string.h>

static double *values_of(const comparison *c, const runs_group *g, arena *a)
{
    double *v = ARENA_NEW(a, double, g->n + 1);
    for (size_t i = 0; v && i < g->n; i++)
        v[i] = c->final[g->members[i]];
    return v;
}

/* Runs of one seed in both groups, once each. */
static size_t pair_by_seed(const comparison *c, const runs_group *g, const runs_group *h, double *x, double *y)
{
    size_t n = 0;
    for (size_t i = 0, j = 0; i < g->n && j < h->n;) { /* members are in order of seed */
        uint64_t p = c->s->v[g->members[i]]->run->seed, q = c->s->v[h->members[j]]->run->seed;
        if (p == q) {
            x[n] = c->final[g->members[i]];
            y[n++] = c->final[h->members[j]];
        }
        i += p <= q;
        j += q <= p;
    }
    return n;
}

static ash_status compare_pair_of(const comparison *c, compare_pair *p, uint64_t index, arena *a, ash_error *err)
{
    const runs_group *g = &c->s->groups[p->a], *h = &c->s->groups[p->b];
    double *x = values_of(c, g, a), *y = values_of(c, h, a);
    double *px = ARENA_NEW(a, double, g->n + 1), *py = ARENA_NEW(a, double, g->n + 1);
    if (!x || !y || !px || !py)
        return ash_fail_memory(err);
    p->difference = c->groups[p->a].median - c->groups[p->b].median;
    p->a12 = stats_a12(x, g->n, y, h->n);
    p->low = p->high = p->p_holm = NAN;
    p->mann_whitney = (stats_test){.statistic = NAN, .p = NAN};
    if (g->n > 1 && h->n > 1) {
        rng r = rng_stream(0, "compare bootstrap", index);
        stats_bootstrap_median_difference(x, g->n, y, h->n, &r, &p->low, &p->high);
        p->mann_whitney = stats_mann_whitney(x, g->n, y, h->n);
        p->p_holm = p->mann_whitney.p;
    }
    size_t n = pair_by_seed(c, g, h, px, py);
    p->wilcoxon = n > 1 ? stats_wilcoxon(px, py, n) : (stats_test){.statistic = NAN, .p = NAN};
    return ASH_OK;
}

static ash_status adjust(comparison *c, arena *a, ash_error *err)
{
    double *p = ARENA_NEW(a, double, c->n_pairs + 1);
    if (!p)
        return ash_fail_memory(err);
    for (size_t i = 0; i < c->n_pairs; i++)
        p[i] = c->pairs[i].p_holm;
    stats_holm(p, c->n_pairs);
    for (size_t i = 0; i < c->n_pairs; i++)
        c->pairs[i].p_holm = p[i];
    return ASH_OK;
}

ash_status compare_runs(const runs *s, runs_axis axis, arena *a, comparison *out, ash_error *err)
{
    if (s->n < 2)
        return ash_fail(err, ASH_INVALID, "a comparison needs at least two runs, and %s is the only one", s->labels[0]);
    if (!s->reference)
        return ash_fail(err, ASH_INVALID, "no run has a result over its objectives; there is nothing to compare");
    size_t n = s->n_groups;
    double *final = ARENA_NEW(a, double, s->n);
    *out = (comparison){.s = s, .axis = axis, .budget = s->budget[axis], .scale = s->box > 0 ? 100 / s->box : 1, .final = final};
    out->groups = ARENA_NEW(a, stats_summary, n);
    out->pairs = ARENA_NEW(a, compare_pair, n * (n - 1) / 2 + 1);
    if (!final || !out->groups || !out->pairs)
        return ash_fail_memory(err);
    for (size_t i = 0; i < s->n; i++)
        final[i] = out->scale * runs_hypervolume(s->v[i], axis, out->budget);
    for (size_t g = 0; g < n; g++) {
        const double *v = values_of(out, &s->groups[g], a);
        if (!v)
            return ash_fail_memory(err);
        out->groups[g] = stats_summarize(v, s->groups[g].n);
    }
    for (size_t g = 0; g < n; g++)
        for (size_t h = g + 1; h < n; h++) {
            compare_pair *p = &out->pairs[out->n_pairs];
            *p = (compare_pair){.a = g, .b = h};
            if (compare_pair_of(out, p, out->n_pairs++, a, err) != ASH_OK)
                return err->status;
        }
    return adjust(out, a, err);
}
