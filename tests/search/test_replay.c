/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_replay.c - resume: whatever was stored when the process died, the run goes on as if it had not */
#include "search/search_test.h"

static const char *const settings[] = {
    "strategy=random, lookahead=1",
    "strategy=evolution, population=8, sample=3, lookahead=6",
    "strategy=nsga2, population=6, lookahead=16",
    "strategy=nsga2, population=6, lookahead=3, constraints=[model_bytes<=40K]",
    "strategy=evolution, population=8, lookahead=4, duplicates=true",
};
#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))

static run example(size_t s, int64_t evaluations)
{
    return (run){.world = {.space = {6, 4}, .invalid = 9, .failing = 8, .classes = s == 1 ? 18 : 0},
                 .settings = settings[s],
                 .budget = {.evaluations = evaluations},
                 .seed = 5,
                 .workers = 4};
}

/* The trials that are stored after the first k writes. */
static size_t stored_after(run *x, size_t k, const trial **out)
{
    size_t n = 0;
    for (size_t id = 1; id <= x->n_all; id++)
        for (size_t i = 0; i < k; i++)
            if (x->events[i]->id == id) {
                out[n++] = x->events[i];
                break;
            }
    return n;
}

/* Goes on from the stored trials; everything stored then, old and new, is what `full` stored. */
static void resume(run *full, size_t s, int64_t evaluations, const trial **stored, size_t n, uint64_t order)
{
    for (int check = 0; check < 2; check++) {
        run x = example(s, evaluations);
        x.stored = stored;
        x.n_stored = n;
        x.check = check;
        x.order = order;
        x.workers = 1 + (unsigned)order % 9;
        go(&x);
        assert_ok(x.status, x.err);
        assert_int_equal(x.progress.told, full->progress.told);
        assert_int_equal(x.progress.counted, full->progress.counted);
        assert_int_equal(x.progress.duplicates, full->progress.duplicates);
        assert_int_equal(x.progress.trained_macs, full->progress.trained_macs);
        unsigned evaluated = 0;
        for (size_t i = 0; i < n; i++) {
            const trial *t = stored[i];
            evaluated += t->status != TRIAL_DUPLICATE && t->status != TRIAL_INVALID && t->status != TRIAL_INFEASIBLE;
            if (t->id <= x.n_all)
                assert_null(x.all[t->id - 1]); /* not stored again */
        }
        assert_int_equal(x.evaluations + evaluated, full->progress.counted);
        for (size_t i = 0; i < n; i++)
            store(&x, stored[i]);
        char *all = stored_text(&x, SIZE_MAX), *expected = stored_text(full, SIZE_MAX);
        assert_string_equal(all, expected);
        end(&x);
    }
}

static void test_resume_after_any_write(void **state)
{
    (void)state;
    for (size_t s = 0; s < N_SETTINGS; s++) {
        run full = example(s, 40);
        full.order = 3 + s;
        go(&full);
        const trial **stored = ARENA_NEW(full.arena, const trial *, full.n_all);
        for (size_t k = 0; k <= full.n_events; k += k < 20 ? 1 : 7)
            resume(&full, s, 40, stored, stored_after(&full, k, stored), k);
        resume(&full, s, 40, stored, stored_after(&full, full.n_events, stored), 1);
        end(&full);
    }
}

static void test_resume_with_gaps(void **state)
{
    (void)state;
    for (size_t s = 0; s < N_SETTINGS; s++) {
        run full = example(s, 40);
        go(&full);
        size_t lookahead = (size_t)strtoul(strstr(settings[s], "lookahead=") + 10, NULL, 10);
        const trial **stored = ARENA_NEW(full.arena, const trial *, full.n_all);
        for (uint64_t k = 0; k < 30; k++) {
            rng r = rng_stream(k, "gaps", s);
            size_t n = 0, lost = 0;
            for (size_t i = 0; i < full.n_all; i++)
                if (lost < lookahead && rng_below(&r, 3) == 0)
                    lost++;
                else
                    stored[n++] = full.all[i];
            resume(&full, s, 40, stored, n, k);
        }
        end(&full);
    }
}

static void test_an_extended_run_is_the_longer_run(void **state)
{
    (void)state;
    for (size_t s = 0; s < N_SETTINGS; s++) {
        run half = example(s, 100), full = example(s, 200);
        half.workers = 7;
        go(&half);
        go(&full);
        char *first = stored_text(&half, SIZE_MAX), *second = stored_text(&full, half.n_all);
        assert_string_equal(first, second);
        const trial **stored = ARENA_NEW(half.arena, const trial *, half.n_all);
        size_t n = stored_after(&half, half.n_events, stored);
        assert_int_equal(n, half.n_all); /* the told trials are exactly the ids 1..n */
        resume(&full, s, 200, stored, n, s);
        end(&half);
        end(&full);
    }
}

static void test_a_shorter_budget_than_what_is_stored(void **state)
{
    (void)state;
    run full = example(2, 60);
    go(&full);
    const trial **stored = ARENA_NEW(full.arena, const trial *, full.n_all);
    run x = example(2, 30);
    x.n_stored = stored_after(&full, full.n_events, stored);
    x.stored = stored;
    go(&x);
    assert_ok(x.status, x.err);
    assert_int_equal(x.evaluations, 0);
    assert_int_equal(x.progress.counted, 30);
    end(&x);
    end(&full);
}

/* ---- what check and adoption refuse ---- */

typedef void damage(trial *t);
static void damage_genome(trial *t) { t->genome = strcmp(t->genome, "0-0-0-0-0-1") ? "0-0-0-0-0-1" : "0-0-0-0-0-2"; }
static void damage_key(trial *t) { t->key.b[31] ^= 2; }
static void damage_original(trial *t) { t->original = 1; }
static void damage_duration(trial *t) { t->virtual_duration++; }
static void damage_status(trial *t) { t->status = TRIAL_INVALID; }
static void damage_parents(trial *t) { t->parents[0] = t->parents[0] == 1 ? 2 : 1; t->n_parents = 1; }
static void damage_static(trial *t) { ((metric *)t->metrics)[1].value += 1; }

static void test_check_finds_what_was_changed(void **state)
{
    (void)state;
    static const struct {
        damage *make;
        const char *part;
    } cases[] = {{damage_genome, "genome"},     {damage_key, "training key"}, {damage_original, "original"},
                 {damage_duration, "duration"}, {damage_status, "status"},    {damage_parents, "parents"},
                 {damage_static, "metric"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run full = example(0, 30);
        go(&full);
        trial *victim = NULL;
        for (size_t k = 10; !victim; k++)
            victim = full.all[k]->status == TRIAL_OK ? full.all[k] : NULL;
        cases[i].make(victim);
        run x = example(0, 40);
        x.stored = (const trial **)full.all;
        x.n_stored = full.n_all;
        x.check = true;
        go(&x);
        char id[32];
        snprintf(id, sizeof(id), "trial %llu differs", (unsigned long long)victim->id);
        if (x.status != ASH_BROKEN || !strstr(x.err.text, id) || !strstr(x.err.text, cases[i].part))
            fail_msg("%s: %d %s", cases[i].part, x.status, x.err.text);
        end(&x);
        end(&full);
    }
}

/* A result that was changed is not what a proposal depends on at once: the proposals after it are. */
static void test_check_finds_a_changed_result(void **state)
{
    (void)state;
    run full = example(1, 60);
    go(&full);
    for (size_t k = 0; k < 20; k++)
        if (full.all[k]->status == TRIAL_OK)
            ((metric *)full.all[k]->metrics)[0].value = 1 - full.all[k]->metrics[0].value;
    run x = example(1, 60);
    x.stored = (const trial **)full.all;
    x.n_stored = full.n_all;
    x.check = true;
    go(&x);
    assert_int_equal(x.status, ASH_BROKEN);
    assert_non_null(strstr(x.err.text, "the database was changed, or written by another version"));
    end(&x);
    end(&full);
}

static void refuse(const trial **stored, size_t n, const char *part)
{
    run x = example(0, 10);
    controller *c = begin(&x);
    ash_error err;
    assert_refused(controller_replay(c, stored, n, false, &err), ASH_BROKEN, err, part);
    finish(&x, c);
    end(&x);
}

static void test_trials_that_are_not_of_one_run(void **state)
{
    (void)state;
    trial a = {.id = 1, .genome = "0-0-0-0-0-0", .status = TRIAL_OK}, b = a;
    const trial *stored[] = {&a, &b};
    refuse(stored, 2, "trial 1 among 2, twice");
    b.id = 0;
    refuse(stored, 2, "trial 0 among 2");
    b.id = 4; /* lookahead 1: at most one can be missing */
    refuse(stored, 2, "trial 4 among 2");
    b.id = 2;
    b.status = TRIAL_PENDING;
    refuse(stored, 2, "trial 2 has no result");
    b.status = TRIAL_OK;
    b.genome = NULL;
    refuse(stored, 2, "trial 2 has no result");
}

static void refuse_later(damage *make, const char *part)
{
    run full = example(1, 30);
    go(&full);
    trial *victim = NULL;
    for (size_t k = 0; k < full.n_all && !victim; k++)
        if (full.all[k]->status == TRIAL_DUPLICATE)
            victim = full.all[k];
    assert_non_null(victim);
    make(victim);
    run x = example(1, 40);
    x.stored = (const trial **)full.all;
    x.n_stored = full.n_all;
    go(&x);
    assert_int_equal(x.status, ASH_BROKEN);
    if (!strstr(x.err.text, part))
        fail_msg("\"%s\" does not say \"%s\"", x.err.text, part);
    end(&x);
    end(&full);
}

static void start_later(trial *t) { t->virtual_start++; }
static void no_duration(trial *t) { t->virtual_duration = 0; }
static void endless(trial *t) { t->virtual_duration = UINT64_MAX - 5; }
static void own_original(trial *t) { t->original = t->id; }
static void no_original(trial *t) { t->original = 0; }
static void strange_genome(trial *t) { t->genome = "conv | dense"; }

static void test_trials_that_do_not_fit(void **state)
{
    (void)state;
    refuse_later(start_later, "the database was changed");
    refuse_later(no_duration, "the database was changed");
    refuse_later(endless, "the database was changed");
    refuse_later(own_original, "which is not before it");
    refuse_later(no_original, "which is not before it");
    refuse_later(strange_genome, "is no genome of this space");
}

static void test_replay_comes_first(void **state)
{
    (void)state;
    run x = example(0, 10);
    controller *c = begin(&x);
    trial *t;
    ash_error err;
    assert_int_equal(controller_next(c, &t, &err), CONTROLLER_TRIAL);
    assert_refused(controller_replay(c, NULL, 0, false, &err), ASH_BROKEN, err, "the run has begun");
    finish(&x, c);
    end(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resume_after_any_write),
        cmocka_unit_test(test_resume_with_gaps),
        cmocka_unit_test(test_an_extended_run_is_the_longer_run),
        cmocka_unit_test(test_a_shorter_budget_than_what_is_stored),
        cmocka_unit_test(test_check_finds_what_was_changed),
        cmocka_unit_test(test_check_finds_a_changed_result),
        cmocka_unit_test(test_trials_that_are_not_of_one_run),
        cmocka_unit_test(test_trials_that_do_not_fit),
        cmocka_unit_test(test_replay_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
