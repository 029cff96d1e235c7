/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_loss.c - every loss and its gradient against the definitions in float64; mixtures of images, and their shares */
#include "unit.h"

#include "nn/net.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 70, H = 3, W = 2, C = 2, IN = H * W * C, K = 5 }; /* more samples than the 64 that one kernel call takes */

typedef struct problem {
    arena *a;
    nn_recipe recipe;
    nn_net *net;
    nn_dataset data;
    uint32_t order[N];
} problem;

static void setup(problem *p, const char *recipe, int outputs)
{
    ash_error err;
    node *map;
    *p = (problem){.a = arena_create()};
    nn_graph *g = nn_graph_create(p->a, (nn_shape){H, W, C});
    int wide = nn_add1(g, &err, 0, "conv2d", "out=4, kernel=3"); /* so that the input has a border */
    assert_true(wide > 0 && nn_add1(g, &err, wide, "dense", "out=%d", outputs) > 0);
    assert_int_equal(node_parse_inline(p->a, recipe, "test", &map, &err), ASH_OK);
    if (option_read(&nn_recipe_options, &p->recipe, map, p->a, &err) != ASH_OK)
        fail_msg("%s", err.text);
    p->recipe.batch = N;
    assert_int_equal(nn_net_create(g, &p->recipe, NULL, 0, &p->net, &err), ASH_OK);
    nn_net_init(p->net, 4);
    rng r = rng_stream(3, "test", 0);
    float *x = ARENA_NEW(p->a, float, N * IN), *target = ARENA_NEW(p->a, float, N * K);
    int32_t *label = ARENA_NEW(p->a, int32_t, N);
    for (int i = 0; i < N * IN; i++)
        x[i] = rng_normal(&r);
    for (int i = 0; i < N * K; i++)
        target[i] = rng_normal(&r);
    for (int i = 0; i < N; i++) {
        label[i] = (int32_t)rng_below(&r, K);
        p->order[i] = (uint32_t)(N - 1 - i);
    }
    p->data = (nn_dataset){.n = N, .shape = {H, W, C}, .n_outputs = outputs, .x = x, .label = label, .target = target};
}

static void finish(problem *p)
{
    nn_net_destroy(p->net);
    arena_destroy(p->a);
}

static void compare(const problem *p, double got, double want, const double *gradient)
{
    int k = p->data.n_outputs;
    nn_view dy = nn_grad_view(p->net, p->net->graph->output, N);
    if (!(fabs(got - want) < 2e-5 * fabs(want)))
        fail_msg("loss %.9g, by definition %.9g", got, want);
    for (int i = 0; gradient && i < N * k; i++)
        if (!(fabs((double)dy.p[i] - gradient[i]) < 1e-6))
            fail_msg("gradient %d is %g, by definition %g", i, (double)dy.p[i], gradient[i]);
}

/* weight x cross-entropy of answer i against a smoothed label, added to the gradient of the mean. */
static double add_cross_entropy(const problem *p, const float *z, int32_t label, double weight, double *gradient)
{
    double sum = 0, loss = 0, s = p->recipe.label_smoothing;
    for (int j = 0; j < K; j++)
        sum += exp((double)z[j]);
    for (int j = 0; j < K; j++) {
        double probability = exp((double)z[j]) / sum, target = (j == label ? 1 - s : 0) + s / K;
        loss -= target * log(probability);
        gradient[j] += weight * (probability - target) / N;
    }
    return weight * loss;
}

static void test_cross_entropy(void **state)
{
    (void)state;
    static const float weights[K] = {0.25f, 1, 2, 0.5f, 3};
    static const struct {
        const char *recipe;
        bool weighted;
        double own;
    } cases[] = {{"", false, 1}, {"label_smoothing=0.1", false, 1}, {"", true, 1}, {"", false, 0.3}, {"label_smoothing=0.1", true, 0.8}};
    for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
        problem p;
        setup(&p, cases[c].recipe, K);
        double want = 0, errors = 0, gradient[N * K] = {0}, own = cases[c].own, wrong = 0;
        p.data.class_weight = cases[c].weighted ? weights : NULL;
        nn_load(p.net, &p.data, p.order, N, false, 0);
        nn_forward(p.net, N, true, 1);
        double got = nn_loss(p.net, &p.data, p.order, N, true, own, &errors);
        const float *y = nn_output_view(p.net, p.net->graph->output, N).p;
        for (int i = 0; i < N; i++) {
            int32_t a = p.data.label[p.order[i]], b = p.data.label[p.order[(i + 1) % N]];
            double wa = cases[c].weighted ? (double)weights[a] : 1, wb = cases[c].weighted ? (double)weights[b] : 1;
            want += add_cross_entropy(&p, y + i * K, a, own * wa, gradient + i * K);
            want += add_cross_entropy(&p, y + i * K, b, (1 - own) * wb, gradient + i * K);
            for (int j = 0; j < K; j++)
                if (y[i * K + j] > y[i * K + a]) {
                    wrong++;
                    break;
                }
        }
        compare(&p, got, want, gradient);
        assert_true(errors == wrong);
        finish(&p);
    }
}

/* Validation compares recipes: it knows neither weights nor smoothing. */
static void test_validation_is_plain(void **state)
{
    (void)state;
    static const float weights[K] = {0.25f, 1, 2, 0.5f, 3};
    problem p;
    setup(&p, "label_smoothing=0.2, mixup=0.5", K);
    nn_score plain = nn_evaluate(p.net, &p.data);
    p.data.class_weight = weights;
    nn_score weighted = nn_evaluate(p.net, &p.data);
    double want = 0, ignored[K];
    assert_true(plain.loss == weighted.loss && plain.error == weighted.error);
    const float *y = nn_output_view(p.net, p.net->graph->output, N).p;
    p.recipe.label_smoothing = 0;
    for (int i = 0; i < N; i++)
        want += add_cross_entropy(&p, y + i * K, p.data.label[i], 1, ignored);
    compare(&p, plain.loss * N, want, NULL);
    finish(&p);
}

static void test_squared_errors(void **state)
{
    (void)state;
    for (int own = 2; own >= 1; own--) { /* 1 and 0.5 */
        for (int input = 0; input < 2; input++) {
            problem p;
            int k = input ? IN : K;
            setup(&p, "", k);
            double want = 0, errors = 0, gradient[N * IN] = {0}, share = own / 2.0;
            p.data.label = NULL;
            p.data.target = input ? NULL : p.data.target;
            nn_load(p.net, &p.data, p.order, N, false, 0);
            nn_forward(p.net, N, true, 1);
            double got = nn_loss(p.net, &p.data, p.order, N, true, share, &errors);
            const float *y = nn_output_view(p.net, p.net->graph->output, N).p;
            for (int i = 0; i < N; i++)
                for (int j = 0; j < k; j++) {
                    const float *from = input ? p.data.x : p.data.target;
                    double a = (double)from[(int)p.order[i] * k + j], b = (double)from[(int)p.order[(i + 1) % N] * k + j];
                    double target = input ? a : share * a + (1 - share) * b; /* the input was mixed before, if at all */
                    double d = (double)y[i * k + j] - target;
                    want += d * d / k;
                    gradient[i * k + j] = 2 * d / (N * k);
                }
            compare(&p, got, want, gradient);
            assert_true(errors == got);
            finish(&p);
        }
    }
}

static void test_mixtures(void **state)
{
    (void)state;
    problem p;
    setup(&p, "mixup=0.4", K);
    for (int n = 1; n <= N; n += 23) {
        nn_load(p.net, &p.data, p.order, n, false, 0);
        double own = nn_mix(p.net, n, 5);
        nn_view v = nn_output_view(p.net, 0, n);
        assert_true(own > 0 && own < 1);
        for (int i = 0; i < n; i++)
            for (int y = 0; y < H; y++)
                for (int x = 0; x < W; x++)
                    for (int c = 0; c < C; c++) {
                        int at = (y * W + x) * C + c;
                        double a = (double)p.data.x[(int)p.order[i] * IN + at], b = (double)p.data.x[(int)p.order[(i + 1) % n] * IN + at];
                        double got = (double)v.p[i * v.sn + y * v.sh + x * v.sw + c];
                        assert_true(fabs(got - (own * a + (1 - own) * b)) < 1e-6);
                    }
    }
    nn_load(p.net, &p.data, p.order, N, false, 0); /* the border is still empty, and another step has another share */
    double other = nn_mix(p.net, N, 6), again = nn_mix(p.net, N, 6);
    assert_true(other == again && other != nn_mix(p.net, N, 5));
    nn_view v = nn_output_view(p.net, 0, N);
    for (int x = -1; x <= W; x++)
        assert_true(v.p[-v.sh + x * v.sw] == 0);
    finish(&p);
}

/* Mean 1/2 and variance 1 / (4 (2 alpha + 1)), and the first numbers of a stream for ever. */
static void test_beta(void **state)
{
    (void)state;
    static const double alphas[] = {1, 0.4, 0.2, 0.01};
    for (size_t k = 0; k < 4; k++) {
        enum { DRAWS = 200000 };
        rng r = rng_stream(11, "beta", k);
        double sum = 0, squares = 0, quarter = 0;
        for (int i = 0; i < DRAWS; i++) {
            double b = nn_beta(&r, alphas[k]);
            assert_true(b >= 0 && b <= 1);
            sum += b;
            squares += (b - 0.5) * (b - 0.5);
            quarter += b < 0.25;
        }
        assert_true(fabs(sum / DRAWS - 0.5) < 0.004);
        assert_true(fabs(squares / DRAWS - 0.25 / (2 * alphas[k] + 1)) < 0.001);
        if (k == 0)
            assert_true(fabs(quarter / DRAWS - 0.25) < 0.004);
    }
    rng r = rng_stream(1, "mixup", 0);
    static const double first[] = {0x1.a4502487f72cdp-1, 0x1.fca8db4458757p-1, 0x1.71cd76cc2318fp-1};
    for (int i = 0; i < 3; i++) {
        double b = nn_beta(&r, 0.2);
        if (b != first[i])
            fail_msg("share %d is %a", i, b);
    }
}

/* Mixed training is a function of the seed, learns, and is not the plain one. */
static void test_training_on_mixtures(void **state)
{
    (void)state;
    static const char *const recipes[] = {"epochs=30, lr=0.05, mixup=0", "epochs=30, lr=0.05, mixup=0.3", "epochs=30, lr=0.05, mixup=0.3"};
    hash256 hash[3];
    for (int i = 0; i < 3; i++) {
        problem p;
        curve_point curve[30];
        size_t n;
        setup(&p, recipes[i], K);
        for (int s = 0; s < N; s++)
            ((float *)(uintptr_t)p.data.x)[s * IN + p.data.label[s]] += 3;
        p.net->batch = 10;
        assert_int_equal(nn_train(p.net, &p.data, &p.data, 9, curve, &n, NULL, NULL), NN_TRAINED);
        assert_true(curve[29].val_error < 0.1);
        hash[i] = nn_weights_hash(p.net);
        finish(&p);
    }
    assert_true(hash_equal(&hash[1], &hash[2]) && !hash_equal(&hash[0], &hash[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cross_entropy),
        cmocka_unit_test(test_validation_is_plain),
        cmocka_unit_test(test_squared_errors),
        cmocka_unit_test(test_mixtures),
        cmocka_unit_test(test_beta),
        cmocka_unit_test(test_training_on_mixtures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
