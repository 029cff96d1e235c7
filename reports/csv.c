/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv.c - one row per trial (RFC 4180): id, status, front, every metric, genome
 *
 * Numbers are in shortest exact form and in the metric's own unit (an error is a fraction). Unknown values are empty. */
#include "reports/escape.h"
#include "reports/report.h"
#include "core/text.h"
#include <inttypes.h>
#include <math.h>

static void put_real(buffer *out, double value)
{
    char text[32];
    if (!isnan(value))
        buffer_puts(out, text_of_real(text, value));
}

static ash_status write(const report *r, const report_view *view, arena *a, buffer *out, ash_error *err)
{
    (void)a;
    buffer_puts(out, "trial,status,front,");
    for (size_t k = 0; k < r->n_metrics; k++) {
        escape_csv(out, r->metrics[k].name);
        buffer_puts(out, ",");
    }
    buffer_puts(out, "epochs,trained_macs,wall_s,original,parent_1,parent_2,genome,reason\r\n");
    for (size_t i = 0; i < r->n_trials; i++) {
        const trial *t = r->trials[i];
        if (view->front_only && !r->on_front[i])
            continue;
        buffer_printf(out, "%" PRIu64 ",%s,%d,", t->id, trial_status_name(t->status), r->on_front[i]);
        for (size_t k = 0; k < r->n_metrics; k++) {
            put_real(out, r->values[i * r->n_metrics + k]);
            buffer_puts(out, ",");
        }
        buffer_printf(out, "%u,%" PRIu64 ",", t->n_curve ? t->curve[t->n_curve - 1].epoch : 0, t->trained_macs);
        put_real(out, t->wall_s);
        buffer_puts(out, ",");
        if (t->original)
            buffer_printf(out, "%" PRIu64, t->original);
        for (uint32_t p = 0; p < TRIAL_MAX_PARENTS; p++) {
            buffer_puts(out, ",");
            if (p < t->n_parents)
                buffer_printf(out, "%" PRIu64, t->parents[p]);
        }
        buffer_puts(out, ",");
        escape_csv(out, t->genome);
        buffer_puts(out, ",");
        escape_csv(out, t->reason);
        buffer_puts(out, "\r\n");
    }
    return out->failed ? ash_fail_memory(err) : ASH_OK;
}

const report_format report_csv = {"csv", "csv", "one row per trial, or per front member with --front", write, REPORT_TRIALS};
