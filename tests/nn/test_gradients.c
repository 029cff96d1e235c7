/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_gradients.c - every operator: the engine's output and gradients against float64, several seeds, every kernel level
 *
 * The gradient in float64 is a central difference of graph_f64.h. The operator under test stands behind a convolution, so a wrong gradient of
 * its input shows in that convolution's weights.
 */
#include "unit.h"

#include "nn/graph_f64.h"

#include <stdio.h>

/* "op attributes" separated by ';', each reading the layer before; "a,b: op" reads layers by number: 0 is the image, 1 the
 * convolution that all cases begin with. */
static const char *const cases[] = {
    "conv2d out=6, kernel=3",
    "conv2d out=5, kernel=[5, 2], bias=false",
    "conv2d out=8, kernel=3, stride=2",
    "conv2d out=16, kernel=3, stride=[2, 1], padding=[1, 2]",
    "conv2d out=4, kernel=3, dilation=2",
    "conv2d out=8, kernel=3, groups=2",
    "conv2d out=6, kernel=4, stride=2, groups=2, padding=valid",
    "conv2d out=33, kernel=1",
    "conv2d out=6, kernel=1, stride=2",
    "conv2d out=6, kernel=[7, 6], padding=valid; relu",
    "conv2d out=6, kernel=3, weight_bits=8",
    "conv2d out=6, kernel=3, weight_bits=4; batch_norm; relu",
    "conv2d out=6, kernel=3, weight_bits=2; batch_norm",
    "conv2d out=6, kernel=3, weight_bits=1, groups=2; relu6",
    "depthwise_conv2d kernel=3",
    "depthwise_conv2d kernel=5, stride=2; batch_norm; relu6",
    "depthwise_conv2d kernel=[3, 1], dilation=2, bias=false, weight_bits=4",
    "conv2d out=20, kernel=3; depthwise_conv2d kernel=3, weight_bits=1; batch_norm; relu",
    "dense out=7",
    "dense out=9, weight_bits=2; batch_norm; relu; dense out=3, weight_bits=1",
    "flatten; dense out=7; relu",
    "flatten; relu; dense out=4, bias=false, weight_bits=8",
    "conv2d out=6, kernel=3; batch_norm",
    "conv2d out=6, kernel=3; batch_norm; relu",
    "conv2d out=6, kernel=3; relu",
    "conv2d out=6, kernel=3; relu6",
    "batch_norm; conv2d out=4, kernel=3",
    "relu; batch_norm; relu6; max_pool; batch_norm",
    "max_pool; relu; conv2d out=5, kernel=3",
    "max_pool kernel=3, stride=2, padding=same; conv2d out=3, kernel=3",
    "max_pool kernel=[2, 3], stride=1, padding=[0, 1]",
    "avg_pool; conv2d out=5, kernel=3",
    "avg_pool kernel=3, stride=1, padding=same; conv2d out=5, kernel=3",
    "avg_pool kernel=3, stride=2, padding=same; relu6",
    "global_avg_pool; dense out=4",
    "conv2d out=4, kernel=3; 2,1: add; relu; conv2d out=4, kernel=3",
    "conv2d out=4, kernel=1; 1: conv2d out=4, kernel=3; 3,2,1: add; relu6; conv2d out=2, kernel=5",
    "1,1: add; conv2d out=3, kernel=3",
    "conv2d out=3, kernel=3; 1,2,1: concat; conv2d out=4, kernel=3; relu",
    "flatten; 1: conv2d out=2, kernel=3; flatten; 2: dense out=3; 4: dense out=3; 5,6: add",
    "identity; 1,2: add; conv2d out=3, kernel=3; identity",
    "dropout rate=0.3; conv2d out=3, kernel=3; dropout rate=0.5; relu",
    "hard_swish; conv2d out=3, kernel=3; hard_swish",
    "conv2d out=5, kernel=3; batch_norm; hard_swish; hard_sigmoid; 4,2: add; sigmoid",
    "tanh; conv2d out=3, kernel=3, stride=2; 1: sigmoid; 4,1: add; tanh; dense out=3",
    "global_avg_pool; conv2d out=2, kernel=1; relu; conv2d out=4, kernel=1; hard_sigmoid; 1,6: multiply; conv2d out=3, kernel=3",
    "global_avg_pool; sigmoid; 3,1: multiply; 1,4: add; relu",
    "1,1: multiply; tanh; 1,3: multiply; conv2d out=3, kernel=5",
    "global_avg_pool; 2,2: multiply; dense out=3",
    "conv2d out=4, kernel=3; 2,1: input_scale; relu; conv2d out=3, kernel=3",
    "conv2d out=5, kernel=[3, 2], stride=2, dilation=[1, 2], padding=1; 2,1: input_scale kernel=[3, 2], stride=2, dilation=[1, 2], padding=1",
    "1,1: input_scale kernel=1; 1,2: add; 3,3: input_scale",
    "channel_shuffle; conv2d out=6, kernel=3, groups=2; channel_shuffle groups=3; 4,3: add; channel_shuffle groups=2; relu",
    "conv2d out=6, kernel=[3, 1], stride=[2, 1]; max_pool kernel=[3, 1], stride=[2, 1], padding=same; depthwise_conv2d kernel=[2, 1]",
    "channel_shuffle groups=4; conv2d out=3, kernel=3; channel_shuffle groups=1",
    "zero; 1: conv2d out=4, kernel=3; 2,3: add; relu",
    "zero stride=2; conv2d out=4, kernel=1",
    "conv2d out=4, kernel=3; batch_norm; relu; conv2d out=4, kernel=3; batch_norm; 6,1: add; relu; global_avg_pool; dense out=5",
};
enum { N_CASES = sizeof(cases) / sizeof(cases[0]), BATCH = 3 };

static int add_layer(nn_graph *g, char *text, ash_error *err)
{
    int inputs[NN_MAX_INPUTS] = {g->n_nodes - 1}, n = 1;
    char *colon = strchr(text, ':');
    if (colon) {
        n = 0;
        for (char *p = text; p < colon; p++)
            inputs[n++] = (int)strtol(p, &p, 10);
        text = colon + 1;
    }
    text += strspn(text, " ");
    char *attrs = strchr(text, ' ');
    if (attrs)
        *attrs++ = '\0';
    return nn_add(g, err, text, inputs, n, attrs);
}

static nn_graph *build(const char *text, arena *a)
{
    ash_error err;
    nn_graph *g = nn_graph_create(a, (nn_shape){7, 6, 3});
    char *copy = arena_strdup(a, text), *rest = copy;
    assert_int_equal(nn_add1(g, &err, 0, "conv2d", "out=4, kernel=3"), 1);
    for (char *layer; (layer = strsep(&rest, ";"));)
        if (add_layer(g, layer + strspn(layer, " "), &err) < 0)
            fail_msg("%s: %s", text, err.text);
    return g;
}

static void fill(float *to, size_t n, rng *r, float scale)
{
    for (size_t i = 0; i < n; i++)
        to[i] = scale * rng_normal(r);
}

/* Random parameters and input; one forward and backward with dy = coefficients. */
static void run(nn_net *net, double *coefficient, uint64_t seed)
{
    rng r = rng_stream(seed, "test", 0);
    const nn_graph *g = net->graph;
    nn_net_init(net, seed);
    for (int i = 0; i < g->n_nodes; i++)
        for (int k = 0; k < g->nodes[i].n_params; k++)
            if (g->nodes[i].params[k].role != NN_WEIGHT)
                for (size_t j = 0; j < g->nodes[i].params[k].count; j++)
                    nn_param_values(net, i, k)[j] += 0.3f * rng_normal(&r);
    size_t n = (size_t)BATCH * (size_t)nn_elements(g->nodes[0].shape);
    float *x = malloc(n * sizeof(float));
    fill(x, n, &r, 1);
    nn_dataset data = {.n = BATCH, .shape = g->nodes[0].shape, .x = x};
    nn_load(net, &data, NULL, BATCH, false, 0);
    free(x);
    nn_forward(net, BATCH, true, seed);
    nn_view dy = nn_grad_view(net, g->output, BATCH);
    size_t outputs = (size_t)BATCH * (size_t)nn_elements(g->nodes[g->output].shape);
    for (size_t i = 0; i < outputs; i++)
        coefficient[i] = (double)(dy.p[i] = rng_normal(&r));
}

static void check_output(const nn_net *net, const f64_graph *f, const char *what)
{
    nn_view y = nn_output_view(net, f->g->output, BATCH);
    nn_shape s = f->g->nodes[f->g->output].shape;
    for (int i = 0; i < BATCH; i++)
        for (int r = 0; r < s.h; r++)
            for (int q = 0; q < s.w; q++)
                for (int c = 0; c < s.c; c++) {
                    double want = f->out[f->g->output][f64_at(s, i, r, q, c)];
                    double got = (double)y.p[i * y.sn + r * y.sh + q * y.sw + c];
                    if (!(fabs(got - want) <= 2e-5 * (1 + fabs(want))))
                        fail_msg("%s: output %g, float64 %g", what, got, want);
                }
}

static void check_param(const nn_net *net, f64_graph *f, const double *coefficient, int id, int k, const char *what)
{
    size_t count = f->g->nodes[id].params[k].count, step = count > 40 ? count / 40 : 1;
    const float *got = nn_param_grads(net, id, k);
    double largest = 0.1; /* a bias before a batch norm has a gradient of 0, up to cancellation */
    for (size_t j = 0; j < count; j++)
        largest = fmax(largest, fabs((double)got[j]));
    for (size_t j = 0; j < count; j += step) {
        double *p = &f->param[id][k][j], old = *p, h = 1e-6;
        *p = old + h;
        double up = f64_run(f, coefficient);
        *p = old - h;
        double down = f64_run(f, coefficient), want = (up - down) / (2 * h);
        *p = old;
        if (!(fabs((double)got[j] - want) <= 2e-4 * largest))
            fail_msg("%s: %s of %s, element %zu: gradient %g, float64 %g", what, f->g->nodes[id].params[k].name,
                     f->g->nodes[id].name, j, (double)got[j], want);
    }
}

static void check_case(const char *text, const char *level, int shards, uint64_t seed)
{
    ash_error err;
    char what[256];
    nn_net *net;
    nn_recipe recipe;
    f64_graph f;
    arena *a = arena_create();
    nn_graph *g = build(text, a);
    snprintf(what, sizeof(what), "%s (%s, %d shards, seed %d)", text, level, shards, (int)seed);
    assert_int_equal(option_read(&nn_recipe_options, &recipe, NULL, a, &err), ASH_OK);
    recipe.batch = BATCH + 1; /* a batch that is not full */
    if (nn_net_create_in_shards(g, &recipe, level, 0, shards, &net, &err) != ASH_OK)
        fail_msg("%s: %s", what, err.text);
    double *coefficient = ARENA_NEW(a, double, (size_t)BATCH * (size_t)nn_elements(g->nodes[g->output].shape));
    run(net, coefficient, seed);
    f64_create(&f, net, BATCH);
    if (isnan(f64_run(&f, coefficient)))
        fail_msg("%s: graph_f64.h lacks an operator", what);
    check_output(net, &f, what);
    nn_backward(net);
    for (int i = 0; i < g->n_nodes; i++)
        for (int k = 0; k < g->nodes[i].n_params; k++)
            check_param(net, &f, coefficient, i, k, what);
    f64_destroy(&f);
    nn_net_destroy(net);
    arena_destroy(a);
}

static void test_every_case(void **state)
{
    (void)state;
    for (const char *const *level = nn_kernels_levels(); *level; level++)
        for (uint64_t seed = 1; nn_kernels_supported(*level) && seed <= 3; seed++)
            for (int i = 0; i < N_CASES; i++)
                check_case(cases[i], *level, (int)seed, seed); /* 1, 2 and 3 shards of a batch of 3 */
}

/* Whoever adds an operator adds a case here. A quantizer's gradient is a convention, no derivative: test_quant.c has it. */
static void test_every_operator_has_a_case(void **state)
{
    (void)state;
    for (size_t i = 1; nn_op_at(i); i++) {
        bool found = strcmp(nn_op_at(i)->name, "quantize") == 0;
        for (int k = 0; k < N_CASES && !found; k++) {
            const char *at = strstr(cases[k], nn_op_at(i)->name);
            found = at && strchr(" ;", at[strlen(nn_op_at(i)->name)]); /* '\0' too */
        }
        if (!found)
            fail_msg("no gradient case for operator %s", nn_op_at(i)->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_case),
        cmocka_unit_test(test_every_operator_has_a_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
