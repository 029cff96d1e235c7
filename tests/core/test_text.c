/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_text.c - numbers and names as text, in a comma locale too */
#include "core/format.h"
#include "core/log.h"
#include "core/rng.h"
#include "core/status.h"
#include "core/text.h"
#include "unit.h"
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_int(void **state)
{
    (void)state;
    static const struct { const char *text; int64_t value; } good[] = {
        {"0", 0}, {"-7", -7}, {"+7", 7}, {"007", 7}, {"1_000_000", 1000000}, {"1e6", 1000000}, {"2.5e3", 2500}, {"1E0", 1},
        {"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN}, {"9007199254740993", 9007199254740993},
    };
    static const char *const bad[] = {"", " 1", "1 ", "1.5", "1.", "0x10", "1e-1", "1e400", "9223372036854775808", "one", "1_", "_1",
                                      "1__0", "--1", "1-", "nan", "inf", "1e16", "1e", "e5", "."};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        int64_t value = -1;
        if (!text_to_int(good[i].text, &value) || value != good[i].value)
            fail_msg("\"%s\" is %lld", good[i].text, (long long)value);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        int64_t value = 42;
        if (text_to_int(bad[i], &value) || value != 42)
            fail_msg("\"%s\" was taken for %lld", bad[i], (long long)value);
    }
}

static void test_real(void **state)
{
    (void)state;
    static const char *const bad[] = {"", " 1", "1 ", "0,5", "0x1p3", "nan", "inf", "-inf", "infinity", "1e999", "1.2.3", "e", "-", "1e", "0.1f",
                                      "1111111111222222222233333333334444444444555555555566666666667777"};
    double value;
    assert_true(text_to_real("0.1", &value) && value == 0.1);
    assert_true(text_to_real("-1_0.5e-1", &value) && value == -1.05);
    assert_true(text_to_real(".5", &value) && value == 0.5);
    assert_true(text_to_real("5.", &value) && value == 5);
    assert_true(text_to_real("1e-400", &value) && value == 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        if (text_to_real(bad[i], &value))
            fail_msg("\"%s\" was taken for %g", bad[i], value);
}

static void test_units(void **state)
{
    (void)state;
    static const struct { const char *text; int64_t size, count; } good[] = {
        {"64", 64, 64}, {"64K", 65536, 64000}, {"64k", 65536, 64000}, {"1.5M", 1572864, 1500000}, {"2G", 2147483648, 2000000000},
        {"1T", 1099511627776, 1000000000000}, {"0.5k", 512, 500}, {"-1K", -1024, -1000}, {"1e3K", 1024000, 1000000}, {"0K", 0, 0},
        {"1_0K", 10240, 10000},
    };
    static const char *const bad[] = {"", "K", "64kB", "64KB", "64 K", "1.5", "m", "1m", "1e9T", "64KiB", "KK", "1KK", "nanK", "infK"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        int64_t size = -9, count = -9;
        if (!text_to_size(good[i].text, &size) || !text_to_count(good[i].text, &count) || size != good[i].size || count != good[i].count)
            fail_msg("\"%s\": %lld, %lld", good[i].text, (long long)size, (long long)count);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        int64_t value;
        if (text_to_size(bad[i], &value) || text_to_count(bad[i], &value))
            fail_msg("\"%s\" was taken for %lld", bad[i], (long long)value);
    }
}

/* Any bits that are a number. */
static double random_double(rng *r)
{
    for (;;) {
        uint64_t bits = rng_u64(r);
        double value;
        memcpy(&value, &bits, sizeof(value));
        if (isfinite(value))
            return value;
    }
}

static void check_round_trip(double value)
{
    char text[32], longer[400];
    double back = 0;
    text_of_real(text, value);
    if (strtod(text, NULL) != value || !text_to_real(text, &back) || back != value || signbit(back) != signbit(value))
        fail_msg("%a became \"%s\"", value, text);
    /* no shorter precision reads back */
    size_t digits = 0;
    for (const char *p = text; *p && *p != 'e'; p++)
        digits += *p >= '0' && *p <= '9' && (digits || *p != '0');
    while (digits > 1 && !strchr(text, '.') && !strchr(text, 'e') && text[strlen(text) - 1] == '0')
        digits = 1; /* 100000: trailing zeros say nothing */
    if (digits > 1 && (strchr(text, '.') || strchr(text, 'e'))) {
        snprintf(longer, sizeof(longer), "%.*g", (int)digits - 1, value);
        if (strtod(longer, NULL) == value)
            fail_msg("\"%s\" is longer than \"%s\"", text, longer);
    }
    text_of_hex(text, value);
    if (strtod(text, NULL) != value || !text_from_hex(text, &back) || memcmp(&back, &value, sizeof(value)))
        fail_msg("%a became \"%s\"", value, text);
}

static void test_round_trip(void **state)
{
    (void)state;
    static const double edges[] = {0, -0.0, 1, -1, 0.1, 1e5, 123456, 1e15, 1e16, 1e22, 1e23, DBL_MIN, DBL_MAX, DBL_EPSILON, 5e-324,
                                   2.2250738585072009e-308, 4503599627370497.5, 0.30000000000000004, 9007199254740993.0};
    for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++)
        check_round_trip(edges[i]);
    rng r = rng_stream(1, "text", 0);
    for (int i = 0; i < 20000; i++) {
        check_round_trip(random_double(&r));
        check_round_trip(rng_real(&r));
        check_round_trip(rng_below(&r, 1000000) / 1000.0);
    }
}

static void test_written(void **state)
{
    (void)state;
    char out[32];
    assert_string_equal(text_of_real(out, 0.1), "0.1");
    assert_string_equal(text_of_real(out, 1e-5), "1e-05");
    assert_string_equal(text_of_real(out, 100000), "100000");
    assert_string_equal(text_of_real(out, 1.5e10), "15000000000");
    assert_string_equal(text_of_real(out, 1e15), "1e+15");
    assert_string_equal(text_of_real(out, NAN), "nan");
    assert_string_equal(text_of_real(out, -INFINITY), "-inf");
    assert_string_equal(text_of_hex(out, 3), "0x1.8p+1");
    assert_string_equal(text_of_hex(out, 0.0), "0x0p+0");
    assert_string_equal(text_of_hex(out, -0.0), "-0x0p+0");
    assert_string_equal(text_of_hex(out, 5e-324), "0x0.0000000000001p-1022");
    assert_string_equal(text_of_hex(out, -NAN), "nan");
    assert_string_equal(text_of_hex(out, -INFINITY), "-inf");
    double value;
    assert_true(text_from_hex("nan", &value) && isnan(value));
    assert_true(text_from_hex("-inf", &value) && value == -INFINITY);
    static const char *const bad[] = {"", "1.5", "0x", "0x1p+1 ", "0x1p99999", "0x1.8p+1z", "--0x1p+0", " 0x1p+0", "NAN", "Inf"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(text_from_hex(bad[i], &value));
}

/* Whatever locale the process is in, a message and a digest read the same. */
static void test_comma_locale(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "pl_PL.UTF-8", "de_DE"};
    const char *used = NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !used; i++)
        used = setlocale(LC_ALL, names[i]);
    if (!used)
        skip(); /* tests/core/test_locale.sh makes one */
    char out[64];
    snprintf(out, sizeof(out), "%.1f", 0.5);
    assert_string_equal(out, "0,5");
    double value;
    assert_true(text_to_real("0.5", &value) && value == 0.5);
    assert_false(text_to_real("0,5", &value));
    assert_string_equal(text_of_real(out, 0.5), "0.5");
    assert_string_equal(text_of_real(out, 1e15 + 0.5), "1000000000000000.5");
    assert_true(text_from_hex("0x1.8p+1", &value) && value == 3);
    int64_t size;
    assert_true(text_to_size("1.5K", &size) && size == 1536);
    format_text(out, sizeof(out), "%.2f", 1234.5);
    assert_string_equal(out, "1234.50");
    ash_error err;
    ash_fail(&err, ASH_INVALID, "%.2f", 1234.5);
    assert_string_equal(err.text, "1234.50");
    assert_string_equal(text_of_duration(out, 1.25), "1.2 s");
    snprintf(out, sizeof(out), "%.1f", 0.5); /* and the process's locale is as it was */
    assert_string_equal(out, "0,5");
    setlocale(LC_ALL, "C");
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const keys[] = {"epochs", "optimizer", "lr", "momentum", "weight_decay", "seed", "adamw"};
    static const struct { const char *typo, *meant; } cases[] = {
        {"epocs", "epochs"},      {"epcohs", "epochs"},      {"Epochs", "epochs"},   {"ADAMW", "adamw"},
        {"optimiser", "optimizer"}, {"weightdecay", "weight_decay"}, {"rl", "lr"},   {"sed", "seed"},
        {"ls", "lr"},             {"zzz", NULL},             {"", NULL},             {"epochs_of_training", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *near = text_nearest(cases[i].typo, keys, 7);
        if (!near != !cases[i].meant || (near && strcmp(near, cases[i].meant)))
            fail_msg("\"%s\" was taken for \"%s\"", cases[i].typo, near ? near : "nothing");
    }
    static const char *const twins[] = {"bat", "cat"};
    assert_string_equal(text_nearest("aat", twins, 2), "bat"); /* a tie goes to the earlier */
    char endless[5000];
    memset(endless, 'x', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    const char *const candidates[] = {endless, "x"};
    assert_null(text_nearest(endless, candidates, 2));
    assert_string_equal(text_nearest("y", candidates, 2), "x");
    assert_null(text_nearest("x", NULL, 0));
}

static void test_errors(void **state)
{
    (void)state;
    ash_error err;
    assert_int_equal(ash_fail(&err, ASH_INVALID, "no %s", "good"), ASH_INVALID);
    assert_int_equal(ash_prefix(&err, "trial %d", 4), ASH_INVALID);
    assert_string_equal(err.text, "trial 4: no good");
    assert_int_equal(ash_fail(&err, ASH_BROKEN, "again: %s", err.text), ASH_BROKEN); /* its own text */
    assert_string_equal(err.text, "again: trial 4: no good");
    assert_int_equal(ash_fail_memory(&err), ASH_BROKEN);
    for (int i = 0; i < 500; i++)
        ash_prefix(&err, "%0*d", 90, i); /* cut, never overrun */
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void test_characters(void **state)
{
    (void)state;
    assert_int_equal(text_characters(""), 0);
    assert_int_equal(text_characters("a\xc3\xa9\xe2\x89\xa4\xf0\x9f\x98\x80"), 4); /* of 1, 2, 3 and 4 bytes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_int),     cmocka_unit_test(test_real),         cmocka_unit_test(test_units),   cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_written), cmocka_unit_test(test_comma_locale), cmocka_unit_test(test_nearest), cmocka_unit_test(test_errors),
        cmocka_unit_test(test_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
