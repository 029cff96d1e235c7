/* SPDX-License-Identifier: GPL-3.0-or-later */
/* markdown.c - the front as a table in Markdown */
#include "reports/columns.h"
#include "reports/escape.h"
#include <inttypes.h>

static ash_status write(const report *r, const report_view *view, arena *a, buffer *out, ash_error *err)
{
    int columns[COLUMNS_MOST];
    size_t n = columns_of(r, view, columns);
    buffer_puts(out, "| trial |");
    for (size_t k = 0; k < n; k++) {
        buffer_puts(out, " ");
        escape_markdown(out, report_axis_label(&r->metrics[columns[k]], a));
        buffer_puts(out, " |");
    }
    buffer_puts(out, "\n|---:|");
    for (size_t k = 0; k < n; k++)
        buffer_puts(out, "---:|");
    buffer_puts(out, "\n");
    for (size_t i = 0; i < r->n_front; i++) {
        buffer_printf(out, "| %" PRIu64 " |", r->trials[r->front[i]]->id);
        for (size_t k = 0; k < n; k++) {
            char cell[64];
            columns_cell(cell, &r->metrics[columns[k]], r->values[r->front[i] * r->n_metrics + (size_t)columns[k]], " ");
            buffer_printf(out, " %s |", cell);
        }
        buffer_puts(out, "\n");
    }
    return out->failed ? ash_fail_memory(err) : ASH_OK;
}

const report_format report_markdown = {"markdown", "md", "the front as a Markdown table", write, REPORT_TABLE};
