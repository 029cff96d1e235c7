/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The contract of a format, over the whole registry: a new one fails here until it has a sample in `samples`
 *
 * Opens; splits are whole and in range; the same hash twice; normalised values finite; settings text
 * complete; every allocation may fail and nothing leaks. */
#include "data_files.h"

typedef struct sample {
    const char *format, *settings;
} sample;

static const sample samples[] = {
    {"digits", "type=digits"},
    {"idx", "type=idx, path=."},
    {"csv", "type=csv, path=a.csv, test_path=t.csv, missing=mean"},
    {"csv", "type=csv, path=r.csv, label=[y, z], header=yes"},
    {"cifar", "type=cifar, path=cifar"},
    {"npy", "type=npy, path=a.npz"},
    {"npy", "type=npy, x=x.npy, y=y.npy"},
    {"images", "type=images, path=images, size=[4, 5], channels=rgb"},
    {"synthetic", "type=synthetic, samples=100"},
    {"synthetic", "type=synthetic, samples=100, function=disc, limit=20"},
    {"synthetic", "type=synthetic, samples=100, function=product, noise=0.1, range=3"},
};
enum { N_SAMPLES = sizeof samples / sizeof *samples };

static void write_samples(void)
{
    uint8_t images[16 + 12 * 4] = {0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, 0, 2};
    uint8_t labels[8 + 12] = {0, 0, 8, 1, 0, 0, 0, 12};
    for (int i = 0; i < 48; i++)
        images[16 + i] = (uint8_t)(37 * i);
    for (int i = 0; i < 12; i++)
        labels[8 + i] = (uint8_t)(i % 2);
    write_file("train-images-idx3-ubyte", images, sizeof images);
    write_gz("train-labels-idx1-ubyte.gz", labels, sizeof labels);
    write_file("t10k-images-idx3-ubyte", images, sizeof images);
    write_file("t10k-labels-idx1-ubyte", labels, sizeof labels);
    make_folder("cifar");
    write_cifar("cifar/data_batch_1.bin", 9, 1, 3);
    write_cifar("cifar/test_batch.bin", 3, 1, 3);
    write_text("cifar/batches.meta.txt", "a\nb\nc\n");
    float x[24], y[12];
    for (int i = 0; i < 24; i++)
        x[i] = (float)(i * i % 19);
    for (int i = 0; i < 12; i++)
        y[i] = (float)i + 0.5f;
    write_npy("x.npy", "'<f4'", "True", "(12, 2)", x, sizeof x);
    write_npy("y.npy", "'<f4'", "False", "(12,)", y, sizeof y);
    buffer array = {0}, label = {0};
    add_npy(&array, "'<f4'", "False", "(6, 2, 2)", x, sizeof x);
    add_npy(&label, "'|u1'", "False", "(6,)", "\0\1\0\1\0\1", 6);
    const npz_member members[] = {{"train_images.npy", &array}, {"train_labels.npy", &label}, {"test_images.npy", &array}, {"test_labels.npy", &label}};
    write_npz("a.npz", members, 4, true);
    buffer_free(&array);
    buffer_free(&label);
    for (int i = 0; i < 10; i++) {
        char name[32];
        snprintf(name, sizeof name, "images/%s/%c", i < 6 ? "train" : "test", "ab"[i % 2]);
        make_folder(name);
        snprintf(name, sizeof name, "images/%s/%c/%d.png", i < 6 ? "train" : "test", "ab"[i % 2], i);
        write_flat(name, 3 + i % 3, 4, (uint8_t)(20 * i));
    }
    write_text("a.csv", "x,y,c\n1,,a\n2,5,b\n3,6,a\n4,NA,b\n5,7,a\n6,8,b\n7,9,a\n8,1,b\n9,2,a\n");
    write_text("t.csv", "x,y,c\n1,,a\n2,5,b\n");
    write_text("r.csv", "x,y,z\n1,2.5,1\n2,3.5,2\n3,4.5,3\n4,5.5,4\n5,6.5,5\n6,7.5,6\n");
}

static void test_contract(void **state)
{
    (void)state;
    write_samples();
    for (size_t f = 0; data_format_at(f); f++) {
        const char *name = data_format_name(data_format_at(f));
        assert_ptr_equal(data_format_find(name), data_format_at(f));
        assert_true(strlen(data_format_help(data_format_at(f))) > 10);
        bool covered = false;
        for (int s = 0; s < N_SAMPLES; s++)
            covered |= strcmp(samples[s].format, name) == 0;
        if (!covered)
            fail_msg("format \"%s\" has no sample here", name);
    }
    assert_null(data_format_find("nonsense"));
    for (int s = 0; s < N_SAMPLES; s++) {
        data_set *d = must_open(samples[s].settings), *again = must_open(samples[s].settings);
        assert_string_equal(d->format, samples[s].format);
        assert_true(hash_equal(&d->hash, &again->hash));
        assert_false(hash_is_zero(&d->hash));
        assert_true(d->train.n && d->val.n && d->test.n);
        assert_non_null(strstr(d->settings, "data.type"));
        assert_true(d->is_image || (d->h == 1 && d->w == 1 && d->feature_names));
        const data_split *splits[] = {&d->train, &d->val, &d->test};
        for (int p = 0; p < 3; p++)
            for (size_t i = 0; i < splits[p]->n; i++) {
                for (int k = 0; k < d->h * d->w * d->c; k++)
                    assert_true(isfinite(splits[p]->x[i * (size_t)(d->h * d->w * d->c) + (size_t)k]));
                for (int k = 0; k < d->n_outputs && splits[p]->target; k++)
                    assert_true(isfinite(splits[p]->target[i * (size_t)d->n_outputs + (size_t)k]));
                if (splits[p]->label)
                    assert_in_range(splits[p]->label[i], 0, d->n_outputs - 1);
            }
        assert_true((d->task == DATA_CLASSIFICATION) == (d->train.label != NULL && d->class_names != NULL));
        assert_true((d->task == DATA_REGRESSION) ==
                    (d->train.target != NULL && d->target_names && d->target_std));
        data_close(d);
        data_close(again);
    }
}

static void test_default(void **state)
{
    (void)state;
    ash_error err;
    data_set *d;
    assert_int_equal(data_open(NULL, &d, &err), ASH_OK);
    assert_string_equal(d->name, "digits");
    data_close(d);
    data_close(NULL);
}

/* Fail the k-th allocation, for k = 1, 2, ... until opening succeeds: out of memory each time, nothing kept.
 */
static void test_allocations(void **state)
{
    (void)state;
    write_samples();
    for (int s = 0; s < N_SAMPLES; s++) {
        arena *a = arena_create();
        node *map;
        ash_error err;
        assert_int_equal(node_parse_inline(a, samples[s].settings, test_path("run.yaml"), &map, &err),
                         ASH_OK);
        size_t live = arena_live();
        for (long k = 1;; k++) {
            data_set *d = NULL;
            arena_fail_at(k);
            ash_status status = data_open(map, &d, &err);
            arena_fail_at(0);
            if (status == ASH_OK) {
                assert_true(k > 10);
                data_close(d);
                assert_int_equal(arena_live(), live);
                break;
            }
            assert_int_equal(status, ASH_BROKEN);
            if (!strstr(err.text, "memory"))
                fail_msg("%s: allocation %ld: %s", samples[s].settings, k, err.text);
            assert_null(d);
            assert_int_equal(arena_live(), live);
        }
        arena_destroy(a);
    }
}

static void test_digits(void **state)
{
    (void)state;
    data_set *d = must_open("type=digits, normalize=none");
    assert_int_equal(d->train.n + d->val.n + d->test.n, 1797);
    static const int class_sizes[] = {178, 182, 177, 183, 181, 182, 181, 179, 174, 180};
    int count[10] = {0};
    double sum = 0;
    const data_split *splits[] = {&d->train, &d->val, &d->test};
    for (int p = 0; p < 3; p++)
        for (size_t i = 0; i < splits[p]->n; i++) {
            count[splits[p]->label[i]]++;
            for (int k = 0; k < 64; k++)
                sum += splits[p]->x[64 * i + (size_t)k];
        }
    assert_memory_equal(count, class_sizes, sizeof count);
    assert_float_equal(sum, 561718, 0); /* awk over the file */
    data_close(d);
}

static void test_synthetic(void **state)
{
    (void)state;
    data_set *d = must_open("type=synthetic, normalize=none, samples=500, range=2");
    double most = 0;
    for (size_t i = 0; i < d->train.n; i++) {
        double x1 = d->train.x[2 * i], x2 = d->train.x[2 * i + 1];
        double y = d->train.target[i] * d->target_std[0] + d->target_mean[0];
        assert_float_equal(y, 4 * x1 * x1 * x1 - 2 * x2 * x2 + 8, 1e-4);
        most = fmax(most, fmax(fabs(x1), fabs(x2)));
    }
    assert_true(most > 1.8 && most <= 2);
    hash256 h = d->hash;
    data_close(d);
    d = must_open("type=synthetic, normalize=none, samples=500, range=2, noise=0.5");
    double square = 0;
    for (size_t i = 0; i < d->train.n; i++) {
        double x1 = d->train.x[2 * i], x2 = d->train.x[2 * i + 1];
        double e =
            d->train.target[i] * d->target_std[0] + d->target_mean[0] - (4 * x1 * x1 * x1 - 2 * x2 * x2 + 8);
        square += e * e;
    }
    assert_float_equal(sqrt(square / (double)d->train.n), 0.5, 0.06);
    assert_false(hash_equal(&h, &d->hash));
    data_close(d);
    must_fail("type=synthetic, function=polynomal", ASH_INVALID, "did you mean \"polynomial\"?");
    must_fail("type=synthetic, samples=3", ASH_INVALID, "samples");
    must_fail("type=synthetic, noise=-1", ASH_INVALID, "noise");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract), cmocka_unit_test(test_default),   cmocka_unit_test(test_allocations),
        cmocka_unit_test(test_digits),   cmocka_unit_test(test_synthetic),
    };
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
