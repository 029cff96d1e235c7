/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data_test.h - what the tests of data/ share: a temporary folder, files in it, opening by one line of
 * settings */
#ifndef DATA_TEST_H
#define DATA_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs those above */

#include "core/arena.h"
#include "core/log.h"
#include "core/node.h"
#include "data/data.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static char test_folder[64];

static int test_begin(void **state)
{
    (void)state;
    strcpy(test_folder, "/tmp/ashlar-data-XXXXXX");
    log_set_level(LOG_QUIET);
    return mkdtemp(test_folder) ? 0 : -1;
}

static int test_end(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", test_folder);
    return system(command);
}

__attribute__((unused)) static const char *test_path(const char *name)
{
    static char path[4][256];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", test_folder, name);
    return path[turn];
}

__attribute__((unused)) static void write_file(const char *name, const void *bytes, size_t n)
{
    unlink(test_path(name)); /* ext4 waits for the disk when a file is written over */
    FILE *f = fopen(test_path(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

__attribute__((unused)) static void write_gz(const char *name, const void *bytes, size_t n)
{
    gzFile f = gzopen(test_path(name), "wb");
    assert_non_null(f);
    assert_int_equal(gzwrite(f, bytes, (unsigned)n), n);
    assert_int_equal(gzclose(f), Z_OK);
}

__attribute__((unused)) static void write_text(const char *name, const char *text)
{
    write_file(name, text, strlen(text));
}

/* `settings` as "type=csv, path=a.csv"; a relative path means the temporary folder. */
static ash_status test_open(const char *settings, data_set **d, ash_error *err)
{
    arena *a = arena_create();
    node *map;
    err->text[0] = '\0';
    ash_status s = node_parse_inline(a, settings, test_path("run.yaml"), &map, err);
    if (s == ASH_OK)
        s = data_open(map, d, err);
    arena_destroy(a); /* the set may not borrow from the map */
    return s;
}

__attribute__((unused)) static data_set *must_open(const char *settings)
{
    ash_error err;
    data_set *d = NULL;
    if (test_open(settings, &d, &err) != ASH_OK)
        fail_msg("%s: %s", settings, err.text);
    return d;
}

/* The message without the temporary folder has to hold `message`, word for word. */
__attribute__((unused)) static void must_fail(const char *settings, ash_status status, const char *message)
{
    ash_error err;
    data_set *d = NULL;
    ash_status s = test_open(settings, &d, &err);
    char prefix[80], text[sizeof err.text];
    snprintf(prefix, sizeof prefix, "%s/", test_folder);
    size_t n = 0;
    for (const char *p = err.text; *p;) {
        if (strncmp(p, prefix, strlen(prefix)) == 0)
            p += strlen(prefix);
        else
            text[n++] = *p++;
    }
    text[n] = '\0';
    if (s != status || !strstr(text, message))
        fail_msg("%s: status %d, \"%s\"; expected status %d, \"%s\"", settings, (int)s, text, (int)status,
                 message);
    assert_null(d);
}

#endif
