/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_infer.c - integer networks: the engine against the reference on every tensor and at every level, both against float fake quantisation */
#include "infer_nets.h"
#include "nn/infer/engine.h"
#include "nn/infer/reference.h"
#include "nn/infer/requant.h"
#include "nn/plan.h"
#include <stdlib.h>

typedef struct answers { /* of the reference to one image */
    int32_t **codes;
    float *outputs, *image;
} answers;

static answers ask_reference(quantised *f, const infer_model *m)
{
    answers r;
    r.codes = ARENA_NEW(f->a, int32_t *, (size_t)m->n_tensors);
    for (int i = 0; i < m->n_tensors; i++)
        r.codes[i] = ARENA_NEW(f->a, int32_t, (size_t)nn_elements(m->tensors[i].shape));
    r.outputs = ARENA_NEW(f->a, float, (size_t)nn_elements(m->tensors[m->n_tensors - 1].shape));
    r.image = ARENA_NEW(f->a, float, (size_t)nn_elements(m->tensors[0].shape));
    q_image(f, r.image);
    infer_run_reference(m, r.image, r.codes, r.outputs);
    return r;
}

static bool same_codes(const infer_engine *e, const infer_model *m, int tensor, const int32_t *expected)
{
    size_t n = (size_t)nn_elements(m->tensors[tensor].shape);
    int32_t *codes = malloc(n * sizeof(*codes));
    infer_codes(e, tensor, codes);
    bool same = memcmp(codes, expected, n * sizeof(*codes)) == 0;
    free(codes);
    return same;
}

/* The reference's answer at one level, tensor by tensor, then all at once. */
static void check_level(quantised *f, const infer_model *m, const answers *r, const char *level, uint64_t seed)
{
    infer_engine *e;
    assert_int_equal(infer_engine_create(m, level, &e, &f->err), ASH_OK);
    infer_load(e, r->image);
    assert_true(same_codes(e, m, 0, r->codes[0]));
    for (int k = 0; k < m->n_tensors - 1; k++) {
        infer_run_step(e, k);
        if (!same_codes(e, m, k + 1, r->codes[k + 1]))
            fail_msg("network %d at %s: step %d, kind %d, x %d y %d bits, is wrong", (int)seed, level, k, m->steps[k].kind,
                     m->tensors[m->steps[k].inputs[0]].type.bits, m->tensors[k + 1].type.bits);
    }
    size_t n = (size_t)nn_elements(m->tensors[m->n_tensors - 1].shape);
    float *outputs = calloc(n, sizeof(float));
    infer_run(e, r->image, outputs);
    assert_memory_equal(outputs, r->outputs, n * sizeof(float));
    free(outputs);
    infer_engine_destroy(e);
}

static void test_engine_is_reference(void **state)
{
    (void)state;
    int kinds[INFER_ZERO + 1] = {0};
    for (uint64_t seed = 1; seed <= 600; seed++) {
        quantised f = q_random(seed, 14, false);
        infer_model *m = q_compile(&f);
        answers r = ask_reference(&f, m);
        for (int k = 0; k < m->n_tensors - 1; k++)
            kinds[m->steps[k].kind]++;
        for (const char *const *level = nn_kernels_levels(); *level; level++)
            if (infer_kernels_find(*level))
                check_level(&f, m, &r, *level, seed);
        q_end(&f);
    }
    for (int k = INFER_LINEAR; k <= INFER_ZERO; k++)
        assert_true(kinds[k] > 20);
}

/* What nn_place_quantizers makes an integer network of is one. */
static void test_placed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        quantised f = q_random_of(seed, 12, false, true);
        if (!infer_supports(f.g, &f.err))
            fail_msg("network %d: %s", (int)seed, f.err.text);
        infer_model *m = q_compile(&f);
        answers r = ask_reference(&f, m);
        check_level(&f, m, &r, infer_kernels_best()->level, seed);
        q_end(&f);
    }
}

/* Codes of 8 bits are rounded in other places and ways than floats are, and little comes of it. */
static void test_fake_quantisation(void **state)
{
    (void)state;
    double squares = 0, difference = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        quantised f = q_random(seed, 10, true);
        infer_model *m = q_compile(&f);
        answers r = ask_reference(&f, m);
        size_t n = (size_t)nn_elements(m->tensors[m->n_tensors - 1].shape);
        float *outputs = ARENA_NEW(f.a, float, n);
        f.net->quantises = true;
        nn_predict(f.net, r.image, 1, outputs);
        double own = 0, away = 0;
        for (size_t i = 0; i < n; i++) {
            double d = (double)outputs[i] - (double)r.outputs[i];
            own += (double)outputs[i] * (double)outputs[i];
            away += d * d;
        }
        if (away > 0.01 * own + 1e-4)
            fail_msg("network %d: off by %g of %g", (int)seed, sqrt(away), sqrt(own));
        squares += own;
        difference += away;
        q_end(&f);
    }
    assert_true(difference < 1e-4 * squares);
}

/* The arena of the engine is the one that is reported. */
static void test_memory_is_the_plan(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        quantised f = q_random(seed, 14, false);
        nn_memory memory;
        assert_int_equal(nn_plan_inference(f.g, 0, &memory, &f.err), ASH_OK);
        assert_int_equal(q_compile(&f)->arena_bytes, memory.peak_bytes);
        q_end(&f);
    }
    quantised f = q_start(1, 4, 4, 1); /* 16 bytes of image, 16 x 3 codes of 1 bit, 2 accumulators */
    int x = q_add1(&f, "quantize", 0, "bits=8, signed=true");
    x = q_add1(&f, "batch_norm", q_add1(&f, "conv2d", x, "out=3, weight_bits=1"), NULL);
    x = q_add1(&f, "quantize", q_add1(&f, "relu", x, NULL), "bits=1");
    q_add1(&f, "dense", x, "out=2, weight_bits=1");
    q_draw(&f);
    infer_model *m = q_compile(&f);
    assert_int_equal(m->n_tensors, 3);
    assert_int_equal(m->arena_bytes, 16 + 6);
    assert_int_equal(infer_bytes(&m->tensors[1]), 6);
    q_end(&f);
}

static int64_t requantised(int64_t acc, int32_t m, int32_t bias, int8_t shift)
{
    return (acc * m + bias * ((int64_t)1 << (shift - 16)) + ((int64_t)1 << (shift - 1))) >> shift;
}

static void test_requantisation(void **state)
{
    (void)state;
    rng r = rng_stream(1, "requant", 0);
    for (int i = 0; i < 200000; i++) {
        double factor = ldexp((double)rng_float(&r) * 2 - 1, (int)rng_below(&r, 24) - 16), offset = ((double)rng_float(&r) - 0.5) * 500;
        int64_t acc = (int64_t)rng_below(&r, 1 << 20) - (1 << 19);
        int32_t m, bias;
        int8_t shift;
        infer_requantise(&factor, 1, offset, false, &m, &bias, &shift);
        assert_in_range(shift, INFER_SHIFT_MIN, INFER_SHIFT_MAX);
        double v = (double)acc * factor + offset, near = fabs(v + 0.5 - rint(v + 0.5));
        if (near > 2e-5 + fabs((double)acc) * ldexp(1, -46)) /* what m and bias cannot hold */
            assert_int_equal(requantised(acc, m, bias, shift), (int64_t)floor(v + 0.5));
        infer_requantise(&factor, 1, offset, true, &m, &bias, &shift);
        if (fabs(v) > 1e-8 * (fabs(offset) + fabs((double)acc * factor)))
            assert_int_equal(acc * m + bias * ((int64_t)1 << (shift - 16)) >= 0, v >= 0);
    }
    int32_t m, bias;
    int8_t shift;
    infer_requantise((double[]){1e30}, 1, -1e30, false, &m, &bias, &shift); /* saturates */
    assert_int_equal(m, INT32_MAX);
    assert_int_equal(bias, -INT32_MAX);
    infer_requantise((double[]){0}, 1, 0, true, &m, &bias, &shift);
    assert_true(m == 0 && bias == 0);
}

/* Halves go up, on either side of zero, in averages as elsewhere. */
static void test_halves(void **state)
{
    (void)state;
    quantised f = q_start(1, 1, 2, 2);
    int x = q_add1(&f, "quantize", 0, "bits=8, signed=true");
    x = q_add1(&f, "quantize", q_add1(&f, "global_avg_pool", x, NULL), "bits=8, signed=true");
    q_add1(&f, "dense", x, "out=2, weight_bits=8");
    q_draw(&f);
    for (int i = 1; i <= 3; i += 2)
        *nn_param_values(f.net, i, 0) = 1;
    infer_model *m = q_compile(&f);
    infer_engine *e;
    assert_int_equal(infer_engine_create(m, NULL, &e, &f.err), ASH_OK);
    float outputs[2];
    int32_t codes[4];
    infer_run(e, (float[]){1, -1, 2, -2}, outputs);
    infer_codes(e, 1, codes);
    assert_int_equal(codes[0], 2);
    assert_int_equal(codes[1], -1);
    infer_load(e, (float[]){0.5f, -0.5f, 1e9f, NAN});
    infer_codes(e, 0, codes);
    int32_t expected[] = {1, 0, 127, -127};
    assert_memory_equal(codes, expected, sizeof(expected));
    infer_engine_destroy(e);
    q_end(&f);
}

static void refused(quantised *f, const char *sentence)
{
    assert_false(infer_supports(f->g, &f->err));
    if (!strstr(f->err.text, sentence))
        fail_msg("%s", f->err.text);
    arena_destroy(f->a);
}

static void test_refused(void **state)
{
    (void)state;
    const char *eight = "bits=8, signed=true", *dense = "out=2, weight_bits=8";
    quantised f = q_start(1, 4, 4, 2);
    q_add1(&f, "dense", 0, dense);
    refused(&f, "input is not read by one quantizer alone");
    f = q_start(1, 4, 4, 2);
    int x = q_add1(&f, "quantize", 0, eight);
    q_add1(&f, "dense", x, "out=2");
    refused(&f, "dense_2 has float weights");
    f = q_start(1, 4, 4, 2);
    x = q_add1(&f, "conv2d", q_add1(&f, "quantize", 0, eight), "out=2, weight_bits=8");
    q_add1(&f, "dense", x, dense);
    refused(&f, "conv2d_2 is not read by one quantizer alone");
    f = q_start(1, 4, 4, 2);
    x = q_add1(&f, "conv2d", q_add1(&f, "quantize", 0, eight), "out=2, weight_bits=8");
    x = q_add1(&f, "quantize", q_add1(&f, "batch_norm", q_add1(&f, "relu", x, NULL), NULL), eight);
    q_add1(&f, "dense", x, dense);
    refused(&f, "batch_norm_4 is not expected where it stands");
    f = q_start(1, 4, 4, 2);
    q_add1(&f, "quantize", q_add1(&f, "dense", q_add1(&f, "quantize", 0, eight), dense), eight);
    refused(&f, "dense_2 makes the output");
    f = q_start(1, 4, 4, 2);
    q_add1(&f, "max_pool", q_add1(&f, "quantize", 0, eight), NULL);
    refused(&f, "max_pool_2 is the output");
    f = q_start(1, 4, 4, 2);
    x = q_add1(&f, "max_pool", q_add1(&f, "quantize", 0, eight), "kernel=1, padding=1");
    q_add1(&f, "dense", x, dense);
    refused(&f, "max_pool_2 has windows of nothing but padding");
    f = q_start(1, 4, 4, 2);
    q_add1(&f, "conv2d", q_add1(&f, "quantize", 0, eight), "out=2, kernel=1, padding=1, weight_bits=8");
    refused(&f, "conv2d_2 has more padding than window");
    f = q_start(1, 4, 4, 2);
    x = q_add1(&f, "zero", q_add1(&f, "quantize", 0, "bits=1, signed=true"), NULL);
    q_add1(&f, "dense", x, dense);
    refused(&f, "zero_2 has no zero");
    f = q_start(1, 4, 4, 2);
    x = q_add1(&f, "batch_norm", q_add1(&f, "tanh", q_add1(&f, "quantize", 0, eight), NULL), NULL);
    q_add1(&f, "dense", q_add1(&f, "quantize", x, eight), dense);
    refused(&f, "batch_norm_3 follows a function that runs as a table");
}

/* What compiling refuses of weights. */
static void test_weights_refused(void **state)
{
    (void)state;
    infer_model *m;
    quantised f = q_start(1, 1, 1, 8);
    q_add1(&f, "dense", q_add1(&f, "quantize", 0, "bits=8, signed=true"), "out=2, weight_bits=8");
    q_draw(&f);
    nn_param_values(f.net, 2, 0)[3] = NAN;
    assert_int_equal(infer_compile(f.net, f.a, &m, &f.err), ASH_INVALID);
    assert_string_equal(f.err.text, "dense_2 has weights or statistics that are not finite");
    assert_null(m);
    q_end(&f);
    f = q_start(1, 1, 1, 140000); /* 140000 x 127 x 127 is more than 2^31 */
    q_add1(&f, "dense", q_add1(&f, "quantize", 0, "bits=8, signed=true"), "out=1, weight_bits=8");
    q_draw(&f);
    assert_int_equal(infer_compile(f.net, f.a, &m, &f.err), ASH_INVALID);
    assert_string_equal(f.err.text, "step 1 of the model may have sums that 32 bits cannot hold");
    q_end(&f);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    quantised f = q_random(3, 14, false);
    for (long k = 1;; k++) {
        arena *a = arena_create();
        infer_model *m;
        arena_fail_at(k);
        ash_status st = infer_compile(f.net, a, &m, &f.err);
        arena_fail_at(0);
        arena_destroy(a);
        if (st == ASH_OK)
            break;
        assert_int_equal(st, ASH_BROKEN);
        assert_null(m);
    }
    infer_engine *e;
    assert_int_equal(infer_engine_create(q_compile(&f), "x86-64-v9", &e, &f.err), ASH_INVALID);
    assert_string_equal(f.err.text, "this machine cannot run kernel level x86-64-v9");
    q_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_is_reference),
        cmocka_unit_test(test_placed),
        cmocka_unit_test(test_fake_quantisation),
        cmocka_unit_test(test_memory_is_the_plan),
        cmocka_unit_test(test_requantisation),
        cmocka_unit_test(test_halves),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_weights_refused),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
