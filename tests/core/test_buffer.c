/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_buffer.c - a byte string that grows */
#include "core/buffer.h"
#include "unit.h"
#include <string.h>

static void test_appends(void **state)
{
    (void)state;
    buffer b = {0};
    buffer_puts(&b, "");
    buffer_puts(&b, "ab");
    buffer_printf(&b, "%d-%s", 7, "x");
    buffer_add(&b, "\0z", 2);
    assert_int_equal(b.len, 7);
    assert_memory_equal(b.data, "ab7-x\0z", 8); /* and a NUL after it */
    buffer_clear(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.data, "");
    buffer_free(&b);
    assert_null(b.data);
}

/* Every length around the doublings, byte by byte and at once. */
static void test_growth(void **state)
{
    (void)state;
    buffer one = {0};
    for (size_t n = 0; n < 5000; n++) {
        char c = (char)('a' + n % 26);
        buffer_add(&one, &c, 1);
        assert_true(one.cap > one.len);
        assert_int_equal(one.data[one.len], 0);
    }
    for (size_t n = 0; n < 600; n++) {
        buffer all = {0};
        buffer_add(&all, one.data, n);
        buffer_printf(&all, "%.*s", (int)n, one.data);
        assert_int_equal(all.len, 2 * n);
        assert_memory_equal(all.data + n, one.data, n);
        assert_int_equal(all.data[all.len], 0);
        buffer_free(&all);
    }
    buffer_free(&one);
}

static void test_failure_sticks(void **state)
{
    (void)state;
    buffer b = {0};
    buffer_puts(&b, "kept");
    buffer_add(&b, "x", SIZE_MAX / 2); /* more than there is; nothing is read */
    assert_true(b.failed);
    buffer_puts(&b, "more");
    buffer_printf(&b, "%d", 1);
    assert_int_equal(b.len, 4);
    assert_string_equal(b.data, "kept");
    buffer_clear(&b);
    buffer_puts(&b, "again");
    assert_false(b.failed);
    assert_string_equal(b.data, "again");
    buffer_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appends),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_failure_sticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
