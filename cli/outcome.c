/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outcome.c - see outcome.h */
#include "cli/outcome.h"
#include "cli/table.h"
#include "core/log.h"
#include "reports/columns.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */

static void put_value(table *t, const report_metric *m, double value, output_format format)
{
    bool whole = m->unit == REPORT_COUNT || m->unit == REPORT_BYTES;
    if (m->unit == REPORT_ARITHMETIC)
        table_text(t, isnan(value) ? NULL : report_arithmetic(value));
    else if (m->percent && format == FORMAT_TABLE)
        table_number(t, 100 * value, "%.2f");
    else if (whole && isfinite(value) && fabs(value) < 9e15)
        table_integer(t, (int64_t)value);
    else
        table_number(t, value, m->unit == REPORT_FRACTION ? "%.4f" : "%.4g");
}

static void print_front(const report *r, output_format format, arena *a)
{
    int columns[COLUMNS_MOST];
    size_t n = columns_default(r, columns);
    table *t = table_create();
    table_column(t, "trial", TABLE_RIGHT);
    for (size_t k = 0; k < n; k++) {
        const report_metric *m = &r->metrics[columns[k]];
        const char *label = format == FORMAT_TABLE ? report_axis_label(m, a) : m->name;
        table_column(t, label ? label : m->name, TABLE_RIGHT);
    }
    table_column(t, format == FORMAT_TABLE ? "network" : "genome", TABLE_WRAP);
    for (size_t i = 0; i < r->n_front; i++) {
        table_row(t);
        table_integer(t, (int64_t)r->trials[r->front[i]]->id);
        for (size_t k = 0; k < n; k++)
            put_value(t, &r->metrics[columns[k]], r->values[r->front[i] * r->n_metrics + (size_t)columns[k]],
                      format);
        table_text(t, r->trials[r->front[i]]->genome);
    }
    table_print(t, format, stdout);
    table_destroy(t);
}

/* ---- around the table ---- */

static void print_counts(const report *r, double wall_s)
{
    char duration[32];
    printf("%zu trials in %s: %" PRIu64 " evaluated", r->n_trials, text_of_duration(duration, wall_s), r->evaluations);
    static const struct {
        trial_status status;
        const char *words;
    } others[] = {{TRIAL_DUPLICATE, "repeats"},    {TRIAL_INFEASIBLE, "over a constraint"},
                  {TRIAL_INVALID, "no network"},   {TRIAL_DIVERGED, "diverged"},
                  {TRIAL_CAPPED, "over a cap"},    {TRIAL_TIMEOUT, "over their time"},
                  {TRIAL_FAILED, "failed"}};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (r->by_status[others[i].status])
            printf(", %zu %s", r->by_status[others[i].status], others[i].words);
    printf("; %zu on the front\n\n", r->n_front);
}

static void print_baselines(const report *r)
{
    const char *separator = "\nbaselines: ";
    for (size_t i = 0; i < r->n_baselines; i++) {
        const report_baseline *b = &r->baselines[i];
        bool test = isfinite(b->test_error);
        double error = test ? b->test_error : b->val_error;
        if (!isfinite(error))
            continue;
        printf("%s%s ", separator, b->name);
        printf(r->classification ? "%.2f %%" : "%.4f", r->classification ? 100 * error : error);
        printf(" %s error", test ? "test" : "validation");
        if (isfinite(b->macs))
            printf(", %.0f MACs", b->macs);
        separator = "; ";
    }
    if (*separator == ';')
        putchar('\n');
}

static void print_hypervolume(const report *r)
{
    if (!r->reference || !isfinite(r->hypervolume))
        return;
    if (r->box > 0)
        printf("hypervolume: %.4f of the box up to (", r->hypervolume / r->box);
    else
        printf("hypervolume: %.6g up to (", r->hypervolume);
    for (size_t k = 0; k < r->n_objectives; k++)
        printf("%s%s %.6g", k ? ", " : "", r->metrics[k].name, r->reference[k]);
    puts(")");
}

const char *outcome_shell_word(arena *a, const char *word)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,:+@%";
    if (*word && word[strspn(word, safe)] == '\0')
        return word;
    buffer out = {0};
    buffer_puts(&out, "'");
    for (; *word; word++)
        if (*word == '\'')
            buffer_puts(&out, "'\\''");
        else
            buffer_add(&out, word, 1);
    buffer_puts(&out, "'");
    char *copy = out.failed ? NULL : arena_strndup(a, out.data, out.len);
    buffer_free(&out);
    return copy;
}

/* The most accurate member: the lowest value of the first objective. */
static uint64_t best_member(const report *r)
{
    size_t best = 0;
    for (size_t i = 1; i < r->n_front; i++)
        if (r->values[r->front[i] * r->n_metrics] < r->values[r->front[best] * r->n_metrics])
            best = i;
    return r->n_front ? r->trials[r->front[best]]->id : 1;
}

static void print_next(const recorder *rec, const report *r, arena *a)
{
    const char *path = outcome_shell_word(a, db_path(rec->db));
    printf("database: %s\n\nnext:\n", db_path(rec->db));
    if (!path)
        return;
    size_t stem = strlen(db_path(rec->db)), dot = stem > 3 && strcmp(db_path(rec->db) + stem - 3, ".db") == 0 ? 3 : 0;
    const char *page = arena_printf(a, "%.*s.html", (int)(stem - dot), db_path(rec->db));
    page = page ? outcome_shell_word(a, page) : NULL;
    printf("  ashlar report %s -o %s\n", path, page ? page : "report.html");
    if (r->n_objectives > 1)
        printf("  ashlar query %s --pareto %s,%s\n", path, r->metrics[0].name, r->metrics[1].name);
    printf("  ashlar show %s %" PRIu64 "\n", path, best_member(r));
    printf("  ashlar verify %s\n", path);
}

/* Without any result there is nothing to look at but the reason. */
static void print_first_failure(const report *r)
{
    for (size_t i = 0; i < r->n_trials; i++)
        if (r->trials[i]->reason) {
            printf("no network has a result; trial %" PRIu64 ", %s: %s\n", r->trials[i]->id, trial_status_name(r->trials[i]->status),
                   r->trials[i]->reason);
            return;
        }
}

ash_status outcome_print(recorder *rec, output_format format, double wall_s, ash_error *err)
{
    arena *a = arena_create();
    report *r;
    if (!a)
        return ash_fail_memory(err);
    ash_status status = report_load(rec->db, rec->run, db_path(rec->db), a, &r, err);
    if (status == ASH_OK) {
        if (format == FORMAT_TABLE)
            print_counts(r, wall_s);
        if (format == FORMAT_TABLE && r->n_front == 0)
            print_first_failure(r);
        else
            print_front(r, format, a);
        if (format == FORMAT_TABLE && r->n_front) {
            print_baselines(r);
            print_hypervolume(r);
            print_next(rec, r, a);
        }
    }
    arena_destroy(a);
    return status;
}
