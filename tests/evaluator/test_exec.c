/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_exec.c - every executor: the same told sequence whatever the evaluations' real durations, and every way to end early */
#include "evaluator/exec_test.h"

static void test_every_executor_tells_the_same(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "strategy=evolution, population=10, sample=3, lookahead=1",
        "strategy=nsga2, population=8, lookahead=8",
        "strategy=evolution, population=10, sample=3, lookahead=16, constraints=[model_bytes<=60K]",
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        sleeper *one = create(settings[i], 60);
        execute(one, executor_find("serial"), 1);
        assert_ok(one->x.status, one->x.err);
        assert_int_equal(one->x.progress.counted, 60);
        assert_true(one->shown > 0);
        for (size_t e = 0; executor_at(e) && !executor_at(e)->needs_site; e++)
            for (int workers = 1; workers <= 8; workers *= 2) {
                sleeper *many = create(settings[i], 60);
                many->sleeps = true;
                many->x.order = (uint64_t)workers;
                execute(many, executor_at(e), workers);
                assert_ok(many->x.status, many->x.err);
                assert_string_equal(told_text(&many->x), told_text(&one->x));
                assert_int_equal(many->shown_last, one->shown_last);
                assert_false(many->shown_twice);
                drop(many);
            }
        drop(one);
    }
}

static void test_trials_say_where_they_ran(void **state)
{
    (void)state;
    char host[256] = "";
    gethostname(host, sizeof(host) - 1);
    for (size_t e = 0; executor_at(e) && !executor_at(e)->needs_site; e++) {
        sleeper *s = create("strategy=random, lookahead=4", 20);
        execute(s, executor_at(e), 2);
        for (size_t i = 0; i < s->x.n_all; i++) {
            const trial *t = s->x.all[i];
            if (t->status == TRIAL_INVALID || t->status == TRIAL_DUPLICATE)
                continue;
            assert_string_equal(t->host, host);
            assert_int_equal(t->attempts, 1);
            assert_true(t->worker < 2);
            assert_true(t->wall_s >= 0);
        }
        drop(s);
    }
}

static void test_a_broken_world_ends_the_run(void **state)
{
    (void)state;
    for (size_t e = 0; executor_at(e) && !executor_at(e)->needs_site; e++)
        for (int workers = 1; workers <= 4; workers += 3) {
            sleeper *s = create("strategy=random, lookahead=8", 1000);
            s->breaks_at = 12;
            s->sleeps = true;
            execute(s, executor_at(e), workers);
            assert_int_equal(s->x.status, ASH_BROKEN);
            assert_string_equal(s->x.err.text, "the disk is gone at trial 12");
            assert_true(atomic_load(&s->evaluated) < 30);
            for (size_t i = 0; i < s->x.n_all; i++)
                assert_true(!s->x.all[i] || s->x.all[i]->id != 12);
            drop(s);

            s = create("strategy=random, lookahead=8", 1000);
            s->invalid_at = 9;
            execute(s, executor_at(e), workers);
            assert_int_equal(s->x.status, ASH_INVALID);
            assert_string_equal(s->x.err.text, "no such device");
            drop(s);
        }
}

static void test_a_broken_controller_ends_the_run(void **state)
{
    (void)state;
    for (size_t e = 0; executor_at(e) && !executor_at(e)->needs_site; e++) {
        sleeper *s = create("strategy=random, lookahead=8, objectives=[eror]", 100);
        execute(s, executor_at(e), 3);
        assert_int_equal(s->x.status, ASH_INVALID);
        assert_non_null(strstr(s->x.err.text, "did you mean \"error\"?"));
        drop(s);
    }
}

static void test_draining_keeps_what_was_evaluated(void **state)
{
    (void)state;
    sleeper *full = create("strategy=evolution, population=10, lookahead=8", 100);
    execute(full, executor_find("serial"), 1);
    for (size_t e = 0; executor_at(e) && !executor_at(e)->needs_site; e++) {
        sleeper *s = create("strategy=evolution, population=10, lookahead=8", 100);
        s->drain_after = 25;
        s->sleeps = true;
        execute(s, executor_at(e), 4);
        assert_ok(s->x.status, s->x.err);
        int n = atomic_load(&s->evaluated), stored = 0;
        assert_in_range(n, 25, 25 + 4);
        assert_int_equal(atomic_load(&s->abandoned), 0);
        for (size_t i = 0; i < s->x.n_all; i++)
            stored += s->x.all[i] && s->x.all[i]->status != TRIAL_INVALID && s->x.all[i]->status != TRIAL_DUPLICATE;
        assert_int_equal(stored, n); /* nothing is lost */
        assert_string_equal(s->x.sentence, "stopped before the budget was spent");
        assert_int_equal(s->x.progress.told + s->x.progress.in_flight, s->x.progress.asked);
        drop(s);
    }
    drop(full);
}

static void test_abandoning_leaves_at_once(void **state)
{
    (void)state;
    for (size_t e = 0; executor_at(e) && !executor_at(e)->needs_site; e++)
        for (int workers = 2; workers <= 4; workers += 2) {
            sleeper *s = create("strategy=random, lookahead=8", 100);
            s->hangs = true; /* would never end by itself */
            if (strcmp(executor_at(e)->name, "serial") == 0)
                atomic_store(&s->evaluated, 1);
            execute(s, executor_at(e), workers);
            assert_ok(s->x.status, s->x.err);
            if (strcmp(executor_at(e)->name, "process") != 0) /* whose evaluations are killed */
                assert_true(atomic_load(&s->abandoned) >= 1);
            for (size_t i = 0; i < s->x.n_all; i++)
                assert_true(!s->x.all[i] || s->x.all[i]->status == TRIAL_INVALID);
            assert_string_equal(s->x.sentence, "stopped before the budget was spent");
            drop(s);
        }
}

static void test_an_abandoned_run_goes_on(void **state)
{
    (void)state;
    static const char settings[] = "strategy=nsga2, population=8, lookahead=8";
    sleeper *full = create(settings, 60);
    execute(full, executor_find("serial"), 1);
    for (size_t e = 0; executor_at(e) && !executor_at(e)->needs_site; e++) {
        sleeper *first = create(settings, 60), *second = create(settings, 60);
        first->abandon_after = 20;
        first->sleeps = true;
        execute(first, executor_at(e), 4);
        assert_ok(first->x.status, first->x.err);
        const trial **stored = ARENA_NEW(first->x.arena, const trial *, first->x.n_all);
        size_t n = 0;
        for (size_t i = 0; i < first->x.n_all; i++)
            if (first->x.all[i])
                stored[n++] = first->x.all[i];
        controller *c = begin(&second->x);
        assert_ok(controller_replay(c, stored, n, true, &second->x.err), second->x.err);
        executor_remote remote = remote_of(second);
        executor_job job = {.controller = c, .type = &sleeper_type, .evaluator = second, .workers = 3, .remote = &remote,
                            .ctx = second};
        assert_ok(executor_at(e)->run(&job, &second->x.err), second->x.err);
        finish(&second->x, c);
        for (size_t i = 0; i < n; i++)
            store(&second->x, stored[i]);
        assert_string_equal(stored_text(&second->x, SIZE_MAX), stored_text(&full->x, SIZE_MAX));
        drop(first);
        drop(second);
    }
    drop(full);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return be_worker();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_executor_tells_the_same),
        cmocka_unit_test(test_trials_say_where_they_ran),
        cmocka_unit_test(test_a_broken_world_ends_the_run),
        cmocka_unit_test(test_a_broken_controller_ends_the_run),
        cmocka_unit_test(test_draining_keeps_what_was_evaluated),
        cmocka_unit_test(test_abandoning_leaves_at_once),
        cmocka_unit_test(test_an_abandoned_run_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
