/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_log.c - whole lines to standard error, a progress line on terminals only */
#include "core/log.h"
#include "unit.h"
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static char seen[1 << 20];

/* Runs `work` with standard error in a file and reads that. */
static const char *written(void (*work)(void))
{
    FILE *f = tmpfile();
    int before = dup(STDERR_FILENO);
    dup2(fileno(f), STDERR_FILENO);
    work();
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(f);
    seen[fread(seen, 1, sizeof(seen) - 1, f)] = '\0';
    fclose(f);
    return seen;
}

static void every_level(void)
{
    log_error("e %d", 1);
    log_warn("w %.1f", 0.5);
    log_note("n");
}

static void test_levels(void **state)
{
    (void)state;
    log_set_level(LOG_NOTE);
    assert_string_equal(written(every_level), "ashlar: e 1\nashlar: warning: w 0.5\nashlar: n\n");
    log_set_level(LOG_WARN);
    assert_string_equal(written(every_level), "ashlar: e 1\nashlar: warning: w 0.5\n");
    log_set_level(LOG_ERROR);
    assert_string_equal(written(every_level), "ashlar: e 1\n");
    log_set_level(LOG_QUIET);
    assert_string_equal(written(every_level), "");
    log_set_level(LOG_NOTE);
}

static void one_long(void) { log_note("%0*d", 10000, 7); }

static void test_long_line(void **state)
{
    (void)state;
    const char *text = written(one_long);
    assert_true(strlen(text) < 4097);
    assert_int_equal(text[strlen(text) - 1], '\n');
}

static void some_progress(void)
{
    progress_begin("trials");
    progress_update(0.5, "half");
    assert_false(progress_shown());
    log_note("beside it");
    progress_end();
}

static void test_no_progress_in_files(void **state)
{
    (void)state;
    assert_string_equal(written(some_progress), "ashlar: beside it\n");
}

static void *talk(void *name)
{
    for (int i = 0; i < 500; i++) {
        log_note("%s%s%s%s", (char *)name, (char *)name, (char *)name, (char *)name);
        progress_update(i / 500.0, "%s", (char *)name);
    }
    return NULL;
}

static void four_threads(void)
{
    static char names[4][100];
    pthread_t threads[4];
    progress_begin("talk");
    for (int i = 0; i < 4; i++) {
        memset(names[i], 'a' + i, sizeof(names[i]) - 1);
        pthread_create(&threads[i], NULL, talk, names[i]);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    progress_end();
}

/* Lines of several threads do not mix. */
static void test_threads(void **state)
{
    (void)state;
    int lines = 0;
    for (const char *line = written(four_threads), *end; *line; line = end + 1, lines++) {
        end = strchr(line, '\n');
        assert_non_null(end);
        assert_int_equal(end - line, 8 + 4 * 99);
        assert_int_equal(strspn(line + 8, (char[]){line[8], 0}), 4 * 99);
    }
    assert_int_equal(lines, 2000);
}

/* On a terminal of 40 columns: drawn over itself, cut to the width, out of the way of messages, gone at the end. */
static void test_terminal(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master))
        skip();
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY), before = dup(STDERR_FILENO);
    if (slave < 0)
        skip();
    struct termios raw;
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    ioctl(slave, TIOCSWINSZ, &(struct winsize){.ws_row = 24, .ws_col = 40});
    setenv("TERM", "xterm", 1);
    dup2(slave, STDERR_FILENO);
    progress_begin("digits");
    bool shown = progress_shown();
    progress_update(0.25, "best error %.4f and much more than forty columns", 0.0173);
    progress_update(0.26, "too soon to be drawn");
    log_note("a message");
    progress_end();
    bool after = progress_shown();
    log_set_level(LOG_QUIET);
    progress_begin("quiet");
    progress_update(0.5, "never");
    progress_end();
    log_set_level(LOG_NOTE);
    setenv("TERM", "dumb", 1);
    progress_begin("dumb");
    progress_update(0.5, "never");
    progress_end();
    dup2(before, STDERR_FILENO);
    close(before);
    assert_true(shown);
    assert_false(after);
    write(slave, "END", 3);
    size_t n = 0;
    while (n < 3 || memcmp(seen + n - 3, "END", 3)) {
        ssize_t got = read(master, seen + n, sizeof(seen) - n - 1);
        assert_true(got > 0);
        n += (size_t)got;
    }
    seen[n] = '\0';
    close(slave);
    close(master);
    assert_string_equal(seen, "  digits  25 %  best error 0.0173 and m\r\x1b[Kashlar: a message\nEND");
}

static void test_durations(void **state)
{
    (void)state;
    static const struct { double seconds; const char *text; } cases[] = {
        {0, "0 ms"}, {0.85, "850 ms"}, {0.9999, "1.0 s"}, {9.94, "9.9 s"}, {9.96, "10 s"}, {38.4, "38 s"}, {59.6, "1 min 00 s"}, {98, "1 min 38 s"},
        {3599.6, "1 h 00 min"}, {7500, "2 h 05 min"}, {360000, "100 h 00 min"}, {1e12, "over a century"}, {INFINITY, "over a century"}, {-1, "?"}, {NAN, "?"},
    };
    char out[32];
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_string_equal(text_of_duration(out, cases[i].seconds), cases[i].text);
    double start = clock_wall_s();
    assert_true(clock_wall_s() >= start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),  cmocka_unit_test(test_long_line), cmocka_unit_test(test_no_progress_in_files),
        cmocka_unit_test(test_threads), cmocka_unit_test(test_terminal),  cmocka_unit_test(test_durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
