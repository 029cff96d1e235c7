/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_quant.c - fake-quantised weights: levels, scales, error, empty rows */
#include "unit.h"

#include "core/rng.h"
#include "nn/quant/weights.h"
#include <math.h>

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
        nn_quantise_weights(out, scale, w, PER_ROW, ROWS, bits[b]);
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
    nn_quantise_weights(out, scale, w, 4, 1, 1);
    assert_true(fabsf(scale[0] - 0.425f) < 1e-6f);
    assert_true(out[0] == scale[0] && out[1] == -scale[0] && out[2] == scale[0] && out[3] == -scale[0]);
    nn_quantise_weights(out, scale, w, 4, 1, 2); /* threshold 0.2975: 0.5 and 0.9 stay */
    assert_true(fabsf(scale[0] - 0.7f) < 1e-6f);
    assert_true(out[0] == 0 && out[1] == -scale[0] && out[2] == scale[0] && out[3] == 0);
    nn_quantise_weights(out, scale, w, 4, 1, 4);
    assert_true(fabsf(scale[0] - 0.9f / 7) < 1e-6f);
    assert_true(fabsf(out[1] + 4 * scale[0]) < 1e-6f && fabsf(out[2] - 0.9f) < 1e-6f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_levels_and_error), cmocka_unit_test(test_formulas)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
