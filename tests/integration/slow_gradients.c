/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gradients of whole networks, nets a to d of docs/kernels.md, against float64.
 *
 * Of every parameter tensor, the derivative along a random direction: central differences of a float64 forward pass written from the operators'
 * definitions (tests/nn/graph_f64.h). Where an input of a ReLU is within rounding of zero, float32 takes the other branch and the gradient
 * of what lies before moves by up to a per cent; that is rounding, no error, and differs from seed to seed. So every tensor has to agree closely
 * for most seeds, and roughly for all. */
#include "config/config.h"
#include "nn/graph_f64.h"
#include "unit.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 4, SEEDS = 5, MOST_PARAMS = 256 };

typedef struct comparison { /* of one network; relative errors, per tensor and seed */
    double error[MOST_PARAMS][SEEDS];
    char name[MOST_PARAMS][64];
    int n;
} comparison;

static double uniform(rng *r)
{
    return 2 * rng_real(r) - 1;
}

/* One forward and backward of the engine on random images; coefficient: dy of the outputs. */
static void run(nn_net *net, double *coefficient, uint64_t seed)
{
    const nn_graph *g = net->graph;
    rng r = rng_stream(seed, "test", 0);
    size_t n = (size_t)BATCH * (size_t)nn_elements(g->nodes[0].shape), outputs = (size_t)BATCH * (size_t)nn_elements(g->nodes[g->output].shape);
    float *x = malloc(n * sizeof(float));
    for (size_t i = 0; i < n; i++)
        x[i] = rng_normal(&r);
    nn_net_init(net, seed);
    nn_dataset data = {.n = BATCH, .shape = g->nodes[0].shape, .x = x};
    nn_load(net, &data, NULL, BATCH, false, 0);
    nn_forward(net, BATCH, true, seed);
    nn_view dy = nn_grad_view(net, g->output, BATCH);
    for (size_t i = 0; i < outputs; i++)
        coefficient[i] = (double)(dy.p[i] = rng_normal(&r));
    free(x);
}

/* Derivative of float64 along `direction`, a tensor of parameters. */
static double derivative(f64_graph *f, const double *coefficient, double *param, const double *direction, size_t n)
{
    const double h = 1e-7;
    double *old = malloc(n * sizeof(double)), value[2];
    memcpy(old, param, n * sizeof(double));
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++)
            param[i] = old[i] + (side ? h : -h) * direction[i];
        value[side] = f64_run(f, coefficient);
    }
    memcpy(param, old, n * sizeof(double));
    free(old);
    return (value[1] - value[0]) / (2 * h);
}

/* Errors are relative to the length of the gradient: a direction may happen to be at a right angle to it. */
static void compare_tensor(const nn_net *net, f64_graph *f, const double *coefficient, int id, int k, uint64_t seed, double *error)
{
    size_t n = net->graph->nodes[id].params[k].count;
    const float *grad = nn_param_grads(net, id, k);
    double *direction = malloc(n * sizeof(double)), along = 0, squares = 0, length = 0;
    rng r = rng_stream(seed, "direction", (uint64_t)(id * NN_MAX_PARAMS + k));
    for (size_t i = 0; i < n; i++) {
        direction[i] = uniform(&r);
        along += direction[i] * (double)grad[i];
        squares += (double)grad[i] * (double)grad[i];
        length += direction[i] * direction[i];
    }
    double want = derivative(f, coefficient, f->param[id][k], direction, n);
    double scale = sqrt(squares * length / (double)n); /* of a projection on a random direction */
    *error = fabs(along - want) / (scale + 0.1);       /* before a batch norm, a bias has no gradient, nor has a factor per channel: all cancels */
    free(direction);
}

static void compare_seed(const nn_graph *g, int shards, int s, comparison *c)
{
    ash_error err;
    nn_net *net;
    nn_recipe recipe;
    f64_graph f;
    arena *a = arena_create();
    double *coefficient = ARENA_NEW(a, double, (size_t)BATCH * (size_t)nn_elements(g->nodes[g->output].shape));
    assert_int_equal(option_read(&nn_recipe_options, &recipe, NULL, a, &err), ASH_OK);
    recipe.batch = BATCH;
    assert_int_equal(nn_net_create_in_shards(g, &recipe, NULL, 0, shards, &net, &err), ASH_OK);
    uint64_t seed = (uint64_t)s + 1;
    run(net, coefficient, seed);
    f64_create(&f, net, BATCH);
    assert_false(isnan(f64_run(&f, coefficient)));
    nn_backward(net);
    c->n = 0;
    for (int i = 0; i < g->n_nodes; i++)
        for (int k = 0; k < g->nodes[i].n_params; k++, c->n++) {
            assert_true(c->n < MOST_PARAMS);
            snprintf(c->name[c->n], sizeof(c->name[0]), "%s of %s", g->nodes[i].params[k].name, g->nodes[i].name);
            compare_tensor(net, &f, coefficient, i, k, seed, &c->error[c->n][s]);
        }
    f64_destroy(&f);
    nn_net_destroy(net);
    arena_destroy(a);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void check_network(const char *name, const char *path, int shards)
{
    static comparison c;
    ash_error err;
    char whole[4096];
    node *root;
    nn_graph *g;
    arena *a = arena_create();
    snprintf(whole, sizeof(whole), "%s/examples/%s", getenv("ASHLAR_SOURCE"), path);
    assert_int_equal(config_read_file(whole, a, &root, &err), ASH_OK);
    assert_int_equal(nn_read(root, NULL, a, &g, &err), ASH_OK);
    for (int s = 0; s < SEEDS; s++)
        compare_seed(g, shards, s, &c);
    double worst_median = 0, worst = 0;
    for (int i = 0; i < c.n; i++) {
        qsort(c.error[i], SEEDS, sizeof(double), ascending);
        worst_median = fmax(worst_median, c.error[i][SEEDS / 2]);
        worst = fmax(worst, c.error[i][SEEDS - 1]);
        if (!(c.error[i][SEEDS / 2] < 1e-4) || !(c.error[i][SEEDS - 1] < 3e-2))
            print_error("net %s, %d shards: %s differs from float64 by %g (median of seeds), %g (most)\n", name, shards, c.name[i],
                        c.error[i][SEEDS / 2], c.error[i][SEEDS - 1]);
    }
    print_message("net %s, %d shards, %d tensors, %d seeds: worst median %.2g, worst %.2g\n", name, shards, c.n, SEEDS, worst_median, worst);
    assert_true(worst_median < 1e-4 && worst < 3e-2);
    arena_destroy(a);
}

static void test_nets(void **state)
{
    static const struct {
        const char *name, *path;
    } nets[] = {{"a", "architectures/resnet8.yaml"}, {"b", "architectures/ds-cnn.yaml"}, {"c", "bench/small-cnn.yaml"}, {"d", "bench/resnet8-8x8.yaml"}};
    (void)state;
    for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
        check_network(nets[i].name, nets[i].path, 1 + (int)i % 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
