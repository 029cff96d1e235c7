/* SPDX-License-Identifier: GPL-3.0-or-later */
/* columns.c - see columns.h */
#include "reports/columns.h"
#include "core/format.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add(int *columns, size_t *n, int index)
{
    for (size_t i = 0; i < *n; i++)
        if (columns[i] == index)
            return;
    if (index >= 0 && *n < COLUMNS_MOST)
        columns[(*n)++] = index;
}

/* Floats alone need no label. */
static bool any_integer(const report *r)
{
    int k = report_metric_index(r, "integer");
    for (size_t i = 0; k >= 0 && i < r->n_front; i++)
        if (r->values[r->front[i] * r->n_metrics + (size_t)k] == 1)
            return true;
    return false;
}

size_t columns_default(const report *r, int columns[COLUMNS_MOST])
{
    static const char *const more[] = {"macs", "model_bytes", "mean_weight_bits"};
    size_t n = 0;
    for (size_t k = 0; k < r->n_objectives; k++) {
        const char *name = r->metrics[k].name;
        char test[80];
        add(columns, &n, (int)k);
        format_text(test, sizeof test, "test_%s", strncmp(name, "val_", 4) == 0 ? name + 4 : name);
        add(columns, &n, report_metric_index(r, test));
    }
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        add(columns, &n, report_metric_index(r, more[i]));
    if (any_integer(r))
        add(columns, &n, report_metric_index(r, "integer"));
    return n;
}

size_t columns_of(const report *r, const report_view *view, int columns[COLUMNS_MOST])
{
    if (!view->n_columns)
        return columns_default(r, columns);
    size_t n = view->n_columns < COLUMNS_MOST ? view->n_columns : COLUMNS_MOST;
    memcpy(columns, view->columns, n * sizeof *columns);
    return n;
}

void columns_cell(char out[64], const report_metric *m, double value, const char *group)
{
    bool whole = m->unit == REPORT_COUNT || m->unit == REPORT_BYTES;
    *out = 0;
    if (isnan(value))
        return;
    if (m->unit == REPORT_ARITHMETIC) {
        format_text(out, 64, "%s", report_arithmetic(value));
        return;
    }
    if (m->percent || !whole || fabs(value) >= 9e15 || value != floor(value)) {
        format_text(out, 64,
                    m->percent                   ? "%.2f"
                    : m->unit == REPORT_FRACTION ? "%.4f"
                                                 : "%.4g",
                    m->percent ? 100 * value : value);
        return;
    }
    char digits[24];
    size_t n = (size_t)format_text(digits, sizeof digits, "%" PRId64, (int64_t)fabs(value)), at = 0;
    at += (size_t)format_text(out, 64, "%s", value < 0 ? "-" : "");
    for (size_t i = 0; i < n; i++)
        at += (size_t)format_text(out + at, 64 - at, "%s%c", i && (n - i) % 3 == 0 ? group : "", digits[i]);
}
