/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charts in every medium: what gnuplot, LaTeX and a terminal are given is what was meant, hostile text included, and twice the
 * same. */
#include "reports/chart.h"
#include "reports/escape.h"
#include "reports/sample.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/ashlar-charts-XXXXXX";
static ash_error err;

static bool installed(const char *program)
{
    char command[128];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
    return system(command) == 0;
}

static chart small_chart(arena *a)
{
    chart c = {.a = a, .title = "t", .x = {.label = "across", .unit = REPORT_COUNT, .log = true}, .y = {.label = "up (%)"}};
    chart_series *s = chart_add(&c, CHART_POINTS, chart_colour(0), 0, "points", 3);
    for (size_t i = 0; i < 3; i++) {
        s->x[i] = i == 0 ? 100 : i == 1 ? 1000 : 10000;
        s->y[i] = 10 - 5 * (double)i;
    }
    return c;
}

/* 100, 1000, 10000 on a logarithmic axis and 10, 5, 0 on a linear one: a straight line of three symbols. */
static void characters(void **state)
{
    (void)state;
    arena *a = arena_create();
    chart c = small_chart(a);
    buffer out = {0};
    assert_int_equal(chart_characters(&c, 34, 11, true, &out, &err), ASH_OK);
    assert_string_equal(out.data, "up (%)\n"
                                  "10 + o\n"
                                  "   |\n"
                                  " 8 +\n"
                                  "   |\n"
                                  " 6 +\n"
                                  "   |               o\n"
                                  " 4 +\n"
                                  "   |\n"
                                  " 2 +\n"
                                  "   |\n"
                                  " 0 +                            o\n"
                                  "   +-+---+----+----+---+----+---+-\n"
                                  "    100 200  500  1k  2k   5k  10k\n"
                                  "                across\n"
                                  "    o points\n");
    buffer_clear(&out);
    assert_int_equal(chart_characters(&c, 34, 11, false, &out, &err), ASH_OK);
    assert_non_null(strstr(out.data, "┤ ●"));
    buffer_free(&out);
    arena_destroy(a);
}

/* A step function is drawn with its corners, a legend goes where nothing is. */
static void steps_and_legend(void **state)
{
    (void)state;
    arena *a = arena_create();
    chart c = {.a = a};
    plot_axis x, y;
    const double px[] = {1, 2, 4}, py[] = {9, 5, 3};
    chart_series *s = chart_add_steps(&c, chart_colour(0), 0, "s", px, py, 3, 8);
    const double wx[] = {1, 2, 2, 4, 4, 8}, wy[] = {9, 9, 5, 5, 3, 3};
    assert_int_equal(s->n, 6);
    assert_memory_equal(s->x, wx, sizeof wx);
    assert_memory_equal(s->y, wy, sizeof wy);
    assert_int_equal(chart_fit(&c, &x, &y, &err), ASH_OK);
    assert_string_equal(chart_legend_corner(&c, &x, &y, 8.6, 6.2), "top right");
    s = chart_add(&c, CHART_CLOUD, CHART_GREY, 0, "everywhere", 400);
    for (size_t i = 0; i < s->n; i++) {
        s->x[i] = 1 + 7 * (double)(i % 20) / 19;
        s->y[i] = 9 * (double)(i / 20) / 19;
    }
    assert_null(chart_legend_corner(&c, &x, &y, 8.6, 6.2));
    arena_destroy(a);
}

#define HOSTILE "it's `touch pwned` \" \\ $(touch pwned) {x}_1^2 %d & #~ <b>\n\xff\x1b[31m end"

/* Neither gnuplot nor LaTeX executes what a database says. */
static void hostile_text(void **state)
{
    (void)state;
    if (!installed("gnuplot"))
        skip();
    arena *a = arena_create();
    chart c = small_chart(a);
    c.x.label = c.y.label = c.series[0].title = c.title = HOSTILE "\nsystem('touch pwned')";
    buffer out = {0};
    assert_int_equal(chdir(folder), 0);
    if (chart_gnuplot(&c, "svg", 16, &out, &err) != ASH_OK)
        fail_msg("%s", err.text);
    assert_non_null(strstr(out.data, "it's `touch pwned` \" \\ $(touch pwned) {x}_1^2 %d &amp; #~ &lt;b>"));
    assert_null(memchr(out.data, 0x1b, out.len));
    assert_int_not_equal(access("pwned", F_OK), 0);
    buffer_clear(&out);
    assert_int_equal(chart_tikz(&c, 16, &out, &err), ASH_OK);
    assert_non_null(strstr(
        out.data, "\\textbackslash{} \\$(touch pwned) \\{x\\}\\_1\\textasciicircum{}2 \\%d \\& \\#\\textasciitilde{} $<$b$>$ ?"));
    buffer_free(&out);
    arena_destroy(a);
}

/* A second later, the same bytes. cairo 1.18 compresses a PDF's date, so there only what is drawn is the same. */
static void twice_the_same(void **state)
{
    (void)state;
    if (!installed("gnuplot"))
        skip();
    static const char *const media[] = {"svg", "png", "eps", "pdf"};
    arena *a = arena_create();
    chart c = small_chart(a);
    buffer first[4] = {{0}}, second[4] = {{0}};
    for (int i = 0; i < 4; i++)
        assert_int_equal(chart_gnuplot(&c, media[i], 8.6, &first[i], &err), ASH_OK);
    usleep(1100000);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(chart_gnuplot(&c, media[i], 8.6, &second[i], &err), ASH_OK);
        if (strcmp(media[i], "pdf") != 0 || memmem(first[i].data, first[i].len, "/CreationDate", 13)) {
            assert_int_equal(first[i].len, second[i].len);
            assert_memory_equal(first[i].data, second[i].data, first[i].len);
        }
        buffer_free(&first[i]);
        buffer_free(&second[i]);
    }
    arena_destroy(a);
}

static void without_gnuplot(void **state)
{
    (void)state;
    arena *a = arena_create();
    chart c = small_chart(a);
    buffer out = {0};
    char *path = strdup(getenv("PATH") ? getenv("PATH") : "");
    setenv("PATH", folder, 1);
    assert_int_equal(chart_gnuplot(&c, "pdf", 8.6, &out, &err), ASH_BROKEN);
    assert_non_null(strstr(err.text, "apt-get install gnuplot-nox"));
    /* one that fails says why */
    FILE *fake = fopen(arena_printf(a, "%s/gnuplot", folder), "w");
    fputs("#!/bin/sh\necho 'line 3: no such terminal' >&2\nexit 1\n", fake);
    fclose(fake);
    assert_int_equal(chmod(arena_printf(a, "%s/gnuplot", folder), 0755), 0);
    assert_int_equal(chart_gnuplot(&c, "pdf", 8.6, &out, &err), ASH_BROKEN);
    assert_string_equal(err.text, "gnuplot failed: line 3: no such terminal ");
    assert_int_equal(out.len, 0);
    setenv("PATH", path, 1);
    free(path);
    unlink(arena_printf(a, "%s/gnuplot", folder));
    arena_destroy(a);
}

/* LaTeX compiles the table, and every figure of the sample. */
static void latex_compiles(void **state)
{
    (void)state;
    if (!installed("pdflatex") || system("kpsewhich pgfplots.sty booktabs.sty >/dev/null 2>&1") != 0)
        skip();
    arena *a = arena_create();
    db_run run = sample_run();
    trial **t = sample_trials(a, 120);
    report *r;
    assert_int_equal(report_build(&run, t, 120, a, &r, &err), ASH_OK);
    FILE *page = fopen(arena_printf(a, "%s/page.tex", folder), "w");
    fputs("\\documentclass{article}\\usepackage[utf8]{inputenc}\\usepackage{booktabs}\\usepackage{pgfplots}\\pgfplotsset{compat="
          "1.16}\\begin{document}\n",
          page);
    for (size_t k = 0; report_chart_names[k]; k++) {
        buffer out = {0};
        report_view view = {.x = 1, .y = 0, .chart = report_chart_find(report_chart_names[k])};
        assert_int_equal(report_format_find("tikz")->write(r, &view, a, &out, &err), ASH_OK);
        fprintf(page, "%s\n\n", out.data);
        buffer_free(&out);
    }
    buffer out = {0};
    report_view view = {.x = 1, .y = 0};
    assert_int_equal(report_format_find("latex")->write(r, &view, a, &out, &err), ASH_OK);
    fputs(out.data, page);
    buffer_clear(&out);
    chart c = small_chart(a);
    c.x.label = c.series[0].title = HOSTILE;
    assert_int_equal(chart_tikz(&c, 8.6, &out, &err), ASH_OK);
    fprintf(page, "%s\\end{document}\n", out.data);
    fclose(page);
    buffer_free(&out);
    if (system(arena_printf(a, "cd %s && pdflatex -halt-on-error -interaction=nonstopmode page.tex >page.out", folder)) != 0)
        fail_msg("pdflatex: see %s/page.out", folder);
    arena_destroy(a);
}

static int open_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : 1;
}

static int close_folder(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(characters),      cmocka_unit_test(steps_and_legend),
                                       cmocka_unit_test(hostile_text),    cmocka_unit_test(twice_the_same),
                                       cmocka_unit_test(without_gnuplot), cmocka_unit_test(latex_compiles)};
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
