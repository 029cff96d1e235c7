/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_infer_codes.c - what is around the steps, of every variant: codes packed and unpacked, the image's codes, the rule of requantisation on
 * vectors. What is read and written lies in memory of its exact size, for the address sanitizer. */
#include "core/rng.h"
#include "nn/infer/kernels/codes.h"
#include "nn/infer/kernels/variants.h"
#include "nn/infer/requant.h"
#include "nn/infer/steps.h"
#include "unit.h"
#include <math.h>
#include <stdlib.h>

static const infer_type types[] = {{1, true}, {1, false}, {2, true}, {2, false}, {4, true}, {4, false}, {8, true}, {8, false}};
enum { TYPES = sizeof(types) / sizeof(*types), LONGEST = 300 };

static rng random_codes;

static int between(int low, int high) { return low + (int)rng_below(&random_codes, (uint32_t)(high - low + 1)); }

static int16_t a_code(infer_type t)
{
    return (int16_t)(infer_is_sign(t) ? 1 - 2 * between(0, 1) : between(infer_code_min(t), infer_code_max(t)));
}

static void *must(void *p)
{
    assert_non_null(p);
    return p;
}

static void test_pack(void **unused)
{
    (void)unused;
    for (const infer_variant *v = infer_variants(); v->name; v++)
        for (int k = 0; v->can_run && k < TYPES; k++)
            for (size_t n = 1; n < LONGEST; n++) {
                size_t bytes = codes_bytes(n, types[k].bits);
                int16_t *codes = must(malloc(n * sizeof(*codes))), *back = must(malloc(n * sizeof(*back)));
                uint8_t *packed = must(malloc(bytes)), *expected = must(calloc(bytes, 1));
                for (size_t i = 0; i < n; i++) {
                    codes[i] = a_code(types[k]);
                    code_put(expected, i, types[k], codes[i]);
                }
                v->kernels.pack(packed, codes, n, types[k]);
                assert_memory_equal(packed, expected, bytes);
                v->kernels.unpack(back, packed, n, types[k]);
                assert_memory_equal(back, codes, n * sizeof(*back));
                free(codes);
                free(back);
                free(packed);
                free(expected);
            }
}

static void test_quantise(void **unused)
{
    (void)unused;
    const float step = 0.37f, odd[] = {0, -0.0f, NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 0.185f, -0.185f, 0.555f};
    enum { N = 133, ODD = sizeof(odd) / sizeof(*odd) };
    float x[N];
    int16_t codes[N];
    for (int i = 0; i < N; i++)
        x[i] = i < ODD ? odd[i] : (float)between(-4000, 4000) * step / 16; /* halves, too */
    for (const infer_variant *v = infer_variants(); v->name; v++)
        for (int k = 0; v->can_run && k < TYPES; k++) {
            v->kernels.quantise(codes, x, N, step, types[k]);
            for (int i = 0; i < N; i++)
                assert_int_equal(codes[i], infer_round((double)x[i] / (double)step, types[k], infer_code_min(types[k]), infer_code_max(types[k])));
        }
}

/* Additions, whose rule is computed by halves there, with every shift and the largest factors. */
static void test_rule(void **unused)
{
    (void)unused;
    enum { CHANNELS = 31, PIXELS = 7, INPUTS = 3 };
    static int32_t m[INPUTS * CHANNELS], bias[CHANNELS];
    static int8_t shift[CHANNELS];
    static int16_t x[INPUTS][PIXELS * CHANNELS], y[PIXELS * CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
        shift[c] = (int8_t)(INFER_SHIFT_MIN + c);
        bias[c] = c % 3 == 0 ? INT32_MAX : c % 3 == 1 ? -INT32_MAX : between(-70000, 70000);
    }
    for (int i = 0; i < INPUTS * CHANNELS; i++)
        m[i] = i % 5 == 0 ? INT32_MAX : i % 5 == 1 ? -INT32_MAX : between(-1000000, 1000000);
    for (int i = 0; i < INPUTS * PIXELS * CHANNELS; i++)
        x[i / (PIXELS * CHANNELS)][i % (PIXELS * CHANNELS)] = i % 7 ? a_code((infer_type){8, false}) : 255;
    for (int k = 0; k < TYPES; k++)
        for (int inputs = 1; inputs <= INPUTS; inputs++) {
            infer_tensor to = {.shape = {1, PIXELS, CHANNELS}, .type = types[k]};
            infer_step s = {.kind = INFER_ADD, .n_inputs = inputs, .requant = {m, bias, shift, infer_code_min(types[k]), infer_code_max(types[k])}};
            size_t bytes;
            infer_constants_at(NULL, &bytes, &s, &to);
            void *memory = must(malloc(bytes));
            infer_pass p = {.step = &s, .y = &to, .x_type = {8, false}, .constants = infer_constants_at(memory, &bytes, &s, &to), .to = y};
            for (int j = 0; j < inputs; j++)
                p.x[j] = x[j];
            for (const infer_variant *v = infer_variants(); v->name; v++) {
                if (!v->can_run)
                    continue;
                v->kernels.pass(&p);
                for (int i = 0; i < PIXELS * CHANNELS; i++) {
                    int c = i % CHANNELS;
                    int64_t sum = bias[c] * ((int64_t)1 << (shift[c] - 16));
                    for (int j = 0; j < inputs; j++)
                        sum += (int64_t)x[j][i] * m[j * CHANNELS + c];
                    int64_t code = (sum + ((int64_t)1 << (shift[c] - 1))) >> shift[c];
                    code = code < s.requant.low ? s.requant.low : code > s.requant.high ? s.requant.high : code;
                    assert_int_equal(y[i], infer_is_sign(types[k]) ? (sum >= 0 ? 1 : -1) : code);
                }
            }
            free(memory);
        }
}

int main(void)
{
    random_codes = rng_stream(1, "codes", 0);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pack), cmocka_unit_test(test_quantise), cmocka_unit_test(test_rule)};
    return cmocka_run_group_tests_name("kernels: codes around the steps", tests, NULL, NULL);
}
