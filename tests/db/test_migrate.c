/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From every older version to the newest, with data; a reader sees an old study without changing it. */
#include "db/db_test.h"

#define HASH "x'00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'"

/* What a program of version 1 would have written: three trials, one with metrics in both places, a curve and parents. */
static const char version_1_data[] =
    "INSERT INTO runs (run, name, identity, settings, config, seed, objectives, reference, kernel_level, data_name, data_json, "
    "data_hash, space_text, state, created_at) VALUES (1, 'old', " HASH ", 'a: 1\n', 'name: old', 7, 'error,macs', '1,1000', "
    "'x86-64', 'digits', '{}', 'abc', 'space', 'interrupted', '2026-01-01T00:00:00Z');"
    "INSERT INTO objectives VALUES (1, 0, 'error', 1.0), (1, 1, 'macs', 1000.0);"
    "INSERT INTO metric_lists VALUES (1, 'macs,error,sparsity');"
    "INSERT INTO blocks VALUES (1, " HASH ", '{\"layers\": []}');"
    "INSERT INTO trials (run, trial, status, genome, key, virtual_start, virtual_duration, metric_list, error, macs, trained_macs, "
    "blocks, wall_s, attempts) VALUES "
    "(1, 1, 'ok', 'one', " HASH ", 0, 10, 1, 0.25, 400.0, 90, 1, 1.5, 1), (1, 2, 'ok', 'two', NULL, 10, 10, 1, -0.0, 500.0, 90, NULL, "
    "NULL, 1);"
    "INSERT INTO trials (run, trial, status, reason, virtual_start, virtual_duration, trained_macs) VALUES (1, 3, 'invalid', 'no', 20, 1, 0);"
    "INSERT INTO metrics VALUES (1, 1, 'sparsity', 0.5), (1, 2, 'sparsity', NULL);"
    "INSERT INTO parents VALUES (1, 2, 0, 1);"
    "INSERT INTO curves VALUES (1, 1, 0, 1, 2.0, 2.5, 0.5), (1, 1, 1, 2, 1.0, NULL, 0.25);"
    "INSERT INTO front_members VALUES (1, 1), (1, 2);";

static void make_version_1(const char *path)
{
    ash_error err;
    sqlite3 *h;
    assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
    assert_ok(db_migrate_to(h, path, 1, &err), err);
    sqlite3_close(h);
    raw_sql(path, version_1_data);
}

static hash256 check_old_run(db *d)
{
    ash_error err;
    arena *a = arena_create();
    db_run run;
    trial **all;
    size_t n, clock;
    uint64_t *front;
    hash256 sum;
    assert_ok(db_load_run(d, 1, a, &run, &err), err);
    assert_string_equal(run.name, "old");
    assert_int_equal(run.seed, 7);
    assert_null(run.config_path);
    assert_ok(db_load_trials(d, 1, a, &all, &n, &err), err);
    assert_int_equal(n, 3);
    assert_int_equal(all[0]->n_metrics, 3);
    assert_string_equal(all[0]->metrics[0].name, "macs"); /* in the order told */
    assert_string_equal(all[0]->metrics[2].name, "sparsity");
    assert_true(trial_metric(all[0], "sparsity") == 0.5 && trial_metric(all[0], "error") == 0.25);
    assert_int_equal(all[0]->n_curve, 2);
    assert_true(isnan(all[0]->curve[1].val_loss));
    assert_string_equal(all[0]->blocks, "{\"layers\": []}");
    assert_true(signbit(trial_metric(all[1], "error")));
    assert_int_equal(all[1]->parents[0], 1);
    assert_int_equal(all[2]->status, TRIAL_INVALID);
    assert_int_equal(all[2]->n_metrics, 0);
    assert_ok(db_load_front(d, 1, a, &front, &n, &err), err);
    assert_int_equal(n, 2);
    assert_ok(db_digest(d, 1, &sum, &n, &clock, &err), err);
    arena_destroy(a);
    return sum;
}

static void old_study(void **state)
{
    (void)state;
    ash_error err;
    db *d;
    bool resumed;
    const char *path = in_folder("old.db");
    assert_true(db_version >= 2);
    make_version_1(path);
    assert_ok(db_open_reader(path, &d, &err), err);
    hash256 seen = check_old_run(d);
    assert_int_equal(sql_integer(d, "SELECT count(*) FROM results WHERE test_error IS NULL"), 3);
    db_close(d);
    sqlite3 *h;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(h, "PRAGMA user_version", -1, &s, NULL), SQLITE_OK);
    sqlite3_step(s);
    assert_int_equal(sqlite3_column_int(s, 0), 1); /* reading left it as it was */
    sqlite3_finalize(s);
    sqlite3_close(h);

    assert_ok(db_open_writer(path, &d, &err), err);
    assert_int_equal(sql_integer(d, "PRAGMA user_version"), db_version);
    hash256 moved = check_old_run(d);
    assert_true(hash_equal(&seen, &moved));
    assert_ok(db_put_metric(d, 1, 1, "test_error", 0.125, &err), err);
    assert_ok(db_put_weights(d, 1, 1, "abc", 3, &err), err);
    db_run run = plain_run("new", 1);
    assert_ok(db_run_begin(d, &run, true, &resumed, &err), err);
    assert_int_equal(run.id, 2);
    db_close(d);
    assert_ok(db_open_writer(path, &d, &err), err); /* once is enough */
    assert_true(db_get_metric(d, 1, 1, "test_error") == 0.125);
    hash256 again = check_old_run(d);
    assert_true(hash_equal(&again, &seen));
    db_close(d);
}

static int collect_schema(void *ctx, int n, char **values, char **names)
{
    (void)n, (void)names;
    buffer_puts(ctx, values[0] ? values[0] : "-");
    buffer_puts(ctx, "\n");
    return 0;
}

/* Whatever the version it starts from, a study ends with one and the same schema. */
static void one_schema(void **state)
{
    (void)state;
    ash_error err;
    buffer schema[2] = {{0}};
    for (int from = 0; from <= db_version; from++) {
        char name[32];
        snprintf(name, sizeof name, "v%d.db", from);
        if (from) {
            sqlite3 *h;
            assert_int_equal(sqlite3_open(in_folder(name), &h), SQLITE_OK);
            assert_ok(db_migrate_to(h, name, from, &err), err);
            sqlite3_close(h);
        }
        db *d;
        assert_ok(db_open_writer(in_folder(name), &d, &err), err);
        buffer *b = &schema[from > 0];
        buffer_clear(b);
        assert_int_equal(sqlite3_exec(db_handle(d), "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1",
                                      collect_schema, b, NULL),
                         SQLITE_OK);
        if (from)
            assert_string_equal(schema[0].data, schema[1].data);
        db_close(d);
    }
    buffer_free(&schema[0]);
    buffer_free(&schema[1]);
}

/* A migration that fails leaves the old study. */
static void failing_migration(void **state)
{
    (void)state;
    ash_error err;
    db *d;
    const char *path = in_folder("clash.db");
    make_version_1(path);
    raw_sql(path, "CREATE TABLE artefacts (mine TEXT); INSERT INTO artefacts VALUES ('kept')");
    assert_refused(db_open_writer(path, &d, &err), ASH_BROKEN, err, "make its schema");
    sqlite3 *h;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(h, "SELECT (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema WHERE "
                                           "name = 'weights'), (SELECT mine FROM artefacts)",
                                        -1, &s, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(s, 0), 1);
    assert_int_equal(sqlite3_column_int(s, 1), 0);
    assert_string_equal((const char *)sqlite3_column_text(s, 2), "kept");
    sqlite3_finalize(s);
    sqlite3_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(old_study, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(one_schema, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(failing_migration, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
