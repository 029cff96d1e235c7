/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run of 100,000 trials in a real database becomes a page of less than 5 MB. With REPORT_PAGES=FOLDER in the environment page and
 * database stay there, for the browser test and for measuring. */
#include "reports/sample.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

enum { TRIALS = 100000, MOST = 5000000 };

static void check(ash_status s, const ash_error *err)
{
    if (s != ASH_OK)
        fail_msg("%s", err->text);
}

static void a_page_of_100000_trials(void **state)
{
    const char *folder = *state;
    ash_error err;
    arena *a = arena_create();
    const char *path = arena_printf(a, "%s/large.db", folder);
    db *d = NULL;
    db_run run = sample_run();
    bool resumed = false;
    unlink(path);
    check(db_open_writer(path, &d, &err), &err);
    check(db_run_begin(d, &run, false, &resumed, &err), &err);
    trial **t = sample_trials(a, TRIALS);
    for (size_t i = 0; i < TRIALS; i++) {
        if (i % 10) /* the page holds fewer curves than the rest has; the database would be half a gigabyte */
            t[i]->n_curve = 0;
        check(db_put_trial(d, run.id, t[i], &err), &err);
    }
    check(db_run_end(d, run.id, "finished", &err), &err);
    db_close(d);
    arena_destroy(a);

    a = arena_create();
    report *r = NULL;
    check(db_open_reader(path, &d, &err), &err);
    check(report_load(d, 0, "large.db", a, &r, &err), &err);
    db_close(d);
    assert_int_equal(r->n_trials, TRIALS);
    report_view view = {.x = -1, .y = -1};
    check(report_default_axes(r, &view, &err), &err);
    buffer page = {0};
    check(report_format_find("html")->write(r, &view, a, &page, &err), &err);
    print_message("%zu bytes, %zu on the front\n", page.len, r->n_front);
    assert_true(page.len < MOST);
    FILE *f = fopen(arena_printf(a, "%s/large.html", folder), "w");
    assert_non_null(f);
    assert_int_equal(fwrite(page.data, 1, page.len, f), page.len);
    assert_int_equal(fclose(f), 0);
    buffer_free(&page);
    arena_destroy(a);
}

int main(void)
{
    char own[] = "/tmp/ashlar-large-XXXXXX";
    char *folder = getenv("REPORT_PAGES"), command[64];
    if (!folder && !(folder = mkdtemp(own)))
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(a_page_of_100000_trials, folder)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -r %s", own);
    if (folder == own)
        failed += system(command) != 0;
    return failed;
}
