/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pareto.h - dominance, ranks, crowding, hypervolume; all objectives are minimised
 *
 * Points are rows of a dense matrix: double points[n * m]. A point with a NaN is dominated by all points without one
 * and never enters a front. Ties break by index, so nothing depends on the order of equal values.
 */
#ifndef CORE_PARETO_H
#define CORE_PARETO_H

#include <stdbool.h>
#include <stddef.h>

/* a is no worse anywhere and better somewhere. */
bool pareto_dominates(const double *a, const double *b, size_t m);

/* The non-dominated points, ascending index, duplicates of a front point included. Returns their number. */
size_t pareto_front(size_t *front, const double *points, size_t n, size_t m);

/* rank[i] = 0 for the front, 1 for the front of the rest, ... (Deb et al. 2002, doi:10.1109/4235.996017).
 * Returns the number of fronts; 0 also when out of memory. */
size_t pareto_rank(size_t *rank, const double *points, size_t n, size_t m);

/* Crowding distance of the points listed in `members` (same source): extremes infinite, constant objectives
 * skipped, the second and later copies of a point 0. false when out of memory. */
bool pareto_crowding(double *distance, const size_t *members, size_t n_members, const double *points, size_t m);

/* Exact hypervolume up to `reference` (minimised; points not strictly better than it add nothing). 2-D sweep, 3-D sweep
 * (Beume et al. 2009, doi:10.1109/TEVC.2009.2015575), otherwise WFG (While et al. 2012,
 * doi:10.1109/TEVC.2010.2077298). NaN when out of memory. */
double pareto_hypervolume(const double *points, size_t n, size_t m, const double *reference);

/* contribution[i] = hypervolume of all minus that of all but i. false when out of memory. */
bool pareto_contributions(double *contribution, const double *points, size_t n, size_t m, const double *reference);

#endif
