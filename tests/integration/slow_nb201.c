/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slow_nb201.c - search quality on NAS-Bench-201 (Dong and Yang, arXiv:2001.00326), replayed from its table without training
 *
 * CIFAR-10 test accuracy after 200 epochs (mean of the seeds) from the table, MACs from the decoded network, rows found by
 * string, lookahead 1, repeats evaluated and counted. The exact front and the expected best of n random draws are goldens. Prints
 * what it measured. Skipped where the table is absent. */
#include "unit.h"

#include "config/config.h"
#include "core/log.h"
#include "core/pareto.h"
#include "evaluator/evaluator.h"
#include "evaluator/exec/executor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 15625
#define MACS_UNIT 1e6
static const double reference[2] = {20, 230}; /* error in %, MACs in millions */
static const double exact_hypervolume = 3024.834869; /* of the front as printed below, in four and five decimals */

static arena *a;
static space *cells;
static evaluator_context context;
static const evaluator_type *tabular;
static void *table;

static node *yaml(const char *text)
{
    node *root;
    ash_error err;
    if (config_read_text(text, "nb201.yaml", a, &root, &err) != ASH_OK)
        fail_msg("%s", err.text);
    return root;
}

static int begin(const char *path)
{
    ash_error err;
    a = arena_create();
    if (space_read(yaml("cell: nasbench201"), (nn_shape){32, 32, 3}, 10, &cells, &err) != ASH_OK) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    context = (evaluator_context){.space = cells};
    tabular = evaluator_find("tabular");
    const char *text = arena_printf(a, "type: tabular\nfile: %s\narchitecture: arch\nnetwork: [macs]\nblocks: false\n"
                                       "metrics: {error: {column: test_acc_200ep, scale: -0.01, offset: 1}}\n", path);
    if (!tabular || tabular->create(yaml(text), &context, &table, &err) != ASH_OK) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    return 0;
}

typedef struct replay { /* one search */
    double *error, *macs; /* (evaluations), in the order of telling */
    size_t n, cap;
} replay;

static ash_status cost(void *ctx, const genome *g, trial *t, arena *memory, ash_error *err)
{
    (void)ctx;
    return tabular->cost(table, g, t, memory, err);
}

static ash_status told(void *ctx, const trial *t, ash_error *err)
{
    (void)err;
    replay *r = ctx;
    if (t->status == TRIAL_OK && r->n < r->cap) {
        r->error[r->n] = trial_metric(t, "error");
        r->macs[r->n++] = trial_metric(t, "macs");
    }
    return ASH_OK;
}

static void search(const node *map, uint64_t seed, replay *r)
{
    search_budget budget = {.evaluations = (int64_t)r->cap};
    controller_hooks hooks = {.ctx = r, .cost = cost, .told = told};
    controller *c;
    ash_error err;
    r->n = 0;
    if (controller_create(map, &budget, cells, seed, &hooks, &c, &err) != ASH_OK)
        fail_msg("%s", err.text);
    executor_job job = {.controller = c, .type = tabular, .evaluator = table, .workers = 1};
    if (executor_find("serial")->run(&job, &err) != ASH_OK)
        fail_msg("%s", err.text);
    assert_int_equal(r->n, r->cap);
    controller_destroy(c);
}

static double hypervolume(const replay *r, size_t n)
{
    double *points = malloc(2 * n * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        points[2 * i] = 100 * r->error[i];
        points[2 * i + 1] = r->macs[i] / MACS_UNIT;
    }
    double hv = pareto_hypervolume(points, n, 2, reference);
    free(points);
    return hv;
}

typedef struct sample { /* of runs */
    double mean, sd, se;
} sample;

static sample sample_of(const double *x, size_t n)
{
    sample s = {0};
    for (size_t i = 0; i < n; i++)
        s.mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        s.sd += (x[i] - s.mean) * (x[i] - s.mean) / (double)(n - 1);
    s.sd = sqrt(s.sd);
    s.se = s.sd / sqrt((double)n);
    return s;
}

/* ---- the table ---- */

static int by_error(const void *px, const void *py)
{
    const double *x = px, *y = py;
    return x[0] < y[0] ? -1 : x[0] > y[0];
}

static void test_exact_front(void **state)
{
    (void)state;
    static const double front[14][2] = {
        {5.6267, 153.27297}, {5.6567, 121.81569}, {5.6933, 90.35841}, {5.9100, 86.42625}, {5.9850, 82.49409},
        {6.0900, 78.56193},  {6.2500, 54.96897},  {6.4033, 51.03681}, {6.6033, 47.10465}, {7.6333, 43.17249},
        {8.6850, 19.57953},  {8.9550, 15.64737},  {10.0133, 11.71521}, {13.2033, 7.78305}};
    double *points = malloc(2 * ROWS * sizeof(double)), low = INFINITY, high = 0;
    genome *g = genome_create(cells, a);
    arena *memory = arena_create();
    ash_error err;
    size_t n = 0;
    for (; space_enumerate(cells, g, n); n++) {
        trial t = {.id = n + 1, .genome = space_print(cells, g, memory)};
        assert_true(n < ROWS);
        if (tabular->cost(table, g, &t, memory, &err) != ASH_OK)
            fail_msg("%s", err.text);
        assert_int_equal(t.status, TRIAL_PENDING);
        if (tabular->evaluate(table, &t, memory, NULL, NULL, &err) != ASH_OK)
            fail_msg("%s", err.text);
        assert_int_equal(t.status, TRIAL_OK);
        double macs = trial_metric(&t, "macs");
        low = fmin(low, macs);
        high = fmax(high, macs);
        points[2 * n] = 100 * trial_metric(&t, "error");
        points[2 * n + 1] = macs / MACS_UNIT;
        arena_reset(memory);
    }
    arena_destroy(memory);
    assert_int_equal(n, ROWS);
    assert_true(low == 7783040 && high == 220119680);

    size_t *members = malloc(ROWS * sizeof(size_t)), k = pareto_front(members, points, ROWS, 2), distinct = 0;
    double (*found)[2] = malloc(ROWS * sizeof(*found));
    for (size_t i = 0; i < k; i++)
        memcpy(found[i], &points[2 * members[i]], sizeof(*found));
    qsort(found, k, sizeof(*found), by_error);
    for (size_t i = 0; i < k; i++) /* isomorphic strings can have one and the same result */
        if (i == 0 || fabs(found[i][0] - found[i - 1][0]) > 1e-9)
            memmove(found[distinct++], found[i], sizeof(*found));
    double hv = pareto_hypervolume(points, ROWS, 2, reference);
    print_message("front of %zu points (%zu strings), hypervolume %.6f\n", distinct, k, hv);
    for (size_t i = 0; i < distinct; i++)
        print_message("  error %.4f %%, %.5f M MACs\n", found[i][0], found[i][1]);
    assert_int_equal(distinct, 14);
    for (size_t i = 0; i < 14; i++) {
        assert_true(fabs(found[i][0] - front[i][0]) < 5.1e-5);
        assert_true(fabs(found[i][1] - front[i][1]) < 1.1e-5);
    }
    assert_true(fabs(pareto_hypervolume(&front[0][0], 14, 2, reference) - exact_hypervolume) < 1e-6);
    assert_true(fabs(hv - exact_hypervolume) < 0.003); /* the table has six decimals */
    free(points);
    free(members);
    free(found);
}

/* ---- searches ---- */

enum { QUERIES = 100, RUNS = 500, SEEDS = 30, MOST = 500 };

static sample best_accuracy(const char *settings)
{
    static double best[RUNS], error[QUERIES], macs[QUERIES];
    const node *map = yaml(settings);
    for (size_t i = 0; i < RUNS; i++) {
        replay r = {.error = error, .macs = macs, .cap = QUERIES};
        search(map, i + 1, &r);
        double least = INFINITY;
        for (size_t k = 0; k < r.n; k++)
            least = fmin(least, error[k]);
        best[i] = 100 * (1 - least);
    }
    sample s = sample_of(best, RUNS);
    print_message("best accuracy after %d queries, %d runs: %.4f %% (sd %.4f, standard error %.4f)\n", QUERIES, RUNS, s.mean,
                  s.sd, s.se);
    return s;
}

static void test_random(void **state)
{
    (void)state;
    sample s = best_accuracy("strategy: random\nwith_replacement: true\nobjectives: [error]\nlookahead: 1\nduplicates: true\n");
    assert_true(fabs(s.mean - 93.8467) <= 3 * s.se); /* exact order statistics of the table */
}

static void test_evolution(void **state)
{
    (void)state;
    sample s = best_accuracy("strategy: evolution\npopulation: 30\nsample: 10\nobjectives: [error]\nlookahead: 1\n"
                             "duplicates: true\n");
    assert_true(s.mean >= 94.25 - 2 * s.se);
}

static sample nsga2(const char *more, sample *second)
{
    const node *map = yaml(arena_printf(a, "strategy: nsga2\npopulation: 20\n%sobjectives: [error, macs]\nlookahead: 1\n"
                                           "duplicates: true\n", more));
    static double error[MOST], macs[MOST], at_200[SEEDS], at_500[SEEDS];
    for (size_t i = 0; i < SEEDS; i++) {
        replay r = {.error = error, .macs = macs, .cap = MOST};
        search(map, i + 1, &r);
        at_200[i] = hypervolume(&r, 200) / exact_hypervolume;
        at_500[i] = hypervolume(&r, 500) / exact_hypervolume;
    }
    sample first = sample_of(at_200, SEEDS);
    *second = sample_of(at_500, SEEDS);
    print_message("NSGA-II, part of the exact hypervolume, %d seeds: %.4f (standard error %.4f) after 200 evaluations, %.4f (%.4f) "
                  "after 500%s%.*s\n",
                  SEEDS, first.mean, first.se, second->mean, second->se, *more ? ", " : "", (int)strcspn(more, "\n"), more);
    return first;
}

static void test_nsga2(void **state)
{
    (void)state;
    sample at_500, at_200 = nsga2("", &at_500);
    assert_true(at_200.mean >= 0.978);
    assert_true(at_500.mean >= 0.990);
    at_200 = nsga2("children: 20\n", &at_500); /* the published generations: 600 seeds gave .9791 and .9931 */
    assert_true(fabs(at_200.mean - 0.9791) <= 3 * at_200.se);
    assert_true(fabs(at_500.mean - 0.9931) <= 3 * at_500.se);
}

int main(void)
{
    const char *source = getenv("ASHLAR_SOURCE");
    char path[4096];
    snprintf(path, sizeof(path), "%s/../shared/data/nb201_cifar10.csv", source ? source : ".");
    FILE *f = fopen(path, "r");
    if (!f) {
        printf("skipped: there is no %s\n", path);
        return 77;
    }
    fclose(f);
    char *absolute = realpath(path, NULL);
    if (!absolute || begin(absolute) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_front),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_evolution),
        cmocka_unit_test(test_nsga2),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tabular->destroy(table);
    space_destroy(cells);
    arena_destroy(a);
    free(absolute);
    return failed;
}
