/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_duplicates.c - samples that occur twice are found in and between the splits, and examples name them */
#include "data_files.h"

#include "data/duplicates.h"

static data_duplicates find(const data_set *d)
{
    data_duplicates t;
    ash_error err;
    assert_int_equal(data_find_duplicates(d, &t, &err), ASH_OK);
    return t;
}

static void test_none(void **state)
{
    (void)state;
    data_set *d = must_open("type=digits");
    data_duplicates t = find(d);
    for (int k = 0; k < DUPLICATE_KINDS; k++) {
        assert_int_equal(t.count[k], 0);
        assert_int_equal(t.n_examples[k], 0);
        assert_true(strlen(data_duplicate_name((data_duplicate)k)) > 5 && strlen(data_duplicate_sentence((data_duplicate)k)) > 10);
    }
    data_close(d);
}

/* Official splits of an archive: 9 training, 3 validation, 5 test samples of two values. */
static void test_all_kinds(void **state)
{
    (void)state;
    static const float train[9][2] = {{1, 1}, {2, 2}, {3, 3}, {1, 1}, {1, 1}, {4, 4}, {5, 5}, {6, 6}, {2, 2}};
    static const float val[3][2] = {{2, 2}, {7, 7}, {8, 8}}, test[5][2] = {{9, 9}, {1, 1}, {7, 7}, {2, 2}, {9, 9}};
    static const uint8_t yt[] = {0, 1, 1, 0, 0, 0, 1, 1, 1}, yv[] = {0, 1, 0}, ys[] = {0, 0, 0, 1, 0};
    buffer b[6] = {{0}};
    add_npy(&b[0], "'<f4'", "False", "(9, 2)", train, sizeof train);
    add_npy(&b[1], "'|u1'", "False", "(9,)", yt, 9);
    add_npy(&b[2], "'<f4'", "False", "(3, 2)", val, sizeof val);
    add_npy(&b[3], "'|u1'", "False", "(3,)", yv, 3);
    add_npy(&b[4], "'<f4'", "False", "(5, 2)", test, sizeof test);
    add_npy(&b[5], "'|u1'", "False", "(5,)", ys, 5);
    static const char *const names[] = {"x_train.npy", "y_train.npy", "x_val.npy", "y_val.npy", "x_test.npy", "y_test.npy"};
    npz_member members[6];
    for (int i = 0; i < 6; i++)
        members[i] = (npz_member){names[i], &b[i]};
    write_npz("a.npz", members, 6, true);
    data_set *d = must_open("type=npy, path=a.npz");
    data_duplicates t = find(d);
    assert_int_equal(t.count[DUPLICATE_IN_TRAIN], 3);      /* two more of 1, one more of 2 */
    assert_int_equal(t.count[DUPLICATE_VAL_IN_TRAIN], 1);  /* 2 */
    assert_int_equal(t.count[DUPLICATE_TEST_IN_TRAIN], 2); /* 1 and 2; not 9, which repeats within the test split only */
    assert_int_equal(t.count[DUPLICATE_TEST_IN_VAL], 1);   /* 7 */
    assert_int_equal(t.count[DUPLICATE_LABELS], 2);        /* 2 is 1, and 0 in the validation split; 7 is 1, and 0 in the test split */
    assert_int_equal(t.n_examples[DUPLICATE_IN_TRAIN], 3);
    static const uint32_t in_train[3][2] = {{3, 0}, {4, 0}, {8, 1}};
    assert_memory_equal(t.example[DUPLICATE_IN_TRAIN], in_train, sizeof in_train);
    static const uint32_t in_test[2][2] = {{13, 0}, {15, 1}};
    assert_memory_equal(t.example[DUPLICATE_TEST_IN_TRAIN], in_test, sizeof in_test);
    static const uint32_t seven[2] = {14, 10};
    assert_memory_equal(t.example[DUPLICATE_TEST_IN_VAL][0], seven, sizeof seven);
    data_close(d);
    for (int i = 0; i < 6; i++)
        buffer_free(&b[i]);
}

/* Many: the first three are kept, whatever order their hashes have; targets may contradict too. */
static void test_many(void **state)
{
    (void)state;
    char text[4096] = "x,y\n";
    for (int i = 0; i < 60; i++)
        sprintf(text + strlen(text), "%d,%d.5\n", i % 30, i < 40 ? i % 30 : i);
    write_text("m.csv", text);
    data_set *d = must_open("type=csv, path=m.csv, val_fraction=0.01, test_fraction=0");
    data_duplicates t = find(d);
    size_t repeats = t.count[DUPLICATE_IN_TRAIN] + t.count[DUPLICATE_VAL_IN_TRAIN];
    assert_int_equal(repeats, 30);
    assert_int_equal(t.count[DUPLICATE_LABELS], 20);
    assert_int_equal(t.n_examples[DUPLICATE_IN_TRAIN], 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(t.example[DUPLICATE_IN_TRAIN][i][0] <= 30 + i + 1 && t.example[DUPLICATE_IN_TRAIN][i][1] == t.example[DUPLICATE_IN_TRAIN][i][0] - 30);
    data_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_none), cmocka_unit_test(test_all_kinds), cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
