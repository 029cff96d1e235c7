/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_quality.c - every quality metric against values worked out by hand
 *
 * The network is one dense layer with the identity as weights (or none at all), so a sample is the answer to it. */
#include "unit.h"

#include "evaluator/quality/quality.h"
#include "nn/net.h"
#include <math.h>
#include <string.h>

static arena *a;

static int open_arena(void **state) { (void)state; return (a = arena_create()) ? 0 : -1; }
static int close_arena(void **state) { (void)state; arena_destroy(a); return 0; }

static nn_net *echo(int k, float gain, nn_recipe *recipe)
{
    ash_error err;
    nn_net *net;
    nn_graph *g = nn_graph_create(a, (nn_shape){1, 1, k});
    assert_true(nn_add1(g, &err, 0, "dense", "out=%d", k) > 0);
    assert_int_equal(option_read(&nn_recipe_options, recipe, NULL, a, &err), ASH_OK);
    recipe->batch = 3; /* no multiple of the samples */
    assert_int_equal(nn_net_create(g, recipe, NULL, 0, &net, &err), ASH_OK);
    nn_net_init(net, 1);
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++)
            nn_param_values(net, 1, 0)[i * k + j] = i == j ? gain : 0;
    memset(nn_param_values(net, 1, 1), 0, (size_t)k * sizeof(float));
    return net;
}

/* All metrics of a split whose answers are x (gain 1) or nothing (gain 0). */
static trial measure(const data_set *d, const data_split *split, float gain)
{
    ash_error err;
    nn_recipe recipe;
    trial t = {0};
    nn_net *net = echo(d->c, gain, &recipe);
    assert_int_equal(quality_measure(net, d, split, a, (metric **)(uintptr_t)&t.metrics, &t.n_metrics, &err), ASH_OK);
    nn_net_destroy(net);
    return t;
}

static void expect(const trial *t, const char *name, double want)
{
    double got = trial_metric(t, name);
    if (!(fabs(got - want) < 1e-6) && !(isnan(want) && isnan(got)))
        fail_msg("%s is %.9g, by hand %.9g", name, got, want);
}

/* ---- classes ---- */

static trial measure_classes(int k, const int truth[], const int answer[], size_t n)
{
    float *x = ARENA_NEW(a, float, n * (size_t)k);
    int32_t *label = ARENA_NEW(a, int32_t, n);
    for (size_t i = 0; i < n; i++) {
        x[i * (size_t)k + (size_t)answer[i]] = 2;
        label[i] = truth[i];
    }
    data_set d = {.name = "x", .task = DATA_CLASSIFICATION, .h = 1, .w = 1, .c = k, .n_outputs = k};
    data_split split = {.n = n, .x = x, .label = label};
    return measure(&d, &split, 1);
}

static void test_classes(void **state)
{
    (void)state;
    static const int truth[] = {0, 0, 0, 0, 0, 1, 1, 1, 2, 2};
    static const int answer[] = {0, 0, 0, 0, 1, 1, 1, 2, 0, 0};
    trial t = measure_classes(4, truth, answer, 10); /* class 3 is nowhere */
    expect(&t, "error", 0.4);
    expect(&t, "balanced_error", 23.0 / 45);
    expect(&t, "f1_error", 53.0 / 99);
    expect(&t, "val_loss", log(exp(2) + 3) - 2 * 0.6);
    expect(&t, "mae", NAN);
    expect(&t, "r2_error", NAN);
    expect(&t, "auc_error", NAN);
    assert_int_equal(t.n_metrics, 4);

    static const int astray[] = {0, 0, 0, 3, 1, 1, 1, 2, 0, 0}; /* class 3 is answered only: F1 counts it, recall has none */
    t = measure_classes(4, truth, astray, 10);
    expect(&t, "balanced_error", 1 - (0.6 + 2.0 / 3 + 0) / 3);
    expect(&t, "f1_error", 1 - (6.0 / 10 + 4.0 / 6 + 0 + 0) / 4);

    static const int always[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    t = measure_classes(3, truth, always, 10);
    expect(&t, "error", 0.5);
    expect(&t, "balanced_error", 2.0 / 3);
    t = measure_classes(3, truth, truth, 10);
    expect(&t, "error", 0);
    expect(&t, "balanced_error", 0);
    expect(&t, "f1_error", 0);
}

/* ---- values ---- */

static void test_values(void **state)
{
    (void)state;
    float answers[] = {1, 1, 2, 0, 3, 2, 5, 1}, targets[] = {1, 0, 2, 0, 3, 2, 4, 2};
    data_set d = {.name = "x", .task = DATA_REGRESSION, .h = 1, .w = 1, .c = 2, .n_outputs = 2};
    data_split split = {.n = 4, .x = answers, .target = targets};
    trial t = measure(&d, &split, 1);
    expect(&t, "error", sqrt(3.0 / 8));
    expect(&t, "val_loss", 3.0 / 8);
    expect(&t, "mae", 3.0 / 8);
    expect(&t, "r2_error", (1.0 / 5 + 2.0 / 4) / 2);
    expect(&t, "balanced_error", NAN);
    assert_int_equal(t.n_metrics, 4);

    for (int i = 0; i < 4; i++)
        answers[2 * i + 1] = targets[2 * i + 1] = 7; /* no variance to explain, met exactly */
    t = measure(&d, &split, 1);
    expect(&t, "r2_error", (1.0 / 5 + 0) / 2);
    answers[1] = 8;
    t = measure(&d, &split, 1);
    expect(&t, "r2_error", (1.0 / 5 + 1) / 2);

    float zeros[8] = {0}, centred[] = {-1, 1, 1, 1, -1, -1, 1, -1}; /* the mean is answered: chance */
    split = (data_split){.n = 4, .x = zeros, .target = centred};
    t = measure(&d, &split, 1);
    expect(&t, "r2_error", 1);
}

/* ---- the input itself ---- */

static void test_anomalies(void **state)
{
    (void)state;
    float x[] = {1, 1, 2, 0, 0, 0, 3, 3, 1, 1}; /* answered with 0: scores 1, 2, 0 of normal samples; 9, 1 of anomalies */
    data_set d = {.name = "x", .task = DATA_RECONSTRUCTION, .h = 1, .w = 1, .c = 2, .n_outputs = 2, .normalize = "feature"};
    data_split split = {.n = 5, .n_anomalies = 2, .x = x};
    trial t = measure(&d, &split, 0);
    expect(&t, "error", 1); /* of normal samples */
    expect(&t, "val_loss", 1);
    expect(&t, "mae", 4.0 / 6);
    expect(&t, "auc_error", 1 - 4.5 / 6);
    expect(&t, "r2_error", NAN);
    t = measure(&d, &split, 1);
    expect(&t, "error", 0);
    expect(&t, "auc_error", 0.5); /* all scores are equal */
    split = (data_split){.n = 3, .x = x};
    t = measure(&d, &split, 0);
    expect(&t, "auc_error", NAN);
    assert_int_equal(t.n_metrics, 3);
}

static void test_auc_is_the_share_of_pairs(void **state)
{
    (void)state;
    rng r = rng_stream(1, "test", 0);
    for (int round = 0; round < 50; round++) {
        double normal[40], anomaly[30], wrong = 0;
        size_t n = 1 + rng_below(&r, 40), m = 1 + rng_below(&r, 30), values = 1 + rng_below(&r, 20);
        for (size_t i = 0; i < n; i++)
            normal[i] = rng_below(&r, (uint32_t)values);
        for (size_t k = 0; k < m; k++)
            anomaly[k] = rng_below(&r, (uint32_t)values) + (round % 3) * 0.5;
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < m; k++)
                wrong += normal[i] > anomaly[k] ? 1 : normal[i] == anomaly[k] ? 0.5 : 0;
        assert_true(quality_auc_error(normal, n, anomaly, m) == wrong / (double)(n * m));
    }
    assert_true(isnan(quality_auc_error((double[]){1}, 1, NULL, 0)));
}

/* ---- the registry ---- */

static void test_every_metric_is_of_some_task(void **state)
{
    (void)state;
    data_set sets[] = {{.task = DATA_CLASSIFICATION, .n_outputs = 4},
                       {.task = DATA_REGRESSION, .n_outputs = 1},
                       {.task = DATA_RECONSTRUCTION, .n_outputs = 4, .normalize = "global", .val = {.n = 2, .n_anomalies = 1}}};
    for (size_t i = 0; quality_name(i); i++) {
        int tasks = 0;
        for (int s = 0; s < 3; s++) {
            double chance = quality_chance(&sets[s], quality_name(i));
            bool applies = quality_applies(i, &sets[s], &sets[s].val);
            tasks += applies;
            assert_true(applies ? chance > 0 && chance < 2 : isnan(chance)); /* a reference point lies beyond it */
        }
        assert_true(tasks > 0);
    }
    sets[2].normalize = "none";
    assert_true(isnan(quality_chance(&sets[2], "error")) && quality_chance(&sets[2], "auc_error") == 0.5);
}

/* ---- class weights ---- */

static ash_status weights_of(const char *text, const data_set *d, nn_dataset *view, ash_error *err)
{
    node *map;
    nn_recipe recipe;
    assert_int_equal(node_parse_inline(a, text, "test", &map, err), ASH_OK);
    assert_int_equal(option_read(&nn_recipe_options, &recipe, map, a, err), ASH_OK);
    return quality_training_view(d, &recipe, a, view, err);
}

static void test_class_weights(void **state)
{
    (void)state;
    int32_t label[] = {0, 0, 0, 0, 0, 1, 1, 1, 2, 2};
    data_set d = {.name = "x", .task = DATA_CLASSIFICATION, .n_outputs = 3, .train = {.n = 10, .label = label}};
    nn_dataset view;
    ash_error err;
    assert_int_equal(weights_of("class_weights=none", &d, &view, &err), ASH_OK);
    assert_null(view.class_weight);
    assert_int_equal(weights_of("class_weights=balanced", &d, &view, &err), ASH_OK);
    static const double balanced[] = {10.0 / 15, 10.0 / 9, 10.0 / 6};
    double mean = 0;
    for (int i = 0; i < 10; i++)
        mean += (double)view.class_weight[label[i]] / 10;
    assert_true(fabs(mean - 1) < 1e-6);
    for (int c = 0; c < 3; c++)
        assert_true(fabs((double)view.class_weight[c] - balanced[c]) < 1e-6);
    assert_int_equal(weights_of("class_weights=[1, 0.5, 3]", &d, &view, &err), ASH_OK);
    assert_true(view.class_weight[1] == 0.5f && view.class_weight[2] == 3);

    static const char *const wrong[][2] = {
        {"class_weights=[1, 2]", "train.class_weights has 2 numbers, but x has 3 classes"},
        {"class_weights=evened", "train.class_weights has 1 number, but x has 3 classes"},
        {"class_weights=[1, 2, x]", "\"x\" is no weight"},
        {"class_weights=[1, 2, -1]", "\"-1\" is no weight"},
        {"class_weights=[0, 0, 0]", "all weights are 0"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        assert_int_equal(weights_of(wrong[i][0], &d, &view, &err), ASH_INVALID);
        if (!strstr(err.text, wrong[i][1]))
            fail_msg("%s: %s", wrong[i][0], err.text);
    }
    d.task = DATA_REGRESSION;
    assert_int_equal(weights_of("class_weights=balanced", &d, &view, &err), ASH_INVALID);
    assert_non_null(strstr(err.text, "x is a regression and has no classes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_anomalies),
        cmocka_unit_test(test_auc_is_the_share_of_pairs),
        cmocka_unit_test(test_every_metric_is_of_some_task),
        cmocka_unit_test(test_class_weights),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
