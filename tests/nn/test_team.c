/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads inside a network: the same bits whatever their number, for every kind of step; cores are borrowed and come back. */
#include "core/cores.h"
#include "core/node.h"
#include "nn/net.h"
#include "unit.h"
#include <math.h>
#include <omp.h>
#include <stdlib.h>

enum { SAMPLES = 53, CLASSES = 5, SHARDS = 4, EPOCHS = 2 };

typedef struct problem {
    arena *a;
    nn_graph *g;
    nn_recipe recipe;
    nn_dataset data;
} problem;

static void add(problem *p, const char *op, const char *attrs)
{
    ash_error err;
    if (nn_add1(p->g, &err, p->g->n_nodes - 1, op, attrs ? "%s" : NULL, attrs) < 0)
        fail_msg("%s", err.text);
}

/* Shifts a sample by a random number of pixels, around its end. */
static void augment(const void *ctx, const float *sample, float *out, rng *r)
{
    const nn_shape *s = ctx;
    size_t n = (size_t)nn_elements(*s), by = rng_below(r, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        out[i] = sample[(i + by) % n];
}

static void setup(problem *p, const char *recipe)
{
    static const nn_shape shape = {8, 8, 3};
    static float x[SAMPLES * 8 * 8 * 3];
    static int32_t label[SAMPLES];
    ash_error err;
    node *settings;
    rng r = rng_stream(7, "team", 0);
    for (size_t i = 0; i < sizeof(x) / sizeof(*x); i++)
        x[i] = rng_normal(&r);
    for (int i = 0; i < SAMPLES; i++)
        label[i] = i % CLASSES;
    *p = (problem){.a = arena_create()};
    p->data = (nn_dataset){.n = SAMPLES, .shape = shape, .n_outputs = CLASSES, .x = x, .label = label, .augment = augment, .augment_ctx = &shape};
    p->g = nn_graph_create(p->a, shape);
    add(p, "quantize", "bits=8, signed=true, method=range");
    add(p, "conv2d", "out=8, kernel=3, weight_bits=4");
    add(p, "batch_norm", NULL);
    add(p, "relu", NULL);
    add(p, "quantize", "bits=4, method=pact");
    add(p, "depthwise_conv2d", "kernel=3");
    add(p, "batch_norm", NULL);
    add(p, "relu", NULL);
    add(p, "max_pool", "kernel=2, stride=2");
    add(p, "batch_norm", NULL);
    add(p, "dropout", "rate=0.3");
    add(p, "conv2d", "out=9, kernel=3, stride=2");
    add(p, "batch_norm", NULL);
    add(p, "flatten", NULL);
    add(p, "dense", "out=5");
    assert_int_equal(node_parse_inline(p->a, recipe, "test", &settings, &err), ASH_OK);
    assert_int_equal(option_read(&nn_recipe_options, &p->recipe, settings, p->a, &err), ASH_OK);
}

/* Trained with `spare` cores besides the caller's; the hash of the weights and, by *predicted, of predictions. */
static hash256 train_with(const problem *p, int shards, int spare, hash256 *predicted)
{
    ash_error err;
    nn_net *net;
    curve_point curve[EPOCHS];
    size_t n;
    float out[SAMPLES * CLASSES];
    assert_int_equal(nn_net_create_in_shards(p->g, &p->recipe, NULL, 0, shards, &net, &err), ASH_OK);
    nn_net_init(net, 3);
    cores_add(spare);
    assert_int_equal(nn_train(net, &p->data, &p->data, 3, curve, &n, NULL, NULL), NN_TRAINED);
    nn_predict(net, p->data.x, SAMPLES, out);
    assert_int_equal(cores_take(100), spare); /* all came back */
    hasher h;
    hash_init(&h);
    hash_bytes(&h, out, sizeof(out));
    for (size_t i = 0; i < n; i++) {
        const double values[] = {curve[i].train_loss, curve[i].val_loss, curve[i].val_error};
        hash_bytes(&h, values, sizeof(values));
    }
    *predicted = hash_final(&h);
    hash256 weights = nn_weights_hash(net);
    nn_net_destroy(net);
    return weights;
}

static void test_bits_do_not_depend_on_threads(void **state)
{
    static const char *const recipes[] = {"epochs=2, batch=16", "epochs=2, batch=13, mixup=0.3, optimizer=adamw, lr=0.01",
                                          "epochs=2, batch=16, float_epochs=1, frozen_epochs=1"};
    (void)state;
    for (size_t i = 0; i < sizeof(recipes) / sizeof(*recipes); i++) {
        problem p;
        setup(&p, recipes[i]);
        hash256 answers, whole_answers;
        hash256 weights = train_with(&p, SHARDS, 0, &answers), whole = train_with(&p, 1, 3, &whole_answers);
        assert_false(hash_equal(&weights, &whole)); /* sums in another order: the comparisons below mean something */
        for (int spare = 1; spare < 6; spare++) {
            hash256 other_answers, other = train_with(&p, SHARDS, spare, &other_answers);
            if (!hash_equal(&weights, &other) || !hash_equal(&answers, &other_answers))
                fail_msg("%s: other bits by %d threads", recipes[i], 1 + spare);
        }
        arena_destroy(p.a);
    }
}

/* As the executor of threads does it: teams inside a team. */
static void test_teams_inside_a_team(void **state)
{
    problem p;
    hash256 answers, weights[3] = {{{0}}};
    (void)state;
    setup(&p, "epochs=2, batch=16");
    hash256 alone = train_with(&p, SHARDS, 0, &answers);
    omp_set_max_active_levels(2);
    cores_add(3);
#pragma omp parallel for num_threads(3) schedule(static, 1)
    for (int i = 0; i < 3; i++) {
        ash_error err;
        nn_net *net;
        curve_point curve[EPOCHS];
        size_t n;
        if (nn_net_create_in_shards(p.g, &p.recipe, NULL, 0, SHARDS, &net, &err) == ASH_OK) {
            nn_net_init(net, 3);
            nn_train(net, &p.data, NULL, 3, curve, &n, NULL, NULL);
            weights[i] = nn_weights_hash(net);
            nn_net_destroy(net);
        }
    }
    assert_int_equal(cores_take(100), 3);
    for (int i = 0; i < 3; i++)
        assert_true(hash_equal(&weights[i], &alone));
    arena_destroy(p.a);
}

static void test_shards_are_worth_while(void **state)
{
    problem p;
    ash_error err;
    nn_net *net;
    (void)state;
    setup(&p, "batch=32");
    assert_int_equal(nn_net_create(p.g, &p.recipe, NULL, 0, &net, &err), ASH_OK);
    assert_int_equal(net->n_shards, 1); /* a small network is not cut: that would cost more than threads give */
    nn_net_destroy(net);
    arena_destroy(p.a);
}

static void test_cores(void **state)
{
    (void)state;
    assert_int_equal(cores_take(4), 0);
    cores_add(3);
    assert_int_equal(cores_take(2), 2);
    assert_int_equal(cores_take(2), 1);
    cores_add(-1); /* occupied although none is left */
    assert_int_equal(cores_take(2), 0);
    cores_add(3);
    assert_int_equal(cores_take(5), 2);
    cores_add(1);
    assert_int_equal(cores_take(5), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cores),
        cmocka_unit_test(test_bits_do_not_depend_on_threads),
        cmocka_unit_test(test_teams_inside_a_team),
        cmocka_unit_test(test_shards_are_worth_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
