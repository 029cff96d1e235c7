/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The views, on a study small enough to be checked by hand, and the front against core/pareto.h on random ones. */
#include "core/pareto.h"
#include "db/db_test.h"

/* Rows of a query as text: columns by '|', rows by ' '. */
static void assert_rows(db *d, const char *sql, const char *expected)
{
    sqlite3_stmt *s;
    buffer out = {0};
    if (sqlite3_prepare_v2(db_handle(d), sql, -1, &s, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db_handle(d)));
    while (sqlite3_step(s) == SQLITE_ROW) {
        buffer_puts(&out, out.len ? " " : "");
        for (int k = 0; k < sqlite3_column_count(s); k++) {
            const char *text = (const char *)sqlite3_column_text(s, k);
            buffer_printf(&out, "%s%s", k ? "|" : "", text ? text : "-");
        }
    }
    sqlite3_finalize(s);
    if (strcmp(out.data ? out.data : "", expected) != 0)
        fail_msg("%s\n gives    %s\n and not  %s", sql, out.data ? out.data : "", expected);
    buffer_free(&out);
}

static void tell(db *d, int64_t run, uint64_t id, trial_status status, double error, double macs, uint64_t mother, uint64_t father)
{
    ash_error err;
    metric m[] = {{"error", error}, {"macs", macs}, {"sparsity", 0.5}};
    curve_point c[] = {{1, 2, 2.5, 0.75}, {2, 1, NAN, 0.5}};
    char genome[32];
    snprintf(genome, sizeof genome, "g%llu", (unsigned long long)id);
    trial t = {.id = id, .status = status, .genome = genome, .metrics = m, .n_metrics = 3, .trained_macs = 100};
    t.blocks = "{}";
    if (mother)
        t.parents[t.n_parents++] = mother;
    if (father)
        t.parents[t.n_parents++] = father;
    if (status == TRIAL_OK)
        t.curve = c, t.n_curve = 2;
    if (status == TRIAL_DUPLICATE)
        t.original = 1;
    assert_ok(db_put_trial(d, run, &t, &err), err);
}

static void by_hand(void **state)
{
    (void)state;
    ash_error err;
    db *d;
    bool resumed;
    db_run first = plain_run("first", 1), second = plain_run("second", 2);
    assert_ok(db_open_writer(in_folder("v.db"), &d, &err), err);
    assert_ok(db_run_begin(d, &first, false, &resumed, &err), err);
    tell(d, 1, 1, TRIAL_OK, 0.5, 1000, 0, 0);
    tell(d, 1, 2, TRIAL_OK, 0.25, 3000, 1, 0);
    tell(d, 1, 4, TRIAL_OK, 0.25, 2000, 2, 1);         /* told before trial 3; drives out 2 */
    tell(d, 1, 3, TRIAL_DIVERGED, 0.1, 10, 1, 0);      /* not ok: never a member */
    tell(d, 1, 5, TRIAL_DUPLICATE, 0.5, 1000, 0, 0);   /* its original stands for it */
    tell(d, 1, 6, TRIAL_OK, NAN, 5, 0, 0);             /* not a number: never a member */
    tell(d, 1, 7, TRIAL_OK, 0.25, 2000, 4, 0);         /* equal to 4: both */
    tell(d, 1, 8, TRIAL_OK, 0.75, 1000, 0, 0);         /* dominated by 1 */
    assert_ok(db_run_end(d, 1, "finished", &err), err);
    assert_ok(db_run_begin(d, &second, true, &resumed, &err), err);
    tell(d, 2, 1, TRIAL_OK, 0.9, 9, 0, 0);
    assert_ok(db_put_metric(d, 1, 4, "test_error", 0.3, &err), err);
    assert_ok(db_run_end(d, 2, "interrupted", &err), err);

    assert_rows(d, "SELECT run, trial FROM front ORDER BY 1, 2", "1|1 1|4 1|7 2|1");
    assert_rows(d, "SELECT trial, error, test_error, macs, genome, status, blocks FROM front WHERE run = 1 ORDER BY trial",
                "1|0.5|-|1000|g1|ok|{} 4|0.25|0.3|2000|g4|ok|{} 7|0.25|-|2000|g7|ok|{}");
    assert_rows(d, "SELECT * FROM best", "1|error|4|0.25|g4 1|macs|1|1000.0|g1 2|error|1|0.9|g1 2|macs|1|9.0|g1");
    assert_rows(d, "SELECT trial, ancestor FROM lineage WHERE run = 1", "1|1 4|1 4|2 4|4 7|1 7|2 7|4 7|7");
    assert_rows(d, "SELECT genome, error, macs, status FROM lineage WHERE run = 1 AND trial = 7 AND ancestor = 2", "g2|0.25|3000|ok");
    assert_rows(d, "SELECT trial, epoch, train_loss, val_loss, val_error FROM learning_curves WHERE run = 1 AND trial = 4",
                "4|1|2.0|2.5|0.75 4|2|1.0|-|0.5");
    assert_rows(d, "SELECT count(*) FROM learning_curves", "14");
    assert_rows(d, "SELECT run, name, state, seed, objectives, trials, ok, front, trained_macs, sessions FROM summary",
                "1|first|finished|1|error,macs|8|6|3|800|1 2|second|interrupted|2|error,macs|1|1|1|100|1");
    assert_rows(d, "SELECT metric, value FROM measures WHERE run = 1 AND trial = 4 ORDER BY metric",
                "error|0.25 macs|2000.0 sparsity|0.5 test_error|0.3");
    assert_rows(d, "SELECT error FROM results WHERE run = 1 AND trial = 6", "-");
    db_close(d);
}

/* Told in any order, with ties and missing values, resumed in the middle: the front is that of the definition. */
static void front_is_the_front(void **state)
{
    (void)state;
    enum { N = 400, M = 3 };
    ash_error err;
    bool resumed;
    arena *a = arena_create();
    rng r = rng_stream(11, "front", 0);
    for (uint32_t values = 6; values < 400; values *= 3) {
        char name[32];
        snprintf(name, sizeof name, "f%u.db", values);
        db *d;
        db_run run = plain_run(name, values);
        run.objectives = "error,macs,model_bytes";
        run.reference = NULL;
        assert_ok(db_open_writer(in_folder(name), &d, &err), err);
        assert_ok(db_run_begin(d, &run, false, &resumed, &err), err);
        trial *t[N];
        uint32_t order[N];
        for (uint32_t i = 0; i < N; i++) {
            t[i] = plain_trial(&r, a, i + 1, values);
            order[i] = i;
        }
        rng_shuffle(&r, order, N);
        for (uint32_t i = 0; i < N; i++) {
            if (i == N / 2) { /* a new process */
                db_close(d);
                assert_ok(db_open_writer(in_folder(name), &d, &err), err);
                assert_ok(db_run_begin(d, &run, false, &resumed, &err), err);
            }
            assert_ok(db_put_trial(d, run.id, t[order[i]], &err), err);
        }
        double points[N * M];
        size_t at[N], front[N], n = 0, members;
        for (size_t i = 0; i < N; i++)
            if (t[i]->status == TRIAL_OK) {
                for (size_t j = 0; j < M; j++)
                    points[n * M + j] = t[i]->metrics[j].value;
                at[n++] = i;
            }
        size_t n_front = pareto_front(front, points, n, M);
        uint64_t *ids;
        assert_ok(db_load_front(d, run.id, a, &ids, &members, &err), err);
        assert_int_equal(members, n_front);
        for (size_t i = 0; i < members; i++)
            assert_int_equal(ids[i], at[front[i]] + 1);
        db_close(d);
    }
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(by_hand, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(front_is_the_front, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
