/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pareto.c - dominance, fronts, ranks, crowding; hypervolume is in hypervolume.c
 *
 * Everything starts from the lexicographic order of the points: a point can only be dominated by one that
 * comes before it, and equal points stand side by side. Points with a NaN come last and share the last rank.
 */
#include "core/pareto.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct table {
    const double *points;
    size_t m;
} table;

static const double *row(const table *t, size_t i)
{
    return t->points + i * t->m;
}

static bool has_nan(const double *p, size_t m)
{
    for (size_t k = 0; k < m; k++)
        if (isnan(p[k]))
            return true;
    return false;
}

bool pareto_dominates(const double *a, const double *b, size_t m)
{
    bool better = false;
    if (has_nan(a, m))
        return false;
    if (has_nan(b, m))
        return true;
    for (size_t k = 0; k < m; k++) {
        if (a[k] > b[k])
            return false;
        better |= a[k] < b[k];
    }
    return better;
}

static int compare_rows(const double *a, const double *b, size_t m)
{
    for (size_t k = 0; k < m; k++)
        if (a[k] != b[k])
            return a[k] < b[k] ? -1 : 1;
    return 0;
}

static int by_row(const void *x, const void *y, void *context)
{
    const table *t = context;
    size_t i = *(const size_t *)x, j = *(const size_t *)y;
    int order = compare_rows(row(t, i), row(t, j), t->m);
    return order ? order : i < j ? -1 : 1;
}

static int by_index(const void *x, const void *y)
{
    size_t i = *(const size_t *)x, j = *(const size_t *)y;
    return i < j ? -1 : i > j;
}

/* The points without a NaN in lexicographic order; returns their number. */
static size_t sorted(size_t *order, size_t n, table *t)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (!has_nan(row(t, i), t->m))
            order[count++] = i;
    qsort_r(order, count, sizeof(*order), by_row, t);
    return count;
}

/* In two dimensions the last front member in lexicographic order has the smallest second value, so it alone
 * decides; in more, any earlier member may dominate. Recent ones are the likelier, so the search runs
 * backwards. */
static bool front_dominates(const size_t *front, size_t count, const double *p, const table *t)
{
    if (t->m <= 2)
        return count && pareto_dominates(row(t, front[count - 1]), p, t->m);
    for (size_t i = count; i-- > 0;)
        if (pareto_dominates(row(t, front[i]), p, t->m))
            return true;
    return false;
}

/* In three dimensions a Fenwick tree over the ranks of the second value keeps the least third value seen: O(n
 * log n). Compacts `order` to the front; false when out of memory. */
static bool front_3d(size_t *order, size_t *count, const table *t)
{
    size_t n = *count, kept = 0;
    double *second = malloc((n + 1) * sizeof(*second)), *least = malloc((n + 1) * sizeof(*least));
    size_t *rank = malloc((n + 1) * sizeof(*rank)), *by_second = malloc((n + 1) * sizeof(*by_second));
    bool ok = second && least && rank && by_second;
    if (ok) {
        for (size_t i = 0; i < n; i++)
            second[i] = row(t, order[i])[1], by_second[i] = i;
        qsort_r(by_second, n, sizeof(*by_second), by_row, &(table){second, 1});
        for (size_t i = 0, r = 0; i < n; i++) {
            r += !i || second[by_second[i]] != second[by_second[i - 1]];
            rank[by_second[i]] = r;
        }
        for (size_t r = 0; r <= n; r++)
            least[r] = NAN; /* nothing yet */
        const double *last = NULL;
        bool last_kept = false; /* copies of a point share its fate */
        for (size_t i = 0; i < n; i++) {
            const double *p = row(t, order[i]);
            if (!last || compare_rows(p, last, 3)) {
                double best = NAN;
                for (size_t r = rank[i]; r; r -= r & -r)
                    best = best <= least[r] ? best : isnan(least[r]) ? best : least[r];
                last_kept = !(best <= p[2]);
                for (size_t r = rank[i]; r <= n; r += r & -r)
                    least[r] = least[r] <= p[2] ? least[r] : p[2];
            }
            last = p;
            if (last_kept)
                order[kept++] = order[i];
        }
        *count = kept;
    }
    free(second);
    free(least);
    free(rank);
    free(by_second);
    return ok;
}

size_t pareto_front(size_t *front, const double *points, size_t n, size_t m)
{
    table t = {points, m};
    size_t count = sorted(front, n, &t), kept = 0;
    if (m != 3 || count < 64 || !front_3d(front, &count, &t)) {
        for (size_t i = 0; i < count; i++)
            if (!front_dominates(front, kept, row(&t, front[i]), &t))
                front[kept++] = front[i];
        count = kept;
    }
    qsort(front, count, sizeof(*front), by_index);
    return count;
}

/* Efficient non-dominated sort with binary search (Zhang et al. 2015, doi:10.1109/TEVC.2014.2308305): in
 * lexicographic order a point joins the first front without a member that dominates it, and if front k
 * dominates it, so do all before. Fronts are linked lists, latest member first. */
size_t pareto_rank(size_t *rank, const double *points, size_t n, size_t m)
{
    table t = {points, m};
    size_t *order = malloc((n + 1) * sizeof(*order)), *last = malloc((n + 1) * sizeof(*last));
    size_t *before = malloc((n + 1) * sizeof(*before)), fronts = 0;
    if (order && last && before) {
        size_t count = sorted(order, n, &t);
        for (size_t i = 0; i < n; i++)
            rank[i] = SIZE_MAX;
        for (size_t i = 0; i < count; i++) {
            size_t low = 0, high = fronts;
            while (low < high) {
                size_t middle = (low + high) / 2, j = last[middle];
                while (j != SIZE_MAX && !pareto_dominates(row(&t, j), row(&t, order[i]), m))
                    j = m <= 2 ? SIZE_MAX : before[j];
                if (j == SIZE_MAX)
                    high = middle;
                else
                    low = middle + 1;
            }
            before[order[i]] = low < fronts ? last[low] : SIZE_MAX;
            last[low] = order[i];
            rank[order[i]] = low;
            fronts += low == fronts;
        }
        for (size_t i = 0; i < n; i++)
            if (rank[i] == SIZE_MAX)
                rank[i] = fronts;
        fronts += count < n;
    }
    free(order);
    free(last);
    free(before);
    return fronts;
}

/* Positions in `members` are sorted by one objective, or, for k = m, by all of them. */
typedef struct column {
    table t;
    const size_t *members;
    size_t k;
} column;

static int by_column(const void *x, const void *y, void *context)
{
    const column *c = context;
    size_t i = c->members[*(const size_t *)x], j = c->members[*(const size_t *)y];
    const double *a = row(&c->t, i), *b = row(&c->t, j);
    int order = c->k < c->t.m ? compare_rows(a + c->k, b + c->k, 1) : compare_rows(a, b, c->t.m);
    return order ? order : i < j ? -1 : i > j;
}

bool pareto_crowding(double *distance, const size_t *members, size_t n, const double *points, size_t m)
{
    column c = {{points, m}, members, m};
    size_t *order = malloc((n + 1) * sizeof(*order)), count = 0, kept = 0;
    if (!order)
        return false;
    for (size_t i = 0; i < n; i++) {
        distance[i] = 0;
        if (!has_nan(row(&c.t, members[i]), m))
            order[count++] = i;
    }
    qsort_r(order, count, sizeof(*order), by_column, &c);
    for (size_t i = 0; i < count; i++)
        if (!kept || compare_rows(row(&c.t, members[order[i]]), row(&c.t, members[order[kept - 1]]), m))
            order[kept++] = order[i];
    for (c.k = 0; c.k < m; c.k++) {
        qsort_r(order, kept, sizeof(*order), by_column, &c);
        const double *low = kept ? row(&c.t, members[order[0]]) : NULL;
        double range = kept ? row(&c.t, members[order[kept - 1]])[c.k] - low[c.k] : 0;
        if (!(range > 0) && kept > 1)
            continue;
        if (kept) {
            distance[order[0]] = INFINITY;
            distance[order[kept - 1]] = INFINITY;
        }
        for (size_t i = 1; i + 1 < kept; i++) {
            double gap = row(&c.t, members[order[i + 1]])[c.k] - row(&c.t, members[order[i - 1]])[c.k];
            if (isfinite(gap)) /* an infinite objective has no scale */
                distance[order[i]] += gap / range;
        }
    }
    free(order);
    return true;
}
