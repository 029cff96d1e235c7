/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.c - a run in plain text, for a terminal or a mail */
#include "core/log.h"
#include "reports/escape.h"
#include "reports/lines.h"
#include <inttypes.h>
#include <math.h>

enum { COLUMNS = 100, ROWS = 18, FAILURES = 8 };

static void put_heading(const report *r, buffer *out)
{
    char duration[32];
    escape_line(out, r->run->name ? r->run->name : "run");
    buffer_printf(out, ", run %" PRId64, r->run->id);
    if (r->source) {
        buffer_puts(out, " of ");
        escape_line(out, r->source);
    }
    buffer_printf(out, ": %zu trials, %" PRIu64 " evaluated, %zu on the front, %s of training\n\n", r->n_trials, r->evaluations,
                  r->n_front, text_of_duration(duration, r->train_s));
}

static void put_baselines(const report *r, buffer *out)
{
    for (size_t i = 0; i < r->n_baselines; i++) {
        const report_baseline *b = &r->baselines[i];
        double scale = r->classification ? 100 : 1;
        const char *unit = r->classification ? " %" : "";
        buffer_printf(out, "%s ", b->name);
        if (!isnan(b->val_error))
            buffer_printf(out, "%.4g%s validation error", scale * b->val_error, unit);
        if (!isnan(b->test_error))
            buffer_printf(out, "%s%.4g%s test error", isnan(b->val_error) ? "" : ", ", scale * b->test_error, unit);
        buffer_puts(out, "\n");
    }
}

static void put_field(buffer *out, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    buffer_printf(out, "  %-17s ", name);
    escape_line(out, value);
    buffer_puts(out, "\n");
}

static void put_making(const report *r, arena *a, buffer *out)
{
    buffer_puts(out, "\nHow it was made\n");
    put_field(out, "data", r->run->data_name);
    put_field(out, "objectives", r->run->objectives);
    put_field(out, "seed", arena_printf(a, "%" PRIu64, r->run->seed));
    put_field(out, "kernel level", r->run->kernel_level);
    for (size_t i = 0; i < r->n_fields; i++)
        put_field(out, r->fields[i].name, r->fields[i].value);
}

static ash_status write(const report *r, const report_view *view, arena *a, buffer *out, ash_error *err)
{
    put_heading(r, out);
    if (r->n_front) {
        lines_front(r, view, 0, COLUMNS, a, out);
        buffer_puts(out, "\n");
    }
    if (lines_plot(r, view, &(lines_size){COLUMNS, ROWS, view->ascii}, a, out, err) != ASH_OK)
        return err->status;
    buffer_puts(out, r->n_front ? "\n" : "");
    lines_hypervolume(r, out);
    put_baselines(r, out);
    if (r->by_status[TRIAL_OK] + r->by_status[TRIAL_DUPLICATE] < r->n_trials) {
        buffer_puts(out, "\nWithout a result\n");
        if (lines_failures(r, FAILURES, COLUMNS, a, out, err) != ASH_OK)
            return err->status;
    }
    put_making(r, a, out);
    return out->failed ? ash_fail_memory(err) : ASH_OK;
}

const report_format report_text = {"text", "txt", "the front as a table and a plot in characters, failures", write, REPORT_TABLE};
