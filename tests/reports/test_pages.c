/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every format writes the made-up run, at several sizes, and what it writes is well-formed. With REPORT_PAGES=FOLDER in the
 * environment the files stay there, for the browser test and for looking at. */
#include "reports/nodes.h"
#include "reports/sample.h"
#include "reports/runs.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static const char *folder;
static char own_folder[] = "/tmp/ashlar-pages-XXXXXX";

static const char *write_page(arena *a, const report *r, const char *format, const report_view *view, const char *name)
{
    ash_error err;
    buffer out = {0};
    const report_format *f = report_format_find(format);
    assert_non_null(f);
    if (f->write(r, view, a, &out, &err) != ASH_OK)
        fail_msg("%s: %s", format, err.text);
    const char *path = arena_printf(a, "%s/%s.%s", folder, name, f->extension);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(out.data, 1, out.len, file), out.len);
    assert_int_equal(fclose(file), 0);
    buffer_free(&out);
    return path;
}

/* Three nodes over ten minutes, one of them away from the third to the fifth. */
static const nodes *sample_nodes(arena *a)
{
    static nodes_host hosts[] = {{"node1", 4, 180, 1, 2300, 600}, {"node<b>2</b>", 4, 110, 0, 1500, 600}, {"node3", 4, 110, 3, 2100, 600}};
    nodes *s = ARENA_NEW(a, nodes, 1);
    *s = (nodes){.hosts = hosts, .n = 3, .workers = 12, .trials = 400, .redone = 4, .n_moments = 20, .step_s = 30, .utilisation = 0.819};
    s->moments = ARENA_NEW(a, nodes_moment, 20);
    for (int i = 0; i < 20; i++)
        s->moments[i] = (nodes_moment){i >= 6 && i < 10 ? 7.9 : 11.8, 12, 20, i == 6 ? 4 : 0};
    return s;
}

static report *sample_report(arena *a, db_run *run, size_t n)
{
    ash_error err;
    report *r;
    *run = sample_run();
    trial **t = sample_trials(a, n);
    assert_int_equal(report_build(run, t, n, a, &r, &err), ASH_OK);
    sample_add_test_errors(r, a);
    assert_int_equal(report_build(run, t, n, a, &r, &err), ASH_OK);
    report_field *f = ARENA_NEW(a, report_field, 3);
    f[0] = (report_field){"digest", "3f9c0e"};
    f[1] = (report_field){"processor", "a made-up <processor> & more"};
    f[2] = (report_field){"compiler", "gcc 12.2.0"};
    r->fields = f;
    r->n_fields = 3;
    r->source = "sample.db";
    r->nodes = n == 400 ? sample_nodes(a) : NULL;
    return r;
}

static void check_xml(const char *path)
{
    char command[512];
    snprintf(command, sizeof command, "command -v xmllint >/dev/null 2>&1 || exit 0; xmllint --noout --nonet '%s'", path);
    int status = system(command);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void every_format_at_every_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 30, 400};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        arena *a = arena_create();
        db_run run;
        report *r = sample_report(a, &run, sizes[s]);
        ash_error err;
        for (size_t k = 0; report_format_at(k); k++) {
            const char *name = report_format_at(k)->name;
            bool gnuplot = report_format_at(k)->shows == REPORT_FIGURE && strcmp(name, "svg") && strcmp(name, "tikz");
            if (gnuplot && ((sizes[s] != 0 && sizes[s] != 30) || system("command -v gnuplot >/dev/null 2>&1")))
                continue; /* slow to start */
            report_view view = {.x = -1, .y = -1};
            assert_int_equal(report_default_axes(r, &view, &err), ASH_OK);
            const char *path = write_page(a, r, name, &view, arena_printf(a, "sample-%zu", sizes[s]));
            if (!strcmp(name, "svg"))
                check_xml(path);
            struct stat st;
            assert_int_equal(stat(path, &st), 0);
            assert_true(st.st_size > 60);
            if (!strcmp(name, "html")) {
                view.plain = true;
                write_page(a, r, name, &view, arena_printf(a, "plain-%zu", sizes[s]));
            }
        }
        arena_destroy(a);
    }
}

/* Three seeds of one method and another method, out of databases, beside each other on the page of the first. */
static void several_runs(void **state)
{
    (void)state;
    arena *a = arena_create();
    ash_error err;
    const char *paths[4];
    for (int i = 0; i < 4; i++) {
        db_run run = sample_run();
        db *d = NULL;
        bool resumed;
        size_t n = 120 + 20 * (size_t)i;
        run.seed = (uint64_t)i + 1;
        if (i == 3)
            run.settings = "search.strategy: random\nsearch.objectives: [error, macs, model_bytes]\ntrain.epochs: 20\n";
        run.identity = hash_of_bytes(&i, sizeof i);
        paths[i] = arena_printf(a, "%s/seed%d.db", folder, i + 1);
        assert_int_equal(db_open_writer(paths[i], &d, &err), ASH_OK);
        assert_int_equal(db_run_begin(d, &run, false, &resumed, &err), ASH_OK);
        trial **t = sample_trials(a, n);
        for (size_t k = 0; k < n; k++)
            assert_int_equal(db_put_trial(d, run.id, t[k], &err), ASH_OK);
        assert_int_equal(db_run_end(d, run.id, "finished", &err), ASH_OK);
        db_close(d);
    }
    runs *s = NULL;
    if (runs_load(&(runs_request){.paths = paths, .n = 4}, a, &s, &err) != ASH_OK)
        fail_msg("%s", err.text);
    assert_int_equal(s->n_groups, 2);
    report_view view = {.x = 1, .y = 0, .runs = s};
    write_page(a, s->v[0], "html", &view, "runs");
    arena_destroy(a);
}

/* A figure of twelve thousand trials stays small; pages: test_large.c. */
static void large_run(void **state)
{
    (void)state;
    arena *a = arena_create();
    db_run run;
    report *r = sample_report(a, &run, 12000);
    report_view view = {.x = 1, .y = 0};
    struct stat st;
    check_xml(write_page(a, r, "svg", &view, "sample-12000"));
    assert_int_equal(stat(arena_printf(a, "%s/sample-12000.svg", folder), &st), 0);
    assert_true(st.st_size < 2 << 20);
    arena_destroy(a);
}

int main(void)
{
    folder = getenv("REPORT_PAGES");
    if (!folder && !(folder = mkdtemp(own_folder)))
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_format_at_every_size), cmocka_unit_test(several_runs),
                                       cmocka_unit_test(large_run)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (folder == own_folder) {
        char command[64];
        snprintf(command, sizeof command, "rm -r %s", own_folder);
        failed += system(command) != 0;
    }
    return failed;
}
