/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_tabular.c - the evaluator that looks results up: values, keys, static metrics of the network, wrong settings */
#include "unit.h"

#include "evaluator/evaluator.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ALL_3X3 "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
#define ALL_SKIP "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|"
#define ALL_NONE "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"

static char path[] = "/tmp/ashlar-tabular-XXXXXX";
static arena *a;
static space *cells;
static evaluator_context context;
static const evaluator_type *tabular;

static void write_text(const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

static int begin(void **state)
{
    (void)state;
    ash_error err;
    node *map;
    int fd = mkstemp(path);
    a = arena_create();
    tabular = evaluator_find("tabular");
    if (fd < 0 || close(fd) || !a || !tabular || node_parse_inline(a, "cell=nasbench201", "run.yaml", &map, &err) != ASH_OK ||
        space_read(map, (nn_shape){32, 32, 3}, 10, &cells, &err) != ASH_OK)
        return -1;
    context.space = cells;
    write_text("arch,acc,ms\n" ALL_3X3 ",93.5,100\n" ALL_SKIP ",60,4\n");
    return 0;
}

static int finish(void **state)
{
    (void)state;
    space_destroy(cells);
    arena_destroy(a);
    return unlink(path);
}

/* {error: {column: acc, scale: -0.01, offset: 1}, latency_s: {column: ms, scale: 0.001, static: true}} by hand */
static node *metrics_map(const char *error, const char *latency)
{
    ash_error err;
    node *map = node_map(a, "metrics"), *child;
    const char *names[] = {"error", "latency_s"}, *texts[] = {error, latency};
    for (int i = 0; i < 2; i++) {
        if (!texts[i])
            continue;
        if (strchr(texts[i], '=')) {
            assert_int_equal(node_parse_inline(a, texts[i], "run.yaml", &child, &err), ASH_OK);
            child->key = names[i];
        } else {
            child = node_scalar(a, names[i], texts[i]);
        }
        node_append(map, child);
    }
    return map;
}

static const node *settings(const char *text, const char *error, const char *latency)
{
    ash_error err;
    node *map;
    assert_int_equal(node_parse_inline(a, arena_printf(a, "type=tabular, file=%s, %s", path, text), "run.yaml", &map, &err),
                     ASH_OK);
    if (error || latency)
        node_append(map, metrics_map(error, latency));
    return map;
}

static void *open_table(const node *map)
{
    void *state = NULL;
    ash_error err;
    if (tabular->create(map, &context, &state, &err) != ASH_OK)
        fail_msg("%s", err.text);
    return state;
}

static trial ask(void *state, const char *text)
{
    trial t = {.id = 1, .genome = text};
    ash_error err;
    genome *g = genome_create(cells, a);
    assert_int_equal(space_parse(cells, text, g, &err), ASH_OK);
    if (tabular->cost(state, g, &t, a, &err) != ASH_OK)
        fail_msg("%s", err.text);
    return t;
}

static trial answer(void *state, const char *text)
{
    trial t = ask(state, text);
    ash_error err;
    assert_int_equal(t.status, TRIAL_PENDING);
    if (tabular->evaluate(state, &t, a, NULL, NULL, &err) != ASH_OK)
        fail_msg("%s", err.text);
    return t;
}

#define ERROR "column=acc, scale=-0.01, offset=1"
#define LATENCY "column=ms, scale=0.001, static=true"

static void test_values(void **state)
{
    (void)state;
    void *s = open_table(settings("architecture=arch, network=[macs, params]", ERROR, LATENCY));
    trial t = ask(s, ALL_3X3);
    assert_int_equal(t.n_metrics, 3);
    assert_true(isnan(trial_metric(&t, "error"))); /* not known before the evaluation */
    assert_true(trial_metric(&t, "latency_s") == 0.1);
    assert_true(trial_metric(&t, "macs") == 220119680);
    t = answer(s, ALL_3X3);
    assert_int_equal(t.status, TRIAL_OK);
    assert_int_equal(t.n_metrics, 4);
    assert_true(fabs(trial_metric(&t, "error") - 0.065) < 1e-15);
    assert_true(trial_metric(&t, "latency_s") == 0.1);
    assert_non_null(t.blocks);
    assert_int_equal(t.trained_macs, 0);
    t = answer(s, ALL_SKIP);
    assert_true(trial_metric(&t, "macs") == 7783040);
    assert_true(trial_metric(&t, "error") == 1 - 0.01 * 60);
    tabular->destroy(s);
}

static void test_a_scalar_is_the_cell(void **state)
{
    (void)state;
    void *s = open_table(settings("architecture=arch, blocks=false", "ms", NULL));
    trial t = answer(s, ALL_SKIP);
    assert_int_equal(t.n_metrics, 1);
    assert_true(trial_metric(&t, "error") == 4);
    assert_null(t.blocks);
    tabular->destroy(s);
}

static void test_a_missing_row_is_an_invalid_trial(void **state)
{
    (void)state;
    void *s = open_table(settings("architecture=arch", "acc", NULL));
    trial t = ask(s, ALL_NONE);
    assert_int_equal(t.status, TRIAL_INVALID);
    assert_non_null(strstr(t.reason, "has no row for this architecture"));
    assert_true(hash_is_zero(&t.key));
    tabular->destroy(s);
}

static hash256 key_with(const char *text, const char *error, const char *latency, const char *genome_text)
{
    void *s = open_table(settings(text, error, latency));
    hash256 key = ask(s, genome_text).key;
    tabular->destroy(s);
    return key;
}

static void test_keys(void **state)
{
    (void)state;
    hash256 base = key_with("architecture=arch", ERROR, NULL, ALL_SKIP);
    hash256 again = key_with("architecture=arch, blocks=false", ERROR, NULL, ALL_SKIP);
    assert_true(hash_equal(&base, &again));
    hash256 others[] = {
        key_with("architecture=arch", ERROR, NULL, ALL_3X3),
        key_with("architecture=arch", "acc", NULL, ALL_SKIP),
        key_with("architecture=arch", "ms", NULL, ALL_SKIP),
        key_with("architecture=arch", ERROR, LATENCY, ALL_SKIP),
        key_with("architecture=arch, network=[macs]", ERROR, NULL, ALL_SKIP),
        key_with("architecture=arch", "column=acc, scale=-0.01, offset=2", NULL, ALL_SKIP),
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(hash_equal(&base, &others[i]));
    void *s = open_table(settings("architecture=arch", ERROR, NULL));
    hash256 content = tabular->content(s), changed;
    tabular->destroy(s);
    write_text("arch,acc,ms\n" ALL_3X3 ",93.5,100\n" ALL_SKIP ",60,5\n");
    s = open_table(settings("architecture=arch", ERROR, NULL));
    changed = tabular->content(s);
    tabular->destroy(s);
    assert_false(hash_equal(&content, &changed)); /* the run's identity sees it */
    again = key_with("architecture=arch", ERROR, NULL, ALL_SKIP);
    assert_false(hash_equal(&base, &again));
    write_text("arch,acc,ms\n" ALL_3X3 ",93.5,100\n" ALL_SKIP ",60,4\n");
}

static void test_wrong_settings(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error, *latency, *part;
    } cases[] = {
        {"architecture=arc", "acc", NULL, "has no column \"arc\"; did you mean \"arch\"?"},
        {"architecture=arch", "accuracy", NULL, "has no column \"accuracy\""},
        {"architecture=arch", "column=acc, scal=2", NULL, "did you mean \"scale\"?"},
        {"architecture=arch", "scale=2", NULL, "column"},
        {"architecture=arch", NULL, NULL, "say which metric is in which column"},
        {"architecture=arch, network=[macks]", "acc", NULL, "a network has no static metric \"macks\""},
        {"architecture=arch, network=[macs, macs]", "acc", NULL, "\"macs\" is listed twice"},
        {"architecture=arch, network=[error]", "acc", NULL, "no static metric \"error\""},
        {"architecture=ms", "acc", NULL, "none of the 2 rows"},
        {"architecure=arch", "acc", NULL, "did you mean \"architecture\"?"},
        {"architecture=arch, metrics=acc", NULL, NULL, "should say which metric is in which column"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        void *s = NULL;
        ash_error err = {0};
        assert_int_equal(tabular->create(settings(cases[i].text, cases[i].error, cases[i].latency), &context, &s, &err),
                         ASH_INVALID);
        if (!strstr(err.text, cases[i].part))
            fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].part);
        assert_null(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_a_scalar_is_the_cell),
        cmocka_unit_test(test_a_missing_row_is_an_invalid_trial),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_wrong_settings),
    };
    return cmocka_run_group_tests(tests, begin, finish);
}
