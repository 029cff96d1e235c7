/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_quant.c - quantizers of weights and activations: levels, scales, error, gradients, and where they are put */
#include "unit.h"

#include "core/rng.h"
#include "nn/op.h"
#include "nn/quant/place.h"
#include "nn/quant/weights.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PER_ROW = 37, ROWS = 5 };

static void random_weights(float *w)
{
    rng r = rng_stream(1, "quant", 0);
    for (int i = 0; i < PER_ROW * ROWS; i++)
        w[i] = i % ROWS == 3 ? 0 : rng_normal(&r) * (float)(1 + i % ROWS); /* row 3 is empty */
}

static int distinct(const float *out, int row)
{
    float seen[PER_ROW];
    int n = 0;
    for (int i = 0; i < PER_ROW; i++) {
        int k = 0;
        while (k < n && seen[k] != out[i * ROWS + row])
            k++;
        if (k == n)
            seen[n++] = out[i * ROWS + row];
    }
    return n;
}

static double error_of(const float *w, const float *out, int row)
{
    double sum = 0;
    for (int i = 0; i < PER_ROW; i++)
        sum += pow((double)w[i * ROWS + row] - (double)out[i * ROWS + row], 2);
    return sum;
}

static void test_levels_and_error(void **state)
{
    (void)state;
    static const int bits[] = {1, 2, 4, 8}, most[] = {2, 3, 15, 255};
    float w[PER_ROW * ROWS], out[PER_ROW * ROWS], scale[ROWS];
    double before[ROWS];
    random_weights(w);
    for (int b = 0; b < 4; b++) {
        nn_quantise_weights(nn_weight_quantizer_find("scaled"), out, scale, &(nn_rows){w, NULL, PER_ROW, ROWS, bits[b]});
        for (int row = 0; row < ROWS; row++) {
            assert_true(distinct(out, row) <= most[b]);
            assert_true(row == 3 || distinct(out, row) > 1);
            if (row != 3 && b > 0)
                assert_true(error_of(w, out, row) < before[row]);
            before[row] = error_of(w, out, row);
            for (int i = 0; i < PER_ROW; i++) {
                float q = out[i * ROWS + row] / (scale[row] > 0 ? scale[row] : 1);
                assert_true(fabsf(q - rintf(q)) < 1e-4f); /* a multiple of the scale */
                assert_true(row != 3 || out[i * ROWS + row] == 0);
            }
        }
    }
}

static void test_formulas(void **state)
{
    (void)state;
    const float w[] = {0.1f, -0.5f, 0.9f, -0.2f};
    float out[4], scale[1];
    const nn_weight_quantizer *scaled = nn_weight_quantizer_find("scaled");
    nn_quantise_weights(scaled, out, scale, &(nn_rows){w, NULL, 4, 1, 1});
    assert_true(fabsf(scale[0] - 0.425f) < 1e-6f);
    assert_true(out[0] == scale[0] && out[1] == -scale[0] && out[2] == scale[0] && out[3] == -scale[0]);
    nn_quantise_weights(scaled, out, scale, &(nn_rows){w, NULL, 4, 1, 2}); /* threshold 0.2975: 0.5 and 0.9 stay */
    assert_true(fabsf(scale[0] - 0.7f) < 1e-6f);
    assert_true(out[0] == 0 && out[1] == -scale[0] && out[2] == scale[0] && out[3] == 0);
    nn_quantise_weights(scaled, out, scale, &(nn_rows){w, NULL, 4, 1, 4});
    assert_true(fabsf(scale[0] - 0.9f / 7) < 1e-6f);
    assert_true(fabsf(out[1] + 4 * scale[0]) < 1e-6f && fabsf(out[2] - 0.9f) < 1e-6f);
}

/* ------------------------------------------------------------------ weights with gradients */

static bool near(double x, double y)
{
    return fabs(x - y) <= 1e-5 * (1 + fabs(x) + fabs(y));
}

static void test_lsq_weights(void **state)
{
    (void)state;
    const nn_weight_quantizer *lsq = nn_weight_quantizer_find("lsq");
    static const int bits[] = {2, 4, 8};
    float w[PER_ROW * ROWS], out[PER_ROW * ROWS], scale[ROWS], step[ROWS], d[PER_ROW * ROWS], dw[PER_ROW * ROWS], dstep[ROWS];
    int8_t codes[PER_ROW * ROWS];
    random_weights(w);
    rng r = rng_stream(2, "quant", 0);
    for (int i = 0; i < PER_ROW * ROWS; i++)
        dw[i] = d[i] = rng_normal(&r);
    for (int b = 0; b < 3; b++) {
        nn_rows rows = {w, step, PER_ROW, ROWS, bits[b]};
        double most = (1 << (bits[b] - 1)) - 1;
        nn_weight_steps(step, &rows);
        step[1] *= 0.3f; /* much is clipped */
        step[4] = -1;    /* went astray: the least step counts */
        nn_quantise_weights(lsq, out, scale, &rows);
        nn_weight_codes(lsq, codes, scale, &rows, dw);
        memcpy(dw, d, sizeof(d));
        lsq->gradient(dw, dstep, &rows);
        for (int c = 0; c < ROWS; c++) {
            double sum = 0, s = step[c] > 0x1p-20f ? (double)step[c] : 0x1p-20;
            for (int i = c; i < PER_ROW * ROWS; i += ROWS) {
                double v = (double)w[i] / s, q = fmin(fmax(rint(v), -most), most);
                bool inside = v >= -most && v <= most;
                assert_true(fabs(v) > 1e5 || codes[i] == (int)q);
                assert_true(near((double)out[i], codes[i] * s));
                assert_true(dw[i] == (inside ? d[i] : 0));
                sum += (double)d[i] * (inside ? q - v : v < 0 ? -most : most);
            }
            assert_true(near((double)dstep[c], sum / sqrt(PER_ROW * most)));
        }
    }
}

static void test_dorefa_weights(void **state)
{
    (void)state;
    const nn_weight_quantizer *dorefa = nn_weight_quantizer_find("dorefa");
    float w[PER_ROW * ROWS], out[PER_ROW * ROWS], scale[ROWS], dw[PER_ROW * ROWS];
    random_weights(w);
    double most = 0;
    for (int i = 0; i < PER_ROW * ROWS; i++)
        most = fmax(most, fabs(tanh((double)w[i])));
    for (int bits = 2; bits <= 4; bits += 2) {
        nn_rows rows = {w, NULL, PER_ROW, ROWS, bits};
        double levels = (1 << bits) - 1;
        nn_quantise_weights(dorefa, out, scale, &rows);
        for (int i = 0; i < PER_ROW * ROWS; i++)
            dw[i] = 1;
        dorefa->gradient(dw, NULL, &rows);
        for (int i = 0; i < PER_ROW * ROWS; i++) {
            double t = tanh((double)w[i]), v = levels * (t / (2 * most) + 0.5);
            assert_true(fabs(v - rint(v)) > 0.499 || near((double)out[i], 2 * rint(v) / levels - 1));
            assert_true(fabs((double)dw[i] - (1 - t * t) / most) < 1e-5);
        }
    }
    nn_graph *g = nn_graph_create(arena_create(), (nn_shape){4, 4, 1});
    ash_error err;
    assert_int_equal(nn_add1(g, &err, 0, "conv2d", "out=2, weight_bits=8, weight_quantizer=dorefa"), -1);
    assert_non_null(strstr(err.text, "goes up to 4 bits"));
    arena_destroy(g->arena);
}

/* ------------------------------------------------------------------ activations */

enum { IMAGES = 2, SIDE = 5, CHANNELS = 3, HALO = 1, ELEMENTS = IMAGES * SIDE * SIDE * CHANNELS };

typedef struct activation {
    arena *a;
    nn_pass pass;
    float x[IMAGES * (SIDE + 2 * HALO) * (SIDE + 2 * HALO) * CHANNELS], y[ELEMENTS], dy[ELEMENTS], dx[ELEMENTS], step, dstep;
} activation;

static nn_view dense(float *p)
{
    return (nn_view){p, IMAGES, SIDE, SIDE, CHANNELS, CHANNELS, SIDE * CHANNELS, SIDE * SIDE * CHANNELS};
}

static float *at(nn_view v, int i) /* element i of all */
{
    int row = v.w * v.c, image = row * v.h;
    return v.p + i / image * v.sn + i % image / row * v.sh + i % row;
}

static void activation_new(activation *t, const char *attrs)
{
    ash_error err;
    t->a = arena_create();
    nn_graph *g = nn_graph_create(t->a, (nn_shape){SIDE, SIDE, CHANNELS});
    int q = nn_add1(g, &err, 0, "quantize", "%s", attrs);
    assert_true(q > 0);
    ptrdiff_t row = (SIDE + 2 * HALO) * CHANNELS;
    t->pass = (nn_pass){.kernels = nn_kernels_best(), .node = &g->nodes[q], .training = true, .quantises = true, .batch = IMAGES, .y = dense(t->y), .dy = dense(t->dy)};
    t->pass.x[0] = (nn_view){t->x + HALO * (row + CHANNELS), IMAGES, SIDE, SIDE, CHANNELS, CHANNELS, row, row * (SIDE + 2 * HALO)};
    t->pass.dx[0] = dense(t->dx);
    t->pass.param[0] = &t->step;
    t->pass.grad[0] = &t->dstep;
    rng r = rng_stream(3, "quant", 0);
    for (int i = 0; i < ELEMENTS; i++) {
        *at(t->pass.x[0], i) = 1.5f * rng_normal(&r);
        t->dy[i] = rng_normal(&r);
        t->dx[i] = 1;
    }
    nn_op_find("quantize")->meet(&t->pass, &t->step);
}

static void check_activation(const char *attrs, int bits, bool is_signed, const char *method)
{
    activation t;
    activation_new(&t, attrs);
    double high = bits == 1 ? 1 : (1 << (bits - is_signed)) - 1, low = is_signed ? -high : 0, mean = 0, most = 0, inside = 0, outside = 0, size = 0;
    bool sign = bits == 1 && is_signed;
    for (int i = 0; i < ELEMENTS; i++) {
        mean += fabs((double)*at(t.pass.x[0], i)) / ELEMENTS;
        most = fmax(most, fabs((double)*at(t.pass.x[0], i)));
    }
    double begins = sign ? 1 : strcmp(method, "lsq") == 0 ? 2 * mean / sqrt(high) : strcmp(method, "dorefa") == 0 ? 1 / high : most / high;
    assert_true(near((double)t.step, begins));
    t.step *= 0.4f; /* so that values are outside of any range */
    t.pass.accumulate[0] = bits == 4;
    t.pass.node->op->forward(&t.pass);
    t.pass.node->op->backward(&t.pass);
    for (int i = 0; i < ELEMENTS; i++) {
        float x = *at(t.pass.x[0], i);
        double v = (double)(x * (1 / t.step)), c = fmin(fmax(v, low), high), q = sign ? (x < 0 ? -1 : 1) : rint(c);
        bool in = sign ? fabs(v) <= 1 : c >= v && c <= v;
        if (fabs(fabs(c - floor(c)) - 0.5) > 1e-4) /* else float and double may round to different sides */
            assert_true(near((double)t.y[i], q * (double)t.step));
        assert_true(near((double)t.dx[i], (in ? (double)t.dy[i] : 0) + t.pass.accumulate[0]));
        inside += in ? (double)t.dy[i] * (q - v) : 0;
        outside += in ? 0 : (double)t.dy[i] * q;
        size += fabs((double)t.dy[i] * (in ? q - v : q));
    }
    bool lsq = strcmp(method, "lsq") == 0, pact = strcmp(method, "pact") == 0;
    double g = lsq ? 1 / sqrt(ELEMENTS * high) : 1 / (high * high);
    double expected = sign ? 0 : lsq ? g * (inside + outside) : pact ? g * outside + 4e-4 * (double)t.step : 0;
    assert_true(fabs(expected - (double)t.dstep) <= 1e-6 * (g * size + fabs(expected))); /* sums of floats */
    arena_destroy(t.a);
}

static void test_activations(void **state)
{
    (void)state;
    static const char *const methods[] = {"lsq", "pact", "dorefa", "range"};
    for (int bits = 1; bits <= 8; bits *= 2)
        for (int is_signed = 0; is_signed <= 1; is_signed++)
            for (int m = 0; m < 4; m++) {
                char attrs[80];
                snprintf(attrs, sizeof(attrs), "bits=%d, signed=%s, method=%s", bits, is_signed ? "true" : "false", methods[m]);
                check_activation(attrs, bits, is_signed, methods[m]);
            }
}

/* ------------------------------------------------------------------ places */

typedef struct place_case {
    const char *graph, *placed; /* "operator input.input attributes; ...": what nn_add gets, and operators with inputs as they come out */
} place_case;

static const place_case places[] = {
    /* a chain; pooling is looked through; the last layer's own width */
    {"conv2d 0 out=4,weight_bits=4 @8; batch_norm 1; relu 2; max_pool 3 kernel=2; conv2d 4 out=4,weight_bits=4 @4; relu 5; flatten 6; dense 7 out=3,weight_bits=8 @8",
     "quantize8s 0; conv2d 1; batch_norm 2; relu 3; quantize4 4; max_pool 5; conv2d 6; relu 7; quantize8 8; flatten 9; dense 10"},
    /* a residual: the sum reads 8 bits, a narrow convolution takes its own from them */
    {"conv2d 0 out=4,weight_bits=2 @8; relu 1; conv2d 2 out=4,weight_bits=2 @2; batch_norm 3; add 4.2; relu 5; global_avg_pool 6; dense 7 out=3,weight_bits=8 @8",
     "quantize8s 0; conv2d 1; relu 2; quantize8 3; quantize2 4; conv2d 5; batch_norm 6; quantize8s 7; add 8.4; relu 9; quantize8 10; "
     "global_avg_pool 11; quantize8 12; dense 13"},
    /* signs: of what may be negative; no maximum of them */
    {"conv2d 0 out=4,weight_bits=8 @8; batch_norm 1; max_pool 2 kernel=2; conv2d 3 out=4,weight_bits=1 @1; flatten 4; dense 5 out=3,weight_bits=8 @8",
     "quantize8s 0; conv2d 1; batch_norm 2; quantize8s 3; max_pool 4; quantize1s 5; conv2d 6; quantize8s 7; flatten 8; dense 9"},
    /* curved activations read codes */
    {"conv2d 0 out=4,weight_bits=8 @8; batch_norm 1; hard_swish 2; flatten 3; dense 4 out=3,weight_bits=8 @4",
     "quantize8s 0; conv2d 1; batch_norm 2; quantize8s 3; hard_swish 4; quantize4s 5; flatten 6; dense 7"},
    /* a part stays float: only what is asked for */
    {"conv2d 0 out=4,weight_bits=32 @32; relu 1; max_pool 2 kernel=2; conv2d 3 out=4,weight_bits=2 @2; relu 4; flatten 5; dense 6 out=3,weight_bits=32 @32",
     "conv2d 0; relu 1; max_pool 2; quantize2 3; conv2d 4; relu 5; flatten 6; dense 7"},
    /* an operator without an integer form: the same */
    {"batch_norm 0; quantize 1 bits=1,signed=true; conv2d 2 out=4,kernel=3,weight_bits=1 @8; input_scale 3.1; relu 4; flatten 5; dense 6 out=3,weight_bits=8 @8",
     "batch_norm 0; quantize1s 1; conv2d 2; input_scale 3.1; relu 4; flatten 5; quantize8 6; dense 7"},
    /* what the graph has already is left alone */
    {"conv2d 0 out=4,weight_bits=8 @8; batch_norm 1; quantize 2 bits=1,signed=true; conv2d 3 out=4,weight_bits=1 @8; flatten 4; dense 5 out=3,weight_bits=8 @8",
     "quantize8s 0; conv2d 1; batch_norm 2; quantize1s 3; conv2d 4; quantize8s 5; flatten 6; dense 7"},
};

static nn_graph *build(arena *a, const char *text)
{
    nn_graph *g = nn_graph_create(a, (nn_shape){8, 8, 1});
    char *rest = arena_strdup(a, text);
    for (char *part; (part = strsep(&rest, ";"));) {
        ash_error err;
        char *save, *op = strtok_r(part, " ", &save), *in = strtok_r(NULL, " ", &save), *attrs = NULL;
        int inputs[2], n = sscanf(in, "%d.%d", &inputs[0], &inputs[1]), bits = 32;
        for (char *word; (word = strtok_r(NULL, " ", &save));)
            if (*word == '@')
                bits = atoi(word + 1);
            else
                attrs = word;
        int made = nn_add(g, &err, op, inputs, n, attrs);
        if (made < 0)
            fail_msg("%s", err.text);
        nn_set_act_bits(g, made, bits);
    }
    return g;
}

static char *shown(const nn_graph *g, arena *a)
{
    buffer out = {0};
    for (int i = 1; i < g->n_nodes; i++) {
        const nn_node *n = &g->nodes[i];
        buffer_printf(&out, "%s%s", i > 1 ? "; " : "", n->op->name);
        if (strcmp(n->op->name, "quantize") == 0) {
            buffer attrs = {0};
            nn_print_attrs(n, &attrs);
            buffer_printf(&out, "%d%s", n->out_bits, strstr(attrs.data, "signed: true") ? "s" : "");
            assert_int_equal(n->inputs[0] == 0, strstr(attrs.data, "method: range") != NULL);
            buffer_free(&attrs);
        }
        for (int k = 0; k < n->n_inputs; k++)
            buffer_printf(&out, "%s%d", k ? "." : " ", n->inputs[k]);
    }
    char *text = arena_strdup(a, out.data);
    buffer_free(&out);
    return text;
}

static void test_places(void **state)
{
    (void)state;
    const nn_quantisation as_is = {.weights = "scaled", .activations = "lsq"};
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        ash_error err;
        arena *a = arena_create();
        nn_graph *placed, *again, *g = build(a, places[i].graph);
        assert_int_equal(nn_place_quantizers(g, &as_is, a, &placed, &err), ASH_OK);
        assert_string_equal(shown(placed, a), places[i].placed);
        assert_int_equal(nn_params(placed), nn_params(g));
        assert_int_equal(nn_place_quantizers(placed, &as_is, a, &again, &err), ASH_OK);
        assert_string_equal(shown(again, a), places[i].placed);
        arena_destroy(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_and_error), cmocka_unit_test(test_formulas),    cmocka_unit_test(test_lsq_weights),
        cmocka_unit_test(test_dorefa_weights),   cmocka_unit_test(test_activations), cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
