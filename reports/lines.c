/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lines.c - see lines.h */
#include "reports/lines.h"
#include "core/text.h"
#include "reports/chart.h"
#include "reports/columns.h"
#include "reports/escape.h"
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- pieces ---- */

static void put_right(buffer *out, const char *text, size_t width)
{
    for (size_t n = text_characters(text); n < width; n++)
        buffer_puts(out, " ");
    buffer_puts(out, text);
}

void lines_cut(buffer *out, const char *text, size_t width)
{
    buffer line = {0};
    escape_line(&line, text);
    size_t at = 0, n = 0;
    for (; at < line.len && (n < width || (line.data[at] & 0xc0) == 0x80); at++)
        n += (line.data[at] & 0xc0) != 0x80;
    bool cut = at < line.len;
    if (cut) /* three dots in the place of the last three characters */
        for (size_t drop = 0; at && drop < 3;)
            drop += (line.data[--at] & 0xc0) != 0x80;
    if (line.len)
        buffer_add(out, line.data, at);
    buffer_puts(out, cut ? "..." : "");
    out->failed |= line.failed;
    buffer_free(&line);
}

/* ---- the front ---- */

void lines_front(const report *r, const report_view *view, size_t most, size_t columns, arena *a, buffer *out)
{
    int shown[COLUMNS_MOST];
    size_t n = columns_of(r, view, shown), width[COLUMNS_MOST + 1] = {5}, used = 0;
    size_t rows = most && r->n_front > most ? most : r->n_front;
    const char *heads[COLUMNS_MOST];
    char cell[64];
    for (size_t k = 0; k < n; k++) {
        const char *label = report_axis_label(&r->metrics[shown[k]], a);
        width[k + 1] = text_characters(heads[k] = label ? label : r->metrics[shown[k]].name);
        for (size_t i = 0; i < r->n_front; i++) {
            columns_cell(cell, &r->metrics[shown[k]], r->values[r->front[i] * r->n_metrics + (size_t)shown[k]], " ");
            width[k + 1] = text_characters(cell) > width[k + 1] ? text_characters(cell) : width[k + 1];
        }
    }
    used = width[0];
    for (size_t k = 0; k < n; k++) {
        if (used + 2 + width[k + 1] > columns)
            n = k; /* what does not fit is left out */
        else
            used += 2 + width[k + 1];
    }
    put_right(out, "trial", width[0]);
    for (size_t k = 0; k < n; k++) {
        buffer_puts(out, "  ");
        put_right(out, heads[k], width[k + 1]);
    }
    used += 2;
    bool genome = used + 20 <= columns;
    buffer_puts(out, genome ? "  network\n" : "\n");
    for (size_t row = 0; row < rows; row++) {
        size_t i = r->front[rows > 1 ? row * (r->n_front - 1) / (rows - 1) : 0];
        buffer number = {0};
        buffer_printf(&number, "%" PRIu64, r->trials[i]->id);
        put_right(out, number.data ? number.data : "", width[0]);
        buffer_free(&number);
        for (size_t k = 0; k < n; k++) {
            columns_cell(cell, &r->metrics[shown[k]], r->values[i * r->n_metrics + (size_t)shown[k]], " ");
            buffer_puts(out, "  ");
            put_right(out, cell, width[k + 1]);
        }
        if (genome) {
            buffer_puts(out, "  ");
            lines_cut(out, r->trials[i]->genome, columns - used);
        }
        buffer_puts(out, "\n");
    }
    if (rows < r->n_front)
        buffer_printf(out, "%*s and %zu more\n", (int)width[0], "", r->n_front - rows);
}

ash_status lines_plot(const report *r, const report_view *view, const lines_size *size, arena *a, buffer *out, ash_error *err)
{
    chart c;
    if (view->x < 0 || view->y < 0 || !r->n_front)
        return ASH_OK;
    if (report_draw(r, view, a, &c, err) != ASH_OK)
        return err->status;
    return chart_characters(&c, size->columns, size->rows, size->ascii, out, err);
}

void lines_hypervolume(const report *r, buffer *out)
{
    if (!r->reference || !isfinite(r->hypervolume))
        return;
    if (r->box > 0)
        buffer_printf(out, "hypervolume %.4f of the box up to ", r->hypervolume / r->box);
    else
        buffer_printf(out, "hypervolume %.6g up to ", r->hypervolume);
    for (size_t k = 0; k < r->n_objectives; k++)
        buffer_printf(out, "%s%s %.6g", k ? ", " : "", r->metrics[k].name, r->reference[k]);
    buffer_puts(out, r->reference_given ? "\n" : " (from the front itself: it compares nothing across runs)\n");
}

/* ---- failures ---- */

typedef struct failure {
    trial_status status;
    const char *kind, *reason; /* the reason without its numbers; the first reason as it is */
    size_t n, first;
} failure;

static const char *without_numbers(const char *text, arena *a)
{
    char *out = arena_strdup(a, text ? text : ""), *w = out;
    if (!out)
        return NULL;
    for (const char *p = out; *p;) {
        if (isdigit((unsigned char)*p)) {
            while (isdigit((unsigned char)*p) || (strchr(".,e+- ", *p) && *p && isdigit((unsigned char)p[1])))
                p++;
            *w++ = '#';
        } else {
            *w++ = *p++;
        }
    }
    *w = 0;
    return out;
}

static int by_kind(const void *p, const void *q)
{
    const failure *a = p, *b = q;
    int d = a->status != b->status ? (int)a->status - (int)b->status : strcmp(a->kind, b->kind);
    return d ? d : (a->first > b->first) - (a->first < b->first);
}

static int by_count(const void *p, const void *q)
{
    const failure *a = p, *b = q;
    return a->n != b->n ? (a->n < b->n) - (a->n > b->n) : (a->first > b->first) - (a->first < b->first);
}

ash_status lines_failures(const report *r, size_t most, size_t columns, arena *a, buffer *out, ash_error *err)
{
    failure *f = ARENA_NEW(a, failure, r->n_trials + 1);
    size_t n = 0, kinds = 0;
    if (!f)
        return ash_fail_memory(err);
    for (size_t i = 0; i < r->n_trials; i++) {
        const trial *t = r->trials[i];
        if (t->status == TRIAL_OK || t->status == TRIAL_DUPLICATE)
            continue;
        f[n] = (failure){t->status, without_numbers(t->reason, a), t->reason, 1, i};
        if (!f[n++].kind)
            return ash_fail_memory(err);
    }
    if (n)
        qsort(f, n, sizeof *f, by_kind);
    for (size_t i = 0; i < n; i++) {
        if (kinds && f[kinds - 1].status == f[i].status && strcmp(f[kinds - 1].kind, f[i].kind) == 0)
            f[kinds - 1].n++;
        else
            f[kinds++] = f[i];
    }
    if (kinds)
        qsort(f, kinds, sizeof *f, by_count);
    for (size_t i = 0; i < kinds && i < most; i++) {
        buffer line = {0};
        buffer_printf(&line, "%6zu  %-10s  %s", f[i].n, trial_status_name(f[i].status), f[i].reason ? f[i].reason : "");
        if (f[i].n > 1 && strchr(f[i].kind, '#'))
            buffer_puts(&line, " (for example)");
        lines_cut(out, line.data ? line.data : "", columns);
        buffer_puts(out, "\n");
        buffer_free(&line);
    }
    if (kinds > most)
        buffer_printf(out, "        and %zu more reasons\n", kinds - most);
    return ASH_OK;
}
