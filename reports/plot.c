/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plot.c - axes with round ticks */
#include "reports/plot.h"
#include "core/text.h"
#include <math.h>
#include <string.h>

bool plot_wants_log(const double *values, size_t n)
{
    double lo = INFINITY, hi = -INFINITY;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i])) {
            lo = fmin(lo, values[i]);
            hi = fmax(hi, values[i]);
        }
    return lo > 0 && hi / lo > 30 && isfinite(hi);
}

void plot_label(char out[16], double value, report_unit unit)
{
    static const struct {
        double scale;
        const char *suffix;
    } prefixes[] = {{1e18, "E"}, {1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
    const char *suffix = "";
    if (unit == REPORT_COUNT || unit == REPORT_BYTES)
        for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
            if (fabs(value) >= prefixes[i].scale * 0.9999999) {
                value /= prefixes[i].scale;
                suffix = prefixes[i].suffix;
                break;
            }
    if (value != 0) { /* six significant digits hide what adding steps left behind */
        double scale = pow(10, 5 - floor(log10(fabs(value))));
        if (isfinite(scale) && isfinite(value * scale))
            value = round(value * scale) / scale;
    }
    char text[32];
    text_of_real(text, value);
    size_t n = strlen(text), room = 15 - strlen(suffix);
    n = n < room ? n : room;
    memcpy(out, text, n);
    memcpy(out + n, suffix, strlen(suffix) + 1);
}

static void add_tick(plot_axis *axis, double value, report_unit unit)
{
    if (axis->n_ticks == PLOT_MAX_TICKS)
        return;
    axis->ticks[axis->n_ticks] = value;
    plot_label(axis->labels[axis->n_ticks++], value, unit);
}

static void linear_ticks(plot_axis *axis, report_unit unit)
{
    double rough = (axis->hi - axis->lo) / 6, power = pow(10, floor(log10(rough)));
    double step = power * (rough / power > 5 ? 10 : rough / power > 2 ? 5 : rough / power > 1 ? 2 : 1);
    double first = ceil(axis->lo / step - 1e-9);
    for (int i = 0; i < PLOT_MAX_TICKS && (first + i) * step <= axis->hi + step * 1e-9; i++)
        add_tick(axis, first + i == 0 ? 0 : (first + i) * step, unit);
}

static void log_ticks(plot_axis *axis, report_unit unit)
{
    int lo = (int)floor(log10(axis->lo)), hi = (int)ceil(log10(axis->hi));
    int every = hi - lo > 12 ? (hi - lo + 11) / 12 : 1;
    double decades = log10(axis->hi / axis->lo);
    for (int e = lo; e <= hi; e += every)
        for (int k = 0; k < 3; k++) {
            static const double steps[] = {1, 2, 5};
            double v = steps[k] * pow(10, e);
            if ((k == 0 || (decades < 3.2 && every == 1)) && v >= axis->lo * 0.999999 && v <= axis->hi * 1.000001)
                add_tick(axis, v, unit);
        }
}

void plot_axis_fit(plot_axis *axis, const double *values, size_t n, bool log, report_unit unit, double from,
                   double to)
{
    double lo = INFINITY, hi = -INFINITY;
    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i])) {
            lo = fmin(lo, values[i]);
            hi = fmax(hi, values[i]);
        }
    if (!(lo <= hi))
        lo = 0, hi = 1;
    *axis = (plot_axis){.from = from, .to = to, .log = log && lo > 0};
    if (axis->log) {
        double room = pow(hi / lo, 0.04);
        room = room < 1.05 ? 1.05 : room;
        axis->lo = lo / room;
        axis->hi = hi * room;
        log_ticks(axis, unit);
    } else {
        double room = hi > lo ? 0.04 * (hi - lo) : lo != 0 ? 0.1 * fabs(lo) : 1;
        /* start at zero when that wastes little; and never show room below it */
        axis->lo = lo >= 0 && lo - room < 0.3 * (hi - lo) ? 0 : lo - room;
        axis->hi = hi + room;
        linear_ticks(axis, unit);
    }
}

double plot_position(const plot_axis *axis, double value)
{
    double t = axis->log ? log(value / axis->lo) / log(axis->hi / axis->lo)
                         : (value - axis->lo) / (axis->hi - axis->lo);
    return axis->from + t * (axis->to - axis->from);
}
