/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_lib.c - the public functions: a search with its progress, what the study then says, predictions against the stored errors, failures */
#include "unit.h"

#include "core/arena.h"
#include "data/data.h"
#include "include/ashlar.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/ashlar-lib-XXXXXX";

static const char digits[] = "seed: 3\n"
                             "data: {type: digits, limit: 300, val_limit: 150}\n"
                             "space:\n"
                             "  stages:\n"
                             "    - {name: stem, block: conv, width: [4, 8], kernel: 3, stride: 2, bits: [4, 32]}\n"
                             "  head: {pool: [global, flatten]}\n"
                             "train: {epochs: 3}\n"
                             "search: {strategy: random, objectives: [error, macs], lookahead: 2}\n"
                             "budget: {evaluations: 6}\n"
                             "execution: {threads: 2}\n";

static int begin(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return chdir("/") == 0 ? system(command) : -1;
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

typedef struct seen {
    uint64_t calls, evaluated, stop_at;
    double fraction;
    int level;
} seen;

static int watch(void *ctx, const ash_progress *p)
{
    seen *s = ctx;
    s->calls++;
    assert_true(p->evaluated >= s->evaluated && p->fraction >= s->fraction && p->front >= 1 && p->best <= 1);
    s->evaluated = p->evaluated;
    s->fraction = p->fraction;
    return s->stop_at && p->evaluated >= s->stop_at ? s->level : 0;
}

static ash_status search(const char *db, const char *const *settings, seen *s, ash_error *err)
{
    return ash_search("digits.yaml", db, settings, watch, s, err);
}

static size_t trials_of(const char *db)
{
    ash_error err;
    ash_study *study;
    const ash_run *run;
    assert_int_equal(ash_study_open(db, &study, &err), ASH_OK);
    assert_int_equal(ash_study_run(study, 0, &run, &err), ASH_OK);
    size_t n = ash_run_trial_count(run);
    ash_study_close(study);
    return n;
}

static void test_search(void **state)
{
    (void)state;
    ash_error err;
    seen s = {0};
    write_text("digits.yaml", digits);
    if (search("digits.db", NULL, &s, &err) != ASH_OK)
        fail_msg("%s", err.text);
    assert_int_equal(s.evaluated, 6);
    assert_true(s.fraction == 1 && s.calls >= 1);

    s = (seen){.stop_at = 2, .level = 1}; /* finishes what is in training */
    assert_int_equal(search("stopped.db", NULL, &s, &err), ASH_OK);
    assert_true(s.evaluated >= 2 && s.evaluated < 6 && trials_of("stopped.db") < trials_of("digits.db"));
    s = (seen){.stop_at = 3, .level = 2}; /* abandons it */
    assert_int_equal(search("stopped.db", NULL, &s, &err), ASH_OK);
    s = (seen){0}; /* and resumes to the end */
    assert_int_equal(search("stopped.db", NULL, &s, &err), ASH_OK);
    assert_int_equal(trials_of("stopped.db"), trials_of("digits.db"));
    const char *const more[] = {"budget.evaluations=7", NULL};
    assert_int_equal(ash_search("digits.yaml", "stopped.db", more, NULL, NULL, &err), ASH_OK);
    assert_true(trials_of("stopped.db") > trials_of("digits.db"));
}

static void test_study(void **state)
{
    (void)state;
    ash_error err;
    ash_study *study;
    const ash_run *run;
    assert_int_equal(ash_study_open("digits.db", &study, &err), ASH_OK);
    assert_int_equal(ash_study_run_count(study), 1);
    assert_int_equal(ash_study_run_id(study, 0), 1);
    assert_int_equal(ash_study_run_id(study, 1), 0);
    assert_int_equal(ash_study_run(study, 1, &run, &err), ASH_OK);
    assert_string_equal(ash_run_name(run), "digits");
    assert_int_equal(ash_run_seed(run), 3);
    assert_int_equal(ash_run_objective_count(run), 2);
    assert_string_equal(ash_run_objective(run, 1), "macs");
    assert_null(ash_run_objective(run, 2));
    size_t n = ash_run_trial_count(run), ok = 0;
    for (size_t i = 0; i < n; i++) {
        const ash_trial *t = ash_run_trial(run, i);
        assert_ptr_equal(ash_run_find(run, ash_trial_id(t)), t);
        assert_true(strlen(ash_trial_genome(t)) > 0);
        ok += strcmp(ash_trial_status(t), "ok") == 0;
        bool listed = false;
        for (size_t k = 0; k < ash_trial_metric_count(t); k++)
            listed = listed || strcmp(ash_trial_metric_name(t, k), "macs") == 0;
        assert_true(listed && ash_trial_metric(t, "macs") > 0 && isnan(ash_trial_metric(t, "nothing")));
    }
    assert_int_equal(ok, 6);
    assert_null(ash_run_trial(run, n));
    assert_null(ash_run_find(run, 1000));
    assert_true(ash_run_front_count(run) >= 1);
    for (size_t i = 0; i < ash_run_front_count(run); i++) {
        const ash_trial *t = ash_run_front(run, i);
        assert_non_null(strstr(ash_trial_network(t), "\"conv2d\""));
        assert_null(ash_trial_reason(t));
        assert_false(isnan(ash_trial_metric(t, "test_error")));
        for (size_t k = 0; k < n; k++) { /* nobody dominates it */
            const ash_trial *other = ash_run_trial(run, k);
            assert_false(ash_trial_metric(other, "error") < ash_trial_metric(t, "error") &&
                         ash_trial_metric(other, "macs") < ash_trial_metric(t, "macs"));
        }
    }
    assert_null(ash_run_front(run, ash_run_front_count(run)));
    ash_study_close(study);
}

/* The validation split as it is in the file: the search was made without normalisation or the values are brought back. */
static float *raw_of(const data_set *d)
{
    size_t size = (size_t)d->h * (size_t)d->w * (size_t)d->c;
    float *raw = malloc(d->val.n * size * sizeof(*raw));
    assert_non_null(raw);
    for (size_t i = 0; i < d->val.n * size; i++)
        raw[i] = d->n_norm ? d->val.x[i] / d->norm_scale[i % d->n_norm] + d->norm_mean[i % d->n_norm] : d->val.x[i];
    return raw;
}

static data_set *open_data(const char *text, arena *a)
{
    ash_error err;
    node *map;
    data_set *d;
    assert_int_equal(node_parse_inline(a, text, "test", &map, &err), ASH_OK);
    if (data_open(map, &d, &err) != ASH_OK)
        fail_msg("%s", err.text);
    return d;
}

static ash_model *model_of(const char *db, double *error)
{
    ash_error err;
    ash_study *study;
    const ash_run *run;
    ash_model *m;
    assert_int_equal(ash_study_open(db, &study, &err), ASH_OK);
    assert_int_equal(ash_study_run(study, 0, &run, &err), ASH_OK);
    *error = ash_trial_metric(ash_run_front(run, 0), "error");
    if (ash_model_load(study, ash_run_front(run, 0), &m, &err) != ASH_OK)
        fail_msg("%s", err.text);
    ash_study_close(study); /* the model lives on */
    return m;
}

static void check_classes(const char *db, const char *data)
{
    arena *a = arena_create();
    ash_error err;
    double error;
    int h, w, c;
    ash_model *m = model_of(db, &error);
    data_set *d = open_data(data, a);
    float *raw = raw_of(d), *out = malloc(d->val.n * 10 * sizeof(*out));
    ash_model_input(m, &h, &w, &c);
    assert_true(h == 8 && w == 8 && c == 1 && ash_model_output_count(m) == 10);
    assert_string_equal(ash_model_output_name(m, 9), "9");
    assert_null(ash_model_output_name(m, 10));
    assert_int_equal(ash_model_predict(m, raw, d->val.n, out, &err), ASH_OK);
    size_t wrong = 0;
    for (size_t i = 0; i < d->val.n; i++) {
        size_t top = 0;
        double sum = 0;
        for (size_t k = 0; k < 10; k++) {
            sum += (double)out[i * 10 + k];
            top = out[i * 10 + k] > out[i * 10 + top] ? k : top;
        }
        assert_true(fabs(sum - 1) < 1e-5);
        wrong += top != (size_t)d->val.label[i];
    }
    assert_true((double)wrong / (double)d->val.n == error);
    float one[10]; /* alone or among others: the same answer */
    assert_int_equal(ash_model_predict(m, raw + 100 * 64, 1, one, &err), ASH_OK);
    for (size_t k = 0; k < 10; k++)
        assert_true(fabsf(one[k] - out[1000 + k]) < 1e-6f);
    raw[5] = INFINITY;
    assert_int_equal(ash_model_predict(m, raw, 1, one, &err), ASH_INVALID);
    free(raw);
    free(out);
    data_close(d);
    ash_model_close(m);
    arena_destroy(a);
}

static void test_classes(void **state)
{
    (void)state;
    check_classes("digits.db", "type=digits, limit=300, val_limit=150");
    ash_error err;
    const char *const settings[] = {"data.normalize=none", "budget.evaluations=2", NULL};
    assert_int_equal(ash_search("digits.yaml", "plain.db", settings, NULL, NULL, &err), ASH_OK);
    check_classes("plain.db", "type=digits, limit=300, val_limit=150, normalize=none");
}

/* Values in the target's units; a missing value counts as the mean. */
static void test_values(void **state)
{
    (void)state;
    ash_error err;
    write_text("values.yaml", "data: {type: synthetic}\n"
                              "space: {stages: [{name: hidden, block: dense, width: [8, 16]}]}\n"
                              "train: {epochs: 30, lr: 0.05}\n"
                              "search: {strategy: random, objectives: [error]}\n"
                              "budget: {evaluations: 2}\n");
    if (ash_search("values.yaml", "values.db", NULL, NULL, NULL, &err) != ASH_OK)
        fail_msg("%s", err.text);
    double error;
    ash_model *m = model_of("values.db", &error);
    arena *a = arena_create();
    data_set *d = open_data("type=synthetic", a);
    float *raw = raw_of(d), *out = malloc(d->val.n * sizeof(*out));
    assert_int_equal(ash_model_predict(m, raw, d->val.n, out, &err), ASH_OK);
    double squares = 0;
    for (size_t i = 0; i < d->val.n; i++) {
        double standard = ((double)out[i] - d->target_mean[0]) / d->target_std[0];
        squares += (standard - (double)d->val.target[i]) * (standard - (double)d->val.target[i]);
    }
    assert_true(fabs(sqrt(squares / (double)d->val.n) - error) < 1e-4 * error + 1e-5);
    float given[2][8] = {{0}}, answers[2];
    assert_true(d->c <= 8);
    for (int k = 0; k < d->c; k++) {
        given[0][k] = NAN;
        given[1][k] = (float)d->summary[k].mean;
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(ash_model_predict(m, given[i], 1, &answers[i], &err), ASH_OK);
    assert_true(answers[0] == answers[1]);
    free(raw);
    free(out);
    data_close(d);
    ash_model_close(m);
    arena_destroy(a);
}

/* An autoencoder gives the sample back in its own units. */
static void test_reconstruction(void **state)
{
    (void)state;
    ash_error err;
    write_text("same.yaml", "data: {type: digits, limit: 300, val_limit: 100, target: input}\n"
                            "space: {stages: [{name: code, block: dense, width: [16, 24]}], head: {pool: flatten}}\n"
                            "train: {epochs: 8, lr: 0.02}\n"
                            "search: {strategy: random, objectives: [error]}\n"
                            "budget: {evaluations: 2}\n");
    if (ash_search("same.yaml", "same.db", NULL, NULL, NULL, &err) != ASH_OK)
        fail_msg("%s", err.text);
    double error;
    ash_model *m = model_of("same.db", &error);
    arena *a = arena_create();
    data_set *d = open_data("type=digits, limit=300, val_limit=100, target=input", a);
    float *raw = raw_of(d), *out = malloc(d->val.n * 64 * sizeof(*out));
    assert_int_equal(ash_model_output_count(m), 64);
    assert_null(ash_model_output_name(m, 0));
    assert_int_equal(ash_model_predict(m, raw, d->val.n, out, &err), ASH_OK);
    double off = 0, from_mean = 0, mean = 0;
    for (size_t i = 0; i < d->val.n * 64; i++)
        mean += (double)raw[i] / (double)(d->val.n * 64);
    for (size_t i = 0; i < d->val.n * 64; i++) {
        off += ((double)out[i] - (double)raw[i]) * ((double)out[i] - (double)raw[i]);
        from_mean += (mean - (double)raw[i]) * (mean - (double)raw[i]);
    }
    assert_true(off < 0.8 * from_mean);
    free(raw);
    free(out);
    data_close(d);
    ash_model_close(m);
    arena_destroy(a);
}

static void test_model_files(void **state)
{
    (void)state;
    ash_error err;
    ash_model *m;
    assert_int_equal(ash_model_open("digits.db", &m, &err), ASH_INVALID);
    assert_string_equal(err.text, "digits.db: this is no Ashlar model file");
    assert_null(m);
    assert_int_equal(ash_model_open("none.ashm", &m, &err), ASH_INVALID);
    assert_non_null(strstr(err.text, "none.ashm"));
    assert_null(m);
}

static void test_failures(void **state)
{
    (void)state;
    ash_error err;
    ash_study *study = (void *)1;
    const ash_run *run;
    ash_model *m = (void *)1;
    assert_true(ash_version()[0] >= '0' && strchr(ash_version(), '.'));
    assert_int_not_equal(ash_study_open("missing.db", &study, &err), ASH_OK);
    assert_null(study);
    assert_non_null(strstr(err.text, "missing.db"));
    write_text("text.db", "not a database, but long enough to be taken for one by a careless reader of the first bytes only");
    assert_int_equal(ash_study_open("text.db", &study, &err), ASH_INVALID);
    assert_int_equal(ash_search("missing.yaml", "x.db", NULL, NULL, NULL, &err), ASH_INVALID);
    const char *const typo[] = {"train.epocs=5", NULL};
    assert_int_equal(ash_search("digits.yaml", "x.db", typo, NULL, NULL, &err), ASH_INVALID);
    assert_non_null(strstr(err.text, "did you mean \"epochs\""));
    assert_int_equal(access("x.db", F_OK), -1);

    assert_int_equal(ash_study_open("digits.db", &study, &err), ASH_OK);
    assert_int_equal(ash_study_run(study, 9, &run, &err), ASH_INVALID);
    assert_null(run);
    assert_int_equal(ash_study_run(study, 0, &run, &err), ASH_OK);
    const ash_trial *loser = NULL;
    for (size_t i = 0; i < ash_run_trial_count(run); i++) {
        bool member = false;
        for (size_t k = 0; k < ash_run_front_count(run); k++)
            member = member || ash_run_front(run, k) == ash_run_trial(run, i);
        loser = member ? loser : ash_run_trial(run, i);
    }
    assert_non_null(loser);
    assert_int_equal(ash_model_load(study, loser, &m, &err), ASH_INVALID);
    assert_null(m);
    assert_non_null(strstr(err.text, "no weights"));
    ash_study_close(study);
    ash_study_close(NULL);
    ash_model_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search), cmocka_unit_test(test_study),    cmocka_unit_test(test_classes),
        cmocka_unit_test(test_values), cmocka_unit_test(test_reconstruction), cmocka_unit_test(test_model_files),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, begin, finish);
}
