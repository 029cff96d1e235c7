/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes in comes out: trials bit for bit, runs, weights, annotations, known keys, the digest. */
#include "db/db_test.h"

/* Records are equal when their messages are, byte for byte. */
static void assert_same_trial(const trial *a, const trial *b)
{
    buffer x = {0}, y = {0};
    trial_encode(a, &x);
    trial_encode(b, &y);
    assert_false(x.failed || y.failed);
    if (x.len != y.len || memcmp(x.data, y.data, x.len) != 0)
        fail_msg("trial %llu came back different", (unsigned long long)a->id);
    buffer_free(&x);
    buffer_free(&y);
}

static void trials_come_back(void **state)
{
    (void)state;
    enum { N = 600 };
    ash_error err;
    db *d;
    bool resumed;
    arena *a = arena_create();
    rng r = rng_stream(1, "roundtrip", 0);
    db_run run = plain_run("round", 1);
    assert_ok(db_open_writer(in_folder("a.db"), &d, &err), err);
    assert_ok(db_run_begin(d, &run, false, &resumed, &err), err);
    assert_false(resumed);
    trial *put[N + 1];
    uint32_t order[N];
    for (uint32_t i = 0; i < N; i++) {
        put[i + 1] = random_trial(&r, a, i + 1);
        order[i] = i + 1;
    }
    rng_shuffle(&r, order, N); /* told in virtual order, loaded in id order */
    for (uint32_t i = 0; i < N; i++)
        assert_ok(db_put_trial(d, run.id, put[order[i]], &err), err);
    for (uint32_t i = 0; i < N; i++) /* at least once */
        assert_ok(db_put_trial(d, run.id, put[order[i]], &err), err);
    hasher h;
    size_t by_clock = 0, n, clock;
    hash_init(&h);
    for (uint32_t i = 1; i <= N; i++) {
        trial_digest(put[i], &h);
        by_clock += put[i]->status == TRIAL_TIMEOUT;
    }
    hash256 expected = hash_final(&h), digest;
    for (int pass = 0; pass < 3; pass++) { /* through the writer, a second reader, and after it is closed */
        db *from = d;
        if (pass == 2) {
            db_close(d);
            d = NULL;
        }
        if (pass)
            assert_ok(db_open_reader(in_folder("a.db"), &from, &err), err);
        trial **all;
        if (pass == 1)
            assert_ok(db_flush(d, &err), err);
        assert_ok(db_load_trials(from, run.id, a, &all, &n, &err), err);
        assert_int_equal(n, N);
        for (size_t i = 0; i < n; i++)
            assert_same_trial(put[i + 1], all[i]);
        assert_ok(db_digest(from, run.id, &digest, &n, &clock, &err), err);
        assert_true(hash_equal(&digest, &expected));
        assert_int_equal(n, N);
        assert_int_equal(clock, by_clock);
        trial *one;
        assert_ok(db_load_trial(from, run.id, 17, a, &one, &err), err);
        assert_same_trial(put[17], one);
        assert_ok(db_load_trial(from, run.id, N + 1, a, &one, &err), err);
        assert_null(one);
        if (pass)
            db_close(from);
    }
    assert_int_equal(files_in_folder(), 1); /* one file per study; nothing beside it after a clean end */
    arena_destroy(a);
}

static void known_keys(void **state)
{
    (void)state;
    ash_error err;
    db *d;
    bool resumed;
    arena *a = arena_create();
    rng r = rng_stream(2, "keys", 0);
    db_run run = plain_run("first", 1);
    assert_ok(db_open_writer(in_folder("k.db"), &d, &err), err);
    assert_ok(db_run_begin(d, &run, false, &resumed, &err), err);
    trial *t = plain_trial(&r, a, 1, 100), found;
    static const trial_status none[] = {TRIAL_DUPLICATE, TRIAL_INFEASIBLE, TRIAL_CAPPED, TRIAL_TIMEOUT, TRIAL_FAILED};
    hash256 key = t->key;
    for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
        t->id = i + 1;
        t->status = none[i];
        assert_ok(db_put_trial(d, run.id, t, &err), err);
    }
    assert_false(db_find_key(d, &key, a, &found)); /* none of these is what training the key gives */
    t->id = 9;
    t->status = TRIAL_OK;
    assert_ok(db_put_trial(d, run.id, t, &err), err);
    assert_true(db_find_key(d, &key, a, &found)); /* before it is committed */
    assert_int_equal(found.id, 9);
    assert_string_equal(found.found_in, "first");
    found.found_in = NULL;
    assert_same_trial(t, &found);
    hash256 zero = {{0}};
    assert_false(db_find_key(d, &zero, a, &found));
    db_close(d);
    arena_destroy(a);
}

static void weights_and_annotations(void **state)
{
    (void)state;
    ash_error err;
    db *d;
    bool resumed;
    arena *a = arena_create();
    rng r = rng_stream(3, "weights", 0);
    db_run run = plain_run("w", 1);
    assert_ok(db_open_writer(in_folder("w.db"), &d, &err), err);
    assert_ok(db_run_begin(d, &run, false, &resumed, &err), err);
    char big[100000];
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (char)rng_u32(&r);
    void *bytes;
    size_t n;
    assert_ok(db_put_weights(d, run.id, 7, big, sizeof(big), &err), err); /* before the trial is told */
    assert_ok(db_put_weights(d, run.id, 8, big, 0, &err), err);
    assert_ok(db_get_weights(d, run.id, 7, a, &bytes, &n, &err), err);
    assert_int_equal(n, sizeof(big));
    assert_memory_equal(bytes, big, n);
    assert_ok(db_get_weights(d, run.id, 8, a, &bytes, &n, &err), err);
    assert_non_null(bytes);
    assert_int_equal(n, 0);
    assert_ok(db_put_weights(d, run.id, 7, "abc", 3, &err), err);
    assert_ok(db_get_weights(d, run.id, 7, a, &bytes, &n, &err), err);
    assert_int_equal(n, 3);
    assert_ok(db_drop_weights(d, run.id, 7, &err), err);
    assert_ok(db_drop_weights(d, run.id, 7, &err), err);
    assert_ok(db_get_weights(d, run.id, 7, a, &bytes, &n, &err), err);
    assert_null(bytes);

    hash256 before, after;
    size_t clock;
    trial *t = plain_trial(&r, a, 7, 100), *back;
    assert_ok(db_put_trial(d, run.id, t, &err), err);
    assert_ok(db_digest(d, run.id, &before, &n, &clock, &err), err);
    assert_ok(db_put_metric(d, run.id, 7, "test_error", 0.03, &err), err);
    assert_ok(db_put_metric(d, run.id, 7, "test_error", 0.02, &err), err);
    assert_true(db_get_metric(d, run.id, 7, "test_error") == 0.02);
    assert_true(db_get_metric(d, run.id, 7, "macs") == trial_metric(t, "macs"));
    assert_true(isnan(db_get_metric(d, run.id, 7, "nothing")));
    assert_int_equal(sql_integer(d, "SELECT round(1000 * test_error) FROM results WHERE trial = 7"), 20);
    assert_ok(db_digest(d, run.id, &after, &n, &clock, &err), err);
    assert_true(hash_equal(&before, &after));
    assert_ok(db_load_trial(d, run.id, 7, a, &back, &err), err);
    assert_same_trial(t, back);
    assert_refused(db_put_metric(d, run.id, 99, "test_error", 0.0, &err), ASH_BROKEN, err, "store a metric");
    db_close(d);
    arena_destroy(a);
}

static void runs_resume(void **state)
{
    (void)state;
    ash_error err;
    db *d;
    bool resumed;
    arena *a = arena_create();
    db_run run = plain_run("digits", 3), again = run, other = run, back;
    assert_ok(db_open_writer(in_folder("r.db"), &d, &err), err);
    assert_refused(db_load_run(d, 0, a, &back, &err), ASH_INVALID, err, "no runs");
    assert_ok(db_run_begin(d, &run, false, &resumed, &err), err);
    assert_false(resumed);
    assert_ok(db_run_begin(d, &again, false, &resumed, &err), err);
    assert_true(resumed);
    assert_int_equal(again.id, run.id);
    assert_int_equal(sql_integer(d, "SELECT count(*) FROM sessions WHERE state = 'lost'"), 1);
    assert_ok(db_run_end(d, run.id, "interrupted", &err), err);
    assert_int_equal(sql_integer(d, "SELECT count(*) FROM sessions WHERE state = 'interrupted' AND ended_at >= started_at "
                                    "AND cores > 0 AND version <> '' AND compiler <> '' AND libraries LIKE '%SQLite%'"),
                     1);

    other.identity.b[0] ^= 1;
    other.seed = 4;
    other.settings = "train.epochs: 30\nsearch.strategy: nsga2\nsearch.new: 1\n";
    assert_refused(db_run_begin(d, &other, false, &resumed, &err), ASH_INVALID, err, "train.epochs: 20 there, 30 here");
    assert_non_null(strstr(err.text, "seed: 3 there, 4 here"));
    assert_non_null(strstr(err.text, "search.new: 1, only here"));
    assert_non_null(strstr(err.text, "--new-run"));
    assert_null(strstr(err.text, "strategy"));
    assert_ok(db_run_begin(d, &other, true, &resumed, &err), err);
    assert_false(resumed);
    assert_int_not_equal(other.id, run.id);
    assert_ok(db_load_run(d, 0, a, &back, &err), err);
    assert_int_equal(back.id, other.id);
    assert_ok(db_load_run(d, run.id, a, &back, &err), err);
    assert_string_equal(back.name, "digits");
    assert_true(hash_equal(&back.identity, &run.identity));
    assert_string_equal(back.settings, run.settings);
    assert_string_equal(back.objectives, "error,macs");
    assert_string_equal(back.reference, "1,100000");
    assert_null(back.config_path);
    assert_int_equal(back.seed, 3);
    assert_refused(db_load_run(d, 77, a, &back, &err), ASH_INVALID, err, "no run 77");
    int64_t *ids;
    size_t n;
    assert_ok(db_run_ids(d, a, &ids, &n, &err), err);
    assert_int_equal(n, 2);
    db_close(d);
    arena_destroy(a);
}

static void wrong_trials(void **state)
{
    (void)state;
    ash_error err;
    db *d;
    bool resumed;
    arena *a = arena_create();
    rng r = rng_stream(4, "wrong", 0);
    db_run run = plain_run("w", 1);
    assert_ok(db_open_writer(in_folder("x.db"), &d, &err), err);
    assert_ok(db_run_begin(d, &run, false, &resumed, &err), err);
    trial *t = plain_trial(&r, a, 1, 100);
    metric m[] = {{"error", 0}, {"a,b", 1}}, twice[] = {{"error", 0}, {"error", 1}};
    t->metrics = m;
    t->n_metrics = 2;
    assert_refused(db_put_trial(d, run.id, t, &err), ASH_INVALID, err, "a,b");
    t->metrics = twice;
    assert_refused(db_put_trial(d, run.id, t, &err), ASH_INVALID, err, "twice");
    t->n_metrics = 1;
    t->id = 0;
    assert_refused(db_put_trial(d, run.id, t, &err), ASH_INVALID, err, "id 0");
    t->id = 1;
    t->status = TRIAL_PENDING;
    assert_refused(db_put_trial(d, run.id, t, &err), ASH_INVALID, err, "pending");
    t->status = TRIAL_OK;
    assert_refused(db_put_trial(d, run.id + 5, t, &err), ASH_BROKEN, err, "FOREIGN KEY");
    assert_ok(db_put_trial(d, run.id, t, &err), err); /* a refusal breaks nothing */
    db_close(d);
    assert_ok(db_open_reader(in_folder("x.db"), &d, &err), err);
    assert_refused(db_put_trial(d, run.id, t, &err), ASH_BROKEN, err, "reading only");
    assert_int_equal(sql_integer(d, "SELECT count(*) FROM trials"), 1);
    db_close(d);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(trials_come_back, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(known_keys, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(weights_and_annotations, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(runs_resume, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(wrong_trials, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
