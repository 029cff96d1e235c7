/* SPDX-License-Identifier: GPL-3.0-or-later */
/* evolution.c - aging evolution: tournaments over a sliding window (Real et al., arXiv:1802.01548)
 *
 * Keep the last P results in a ring. Draw S of them with replacement, mutate the best, append the child; the
 * oldest dies whatever its score, so that a lucky evaluation cannot rule for ever. There is no crossover.
 *
 * Trials 1 to P are uniform samples. With several virtual workers the later ones draw from whatever the ring holds by
 * then (a uniform sample while it is empty). Networks that were not scored because they do not decode, diverge or
 * fail never enter the ring; those over a hard constraint do, and lose every tournament against a feasible one and,
 * among themselves, against a smaller violation: that leads back into the feasible region.
 *
 * One objective: the tournament's best is the smallest. Several: each tournament draws weights l_i uniformly from
 * (0, 1] and takes the smallest max_i(f_i / l_i), f_i scaled to [0, 1] over the ring (the random Chebyshev scalarisation of
 * uNAS, Liberis et al., arXiv:2010.14246). Ties go to the first drawn. */
#include "search/strategy.h"

#include <math.h>
#include <string.h>

typedef struct settings {
    int64_t population, sample;
} settings;

static const option rows[] = {
    {"population", OPTION_INT, offsetof(settings, population), "50", 1, 100000,
     .help = "results that the sliding window keeps"},
    {"sample", OPTION_INT, offsetof(settings, sample), "10", 1, 100000,
     .help = "draws of a tournament, with replacement"},
};
static const option_table options = OPTION_TABLE("search", settings, rows);

#define MAX_OBJECTIVES 16

typedef struct member {
    uint64_t id;
    double violation;
    double *objectives;
    genome *genome;
} member;

typedef struct state {
    const space *space;
    size_t m, population, sample;
    member *ring; /* (population): entry k of the run lives at k % population */
    uint64_t entered;
    double low[MAX_OBJECTIVES], high[MAX_OBJECTIVES]; /* of the feasible members of the ring */
} state;

static ash_status init(void *self, const strategy_context *context, ash_error *err)
{
    state *s = self;
    const settings *set = context->settings;
    if (context->n_objectives > MAX_OBJECTIVES)
        return ash_fail(err, ASH_INVALID, "strategy evolution takes at most %d objectives", MAX_OBJECTIVES);
    s->space = context->space;
    s->m = context->n_objectives;
    s->population = (size_t)set->population;
    s->sample = (size_t)set->sample;
    s->ring = ARENA_NEW(context->arena, member, s->population);
    if (!s->ring)
        return ash_fail_memory(err);
    for (size_t i = 0; i < s->population; i++) {
        s->ring[i].genome = genome_create(s->space, context->arena);
        s->ring[i].objectives = ARENA_NEW(context->arena, double, s->m);
        if (!s->ring[i].genome || !s->ring[i].objectives)
            return ash_fail_memory(err);
    }
    return ASH_OK;
}

static bool wants_new(const void *self)
{
    (void)self;
    return false; /* a repeated child renews a good network's youth: it belongs to the algorithm */
}

static size_t members(const state *s)
{
    return s->entered < s->population ? (size_t)s->entered : s->population;
}

static double fitness(const state *s, const member *x, const double *weight)
{
    if (s->m == 1)
        return x->objectives[0];
    double worst = 0;
    for (size_t i = 0; i < s->m; i++) {
        double range = s->high[i] - s->low[i];
        double f = range > 0 ? (x->objectives[i] - s->low[i]) / range / weight[i] : 0;
        worst = f > worst ? f : worst;
    }
    return worst;
}

static void ask(const void *self, uint64_t id, rng *r, proposal *out)
{
    const state *s = self;
    size_t n = members(s);
    if (id <= s->population || n == 0) {
        out->n_parents = 0;
        space_sample(s->space, out->genome, r);
        return;
    }
    double weight[MAX_OBJECTIVES] = {0};
    for (size_t i = 0; s->m > 1 && i < s->m; i++)
        weight[i] = 1 - rng_real(r);
    const member *best = NULL;
    double best_fitness = 0;
    for (size_t k = 0; k < s->sample; k++) {
        const member *x = &s->ring[rng_below(r, (uint32_t)n)];
        double f = x->violation > 0 ? 0 : fitness(s, x, weight);
        if (!best || x->violation < best->violation || (x->violation == best->violation && f < best_fitness)) {
            best = x;
            best_fitness = f;
        }
    }
    out->n_parents = 1;
    out->parents[0] = best->id;
    space_mutate(s->space, out->genome, best->genome, r);
}

static ash_status tell(void *self, const observation *o, ash_error *err)
{
    (void)err;
    state *s = self;
    if (!isfinite(o->violation))
        return ASH_OK;
    member *x = &s->ring[s->entered++ % s->population];
    x->id = o->id;
    x->violation = o->violation;
    memcpy(x->objectives, o->objectives, s->m * sizeof(double));
    genome_copy(x->genome, o->genome);

    for (size_t i = 0; s->m > 1 && i < s->m; i++) {
        s->low[i] = INFINITY;
        s->high[i] = -INFINITY;
        for (size_t k = 0; k < members(s); k++)
            if (s->ring[k].violation == 0) {
                s->low[i] = fmin(s->low[i], s->ring[k].objectives[i]);
                s->high[i] = fmax(s->high[i], s->ring[k].objectives[i]);
            }
    }
    return ASH_OK;
}

const strategy strategy_evolution = {
    .name = "evolution",
    .help = "aging evolution: mutates the best of a random sample of the latest results",
    .options = &options,
    .state_size = sizeof(state),
    .init = init,
    .wants_new = wants_new,
    .ask = ask,
    .tell = tell,
};
