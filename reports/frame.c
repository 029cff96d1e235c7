/* SPDX-License-Identifier: GPL-3.0-or-later */
/* frame.c - see frame.h */
#include "reports/frame.h"
#include "core/log.h"
#include "reports/columns.h"
#include "reports/nodes.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

static size_t without_result(const report *r)
{
    return r->n_trials - r->by_status[TRIAL_OK] - r->by_status[TRIAL_DUPLICATE];
}

static void put_progress(const report *r, const frame_progress *p, buffer *out)
{
    char text[32];
    buffer_printf(out, "%" PRIu64, r->evaluations);
    if (p->evaluations)
        buffer_printf(out, "/%" PRId64, p->evaluations);
    buffer_puts(out, " evaluations");
    if (isfinite(p->fraction))
        buffer_printf(out, "  %.0f %%", floor(100 * p->fraction));
    if (isfinite(p->rate) && p->rate > 0)
        buffer_printf(out, p->rate < 0.1 ? "  %.1f/min" : "  %.1f/s", p->rate < 0.1 ? 60 * p->rate : p->rate);
    if (isfinite(p->elapsed_s))
        buffer_printf(out, "  %s so far", text_of_duration(text, p->elapsed_s));
    if (isfinite(p->left_s) && strcmp(p->state, "running") == 0)
        buffer_printf(out, "  about %s left", text_of_duration(text, p->left_s));
}

ash_status frame_line(const report *r, const frame_progress *p, buffer *out, ash_error *err)
{
    if (strcmp(p->state, "running") != 0)
        buffer_printf(out, "%s  ", p->state);
    put_progress(r, p, out);
    if (isfinite(r->hypervolume))
        buffer_printf(out, "  hypervolume %.4g", r->box > 0 ? r->hypervolume / r->box : r->hypervolume);
    buffer_printf(out, "  %zu on the front", r->n_front);
    if (without_result(r))
        buffer_printf(out, "  %zu without a result", without_result(r));
    buffer_puts(out, "\n");
    return out->failed ? ash_fail_memory(err) : ASH_OK;
}

static void put_bar(double fraction, const lines_size *size, buffer *out)
{
    size_t width = size->columns > 60 ? 60 : size->columns, full = (size_t)floor(fmin(1, fmax(0, fraction)) * (double)width);
    for (size_t i = 0; i < width; i++)
        buffer_puts(out, size->ascii ? (i < full ? "#" : "-") : i < full ? "█" : "░");
    buffer_puts(out, "\n");
}

/* The newest trials, in id order: what became of them, and their objectives. */
static void put_last(const report *r, size_t most, size_t columns, arena *a, buffer *out)
{
    for (size_t i = r->n_trials > most ? r->n_trials - most : 0; i < r->n_trials; i++) {
        const trial *t = r->trials[i];
        buffer line = {0};
        buffer_printf(&line, "%6" PRIu64 "  %-10s", t->id, trial_status_name(t->status));
        for (size_t k = 0; k < r->n_objectives; k++) {
            char cell[64];
            columns_cell(cell, &r->metrics[k], r->values[i * r->n_metrics + k], " ");
            if (*cell)
                buffer_printf(&line, "  %s %s", report_axis_label(&r->metrics[k], a), cell);
        }
        if (r->on_front[i])
            buffer_puts(&line, "  on the front");
        else if (t->reason)
            buffer_printf(&line, "  %s", t->reason);
        lines_cut(out, line.data ? line.data : "", columns);
        buffer_puts(out, "\n");
        buffer_free(&line);
    }
}

ash_status frame_write(const report *r, const frame_progress *p, const report_view *view, const lines_size *size, arena *a,
                       buffer *out, ash_error *err)
{
    enum {
        LAST = 4,
        MEMBERS = 4,
        FAILURES = 3,
        NODES = 5,
        HEAD = 5,
        AROUND_PLOT = 7,
        AROUND_MEMBERS = 3,
        AROUND_LAST = 2,
        AROUND_FAILURES = 3
    };
    buffer line = {0};
    buffer_printf(&line, "%s, run %" PRId64 " of %s: %s", r->run->name ? r->run->name : "run", r->run->id, r->source, p->state);
    lines_cut(out, line.data ? line.data : "", size->columns);
    buffer_clear(&line);
    buffer_puts(out, "\n");
    if (isfinite(p->fraction))
        put_bar(p->fraction, size, out);
    put_progress(r, p, &line);
    lines_cut(out, line.data ? line.data : "", size->columns);
    buffer_clear(&line);
    buffer_puts(out, "\n");
    if (!r->n_trials) {
        buffer_puts(out, "no trial yet\n");
        buffer_free(&line);
        return out->failed ? ash_fail_memory(err) : ASH_OK;
    }
    lines_hypervolume(r, &line);
    if (line.len)
        line.data[line.len - 1] = 0; /* the line's end comes after the cut */
    lines_cut(out, line.data ? line.data : "", size->columns);
    buffer_free(&line);
    buffer_puts(out, "\n");
    size_t failures = without_result(r) ? FAILURES + AROUND_FAILURES : 0, rows = size->rows < 24 ? 24 : size->rows;
    size_t members = rows >= 36 ? MEMBERS + AROUND_MEMBERS : 0; /* a small terminal has the plot and the last trials */
    size_t most = rows >= 36 ? NODES : 0, where = nodes_count_lines(r->nodes, most);
    size_t used = HEAD + AROUND_PLOT + members + LAST + AROUND_LAST + failures + where;
    lines_size plot = {size->columns, rows > used + 6 ? rows - used : 6, size->ascii};
    if (plot.rows > 20)
        plot.rows = 20;
    nodes_write_lines(r->nodes, most, size->columns, size->ascii, a, out);
    buffer_puts(out, "\n");
    if (lines_plot(r, view, &plot, a, out, err) != ASH_OK)
        return err->status;
    if (r->n_front && members) {
        buffer_puts(out, "\n");
        lines_front(r, view, MEMBERS, size->columns, a, out);
    }
    buffer_puts(out, "\nLast trials\n");
    put_last(r, LAST, size->columns, a, out);
    if (failures) {
        buffer_puts(out, "\nWithout a result\n");
        if (lines_failures(r, FAILURES, size->columns, a, out, err) != ASH_OK)
            return err->status;
    }
    return out->failed ? ash_fail_memory(err) : ASH_OK;
}
