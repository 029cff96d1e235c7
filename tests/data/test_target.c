/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_target.c - autoencoders: the input as target, anomalies that never train, and settings that do not fit */
#include "data_test.h"

/* Rows "i, 2 i, state": every fifth is worn, every tenth broken. */
static void write_states(int n)
{
    buffer b = {0};
    buffer_puts(&b, "a,b,state\n");
    for (int i = 0; i < n; i++)
        buffer_printf(&b, "%d,%d,%s\n", i, 2 * i, i % 10 == 0 ? "broken" : i % 5 == 0 ? "worn" : "good");
    write_text("states.csv", b.data);
    buffer_free(&b);
}

static double raw(const data_set *d, const data_split *p, size_t i)
{
    return (double)p->x[i * 2] / (double)d->norm_scale[0] + (double)d->norm_mean[0];
}

static bool is_anomaly(double a)
{
    return (int)(a + 0.5) % 5 == 0;
}

static void test_anomalies_never_train(void **state)
{
    (void)state;
    write_states(100);
    data_set *d = must_open("type=csv, path=states.csv, target=input, anomaly=[worn, broken], val_fraction=0.1, test_fraction=0.3");
    assert_int_equal(d->task, DATA_RECONSTRUCTION);
    assert_string_equal(data_task_name(d->task), "reconstruction");
    assert_int_equal(d->n_outputs, 2);
    assert_int_equal(d->train.n, 48); /* of 80 good ones */
    assert_int_equal(d->train.n_anomalies, 0);
    assert_int_equal(d->val.n_anomalies, 5); /* of 20, one to three */
    assert_int_equal(d->test.n_anomalies, 15);
    assert_int_equal(d->val.n + d->test.n, 52);
    assert_true(!d->class_names && !d->target_names && !d->train.label && !d->val.label && !d->train.target);
    const data_split *splits[] = {&d->train, &d->val, &d->test};
    bool seen[100] = {false};
    for (int s = 0; s < 3; s++)
        for (size_t i = 0; i < splits[s]->n; i++) {
            double a = raw(d, splits[s], i);
            assert_int_equal(is_anomaly(a), i >= splits[s]->n - splits[s]->n_anomalies);
            assert_false(seen[(int)(a + 0.5)]);
            seen[(int)(a + 0.5)] = true;
        }
    double mean = 0; /* normalised by the good ones that train */
    for (size_t i = 0; i < d->train.n; i++)
        mean += (double)d->train.x[2 * i];
    assert_true(fabs(mean) < 1e-3);
    data_close(d);
}

static void test_other_settings_are_other_data(void **state)
{
    (void)state;
    write_states(100);
    static const char *const settings[] = {"type=csv, path=states.csv", "type=csv, path=states.csv, target=input",
                                           "type=csv, path=states.csv, target=input, anomaly=worn",
                                           "type=csv, path=states.csv, target=input, anomaly=[broken, worn]"};
    hash256 hash[4];
    for (int i = 0; i < 4; i++) {
        data_set *d = must_open(settings[i]);
        hash[i] = d->hash;
        if (i == 1)
            assert_int_equal(d->train.n + d->val.n + d->test.n, 100);
        data_close(d);
    }
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < i; k++)
            assert_false(hash_equal(&hash[i], &hash[k]));
}

/* The test file has an anomaly that the first file lacks, as official sets of normal samples do. */
static void test_official_test_file(void **state)
{
    (void)state;
    write_states(100);
    write_text("later.csv", "a,b,state\n1,2,good\n5,9,worn\n2,4,good\n");
    data_set *d = must_open("type=csv, path=states.csv, test_path=later.csv, target=input, anomaly=[worn, broken]");
    assert_int_equal(d->test.n, 3);
    assert_int_equal(d->test.n_anomalies, 1);
    assert_int_equal(d->val.n_anomalies, 20); /* none of them tests */
    assert_true(fabs(raw(d, &d->test, 2) - 5) < 1e-3);
    data_close(d);
}

static void test_no_label_is_needed(void **state)
{
    (void)state;
    write_states(50);
    data_set *d = must_open("type=csv, path=states.csv, label=[], ignore=state, target=input");
    assert_int_equal(d->c, 2);
    assert_int_equal(d->n_outputs, 2);
    data_close(d);
    d = must_open("type=digits, limit=100, target=input");
    assert_int_equal(d->n_outputs, 64);
    assert_true(d->is_image && !d->train.label);
    data_baseline b;
    ash_error err;
    assert_int_equal(data_baselines(d, &b, &err), ASH_OK);
    assert_true(isnan(b.linear_val_error) && b.nn1_val_error > 0.2 && b.nn1_val_error < 1);
    data_close(d);
}

static void test_what_does_not_fit(void **state)
{
    (void)state;
    write_states(100);
    must_fail("type=csv, path=states.csv, anomaly=worn", ASH_INVALID, "anomalies are told by an autoencoder: say target: input as well");
    must_fail("type=csv, path=states.csv, target=input, anomaly=wron", ASH_INVALID, "states.csv has no class \"wron\"; did you mean \"worn\"?");
    must_fail("type=csv, path=states.csv, target=input, anomaly=[worn, good, broken]", ASH_INVALID, "every class of states.csv is an anomaly");
    must_fail("type=synthetic, target=input, anomaly=1", ASH_INVALID, "has no classes that could be anomalies");
    must_fail("type=csv, path=states.csv, label=[], ignore=state", ASH_INVALID, "there is no label to learn; target: input makes an autoencoder");
    write_text("few.csv", "a,b,state\n1,2,good\n2,3,good\n3,4,good\n4,9,bad\n");
    must_fail("type=csv, path=few.csv, target=input, anomaly=bad", ASH_INVALID, "few.csv: there is one anomaly; at least two are needed");
    write_text("few.csv", "a,b,state\n1,2,good\n2,3,good\n4,9,bad\n3,4,bad\n");
    must_fail("type=csv, path=few.csv, target=input, anomaly=bad", ASH_INVALID, "few.csv: 2 normal samples; at least three are needed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anomalies_never_train), cmocka_unit_test(test_other_settings_are_other_data),
        cmocka_unit_test(test_official_test_file),    cmocka_unit_test(test_no_label_is_needed),
        cmocka_unit_test(test_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
