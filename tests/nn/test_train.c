/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_train.c - training is a function of its arguments; evaluation folds; state travels; bad nets end well */
#include "unit.h"

#include "nn/graph_f64.h"

typedef struct problem {
    arena *a;
    nn_graph *g;
    nn_recipe recipe;
    nn_dataset data;
    curve_point curve[256];
    size_t n_curve;
} problem;

enum { SAMPLES = 61, SIDE = 6, CLASSES = 3 };

static const char *const nets[] = {
    "conv2d out=8, kernel=3; batch_norm; relu; conv2d out=8, kernel=3, stride=2, weight_bits=4; batch_norm; relu; dropout rate=0.2; "
    "dense out=3",
    "dense out=16; relu; dense out=3",
    "quantize bits=8, signed=true, method=range; conv2d out=8, kernel=3, weight_bits=4, weight_quantizer=lsq; batch_norm; relu; quantize bits=4; "
    "conv2d out=8, kernel=3, stride=2, weight_bits=2, weight_quantizer=lsq; batch_norm; quantize bits=1, signed=true; "
    "conv2d out=8, kernel=3, weight_bits=1; batch_norm; relu; quantize bits=8, method=pact; dense out=3, weight_bits=4, weight_quantizer=dorefa",
};

static nn_graph *chain(arena *a, const char *text)
{
    ash_error err;
    nn_graph *g = nn_graph_create(a, (nn_shape){SIDE, SIDE, 1});
    char *rest = arena_strdup(a, text);
    for (char *layer; (layer = strsep(&rest, ";"));) {
        layer += strspn(layer, " ");
        char *attrs = strchr(layer, ' ');
        if (attrs)
            *attrs++ = '\0';
        if (nn_add1(g, &err, g->n_nodes - 1, layer, attrs ? "%s" : NULL, attrs) < 0)
            fail_msg("%s", err.text);
    }
    return g;
}

/* Classes are bright rows; regression targets are linear in the mean of the first row. */
static void make_data(problem *p, bool regression)
{
    rng r = rng_stream(7, "data", 0);
    float *x = ARENA_NEW(p->a, float, SAMPLES * SIDE * SIDE), *target = ARENA_NEW(p->a, float, SAMPLES);
    int32_t *label = ARENA_NEW(p->a, int32_t, SAMPLES);
    for (int i = 0; i < SAMPLES; i++) {
        label[i] = i % CLASSES;
        for (int k = 0; k < SIDE * SIDE; k++)
            x[i * SIDE * SIDE + k] = 0.5f * rng_normal(&r) + (k / SIDE == 2 * label[i] ? 2.0f : 0.0f);
        for (int k = 0; k < SIDE; k++)
            target[i] += x[i * SIDE * SIDE + k] / SIDE;
    }
    p->data = (nn_dataset){.n = SAMPLES, .shape = {SIDE, SIDE, 1}, .n_outputs = regression ? 1 : CLASSES, .x = x,
                           .label = regression ? NULL : label, .target = regression ? target : NULL};
}

static void setup(problem *p, const char *net, const char *recipe)
{
    ash_error err;
    node *map;
    *p = (problem){.a = arena_create()};
    p->g = chain(p->a, net);
    assert_int_equal(node_parse_inline(p->a, recipe, "test", &map, &err), ASH_OK);
    if (option_read(&nn_recipe_options, &p->recipe, map, p->a, &err) != ASH_OK)
        fail_msg("%s", err.text);
    make_data(p, false);
}

static nn_net *create(const problem *p, const char *level)
{
    ash_error err;
    nn_net *net;
    if (nn_net_create(p->g, &p->recipe, level, 0, &net, &err) != ASH_OK)
        fail_msg("%s", err.text);
    return net;
}

static nn_net *trained(problem *p, const char *level, uint64_t seed)
{
    nn_net *net = create(p, level);
    nn_net_init(net, seed);
    assert_int_equal(nn_train(net, &p->data, &p->data, seed, p->curve, &p->n_curve, NULL, NULL), NN_TRAINED);
    return net;
}

static hash256 trained_hash(problem *p, const char *level, uint64_t seed)
{
    nn_net *net = trained(p, level, seed);
    hash256 h = nn_weights_hash(net);
    nn_net_destroy(net);
    return h;
}

static void test_learns(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        for (int optimizer = 0; optimizer < 2; optimizer++) {
            problem p;
            setup(&p, nets[i], optimizer ? "epochs=20, batch=8, optimizer=adamw, lr=0.01" : "epochs=20, batch=8, lr=0.05");
            nn_net *net = trained(&p, NULL, 3);
            assert_int_equal(p.n_curve, 20);
            assert_true(p.curve[19].train_loss < p.curve[0].train_loss);
            assert_true(nn_evaluate(net, &p.data).error < 0.05);
            assert_true(p.curve[19].val_error == nn_evaluate(net, &p.data).error);
            nn_net_destroy(net);
            arena_destroy(p.a);
        }
}

static void test_regression_learns(void **state)
{
    problem p;
    (void)state;
    setup(&p, "dense out=1", "epochs=60, batch=8, lr=0.02, weight_decay=0");
    make_data(&p, true);
    nn_net *net = trained(&p, NULL, 3);
    nn_score s = nn_evaluate(net, &p.data);
    assert_true(s.error < 0.02);
    assert_true(fabs(s.error * s.error - s.loss) < 1e-9);
    nn_net_destroy(net);
    arena_destroy(p.a);
}

static void test_same_arguments_same_bits(void **state)
{
    problem p;
    (void)state;
    setup(&p, nets[0], "epochs=3, batch=16");
    for (const char *const *level = nn_kernels_levels(); *level; level++) {
        if (!nn_kernels_supported(*level))
            continue;
        hash256 a = trained_hash(&p, *level, 5), b = trained_hash(&p, *level, 5), c = trained_hash(&p, *level, 6);
        assert_true(hash_equal(&a, &b));
        assert_false(hash_equal(&a, &c));
    }
    arena_destroy(p.a);
}

/* The net as it is after other trainings must train like a new one. */
static void test_a_net_leaves_nothing_behind(void **state)
{
    problem p;
    (void)state;
    setup(&p, nets[0], "epochs=2, batch=16, optimizer=adamw, lr=0.01");
    hash256 want = trained_hash(&p, NULL, 5);
    nn_net *net = trained(&p, NULL, 9);
    nn_net_init(net, 5);
    nn_train(net, &p.data, &p.data, 5, p.curve, &p.n_curve, NULL, NULL);
    hash256 got = nn_weights_hash(net);
    assert_true(hash_equal(&want, &got));
    nn_net_destroy(net);
    arena_destroy(p.a);
}

/* Evaluation folds the norm into quantised weights; float64 does neither. */
static void test_evaluation_is_the_unfolded_net(void **state)
{
    problem p;
    f64_graph f;
    (void)state;
    setup(&p, nets[0], "epochs=4, batch=16");
    nn_net *net = trained(&p, NULL, 5);
    float out[SAMPLES * CLASSES];
    double ones[16 * CLASSES] = {0}, running[64][64];
    nn_predict(net, p.data.x, 16, out);
    f64_create(&f, net, 16);
    for (int s = 0; s < net->fused.n_groups; s++) {
        int norm = net->steps[s].group.norm;
        for (int i = 0; norm >= 0 && i < 2 * p.g->nodes[norm].shape.c; i++)
            running[norm][i] = (double)net->steps[s].running[i];
        if (norm >= 0)
            f.running[norm] = running[norm];
    }
    f64_keep_all(&f);
    assert_false(isnan(f64_run(&f, ones)));
    for (int i = 0; i < 16 * CLASSES; i++)
        assert_true(fabs(f.out[p.g->output][i] - (double)out[i]) < 1e-4);
    f64_destroy(&f);
    nn_net_destroy(net);
    arena_destroy(p.a);
}

static void test_weights_travel(void **state)
{
    problem p;
    ash_error err;
    (void)state;
    setup(&p, nets[0], "epochs=2, batch=16");
    nn_net *net = trained(&p, NULL, 5), *other = create(&p, NULL);
    size_t n = nn_weights_bytes(net);
    char *bytes = malloc(n);
    nn_weights_get(net, bytes);
    assert_int_equal(nn_weights_set(other, bytes, n, &err), ASH_OK);
    hash256 a = nn_weights_hash(net), b = nn_weights_hash(other);
    assert_true(hash_equal(&a, &b));
    assert_true(nn_evaluate(net, &p.data).loss == nn_evaluate(other, &p.data).loss);
    assert_int_equal(nn_weights_set(other, bytes, n - 4, &err), ASH_BROKEN);
    free(bytes);
    nn_net_destroy(net);
    nn_net_destroy(other);
    arena_destroy(p.a);
}

static void test_batches_of_one(void **state)
{
    problem p;
    (void)state;
    setup(&p, "dense out=8; batch_norm; relu; dense out=3", "epochs=2, batch=1");
    nn_net *net = trained(&p, NULL, 5);
    assert_true(isfinite(nn_evaluate(net, &p.data).loss));
    nn_net_destroy(net);
    p.recipe.batch = 60; /* 61 samples: 31 + 30, never 60 + 1 */
    net = trained(&p, NULL, 5);
    assert_int_equal(net->updates, 4);
    nn_net_destroy(net);
    arena_destroy(p.a);
}

static void test_divergence_is_an_outcome(void **state)
{
    problem p;
    (void)state;
    setup(&p, nets[1], "epochs=5, batch=8, lr=100, clip_norm=0, warmup_epochs=0");
    for (int i = 0; i < SAMPLES * SIDE * SIDE; i++)
        ((float *)(uintptr_t)p.data.x)[i] *= 1e18f;
    nn_net *net = create(&p, NULL);
    nn_net_init(net, 1);
    assert_int_equal(nn_train(net, &p.data, &p.data, 1, p.curve, &p.n_curve, NULL, NULL), NN_DIVERGED);
    nn_net_destroy(net);
    arena_destroy(p.a);
}

static bool two_epochs(void *ctx, const curve_point *p)
{
    (void)ctx;
    return p->epoch < 2;
}

static void test_stops_and_caps(void **state)
{
    problem p;
    ash_error err;
    (void)state;
    setup(&p, nets[0], "epochs=9, batch=8");
    nn_net *net = create(&p, NULL);
    nn_net_init(net, 1);
    assert_int_equal(nn_train(net, &p.data, NULL, 1, p.curve, &p.n_curve, two_epochs, NULL), NN_STOPPED);
    assert_int_equal(p.n_curve, 2);
    assert_true(isnan(p.curve[0].val_loss));
    size_t bytes = nn_net_bytes(p.g, &p.recipe);
    assert_true(bytes > 10000 && bytes < 1000000);
    nn_net_destroy(net);
    assert_int_equal(nn_net_create(p.g, &p.recipe, NULL, bytes - 1, &net, &err), ASH_INVALID);
    assert_int_equal(nn_net_create(p.g, &p.recipe, "x86-64-v9", 0, &net, &err), ASH_INVALID);
    assert_int_equal(nn_net_create(p.g, &p.recipe, NULL, bytes, &net, &err), ASH_OK);
    nn_net_destroy(net);
    arena_destroy(p.a);
}

static void test_schedules(void **state)
{
    (void)state;
    nn_recipe r = {.epochs = 10, .schedule = "cosine", .lr = 2, .step_factor = 0.5, .step_epochs = 3};
    for (uint64_t s = 0; s < 100; s++)
        assert_true(fabs(nn_learning_rate(&r, s, 10) - (1 + cos(M_PI * ((double)s + 0.5) / 100))) < 1e-14);
    r.warmup_epochs = 2;
    assert_true(fabs(nn_learning_rate(&r, 9, 10) - 2 * 0.95 / 2) < 1e-15);
    assert_true(fabs(nn_learning_rate(&r, 59, 10) - (1 + cos(M_PI * 3.95 / 8))) < 1e-14);
    r.warmup_epochs = 0;
    r.schedule = "step";
    assert_true(nn_learning_rate(&r, 29, 10) == 2 && nn_learning_rate(&r, 30, 10) == 1 && nn_learning_rate(&r, 60, 10) == 0.5);
    r.schedule = "constant";
    assert_true(nn_learning_rate(&r, 99, 10) == 2);
}

/* One step by the formulas, in double. */
static void test_optimisers_step_as_written(void **state)
{
    (void)state;
    for (int adamw = 0; adamw < 2; adamw++) {
        problem p;
        setup(&p, "dense out=3", adamw ? "optimizer=adamw, weight_decay=0.1, clip_norm=0" : "weight_decay=0.1, clip_norm=0");
        nn_net *net = create(&p, NULL);
        nn_net_init(net, 1);
        double w[2], b = (double)nn_param_values(net, 1, 1)[0], v[2] = {0}, m[2] = {0}, lr = 0.01;
        float g[2] = {0.3f, -0.02f};
        for (int i = 0; i < 2; i++)
            w[i] = (double)nn_param_values(net, 1, 0)[i];
        for (int t = 1; t <= 3; t++) {
            memset(net->grads, 0, net->n_params * sizeof(float));
            for (int i = 0; i < 2; i++) {
                nn_param_grads(net, 1, 0)[i] = g[i];
                double d = (double)g[i];
                if (adamw) {
                    m[i] = 0.9 * m[i] + 0.1 * d;
                    v[i] = 0.999 * v[i] + 0.001 * d * d;
                    w[i] -= lr * (m[i] / (1 - pow(0.9, t)) / (sqrt(v[i] / (1 - pow(0.999, t))) + 1e-8) + 0.1 * w[i]);
                } else {
                    v[i] = 0.9 * v[i] + d + 0.1 * w[i];
                    w[i] -= lr * v[i];
                }
            }
            assert_true(nn_update(net, lr));
        }
        for (int i = 0; i < 2; i++)
            assert_true(fabs(w[i] - (double)nn_param_values(net, 1, 0)[i]) < 1e-6);
        assert_true(b == (double)nn_param_values(net, 1, 1)[0]); /* no decay on a bias */
        nn_param_grads(net, 1, 0)[0] = NAN;
        assert_false(nn_update(net, lr));
        nn_net_destroy(net);
        arena_destroy(p.a);
    }
}

static void test_clipping(void **state)
{
    problem p;
    (void)state;
    setup(&p, "dense out=3", "clip_norm=1, momentum=0, weight_decay=0");
    nn_net *net = create(&p, NULL);
    nn_net_init(net, 1);
    float before = nn_param_values(net, 1, 0)[5];
    memset(net->grads, 0, net->n_params * sizeof(float));
    nn_param_grads(net, 1, 0)[5] = 3;
    nn_param_grads(net, 1, 0)[6] = 4;
    assert_true(nn_update(net, 1));
    assert_true(fabs((double)(before - nn_param_values(net, 1, 0)[5]) - 0.6) < 1e-6);
    nn_net_destroy(net);
    arena_destroy(p.a);
}

static double loss_of(nn_net *net, const problem *p)
{
    double errors = 0;
    nn_load(net, &p->data, NULL, SAMPLES, false, 0);
    nn_forward(net, SAMPLES, true, 1);
    return nn_loss(net, &p->data, NULL, SAMPLES, true, 1, &errors);
}

/* With the statistics held the gradient is that of a norm that is a scale and a shift. */
static void test_frozen_norms(void **state)
{
    (void)state;
    problem p;
    setup(&p, "conv2d out=8, kernel=3; batch_norm; relu; conv2d out=4, kernel=3; batch_norm; relu6; batch_norm; dense out=3", "epochs=2, batch=61");
    nn_net *net = trained(&p, NULL, 1);
    net->frozen = true;
    loss_of(net, &p);
    nn_backward(net);
    for (int id = 1; id < p.g->n_nodes; id++)
        for (int k = 0; k < p.g->nodes[id].n_params; k++)
            for (size_t i = 0; i < p.g->nodes[id].params[k].count; i += 7) {
                float *w = &nn_param_values(net, id, k)[i], kept = *w, h = 2e-3f;
                double g = (double)nn_param_grads(net, id, k)[i];
                *w = kept + h;
                double above = loss_of(net, &p);
                *w = kept - h;
                double below = loss_of(net, &p), expected = (above - below) / (2 * (double)h) / SAMPLES;
                *w = kept;
                if (fabs(g - expected) > 0.03 * (0.02 + fabs(expected)))
                    fail_msg("node %d, param %d, element %d: gradient %g, difference quotient %g", id, k, (int)i, g, expected);
            }
    nn_net_destroy(net);
    arena_destroy(p.a);
}

/* Float epochs are those of the network without quantizers; what comes after is not. */
static void test_float_epochs(void **state)
{
    (void)state;
    const char *quantised = "conv2d out=8, kernel=3, weight_bits=2, weight_quantizer=lsq; quantize bits=2; dense out=3, weight_bits=2";
    const char *plain = "conv2d out=8, kernel=3; identity; dense out=3";
    problem p, q;
    setup(&p, plain, "epochs=4");
    setup(&q, quantised, "epochs=4, float_epochs=2");
    nn_net *a = trained(&p, NULL, 1), *b = trained(&q, NULL, 1);
    for (int e = 0; e < 4; e++)
        assert_true((p.curve[e].train_loss == q.curve[e].train_loss && p.curve[e].val_loss == q.curve[e].val_loss) == (e < 2));
    nn_net_destroy(a), nn_net_destroy(b);
    arena_destroy(p.a), arena_destroy(q.a);
}

/* A deployed net answers as the integer engine does, until it is trained further. */
static void test_training_undeploys(void **state)
{
    (void)state;
    ash_error err;
    problem p;
    setup(&p, "quantize bits=8, signed=true, method=range; conv2d out=4, weight_bits=2; relu; quantize bits=2; dense out=3, weight_bits=8", "epochs=2");
    nn_net *net = trained(&p, NULL, 1);
    nn_score before = nn_evaluate(net, &p.data);
    assert_int_equal(nn_deploy(net, &err), ASH_OK);
    assert_non_null(net->deployed);
    nn_score deployed = nn_evaluate(net, &p.data);
    assert_true(fabs(deployed.loss - before.loss) < 0.05 * before.loss);
    uint32_t order[32];
    for (uint32_t i = 0; i < 32; i++)
        order[i] = i;
    nn_train_step(net, &p.data, order, 32, 0.1, 1);
    assert_null(net->deployed);
    assert_true(nn_evaluate(net, &p.data).loss != deployed.loss);
    nn_net_destroy(net);
    arena_destroy(p.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_regression_learns),
        cmocka_unit_test(test_same_arguments_same_bits),
        cmocka_unit_test(test_a_net_leaves_nothing_behind),
        cmocka_unit_test(test_evaluation_is_the_unfolded_net),
        cmocka_unit_test(test_weights_travel),
        cmocka_unit_test(test_batches_of_one),
        cmocka_unit_test(test_divergence_is_an_outcome),
        cmocka_unit_test(test_stops_and_caps),
        cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_optimisers_step_as_written),
        cmocka_unit_test(test_clipping),
        cmocka_unit_test(test_frozen_norms),
        cmocka_unit_test(test_float_epochs),
        cmocka_unit_test(test_training_undeploys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
