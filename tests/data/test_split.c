/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Splits: stratified, disjoint and complete, from the split seed only; limits; classes that are too small */
#include "data_test.h"

/* A CSV whose row i holds i and the label of its class; counts[k] rows of class k, interleaved. Returns the
 * rows. */
static int write_classes(const int *counts, int n_classes)
{
    char *text = calloc(1, 1 << 20), *p = text;
    int left[64], n = 0, most = 0;
    for (int k = 0; k < n_classes; k++) {
        left[k] = counts[k];
        most = counts[k] > most ? counts[k] : most;
    }
    for (int round = 0; round < most; round++)
        for (int k = 0; k < n_classes; k++)
            if (left[k]-- > 0)
                p += sprintf(p, "%d,class%02d\n", n++, k);
    write_text("a.csv", text);
    free(text);
    return n;
}

static void count(const data_split *p, int *out, int n_classes)
{
    memset(out, 0, (size_t)n_classes * sizeof *out);
    for (size_t i = 0; i < p->n; i++)
        out[p->label[i]]++;
}

static int clamp(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

/* For many shapes of set: every row is in exactly one split with its label, and every class has its share to
 * within one sample, and at least one. */
static void test_stratified(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 60; round++) {
        rng r = rng_stream(11, "split test", round);
        int counts[12], n_classes = 2 + (int)rng_below(&r, 11);
        for (int k = 0; k < n_classes; k++)
            counts[k] = 3 + (int)rng_below(&r, round % 2 ? 12 : 90);
        int n = write_classes(counts, n_classes);
        double val = 0.05 + 0.4 * rng_real(&r), test = round % 5 ? 0.05 + 0.4 * rng_real(&r) : 0;
        char settings[200];
        snprintf(settings, sizeof settings,
                 "type=csv, path=a.csv, normalize=none, split_seed=%d, val_fraction=%.3f, test_fraction=%.3f",
                 (int)round, val, test);
        data_set *d = must_open(settings);
        char *seen = calloc((size_t)n, 1);
        int own[3][12];
        const data_split *splits[] = {&d->train, &d->val, &d->test};
        size_t total = 0;
        for (int s = 0; s < 3; s++) {
            count(splits[s], own[s], n_classes);
            for (size_t i = 0; i < splits[s]->n; i++, total++) {
                int row = (int)splits[s]->x[i];
                assert_int_equal(seen[row]++, 0);
                if (i) /* the file's order is kept */
                    assert_true(splits[s]->x[i - 1] < splits[s]->x[i]);
            }
        }
        assert_int_equal(total, n);
        for (int k = 0; k < n_classes; k++) {
            assert_true(own[0][k] >= 1 && own[1][k] >= 1 && own[2][k] >= (test > 0));
            int due_test = (int)lround(test * counts[k]), due_val = (int)lround(val * counts[k]);
            if (test > 0)
                assert_in_range(own[2][k], clamp(due_test - 1, 1, counts[k] - 2),
                                clamp(due_test + 1, 1, counts[k] - 2));
            else
                assert_int_equal(own[2][k], 0);
            assert_in_range(own[1][k], clamp(due_val - 1, 1, counts[k] - own[2][k] - 1), due_val + 2);
        }
        free(seen);
        data_close(d);
    }
}

static void test_seed(void **state)
{
    (void)state;
    data_set *a = must_open("type=digits"), *b = must_open("type=digits"),
             *c = must_open("type=digits, split_seed=2");
    assert_true(hash_equal(&a->hash, &b->hash));
    assert_memory_equal(a->test.x, b->test.x, a->test.n * 64 * sizeof(float));
    assert_false(hash_equal(&a->hash, &c->hash));
    assert_int_equal(a->test.n, c->test.n);
    assert_memory_not_equal(a->test.label, c->test.label, a->test.n * sizeof(int32_t));
    data_close(b);
    data_close(c);
    /* what does not touch the split does not touch it: same held-out samples under other settings */
    b = must_open("type=digits, normalize=feature, shift=1, limit=300, val_limit=100");
    assert_int_equal(b->train.n, 300);
    assert_int_equal(b->val.n, 100);
    assert_int_equal(b->test.n, a->test.n);
    assert_memory_equal(a->test.label, b->test.label, a->test.n * sizeof(int32_t));
    assert_false(hash_equal(&a->hash, &b->hash));
    data_close(a);
    data_close(b);
}

/* Every setting that shapes the data is in the hash. */
static void test_hash_covers(void **state)
{
    (void)state;
    static const char *const variants[] = {
        "",
        "split_seed=3",
        "val_fraction=0.21",
        "test_fraction=0.21",
        "limit=500",
        "val_limit=50",
        "limit=5000",
        "normalize=feature",
        "normalize=none",
        "flip=true",
        "shift=1",
        "rotate=5",
        "cutout=3",
        "noise=0.5",
        "val_limit=51",
    };
    enum { N = sizeof variants / sizeof *variants };
    hash256 h[N];
    for (int i = 0; i < N; i++) {
        char settings[80];
        snprintf(settings, sizeof settings, "type=digits, %s", variants[i]);
        data_set *d = must_open(settings);
        h[i] = d->hash;
        data_close(d);
        for (int j = 0; j < i; j++)
            if (hash_equal(&h[i], &h[j]))
                fail_msg("\"%s\" and \"%s\" hash alike", variants[i], variants[j]);
    }
    /* one value of one sample, one label, one class name */
    static const char *const texts[] = {
        "1,1,a\n2,1,b\n3,1,a\n4,1,b\n5,1,a\n6,1,b\n", "1,1,a\n2,1,b\n3,1,a\n4,1,b\n5,1.5,a\n6,1,b\n",
        "1,1,b\n2,1,a\n3,1,a\n4,1,b\n5,1,a\n6,1,b\n", "1,1,a\n2,1,c\n3,1,a\n4,1,c\n5,1,a\n6,1,c\n"};
    for (int i = 0; i < 4; i++) {
        write_text("a.csv", texts[i]);
        data_set *d = must_open("type=csv, path=a.csv");
        h[i] = d->hash;
        data_close(d);
        for (int j = 0; j < i; j++)
            assert_false(hash_equal(&h[i], &h[j]));
    }
}

/* A path is not part of what the data are. */
static void test_hash_ignores_path(void **state)
{
    (void)state;
    write_text("a.csv", "1,1,a\n2,1,b\n3,1,a\n4,1,b\n5,1,a\n6,1,b\n");
    write_text("b.csv", "1,1,a\n2,1,b\n3,1,a\n4,1,b\n5,1,a\n6,1,b\n");
    data_set *a = must_open("type=csv, path=a.csv"), *b = must_open("type=csv, path=b.csv");
    assert_true(hash_equal(&a->hash, &b->hash));
    data_close(a);
    data_close(b);
}

static void test_limit(void **state)
{
    (void)state;
    int counts[] = {200, 30, 4};
    write_classes(counts, 3);
    int train[3], small[3];
    data_set *d = must_open("type=csv, path=a.csv, normalize=none");
    count(&d->train, train, 3);
    for (int limit = 3; limit <= 60; limit += 19) {
        char settings[80];
        snprintf(settings, sizeof settings, "type=csv, path=a.csv, normalize=none, limit=%d", limit);
        data_set *e = must_open(settings);
        assert_int_equal(e->train.n, limit);
        assert_int_equal(e->val.n, d->val.n);
        count(&e->train, small, 3);
        for (int k = 0; k < 3; k++) {
            double share = (double)train[k] * limit / (double)d->train.n;
            assert_true(small[k] >= 1);
            assert_true(fabs(small[k] - share) <= 2 || small[k] == 1);
        }
        for (size_t i = 0; i < e->train.n; i++) { /* only samples that could train anyway */
            size_t j = 0;
            while (j < d->train.n && d->train.x[j] != e->train.x[i])
                j++;
            assert_true(j < d->train.n);
        }
        data_close(e);
    }
    data_close(d);
    must_fail("type=csv, path=a.csv, limit=2", ASH_INVALID,
              "limit 2 is too small: a.csv has 3 classes, and each keeps a sample");
    must_fail("type=csv, path=a.csv, val_fraction=0.6, test_fraction=0.4", ASH_INVALID,
              "val_fraction 0.6 and test_fraction 0.4 leave nothing to train on");
    must_fail("type=csv, path=a.csv, val_fraction=0", ASH_INVALID, "val_fraction");
    must_fail("type=csv, path=a.csv, spit_seed=4", ASH_INVALID, "did you mean \"split_seed\"?");
}

static void test_small_class(void **state)
{
    (void)state;
    int counts[] = {20, 2};
    write_classes(counts, 2);
    must_fail("type=csv, path=a.csv", ASH_INVALID,
              "a.csv: class \"class01\" has 2 samples; a class needs at least three, one for each split: add "
              "samples or leave "
              "the class out");
    counts[1] = 3;
    write_classes(counts, 2);
    data_set *d = must_open("type=csv, path=a.csv");
    int own[2];
    const data_split *splits[] = {&d->train, &d->val, &d->test};
    for (int s = 0; s < 3; s++) {
        count(splits[s], own, 2);
        assert_int_equal(own[1], 1);
    }
    data_close(d);
    write_text("a.csv", "1,2.5\n2,3.5\n");
    must_fail("type=csv, path=a.csv", ASH_INVALID,
              "a.csv: 2 samples; at least three are needed, one for each split");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stratified),  cmocka_unit_test(test_seed),
        cmocka_unit_test(test_hash_covers), cmocka_unit_test(test_hash_ignores_path),
        cmocka_unit_test(test_limit),       cmocka_unit_test(test_small_class),
    };
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
