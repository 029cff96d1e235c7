/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gnuplot.c - charts through gnuplot, run as a program: script in, picture out
 *
 * Text comes from a database, so nothing of it may be read as gnuplot's language: it stands in single quotes, where gnuplot
 * substitutes nothing. Settings of the user's own gnuplot are left out (-d). What gnuplot or cairo write about the time is
 * overwritten, so the same run gives the same bytes. */
#include "reports/chart.h"
#include "reports/escape.h"
#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- the script ---- */

static void put_terminal(buffer *out, const char *medium, double width)
{
    double height = CHART_HEIGHT(width);
    if (strcmp(medium, "png") == 0) /* 300 dots per inch; cairo counts 96 */
        buffer_printf(
            out,
            "set terminal pngcairo noenhanced size %d,%d font 'Helvetica,8' fontscale 3.125 linewidth 3.125 pointscale 3.125\n",
            (int)lround(width / 2.54 * 300), (int)lround(height / 2.54 * 300));
    else if (strcmp(medium, "svg") == 0) /* CSS pixels */
        buffer_printf(out,
                      "set terminal svg noenhanced size %d,%d dynamic font 'Helvetica,Arial,sans-serif,10.7' linewidth 1.33 name "
                      "'ashlar'\n",
                      (int)lround(width / 2.54 * 96), (int)lround(height / 2.54 * 96));
    else
        buffer_printf(out, "set terminal %s noenhanced size %.4gcm,%.4gcm font 'Helvetica,8'\n",
                      strcmp(medium, "eps") == 0 ? "epscairo" : "pdfcairo", width, height);
}

static void put_axis(buffer *out, char name, const chart_axis *axis, const plot_axis *fit)
{
    buffer_printf(out, "set %clabel ", name);
    escape_gnuplot(out, axis->label);
    buffer_printf(out, "\nset %crange [%.17g:%.17g]\n", name, fit->lo, fit->hi);
    if (fit->log)
        buffer_printf(out, "set logscale %c\n", name);
    buffer_printf(out, "set %ctics (", name);
    for (size_t i = 0; i < fit->n_ticks; i++) {
        buffer_puts(out, i ? ", " : "");
        escape_gnuplot(out, fit->labels[i]);
        buffer_printf(out, " %.17g", fit->ticks[i]);
    }
    buffer_puts(out, ")\n");
}

static void put_data(buffer *out, const chart_series *s, size_t k)
{
    buffer_printf(out, "$s%zu << EOD\n", k);
    for (size_t i = 0; i < s->n; i++) {
        if (!isfinite(s->x[i]) || !isfinite(s->y[i]) || (s->y2 && !isfinite(s->y2[i]))) {
            buffer_puts(out, "\n");
            continue;
        }
        buffer_printf(out, "%.10g %.10g", s->x[i], s->y[i]);
        if (s->y2)
            buffer_printf(out, " %.10g", s->y2[i]);
        buffer_puts(out, "\n");
    }
    buffer_puts(out, "EOD\n");
}

static void put_plot(buffer *out, const chart_series *s, size_t k)
{
    static const int symbols[] = {7, 9, 5, 13, 11, 15, 6, 8}; /* filled disc, triangle, square, diamond, ...; then hollow ones */
    static const char *const dashes[] = {"1", "(10,5)", "(2,4)", "(10,4,2,4)", "(5,3)"};
    buffer_printf(out, "$s%zu using ", k);
    switch (s->mark) {
    case CHART_CLOUD:
        buffer_printf(out, "1:2 with points pointtype 7 pointsize 0.18 linecolor rgb '#80%s'", s->colour + 1);
        break;
    case CHART_POINTS:
        buffer_printf(out, "1:2 with points pointtype %d pointsize 0.45 linecolor rgb '%s'", symbols[(unsigned)s->style % 8],
                      s->colour);
        break;
    case CHART_LINE:
        buffer_printf(out, "1:2 with lines linewidth 1.2 dashtype %s linecolor rgb '%s'", dashes[(unsigned)s->style % 5],
                      s->colour);
        break;
    case CHART_BAND: buffer_printf(out, "1:2:3 with filledcurves linecolor rgb '#c0%s'", s->colour + 1); break;
    }
    buffer_puts(out, s->title ? " title " : " notitle");
    if (s->title)
        escape_gnuplot(out, s->title);
}

static ash_status put_script(const chart *c, const char *medium, double width, buffer *out, ash_error *err)
{
    plot_axis x, y;
    if (chart_fit(c, &x, &y, err) != ASH_OK)
        return err->status;
    const char *corner = chart_legend_corner(c, &x, &y, width, CHART_HEIGHT(width));
    put_terminal(out, medium, width);
    buffer_puts(
        out, "set encoding utf8\nset border 3 linewidth 0.7 linecolor rgb '#444444'\nset tics nomirror out scale 0.5 font ',7'\n"
             "set grid linewidth 0.5 linecolor rgb '#e4e4e4' dashtype 1\n"
             "set xlabel offset 0,0.4\nset ylabel offset 0.4,0\n");
    if (corner)
        buffer_printf(out, "set key %s Left reverse samplen 1.4 spacing 1.05 font ',7'\n", corner);
    else
        buffer_puts(out, "set key outside above center horizontal Left reverse samplen 1.4 spacing 1 font ',7'\n");
    put_axis(out, 'x', &c->x, &x);
    put_axis(out, 'y', &c->y, &y);
    size_t n = 0;
    for (size_t k = 0; k < c->n; k++)
        if (c->series[k].n)
            put_data(out, &c->series[k], k);
    buffer_puts(out, "plot ");
    for (size_t k = 0; k < c->n; k++)
        if (c->series[k].n) {
            buffer_puts(out, n++ ? ", \\\n  " : "");
            put_plot(out, &c->series[k], k);
        }
    buffer_puts(out, n ? "\n" : "NaN notitle\n");
    return out->failed ? ash_fail_memory(err) : ASH_OK;
}

/* ---- the program ---- */

static ash_status fail_missing(ash_error *err)
{
    return ash_fail(err, ASH_BROKEN,
                    "this figure is drawn by gnuplot, which is not installed; \"apt-get install gnuplot-nox\" brings it "
                    "(the front as .svg, and every figure as .tikz, do without)");
}

static ash_status start(FILE *script, FILE *messages, int *from, pid_t *child, ash_error *err)
{
    static char *const arguments[] = {"gnuplot", "-d", NULL};
    posix_spawn_file_actions_t actions;
    int ends[2];
    if (pipe(ends) != 0)
        return ash_fail(err, ASH_BROKEN, "cannot start gnuplot: %s", strerror(errno));
    int code = posix_spawn_file_actions_init(&actions);
    if (code == 0) {
        posix_spawn_file_actions_adddup2(&actions, fileno(script), 0);
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
        posix_spawn_file_actions_adddup2(&actions, fileno(messages), 2);
        posix_spawn_file_actions_addclose(&actions, ends[0]);
        posix_spawn_file_actions_addclose(&actions, ends[1]);
        code = posix_spawnp(child, "gnuplot", &actions, NULL, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    *from = ends[0];
    if (code == 0)
        return ASH_OK;
    close(ends[0]);
    if (code == ENOENT)
        return fail_missing(err);
    return ash_fail(err, ASH_BROKEN, "cannot start gnuplot: %s", strerror(code));
}

static ash_status collect(int from, pid_t child, FILE *messages, buffer *out, ash_error *err)
{
    char bytes[65536], words[512];
    ssize_t n;
    int state = 0;
    while ((n = read(from, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            buffer_add(out, bytes, (size_t)n);
    close(from);
    while (waitpid(child, &state, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0 && out->len)
        return out->failed ? ash_fail_memory(err) : ASH_OK;
    if (WIFEXITED(state) && WEXITSTATUS(state) == 127 && !out->len) /* where the C library cannot tell at once */
        return fail_missing(err);
    rewind(messages);
    size_t said = fread(words, 1, sizeof words - 1, messages);
    words[said] = 0;
    for (char *p = words; *p; p++)
        *p = (unsigned char)*p < 32 ? ' ' : *p;
    return ash_fail(err, ASH_BROKEN, "gnuplot failed: %s", said ? words : "without a word");
}

static void overwrite(buffer *out, const char *after, const char *with)
{
    char *at = out->len ? memmem(out->data, out->len, after, strlen(after)) : NULL;
    if (at && at + strlen(after) + strlen(with) <= out->data + out->len)
        memcpy(at + strlen(after), with, strlen(with));
}

ash_status chart_gnuplot(const chart *c, const char *medium, double width_cm, buffer *out, ash_error *err)
{
    buffer script = {0}, picture = {0};
    FILE *in = tmpfile(), *messages = tmpfile();
    int from = -1;
    pid_t child = 0;
    ash_status status = in && messages ? put_script(c, medium, width_cm, &script, err)
                                       : ash_fail(err, ASH_BROKEN, "no temporary file: %s", strerror(errno));
    if (status == ASH_OK &&
        (fwrite(script.data, 1, script.len, in) != script.len || fflush(in) != 0 || fseek(in, 0, SEEK_SET) != 0))
        status = ash_fail(err, ASH_BROKEN, "cannot write a temporary file: %s", strerror(errno));
    if (status == ASH_OK)
        status = start(in, messages, &from, &child, err);
    if (status == ASH_OK)
        status = collect(from, child, messages, &picture, err);
    if (status == ASH_OK) { /* cairo of Debian 13 compresses a PDF's date; there it stays */
        overwrite(&picture, "/CreationDate (D:", "19700101000000");
        overwrite(&picture, "%%CreationDate: ", "Thu Jan  1 00:00:00 1970");
        buffer_add(out, picture.data, picture.len);
        status = out->failed ? ash_fail_memory(err) : ASH_OK;
    }
    buffer_free(&script);
    buffer_free(&picture);
    if (in)
        fclose(in);
    if (messages)
        fclose(messages);
    return status;
}
