/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hypervolume.c - the measure of what a set of points dominates, up to a reference point; exact
 *
 * One and two dimensions are a sweep. Three dimensions sweep the third value upwards and keep the area
 * dominated so far as a staircase; the staircase lives in a set of ranks with a bitmap per level (64 children
 * each), whose neighbours are found in a handful of steps, so the sweep costs O(n log n) for the sorts and
 * little else. More dimensions are WFG: the volume is the sum of what each point adds to those after it in
 * the order of the last value, worst first, and what it adds is a slice whose base has one dimension less:
 * the point's own box minus what the others, clipped to that box, cover of it.
 */
#include "core/pareto.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ a set of ranks with neighbours */

enum { LEVELS = 6 }; /* 64^6 ranks */

typedef struct rank_set {
    uint64_t *level[LEVELS];
    uint64_t *memory;
} rank_set;

static size_t rank_set_words(size_t n)
{
    size_t words = 0;
    for (int l = 0; l < LEVELS; l++)
        words += n = (n + 63) / 64 + (n == 0);
    return words;
}

static void rank_set_clear(rank_set *s, size_t n)
{
    memset(s->memory, 0, rank_set_words(n) * sizeof(uint64_t));
    uint64_t *at = s->memory;
    for (int l = 0; l < LEVELS; l++) {
        s->level[l] = at;
        at += n = (n + 63) / 64 + (n == 0);
    }
}

static void rank_set_add(rank_set *s, size_t rank)
{
    for (int l = 0; l < LEVELS; l++, rank /= 64)
        s->level[l][rank / 64] |= (uint64_t)1 << rank % 64;
}

static void rank_set_remove(rank_set *s, size_t rank)
{
    for (int l = 0; l < LEVELS; l++, rank /= 64)
        if (s->level[l][rank / 64] &= ~((uint64_t)1 << rank % 64))
            return;
}

static size_t descend(const rank_set *s, int level, size_t rank, bool lowest)
{
    while (level-- > 0) {
        uint64_t word = s->level[level][rank];
        rank = 64 * rank + (size_t)(lowest ? __builtin_ctzll(word) : 63 - __builtin_clzll(word));
    }
    return rank;
}

/* The nearest member above or below `rank`; SIZE_MAX: none. */
static size_t rank_set_next(const rank_set *s, size_t rank)
{
    for (int l = 0; l < LEVELS; l++, rank /= 64) {
        uint64_t word = rank % 64 == 63 ? 0 : s->level[l][rank / 64] >> (rank % 64 + 1);
        if (word)
            return descend(s, l, rank + 1 + (size_t)__builtin_ctzll(word), true);
    }
    return SIZE_MAX;
}

static size_t rank_set_previous(const rank_set *s, size_t rank)
{
    for (int l = 0; l < LEVELS; l++, rank /= 64) {
        uint64_t word = s->level[l][rank / 64] & (((uint64_t)1 << rank % 64) - 1);
        if (word)
            return descend(s, l, rank / 64 * 64 + 63 - (size_t)__builtin_clzll(word), false);
    }
    return SIZE_MAX;
}

/* ------------------------------------------------------------------ sweeps */

/* One call's memory, for up to n points; the recursion shares it. */
typedef struct workspace {
    size_t *order, *rank;
    double *x, *y; /* by rank: the staircase */
    rank_set set;
    double **clipped; /* by dimension: what remains of the others in a slice */
} workspace;

typedef struct table {
    const double *points;
    size_t stride, k; /* sorted by value k, then by those before it */
} table;

static int by_value(const void *a, const void *b, void *context)
{
    const table *t = context;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    const double *p = t->points + i * t->stride, *q = t->points + j * t->stride;
    for (size_t k = t->k + 1; k-- > 0;)
        if (p[k] != q[k])
            return p[k] < q[k] ? -1 : 1;
    return i < j ? -1 : i > j;
}

static void sort_by(size_t *order, const double *points, size_t n, size_t stride, size_t k)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    qsort_r(order, n, sizeof(*order), by_value, &(table){points, stride, k});
}

/* The first two values of rows of `stride`; by ascending second value, the first must improve to add a strip.
 */
static double sweep_2d(const double *points, size_t n, size_t stride, const double *reference, workspace *w)
{
    double area = 0, left = reference[0];
    sort_by(w->order, points, n, stride, 1);
    for (size_t i = 0; i < n; i++) {
        const double *p = points + w->order[i] * stride;
        if (p[0] < left) {
            area += (left - p[0]) * (reference[1] - p[1]);
            left = p[0];
        }
    }
    return area;
}

/* Puts a point into the staircase; returns the area it adds. */
static double climb(workspace *w, size_t rank, const double *p, const double *reference)
{
    size_t before = rank_set_previous(&w->set, rank);
    double height = before == SIZE_MAX ? reference[1] : w->y[before], from = p[0], gain = 0;
    if (height <= p[1])
        return 0;
    for (;;) {
        size_t next = rank_set_next(&w->set, rank);
        double to = next == SIZE_MAX ? reference[0] : w->x[next];
        gain += (to - from) * (height - p[1]);
        if (next == SIZE_MAX || w->y[next] < p[1])
            break;
        from = to;
        height = w->y[next];
        rank_set_remove(&w->set, next);
    }
    w->x[rank] = p[0];
    w->y[rank] = p[1];
    rank_set_add(&w->set, rank);
    return gain;
}

static double sweep_3d(const double *points, size_t n, size_t stride, const double *reference, workspace *w)
{
    double volume = 0, area = 0;
    sort_by(w->order, points, n, stride, 0);
    for (size_t i = 0; i < n; i++)
        w->rank[w->order[i]] = i;
    sort_by(w->order, points, n, stride, 2);
    rank_set_clear(&w->set, n);
    for (size_t i = 0; i < n; i++) {
        const double *p = points + w->order[i] * stride;
        area += climb(w, w->rank[w->order[i]], p, reference);
        double top = i + 1 < n ? points[w->order[i + 1] * stride + 2] : reference[2];
        volume += area * (top - p[2]);
    }
    return volume;
}

/* ------------------------------------------------------------------ WFG */

static bool no_worse(const double *a, const double *b, size_t m)
{
    for (size_t k = 0; k < m; k++)
        if (a[k] > b[k])
            return false;
    return true;
}

static double measure(const double *points, size_t n, size_t m, const double *reference, workspace *w);

/* What p's slice at its last value has of its own: the box of its first m values less what the others cover
 * of it. */
static double exclusive(const double *p, const double *others, const size_t *order, size_t n, size_t stride,
                        size_t m, const double *reference, workspace *w)
{
    double box = 1, *clipped = w->clipped[m];
    size_t kept = 0;
    for (size_t k = 0; k < m; k++)
        box *= reference[k] - p[k];
    for (size_t i = 0; i < n; i++) {
        const double *q = others + order[i] * stride;
        if (no_worse(q, p, m))
            return 0; /* exactly, where the difference of two products might leave dust */
        double *c = clipped + kept * m;
        for (size_t k = 0; k < m; k++)
            c[k] = q[k] > p[k] ? q[k] : p[k];
        bool covered = false; /* by one that is kept; in turn it may cover some */
        for (size_t j = 0; j < kept && !covered; j++)
            covered = no_worse(clipped + j * m, c, m);
        if (covered)
            continue;
        size_t left = 0;
        for (size_t j = 0; j < kept; j++) {
            if (!no_worse(c, clipped + j * m, m)) {
                if (left != j)
                    memcpy(clipped + left * m, clipped + j * m, m * sizeof(double));
                left++;
            }
        }
        if (left != kept)
            memcpy(clipped + left * m, c, m * sizeof(double));
        kept = left + 1;
    }
    return box - measure(clipped, kept, m, reference, w);
}

static double wfg(const double *points, size_t n, size_t m, const double *reference, workspace *w)
{
    size_t *order = malloc((n + 1) * sizeof(*order));
    double volume = 0;
    if (!order)
        return NAN;
    sort_by(order, points, n, m, m - 1);
    for (size_t i = n; i-- > 0;) {
        const double *p = points + order[i] * m;
        volume += (reference[m - 1] - p[m - 1]) * exclusive(p, points, order, i, m, m - 1, reference, w);
    }
    free(order);
    return volume;
}

/* Dense rows of m values, all strictly better than the reference. NaN when out of memory. */
static double measure(const double *points, size_t n, size_t m, const double *reference, workspace *w)
{
    double best;
    if (!n)
        return 0;
    switch (m) {
    case 0:
        return 1;
    case 1:
        best = points[0];
        for (size_t i = 1; i < n; i++)
            best = points[i] < best ? points[i] : best;
        return reference[0] - best;
    case 2:
        return sweep_2d(points, n, m, reference, w);
    case 3:
        return sweep_3d(points, n, m, reference, w);
    default:
        return wfg(points, n, m, reference, w);
    }
}

/* ------------------------------------------------------------------ the public face */

static void close_workspace(workspace *w, size_t m)
{
    for (size_t k = 0; w->clipped && k < m; k++)
        free(w->clipped[k]);
    free(w->clipped);
    free(w->order);
    free(w->rank);
    free(w->x);
    free(w->y);
    free(w->set.memory);
}

/* Slices of m dimensions have m - 1, so clipped[m - 1] is the first; contributions clip in all m. */
static bool open_workspace(workspace *w, size_t n, size_t m)
{
    *w = (workspace){0};
    w->order = malloc((n + 1) * sizeof(*w->order));
    w->rank = malloc((n + 1) * sizeof(*w->rank));
    w->x = malloc((n + 1) * sizeof(*w->x));
    w->y = malloc((n + 1) * sizeof(*w->y));
    w->set.memory = malloc(rank_set_words(n) * sizeof(uint64_t));
    w->clipped = calloc(m + 1, sizeof(*w->clipped));
    bool ok = w->order && w->rank && w->x && w->y && w->set.memory && w->clipped;
    for (size_t k = 1; ok && k <= m; k++)
        ok = (w->clipped[k] = malloc((n + 1) * k * sizeof(double))) != NULL;
    return ok;
}

/* Copies the points that are strictly better than the reference (a NaN is not). */
static size_t inside(double *kept, size_t *index, const double *points, size_t n, size_t m,
                     const double *reference)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        bool better = true;
        for (size_t k = 0; k < m; k++)
            better &= points[i * m + k] < reference[k];
        if (!better)
            continue;
        memcpy(kept + count * m, points + i * m, m * sizeof(double));
        index[count++] = i;
    }
    return count;
}

double pareto_hypervolume(const double *points, size_t n, size_t m, const double *reference)
{
    workspace w = {0};
    double volume = NAN, *kept = malloc((n * m + 1) * sizeof(*kept));
    size_t *index = malloc((n + 1) * sizeof(*index));
    if (kept && index) {
        size_t count = inside(kept, index, points, n, m, reference);
        if (m > 3) { /* dominated points and copies would only cost time */
            size_t front = pareto_front(index, kept, count, m);
            for (size_t i = 0; i < front; i++)
                memmove(kept + i * m, kept + index[i] * m, m * sizeof(double));
            count = front;
        }
        if (open_workspace(&w, count, m))
            volume = measure(kept, count, m, reference, &w);
        close_workspace(&w, m + 1);
    }
    free(kept);
    free(index);
    return volume;
}

bool pareto_contributions(double *contribution, const double *points, size_t n, size_t m,
                          const double *reference)
{
    workspace w = {0};
    double *kept = malloc((n * m + 1) * sizeof(*kept));
    size_t *index = malloc((n + 1) * sizeof(*index)), *others = malloc((n + 1) * sizeof(*others));
    bool ok = kept && index && others;
    if (ok) {
        size_t count = inside(kept, index, points, n, m, reference);
        for (size_t i = 0; i < n; i++)
            contribution[i] = 0;
        ok = open_workspace(&w, count, m);
        for (size_t i = 0; ok && i < count; i++) {
            size_t left = 0;
            for (size_t j = 0; j < count; j++)
                if (j != i)
                    others[left++] = j;
            double own = exclusive(kept + i * m, kept, others, left, m, m, reference, &w);
            contribution[index[i]] = own;
            ok = !isnan(own);
        }
        close_workspace(&w, m + 1);
    }
    free(kept);
    free(index);
    free(others);
    return ok;
}
