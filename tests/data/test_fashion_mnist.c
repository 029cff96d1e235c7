/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_fashion_mnist.c - Debian's dataset-fashion-mnist as it is installed; skipped without it */
#include "data_test.h"

static const char folder[] = "/usr/share/datasets/fashion-mnist";

static void test_whole(void **state)
{
    (void)state;
    if (access("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz", R_OK))
        skip();
    char settings[200];
    snprintf(settings, sizeof(settings), "type=idx, path=%s", folder);
    data_set *d = must_open(settings);
    assert_true(d->h == 28 && d->w == 28 && d->c == 1 && d->is_image && d->n_outputs == 10 && d->official_test);
    assert_int_equal(d->train.n + d->val.n, 60000);
    assert_int_equal(d->test.n, 10000);
    int count[3][10] = {{0}};
    const data_split *splits[] = {&d->train, &d->val, &d->test};
    for (int s = 0; s < 3; s++)
        for (size_t i = 0; i < splits[s]->n; i++)
            count[s][splits[s]->label[i]]++;
    for (int k = 0; k < 10; k++) { /* 6,000 and 1,000 of each, as published */
        assert_int_equal(count[0][k] + count[1][k], 6000);
        assert_int_equal(count[2][k], 1000);
        assert_true(abs(count[1][k] - (int)d->val.n / 10) <= 1);
    }
    assert_float_equal(d->summary[0].min, 0, 0);
    assert_float_equal(d->summary[0].max, 255, 0);
    assert_true(fabs(d->summary[0].mean - 72.94) < 0.3 && fabs(d->summary[0].std - 90.02) < 0.3);
    double sum = 0, squares = 0;
    size_t n = d->train.n * 784;
    for (size_t i = 0; i < n; i++)
        sum += d->train.x[i], squares += (double)d->train.x[i] * d->train.x[i];
    assert_true(fabs(sum / (double)n) < 1e-4 && fabs(squares / (double)n - 1) < 1e-3);
    data_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole)};
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
