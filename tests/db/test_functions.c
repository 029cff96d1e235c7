/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SQL functions against core/pareto.h on random points with ties and NaN, and their misuse. */
#include "core/pareto.h"
#include "db/db_test.h"

#define FRAME "OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"

static sqlite3 *connect(void)
{
    sqlite3 *h;
    ash_error err;
    assert_int_equal(sqlite3_open(":memory:", &h), SQLITE_OK);
    assert_ok(db_register_functions(h, &err), err);
    return h;
}

static void execute(sqlite3 *h, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(h, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

/* Rows (id, group, x0..x3); coarse values make ties and duplicates. */
static double *fill(sqlite3 *h, rng *r, size_t n, size_t m, bool with_nan)
{
    double *points = calloc(n * m, sizeof(double));
    sqlite3_stmt *s;
    execute(h, "DROP TABLE IF EXISTS p; CREATE TABLE p (id INTEGER, x0, x1, x2, x3)");
    sqlite3_prepare_v2(h, "INSERT INTO p VALUES (?1, ?2, ?3, ?4, ?5)", -1, &s, NULL);
    execute(h, "BEGIN");
    for (size_t i = 0; i < n; i++) {
        sqlite3_reset(s);
        sqlite3_clear_bindings(s);
        sqlite3_bind_int64(s, 1, (sqlite3_int64)i);
        for (size_t j = 0; j < m; j++) {
            double v = rng_below(r, 12) / 12.0;
            points[i * m + j] = with_nan && rng_below(r, 15) == 0 ? NAN : v;
            sqlite3_bind_double(s, 2 + (int)j, points[i * m + j]); /* NaN is NULL */
        }
        assert_int_equal(sqlite3_step(s), SQLITE_DONE);
    }
    execute(h, "COMMIT");
    sqlite3_finalize(s);
    return points;
}

static const char *list(size_t m)
{
    static const char *const lists[] = {"", "x0", "x0, x1", "x0, x1, x2", "x0, x1, x2, x3"};
    return lists[m];
}

static void ranks_and_fronts(void **state)
{
    (void)state;
    sqlite3 *h = connect();
    rng r = rng_stream(8, "sql ranks", 0);
    for (int round = 0; round < 60; round++) {
        size_t m = 1 + rng_below(&r, 4), n = 1 + rng_below(&r, 120);
        double *points = fill(h, &r, n, m, round % 2);
        size_t *rank = calloc(n, sizeof(*rank)), *front = calloc(n, sizeof(*front));
        pareto_rank(rank, points, n, m);
        size_t n_front = pareto_front(front, points, n, m), next = 0;
        char sql[400];
        snprintf(sql, sizeof sql, "SELECT id, pareto_rank(%s) " FRAME ", is_dominated(%s) " FRAME " FROM p ORDER BY id", list(m), list(m));
        sqlite3_stmt *s;
        assert_int_equal(sqlite3_prepare_v2(h, sql, -1, &s, NULL), SQLITE_OK);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(sqlite3_step(s), SQLITE_ROW);
            assert_int_equal(sqlite3_column_int64(s, 0), i);
            assert_int_equal(sqlite3_column_int64(s, 1), rank[i]);
            bool member = next < n_front && front[next] == i;
            next += member;
            assert_int_equal(sqlite3_column_int64(s, 2), !member);
        }
        assert_int_equal(sqlite3_step(s), SQLITE_DONE);
        sqlite3_finalize(s);
        free(points);
        free(rank);
        free(front);
    }
    sqlite3_close(h);
}

static double one_real(sqlite3 *h, const char *sql)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(h, sql, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
        fail_msg("%s: %s", sql, sqlite3_errmsg(h));
    double value = sqlite3_column_double(s, 0);
    sqlite3_finalize(s);
    return value;
}

static void volumes(void **state)
{
    (void)state;
    static const char *const references[] = {"", "0.9", "0.9, 0.8", "0.9, 0.8, 1", "0.9, 0.8, 1, 0.95"};
    static const double reference[] = {0.9, 0.8, 1, 0.95};
    sqlite3 *h = connect();
    rng r = rng_stream(9, "sql volumes", 0);
    for (int round = 0; round < 40; round++) {
        size_t m = 1 + rng_below(&r, 4), n = 1 + rng_below(&r, 60);
        double *points = fill(h, &r, n, m, round % 2);
        char sql[400];
        snprintf(sql, sizeof sql, "SELECT hypervolume(%s, %s) FROM p", list(m), references[m]);
        assert_float_equal(one_real(h, sql), pareto_hypervolume(points, n, m, reference), 1e-12);
        /* as the search went on, and over the last ten */
        snprintf(sql, sizeof sql,
                 "SELECT hypervolume(%s, %s) OVER (ORDER BY id), hypervolume(%s, %s) OVER (ORDER BY id ROWS 9 PRECEDING) FROM p", list(m),
                 references[m], list(m), references[m]);
        sqlite3_stmt *s;
        assert_int_equal(sqlite3_prepare_v2(h, sql, -1, &s, NULL), SQLITE_OK);
        for (size_t i = 0; i < n; i++) {
            size_t from = i < 9 ? 0 : i - 9;
            assert_int_equal(sqlite3_step(s), SQLITE_ROW);
            assert_float_equal(sqlite3_column_double(s, 0), pareto_hypervolume(points, i + 1, m, reference), 1e-12);
            assert_float_equal(sqlite3_column_double(s, 1), pareto_hypervolume(points + from * m, i + 1 - from, m, reference), 1e-12);
        }
        sqlite3_finalize(s);
        free(points);
    }
    assert_true(one_real(h, "SELECT hypervolume(x0, 1.0) FROM p WHERE 0") == 0);
    sqlite3_close(h);
}

static void dominance(void **state)
{
    (void)state;
    sqlite3 *h = connect();
    rng r = rng_stream(10, "sql dominance", 0);
    for (int round = 0; round < 20; round++) {
        size_t m = 1 + rng_below(&r, 4), n = 12;
        double *points = fill(h, &r, n, m, true);
        char sql[400] = "SELECT dominates(";
        for (size_t side = 0; side < 2; side++)
            for (size_t j = 0; j < m; j++)
                sprintf(sql + strlen(sql), "%s%c.x%zu", side + j ? ", " : "", side ? 'b' : 'a', j);
        strcat(sql, ") FROM p a, p b ORDER BY a.id, b.id");
        sqlite3_stmt *s;
        assert_int_equal(sqlite3_prepare_v2(h, sql, -1, &s, NULL), SQLITE_OK);
        for (size_t i = 0; i < n * n; i++) {
            assert_int_equal(sqlite3_step(s), SQLITE_ROW);
            assert_int_equal(sqlite3_column_int(s, 0), pareto_dominates(points + i / n * m, points + i % n * m, m));
        }
        sqlite3_finalize(s);
        free(points);
    }
    sqlite3_close(h);
}

static void partitions(void **state)
{
    (void)state;
    sqlite3 *h = connect();
    execute(h, "CREATE TABLE q (run, x, y); INSERT INTO q VALUES (1, 1, 5), (1, 2, 2), (1, 3, 3), (2, 9, 9), (2, 9, 8), (3, 0, NULL)");
    assert_int_equal(one_real(h, "SELECT sum(d * (10 * x + coalesce(y, 0))) FROM (SELECT *, is_dominated(x, y) OVER (PARTITION BY run ROWS BETWEEN "
                                 "CURRENT ROW AND UNBOUNDED FOLLOWING) AS d FROM q)"),
                     33 + 99 + 0);
    sqlite3_close(h);
}

static void misuse(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"SELECT pareto_rank(x, y) FROM q", "need OVER"},
        {"SELECT pareto_rank(x, y) OVER (ORDER BY x) FROM q", "need OVER"},
        {"SELECT is_dominated(x, y) OVER (ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) FROM q", "need OVER"},
        {"SELECT dominates(1, 2, 3)", "two points"},
        {"SELECT dominates(1)", "two points"},
        {"SELECT hypervolume(x) FROM q", ""},
        {"SELECT hypervolume(x, y, 1) FROM q", ""},
        {"SELECT hypervolume(x, y) FROM q", "reference"}, /* a reference that changes from row to row */
        {"SELECT hypervolume(x, NULL) FROM q", "reference"},
    };
    sqlite3 *h = connect();
    execute(h, "CREATE TABLE q (x, y); INSERT INTO q VALUES (1, 2), (2, 1), (3, 3)");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        char *message = NULL;
        if (sqlite3_exec(h, wrong[i][0], NULL, NULL, &message) == SQLITE_OK || !strstr(message, wrong[i][1]))
            fail_msg("%s: %s", wrong[i][0], message ? message : "no error");
        sqlite3_free(message);
    }
    sqlite3_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_and_fronts), cmocka_unit_test(volumes), cmocka_unit_test(dominance),
        cmocka_unit_test(partitions),       cmocka_unit_test(misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
