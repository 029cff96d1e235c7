/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmocka.h - the few words of cmocka that the kernels' tests use, for a cross compiler that has no cmocka
 *
 * The first failure ends the program: what is tested here has passed on the machine that builds it. */
#ifndef TESTS_NN_AARCH64_CMOCKA_H
#define TESTS_NN_AARCH64_CMOCKA_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};

#define cmocka_unit_test(f) {#f, f}
#define print_error(...) fprintf(stderr, __VA_ARGS__)
#define fail_msg(...) (print_error(__VA_ARGS__), print_error("\n%s:%d\n", __FILE__, __LINE__), exit(1))
#define assert_true(condition) ((condition) ? (void)0 : (void)fail_msg("%s", #condition))
#define assert_non_null(p) assert_true((p) != NULL)
#define assert_null(p) assert_true((p) == NULL)
#define assert_int_equal(a, b) assert_true((a) == (b))
#define assert_string_equal(a, b) assert_true(strcmp(a, b) == 0)
#define assert_false(condition) assert_true(!(condition))
#define assert_string_not_equal(a, b) assert_false(strcmp(a, b) == 0)
#define skip() return

#define cmocka_run_group_tests_name(name, tests, setup, teardown) run_tests(name, tests, sizeof(tests) / sizeof(*(tests)))

static inline int run_tests(const char *name, const struct CMUnitTest *tests, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tests[i].run(&(void *){NULL});
        printf("%s: %s\n", name, tests[i].name);
    }
    return 0;
}

#endif
