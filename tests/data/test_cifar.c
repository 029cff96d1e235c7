/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CIFAR: batches in the order of their names, channels last, names of classes, both labels of CIFAR-100; and what is refused */
#include "data_files.h"

#define SET "type=cifar, path=c"

static void test_ten(void **state)
{
    (void)state;
    remove_all();
    make_folder("c");
    write_cifar("c/data_batch_2.bin", 12, 1, 3);
    write_cifar("c/data_batch_1.bin", 15, 1, 3);
    write_cifar("c/test_batch.bin", 7, 1, 3);
    data_set *d = must_open(SET ", normalize=none");
    assert_true(d->h == 32 && d->w == 32 && d->c == 3);
    assert_true(d->official_test && d->test.n == 7 && d->train.n + d->val.n == 27);
    assert_string_equal(d->class_names[2], "2");
    for (size_t i = 0; i < d->train.n; i++) {
        unsigned record = d->train.origin[i] < 15 ? d->train.origin[i] : d->train.origin[i] - 15;
        assert_int_equal(d->train.label[i], record % 3);
        for (unsigned p = 0; p < 1024; p++)
            for (unsigned k = 0; k < 3; k++)
                assert_int_equal((unsigned)d->train.x[i * 3072 + p * 3 + k], (record + k * 1024 + p) % 256);
    }
    hash256 h = d->hash;
    data_close(d);
    write_text("c/batches.meta.txt", "airplane\nautomobile\r\nbird\ncat\n\n");
    d = must_open(SET ", normalize=none");
    assert_int_equal(d->n_outputs, 3);
    assert_string_equal(d->class_names[1], "automobile");
    assert_false(hash_equal(&h, &d->hash)); /* names are part of a set */
    data_close(d);
}

static void test_hundred(void **state)
{
    (void)state;
    remove_all();
    make_folder("c");
    write_cifar("c/train.bin", 120, 2, 30);
    write_text("c/fine_label_names.txt", "apple\naquarium_fish\nbaby\n");
    write_text("c/coarse_label_names.txt", "aquatic_mammals\nfish\nflowers\n");
    data_set *d = must_open(SET);
    assert_int_equal(d->n_outputs, 30);
    assert_string_equal(d->class_names[1], "aquarium_fish");
    assert_string_equal(d->class_names[29], "29");
    assert_false(d->official_test);
    data_close(d);
    d = must_open(SET ", labels=coarse");
    assert_int_equal(d->n_outputs, 3);
    assert_string_equal(d->class_names[1], "fish");
    for (size_t i = 0; i < d->train.n; i++)
        assert_int_equal(d->train.label[i], d->train.origin[i] % 30 / 10);
    data_close(d);
    buffer b = {0};
    add_cifar(&b, 120, 2, 30);
    unlink(test_path("c/train.bin"));
    write_gz("c/train.bin.gz", b.data, b.len);
    data_set *packed = must_open(SET);
    write_file("c/train.bin", b.data, b.len);
    d = must_open(SET);
    assert_true(hash_equal(&d->hash, &packed->hash));
    data_close(d);
    data_close(packed);
    buffer_free(&b);
}

static void test_wrong(void **state)
{
    (void)state;
    remove_all();
    must_fail(SET, ASH_INVALID, "c: there is no data_batch_1.bin (CIFAR-10) or train.bin (CIFAR-100) in this folder; the binary version of CIFAR is "
                                "read, not the one for Python");
    make_folder("c");
    write_text("c/data_batch_1", "the one for Python");
    must_fail(SET, ASH_INVALID, "the binary version of CIFAR is read");
    buffer b = {0};
    add_cifar(&b, 9, 1, 3);
    write_file("c/data_batch_1.bin", b.data, b.len - 1);
    must_fail(SET, ASH_INVALID, "c/data_batch_1.bin: 27656 bytes are not a whole number of CIFAR records of 3073 bytes; fetch it again");
    write_file("c/data_batch_1.bin", "", 0);
    must_fail(SET, ASH_INVALID, "c/data_batch_1.bin: 0 bytes are not a whole number");
    b.data[3073] = 10;
    write_file("c/data_batch_1.bin", b.data, b.len);
    must_fail(SET, ASH_INVALID, "c/data_batch_1.bin: label 10 of record 2 is out of range: there are 10 classes");
    b.data[3073] = 1;
    write_file("c/data_batch_1.bin", b.data, b.len);
    data_close(must_open(SET));
    b.data[0] = 9;
    write_file("c/test_batch.bin", b.data, b.len);
    must_fail(SET, ASH_INVALID, "c: label 9 of sample 1 is out of range: it does not occur in the training labels");
    buffer_free(&b);
    must_fail(SET ", labels=fines", ASH_INVALID, "did you mean \"fine\"?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ten), cmocka_unit_test(test_hundred), cmocka_unit_test(test_wrong)};
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
