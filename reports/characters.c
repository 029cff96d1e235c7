/* SPDX-License-Identifier: GPL-3.0-or-later */
/* characters.c - charts for a terminal
 *
 * A character cell holds two by four braille dots, so a cloud of 100 columns has 200 places across. Symbols of the front take a
 * whole cell and lie on top. In ASCII a cell is a point, a full stop or nothing. */
#include "core/text.h"
#include "reports/chart.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct canvas {
    size_t columns, rows; /* of cells */
    bool ascii;
    unsigned char *dots;  /* (rows, columns): braille bits, or any bit in ASCII */
    const char **symbols; /* (rows, columns): NULL: only dots */
    plot_axis x, y;
} canvas;

static const char *const symbols[] = {"●", "▲", "■", "◆", "★", "○", "△", "□"}, *const ascii_symbols[] = {"o", "^", "#", "*",
                                                                                                         "x", "O", "A", "H"};

static const char *symbol(const canvas *v, int style)
{
    return (v->ascii ? ascii_symbols : symbols)[(unsigned)style % 8];
}

static void put_dot(canvas *v, double px, double py)
{
    static const unsigned char bit[2][4] = {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};
    if (!(px >= 0 && px <= 1 && py >= 0 && py <= 1))
        return;
    size_t w = 2 * v->columns, h = 4 * v->rows;
    size_t i = (size_t)lround(px * (double)(w - 1)), j = h - 1 - (size_t)lround(py * (double)(h - 1));
    v->dots[j / 4 * v->columns + i / 2] |= bit[i % 2][j % 4];
}

static void put_line(canvas *v, double ax, double ay, double bx, double by, int style)
{
    static const int gaps[] = {1, 3, 6, 4, 2}; /* every so many dots: lines of other styles look other */
    double length = fmax(fabs(bx - ax) * 2 * (double)v->columns, fabs(by - ay) * 4 * (double)v->rows);
    int n = (int)ceil(length) + 1, gap = gaps[(unsigned)style % 5];
    for (int k = 0; k <= n; k += gap)
        put_dot(v, ax + (bx - ax) * k / n, ay + (by - ay) * k / n);
}

static void draw_series(canvas *v, const chart_series *s)
{
    for (size_t i = 0; i < s->n; i++) {
        double px = plot_position(&v->x, s->x[i]), py = plot_position(&v->y, s->y[i]);
        if (!isfinite(px) || !isfinite(py))
            continue;
        if (s->mark == CHART_CLOUD) {
            put_dot(v, px, py);
        } else if (s->mark == CHART_POINTS) {
            size_t column = (size_t)lround(px * (double)(v->columns - 1)),
                   row = v->rows - 1 - (size_t)lround(py * (double)(v->rows - 1));
            v->symbols[row * v->columns + column] = symbol(v, s->style);
        } else if (i + 1 < s->n) {
            for (int side = 0; side < (s->y2 ? 2 : 1); side++) {
                double y = plot_position(&v->y, side ? s->y2[i] : s->y[i]),
                       qy = plot_position(&v->y, side ? s->y2[i + 1] : s->y[i + 1]);
                double qx = plot_position(&v->x, s->x[i + 1]);
                if (isfinite(y) && isfinite(qx) && isfinite(qy))
                    put_line(v, px, y, qx, qy, s->mark == CHART_BAND ? 2 : s->style);
            }
        }
    }
}

static void put_spaces(buffer *out, size_t n)
{
    while (n--)
        buffer_puts(out, " ");
}

static void put_row(const canvas *v, size_t row, size_t gutter, buffer *out)
{
    const char *label = "";
    for (size_t k = 0; k < v->y.n_ticks; k++)
        if (v->rows - 1 - (size_t)lround(fmin(1, fmax(0, plot_position(&v->y, v->y.ticks[k]))) * (double)(v->rows - 1)) == row)
            label = v->y.labels[k];
    put_spaces(out, gutter - text_characters(label));
    buffer_printf(out, "%s %s", label, v->ascii ? (*label ? "+" : "|") : *label ? "┤" : "│");
    size_t used = v->columns; /* nothing at the end of the line */
    while (used && !v->dots[row * v->columns + used - 1] && !v->symbols[row * v->columns + used - 1])
        used--;
    for (size_t i = 0; i < used; i++) {
        unsigned dots = v->dots[row * v->columns + i];
        if (v->symbols[row * v->columns + i])
            buffer_puts(out, v->symbols[row * v->columns + i]);
        else if (v->ascii || !dots)
            buffer_puts(out, dots ? "." : " ");
        else /* U+2800 + dots in UTF-8 */
            buffer_add(out, (char[]){(char)0xe2, (char)(0xa0 | dots >> 6), (char)(0x80 | (dots & 63))}, 3);
    }
    buffer_puts(out, "\n");
}

/* The labels below the axis; one that would run into the label before it is left out. */
static void put_ticks(const canvas *v, size_t gutter, buffer *out)
{
    size_t at = 0;
    put_spaces(out, gutter + 1);
    buffer_puts(out, v->ascii ? "+" : "└");
    for (size_t i = 0; i < v->columns; i++) {
        bool tick = false;
        for (size_t k = 0; k < v->x.n_ticks; k++)
            tick |= (size_t)lround(fmin(1, fmax(0, plot_position(&v->x, v->x.ticks[k]))) * (double)(v->columns - 1)) == i;
        buffer_puts(out, v->ascii ? (tick ? "+" : "-") : tick ? "┬" : "─");
    }
    buffer_puts(out, "\n");
    for (size_t k = 0; k < v->x.n_ticks; k++) {
        size_t centre = gutter + 2 + (size_t)lround(plot_position(&v->x, v->x.ticks[k]) * (double)(v->columns - 1)),
               n = text_characters(v->x.labels[k]);
        size_t from = centre > n / 2 ? centre - n / 2 : 0;
        if (from < at + (at > 0))
            continue;
        put_spaces(out, from - at);
        buffer_puts(out, v->x.labels[k]);
        at = from + n;
    }
    buffer_puts(out, "\n");
}

static void put_legend(const chart *c, const canvas *v, size_t gutter, size_t columns, buffer *out)
{
    size_t used = 0;
    for (size_t k = 0; k < c->n; k++) {
        const chart_series *s = &c->series[k];
        if (!s->title || !s->n)
            continue;
        const char *sign = s->mark == CHART_POINTS  ? symbol(v, s->style)
                           : v->ascii               ? "."
                           : s->mark == CHART_CLOUD ? "⠂"
                           : s->style               ? "⠒ ⠂"
                                                    : "⠒⠒⠒";
        size_t n = text_characters(sign) + 1 + text_characters(s->title);
        if (used && used + 3 + n > columns) {
            buffer_puts(out, "\n");
            used = 0;
        }
        if (!used)
            put_spaces(out, used = gutter + 2);
        else
            buffer_puts(out, "   ");
        buffer_printf(out, "%s %s", sign, s->title);
        used += n + 3;
    }
    buffer_puts(out, used ? "\n" : "");
}

ash_status chart_characters(const chart *c, size_t columns, size_t rows, bool ascii, buffer *out, ash_error *err)
{
    canvas v = {.rows = rows < 4 ? 4 : rows, .ascii = ascii};
    size_t gutter = 1;
    if (chart_fit(c, &v.x, &v.y, err) != ASH_OK)
        return err->status;
    for (size_t k = 0; k < v.y.n_ticks; k++)
        gutter = text_characters(v.y.labels[k]) > gutter ? text_characters(v.y.labels[k]) : gutter;
    v.columns = columns > gutter + 14 ? columns - gutter - 2 : 12;
    v.dots = ARENA_NEW(c->a, unsigned char, v.rows *v.columns);
    v.symbols = ARENA_NEW(c->a, const char *, v.rows *v.columns);
    if (!v.dots || !v.symbols)
        return ash_fail_memory(err);
    for (size_t k = 0; k < c->n; k++)
        draw_series(&v, &c->series[k]);
    buffer_printf(out, "%s\n", c->y.label);
    for (size_t row = 0; row < v.rows; row++)
        put_row(&v, row, gutter, out);
    put_ticks(&v, gutter, out);
    size_t label = text_characters(c->x.label);
    put_spaces(out, gutter + 2 + (v.columns > label ? (v.columns - label) / 2 : 0));
    buffer_printf(out, "%s\n", c->x.label);
    put_legend(c, &v, gutter, columns, out);
    return out->failed ? ash_fail_memory(err) : ASH_OK;
}
