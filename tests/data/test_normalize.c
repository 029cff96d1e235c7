/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Normalisation: fitted on the training split alone, undone by norm_mean and norm_scale, safe for constants
 */
#include "data_test.h"

/* Rows 0..39 with classes a and b; the rows of `extreme` get a value of 1e6. Finding out which rows train,
 * then moving the others far away, may change nothing about the fit. */
static void write_rows(const char *extreme)
{
    char text[4096] = "";
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "%d,%s,%c\n", i,
                extreme[i] ? "1000000"
                : i % 3    ? "1"
                           : "4",
                'a' + i % 2);
    write_text("a.csv", text);
}

static void test_train_only(void **state)
{
    (void)state;
    char outside[40] = {0};
    write_rows(outside);
    data_set *d = must_open("type=csv, path=a.csv, normalize=none");
    memset(outside, 1, sizeof outside);
    for (size_t i = 0; i < d->train.n; i++)
        outside[(int)d->train.x[2 * i]] = 0;
    data_close(d);
    static const char *const ways[] = {"type=csv, path=a.csv, normalize=feature",
                                       "type=csv, path=a.csv, normalize=global",
                                       "type=csv, path=a.csv, shape=[1, 2], normalize=global"};
    for (int w = 0; w < 3; w++) {
        char none[40] = {0};
        write_rows(none);
        data_set *plain = must_open(ways[w]);
        write_rows(outside);
        d = must_open(ways[w]);
        assert_int_equal(plain->n_norm, d->n_norm);
        assert_memory_equal(plain->norm_mean, d->norm_mean, d->n_norm * sizeof(float));
        assert_memory_equal(plain->norm_scale, d->norm_scale, d->n_norm * sizeof(float));
        assert_memory_equal(plain->train.x, d->train.x, d->train.n * 2 * sizeof(float));
        assert_memory_equal(plain->summary, d->summary, (size_t)d->c * sizeof(data_summary));
        assert_memory_not_equal(plain->test.x, d->test.x, d->test.n * 2 * sizeof(float));
        data_close(plain);
        data_close(d);
    }
}

static void test_targets_train_only(void **state)
{
    (void)state;
    char text[4096] = "";
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "%d,%d.5\n", i, i * i);
    write_text("a.csv", text);
    data_set *d = must_open("type=csv, path=a.csv, normalize=none");
    double mean = d->target_mean[0], std = d->target_std[0], sum = 0, square = 0;
    char train[40] = {0};
    for (size_t i = 0; i < d->train.n; i++) {
        train[(int)d->train.x[i]] = 1;
        sum += d->train.target[i];
        square += (double)d->train.target[i] * d->train.target[i];
    }
    assert_float_equal(sum / (double)d->train.n, 0, 1e-6);
    assert_float_equal(square / (double)d->train.n, 1, 1e-5);
    data_close(d);
    text[0] = '\0';
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "%d,%d.5\n", i, train[i] ? i * i : 77777);
    write_text("a.csv", text);
    d = must_open("type=csv, path=a.csv, normalize=none");
    assert_float_equal(d->target_mean[0], mean, 0);
    assert_float_equal(d->target_std[0], std, 0);
    data_close(d);
}

/* Mean 0 and deviation 1 over the training split, per what the setting says; and the way back. */
static void test_moments(void **state)
{
    (void)state;
    static const char *const settings[] = {"normalize=none", "normalize=global", "normalize=feature", ""};
    data_set *raw = must_open("type=digits, normalize=none");
    assert_int_equal(raw->n_norm, 0);
    for (int w = 1; w < 4; w++) {
        data_set *d = must_open(settings[w]);
        size_t width = d->n_norm;
        assert_int_equal(width, w == 2 ? 64 : 1); /* auto is global for images */
        for (size_t k = 0; k < width; k++) {
            double sum = 0, square = 0;
            size_t n = d->train.n * 64 / width;
            for (size_t i = 0; i < n; i++) {
                sum += d->train.x[i * width + k];
                square += (double)d->train.x[i * width + k] * d->train.x[i * width + k];
            }
            assert_float_equal(sum / (double)n, 0, 1e-5);
            bool constant = square < 1e-9; /* the digits' first column is empty */
            assert_true(constant ? d->norm_scale[k] == 1 && width == 64
                                 : fabs(square / (double)n - 1) < 1e-4);
        }
        for (size_t i = 0; i < d->test.n * 64; i++)
            assert_float_equal(d->test.x[i] / d->norm_scale[i % width] + d->norm_mean[i % width],
                               raw->test.x[i], 1e-4);
        data_close(d);
    }
    assert_float_equal(raw->summary[0].min, 0, 0);
    assert_float_equal(raw->summary[0].max, 16, 0);
    data_close(raw);
}

static void test_constant_feature(void **state)
{
    (void)state;
    char text[4096] = "";
    for (int i = 0; i < 40;
         i++) /* 0.1 is no sum of powers of two: its mean is off by rounding, its deviation is not 0 */
        sprintf(text + strlen(text), "%d,0.1,16777216,%c\n", i, 'a' + i % 2);
    write_text("a.csv", text);
    data_set *d = must_open("type=csv, path=a.csv");
    for (int k = 1; k < 3; k++) {
        assert_float_equal(d->norm_scale[k], 1, 0);
        assert_float_equal(d->summary[k].std, 0, 0);
        for (size_t i = 0; i < d->test.n; i++)
            assert_float_equal(d->test.x[3 * i + (size_t)k], 0, 1e-6);
    }
    data_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_train_only),
        cmocka_unit_test(test_targets_train_only),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_constant_feature),
    };
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
