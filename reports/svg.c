/* SPDX-License-Identifier: GPL-3.0-or-later */
/* svg.c - the front as a figure that a paper can print
 *
 * Grey dots: every trial that has both metrics. Coloured dots: members of the front over all objectives, by mean weight bits when
 * the run has several. The stepped line is the front over the two metrics shown. Dashed: baselines. Numbers are
 * written without printf's %f, which follows the locale. */
#include "reports/chart.h"
#include "reports/escape.h"
#include "reports/figure.h"
#include "core/pareto.h"
#include "core/text.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 680, HEIGHT = 440, LEFT = 72, RIGHT = 18, TOP = 46, BOTTOM = 58 };

static void put_number(buffer *out, double v)
{
    long long hundredths = llround(v * 100);
    buffer_printf(out, "%s%lld", hundredths < 0 ? "-" : "", llabs(hundredths) / 100);
    if (hundredths % 100)
        buffer_printf(out, ".%02lld", llabs(hundredths) % 100);
}

static void put_attribute(buffer *out, const char *name, double v)
{
    buffer_printf(out, " %s=\"", name);
    put_number(out, v);
    buffer_puts(out, "\"");
}

static void put_line(buffer *out, const char *class, double x1, double y1, double x2, double y2)
{
    buffer_printf(out, "<line class=\"%s\"", class);
    put_attribute(out, "x1", x1);
    put_attribute(out, "y1", y1);
    put_attribute(out, "x2", x2);
    put_attribute(out, "y2", y2);
    buffer_puts(out, "/>\n");
}

static void put_text(buffer *out, const char *class, double x, double y, const char *anchor, const char *text)
{
    buffer_printf(out, "<text class=\"%s\" text-anchor=\"%s\"", class, anchor);
    put_attribute(out, "x", x);
    put_attribute(out, "y", y);
    buffer_puts(out, ">");
    escape_xml(out, text);
    buffer_puts(out, "</text>\n");
}

static void put_circle(buffer *out, const char *class, double x, double y, double radius, const char *title)
{
    buffer_printf(out, "<circle class=\"%s\"", class);
    put_attribute(out, "cx", x);
    put_attribute(out, "cy", y);
    put_attribute(out, "r", radius);
    if (!title) {
        buffer_puts(out, "/>\n");
        return;
    }
    buffer_puts(out, "><title>");
    escape_xml(out, title);
    buffer_puts(out, "</title></circle>\n");
}

/* Classes of mean weight bits; the colours are a sequential, colour-blind safe scale (dark = few bits). */
static const struct {
    double up_to;
    const char *class, *label, *colour;
} bit_classes[] = {{2, "b2", "\xe2\x89\xa4 2", "#440154"},
                   {4, "b4", "\xe2\x89\xa4 4", "#31688e"},
                   {8, "b8", "\xe2\x89\xa4 8", "#35b779"},
                   {INFINITY, "b32", "> 8", "#d9a400"}};

int figure_bit_class(double bits)
{
    for (int k = 0; k < FIGURE_BIT_CLASSES; k++)
        if (bits <= bit_classes[k].up_to)
            return k;
    return -1;
}

const char *figure_bit_label(int class)
{
    return bit_classes[class].label;
}

const char *figure_bit_colour(int class)
{
    return bit_classes[class].colour;
}

int figure_bits_metric(const report *r)
{
    int k = report_metric_index(r, "mean_weight_bits");
    double first = NAN;
    for (size_t i = 0; k >= 0 && i < r->n_front; i++) {
        double v = r->values[r->front[i] * r->n_metrics + k];
        if (isnan(first))
            first = v;
        else if (!isnan(v) && v != first)
            return k;
    }
    return -1;
}

typedef struct drawing {
    const report *r;
    int x, y, bits; /* metrics; bits: -1 when the run has one width only */
    plot_axis ax, ay;
    double *vx, *vy; /* (n_trials), scaled for people, NaN where missing */
    arena *a;
    buffer *out;
} drawing;

static double *column(const drawing *d, int k, size_t extra)
{
    const report *r = d->r;
    double *v = ARENA_NEW(d->a, double, r->n_trials + extra + 1);
    for (size_t i = 0; v && i < r->n_trials; i++) {
        bool shown = r->trials[i]->status == TRIAL_OK && !isnan(r->values[i * r->n_metrics + d->x]) &&
                     !isnan(r->values[i * r->n_metrics + d->y]);
        v[i] = shown ? r->values[i * r->n_metrics + k] * (r->metrics[k].percent ? 100 : 1) : NAN;
    }
    return v;
}

double figure_baseline_error(const report_baseline *b, const char *of)
{
    return !strcmp(of, "error") ? b->val_error : !strcmp(of, "test_error") ? b->test_error : NAN;
}

static void put_axes(drawing *d)
{
    buffer *out = d->out;
    double bottom = HEIGHT - BOTTOM, right = WIDTH - RIGHT;
    for (size_t i = 0; i < d->ax.n_ticks; i++) {
        double p = plot_position(&d->ax, d->ax.ticks[i]);
        put_line(out, "grid", p, TOP, p, bottom);
        put_text(out, "tick", p, bottom + 18, "middle", d->ax.labels[i]);
    }
    for (size_t i = 0; i < d->ay.n_ticks; i++) {
        double p = plot_position(&d->ay, d->ay.ticks[i]);
        put_line(out, "grid", LEFT, p, right, p);
        put_text(out, "tick", LEFT - 8, p + 4, "end", d->ay.labels[i]);
    }
    put_line(out, "axis", LEFT, bottom, right, bottom);
    put_line(out, "axis", LEFT, TOP, LEFT, bottom);
    put_text(out, "label", (LEFT + right) / 2, HEIGHT - 14, "middle", report_axis_label(&d->r->metrics[d->x], d->a));
    buffer_puts(out, "<text class=\"label\" text-anchor=\"middle\" transform=\"translate(18 ");
    put_number(out, (TOP + bottom) / 2);
    buffer_puts(out, ") rotate(-90)\">");
    escape_xml(out, report_axis_label(&d->r->metrics[d->y], d->a));
    buffer_puts(out, "</text>\n");
}

/* About as wide as Helvetica at 11 px; the widest a viewer's own font makes it is a little more. */
static double text_width(const char *text)
{
    return 5.7 * (double)text_characters(text);
}

typedef struct box {
    double x0, y0, x1, y1;
} box;

static double overlap(const box *p, const box *q)
{
    double w = fmin(p->x1, q->x1) - fmax(p->x0, q->x0), h = fmin(p->y1, q->y1) - fmax(p->y0, q->y0);
    return w > 0 && h > 0 ? w * h : 0;
}

/* What a label at this place would cover: dots (those on the front count more), and labels that are there already. */
static double covered(const drawing *d, const box *place, const box *labels, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += 1000 * overlap(place, &labels[i]);
    for (size_t i = 0; i < d->r->n_trials; i++) {
        if (isnan(d->vx[i]))
            continue;
        double x = plot_position(&d->ax, d->vx[i]), y = plot_position(&d->ay, d->vy[i]), radius = d->r->on_front[i] ? 5 : 2.2;
        box dot = {x - radius, y - radius, x + radius, y + radius};
        sum += overlap(place, &dot) * (d->r->on_front[i] ? 4 : 1);
    }
    return sum;
}

/* The label of a line at height y: above or below it, at one of eight places along it, where it covers least. */
static void put_line_label(drawing *d, double y, const char *text, box *labels, size_t n)
{
    double width = text_width(text), least = INFINITY;
    box best = {0};
    for (int k = 0; k < 16; k++) {
        double x = LEFT + 5 + (WIDTH - RIGHT - 9 - LEFT - width) * (1 - (k / 2) / 7.0), top = k % 2 ? y + 3 : y - 16;
        box place = {x, top, x + width, top + 13};
        if (place.y1 > HEIGHT - BOTTOM - 2 || place.y0 < TOP)
            continue;
        double c = covered(d, &place, labels, n);
        if (c < least) {
            least = c;
            best = place;
        }
    }
    labels[n] = best;
    if (least < INFINITY)
        put_text(d->out, "note halo", best.x0, best.y0 + 10, "start", text);
}

static double baseline_height(const drawing *d, const report_baseline *b)
{
    const report_metric *m = &d->r->metrics[d->y];
    double e = figure_baseline_error(b, m->name) * (m->percent ? 100 : 1);
    return e >= d->ay.lo && e <= d->ay.hi ? plot_position(&d->ay, e) : NAN;
}

/* A baseline is a dashed line at its error, and a diamond where its MACs are known and on an axis. */
static void put_baselines(drawing *d)
{
    const report *r = d->r;
    for (size_t i = 0; i < r->n_baselines; i++) {
        const report_baseline *b = &r->baselines[i];
        double p = baseline_height(d, b);
        if (isnan(p))
            continue;
        put_line(d->out, "baseline", LEFT, p, WIDTH - RIGHT, p);
        if (!strcmp(r->metrics[d->x].name, "macs") && b->macs >= d->ax.lo && b->macs <= d->ax.hi) {
            double x = plot_position(&d->ax, b->macs);
            buffer_puts(d->out, "<path class=\"diamond\" d=\"M");
            put_number(d->out, x);
            buffer_puts(d->out, " ");
            put_number(d->out, p - 6);
            buffer_puts(d->out, "l6 6l-6 6l-6 -6z\"/>\n");
        }
    }
}

/* After everything else, so that a label is never under a dot. */
static void put_baseline_labels(drawing *d)
{
    const report *r = d->r;
    box labels[sizeof r->baselines / sizeof r->baselines[0] + 1] = {{0}};
    size_t n = 0;
    for (size_t i = 0; i < r->n_baselines; i++) {
        double p = baseline_height(d, &r->baselines[i]);
        if (isnan(p))
            continue;
        char value[16];
        bool percent = r->metrics[d->y].percent;
        double e = figure_baseline_error(&r->baselines[i], r->metrics[d->y].name) * (percent ? 100 : 1);
        plot_label(value, percent ? round(e * 100) / 100 : round(e * 10000) / 10000, REPORT_PLAIN);
        put_line_label(d, p, arena_printf(d->a, "%s %s%s", r->baselines[i].name, value, percent ? " %" : ""), labels, n++);
    }
}

/* Every trial, once per half pixel: a million trials draw no more dots than fit. */
static bool put_cloud(drawing *d)
{
    enum { W = 2 * WIDTH, H = 2 * HEIGHT };
    unsigned char *seen = ARENA_NEW(d->a, unsigned char, W *H / 8 + 1);
    if (!seen)
        return false;
    buffer_puts(d->out, "<g class=\"cloud\">\n");
    for (size_t i = 0; i < d->r->n_trials; i++) {
        if (isnan(d->vx[i]) || d->r->on_front[i])
            continue;
        double x = plot_position(&d->ax, d->vx[i]), y = plot_position(&d->ay, d->vy[i]);
        if (!(x >= 0 && x < WIDTH && y >= 0 && y < HEIGHT))
            continue;
        size_t cell = (size_t)(2 * y) * W + (size_t)(2 * x);
        if (seen[cell / 8] & 1u << cell % 8)
            continue;
        seen[cell / 8] |= (unsigned char)(1u << cell % 8);
        put_circle(d->out, "trial", x, y, 2.2, NULL);
    }
    buffer_puts(d->out, "</g>\n");
    return true;
}

typedef struct corner {
    double x, y;
} corner;

static int by_x(const void *p, const void *q)
{
    const corner *a = p, *b = q;
    return a->x != b->x ? (a->x < b->x ? -1 : 1) : a->y < b->y ? -1 : a->y > b->y;
}

/* The stepped line of the front over the two metrics shown: the region that it dominates lies above and right of it. */
static bool put_steps(drawing *d)
{
    size_t n = 0;
    corner *c = ARENA_NEW(d->a, corner, d->r->n_trials + 1);
    if (!c)
        return false;
    for (size_t i = 0; i < d->r->n_trials; i++)
        if (!isnan(d->vx[i]))
            c[n++] = (corner){d->vx[i], d->vy[i]};
    if (!n)
        return true;
    qsort(c, n, sizeof *c, by_x);
    double best = INFINITY;
    buffer_puts(d->out, "<path class=\"steps\" d=\"");
    for (size_t i = 0; i < n; i++) {
        if (!(c[i].y < best))
            continue;
        buffer_puts(d->out, isinf(best) ? "M" : "H");
        put_number(d->out, plot_position(&d->ax, c[i].x));
        buffer_puts(d->out, isinf(best) ? " " : "V");
        put_number(d->out, plot_position(&d->ay, c[i].y));
        best = c[i].y;
    }
    buffer_puts(d->out, "H");
    put_number(d->out, WIDTH - RIGHT);
    buffer_puts(d->out, "\"/>\n");
    return true;
}

static int bit_class(const drawing *d, size_t i)
{
    return d->bits < 0 ? -1 : figure_bit_class(d->r->values[i * d->r->n_metrics + d->bits]);
}

static void put_front(drawing *d)
{
    const report *r = d->r;
    buffer_puts(d->out, "<g class=\"front\">\n");
    for (size_t i = 0; i < r->n_front; i++) {
        size_t t = r->front[i];
        if (isnan(d->vx[t]))
            continue;
        int k = bit_class(d, t);
        char lx[16], ly[16];
        plot_label(lx, d->vx[t], REPORT_PLAIN);
        plot_label(ly, d->vy[t], REPORT_PLAIN);
        put_circle(d->out, k < 0 ? "member" : arena_printf(d->a, "member %s", bit_classes[k].class),
                   plot_position(&d->ax, d->vx[t]), plot_position(&d->ay, d->vy[t]), 4.6,
                   arena_printf(d->a, "trial %" PRIu64 ": %s %s, %s %s\n%s", r->trials[t]->id,
                                report_axis_label(&r->metrics[d->y], d->a), ly,
                                report_axis_label(&r->metrics[d->x], d->a), lx,
                                r->trials[t]->genome ? r->trials[t]->genome : ""));
    }
    buffer_puts(d->out, "</g>\n");
}

static double legend_text(drawing *d, double x, const char *text)
{
    put_text(d->out, "note", x, 36, "start", text);
    return x + text_width(text) + 16;
}

static void put_legend(drawing *d)
{
    double x = LEFT;
    bool used[FIGURE_BIT_CLASSES] = {0};
    put_circle(d->out, "trial", x + 4, 32, 2.6, NULL);
    x = legend_text(d, x + 12, "trial");
    put_line(d->out, "steps", x, 32, x + 16, 32);
    x = legend_text(d, x + 22, "best of the two axes");
    if (d->bits < 0) {
        put_circle(d->out, "member", x + 5, 32, 4.6, NULL);
        legend_text(d, x + 14, "Pareto front");
        return;
    }
    x = legend_text(d, x, "Pareto front by mean weight bits:");
    for (size_t i = 0; i < d->r->n_front; i++) {
        int k = bit_class(d, d->r->front[i]);
        if (k >= 0)
            used[k] = true;
    }
    for (int k = 0; k < FIGURE_BIT_CLASSES; k++) {
        if (!used[k])
            continue;
        put_circle(d->out, arena_printf(d->a, "member %s", bit_classes[k].class), x, 32, 4.6, NULL);
        x = legend_text(d, x + 9, bit_classes[k].label);
    }
}

static void put_style(buffer *out)
{
    buffer_puts(out, "<style>\ntext{font-family:Helvetica,Arial,sans-serif;fill:#222}\n"
                     ".title{font-size:14px;font-weight:bold}.label{font-size:13px}.tick{font-size:11px}.note{font-size:11px}\n"
                     ".halo{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}\n"
                     ".grid{stroke:#e4e4e4;stroke-width:1}.axis{stroke:#444;stroke-width:1}\n"
                     ".baseline{stroke:#777;stroke-width:1;stroke-dasharray:5 4}.diamond{fill:#fff;stroke:#444;stroke-width:1.4}\n"
                     ".trial{fill:#8a8f98;fill-opacity:.45}.steps{fill:none;stroke:#222;stroke-width:1.2}\n"
                     ".member{fill:#1f6fb2;stroke:#fff;stroke-width:.8}\n");
    for (int k = 0; k < FIGURE_BIT_CLASSES; k++)
        buffer_printf(out, ".%s{fill:%s}", bit_classes[k].class, bit_classes[k].colour);
    buffer_puts(out, "\n</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
}

ash_status figure_front(const report *r, int x, int y, bool standalone, arena *a, buffer *out, ash_error *err)
{
    drawing d = {.r = r, .x = x, .y = y, .bits = figure_bits_metric(r), .a = a, .out = out};
    const report_metric *mx = &r->metrics[x], *my = &r->metrics[y];
    d.vx = column(&d, x, r->n_baselines);
    d.vy = column(&d, y, r->n_baselines);
    if (!d.vx || !d.vy)
        return ash_fail_memory(err);
    size_t n = r->n_trials;
    bool xlog = plot_wants_log(d.vx, n), ylog = plot_wants_log(d.vy, n);
    for (size_t i = 0; i < r->n_baselines; i++) { /* baselines are in view whatever the trials reach */
        d.vy[n + i] = figure_baseline_error(&r->baselines[i], my->name) * (my->percent ? 100 : 1);
        d.vx[n + i] = strcmp(mx->name, "macs") || isnan(d.vy[n + i]) ? NAN : r->baselines[i].macs;
    }
    plot_axis_fit(&d.ax, d.vx, n + r->n_baselines, xlog, mx->unit, LEFT, WIDTH - RIGHT);
    plot_axis_fit(&d.ay, d.vy, n + r->n_baselines, ylog, my->unit, HEIGHT - BOTTOM, TOP);

    const char *title = arena_printf(a, "%s: %s against %s", r->run->name ? r->run->name : "run", my->label, mx->label);
    if (standalone)
        buffer_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    buffer_printf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" viewBox=\"0 0 %d %d\"%s role=\"img\" aria-label=\"",
                  WIDTH, HEIGHT, standalone ? " width=\"680\" height=\"440\"" : "");
    escape_xml(out, title);
    buffer_puts(out, "\">\n<title>");
    escape_xml(out, title);
    buffer_puts(out, "</title>\n");
    if (standalone)
        put_style(out);
    put_text(out, "title", LEFT, 18, "start",
             arena_printf(a, "%s: %zu trials, %zu on the front", r->run->name ? r->run->name : "run", r->n_trials,
                          r->n_front));
    put_axes(&d);
    put_baselines(&d);
    if (!put_cloud(&d) || !put_steps(&d))
        return ash_fail_memory(err);
    put_front(&d);
    put_baseline_labels(&d);
    put_legend(&d);
    buffer_puts(out, "</svg>\n");
    return out->failed ? ash_fail_memory(err) : ASH_OK;
}

/* The front is drawn here and needs no other program; the other figures are gnuplot's. */
static ash_status write(const report *r, const report_view *view, arena *a, buffer *out, ash_error *err)
{
    chart c;
    if (!view->chart || view->chart->two_metrics)
        return figure_front(r, view->x, view->y, true, a, out, err);
    if (report_draw(r, view, a, &c, err) != ASH_OK)
        return err->status;
    return chart_gnuplot(&c, "svg", view->width_cm > 0 ? view->width_cm : CHART_WIDTH_CM, out, err);
}

const report_format report_svg = {"svg", "svg", "a figure as SVG; the front needs no other program", write, REPORT_FIGURE};
