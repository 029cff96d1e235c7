/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_replicates.c - a candidate trained several times: keys, means, deviation, costs, and the weights of the first */
#include "unit.h"

#include "evaluator/evaluator.h"
#include "evaluator/quality/quality.h"
#include "evaluator/train.h"
#include "nn/kernels/kernels.h"
#include <math.h>
#include <string.h>

typedef struct world {
    arena *a;
    data_set *data;
    space *space;
    nn_recipe recipe;
    evaluator_context context;
    genome *genome;
    char *text;
    void *weights; /* kept last */
    size_t n_weights, n_kept;
} world;

static void keep(void *ctx, uint64_t id, const void *bytes, size_t n)
{
    world *w = ctx;
    assert_int_equal(id, 5);
    w->weights = arena_memdup(w->a, bytes, n);
    w->n_weights = n;
    w->n_kept++;
}

static const node *inline_map(world *w, const char *text)
{
    ash_error err;
    node *map;
    if (node_parse_inline(w->a, text, "test", &map, &err) != ASH_OK)
        fail_msg("%s", err.text);
    return map;
}

/* stages: one dense block of 4 or 8 units */
static const node *space_map(arena *a)
{
    node *map = node_map(a, NULL), *stages = node_list(a, "stages"), *stage = node_map(a, NULL), *width = node_list(a, "width");
    node_append(map, stages);
    node_append(stages, stage);
    node_append(stage, node_scalar(a, "name", "hidden"));
    node_append(stage, node_scalar(a, "block", "dense"));
    node_append(stage, width);
    node_append(width, node_scalar(a, NULL, "4"));
    node_append(width, node_scalar(a, NULL, "8"));
    return map;
}

static void setup(world *w, const char *recipe)
{
    ash_error err;
    *w = (world){.a = arena_create()};
    if (data_open(inline_map(w, "type=synthetic, samples=120"), &w->data, &err) != ASH_OK ||
        option_read(&nn_recipe_options, &w->recipe, inline_map(w, recipe), w->a, &err) != ASH_OK ||
        space_read(space_map(w->a), (nn_shape){w->data->h, w->data->w, w->data->c}, w->data->n_outputs, &w->space, &err) != ASH_OK)
        fail_msg("%s", err.text);
    w->context = (evaluator_context){.space = w->space, .data = w->data, .recipe = &w->recipe, .kernel_level = nn_kernels_best()->level,
                                     .training_seed = 3, .keep_weights = keep, .keep_ctx = w};
    w->genome = genome_create(w->space, w->a);
    rng r = rng_stream(1, "test", 0);
    space_sample(w->space, w->genome, &r);
    w->text = space_print(w->space, w->genome, w->a);
}

static void finish(world *w)
{
    space_destroy(w->space);
    data_close(w->data);
    arena_destroy(w->a);
}

static trial evaluate(world *w, const char *settings)
{
    const evaluator_type *type = evaluator_find("train");
    ash_error err;
    void *e;
    trial t = {.id = 5, .genome = w->text};
    if (type->create(inline_map(w, settings), &w->context, &e, &err) != ASH_OK ||
        type->cost(e, w->genome, &t, w->a, &err) != ASH_OK || type->evaluate(e, &t, w->a, NULL, NULL, &err) != ASH_OK)
        fail_msg("%s", err.text);
    size_t measured = 0;
    for (const char *const *name = type->measures(e); *name; name++, measured++) /* what it says that it measures, it does */
        if (t.status == TRIAL_OK && isnan(trial_metric(&t, *name)))
            fail_msg("%s is not measured", *name);
    assert_true(measured >= 4);
    type->destroy(e);
    return t;
}

static void test_means_and_costs(void **state)
{
    (void)state;
    world w;
    setup(&w, "epochs=3, batch=16");
    trial one = evaluate(&w, "replicates=1"), three = evaluate(&w, "replicates=3"), again = evaluate(&w, "replicates=3");
    double e[3], mean, sd;
    for (int i = 0; i < 3; i++)
        e[i] = trial_metric(&three, (const char *[]){"error_1", "error_2", "error_3"}[i]);
    assert_true(isnan(trial_metric(&three, "error_4")) && isnan(trial_metric(&one, "error_1")) && isnan(trial_metric(&one, "error_sd")));
    assert_true(e[0] == trial_metric(&one, "error")); /* the first replicate is the training without replicates */
    assert_true(e[0] != e[1] && e[1] != e[2] && e[0] != e[2]);
    mean = (e[0] + e[1] + e[2]) / 3;
    sd = sqrt(((e[0] - mean) * (e[0] - mean) + (e[1] - mean) * (e[1] - mean) + (e[2] - mean) * (e[2] - mean)) / 2);
    assert_true(fabs(trial_metric(&three, "error") - mean) < 1e-12);
    assert_true(fabs(trial_metric(&three, "error_sd") - sd) < 1e-12);
    assert_int_equal(three.n_metrics, one.n_metrics + 4);
    assert_int_equal(three.n_curve, 3);
    assert_true(fabs(three.curve[2].val_error - mean) < 1e-12 && one.curve[2].val_error == e[0]);
    assert_int_equal(three.trained_macs, 3 * one.trained_macs);
    assert_in_range(three.virtual_duration, 3 * one.virtual_duration - 2, 3 * one.virtual_duration); /* 1 + a number rounded down */
    assert_false(hash_equal(&three.key, &one.key));
    assert_true(hash_equal(&three.weights_hash, &one.weights_hash));
    assert_true(hash_equal(&three.key, &again.key) && trial_metric(&three, "val_loss") == trial_metric(&again, "val_loss"));
    assert_int_equal(w.n_kept, 3); /* once for each trial */

    metric *m; /* what was kept is the first replicate */
    size_t n;
    ash_error err;
    assert_int_equal(train_score(&w.context, w.text, w.weights, w.n_weights, &w.data->val, w.a, &m, &n, &err), ASH_OK);
    assert_true(trial_metric(&(trial){.metrics = m, .n_metrics = n}, "error") == e[0]);
    finish(&w);
}

static void test_one_that_diverges_ends_the_trial(void **state)
{
    (void)state;
    world w;
    setup(&w, "epochs=8, batch=16, lr=100, clip_norm=0, momentum=1, warmup_epochs=0");
    for (size_t i = 0; i < w.data->train.n * (size_t)w.data->c; i++)
        w.data->train.x[i] *= 1e18f;
    trial one = evaluate(&w, "replicates=1"), two = evaluate(&w, "replicates=2");
    assert_int_equal(one.status, TRIAL_DIVERGED);
    assert_string_equal(one.reason, "the loss is not finite");
    assert_int_equal(two.status, TRIAL_DIVERGED);
    assert_string_equal(two.reason, "the loss of replicate 1 is not finite");
    assert_int_equal(two.n_curve, 0);
    assert_true(hash_is_zero(&two.weights_hash) && w.n_kept == 0);
    finish(&w);
}

static bool at_once(void *ctx)
{
    (void)ctx;
    return true;
}

static void test_abandoned_is_pending(void **state)
{
    (void)state;
    world w;
    ash_error err;
    void *e;
    setup(&w, "epochs=3, batch=16");
    const evaluator_type *type = evaluator_find("train");
    trial t = {.id = 5, .genome = w.text};
    assert_int_equal(type->create(inline_map(&w, "replicates=2"), &w.context, &e, &err), ASH_OK);
    assert_int_equal(type->cost(e, w.genome, &t, w.a, &err), ASH_OK);
    assert_int_equal(type->evaluate(e, &t, w.a, at_once, NULL, &err), ASH_OK);
    assert_int_equal(t.status, TRIAL_PENDING);
    assert_int_equal(w.n_kept, 0);
    type->destroy(e);
    finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_means_and_costs),
        cmocka_unit_test(test_one_that_diverges_ends_the_trial),
        cmocka_unit_test(test_abandoned_is_pending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
