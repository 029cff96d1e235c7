/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_settings.c - the search and budget sections: what is read, what is refused, what is identity; constraints; history */
#include "search/search_test.h"

#include "search/constraint.h"
#include "search/history.h"

static arena *a;

static int begin_arena(void **state)
{
    (void)state;
    return (a = arena_create()) ? 0 : -1;
}

static int end_arena(void **state)
{
    (void)state;
    arena_destroy(a);
    return 0;
}

static const node *map_of(const char *text)
{
    node *map;
    ash_error err;
    assert_ok(node_parse_inline(a, text, "run.yaml", &map, &err), err);
    return map;
}

/* ---- constraints ---- */

static void test_constraints_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *metric, *kept;
        constraint_op op;
        double bound;
    } cases[] = {
        {"model_bytes <= 64K", "model_bytes", "model_bytes <= 64K", CONSTRAINT_LE, 65536},
        {"model_bytes<=64K", "model_bytes", "model_bytes<=64K", CONSTRAINT_LE, 65536},
        {"  peak_ram_bytes < 1.5M \t", "peak_ram_bytes", "peak_ram_bytes < 1.5M", CONSTRAINT_LT, 1572864},
        {"macs <= 20k", "macs", "macs <= 20k", CONSTRAINT_LE, 20000},
        {"macs <= 1.5M", "macs", "macs <= 1.5M", CONSTRAINT_LE, 1500000},
        {"params >= 1000", "params", "params >= 1000", CONSTRAINT_GE, 1000},
        {"mean_weight_bits > 2.5", "mean_weight_bits", "mean_weight_bits > 2.5", CONSTRAINT_GT, 2.5},
        {"macs <= 1e6", "macs", "macs <= 1e6", CONSTRAINT_LE, 1e6},
        {"x <= -3", "x", "x <= -3", CONSTRAINT_LE, -3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        constraint c;
        ash_error err;
        assert_ok(constraint_parse(cases[i].text, a, &c, &err), err);
        assert_string_equal(c.metric, cases[i].metric);
        assert_string_equal(c.text, cases[i].kept);
        assert_int_equal(c.op, cases[i].op);
        assert_true(c.bound == cases[i].bound);
    }
}

static void test_wrong_constraints(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "is no constraint; write one like \"model_bytes <= 64K\""},
        {"model_bytes", "is no constraint"},
        {"model_bytes = 64K", "is no constraint"},
        {"model_bytes == 64K", "is no constraint"},
        {"64K >= model_bytes", "\"model_bytes\" is no number"},
        {"<= 64K", "is no constraint"},
        {"model bytes <= 64K", "is no constraint"},
        {"model_bytes <=", "\"\" is no number"},
        {"model_bytes <= 64kB", "\"64kB\" is no number; write bytes, like 65536 or 64K"},
        {"model_bytes <= 64K <= 3", "is no number"},
        {"macs <= nan", "\"nan\" is no number"},
        {"macs <= inf", "\"inf\" is no number"},
        {"macs <= lots", "\"lots\" is no number; write a number, like 0.5, 20000 or 20k"},
        {"macs <=> 3", "is no number"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        constraint c;
        ash_error err;
        assert_refused(constraint_parse(cases[i].text, a, &c, &err), ASH_INVALID, err, cases[i].part);
    }
}

static double violation(const char *text, double x)
{
    constraint c;
    ash_error err;
    assert_ok(constraint_parse(text, a, &c, &err), err);
    return constraint_violation(&c, x);
}

static void test_violations_are_relative(void **state)
{
    (void)state;
    assert_true(violation("m <= 100", 100) == 0);
    assert_true(violation("m <= 100", 99) == 0);
    assert_true(violation("m <= 100", 150) == 0.5);
    assert_true(violation("m >= 100", 100) == 0);
    assert_true(violation("m >= 100", 50) == 0.5);
    assert_true(violation("m < 100", 99.999) == 0);
    assert_true(violation("m < 100", 100) > 0 && violation("m < 100", 100) < 1e-9);
    assert_true(violation("m > 100", 100.001) == 0);
    assert_true(violation("m > 100", 100) > 0 && violation("m > 100", 100) < 1e-9);
    assert_true(violation("m < 100", 300) == 2);
    assert_true(violation("m > 100", 0) == 1);
    assert_true(violation("m <= 0", 3) == 3); /* absolute: nothing to divide by */
    assert_true(violation("m <= -10", -5) == 0.5);
    assert_true(violation("m <= 1e300", INFINITY) == INFINITY);
    assert_true(violation("m <= 1e9", 1e9 + 1e-6) > 0); /* never 0 when violated */
    assert_true(isnan(violation("m <= 1", NAN)) && isnan(violation("m > 1", NAN)));
}

/* ---- settings ---- */

static void test_defaults(void **state)
{
    (void)state;
    search_settings set;
    ash_error err;
    assert_ok(controller_settings(NULL, &set, a, &err), err);
    assert_string_equal(set.strategy, "nsga2");
    assert_int_equal(set.lookahead, 16);
    assert_int_equal(set.objectives.n, 2);
    assert_string_equal(set.objectives.v[0], "error");
    assert_string_equal(set.objectives.v[1], "macs");
    assert_int_equal(set.constraints.n, 0);
    assert_false(set.duplicates);
}

static void test_wrong_settings(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"strategy=nsga3", "did you mean \"nsga2\"?"},
        {"stategy=random", "did you mean \"strategy\"?"},
        {"strategy=[random]", "strategy"},
        {"populaton=10", "did you mean \"population\"?"},
        {"strategy=random, lookahead=0", "lookahead"},
        {"strategy=random, lookahead=70000", "lookahead"},
        {"strategy=random, lookahead=many", "lookahead"},
        {"strategy=evolution, population=0", "population"},
        {"strategy=nsga2, population=1", "population"},
        {"strategy=nsga2, crossover=1.5", "crossover"},
        {"strategy=nsga2, mutation=-0.1", "mutation"},
        {"strategy=evolution, sample=0", "sample"},
        {"objectives=[]", "at least one objective"},
        {"objectives=[error, macs, error]", "objective \"error\" is listed twice"},
        {"constraints=[macs]", "\"macs\" is no constraint"},
        {"constraints=[macs<1, bytes]", "\"bytes\" is no constraint"},
        {"soft_constraints=[macs<1, bytes]", "\"bytes\" is no constraint"},
        {"max_attempts=0", "max_attempts"},
        {"duplicates=perhaps", "duplicates"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        search_settings set;
        ash_error err;
        assert_refused(controller_settings(map_of(cases[i].text), &set, a, &err), ASH_INVALID, err, cases[i].part);
        if (!strstr(err.text, "run.yaml:1:"))
            fail_msg("\"%s\" does not say where", err.text);

        space s = {2, 2};
        controller *c = NULL;
        controller_hooks hooks = {.cost = world_cost};
        assert_refused(controller_create(map_of(cases[i].text), &(search_budget){0}, &s, 1, &hooks, &c, &err), ASH_INVALID,
                       err, cases[i].part);
        assert_null(c);
    }
}

static void test_too_many_objectives_for_evolution(void **state)
{
    (void)state;
    space s = {2, 2};
    controller *c = NULL;
    controller_hooks hooks = {.cost = world_cost};
    ash_error err;
    const char *text = "strategy=evolution, objectives=[a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q]";
    assert_refused(controller_create(map_of(text), &(search_budget){0}, &s, 1, &hooks, &c, &err), ASH_INVALID, err,
                   "at most 16 objectives");
}

static const char *print(const char *text)
{
    buffer b = {0};
    ash_error err;
    assert_ok(controller_print_settings(map_of(text), true, &b, &err), err);
    char *out = arena_strdup(a, b.data);
    buffer_free(&b);
    return out;
}

static void test_what_is_printed_is_the_identity(void **state)
{
    (void)state;
    /* Defaults written out, another order and other spellings: the same search. */
    assert_string_equal(print("strategy=nsga2"), print("population=20, crossover=0.90, strategy=nsga2, lookahead=16"));
    /* One run file for several strategies: what the chosen one does not have has no effect. */
    assert_string_equal(print("strategy=random"), print("strategy=random, population=10, mutation=0.3"));
    assert_string_equal(print("strategy=evolution, population=10"), print("strategy=evolution, population=10, mutation=0.3"));
    static const char *const different[] = {
        "strategy=nsga2", "strategy=random", "strategy=evolution", "population=21", "crossover=0.8", "swap=0.4",
        "mutation=0.1", "lookahead=15", "duplicates=true", "max_attempts=99", "objectives=[error]",
        "objectives=[macs, error]", "soft_constraints=[macs<=1k]", "constraints=[macs<=1k]", "constraints=[macs<=2k]",
        "strategy=evolution, population=49", "strategy=evolution, sample=9", "strategy=random, with_replacement=true",
    };
    size_t n = sizeof(different) / sizeof(different[0]);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(print(different[i]), print(different[k]));
}

static void test_budgets_are_execution(void **state)
{
    (void)state;
    for (size_t i = 0; i < budget_options.count; i++)
        assert_true(budget_options.rows[i].execution);
    search_budget b;
    ash_error err;
    assert_ok(option_read(&budget_options, &b, map_of("evaluations=2k, trained_macs=1.5G, wall_s=60"), a, &err), err);
    assert_int_equal(b.evaluations, 2000);
    assert_int_equal(b.trained_macs, 1500000000);
    assert_true(b.wall_s == 60);
    assert_refused(option_read(&budget_options, &b, map_of("evaluations=-1"), a, &err), ASH_INVALID, err, "evaluations");
    assert_refused(option_read(&budget_options, &b, map_of("evalutions=1"), a, &err), ASH_INVALID, err,
                   "did you mean \"evaluations\"?");
}

/* ---- history ---- */

static hash256 key_of(uint64_t i)
{
    hash256 k = {{0}};
    i = mix(i + 1) % 512 * 4096 + i + 1; /* many share the low bits that the table looks at first */
    memcpy(k.b, &i, sizeof(i));
    return k;
}

static void test_history_knows_who_was_first(void **state)
{
    (void)state;
    history h;
    ash_error err;
    assert_ok(history_init(&h, a, &err), err);
    enum { N = 3000 };
    char text[32];
    for (uint64_t i = 0; i < N; i++) { /* every second trial repeats the key of an earlier, every third a text */
        hash256 k = key_of(i % 2 ? i / 3 : i), zero = {{0}};
        snprintf(text, sizeof(text), "genome %d", (int)(i % 3 ? i : i / 2));
        assert_ok(history_add(&h, i % 7 ? &k : &zero, text, i * 10, &err), err);
    }
    assert_int_equal(h.n, N);
    for (uint64_t i = 0; i < N; i++) {
        hash256 k = key_of(i);
        snprintf(text, sizeof(text), "genome %d", (int)i);
        uint64_t by_key = 0, by_text = 0;
        for (uint64_t id = N; id > 0; id--) {
            by_key = hash_equal(&history_at(&h, id)->key, &k) ? id : by_key;
            by_text = strcmp(history_at(&h, id)->text, text) == 0 ? id : by_text;
        }
        assert_int_equal(history_find_key(&h, &k), by_key);
        assert_int_equal(history_find_text(&h, text), by_text);
        assert_int_equal(history_at(&h, i + 1)->finish, i * 10);
    }
    assert_int_equal(history_find_key(&h, &(hash256){{0}}), 0);
    assert_int_equal(history_find_text(&h, ""), 0);
}

static void test_history_keeps_results(void **state)
{
    (void)state;
    history h;
    ash_error err;
    assert_ok(history_init(&h, a, &err), err);
    for (uint64_t id = 1; id <= 600; id++) {
        hash256 k = key_of(id);
        assert_ok(history_add(&h, &k, "g", 1, &err), err);
        assert_int_equal(history_at(&h, id)->status, TRIAL_PENDING);
        char name[16] = "error", reason[16] = "because";
        metric m[] = {{name, (double)id}, {"macs", 2}};
        trial t = {.id = id, .status = TRIAL_OK, .reason = reason, .metrics = m, .n_metrics = 2};
        assert_ok(history_tell(&h, &t, &err), err);
        memset(name, 'x', 5); /* the history has copies */
        memset(reason, 'x', 5);
    }
    for (uint64_t id = 1; id <= 600; id++) {
        const record *r = history_at(&h, id);
        assert_int_equal(r->status, TRIAL_OK);
        assert_int_equal(r->n_metrics, 2);
        assert_string_equal(r->metrics[0].name, "error");
        assert_true(r->metrics[0].value == (double)id);
        assert_string_equal(r->reason, "because");
        assert_ptr_equal(r->metrics[1].name, history_at(&h, 1)->metrics[1].name); /* names are shared */
    }
}

/* Memory that runs out anywhere is a status, never a crash. */
static void test_memory_runs_out(void **state)
{
    (void)state;
    for (long k = 1; k < 400; k++) {
        run x = {.world = {.space = {5, 4}}, .settings = "strategy=nsga2, population=6, lookahead=4"};
        x.arena = arena_create();
        assert_ok(node_parse_inline(x.arena, x.settings, "run.yaml", &x.map, &x.err), x.err);
        controller_hooks hooks = {.ctx = &x, .cost = world_cost};
        controller *c = NULL;
        arena_fail_at(k);
        ash_status status = controller_create(x.map, &x.budget, &x.world.space, 1, &hooks, &c, &x.err);
        for (int i = 0; status == ASH_OK && i < 20; i++) {
            trial *t;
            if (controller_next(c, &t, &x.err) != CONTROLLER_TRIAL) {
                status = x.err.status;
                break;
            }
            metric m[] = {{"error", 0.5}, {"macs", 1000 + i}};
            trial result = *t;
            result.status = TRIAL_OK;
            result.metrics = m;
            result.n_metrics = 2;
            status = controller_done(c, &result, &x.err);
        }
        arena_fail_at(0);
        if (status != ASH_OK)
            assert_int_equal(status, ASH_BROKEN);
        if (status == ASH_OK || c)
            controller_destroy(c);
        arena_destroy(x.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constraints_are_read),
        cmocka_unit_test(test_wrong_constraints),
        cmocka_unit_test(test_violations_are_relative),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_wrong_settings),
        cmocka_unit_test(test_too_many_objectives_for_evolution),
        cmocka_unit_test(test_what_is_printed_is_the_identity),
        cmocka_unit_test(test_budgets_are_execution),
        cmocka_unit_test(test_history_knows_who_was_first),
        cmocka_unit_test(test_history_keeps_results),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, begin_arena, end_arena);
}
