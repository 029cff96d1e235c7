/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_cost.c - bits, bytes and operations by hand-counted networks; rows add up to the metrics; the block description */
#include "evaluator/cost/cost.h"
#include "unit.h"
#include <jansson.h>
#include <math.h>
#include <string.h>

static ash_error err;

static int add(nn_graph *g, int x, const char *op, const char *attrs)
{
    int i = nn_add(g, &err, op, &x, 1, attrs);
    if (i < 0)
        fail_msg("%s: %s", op, err.text);
    return i;
}

static double get(const metric *m, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(m[i].name, name))
            return m[i].value;
    fail_msg("no metric %s", name);
    return NAN;
}

/* 5 x 4 x 3 image; conv 3x3 of 7 channels at 2 bits without bias; BN; ReLU; dense of 2 at 1 bit. */
static nn_graph *small(arena *a)
{
    nn_graph *g = nn_graph_create(a, (nn_shape){5, 4, 3});
    int x = add(g, 0, "conv2d", "out=7, kernel=3, bias=false, weight_bits=2");
    nn_set_block(g, x, "stem");
    x = add(g, x, "batch_norm", NULL);
    x = add(g, x, "relu", NULL);
    x = add(g, x, "max_pool", "kernel=2");
    add(g, x, "dense", "out=2, weight_bits=1");
    return g;
}

enum {
    CONV_MACS = 5 * 4 * 7 * 27,
    DENSE_IN = 2 * 2 * 7, /* pooling of 5x4 by 2 */
    DENSE_MACS = 2 * DENSE_IN,
    CONV_BYTES = 7 * (7 + 4), /* ceil(27 * 2 / 8) and a scale per row */
    BIAS_BYTES = 7 * 4,       /* batch norm's shift */
    DENSE_BYTES = 2 * (4 + 4) + 2 * 4,
};

static void test_metrics(void **state)
{
    (void)state;
    arena *a = arena_create();
    nn_graph *g = small(a);
    metric *m;
    size_t n;
    assert_int_equal(cost_metrics(g, a, &m, &n, &err), ASH_OK);
    assert_int_equal(get(m, n, "macs"), CONV_MACS + DENSE_MACS);
    assert_int_equal(get(m, n, "params"), 7 * 27 + 14 + DENSE_MACS + 2);
    assert_int_equal(get(m, n, "params_folded"), 7 * 27 + 7 + DENSE_MACS + 2);
    assert_int_equal(get(m, n, "bops"), (CONV_MACS * 2 + DENSE_MACS * 1) * 32);
    assert_int_equal(get(m, n, "model_bytes"), CONV_BYTES + BIAS_BYTES + DENSE_BYTES);
    assert_true(fabs(get(m, n, "mean_weight_bits") - (7 * 27 * 2.0 + DENSE_MACS) / (7 * 27 + DENSE_MACS)) < 1e-12);
    assert_int_equal(get(m, n, "mean_act_bits"), 32);
    assert_int_equal(get(m, n, "integer"), 0);
    assert_int_equal(get(m, n, "flops"), 2 * CONV_MACS + 140 + 140 + 4 * DENSE_IN + 2 * DENSE_MACS + 2);
    assert_int_equal(get(m, n, "peak_ram_bytes"), 4 * (5 * 4 * 7 + 60)); /* floats: the image and the convolution */
    assert_int_equal(cost_metrics_at(g, (cost_settings){8, true}, a, &m, &n, &err), ASH_OK);
    assert_int_equal(get(m, n, "peak_ram_bytes"), 5 * 4 * 7 + DENSE_IN);
    assert_int_equal(get(m, n, "bops"), (CONV_MACS * 2 + DENSE_MACS * 1) * 8);
    assert_int_equal(get(m, n, "model_bytes"), CONV_BYTES + BIAS_BYTES + DENSE_BYTES);
    arena_destroy(a);
}

static int64_t bytes_of(arena *a, const nn_graph *g, int i)
{
    cost_layer *l;
    size_t n;
    assert_int_equal(cost_layers(g, (cost_settings){0}, a, &l, &n, &err), ASH_OK);
    return l[i - 1].model_bytes;
}

/* Bytes of each number of bits, rows that do not fill a byte, and a batch norm that folds into a bias or does not fold. */
static void test_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *attrs;
        int64_t bytes;
    } cases[] = {
        {"out=3", 3 * 5 * 4 + 12},
        {"out=3, bias=false", 3 * 5 * 4},
        {"out=3, weight_bits=8", 3 * (5 + 4) + 12},
        {"out=3, weight_bits=4", 3 * (3 + 4) + 12},
        {"out=3, weight_bits=2", 3 * (2 + 4) + 12},
        {"out=3, weight_bits=1, bias=false", 3 * (1 + 4)},
    };
    arena *a = arena_create();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nn_graph *g = nn_graph_create(a, (nn_shape){1, 1, 5});
        int dense = add(g, 0, "dense", cases[i].attrs);
        assert_int_equal(bytes_of(a, g, dense), cases[i].bytes);
    }
    nn_graph *g = nn_graph_create(a, (nn_shape){1, 1, 5});
    int norm = add(g, 0, "batch_norm", NULL); /* nothing before it: a scale and a shift */
    int dense = add(g, norm, "dense", "out=3");
    int folded = add(g, dense, "batch_norm", NULL);
    assert_int_equal(bytes_of(a, g, norm), 2 * 5 * 4);
    assert_int_equal(bytes_of(a, g, folded), 0);
    arena_destroy(a);
}

static void test_rows_add_up(void **state)
{
    (void)state;
    arena *a = arena_create();
    nn_graph *g = small(a);
    const cost_settings settings = {.activation_bits = 4};
    metric *m;
    cost_layer *l;
    size_t n, rows;
    assert_int_equal(cost_metrics_at(g, settings, a, &m, &n, &err), ASH_OK);
    assert_int_equal(cost_layers(g, settings, a, &l, &rows, &err), ASH_OK);
    assert_int_equal(rows, 5);
    cost_layer sum = {0};
    for (size_t i = 0; i < rows; i++) {
        sum.macs += l[i].macs;
        sum.flops += l[i].flops;
        sum.bops += l[i].bops;
        sum.params += l[i].params;
        sum.params_folded += l[i].params_folded;
        sum.model_bytes += l[i].model_bytes;
        assert_int_equal(l[i].out_bits, 4);
    }
    assert_int_equal(sum.macs, get(m, n, "macs"));
    assert_int_equal(sum.macs, nn_macs(g));
    assert_int_equal(sum.flops, get(m, n, "flops"));
    assert_int_equal(sum.flops, nn_flops(g));
    assert_int_equal(sum.bops, get(m, n, "bops"));
    assert_int_equal(sum.params, get(m, n, "params"));
    assert_int_equal(sum.params, nn_params(g));
    assert_int_equal(sum.params_folded, get(m, n, "params_folded"));
    assert_int_equal(sum.params_folded, nn_params_folded(g));
    assert_int_equal(sum.model_bytes, get(m, n, "model_bytes"));
    assert_string_equal(l[0].attributes, "kernel 3");
    assert_string_equal(l[0].block, "stem");
    assert_int_equal(l[0].weight_bits, 2);
    assert_int_equal(l[0].activation_bytes, 70);
    assert_int_equal(l[1].activation_bytes, 0); /* in the convolution's buffer */
    assert_string_equal(l[3].attributes, "kernel 2, stride 2");
    arena_destroy(a);
}

static void test_attributes(void **state)
{
    (void)state;
    static const struct {
        const char *op, *attrs, *shown;
    } cases[] = {
        {"conv2d", "out=4, kernel=[3, 1], stride=2, groups=2, padding=valid", "kernel 3x1, stride 2, groups 2, padding valid"},
        {"conv2d", "out=4, kernel=5, stride=[2, 1], padding=[1, 0], bias=false, weight_bits=4",
         "kernel 5, stride 2x1, padding 1x0"},
        {"dropout", "rate=0.25", "rate 0.25"},
        {"relu", NULL, ""},
        {"batch_norm", NULL, ""},
        {"dense", "out=3", ""},
    };
    arena *a = arena_create();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nn_graph *g = nn_graph_create(a, (nn_shape){8, 8, 2});
        add(g, 0, cases[i].op, cases[i].attrs);
        cost_layer *l;
        size_t n;
        assert_int_equal(cost_layers(g, (cost_settings){0}, a, &l, &n, &err), ASH_OK);
        assert_string_equal(l[0].attributes, cases[i].shown);
    }
    arena_destroy(a);
}

/* 8-bit image, 4-bit convolution, 2-bit activations, 8-bit dense layer: an integer network; with a float layer none. */
static void test_integer(void **state)
{
    (void)state;
    arena *a = arena_create();
    for (int is_float = 0; is_float < 2; is_float++) {
        nn_graph *g = nn_graph_create(a, (nn_shape){4, 4, 2});
        int x = add(g, 0, "quantize", "bits=8, signed=true, method=range");
        x = add(g, x, "conv2d", "out=3, kernel=1, weight_bits=4");
        x = add(g, x, "relu", NULL);
        x = add(g, x, "quantize", "bits=2");
        add(g, x, "dense", is_float ? "out=5" : "out=5, weight_bits=8");
        metric *m;
        size_t n;
        double conv = 4 * 4 * 2 * 3, dense = 4 * 4 * 3 * 5;
        assert_int_equal(cost_metrics(g, a, &m, &n, &err), ASH_OK);
        assert_int_equal(get(m, n, "integer"), !is_float);
        assert_true(fabs(get(m, n, "mean_act_bits") - (8 * conv + 2 * dense) / (conv + dense)) < 1e-12);
    }
    arena_destroy(a);
}

static void test_no_weights(void **state)
{
    (void)state;
    arena *a = arena_create();
    nn_graph *g = nn_graph_create(a, (nn_shape){4, 4, 2});
    add(g, 0, "global_avg_pool", NULL);
    metric *m;
    size_t n;
    assert_int_equal(cost_metrics(g, a, &m, &n, &err), ASH_OK);
    assert_int_equal(get(m, n, "mean_weight_bits"), 32);
    assert_int_equal(get(m, n, "model_bytes"), 0);
    arena_destroy(a);
}

static void test_blocks(void **state)
{
    (void)state;
    arena *a = arena_create();
    nn_graph *g = nn_graph_create(a, (nn_shape){4, 4, 2});
    int x = add(g, 0, "conv2d", "out=2");
    int both[2] = {x, 0}, sum = nn_add(g, &err, "add", both, 2, NULL);
    g->nodes[x].name = "a \"quoted\" name";
    nn_set_block(g, sum, "join");
    char *text = cost_blocks_json(g, a);
    json_t *root = json_loads(text, 0, NULL);
    assert_non_null(root);
    const json_t *layers = json_object_get(root, "layers"), *conv = json_array_get(layers, 0), *join = json_array_get(layers, 1);
    assert_int_equal(json_array_size(layers), 2);
    assert_string_equal(json_string_value(json_object_get(conv, "name")), "a \"quoted\" name");
    assert_null(json_object_get(conv, "block"));
    assert_string_equal(json_string_value(json_object_get(join, "block")), "join");
    const json_t *inputs = json_object_get(join, "inputs");
    assert_string_equal(json_string_value(json_array_get(inputs, 0)), "a \"quoted\" name");
    assert_string_equal(json_string_value(json_array_get(inputs, 1)), "input");
    assert_int_equal(json_integer_value(json_array_get(json_object_get(root, "input"), 2)), 2);
    assert_int_equal(json_integer_value(json_object_get(conv, "macs")), 4 * 4 * 2 * 18);
    assert_int_equal(json_integer_value(json_object_get(conv, "bytes")), 4 * (36 + 2));
    assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "totals"), "macs")), nn_macs(g));
    json_decref(root);
    assert_string_equal(cost_blocks_json(g, a), text); /* the same text every time: it is stored by value */
    arena_destroy(a);
}

/* Sizes at which costs would no longer fit are refused. */
static void test_too_large(void **state)
{
    (void)state;
    arena *a = arena_create();
    nn_graph *g = nn_graph_create(a, (nn_shape){8192, 8192, 1});
    assert_true(nn_add1(g, &err, 0, "conv2d", "out=65536, kernel=1") < 0);
    assert_int_equal(err.status, ASH_INVALID);
    assert_non_null(strstr(err.text, "elements"));
    assert_true(nn_add1(g, &err, 0, "conv2d", "out=3, kernel=501, padding=250") > 0);
    assert_true(nn_add1(g, &err, 0, "dense", "out=1000") < 0);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics),    cmocka_unit_test(test_bytes),  cmocka_unit_test(test_rows_add_up),
        cmocka_unit_test(test_attributes), cmocka_unit_test(test_integer), cmocka_unit_test(test_no_weights), cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
