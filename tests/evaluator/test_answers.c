/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_answers.c - intervals, confusions, worst samples and importances against values worked out by hand */
#include "unit.h"

#include "evaluator/quality/answers.h"
#include "nn/net.h"
#include <math.h>
#include <string.h>

static arena *a;

static int open_arena(void **state) { (void)state; return (a = arena_create()) ? 0 : -1; }
static int close_arena(void **state) { (void)state; arena_destroy(a); return 0; }

static void near(double got, double want, double within)
{
    if (!(fabs(got - want) <= within))
        fail_msg("%.9g, by hand %.9g", got, want);
}

/* A dense layer with these weights (inputs x outputs), no bias: answers are x W. */
static nn_net *linear(int in, int out, const float *w)
{
    static nn_recipe recipe;
    ash_error err;
    nn_net *net;
    nn_graph *g = nn_graph_create(a, (nn_shape){1, 1, in});
    assert_true(nn_add1(g, &err, 0, "dense", "out=%d", out) > 0);
    assert_int_equal(option_read(&nn_recipe_options, &recipe, NULL, a, &err), ASH_OK);
    recipe.batch = 7;
    assert_int_equal(nn_net_create(g, &recipe, NULL, 0, &net, &err), ASH_OK);
    nn_net_init(net, 1);
    memcpy(nn_param_values(net, 1, 0), w, (size_t)(in * out) * sizeof(float));
    memset(nn_param_values(net, 1, 1), 0, (size_t)out * sizeof(float));
    return net;
}

static answers ask(nn_net *net, const data_set *d, const data_split *split)
{
    answers s;
    ash_error err;
    assert_int_equal(answers_collect(net, d, split, a, &s, &err), ASH_OK);
    return s;
}

/* Figures of R's binom::binom.confint(method = "wilson"). */
static void test_wilson(void **state)
{
    (void)state;
    static const struct { size_t successes, n; double low, high; } cases[] = {
        {8, 10, 0.4901625, 0.9433178}, {0, 10, 0, 0.2775328}, {10, 10, 0.7224672, 1}, {50, 100, 0.4038315, 0.5961685}, {1, 1, 0.2065493, 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        interval w = wilson(cases[i].successes, cases[i].n);
        near(w.value, (double)cases[i].successes / (double)cases[i].n, 0);
        near(w.low, cases[i].low, 1e-6);
        near(w.high, cases[i].high, 1e-6);
    }
}

static void test_classes(void **state)
{
    (void)state;
    static const float identity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    float x[] = {3, 0, 0, 0, 2, 0, 0, 1, 0, 5, 0, 0, 0, 0, 1}; /* answers 0, 1, 1, 0, 2 */
    int32_t label[] = {0, 1, 0, 1, 2};
    data_set d = {.task = DATA_CLASSIFICATION, .h = 1, .w = 1, .c = 3, .n_outputs = 3};
    data_split split = {.n = 5, .x = x, .label = label};
    nn_net *net = linear(3, 3, identity);
    answers s = ask(net, &d, &split);
    class_figures *f = answers_classes(&s, a);
    size_t n;
    confusion *cell = answers_confusion(&s, a, &n);
    static const confusion want[] = {{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}, {2, 2, 1}};
    assert_int_equal(n, 5);
    assert_memory_equal(cell, want, sizeof(want));
    assert_true(f[0].support == 2 && f[0].predicted == 2 && f[0].correct == 1 && f[2].correct == 1);
    near(f[0].recall.value, 0.5, 0);
    near(f[0].precision, 0.5, 0);
    near(f[2].f1, 1, 0);
    uint32_t *worst = answers_worst(&s, a);
    static const uint32_t order[] = {3, 2, 4, 1, 0}; /* sure and wrong; unsure and wrong; then by how sure */
    assert_memory_equal(worst, order, sizeof(order));
    near(answers_probability(&s, 3, 0), exp(5) / (exp(5) + 2), 1e-12);
    near(s.loss[3], -log(1 / (exp(5) + 2)), 1e-12);
    nn_net_destroy(net);
}

/* One value: errors are normal numbers of deviation 2 in units of the target. */
static void test_values(void **state)
{
    (void)state;
    enum { N = 400 };
    static const float one[1] = {1};
    float x[N], target[N];
    double std = 4, mean = 100, squares = 0, absolute = 0;
    rng r = rng_stream(5, "test", 0);
    for (int i = 0; i < N; i++) {
        target[i] = rng_normal(&r);
        x[i] = target[i] + 0.5f * rng_normal(&r);
        squares += pow((double)(x[i] - target[i]) * std, 2);
        absolute += fabs((double)(x[i] - target[i]) * std);
    }
    data_set d = {.task = DATA_REGRESSION, .h = 1, .w = 1, .c = 1, .n_outputs = 1, .target_mean = &mean, .target_std = &std};
    data_split split = {.n = N, .x = x, .target = target};
    nn_net *net = linear(1, 1, one);
    answers s = ask(net, &d, &split);
    value_figures own, seen, again;
    ash_error err;
    assert_int_equal(answers_values(&s, 0, &own, &err), ASH_OK);
    assert_int_equal(answers_values(&s, 0, &again, &err), ASH_OK);
    assert_int_equal(answers_values(&s, -1, &seen, &err), ASH_OK);
    near(own.rmse.value, sqrt(squares / N), 1e-5);
    near(own.mae.value, absolute / N, 1e-5);
    near(seen.rmse.value, sqrt(squares / N) / 4, 1e-6);
    assert_true(own.r2 > 0.7 && own.r2 < 0.85);
    near(own.r2, seen.r2, 1e-9);
    near(own.rmse.high - own.rmse.low, 2 * 1.96 * 2 / sqrt(2 * N), 0.06); /* deviation of a root mean square of normal numbers */
    near(own.mae.high - own.mae.low, 2 * 1.96 * 2 * sqrt(1 - 2 / M_PI) / sqrt(N), 0.05);
    assert_memory_equal(&own, &again, sizeof(own));
    nn_net_destroy(net);
}

static void test_anomalies(void **state)
{
    (void)state;
    enum { NORMAL = 40, ANOMALIES = 4, N = NORMAL + ANOMALIES };
    static const float nothing[1] = {0};
    float x[N];
    for (int i = 0; i < NORMAL; i++)
        x[i] = (float)i / 10; /* scores rise; the two highest may be flagged at 5 % */
    x[NORMAL] = 9;
    x[NORMAL + 1] = 3.85f; /* above 38 of 40, below one */
    x[NORMAL + 2] = 3.65f; /* below three */
    x[NORMAL + 3] = 0;     /* a tie with the lowest */
    data_set d = {.task = DATA_RECONSTRUCTION, .h = 1, .w = 1, .c = 1, .n_outputs = 1, .normalize = "global"};
    data_split split = {.n = N, .n_anomalies = ANOMALIES, .x = x};
    nn_net *net = linear(1, 1, nothing);
    answers s = ask(net, &d, &split);
    anomaly_figures f;
    ash_error err;
    assert_int_equal(answers_anomalies(&s, &f, &err), ASH_OK);
    near(f.auc.value, (40 + 39 + 37 + 0.5) / 160, 1e-12);
    near(f.auc.value, 1 - quality_auc_error(s.loss, NORMAL, s.loss + NORMAL, ANOMALIES), 1e-12);
    assert_true(f.auc.low > 0.2 && f.auc.low < f.auc.value && f.auc.high > f.auc.value && f.auc.high <= 1);
    near(f.found, 0.5, 0);
    near(f.anomaly_loss, (81 + 3.85 * 3.85 + 3.65 * 3.65) / 4, 1e-5);
    nn_net_destroy(net);
}

/* The answer is the first feature, the second is ignored, and the third never changes. */
static void test_importance(void **state)
{
    (void)state;
    enum { N = 100 };
    static const float first[3] = {1, 0, 1};
    float x[N * 3], target[N], before[N * 3];
    rng r = rng_stream(5, "test", 0);
    for (int i = 0; i < N; i++) {
        x[3 * i] = target[i] = rng_normal(&r);
        x[3 * i + 1] = rng_normal(&r);
        x[3 * i + 2] = 0;
    }
    memcpy(before, x, sizeof(x));
    double sum = 0, squares = 0;
    for (int i = 0; i < N; i++) {
        sum += (double)target[i];
        squares += (double)target[i] * (double)target[i];
    }
    double sd = sqrt(squares / N - sum * sum / N / N);
    data_set d = {.task = DATA_REGRESSION, .h = 1, .w = 1, .c = 3, .n_outputs = 1};
    data_split split = {.n = N, .x = x, .target = target};
    nn_net *net = linear(3, 1, first);
    importance *m, *again;
    ash_error err;
    assert_int_equal(answers_importance(net, &d, &split, 20, a, &m, &err), ASH_OK);
    assert_int_equal(answers_importance(net, &d, &split, 20, a, &again, &err), ASH_OK);
    near(m[0].mean, sqrt(2) * sd, 0.04); /* the difference of two unrelated numbers */
    assert_true(m[0].sd > 0.01 && m[0].sd < 0.2);
    assert_true(m[1].mean == 0 && m[1].sd == 0 && m[2].mean == 0 && m[2].sd == 0);
    assert_memory_equal(m, again, 3 * sizeof(*m));
    assert_memory_equal(x, before, sizeof(x)); /* the split is as it was */
    nn_net_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wilson),    cmocka_unit_test(test_classes),    cmocka_unit_test(test_values),
        cmocka_unit_test(test_anomalies), cmocka_unit_test(test_importance),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
