/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_controller.c - the contract of virtual time: the sequence of trials depends on seed and settings alone */
#include "search/search_test.h"

static const char *const settings[] = {
    "strategy=random, lookahead=1",
    "strategy=random, lookahead=8",
    "strategy=evolution, population=10, sample=3, lookahead=1",
    "strategy=evolution, population=10, sample=3, lookahead=4",
    "strategy=evolution, population=10, sample=3, lookahead=16, objectives=[error]",
    "strategy=nsga2, population=8, lookahead=1",
    "strategy=nsga2, population=8, lookahead=16",
    "strategy=nsga2, population=8, lookahead=7, constraints=[model_bytes<=50K, macs<9k]",
    "strategy=evolution, population=10, lookahead=5, duplicates=true",
    "strategy=evolution, population=5, lookahead=5, constraints=[model_bytes<=30000], objectives=[error, macs, model_bytes]",
    "strategy=nsga2, population=8, lookahead=5, constraints=[model_bytes<=80K], soft_constraints=[error<=0.3, macs<=6k]",
};
#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))

static const world worlds[] = {
    {.space = {6, 4}},
    {.space = {6, 4}, .invalid = 5, .failing = 7},
    {.space = {5, 5}, .classes = 0, .same_ticks = 1, .failing = 3},
    {.space = {8, 9}, .classes = 65, .salt = 11},
};
#define N_WORLDS (sizeof(worlds) / sizeof(worlds[0]))

static run example(size_t s, size_t w, uint64_t seed)
{
    return (run){.world = worlds[w], .settings = settings[s], .budget = {.evaluations = 60}, .seed = seed, .workers = 1};
}

/* Virtual time as docs/determinism.md states it, from the records alone: V start at 0, and each later trial starts when the
 * (id - V)-th result is told; results are told by (finish, id). */
static void check_virtual_time(const run *x, size_t lookahead)
{
    uint64_t finish[4096], order[4096];
    assert_true(x->n_all < 4096);
    for (size_t i = 0; i < x->n_all; i++) {
        const trial *t = x->all[i];
        finish[i] = t->virtual_start + t->virtual_duration;
        assert_true(t->virtual_duration > 0);
        order[i] = i;
    }
    size_t n = x->n_all;
    for (size_t i = 1; i < n; i++) /* insertion sort by (finish, id); ids are in order */
        for (size_t k = i; k > 0 && finish[order[k]] < finish[order[k - 1]]; k--) {
            uint64_t swap = order[k];
            order[k] = order[k - 1];
            order[k - 1] = swap;
        }
    for (size_t i = 0; i < n; i++)
        assert_int_equal(x->all[i]->virtual_start, i < lookahead ? 0 : finish[order[i - lookahead]]);
    const char *line = told_text(x);
    for (size_t i = 0; i < n; i++) { /* the log is in that order */
        assert_int_equal(strtoull(line, NULL, 10), order[i] + 1);
        line = strchr(line, '\n') + 1;
    }
    assert_string_equal(line, "");
}

static size_t lookahead_of(const char *text)
{
    return (size_t)strtoul(strstr(text, "lookahead=") + strlen("lookahead="), NULL, 10);
}

static void test_any_order_and_any_number_of_workers(void **state)
{
    (void)state;
    for (size_t s = 0; s < N_SETTINGS; s++)
        for (size_t w = 0; w < N_WORLDS; w++) {
            run one = example(s, w, 100 + w);
            go(&one);
            assert_ok(one.status, one.err);
            assert_true(one.progress.counted == 60 || one.sentence);
            assert_true(one.progress.told >= one.progress.counted && one.progress.counted > 5);
            assert_int_equal(one.progress.in_flight, 0);
            check_virtual_time(&one, lookahead_of(settings[s]));
            for (unsigned workers = 1; workers <= 16; workers++) {
                run many = example(s, w, 100 + w);
                many.workers = workers;
                many.order = workers;
                go(&many);
                assert_string_equal(told_text(&many), told_text(&one));
                assert_int_equal(many.evaluations, one.evaluations);
                end(&many);
            }
            run other = example(s, w, 200 + w); /* the seed matters */
            go(&other);
            if (w == 0)
                assert_string_not_equal(told_text(&other), told_text(&one));
            end(&other);
            end(&one);
        }
}

static void test_lookahead_is_identity(void **state)
{
    (void)state;
    run a = example(2, 0, 1), b = example(3, 0, 1);
    go(&a);
    go(&b);
    assert_string_not_equal(told_text(&a), told_text(&b));
    end(&a);
    end(&b);
}

static void test_lookahead_bounds_what_is_out(void **state)
{
    (void)state;
    for (size_t v = 1; v <= 16; v *= 4) {
        char text[64];
        snprintf(text, sizeof(text), "strategy=random, lookahead=%zu", v);
        run x = {.world = worlds[0], .settings = text, .budget = {.evaluations = 200}};
        controller *c = begin(&x);
        trial *t;
        for (size_t id = 1; id <= v; id++) { /* in the order of ids */
            assert_int_equal(controller_next(c, &t, &x.err), CONTROLLER_TRIAL);
            assert_int_equal(t->id, id);
        }
        assert_int_equal(controller_next(c, &t, &x.err), CONTROLLER_WAIT);
        assert_int_equal(controller_status(c).in_flight, v);
        finish(&x, c);
        end(&x);
    }
}

/* A cluster's worth of virtual workers: the heap, the ring and the stack of free ones wrap many times. */
static void test_thousands_of_virtual_workers(void **state)
{
    (void)state;
    static const char wide[] = "strategy=random, lookahead=1500";
    for (unsigned workers = 1; workers <= 64; workers += 63) {
        run x = {.world = {.space = {9, 9}, .failing = 9}, .settings = wide, .budget = {.evaluations = 4000}, .workers = workers};
        go(&x);
        assert_ok(x.status, x.err);
        assert_int_equal(x.progress.counted, 4000);
        check_virtual_time(&x, 1500);
        end(&x);
    }
}

static void test_a_sequential_run_waits(void **state)
{
    (void)state;
    run x = example(0, 0, 1);
    controller *c = begin(&x);
    trial *t, *second;
    for (unsigned i = 1; i <= 5; i++) {
        assert_int_equal(controller_next(c, &t, &x.err), CONTROLLER_TRIAL);
        assert_int_equal(t->id, i);
        assert_int_equal(controller_next(c, &second, &x.err), CONTROLLER_WAIT);
        assert_int_equal(controller_status(c).told, i - 1);
        evaluate_one(&x, c, t, false);
        assert_int_equal(controller_status(c).told, i);
    }
    finish(&x, c);
    end(&x);
}

static void test_duplicates_point_at_the_first(void **state)
{
    (void)state;
    run x = {.world = {.space = {6, 6}, .classes = 20, .failing = 6}, .workers = 5, .budget = {.evaluations = 20},
             .settings = "strategy=evolution, population=10, sample=3, lookahead=8"};
    go(&x);
    assert_ok(x.status, x.err);
    assert_int_equal(x.evaluations, x.progress.counted);
    assert_true(x.progress.duplicates > 10);
    unsigned waited = 0;
    for (size_t i = 0; i < x.n_all; i++) {
        const trial *t = x.all[i];
        size_t first = 0;
        while (!hash_equal(&x.all[first]->key, &t->key))
            first++;
        if (first == i) {
            assert_int_not_equal(t->status, TRIAL_DUPLICATE);
            assert_int_equal(t->original, 0);
            continue;
        }
        const trial *original = x.all[first];
        assert_int_equal(t->status, TRIAL_DUPLICATE);
        assert_int_equal(t->original, original->id);
        assert_int_equal(t->n_metrics, original->n_metrics);
        for (size_t k = 0; k < t->n_metrics; k++) {
            assert_string_equal(t->metrics[k].name, original->metrics[k].name);
            assert_memory_equal(&t->metrics[k].value, &original->metrics[k].value, sizeof(double));
        }
        assert_int_equal(t->trained_macs, 0);
        uint64_t finish_of_first = original->virtual_start + original->virtual_duration;
        bool waits = finish_of_first > t->virtual_start + CONTROLLER_C0;
        assert_int_equal(t->virtual_duration, waits ? finish_of_first - t->virtual_start : CONTROLLER_C0);
        waited += waits;
    }
    assert_true(waited > 0);
    end(&x);
}

static void test_duplicates_can_be_evaluated(void **state)
{
    (void)state;
    run x = {.world = {.space = {4, 2}, .classes = 3}, .workers = 2, .budget = {.evaluations = 50},
             .settings = "strategy=evolution, population=10, sample=3, lookahead=1, duplicates=true"};
    go(&x);
    assert_int_equal(x.evaluations, 50);
    assert_int_equal(x.progress.counted, 50);
    assert_int_equal(x.progress.told, 50);
    assert_null(x.sentence);
    end(&x);
}

static void test_bad_candidates_are_recorded(void **state)
{
    (void)state;
    run x = {.world = {.space = {6, 4}, .invalid = 3, .failing = 4}, .workers = 3, .budget = {.evaluations = 100},
             .settings = "strategy=nsga2, population=10, lookahead=4"};
    go(&x);
    assert_true(x.progress.invalid > 20);
    assert_true(x.progress.failed > 5);
    assert_int_equal(x.progress.counted, 100);
    assert_int_equal(x.progress.told, x.progress.counted + x.progress.invalid + x.progress.duplicates);
    for (size_t i = 0; i < x.n_all; i++) {
        const trial *t = x.all[i];
        if (t->status != TRIAL_OK)
            assert_non_null(t->reason);
        if (t->status == TRIAL_INVALID) {
            assert_true(hash_is_zero(&t->key));
            assert_int_equal(t->virtual_duration, CONTROLLER_C0);
            for (size_t k = 0; k < i; k++) /* and never again */
                assert_string_not_equal(x.all[k]->genome, t->genome);
        }
        for (uint32_t p = 0; p < t->n_parents; p++) { /* nothing that was never scored has children */
            trial_status s = x.all[t->parents[p] - 1]->status;
            assert_true(s == TRIAL_OK);
        }
    }
    end(&x);
}

static void test_constraints_hold_before_training(void **state)
{
    (void)state;
    run x = {.world = {.space = {6, 4}}, .workers = 3, .budget = {.evaluations = 80},
             .settings = "strategy=random, max_attempts=3, lookahead=4, constraints=[model_bytes<=10K, macs>3k]"};
    go(&x);
    assert_ok(x.status, x.err);
    assert_int_equal(x.progress.counted, 80);
    assert_true(x.progress.infeasible > 5);
    for (size_t i = 0; i < x.n_all; i++) {
        const trial *t = x.all[i];
        bool fits = trial_metric(t, "model_bytes") <= 10240 && trial_metric(t, "macs") > 3000;
        assert_int_equal(fits, t->status == TRIAL_OK);
        if (!fits) {
            assert_int_equal(t->status, TRIAL_INFEASIBLE);
            assert_non_null(strstr(t->reason, ", not "));
            assert_int_equal(t->virtual_duration, CONTROLLER_C0);
        }
    }
    end(&x);
}

/* Networks outside a soft constraint are trained and kept like others; those inside become parents. (The children of this world are not like them.) */
static void test_soft_constraints_lead(void **state)
{
    (void)state;
    static const char *const with[] = {"strategy=nsga2, population=8, lookahead=1, soft_constraints=[model_bytes<=30000]",
                                       "strategy=evolution, population=10, sample=4, lookahead=1, soft_constraints=[model_bytes<=30000]"};
    static const char *const without[] = {"strategy=nsga2, population=8, lookahead=1", "strategy=evolution, population=10, sample=4, lookahead=1"};
    for (int s = 0; s < 2; s++) {
        size_t outside = 0, parents[2] = {0}, inside[2] = {0};
        for (int soft = 0; soft < 2; soft++)
            for (uint64_t seed = 1; seed <= 5; seed++) {
                run x = {.world = {.space = {12, 6}}, .workers = 1, .seed = seed, .budget = {.evaluations = 150}, .settings = (soft ? with : without)[s]};
                go(&x);
                assert_ok(x.status, x.err);
                assert_int_equal(x.progress.counted, 150);
                assert_int_equal(x.progress.infeasible, 0);
                for (size_t i = 0; i < x.n_all; i++) {
                    outside += soft && trial_metric(x.all[i], "model_bytes") > 30000;
                    for (uint32_t k = 0; k < x.all[i]->n_parents; k++) {
                        parents[soft]++;
                        inside[soft] += trial_metric(x.all[x.all[i]->parents[k] - 1], "model_bytes") <= 30000;
                    }
                }
                end(&x);
            }
        assert_true(outside > 100);
        assert_true((double)inside[1] / (double)parents[1] > 0.65 && (double)inside[0] / (double)parents[0] < 0.35);
    }
}

static void test_budget_of_evaluations(void **state)
{
    (void)state;
    for (int n = 1; n < 40; n += 6) {
        run x = {.world = {.space = {6, 4}, .invalid = 4, .failing = 3}, .workers = 7, .order = (uint64_t)n,
                 .budget = {.evaluations = n}, .settings = "strategy=evolution, population=5, lookahead=8"};
        go(&x);
        assert_int_equal(x.evaluations, n);
        assert_int_equal(x.progress.counted, n);
        assert_null(x.sentence);
        assert_true(x.progress.fraction == 1);
        end(&x);
    }
}

static void test_budget_of_trained_macs(void **state)
{
    (void)state;
    run x = example(6, 1, 3), y = example(6, 1, 3);
    x.budget = y.budget = (search_budget){.trained_macs = 5000};
    y.workers = 11;
    go(&x);
    go(&y);
    assert_true(x.progress.trained_macs >= 5000 && x.progress.trained_macs < 5000 + 17 * 200);
    assert_string_equal(told_text(&x), told_text(&y));
    end(&x);
    end(&y);
}

static void test_a_clock_only_stops_handing_out(void **state)
{
    (void)state;
    run full = example(6, 0, 3), x = example(6, 0, 3);
    go(&full);
    x.budget.wall_s = 1e-9; /* over at once */
    go(&x);
    assert_int_equal(x.evaluations, 0);
    assert_string_equal(told_text(&x), "");
    end(&x);

    x = example(6, 0, 3);
    x.budget.wall_s = 1e6;
    go(&x);
    assert_string_equal(told_text(&x), told_text(&full));
    end(&x);
    end(&full);
}

static void test_an_exhausted_space_ends_the_run(void **state)
{
    (void)state;
    static const char *const strategies[] = {"random, with_replacement=true", "random", "evolution, population=5",
                                             "nsga2, population=4"};
    for (size_t i = 0; i < 4; i++)
        for (size_t v = 1; v <= 16; v += 15) {
            char text[128];
            snprintf(text, sizeof(text), "strategy=%s, lookahead=%zu, max_attempts=10", strategies[i], v);
            run x = {.world = {.space = {3, 5}, .classes = 11, .invalid = 3}, .workers = 3, .settings = text};
            unsigned classes = 0, valid = 0;
            for (unsigned k = 0; k < 11; k++) { /* digit sums go to 12: all classes exist */
                uint64_t code = mix(k);
                classes++;
                valid += mix(code + 1) % 3 != 0;
            }
            assert_int_equal(classes, 11);
            go(&x);
            assert_ok(x.status, x.err);
            assert_int_equal(x.evaluations, valid);
            assert_non_null(x.sentence);
            assert_non_null(strstr(x.sentence, "exhausted"));
            end(&x);
        }
}

static void test_an_infeasible_space_ends_the_run(void **state)
{
    (void)state;
    static const struct {
        space space;
        const char *part;
    } cases[] = {{{3, 3}, "all 27 genomes"}, {{7, 4}, "all 16384 genomes"}, {{30, 4}, "feasible network in"}};
    for (size_t i = 0; i < 3; i++) {
        run x = {.world = {.space = cases[i].space}, .workers = 2, .budget = {.evaluations = 10},
                 .settings = "strategy=nsga2, population=4, lookahead=4, max_attempts=20, constraints=[macs<=0.9k]"};
        go(&x);
        assert_ok(x.status, x.err);
        assert_int_equal(x.evaluations, 0);
        assert_int_equal(x.progress.counted, 0);
        assert_non_null(x.sentence);
        assert_non_null(strstr(x.sentence, cases[i].part));
        assert_non_null(strstr(x.sentence, "not <=0.9k"));
        assert_true(x.progress.infeasible <= 64);
        end(&x);
    }
}

static void test_a_space_that_never_decodes_ends_the_run(void **state)
{
    (void)state;
    run x = {.world = {.space = {3, 3}, .invalid = 1}, .settings = "strategy=random, lookahead=2"};
    go(&x);
    assert_int_equal(x.evaluations, 0);
    assert_non_null(strstr(x.sentence, "decodes"));
    assert_non_null(strstr(x.sentence, "does not decode"));
    end(&x);
}

static void test_known_results_change_nothing(void **state)
{
    (void)state;
    for (size_t s = 0; s < N_SETTINGS; s++) {
        run cold = example(s, 1, 9), warm = example(s, 1, 9);
        warm.all_known = true;
        go(&cold);
        go(&warm);
        assert_string_equal(told_text(&warm), told_text(&cold));
        assert_int_equal(warm.evaluations, 0);
        end(&cold);
        end(&warm);
    }
}

/* What was stored of `part` is what the longer run has under the same ids. */
static void same_trials(run *part, run *whole)
{
    assert_true(part->n_all <= whole->n_all);
    for (size_t i = 0; i < part->n_all; i++) {
        if (!part->all[i])
            continue;
        buffer a = {0}, b = {0};
        write_trial(&a, part->all[i]);
        write_trial(&b, whole->all[i]);
        assert_string_equal(a.data, b.data);
        buffer_free(&a);
        buffer_free(&b);
    }
}

static void test_stop_drains(void **state)
{
    (void)state;
    for (size_t s = 0; s < N_SETTINGS; s++)
        for (int abandon = 0; abandon < 2; abandon++) {
            run full = example(s, 1, 4), x = example(s, 1, 4);
            go(&full);
            x.workers = 5;
            x.stop_after = 20;
            x.abandon = abandon;
            go(&x);
            assert_ok(x.status, x.err);
            assert_in_range(x.evaluations, 20, abandon ? 20 : 25);
            assert_non_null(x.sentence);
            assert_non_null(strstr(x.sentence, "stopped"));
            same_trials(&x, &full);
            assert_int_equal(x.progress.told + x.progress.in_flight, x.progress.asked);
            end(&x);
            end(&full);
        }
}

static void test_stopping_a_run_that_is_over_says_nothing(void **state)
{
    (void)state;
    run x = example(6, 0, 4);
    x.stop_after = 60;
    go(&x);
    assert_int_equal(x.progress.counted, 60);
    assert_null(x.sentence);
    end(&x);
}

static void test_results_that_are_none(void **state)
{
    (void)state;
    run x = example(6, 0, 4);
    controller *c = begin(&x);
    trial *t;
    ash_error err;
    assert_int_equal(controller_next(c, &t, &err), CONTROLLER_TRIAL);
    trial stranger = *t;
    stranger.id = 7;
    stranger.status = TRIAL_OK;
    assert_refused(controller_done(c, &stranger, &err), ASH_BROKEN, err, "trial 7 came back, but it was not out");
    evaluate_one(&x, c, t, false);
    stranger.id = 1;
    assert_refused(controller_done(c, &stranger, &err), ASH_BROKEN, err, "trial 1 came back, but it was not out");
    assert_int_equal(controller_next(c, &t, &err), CONTROLLER_TRIAL);
    stranger = *t;
    stranger.status = TRIAL_DUPLICATE;
    assert_refused(controller_done(c, &stranger, &err), ASH_BROKEN, err, "came back as duplicate, which is no result");
    finish(&x, c);
    end(&x);
}

static void test_an_objective_that_is_not_a_number_is_a_failed_trial(void **state)
{
    (void)state;
    run x = example(0, 0, 4);
    controller *c = begin(&x);
    trial *t;
    assert_int_equal(controller_next(c, &t, &x.err), CONTROLLER_TRIAL);
    trial result = *t;
    const metric metrics[] = {{"error", NAN}, {"macs", 3}};
    result.metrics = metrics;
    result.n_metrics = 2;
    result.status = TRIAL_OK;
    assert_ok(controller_done(c, &result, &x.err), x.err);
    assert_int_equal(x.all[0]->status, TRIAL_FAILED);
    assert_string_equal(x.all[0]->reason, "error is not a number");
    finish(&x, c);
    end(&x);
}

static void test_what_the_controller_decided_stays(void **state)
{
    (void)state;
    run x = example(0, 0, 4);
    controller *c = begin(&x);
    trial *t;
    assert_int_equal(controller_next(c, &t, &x.err), CONTROLLER_TRIAL);
    trial before = *trial_copy(x.arena, t), result = before;
    world_result(&x, &result, x.arena);
    result.genome = "another";
    result.key.b[3] ^= 1;
    result.parents[0] = 5;
    result.n_parents = 1;
    result.original = 9;
    result.virtual_start = 99;
    result.virtual_duration = 1;
    assert_ok(controller_done(c, &result, &x.err), x.err);
    const trial *kept = x.all[0];
    assert_string_equal(kept->genome, before.genome);
    assert_true(hash_equal(&kept->key, &before.key));
    assert_int_equal(kept->n_parents, before.n_parents);
    assert_int_equal(kept->original, 0);
    assert_int_equal(kept->virtual_start, before.virtual_start);
    assert_int_equal(kept->virtual_duration, before.virtual_duration);
    finish(&x, c);
    end(&x);
}

static void test_a_typo_in_the_objectives(void **state)
{
    (void)state;
    run x = {.world = worlds[0], .settings = "strategy=random, objectives=[error, mac]", .budget = {.evaluations = 5}};
    go(&x);
    assert_int_equal(x.status, ASH_INVALID);
    assert_non_null(strstr(x.err.text, "there is no metric \"mac\"; did you mean \"macs\"?"));
    assert_non_null(strstr(x.err.text, "model_bytes"));
    end(&x);
}

static void test_a_soft_constraint_on_nothing(void **state)
{
    (void)state;
    run x = {.world = worlds[0], .settings = "strategy=random, soft_constraints=[macs<=5k, eror<=0.1]", .budget = {.evaluations = 5}};
    go(&x);
    assert_int_equal(x.status, ASH_INVALID);
    assert_non_null(strstr(x.err.text, "there is no metric \"eror\"; did you mean \"error\"?"));
    end(&x);
}

static void test_a_constraint_on_what_training_gives(void **state)
{
    (void)state;
    run x = {.world = worlds[0], .settings = "strategy=random, constraints=error<=0.1", .budget = {.evaluations = 5}};
    go(&x);
    assert_int_equal(x.status, ASH_INVALID);
    assert_non_null(strstr(x.err.text, "\"error\" is not known before training"));
    assert_non_null(strstr(x.err.text, "macs, model_bytes"));
    end(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_order_and_any_number_of_workers),
        cmocka_unit_test(test_lookahead_is_identity),
        cmocka_unit_test(test_lookahead_bounds_what_is_out),
        cmocka_unit_test(test_thousands_of_virtual_workers),
        cmocka_unit_test(test_a_sequential_run_waits),
        cmocka_unit_test(test_duplicates_point_at_the_first),
        cmocka_unit_test(test_duplicates_can_be_evaluated),
        cmocka_unit_test(test_bad_candidates_are_recorded),
        cmocka_unit_test(test_constraints_hold_before_training),
        cmocka_unit_test(test_budget_of_evaluations),
        cmocka_unit_test(test_budget_of_trained_macs),
        cmocka_unit_test(test_a_clock_only_stops_handing_out),
        cmocka_unit_test(test_an_exhausted_space_ends_the_run),
        cmocka_unit_test(test_an_infeasible_space_ends_the_run),
        cmocka_unit_test(test_a_space_that_never_decodes_ends_the_run),
        cmocka_unit_test(test_known_results_change_nothing),
        cmocka_unit_test(test_stop_drains),
        cmocka_unit_test(test_stopping_a_run_that_is_over_says_nothing),
        cmocka_unit_test(test_results_that_are_none),
        cmocka_unit_test(test_an_objective_that_is_not_a_number_is_a_failed_trial),
        cmocka_unit_test(test_what_the_controller_decided_stays),
        cmocka_unit_test(test_a_typo_in_the_objectives),
        cmocka_unit_test(test_a_constraint_on_what_training_gives),
        cmocka_unit_test(test_a_soft_constraint_on_nothing),
        cmocka_unit_test(test_soft_constraints_lead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
