/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tikz.c - charts as pgfplots code: the document's own fonts, and text that an author can still change */
#include "reports/chart.h"
#include "reports/escape.h"
#include <math.h>
#include <string.h>

static void put_colours(const chart *c, buffer *out)
{
    for (size_t k = 0; k < c->n; k++)
        buffer_printf(out, "\\definecolor{ashlar%zu}{HTML}{%s}%%\n", k, c->series[k].colour + 1);
}

static void put_axis(buffer *out, char name, const chart_axis *axis, const plot_axis *fit)
{
    buffer_printf(out, "  %clabel={", name);
    escape_latex(out, axis->label);
    buffer_printf(out, "}, %cmin=%.10g, %cmax=%.10g, ", name, fit->lo, name, fit->hi);
    if (fit->log)
        buffer_printf(out, "%cmode=log, ", name);
    buffer_printf(out, "%ctick={", name);
    for (size_t i = 0; i < fit->n_ticks; i++)
        buffer_printf(out, "%s%.10g", i ? "," : "", fit->ticks[i]);
    buffer_printf(out, "}, %cticklabels={", name);
    for (size_t i = 0; i < fit->n_ticks; i++)
        buffer_printf(out, "%s%s", i ? "," : "", fit->labels[i]);
    buffer_puts(out, "},\n");
}

static bool drawn(const chart_series *s, size_t i)
{
    return isfinite(s->x[i]) && isfinite(s->y[i]) && (!s->y2 || isfinite(s->y2[i]));
}

static void put_coordinates(buffer *out, const chart_series *s, const double *y, bool backwards)
{
    for (size_t i = 0; i < s->n; i++) {
        size_t k = backwards ? s->n - 1 - i : i;
        if (drawn(s, k))
            buffer_printf(out, "(%.10g,%.10g)%s", s->x[k], y[k], i % 6 == 5 ? "\n  " : " ");
        else if (!s->y2 && s->mark == CHART_LINE)
            buffer_puts(out, "\n\n  ");
    }
}

static void put_series(buffer *out, const chart_series *s, size_t k)
{
    static const char *const symbols[] = {"*", "triangle*", "square*", "diamond*", "pentagon*", "o", "triangle", "square"};
    static const char *const dashes[] = {"solid", "dashed", "dotted", "dash dot", "densely dashed"};
    buffer_puts(out, "\\addplot[");
    switch (s->mark) {
    case CHART_CLOUD: buffer_printf(out, "only marks, mark=*, mark size=0.5pt, color=ashlar%zu, opacity=0.5", k); break;
    case CHART_POINTS:
        buffer_printf(out, "only marks, mark=%s, mark size=1.4pt, color=ashlar%zu", symbols[(unsigned)s->style % 8], k);
        break;
    case CHART_LINE: buffer_printf(out, "no marks, thick, %s, color=ashlar%zu", dashes[(unsigned)s->style % 5], k); break;
    case CHART_BAND: buffer_printf(out, "draw=none, fill=ashlar%zu, fill opacity=0.25", k); break;
    }
    buffer_printf(out, "%s] coordinates {\n  ", s->title ? "" : ", forget plot");
    put_coordinates(out, s, s->y, false);
    if (s->y2)
        put_coordinates(out, s, s->y2, true);
    buffer_printf(out, "}%s;\n", s->y2 ? " -- cycle" : "");
    if (s->title) {
        buffer_puts(out, "\\addlegendentry{");
        escape_latex(out, s->title);
        buffer_puts(out, "}\n");
    }
}

ash_status chart_tikz(const chart *c, double width_cm, buffer *out, ash_error *err)
{
    plot_axis x, y;
    if (chart_fit(c, &x, &y, err) != ASH_OK)
        return err->status;
    const char *corner = chart_legend_corner(c, &x, &y, width_cm, CHART_HEIGHT(width_cm));
    buffer_puts(out, "% \\usepackage{pgfplots} \\pgfplotsset{compat=1.16}, then \\input this file\n");
    put_colours(c, out);
    buffer_printf(
        out,
        "\\begin{tikzpicture}\n\\begin{axis}[\n  width=%.4gcm, height=%.4gcm, axis lines=left, axis line style={-}, grid=major,\n"
        "  grid style={black!10}, tick align=outside, unbounded coords=jump, xminorticks=false, yminorticks=false, label "
        "style={font=\\small}, tick label style={font=\\footnotesize},\n"
        "  legend cell align=left, legend style={font=\\footnotesize, draw=none, fill=none, ",
        width_cm, CHART_HEIGHT(width_cm));
    if (corner)
        buffer_printf(out, "at={(%s,%s)}, anchor=%s %s}, legend columns=1,\n", strstr(corner, "right") ? "0.98" : "0.02",
                      strstr(corner, "top") ? "0.98" : "0.02", strstr(corner, "top") ? "north" : "south",
                      strstr(corner, "right") ? "east" : "west");
    else
        buffer_puts(out, "at={(0.5,1.02)}, anchor=south, column sep=3pt}, legend columns=2,\n");
    put_axis(out, 'x', &c->x, &x);
    put_axis(out, 'y', &c->y, &y);
    buffer_puts(out, "]\n");
    for (size_t k = 0; k < c->n; k++)
        if (c->series[k].n)
            put_series(out, &c->series[k], k);
    buffer_puts(out, "\\end{axis}\n\\end{tikzpicture}\n");
    return out->failed ? ash_fail_memory(err) : ASH_OK;
}

static ash_status write(const report *r, const report_view *view, arena *a, buffer *out, ash_error *err)
{
    chart c;
    if (report_draw(r, view, a, &c, err) != ASH_OK)
        return err->status;
    return chart_tikz(&c, view->width_cm > 0 ? view->width_cm : CHART_WIDTH_CM, out, err);
}

const report_format report_tikz = {"tikz", "tikz", "a figure as pgfplots code, for LaTeX's \\input", write, REPORT_FIGURE};
