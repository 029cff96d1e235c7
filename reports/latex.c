/* SPDX-License-Identifier: GPL-3.0-or-later */
/* latex.c - the front as a table for a paper, by the rules of booktabs */
#include "reports/columns.h"
#include "reports/escape.h"
#include <inttypes.h>

static ash_status write(const report *r, const report_view *view, arena *a, buffer *out, ash_error *err)
{
    int columns[COLUMNS_MOST];
    size_t n = columns_of(r, view, columns);
    buffer_puts(out, "% \\usepackage{booktabs}, then \\input this file\n\\begin{tabular}{r");
    for (size_t k = 0; k < n; k++)
        buffer_puts(out, "r");
    buffer_puts(out, "}\n\\toprule\ntrial");
    for (size_t k = 0; k < n; k++) {
        buffer_puts(out, " & ");
        escape_latex(out, report_axis_label(&r->metrics[columns[k]], a));
    }
    buffer_puts(out, " \\\\\n\\midrule\n");
    for (size_t i = 0; i < r->n_front; i++) {
        buffer_printf(out, "%" PRIu64, r->trials[r->front[i]]->id);
        for (size_t k = 0; k < n; k++) {
            char cell[64];
            columns_cell(cell, &r->metrics[columns[k]], r->values[r->front[i] * r->n_metrics + (size_t)columns[k]], "\\,");
            buffer_printf(out, " & %s", *cell ? cell : "--");
        }
        buffer_puts(out, " \\\\\n");
    }
    buffer_puts(out, "\\bottomrule\n\\end{tabular}\n");
    return out->failed ? ash_fail_memory(err) : ASH_OK;
}

const report_format report_latex = {"latex", "tex", "the front as a LaTeX table (booktabs)", write, REPORT_TABLE};
