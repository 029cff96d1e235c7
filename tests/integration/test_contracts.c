/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_contracts.c - what every registered part owes: a name that finds it, help, and options that explain themselves */
#include "unit.h"

#include "core/option.h"
#include "evaluator/evaluator.h"
#include "evaluator/exec/executor.h"
#include "evaluator/quality/quality.h"
#include "nn/op.h"
#include "reports/report.h"
#include "search/strategy.h"
#include "space/block.h"

#include <stdio.h>
#include <string.h>

/* One line that starts in lower case or with a name in capitals and has no full stop. */
static void check_help(const char *kind, const char *name, const char *help)
{
    if (!name || !*name || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
        fail_msg("%s \"%s\": a name is of small letters, digits and _", kind, name ? name : "");
    if (!help || strlen(help) < 8 || strchr(help, '\n') || help[strlen(help) - 1] == '.')
        fail_msg("%s %s: its help should be one line without a full stop, not \"%s\"", kind, name, help ? help : "");
}

static void check_row(const option_table *table, size_t i)
{
    const option *o = &table->rows[i];
    check_help(table->section, o->name, o->help && strlen(o->help) < 8 ? "short is fine here" : o->help);
    assert_ptr_equal(option_find(table, o->name), o); /* no two of one name */
    if (o->min > o->max)
        fail_msg("%s.%s: min > max", table->section, o->name);
    if ((o->type == OPTION_NAME || o->type == OPTION_NAME_LIST) && (!o->names || !o->names[0]))
        fail_msg("%s.%s: there is no name to choose", table->section, o->name);
    if (o->offset >= table->size)
        fail_msg("%s.%s lies outside its struct", table->section, o->name);
}

/* Every default reads by the rules that a user's value is read by, and what is printed reads back to the same text. */
static void check_table(const char *kind, const char *name, const option_table *table)
{
    if (!table)
        return;
    assert_non_null(table->section);
    assert_true(table->size > 0 || table->count == 0);
    arena *a = arena_create();
    ash_error err;
    node *map = node_map(a, NULL);
    for (size_t i = 0; i < table->count; i++) {
        check_row(table, i);
        const option *o = &table->rows[i];
        if (o->def || o->optional)
            continue;
        char text[32]; /* required: anything in range will do */
        double v = o->min <= 1 && (o->max >= 1 || o->max == o->min) ? 1 : o->min;
        snprintf(text, sizeof(text), "%.15g", v);
        node_append(map, node_scalar(a, o->name, o->type == OPTION_NAME || o->type == OPTION_NAME_LIST ? o->names[0] : text));
    }
    void *first = arena_alloc(a, table->size + 1), *second = arena_alloc(a, table->size + 1);
    if (option_read(table, first, map, a, &err) != ASH_OK)
        fail_msg("%s %s: %s", kind, name, err.text);
    buffer text = {0}, again = {0}, help = {0};
    option_print(table, first, false, &text);
    if (option_read(table, second, map, a, &err) != ASH_OK)
        fail_msg("%s %s: %s", kind, name, err.text);
    option_print(table, second, false, &again);
    option_help(table, &help);
    assert_false(text.failed || again.failed || help.failed);
    assert_int_equal(text.len, again.len); /* absent optional settings print nothing */
    if (text.len)
        assert_string_equal(text.data, again.data);
    for (size_t i = 0; i < table->count; i++)
        if (!strstr(help.data, table->rows[i].help))
            fail_msg("%s %s: the help of %s is not shown", kind, name, table->rows[i].name);
    buffer_free(&text);
    buffer_free(&again);
    buffer_free(&help);
    arena_destroy(a);
}

static void test_strategies(void **state)
{
    (void)state;
    size_t i = 0;
    for (const strategy *s; (s = strategy_at(i)); i++) {
        check_help("strategy", s->name, s->help);
        check_table("strategy", s->name, s->options);
        assert_ptr_equal(strategy_find(s->name), s);
        assert_string_equal(strategy_names[i], s->name);
        assert_true(s->init && s->wants_new && s->ask && s->tell && s->state_size);
        for (size_t k = 0; s->options && k < s->options->count; k++) { /* both tables read one map */
            assert_null(option_find(&search_options, s->options->rows[k].name));
            assert_false(s->options->rows[k].execution); /* all of a strategy is identity */
        }
    }
    assert_true(i >= 3);
    assert_null(strategy_names[i]);
    assert_null(strategy_find("nothing"));
}

static void test_evaluators(void **state)
{
    (void)state;
    size_t i = 0;
    for (const evaluator_type *e; (e = evaluator_at(i)); i++) {
        check_help("evaluator", e->name, e->help);
        check_table("evaluator", e->name, e->options);
        assert_ptr_equal(evaluator_find(e->name), e);
        assert_string_equal(evaluator_names[i], e->name);
        assert_true(e->create && e->destroy && e->cost && e->evaluate);
        assert_null(e->options ? option_find(e->options, "type") : NULL);
    }
    assert_true(i >= 2);
    assert_null(evaluator_names[i]);
}

static void test_executors(void **state)
{
    (void)state;
    size_t i = 0;
    for (const executor_type *e; (e = executor_at(i)); i++) {
        check_help("executor", e->name, e->help);
        assert_ptr_equal(executor_find(e->name), e);
        assert_string_equal(executor_names[i], e->name);
        assert_non_null(e->run);
    }
    assert_true(i >= 2);
}

static void test_data_formats(void **state)
{
    (void)state;
    size_t i = 0;
    for (const data_format *f; (f = data_format_at(i)); i++) {
        check_help("data format", data_format_name(f), data_format_help(f));
        check_table("data format", data_format_name(f), data_format_options(f));
        assert_ptr_equal(data_format_find(data_format_name(f)), f);
    }
    assert_true(i >= 4);
}

static void test_operators(void **state)
{
    (void)state;
    size_t i = 0;
    for (const nn_op *op; (op = nn_op_at(i)); i++) {
        check_help("operator", nn_op_name(op), nn_op_help(op));
        check_table("operator", nn_op_name(op), op->attrs);
        assert_ptr_equal(nn_op_find(nn_op_name(op)), op);
    }
    assert_true(i >= 15);
}

static void test_blocks(void **state)
{
    (void)state;
    size_t i = 0;
    for (const block *b; (b = block_at(i)); i++) {
        check_help("block", b->name, b->help);
        check_table("block", b->name, b->options);
    }
    assert_true(i >= 7);
}

static void test_report_formats(void **state)
{
    (void)state;
    size_t i = 0;
    for (const report_format *f; (f = report_format_at(i)); i++)
        check_help("report format", f->name, f->help);
    assert_true(i >= 3);
}

/* Every metric that training measures has a name for people, on both splits. */
static void test_quality_metrics(void **state)
{
    (void)state;
    size_t i = 0;
    for (const char *name; (name = quality_name(i)); i++) {
        char test[80];
        report_metric m;
        snprintf(test, sizeof(test), "test_%s", name + (strncmp(name, "val_", 4) == 0 ? 4 : 0));
        report_describe_metric(name, &m);
        assert_ptr_not_equal(m.label, name);
        report_describe_metric(test, &m);
        assert_ptr_not_equal(m.label, test);
    }
    assert_true(i >= 7);
}

static void test_sections(void **state)
{
    (void)state;
    check_table("section", "search", &search_options);
    check_table("section", "budget", &budget_options);
    check_table("section", "data", &data_options);
    check_table("section", "train", &nn_recipe_options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strategies),   cmocka_unit_test(test_evaluators), cmocka_unit_test(test_executors),
        cmocka_unit_test(test_data_formats), cmocka_unit_test(test_operators),  cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_report_formats), cmocka_unit_test(test_quality_metrics), cmocka_unit_test(test_sections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
