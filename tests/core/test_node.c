/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_node.c - documents in core's terms: looking things up, inline attributes, printing, carets */
#include "core/node.h"
#include "core/buffer.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

static arena *a;
static ash_error err;

static int open_arena(void **state) { (void)state; return (a = arena_create()) ? 0 : -1; }
static int close_arena(void **state) { (void)state; arena_destroy(a); return 0; }

static void test_lookup(void **state)
{
    (void)state;
    node *map = node_map(a, NULL), *list = node_list(a, "bits");
    node_append(map, node_scalar(a, "op", "conv2d"));
    node_append(map, list);
    node_append(list, node_scalar(a, NULL, "1"));
    node_append(list, node_scalar(a, NULL, "2"));
    assert_int_equal(map->count, 2);
    assert_string_equal(node_get(map, "op")->text, "conv2d");
    assert_null(node_get(map, "o"));
    assert_null(node_get(list, "op"));
    assert_null(node_get(NULL, "op"));
    assert_string_equal(node_at(list, 1)->text, "2");
    assert_null(node_at(list, 2));
    assert_null(node_at(NULL, 0));
    assert_string_equal(node_print(a, map), "{op: conv2d, bits: [1, 2]}");
    assert_string_equal(node_print(a, node_map(a, NULL)), "{}");
    assert_string_equal(node_print(a, node_list(a, NULL)), "[]");
}

static void test_quoting(void **state)
{
    (void)state;
    static const struct { const char *text, *printed; } cases[] = {
        {"", "~"}, {"a b", "a b"}, {"-3", "-3"}, {"-.5", "-.5"}, {"a:b", "a:b"}, {"a#b", "a#b"}, {"x-y", "x-y"}, {"größe", "größe"},
        {"- a", "\"- a\""}, {"-", "\"-\""}, {"a: b", "\"a: b\""}, {"a:", "\"a:\""}, {"a #b", "\"a #b\""}, {"[a", "\"[a\""}, {"a,b", "\"a,b\""},
        {" a", "\" a\""}, {"a ", "\"a \""}, {"*a", "\"*a\""}, {"~", "\"~\""}, {"a\nb\tc", "\"a\\nb\\tc\""}, {"say \"x\" \\", "\"say \\\"x\\\" \\\\\""},
        {"\x1b", "\"\\x1b\""}, {"\x7f", "\"\\x7f\""}, {"\xc2\x85", "\"\\x85\""}, {"\u2028", "\"\\u2028\""}, {"\ufeff", "\"\\ufeff\""}, {"a:?", "\"a:?\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_string_equal(node_print(a, node_scalar(a, NULL, cases[i].text)), cases[i].printed);
    node *quoted = node_scalar(a, NULL, "5");
    quoted->quoted = true;
    assert_string_equal(node_print(a, quoted), "\"5\"");
}

static void expect_inline(const char *text, const char *printed)
{
    node *map;
    if (node_parse_inline(a, text, "arch.txt", &map, &err) != ASH_OK)
        fail_msg("%s", err.text);
    assert_string_equal(node_print(a, map), printed);
}

static void expect_refused(const char *text, const char *message)
{
    node *map;
    assert_int_equal(node_parse_inline(a, text, "arch.txt", &map, &err), ASH_INVALID);
    assert_string_equal(err.text, message);
}

static void test_inline(void **state)
{
    (void)state;
    expect_inline("", "{}");
    expect_inline("  ", "{}");
    expect_inline("out=16, kernel=3", "{out: 16, kernel: 3}");
    expect_inline("out=16 kernel=3", "{out: 16, kernel: 3}");
    expect_inline("kernel=[3, 5], padding=same", "{kernel: [3, 5], padding: same}");
    expect_inline("kernel=[ 3 ,5 ] x=1", "{kernel: [3, 5], x: 1}");
    expect_inline("bits=[]", "{bits: []}");
    node *map;
    assert_int_equal(node_parse_inline(a, "out=16, kernel=3", "arch.txt", &map, &err), ASH_OK);
    const node *kernel = node_get(map, "kernel");
    assert_int_equal(kernel->column, 16);
    assert_int_equal(kernel->key_column, 9);
    node_fail(kernel, &err, "too small");
    assert_string_equal(err.text, "arch.txt:1:16: too small\n  out=16, kernel=3\n                 ^");
    node_fail_key(kernel, &err, "unknown");
    assert_string_equal(err.text, "arch.txt:1:9: unknown\n  out=16, kernel=3\n          ^");
    expect_refused("out", "arch.txt:1:4: expected name=value in \"out\"");
    expect_refused("=3", "arch.txt:1:1: expected name=value in \"=3\"");
    expect_refused("out=", "arch.txt:1:5: a value is missing in \"out=\"");
    expect_refused("out=,x=1", "arch.txt:1:5: a value is missing in \"out=,x=1\"");
    expect_refused("k=[3", "arch.txt:1:5: a \"]\" is missing in \"k=[3\"");
    expect_refused("k=[3,,5]", "arch.txt:1:6: an element is missing in \"k=[3,,5]\"");
    expect_refused("k=[", "arch.txt:1:4: an element is missing in \"k=[\"");
    expect_refused("a=1 ?", "arch.txt:1:5: expected name=value in \"a=1 ?\"");
}

static void expect_caret(const char *source, int line, int column, const char *message)
{
    const node n = {.kind = NODE_SCALAR, .text = "", .file = "f.yaml", .source = source, .line = line, .column = column};
    assert_int_equal(node_fail(&n, &err, "no"), ASH_INVALID);
    assert_string_equal(err.text, message);
}

static void test_carets(void **state)
{
    (void)state;
    expect_caret("a: 1\nb: 2\n", 2, 4, "f.yaml:2:4: no\n  b: 2\n     ^");
    expect_caret("a: 1\r\nb: 2\r\n", 1, 4, "f.yaml:1:4: no\n  a: 1\n     ^");
    expect_caret("\tb: 2", 1, 2, "f.yaml:1:2: no\n  \tb: 2\n  \t^"); /* a tab is as wide above as below */
    expect_caret("größe: x", 1, 8, "f.yaml:1:8: no\n  größe: x\n         ^"); /* columns count characters */
    expect_caret("a", 1, 2, "f.yaml:1:2: no\n  a\n   ^");
    expect_caret("a", 1, 50, "f.yaml:1:50: no\n  a\n   ^"); /* beyond the line */
    expect_caret("a", 9, 1, "f.yaml:9:1: no");              /* beyond the text */
    expect_caret(NULL, 2, 4, "f.yaml:2:4: no");
    expect_caret("a: 1", 0, 0, "f.yaml: no");
    node_fail(NULL, &err, "%d is no number", 5);
    assert_string_equal(err.text, "5 is no number");
    node_fail(&(node){.text = ""}, &err, "no place");
    assert_string_equal(err.text, "no place");
    node_fail_key(&(node){.text = "", .file = "f", .line = 3, .column = 4}, &err, "keyless");
    assert_string_equal(err.text, "f:3:4: keyless");
}

/* Long lines are shown around the place, whole characters only, with the caret under it. */
static void test_long_lines(void **state)
{
    (void)state;
    enum { CHARACTERS = 700 };
    char source[2 * CHARACTERS + 1];
    for (int wide = 0; wide < 2; wide++) {
        size_t n = 0;
        for (int i = 0; i < CHARACTERS; i++) { /* one character of each line is an X */
            source[n++] = wide ? '\xc3' : 'a';
            if (wide)
                source[n++] = '\xa4';
        }
        source[n] = '\0';
        for (int column = 1; column <= CHARACTERS; column++) {
            size_t at = (size_t)(column - 1) * (wide ? 2 : 1);
            char held[2] = {source[at], source[at + 1]};
            source[at] = 'X';
            if (wide)
                source[at + 1] = 'X'; /* two characters; the first is meant */
            const node here = {.text = "", .file = "f", .source = source, .line = 1, .column = column};
            node_fail(&here, &err, "no");
            source[at] = held[0];
            if (wide)
                source[at + 1] = held[1];
            const char *shown = strchr(err.text, '\n') + 1, *caret = strchr(shown, '\n') + 1;
            const char *x = strchr(shown, 'X');
            assert_true(x && x < caret);
            int characters = 0;
            for (const char *p = shown; p < x; p++)
                characters += (*p & 0xc0) != 0x80;
            assert_true((shown[2] & 0xc0) != 0x80);
            assert_int_equal(strlen(caret), characters + 1);
            assert_int_equal(caret[characters], '^');
        }
    }
}

/* Messages longer than the error's text are cut, never overrun. */
static void test_long_messages(void **state)
{
    (void)state;
    char *endless = malloc(10000);
    memset(endless, 'm', 9999);
    endless[9999] = '\0';
    const node n = {.text = "", .file = endless, .source = "a: 1", .line = 1, .column = 1};
    assert_int_equal(node_fail(&n, &err, "%s", endless), ASH_INVALID);
    assert_true(strlen(err.text) < sizeof(err.text));
    const node m = {.text = "", .file = "f", .source = endless, .line = 1, .column = 5000};
    assert_int_equal(node_fail(&m, &err, "%s", endless), ASH_INVALID);
    assert_true(strlen(err.text) < sizeof(err.text));
    free(endless);
}

static void test_no_memory(void **state)
{
    (void)state;
    size_t before = arena_live();
    long k = 1;
    for (bool done = false; !done; k++) {
        assert_true(k < 100);
        arena *own = arena_create();
        node *map;
        arena_fail_at(k);
        ash_status status = node_parse_inline(own, "out=16, kernel=[3, 5]", "x", &map, &err);
        done = status == ASH_OK;
        if (done)
            done = node_print(own, map) != NULL;
        else
            assert_int_equal(status, ASH_BROKEN);
        arena_fail_at(0);
        arena_destroy(own);
        assert_int_equal(arena_live(), before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookup),     cmocka_unit_test(test_quoting),       cmocka_unit_test(test_inline), cmocka_unit_test(test_carets),
        cmocka_unit_test(test_long_lines), cmocka_unit_test(test_long_messages), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
