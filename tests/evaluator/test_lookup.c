/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_lookup.c - the table behind the tabular evaluator: what it finds, and each way a file can be wrong */
#include "unit.h"

#include "core/buffer.h"
#include "evaluator/lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/ashlar-lookup-XXXXXX";

static int begin(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int finish(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_text(const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

static const lookup_column key = {"arch", NULL}, columns[] = {{"acc", NULL}, {"ms", NULL}};

static ash_status read_text(const char *text, arena *a, lookup *out, ash_error *err)
{
    write_text(text);
    memset(err, 0, sizeof(*err));
    return lookup_read(path, &key, columns, 2, a, out, err);
}

static void test_rows_are_found_by_text(void **state)
{
    (void)state;
    arena *a = arena_create();
    lookup l;
    ash_error err;
    if (read_text("\xef\xbb\xbfms,arch,note,acc\r\n1.5,\"|a~0|,b\",x,90\r\n-2e3,\"say \"\"c\"\"\",,91.25\r\n", a, &l, &err) != ASH_OK)
        fail_msg("%s", err.text);
    assert_int_equal(l.n_rows, 2);
    assert_int_equal(lookup_find(&l, "|a~0|,b"), 0);
    assert_int_equal(lookup_find(&l, "say \"c\""), 1);
    assert_int_equal(lookup_find(&l, "say c"), LOOKUP_NONE);
    assert_int_equal(lookup_find(&l, ""), LOOKUP_NONE);
    assert_true(l.values[0] == 90 && l.values[1] == 1.5 && l.values[2] == 91.25 && l.values[3] == -2000);
    arena_destroy(a);
}

static void test_many_rows(void **state)
{
    (void)state;
    enum { N = 5000 };
    buffer text = {0};
    buffer_puts(&text, "arch,acc,ms\n");
    for (int i = 0; i < N; i++)
        buffer_printf(&text, "g%d,%d,%d.5\n", i * 7919, i, -i);
    arena *a = arena_create();
    lookup l;
    ash_error err;
    assert_int_equal(read_text(text.data, a, &l, &err), ASH_OK);
    buffer_free(&text);
    assert_int_equal(l.n_rows, N);
    for (int i = 0; i < N; i++) {
        char name[32];
        snprintf(name, sizeof(name), "g%d", i * 7919);
        size_t row = lookup_find(&l, name);
        assert_int_equal(row, i);
        assert_true(l.values[2 * row] == i && l.values[2 * row + 1] == (i ? -i - 0.5 : 0.5));
    }
    arena_destroy(a);
}

static void test_the_hash_is_the_contents(void **state)
{
    (void)state;
    arena *a = arena_create();
    lookup one, same, other;
    ash_error err;
    assert_int_equal(read_text("arch,acc,ms\na,1,2\n", a, &one, &err), ASH_OK);
    assert_int_equal(read_text("arch,acc,ms\na,1,2\n", a, &same, &err), ASH_OK);
    assert_int_equal(read_text("arch,acc,ms\na,1,3\n", a, &other, &err), ASH_OK);
    assert_true(hash_equal(&one.hash, &same.hash));
    assert_false(hash_equal(&one.hash, &other.hash));
    arena_destroy(a);
}

static void test_wrong_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "is empty"},
        {"arch,acc,ms\n", "there is a header and no row"},
        {"arch,acc,ms\na,1,2\nb,1\n", ":3: 2 cells, where the first line has 3"},
        {"arch,acc,ms\na,1,2,9\n", ":2: 4 cells, where the first line has 3"},
        {"arch,acc,ms\na,1,2\n\nb,nan,2\n", ":4: column \"acc\" holds \"nan\", which is not a finite number"},
        {"arch,acc,ms\na,1,inf\n", ":2: column \"ms\" holds \"inf\""},
        {"arch,acc,ms\na,,1\n", ":2: column \"acc\" holds \"\""},
        {"arch,acc,ms\na,1e999,1\n", ":2: column \"acc\" holds \"1e999\""},
        {"arch,acc,ms\na,\"1,5\",1\n", ":2: column \"acc\" holds \"1,5\""},
        {"arch,acc,ms\na,0x10,1\n", ":2: column \"acc\" holds \"0x10\""},
        {"arch,acc,ms\na,1,2\nb,1,2\na,1,2\n", ":4: \"a\" stands in line 2 already"},
        {"arch,acc,ms\n,1,2\n", ":2: the architecture is empty"},
        {"arch,accu,ms\na,1,2\n", "has no column \"acc\"; did you mean \"accu\"?; there are arch, accu, ms"},
        {"name,acc,ms\na,1,2\n", "has no column \"arch\"; there are name, acc, ms"},
        {"arch,acc,ms,acc\na,1,2,3\n", ":1: 2 columns are named \"acc\""},
        {"arch,acc,ms\na,\"1,2\n", ":2: "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        arena *a = arena_create();
        lookup l;
        ash_error err;
        assert_int_equal(read_text(cases[i].text, a, &l, &err), ASH_INVALID);
        if (!strstr(err.text, cases[i].part) || !strstr(err.text, path))
            fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].part);
        arena_destroy(a);
    }
}

static void test_a_file_that_is_not_there(void **state)
{
    (void)state;
    arena *a = arena_create();
    lookup l;
    ash_error err;
    assert_int_not_equal(lookup_read("/nowhere/t.csv", &key, columns, 2, a, &l, &err), ASH_OK);
    assert_non_null(strstr(err.text, "/nowhere/t.csv"));
    arena_destroy(a);
}

static void test_a_column_is_shown_where_the_user_named_it(void **state)
{
    (void)state;
    write_text("arch,acc,ms\na,1,2\n");
    arena *a = arena_create();
    node *map;
    lookup l;
    ash_error err;
    assert_int_equal(node_parse_inline(a, "metrics=[error, acuracy]", "run.yaml", &map, &err), ASH_OK);
    const lookup_column named = {"accc", node_at(node_get(map, "metrics"), 1)};
    assert_int_equal(lookup_read(path, &key, &named, 1, a, &l, &err), ASH_INVALID);
    assert_non_null(strstr(err.text, "run.yaml:1:"));
    assert_non_null(strstr(err.text, "did you mean \"acc\"?"));
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_found_by_text),
        cmocka_unit_test(test_many_rows),
        cmocka_unit_test(test_the_hash_is_the_contents),
        cmocka_unit_test(test_wrong_files),
        cmocka_unit_test(test_a_file_that_is_not_there),
        cmocka_unit_test(test_a_column_is_shown_where_the_user_named_it),
    };
    return cmocka_run_group_tests(tests, begin, finish);
}
