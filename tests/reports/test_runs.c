/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several runs out of real database files: groups and their names, the common reference and budget, bands and attainment
 * surfaces computed by hand, and what is refused. */
#include "db/db.h"
#include "reports/runs.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/ashlar-runs-XXXXXX";
static arena *a;
static ash_error err;

typedef struct made { /* a run to store */
    const char *file, *settings, *objectives, *data_hash, *reference;
    uint64_t seed;
    const double (*points)[2]; /* error, macs; one evaluation each, in order */
    size_t n;
} made;

static const char *path_of(const char *file)
{
    return arena_printf(a, "%s/%s", folder, file);
}

static void store(const made *m)
{
    db *d;
    bool resumed;
    const char *identity = arena_printf(a, "%s %llu", m->settings, (unsigned long long)m->seed);
    db_run run = {.name = "study",
                  .settings = m->settings,
                  .config = "{}",
                  .seed = m->seed,
                  .objectives = m->objectives,
                  .reference = m->reference,
                  .data_name = "toy",
                  .data_hash = m->data_hash,
                  .kernel_level = "generic",
                  .space_text = "-",
                  .identity = hash_of_bytes(identity, strlen(identity))};
    if (db_open_writer(path_of(m->file), &d, &err) != ASH_OK || db_run_begin(d, &run, true, &resumed, &err) != ASH_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < m->n; i++) {
        metric v[2] = {{"error", m->points[i][0]}, {"macs", m->points[i][1]}};
        trial t = {.id = i + 1,
                   .status = TRIAL_OK,
                   .genome = "g",
                   .metrics = v,
                   .n_metrics = 2,
                   .virtual_start = i * 10,
                   .virtual_duration = 5,
                   .trained_macs = 1000 * (i + 1),
                   .key = hash_of_bytes(&i, sizeof i)};
        if (db_put_trial(d, run.id, &t, &err) != ASH_OK)
            fail_msg("%s", err.text);
    }
    assert_int_equal(db_run_end(d, run.id, "finished", &err), ASH_OK);
    db_close(d);
}

static const char nsga2[] = "train.epochs: 5\nsearch.strategy: nsga2\nsearch.population: 8\n";
static const char random_search[] = "train.epochs: 5\nsearch.strategy: random\n";
static const double good[][2] = {{0.5, 50}, {0.25, 25}, {0.125, 10}}, fair[][2] = {{0.5, 50}, {0.5, 25}},
                    poor[][2] = {{0.75, 75}, {0.75, 50}, {0.5, 50}};

static ash_status load(runs **out, const char *group, const char *reference, size_t n, const char *const *files)
{
    const char **paths = ARENA_NEW(a, const char *, n);
    for (size_t i = 0; i < n; i++)
        paths[i] = path_of(files[i]);
    return runs_load(&(runs_request){.paths = paths, .n = n, .group = group, .reference = reference}, a, out, &err);
}
#define FILES(...)                                                                                                               \
    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), (const char *const[])                                           \
    {                                                                                                                            \
        __VA_ARGS__                                                                                                              \
    }
#define REFUSED(words, ...)                                                                                                      \
    do {                                                                                                                         \
        runs *s_;                                                                                                                \
        assert_int_equal(load(&s_, __VA_ARGS__), ASH_INVALID);                                                                   \
        if (!strstr(err.text, words))                                                                                            \
            fail_msg("\"%s\" does not say \"%s\"", err.text, words);                                                             \
    } while (0)

static int make_studies(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return 1;
    a = arena_create();
    const made all[] = {
        {"n1.db", nsga2, "error,macs", "hash", NULL, 2, good, 3},
        {"n2.db", nsga2, "error,macs", "hash", NULL, 1, fair, 2},
        {"r1.db", random_search, "error,macs", "hash", NULL, 1, poor, 3},
        {"both.db", nsga2, "error,macs", "hash", "1,100", 3, good, 3},
        {"both.db", random_search, "error,macs", "hash", "1,100", 3, poor, 3},
        {"epochs.db", "train.epochs: 9\nsearch.strategy: nsga2\nsearch.population: 8\n", "error,macs", "hash", NULL, 1, fair, 2},
        {"pop.db", "train.epochs: 5\nsearch.strategy: nsga2\nsearch.population: 9\nsearch.extra: 1\n", "error,macs", "hash", NULL,
         1, fair, 2},
        {"objectives.db", nsga2, "macs,error", "hash", NULL, 1, good, 3},
        {"data.db", nsga2, "error,macs", "other", NULL, 1, good, 3},
        {"again.db", nsga2, "error,macs", "hash", NULL, 2, good, 3},
        {"empty.db", nsga2, "error,macs", "hash", NULL, 7, good, 0},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        store(&all[i]);
    return 0;
}

static int remove_studies(void **state)
{
    (void)state;
    arena_destroy(a);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static void groups_are_methods(void **state)
{
    (void)state;
    runs *s;
    assert_int_equal(load(&s, NULL, NULL, FILES("n1.db", "r1.db", "n2.db")), ASH_OK);
    assert_int_equal(s->n_groups, 2);
    assert_string_equal(s->groups[0].name, "nsga2");
    assert_string_equal(s->groups[1].name, "random");
    assert_int_equal(s->groups[0].n, 2);
    assert_int_equal(s->groups[0].members[0], 2); /* by seed: n2.db has seed 1 */
    assert_string_equal(s->labels[2], "n2");
    assert_int_equal(load(&s, NULL, NULL, FILES("n1.db", "epochs.db")), ASH_OK);
    assert_string_equal(s->groups[1].name, "epochs=9");
    assert_int_equal(load(&s, NULL, NULL, FILES("n1.db", "epochs.db", "r1.db")), ASH_OK);
    assert_string_equal(s->groups[1].name, "nsga2, epochs=9");
    assert_int_equal(load(&s, NULL, NULL, FILES("pop.db", "n1.db")), ASH_OK);
    assert_string_equal(s->groups[0].name, "population=9");
    assert_int_equal(load(&s, NULL, NULL, FILES("both.db")), ASH_OK);
    assert_int_equal(s->n_groups, 2);
    assert_string_equal(s->labels[1], "both#2");
    assert_int_equal(load(&s, "file", NULL, FILES("n1.db", "n2.db", "r1.db")), ASH_OK);
    assert_int_equal(s->n_groups, 3);
    assert_int_equal(load(&s, "name", NULL, FILES("n1.db", "n2.db", "r1.db")), ASH_OK);
    assert_int_equal(s->n_groups, 1);
    assert_int_equal(load(&s, "epochs", NULL, FILES("n1.db", "r1.db", "epochs.db")), ASH_OK);
    assert_int_equal(s->n_groups, 2);
    assert_string_equal(s->groups[0].name, "epochs=5");
}

static void reference_and_budget(void **state)
{
    (void)state;
    runs *s;
    assert_int_equal(load(&s, NULL, "1,100", FILES("n1.db", "n2.db", "r1.db")), ASH_OK);
    assert_true(s->reference_given && s->reference[0] == 1 && s->reference[1] == 100 && s->box == 100);
    assert_true(s->budget[RUNS_EVALUATIONS] == 2 && !s->same_budget[RUNS_EVALUATIONS]);
    assert_true(s->budget[RUNS_TRAINED_MACS] == 3000);
    assert_true(runs_hypervolume(s->v[0], RUNS_EVALUATIONS, 0) == 0);
    assert_true(runs_hypervolume(s->v[0], RUNS_EVALUATIONS, 1) == 25);
    assert_true(runs_hypervolume(s->v[0], RUNS_EVALUATIONS, 2) == 0.75 * 75);
    assert_true(runs_hypervolume(s->v[0], RUNS_EVALUATIONS, 99) == 0.875 * 90);
    assert_true(runs_hypervolume(s->v[0], RUNS_TRAINED_MACS, 2999) == 25);
    assert_true(runs_hypervolume(s->v[0], RUNS_TRAINED_MACS, 3000) == 0.75 * 75);
    /* all runs agree on one of their own; else it follows from the fronts of all: nadir 0.5, 50 and ideal 0.125, 10 */
    assert_int_equal(load(&s, NULL, NULL, FILES("both.db")), ASH_OK);
    assert_true(s->reference_given && s->reference[1] == 100);
    assert_int_equal(load(&s, NULL, NULL, FILES("both.db", "n1.db", "r1.db")), ASH_OK);
    assert_false(s->reference_given);
    assert_true(fabs(s->reference[0] - (0.5 + 0.1 * 0.375)) < 1e-12 && fabs(s->reference[1] - 54) < 1e-12);
}

static void bands(void **state)
{
    (void)state;
    runs *s;
    runs_band b;
    assert_int_equal(load(&s, "name", "1,100", FILES("n1.db", "n2.db", "r1.db")), ASH_OK);
    assert_int_equal(runs_hypervolume_band(s, &s->groups[0], RUNS_EVALUATIONS, 100, a, &b, &err), ASH_OK);
    assert_int_equal(b.n, 3); /* after 2 evaluations: 56.25, 37.5, 12.5 */
    assert_true(b.x[0] == 0 && b.median[0] == 0 && b.x[2] == 2);
    assert_true(b.median[2] == 37.5 && b.low[2] == 25 && b.high[2] == (56.25 + 37.5) / 2);
    assert_int_equal(runs_hypervolume_band(s, &s->groups[0], RUNS_TRAINED_MACS, 2, a, &b, &err), ASH_OK);
    assert_true(b.n == 2 && b.x[0] == 0 && b.x[1] == 3000);

    /* attainment within 2 evaluations; the third point of n1 does not count */
    assert_int_equal(runs_attainment(s, &s->groups[0], "macs", "error", RUNS_EVALUATIONS, a, &b, &err), ASH_OK);
    assert_int_equal(b.n, 2); /* corners at 25 (n1: 0.25, n2: 0.5) and 50 (r1: 0.75) */
    assert_true(b.x[0] == 25 && b.low[0] == 0.25 && b.median[0] == 0.5 && isinf(b.high[0]));
    assert_true(b.x[1] == 50 && b.low[1] == 0.25 && b.median[1] == 0.5 && b.high[1] == 0.75);
}

static void refused(void **state)
{
    (void)state;
    REFUSED("runs of different objectives cannot be compared", NULL, NULL, FILES("n1.db", "objectives.db"));
    REFUSED("runs on different data cannot be compared", NULL, NULL, FILES("n1.db", "data.db"));
    REFUSED("n1 and again are the same run", NULL, NULL, FILES("n1.db", "again.db"));
    REFUSED("empty.db: run 1 has no trials yet", NULL, NULL, FILES("n1.db", "empty.db"));
    REFUSED("none.db: there is no such database", NULL, NULL, FILES("none.db"));
    REFUSED("did you mean \"search.strategy\"", "search.strategie", NULL, FILES("n1.db", "r1.db"));
    REFUSED("one number for each objective (error,macs), not \"1\"", NULL, "1", FILES("n1.db", "r1.db"));
    REFUSED("not \"1,nan\"", NULL, "1,nan", FILES("n1.db", "r1.db"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(groups_are_methods), cmocka_unit_test(reference_and_budget),
                                       cmocka_unit_test(bands), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, make_studies, remove_studies);
}
