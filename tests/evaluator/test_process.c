/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_process.c - worker processes: crashes, lost workers, workers that talk nonsense or refuse, weights, a memory cap */
#include "evaluator/exec_test.h"

static const executor_type *process(void)
{
    const executor_type *type = executor_find("process");
    assert_non_null(type);
    return type;
}

static const char settings[] = "strategy=evolution, population=10, sample=3, lookahead=8";

/* What is told when nothing goes wrong, and a trial in the middle that is evaluated. */
static char *undisturbed(int64_t evaluations, int *middle)
{
    sleeper *s = create(settings, evaluations);
    execute(s, executor_find("serial"), 1);
    char *text = strdup(told_text(&s->x));
    for (*middle = 12; s->x.all[*middle - 1]->status != TRIAL_OK; (*middle)++)
        ;
    drop(s);
    return text;
}

static void test_crashes_cost_attempts(void **state)
{
    (void)state;
    int middle;
    char *expected = undisturbed(40, &middle);
    for (int crashes = 1; crashes <= 2; crashes++) {
        sleeper *s = create(settings, 40);
        s->crashes_at = middle;
        atomic_store(&s->crashes_left, crashes);
        execute(s, process(), 3);
        assert_ok(s->x.status, s->x.err);
        assert_string_equal(told_text(&s->x), expected);
        assert_int_equal(s->x.all[middle - 1]->attempts, crashes + 1);
        drop(s);
    }
    free(expected);
}

static void test_a_trial_that_always_crashes_is_a_failed_trial(void **state)
{
    (void)state;
    int middle;
    free(undisturbed(40, &middle));
    const char *sanitizer = getenv("ASHLAR_SANITIZE"); /* which reserves more address space than any cap */
    for (int hogs = 0; hogs < (sanitizer && *sanitizer ? 1 : 2); hogs++) {
        sleeper *s = create(settings, 40);
        s->crashes_at = middle;
        s->hogs = hogs;
        atomic_store(&s->crashes_left, 1000);
        execute(s, process(), 3);
        assert_ok(s->x.status, s->x.err);
        const trial *t = s->x.all[middle - 1];
        assert_int_equal(t->status, TRIAL_FAILED);
        assert_int_equal(t->attempts, 3);
        assert_string_equal(t->reason, hogs ? "lost 3 times: the trainer was killed by signal 6 (Aborted)"
                                            : "lost 3 times: the trainer was killed by signal 9 (Killed)");
        assert_int_equal(1000 - atomic_load(&s->crashes_left), 3);
        assert_int_equal(s->x.progress.counted, 40);
        drop(s);
    }
}

static void test_weights_come_when_they_are_wanted(void **state)
{
    (void)state;
    sleeper *s = create(settings, 40);
    execute(s, process(), 2);
    assert_ok(s->x.status, s->x.err);
    assert_true(s->wanted > 5);
    assert_int_equal(s->kept, (size_t)s->wanted * sizeof(uint64_t));
    drop(s);
}

static void test_lost_workers_are_replaced(void **state)
{
    (void)state;
    int middle;
    char *expected = undisturbed(300, &middle);
    sleeper *s = create(settings, 300);
    s->sleeps = true;
    s->kills_every = 50;
    execute(s, process(), 3);
    assert_ok(s->x.status, s->x.err);
    assert_string_equal(told_text(&s->x), expected);
    int kills = atomic_load(&s->kills); /* each lost at least the evaluation that it came from */
    assert_true(kills >= 5);
    assert_true(atomic_load(&s->begun) >= (int)s->x.progress.counted + kills);
    drop(s);
    free(expected);
}

/* Two workers, of which one has hardly any time left: it gets nothing, the other everything. */
static void test_a_worker_without_time_gets_nothing(void **state)
{
    (void)state;
    int middle;
    char *expected = undisturbed(40, &middle);
    sleeper *s = create(settings, 40);
    s->prefixes = (const char *const[]){"env LEFT=2", "env"};
    s->n_prefixes = 2;
    s->sleeps = true;
    log_set_level(LOG_ERROR);
    execute(s, process(), 2);
    assert_ok(s->x.status, s->x.err);
    assert_string_equal(told_text(&s->x), expected);
    for (size_t i = 0; i < s->x.n_all; i++)
        assert_true(s->x.all[i]->attempts <= 1);
    drop(s);
    free(expected);
}

/* A shell as the worker: `script` has the path of this program as $0. */
static sleeper *run_shell(const char *script)
{
    sleeper *s = create(settings, 40);
    char self[256] = "";
    assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    s->command = (const char *const[]){"/bin/sh", "-c", script, self, NULL};
    execute(s, process(), 2);
    return s;
}

static void test_nonsense_ends_the_run_with_a_sentence(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "exit 0",
        "head -c 100000 /dev/urandom",
        "echo hello 2 AA== AA== 1 0; echo ready; head -c 100000 /dev/urandom; sleep 0.2",
        "echo hello 2 AA== AA== 1 0; echo ready; echo result; echo result AAAA; echo weights 1; echo lost; echo lost x; echo broken",
        "echo hello 2 AA== AA== 1 0; echo ready; echo 'result ////'; echo 'lost 18446744073709551616 AA=='; echo 'pong'",
    };
    for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
        sleeper *s = run_shell(scripts[i]);
        assert_int_equal(s->x.status, ASH_BROKEN);
        assert_true(strstr(s->x.err.text, "3 times in a row without a result") || strstr(s->x.err.text, "cannot say why"));
        drop(s);
    }
    sleeper *s = run_shell("echo refuse 2 $(printf 'another version' | base64)");
    assert_int_equal(s->x.status, ASH_INVALID);
    assert_string_equal(s->x.err.text, "another version");
    drop(s);
    s = create(settings, 40);
    s->command = (const char *const[]){"/nowhere/ashlar", NULL};
    execute(s, process(), 2);
    assert_int_equal(s->x.status, ASH_BROKEN);
    assert_non_null(strstr(s->x.err.text, "/nowhere/ashlar"));
    drop(s);
}

/* Lines cut, mixed and repeated at random: whatever comes, the reader gives lines and never more than came. */
static void test_any_bytes_can_be_read(void **state)
{
    (void)state;
    rng r = rng_stream(1, "wire", 0);
    for (int round = 0; round < 300; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        char text[3000];
        size_t n = 1 + rng_below(&r, sizeof(text) - 1), lines = 0, found = 0;
        for (size_t i = 0; i < n; i++) {
            text[i] = "trial AAB=/\n\n \xff"[rng_below(&r, 16)];
            lines += text[i] == '\n';
        }
        wire_reader in = {.fd = ends[0]};
        wire_unblock(ends[0]);
        arena *a = arena_create();
        for (size_t at = 0; at < n;) {
            size_t step = 1 + rng_below(&r, 500);
            step = step < n - at ? step : n - at;
            assert_int_equal(write(ends[1], text + at, step), step);
            at += step;
            wire_read(&in);
            for (char *line; (line = wire_line(&in)); found++) {
                char *rest = line, *bytes;
                size_t length;
                uint64_t number;
                trial *t;
                ash_error err;
                wire_next(&rest);
                if (rng_below(&r, 2))
                    wire_get_number(&rest, &number);
                else if (rng_below(&r, 2))
                    assert_int_not_equal(wire_get_trial(&rest, a, &t, &err), ASH_OK);
                else
                    wire_get_bytes(&rest, a, &bytes, &length);
            }
        }
        assert_int_equal(found, lines);
        close(ends[1]);
        wire_read(&in);
        assert_true(in.ended);
        wire_reader_free(&in);
        arena_destroy(a);
        close(ends[0]);
    }
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    log_set_level(LOG_ERROR);
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return be_worker();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crashes_cost_attempts),
        cmocka_unit_test(test_a_trial_that_always_crashes_is_a_failed_trial),
        cmocka_unit_test(test_weights_come_when_they_are_wanted),
        cmocka_unit_test(test_lost_workers_are_replaced),
        cmocka_unit_test(test_a_worker_without_time_gets_nothing),
        cmocka_unit_test(test_nonsense_ends_the_run_with_a_sentence),
        cmocka_unit_test(test_any_bytes_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
