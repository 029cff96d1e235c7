/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a run was evaluated, on a study small enough to be checked by hand. */
#include "reports/nodes.h"
#include "unit.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/ashlar-nodes-XXXXXX";
static ash_error err;

static void execute(db *d, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db_handle(d), sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

static db *open_study(arena *a)
{
    static unsigned number;
    db *d = NULL;
    bool resumed;
    db_run run = {.name = "n", .identity = hash_of_bytes("n", 1), .objectives = "error", .config = "", .settings = ""};
    assert_int_equal(db_open_writer(arena_printf(a, "%s/%u.db", folder, number++), &d, &err), ASH_OK);
    assert_int_equal(db_run_begin(d, &run, false, &resumed, &err), ASH_OK);
    return d;
}

/* It ended `to` seconds after its session began. */
static void put(db *d, uint64_t id, const char *host, uint32_t worker, int session, double wall_s, double to, uint32_t attempts)
{
    char sql[256];
    metric m = {"error", 0.5};
    trial t = {.id = id, .status = TRIAL_OK, .genome = "g", .metrics = &m, .n_metrics = 1, .host = host, .worker = worker, .wall_s = wall_s, .attempts = attempts};
    assert_int_equal(db_put_trial(d, 1, &t, &err), ASH_OK);
    snprintf(sql, sizeof sql,
             "UPDATE trials SET session = %d, stored_at = strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', '2026-01-0%d 10:00:00', '+%.3f seconds') WHERE trial = %llu",
             session, session, to, (unsigned long long)id);
    execute(d, sql);
}

static nodes *load(db *d, arena *a)
{
    nodes *s = NULL;
    if (nodes_load(db_handle(d), 1, a, &s, &err) != ASH_OK)
        fail_msg("%s", err.text);
    return s;
}

static void near(double got, double expected)
{
    if (!(fabs(got - expected) <= 0.01 * fabs(expected) + 1e-9))
        fail_msg("%g and not %g", got, expected);
}

/* Two sessions on two days; node b joins in the second, has two workers, and does one trial again. */
static void by_hand(void **state)
{
    (void)state;
    arena *a = arena_create();
    db *d = open_study(a);
    execute(d, "PRAGMA foreign_keys = OFF"); /* the second session comes last: an older one may not write */
    put(d, 1, "a", 0, 1, 8, 10, 1);
    put(d, 2, "a", 0, 1, 10, 20, 1);
    put(d, 3, "a", 0, 2, 20, 20, 1);
    put(d, 4, "b", 0, 2, 10, 10, 3);
    put(d, 5, "b", 1, 2, 5, 5, 1);
    put(d, 6, "b", 1, 2, 5, 10, 1);
    put(d, 7, "a", 0, 1, 5, 5, 1);
    put(d, 8, "b", 0, 2, 10, 20, 1);
    execute(d, "UPDATE sessions SET started_at = '2026-01-01T10:00:00Z'; INSERT INTO sessions SELECT 2, run, version, host, pid, system, cpu, cores, "
               "memory_bytes, compiler, libraries, kernel_level, '2026-01-02T10:00:00Z', ended_at, state FROM sessions");
    execute(d, "UPDATE trials SET status = 'duplicate' WHERE trial = 7"); /* was not evaluated */
    nodes *s = load(d, a);
    assert_int_equal(s->n, 2);
    assert_string_equal(s->hosts[0].name, "a");
    assert_int_equal(s->hosts[0].workers, 1);
    assert_int_equal(s->hosts[0].trials, 3);
    assert_int_equal(s->hosts[0].redone, 0);
    near(s->hosts[0].there_s, 38);
    near(s->hosts[0].busy_s, 38);
    assert_int_equal(s->hosts[1].workers, 2);
    assert_int_equal(s->hosts[1].trials, 4);
    assert_int_equal(s->hosts[1].redone, 2);
    near(s->hosts[1].there_s, 20);
    near(s->hosts[1].busy_s, 30);
    assert_int_equal(s->workers, 3);
    assert_int_equal(s->redone, 2);
    near(s->utilisation, 68.0 / 78);
    assert_int_equal(s->n_moments, 1); /* seven evaluations */
    near(s->step_s, 40);
    near(s->moments[0].busy, 68.0 / 40);
    near(s->moments[0].workers, 78.0 / 40);
    assert_int_equal(s->moments[0].evaluations, 7);

    buffer out = {0};
    nodes_write_lines(s, 1, 200, true, a, &out);
    assert_string_equal(out.data, "2 nodes, 3 workers, 87 % busy, 2 evaluations lost and done again\n"
                                  "  a                   1 workers       3 trials    0.08/s  100 % busy\n"
                                  "  and 1 more: ashlar query --sql \"SELECT * FROM nodes\"\n");
    assert_int_equal(nodes_count_lines(s, 1), 3);
    buffer_free(&out);
    sqlite3_stmt *q = NULL; /* the view says the same */
    assert_int_equal(sqlite3_prepare_v2(db_handle(d), "SELECT host, workers, trials, busy_s, redone FROM nodes ORDER BY host DESC LIMIT 1", -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(q, 0), "b");
    assert_int_equal(sqlite3_column_int(q, 1), 2);
    assert_int_equal(sqlite3_column_int(q, 2), 4);
    near(sqlite3_column_double(q, 3), 30);
    assert_int_equal(sqlite3_column_int(q, 4), 2);
    sqlite3_finalize(q);
    db_close(d);
    arena_destroy(a);
}

/* One node all the time, another that is away in the middle; and the same worker number in two processes of one host. */
static void over_time(void **state)
{
    (void)state;
    arena *a = arena_create();
    db *d = open_study(a);
    execute(d, "UPDATE sessions SET started_at = '2026-01-01T10:00:00Z'");
    uint64_t id = 0;
    for (int i = 1; i <= 20; i++) {
        put(d, ++id, "steady", 0, 1, 5, 5 * i, 1);
        put(d, ++id, "steady", 0, 1, 5, 5 * i, 1); /* another process */
        if (i <= 5 || i > 15)
            put(d, ++id, "away", 0, 1, 5, 5 * i, 1);
    }
    nodes *s = load(d, a);
    assert_int_equal(s->n, 2);
    assert_int_equal(s->hosts[1].workers, 2);
    assert_int_equal(s->n_moments, 12);
    uint64_t evaluations = 0;
    for (size_t i = 0; i < s->n_moments; i++) {
        near(s->moments[i].workers, 3);
        evaluations += s->moments[i].evaluations;
    }
    assert_int_equal(evaluations, id);
    near(s->moments[1].busy, 3);
    near(s->moments[6].busy, 2);
    near(s->utilisation, 250.0 / 300);
    db_close(d);
    arena_destroy(a);
}

/* An older version stored the trials without their time: the nodes are known, and nothing over time. */
static void without_times(void **state)
{
    (void)state;
    arena *a = arena_create();
    db *d = open_study(a);
    nodes *s = load(d, a);
    assert_int_equal(s->n, 0);
    assert_int_equal(nodes_count_lines(s, 5), 0);
    put(d, 1, "old", 0, 1, 5, 5, 2);
    execute(d, "UPDATE trials SET stored_at = NULL");
    s = load(d, a);
    assert_int_equal(s->n, 1);
    assert_int_equal(s->n_moments, 0);
    assert_true(isnan(s->utilisation));
    buffer out = {0};
    nodes_write_lines(s, 5, 200, false, a, &out);
    assert_string_equal(out.data, "1 node, 1 workers, 1 evaluation lost and done again\n");
    buffer_clear(&out);
    nodes_write_json(s, &out);
    assert_string_equal(out.data, "{\"hosts\":[{\"name\":\"old\",\"workers\":1,\"trials\":1,\"redone\":1,\"busy_s\":5,\"there_s\":0}],\"workers\":1,\"redone\":1,"
                                  "\"utilisation\":null,\"step_s\":0,\"moments\":[]}");
    buffer_free(&out);
    db_close(d);
    arena_destroy(a);
}

int main(void)
{
    char command[64];
    if (!mkdtemp(folder))
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_hand), cmocka_unit_test(over_time), cmocka_unit_test(without_times)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return failed + (system(command) != 0);
}
