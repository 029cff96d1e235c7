/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_strategies.c - what each strategy proposes: one contract for all of them, then each against its definition */
#include "search/search_test.h"

#include "core/pareto.h"

static arena *a;
static const space digits = {6, 5};

static int begin_arena(void **state)
{
    (void)state;
    return (a = arena_create()) ? 0 : -1;
}

static int end_arena(void **state)
{
    (void)state;
    arena_destroy(a);
    return 0;
}

typedef struct player { /* a strategy with its state */
    const strategy *type;
    void *state, *settings;
    size_t m;
    genome *child, *scratch;
} player;

static player start(const char *name, const char *settings, size_t n_objectives)
{
    player p = {.type = strategy_find(name), .m = n_objectives};
    assert_non_null(p.type);
    ash_error err;
    node *map = NULL;
    if (*settings)
        assert_ok(node_parse_inline(a, settings, "run.yaml", &map, &err), err);
    p.settings = p.type->options ? arena_alloc(a, p.type->options->size) : NULL;
    if (p.type->options)
        assert_ok(option_read(p.type->options, p.settings, map, a, &err), err);
    p.state = arena_alloc(a, p.type->state_size);
    p.child = genome_create(&digits, a);
    p.scratch = genome_create(&digits, a);
    strategy_context context = {&digits, n_objectives, p.settings, a};
    assert_ok(p.type->init(p.state, &context, &err), err);
    return p;
}

static void stop(player *p)
{
    if (p->type->fini)
        p->type->fini(p->state);
}

static void tell(player *p, uint64_t id, const char *text, const double *objectives, double violation, bool duplicate)
{
    ash_error err;
    genome *g = genome_create(&digits, a);
    assert_ok(space_parse(&digits, text, g, &err), err);
    observation o = {id, g, objectives, violation, duplicate};
    assert_ok(p->type->tell(p->state, &o, &err), err);
}

static proposal ask(player *p, uint64_t id, uint64_t seed)
{
    rng r = rng_stream(seed, "ask", id);
    proposal out = {.genome = p->child, .scratch = p->scratch};
    p->type->ask(p->state, id, &r, &out);
    return out;
}

static size_t distance(const genome *x, const genome *y)
{
    size_t n = 0;
    for (size_t i = 0; i < x->n; i++)
        n += x->gene[i] != y->gene[i];
    return n;
}

static const char *random_text(rng *r)
{
    genome *g = genome_create(&digits, a);
    space_sample(&digits, g, r);
    return space_print(&digits, g, a);
}

/* A made-up result of any kind. */
static void tell_random(player *p, uint64_t id, rng *r)
{
    double objectives[4];
    for (size_t i = 0; i < p->m; i++)
        objectives[i] = rng_below(r, 6); /* ties and copies are common */
    uint32_t kind = rng_below(r, 10);
    double violation = kind == 0 ? INFINITY : kind == 1 ? 0.25 * (1 + rng_below(r, 3)) : 0;
    for (size_t i = 0; violation != 0 && i < p->m; i++)
        objectives[i] = NAN;
    tell(p, id, random_text(r), objectives, violation, rng_below(r, 12) == 0);
}

/* ---- the contract of every strategy ---- */

static void test_ask_changes_nothing(void **state)
{
    (void)state;
    for (size_t k = 0; strategy_at(k); k++) {
        player p = start(strategy_at(k)->name, "", 2), twin = start(strategy_at(k)->name, "", 2);
        rng r = rng_stream(k, "results", 0), s = r;
        for (uint64_t id = 1; id <= 130; id++) {
            size_t n = p.type->state_size, used = arena_used(a);
            void *before = arena_memdup(a, p.state, n);
            used = arena_used(a);
            bool wants = p.type->wants_new(p.state);
            for (uint64_t seed = 0; seed < 5; seed++) { /* also for trials far ahead, whose answer is thrown away */
                ask(&p, id + seed * 50, seed);
                genome *first = p.child;
                proposal one = ask(&p, id, seed);
                uint16_t genes[6];
                memcpy(genes, first->gene, sizeof(genes));
                proposal again = ask(&p, id, seed);
                assert_memory_equal(genes, p.child->gene, sizeof(genes));
                assert_int_equal(one.n_parents, again.n_parents);
                for (uint32_t i = 0; i < one.n_parents; i++) {
                    assert_int_equal(one.parents[i], again.parents[i]);
                    assert_in_range(one.parents[i], 1, id - 1); /* told before */
                }
                /* A strategy that was told the same but never asked answers the same. */
                if (id % 10 == 0) {
                    ask(&twin, id, seed);
                    assert_memory_equal(genes, twin.child->gene, sizeof(genes));
                }
            }
            assert_memory_equal(before, p.state, n);
            assert_int_equal(arena_used(a), used); /* and allocates nothing */
            assert_int_equal(p.type->wants_new(p.state), wants);
            tell_random(&p, id, &r);
            tell_random(&twin, id, &s);
        }
        stop(&p);
        stop(&twin);
    }
}

static void test_nothing_told_is_enough_to_ask(void **state)
{
    (void)state;
    const double none[2] = {NAN, NAN};
    for (size_t k = 0; strategy_at(k); k++) {
        player p = start(strategy_at(k)->name, "", 2);
        for (uint64_t id = 1; id < 300; id++) { /* every result is useless: the strategy goes on sampling */
            proposal out = ask(&p, id, 1);
            assert_int_equal(out.n_parents, 0);
            tell(&p, id, "0-0-0-0-0-0", none, INFINITY, false);
        }
        stop(&p);
    }
}

/* ---- random ---- */

static void test_random_is_uniform(void **state)
{
    (void)state;
    player p = start("random", "", 1);
    unsigned counts[6][5] = {{0}};
    for (uint64_t id = 1; id <= 10000; id++) {
        ask(&p, id, 3);
        for (size_t i = 0; i < 6; i++)
            counts[i][p.child->gene[i]]++;
    }
    for (size_t i = 0; i < 6; i++) {
        double chi2 = 0;
        for (size_t v = 0; v < 5; v++)
            chi2 += pow(counts[i][v] - 2000.0, 2) / 2000;
        assert_true(chi2 < 18.5); /* 4 degrees of freedom, p = 0.001 */
    }
    assert_true(p.type->wants_new(p.state));
    player with = start("random", "with_replacement=true", 1);
    assert_false(with.type->wants_new(with.state));
    stop(&p);
    stop(&with);
}

/* ---- evolution ---- */

static void test_evolution_starts_with_a_sample(void **state)
{
    (void)state;
    player p = start("evolution", "population=10, sample=4", 1);
    for (uint64_t id = 1; id <= 10; id++) {
        proposal out = ask(&p, id, 1);
        assert_int_equal(out.n_parents, 0);
        tell(&p, id, "1-1-1-1-1-1", (double[]){1}, 0, false);
    }
    proposal out = ask(&p, 11, 1);
    assert_int_equal(out.n_parents, 1);
    stop(&p);
}

static void test_evolution_kills_the_oldest(void **state)
{
    (void)state;
    enum { P = 10 };
    player p = start("evolution", "population=10, sample=200", 1); /* 200 draws of 10: the best is practically always seen */
    for (uint64_t id = 1; id <= 40; id++) {
        /* Trial 3 is the best ever, trial 17 the second best. */
        double f = id == 3 ? 0 : id == 17 ? 1 : 10 + (double)id;
        tell(&p, id, "1-1-1-1-1-1", &f, 0, false);
        if (id < P)
            continue;
        proposal out = ask(&p, id + 1, 2);
        uint64_t best = id < 3 + P ? 3 : id >= 17 && id < 17 + P ? 17 : id - P + 1; /* else the lowest in the window */
        assert_int_equal(out.parents[0], best);
    }
    stop(&p);
}

static void test_evolution_counts_only_members_in_its_window(void **state)
{
    (void)state;
    player p = start("evolution", "population=3, sample=100", 1);
    tell(&p, 1, "0-0-0-0-0-0", (double[]){1}, 0, false);
    for (uint64_t id = 2; id < 20; id++) /* none of these enters */
        tell(&p, id, "4-4-4-4-4-4", (double[]){NAN}, INFINITY, false);
    assert_int_equal(ask(&p, 20, 1).parents[0], 1);
    tell(&p, 20, "0-0-0-0-0-1", (double[]){0}, 0, true); /* a repeat does: it renews a good network's youth */
    assert_int_equal(ask(&p, 21, 1).parents[0], 20);
    stop(&p);
}

static void test_evolution_mutates_one_gene(void **state)
{
    (void)state;
    ash_error err;
    player p = start("evolution", "population=2, sample=50", 1);
    tell(&p, 1, "1-2-3-4-0-1", (double[]){5}, 0, false);
    tell(&p, 2, "0-0-0-0-0-0", (double[]){9}, 0, false);
    genome *parent = genome_create(&digits, a);
    assert_ok(space_parse(&digits, "1-2-3-4-0-1", parent, &err), err);
    unsigned changed[6] = {0};
    for (uint64_t seed = 0; seed < 600; seed++) {
        assert_int_equal(ask(&p, 3, seed).parents[0], 1);
        assert_int_equal(distance(p.child, parent), 1);
        for (size_t i = 0; i < 6; i++)
            changed[i] += p.child->gene[i] != parent->gene[i];
    }
    for (size_t i = 0; i < 6; i++)
        assert_in_range(changed[i], 60, 145); /* 100 expected */
    stop(&p);
}

/* S draws with replacement out of P: the k-th best of P wins with probability ((P-k+1)^S - (P-k)^S) / P^S. */
static void test_evolution_draws_with_replacement(void **state)
{
    (void)state;
    enum { P = 8, S = 3, N = 20000 };
    player p = start("evolution", "population=8, sample=3", 1);
    for (uint64_t id = 1; id <= P; id++)
        tell(&p, id, "0-0-0-0-0-0", (double[]){(double)(id * 5 % 8)}, 0, false);
    unsigned wins[P] = {0};
    for (uint64_t seed = 0; seed < N; seed++)
        wins[ask(&p, P + 1, seed).parents[0] * 5 % 8]++;
    for (int k = 0; k < P; k++) {
        double expected = N * (pow(P - k, S) - pow(P - k - 1, S)) / pow(P, S);
        assert_true(fabs(wins[k] - expected) < 4.5 * sqrt(expected) + 3);
    }
    stop(&p);
}

static void test_evolution_climbs_into_the_feasible_region(void **state)
{
    (void)state;
    player p = start("evolution", "population=10, sample=300", 1);
    const double none = NAN;
    tell(&p, 1, "0-0-0-0-0-0", &none, 3, false);
    tell(&p, 2, "0-0-0-0-0-1", &none, 1, false);
    tell(&p, 3, "0-0-0-0-0-2", &none, 2, false);
    assert_int_equal(ask(&p, 11, 1).parents[0], 2); /* the smallest violation */
    tell(&p, 4, "0-0-0-0-0-3", (double[]){1e9}, 0, false);
    assert_int_equal(ask(&p, 11, 1).parents[0], 4); /* whatever is feasible, however bad */
    stop(&p);
}

static void test_evolution_with_several_objectives_reaches_the_whole_front(void **state)
{
    (void)state;
    player p = start("evolution", "population=6, sample=300", 2);
    const double points[6][2] = {{0, 10}, {2, 4}, {9, 0.5}, {5, 5}, {9, 9}, {3, 11}}; /* three on the front */
    for (uint64_t id = 1; id <= 6; id++)
        tell(&p, id, "0-0-0-0-0-0", points[id - 1], 0, false);
    unsigned wins[7] = {0};
    for (uint64_t seed = 0; seed < 2000; seed++)
        wins[ask(&p, 7, seed).parents[0]]++;
    assert_true(wins[1] > 100 && wins[2] > 100 && wins[3] > 100);
    assert_int_equal(wins[1] + wins[2] + wins[3], 2000);
    stop(&p);
}

/* ---- nsga2 ---- */

typedef struct scored {
    uint64_t id;
    double f[3], violation;
    size_t rank;
    double crowding;
} scored;

static bool constraint_dominates(const scored *x, const scored *y, size_t m)
{
    if (x->violation == 0 && y->violation == 0)
        return pareto_dominates(x->f, y->f, m);
    if (x->violation != y->violation)
        return x->violation < y->violation;
    return x->id < y->id; /* ties among infeasible ones go to the older */
}

/* Ranks and crowding by their definitions, one front after the other. */
static void rank_plainly(scored *x, size_t n, size_t m)
{
    bool done[64] = {false};
    size_t left = n;
    for (size_t front = 0; left; front++) {
        size_t members[64], k = 0;
        for (size_t i = 0; i < n; i++) {
            bool dominated = done[i];
            for (size_t j = 0; j < n && !dominated; j++)
                dominated = !done[j] && j != i && constraint_dominates(&x[j], &x[i], m);
            if (!dominated)
                members[k++] = i;
        }
        for (size_t i = 0; i < k; i++) {
            scored *p = &x[members[i]];
            p->rank = front;
            p->crowding = 0;
            bool copy = false; /* of a member with a lower id */
            for (size_t j = 0; j < k; j++)
                copy |= x[members[j]].id < p->id && memcmp(x[members[j]].f, p->f, m * sizeof(double)) == 0;
            for (size_t o = 0; o < m && !copy && p->violation == 0; o++) {
                double below = -INFINITY, above = INFINITY, low = INFINITY, high = -INFINITY;
                for (size_t j = 0; j < k; j++) {
                    double v = x[members[j]].f[o];
                    low = fmin(low, v);
                    high = fmax(high, v);
                }
                if (low == high)
                    continue;
                /* neighbours in the order of (value, id) among the distinct vectors */
                for (size_t j = 0; j < k; j++) {
                    const scored *q = &x[members[j]];
                    bool again = false;
                    for (size_t l = 0; l < k; l++)
                        again |= x[members[l]].id < q->id && memcmp(x[members[l]].f, q->f, m * sizeof(double)) == 0;
                    if (q == p || again)
                        continue;
                    bool before = q->f[o] < p->f[o] || (q->f[o] == p->f[o] && q->id < p->id);
                    if (before)
                        below = fmax(below, q->f[o]);
                    else
                        above = fmin(above, q->f[o]);
                }
                p->crowding += (above - below) / (high - low);
            }
        }
        for (size_t i = 0; i < k; i++)
            done[members[i]] = true;
        left -= k;
    }
}

static int by_fitness(const void *px, const void *py)
{
    const scored *x = px, *y = py;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    if (x->crowding != y->crowding)
        return x->crowding > y->crowding ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

/* Whoever can win a tournament is a parent: many asks name them all, in proportion to their place. Asked without crossover, so
 * that each child has one parent. */
static void check_parents(player *p, const scored *expected, size_t n, uint64_t id)
{
    enum { N = 4000 };
    unsigned wins[1024] = {0}, all = 0;
    for (uint64_t seed = 0; seed < N; seed++) {
        proposal out = ask(p, id, seed);
        assert_int_equal(out.n_parents, 1);
        wins[out.parents[0]]++;
    }
    for (size_t k = 0; k < n; k++) { /* the k-th of n wins with probability (2 (n - k) - 1) / n^2 */
        double mean = N * (2.0 * (double)(n - k) - 1) / (double)(n * n);
        assert_true(fabs(wins[expected[k].id] - mean) < 5 * sqrt(mean) + 3);
        all += wins[expected[k].id];
    }
    assert_int_equal(all, N); /* nobody else */
}

static void test_nsga2_survivors(void **state)
{
    (void)state;
    enum { P = 10 };
    static const struct {
        const char *settings;
        size_t children;
    } cases[] = {{"population=10, crossover=0, children=0", 10}, /* as published */
                 {"population=10, crossover=0, children=3", 3},
                 {"population=10, crossover=0", 1}};
    for (uint64_t round = 0; round < 9; round++) {
        size_t m = 2 + round % 2;
        player p = start("nsga2", cases[round % 3].settings, m);
        rng r = rng_stream(round, "results", 0);
        scored pool[2 * P];
        uint64_t id = 0;
        size_t n = 0;
        for (int generation = 0; generation < 4; generation++) {
            size_t want = generation ? P + cases[round % 3].children : P;
            while (n < want) {
                scored x = {.id = ++id, .violation = rng_below(&r, 4) ? 0 : 0.5 * (1 + rng_below(&r, 3))};
                for (size_t i = 0; i < m; i++)
                    x.f[i] = x.violation != 0 ? 0 : rng_below(&r, round < 5 ? 1000 : 5);
                double none[3] = {NAN, NAN, NAN};
                tell(&p, id, "1-1-1-1-1-1", x.violation != 0 ? none : x.f, x.violation, false);
                pool[n++] = x;
                tell(&p, ++id, "2-2-2-2-2-2", none, INFINITY, false); /* neither of these enters */
                tell(&p, ++id, "1-1-1-1-1-1", (double[]){-1, -1, -1}, 0, true);
            }
            rank_plainly(pool, n, m);
            qsort(pool, n, sizeof(pool[0]), by_fitness);
            n = P;
            check_parents(&p, pool, P, id + 1);
        }
        stop(&p);
    }
}

static void test_nsga2_is_elitist_between_generations(void **state)
{
    (void)state;
    player p = start("nsga2", "population=4, crossover=0, children=4", 2);
    for (uint64_t id = 1; id <= 4; id++)
        tell(&p, id, "0-0-0-0-0-0", (double[]){(double)id, (double)(5 - id)}, 0, false);
    for (uint64_t id = 5; id <= 7; id++) /* better, but the generation is not complete */
        tell(&p, id, "0-0-0-0-0-0", (double[]){0, 0}, 0, false);
    for (uint64_t seed = 0; seed < 100; seed++)
        assert_in_range(ask(&p, 8, seed).parents[0], 1, 4);
    tell(&p, 8, "0-0-0-0-0-0", (double[]){9, 9}, 0, false);
    unsigned fives = 0;
    for (uint64_t seed = 0; seed < 100; seed++)
        fives += ask(&p, 9, seed).parents[0] >= 5;
    assert_true(fives > 50);
    stop(&p);
}

static void test_nsga2_children(void **state)
{
    (void)state;
    player p = start("nsga2", "population=2, crossover=1, swap=0.5", 2);
    tell(&p, 1, "0-0-0-0-0-0", (double[]){0, 1}, 0, false);
    tell(&p, 2, "1-1-1-1-1-1", (double[]){1, 0}, 0, false);
    unsigned crossed = 0, foreign = 0, unmutated = 0, ones = 0, pure = 0;
    enum { N = 6000 };
    for (uint64_t seed = 0; seed < N; seed++) {
        proposal out = ask(&p, 3, seed);
        size_t here = 0, strange = 0;
        for (size_t i = 0; i < 6; i++) {
            here += p.child->gene[i] == 1;
            strange += p.child->gene[i] > 1;
        }
        if (out.n_parents == 1) { /* both tournaments had one winner: a copy, so it must change */
            pure++;
            size_t kept = 0;
            for (size_t i = 0; i < 6; i++)
                kept += p.child->gene[i] == out.parents[0] - 1;
            assert_true(kept < 6);
            continue;
        }
        assert_int_equal(out.n_parents, 2);
        assert_int_equal(out.parents[0] + out.parents[1], 3);
        crossed++;
        ones += (unsigned)here;
        foreign += (unsigned)strange;
        unmutated += strange == 0;
    }
    /* The better of two by (rank, crowding, id) is trial 1, so a tournament names trial 2 in one of four cases. */
    assert_true(fabs(crossed - N * 0.375) < 5 * sqrt(N * 0.375));
    assert_int_equal(pure + crossed, N);
    /* Genes change with probability 1/6; three of four changes go to neither parent's value. */
    double genes = 6.0 * crossed;
    assert_true(fabs(foreign / genes - 0.125) < 0.01);
    assert_true(fabs(ones / genes - (0.5 * 5 / 6 + 0.5 / 24)) < 0.015);
    assert_true(unmutated > crossed / 4);
    stop(&p);
}

static void test_nsga2_wants_new_networks(void **state)
{
    (void)state;
    player p = start("nsga2", "", 2);
    assert_true(p.type->wants_new(p.state));
    stop(&p);
    run x = {.world = {.space = {6, 4}}, .settings = "strategy=nsga2, population=10, lookahead=4",
             .budget = {.evaluations = 300}};
    go(&x);
    assert_int_equal(x.progress.duplicates, 0);
    end(&x);
}

/* ---- do they search? ---- */

/* A world with a slope: error is the number of digits away from 3-3-3-3-3-3, macs their sum. */
static ash_status slope_cost(void *ctx, const genome *g, trial *t, arena *memory, ash_error *err)
{
    ash_status status = world_cost(ctx, g, t, memory, err);
    metric *m = ARENA_NEW(memory, metric, 1);
    uint64_t code = 0;
    double sum = 0;
    for (size_t i = 0; i < g->n; i++) {
        code = code * 10 + g->gene[i];
        sum += g->gene[i];
    }
    memcpy(t->key.b, &code, sizeof(code));
    m[0] = (metric){"macs", sum};
    t->metrics = m;
    t->n_metrics = 1;
    return status;
}

static double best_error(const char *settings, uint64_t seed)
{
    run x = {.world = {.space = {8, 10}}, .settings = settings, .budget = {.evaluations = 200}, .seed = seed};
    x.arena = arena_create();
    assert_ok(node_parse_inline(x.arena, x.settings, "run.yaml", &x.map, &x.err), x.err);
    controller_hooks hooks = {.ctx = &x, .cost = slope_cost};
    controller *c;
    assert_ok(controller_create(x.map, &x.budget, &x.world.space, seed, &hooks, &c, &x.err), x.err);
    trial *t;
    double best = INFINITY;
    while (controller_next(c, &t, &x.err) == CONTROLLER_TRIAL) {
        double error = 0;
        for (const char *p = t->genome; *p; p++)
            error += *p != '-' && *p != '3';
        metric m[] = {{"error", error}, {"macs", trial_metric(t, "macs")}};
        trial result = *t;
        result.metrics = m;
        result.n_metrics = 2;
        result.status = TRIAL_OK;
        best = fmin(best, error);
        assert_ok(controller_done(c, &result, &x.err), x.err);
    }
    controller_destroy(c);
    arena_destroy(x.arena);
    return best;
}

static void test_strategies_beat_random(void **state)
{
    (void)state;
    double random = 0, evolution = 0, nsga2 = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        random += best_error("strategy=random, lookahead=1", seed) / 10;
        evolution += best_error("strategy=evolution, population=20, sample=8, objectives=[error], lookahead=4", seed) / 10;
        nsga2 += best_error("strategy=nsga2, population=20, lookahead=4", seed) / 10;
    }
    assert_true(random > 3.5); /* of 8 */
    assert_true(evolution < random - 1.2);
    assert_true(nsga2 < random - 0.8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ask_changes_nothing),
        cmocka_unit_test(test_nothing_told_is_enough_to_ask),
        cmocka_unit_test(test_random_is_uniform),
        cmocka_unit_test(test_evolution_starts_with_a_sample),
        cmocka_unit_test(test_evolution_kills_the_oldest),
        cmocka_unit_test(test_evolution_counts_only_members_in_its_window),
        cmocka_unit_test(test_evolution_mutates_one_gene),
        cmocka_unit_test(test_evolution_draws_with_replacement),
        cmocka_unit_test(test_evolution_climbs_into_the_feasible_region),
        cmocka_unit_test(test_evolution_with_several_objectives_reaches_the_whole_front),
        cmocka_unit_test(test_nsga2_survivors),
        cmocka_unit_test(test_nsga2_is_elitist_between_generations),
        cmocka_unit_test(test_nsga2_children),
        cmocka_unit_test(test_nsga2_wants_new_networks),
        cmocka_unit_test(test_strategies_beat_random),
    };
    return cmocka_run_group_tests(tests, begin_arena, end_arena);
}
