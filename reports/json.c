/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - the report as one JSON object
 *
 * Text is escaped so that the object may stand inside a <script> element: no '<' survives, whatever a genome or a
 * reason holds. Block descriptions and data sets come from the database as JSON; they are parsed and written again, and
 * what does not parse becomes null. */
#include "reports/json.h"
#include "core/text.h"
#include "reports/escape.h"
#include "reports/nodes.h"
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* '<' can only stand inside a string of well-formed JSON, where \u003c means the same. */
static void put_wellformed(buffer *out, const char *json)
{
    for (const char *s = json; *s;) {
        size_t n = strcspn(s, "<>&");
        buffer_add(out, s, n);
        s += n;
        if (*s)
            buffer_printf(out, "\\u%04x", (unsigned)(unsigned char)*s++);
    }
}

static void put_document(buffer *out, const char *text)
{
    json_t *parsed = text ? json_loads(text, 0, NULL) : NULL;
    char *compact = json_is_object(parsed) ? json_dumps(parsed, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    if (compact)
        put_wellformed(out, compact);
    else
        buffer_puts(out, "null");
    free(compact);
    json_decref(parsed);
}

static void put_key_text(buffer *out, const char *key, const char *text)
{
    buffer_printf(out, "\"%s\":", key);
    escape_json(out, text);
    buffer_puts(out, ",");
}

static void put_head(const report *r, arena *a, buffer *out)
{
    char hex[65];
    put_key_text(out, "source", r->source);
    buffer_printf(out, "\"run\":{\"id\":%" PRId64 ",\"seed\":%" PRIu64 ",", r->run->id, r->run->seed);
    put_key_text(out, "name", r->run->name);
    put_key_text(out, "identity", hash_is_zero(&r->run->identity) ? NULL : hash_to_hex(hex, &r->run->identity));
    put_key_text(out, "kernel_level", r->run->kernel_level);
    put_key_text(out, "data_name", r->run->data_name);
    put_key_text(out, "data_hash", r->run->data_hash);
    put_key_text(out, "settings", r->run->settings);
    put_key_text(out, "config", r->run->config);
    buffer_puts(out, "\"space\":");
    escape_json(out, r->run->space_text);
    buffer_puts(out, "},\n\"objectives\":[");
    for (size_t i = 0; i < r->n_objectives; i++) {
        buffer_puts(out, i ? "," : "");
        escape_json(out, r->metrics[i].name);
    }
    buffer_puts(out, "],\n\"metrics\":[");
    for (size_t i = 0; i < r->n_metrics; i++) {
        const report_metric *m = &r->metrics[i];
        buffer_puts(out, i ? ",{" : "{");
        put_key_text(out, "name", m->name);
        put_key_text(out, "label", m->label);
        put_key_text(out, "axis", report_axis_label(m, a));
        put_key_text(out, "unit", report_unit_name(m->unit));
        buffer_printf(out, "\"percent\":%s,\"objective\":%s,\"known\":%zu}", m->percent ? "true" : "false",
                      m->objective ? "true" : "false", m->known);
    }
    buffer_printf(out, "],\n\"counts\":{\"trials\":%zu,\"evaluations\":%" PRIu64 ",\"front\":%zu", r->n_trials,
                  r->evaluations, r->n_front);
    for (int s = 0; s < TRIAL_STATUS_COUNT; s++)
        if (r->by_status[s])
            buffer_printf(out, ",\"%s\":%zu", trial_status_name(s), r->by_status[s]);
    buffer_puts(out, "},\n\"train_s\":");
    escape_json_number(out, r->train_s, 0);
    buffer_printf(out, ",\"trained_macs\":%" PRIu64 ",\n", r->trained_macs);
}

static void put_number(buffer *out, const char *key, double value, const char *after)
{
    buffer_printf(out, "\"%s\":", key);
    escape_json_number(out, value, 0);
    buffer_puts(out, after);
}

static void put_progress(const report *r, buffer *out)
{
    buffer_puts(out, "\"reference\":");
    if (r->reference) {
        for (size_t i = 0; i < r->n_objectives; i++) {
            buffer_puts(out, i ? "," : "[");
            escape_json_number(out, r->reference[i], 0);
        }
        buffer_printf(out, "],\"reference_given\":%s,", r->reference_given ? "true" : "false");
    } else {
        buffer_puts(out, "null,\"reference_given\":false,");
    }
    put_number(out, "hypervolume", r->hypervolume, ",");
    put_number(out, "box", r->box > 0 ? r->box : NAN, ",\n\"history\":[");
    for (size_t i = 0; i < r->n_history; i++) {
        const report_step *s = &r->history[i];
        buffer_printf(out, "%s[%" PRIu64 ",%" PRIu64 ",", i ? "," : "", s->evaluations, s->trial);
        escape_json_number(out, s->hypervolume, 0);
        buffer_puts(out, "]");
    }
    buffer_puts(out, "],\n\"data\":");
    put_document(out, r->data_json);
    buffer_puts(out, ",\n\"baselines\":[");
    for (size_t i = 0; i < r->n_baselines; i++) {
        buffer_puts(out, i ? ",{" : "{");
        put_key_text(out, "name", r->baselines[i].name);
        put_number(out, "error", r->baselines[i].val_error, ",");
        put_number(out, "test_error", r->baselines[i].test_error, ",");
        put_number(out, "macs", r->baselines[i].macs, "}");
    }
    buffer_puts(out, "],\n\"fields\":[");
    for (size_t i = 0; i < r->n_fields; i++) {
        buffer_puts(out, i ? ",[" : "[");
        escape_json(out, r->fields[i].name);
        buffer_puts(out, ",");
        escape_json(out, r->fields[i].value);
        buffer_puts(out, "]");
    }
    buffer_puts(out, "],\n");
}

static void put_curve(const trial *t, buffer *out)
{
    static const struct {
        const char *name;
        size_t offset;
    } columns[] = {{"train_loss", offsetof(curve_point, train_loss)},
                   {"val_loss", offsetof(curve_point, val_loss)},
                   {"val_error", offsetof(curve_point, val_error)}};
    buffer_puts(out, ",\"curve\":{\"epoch\":[");
    for (size_t i = 0; i < t->n_curve; i++)
        buffer_printf(out, "%s%u", i ? "," : "", t->curve[i].epoch);
    for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
        buffer_printf(out, "],\"%s\":[", columns[c].name);
        for (size_t i = 0; i < t->n_curve; i++) {
            buffer_puts(out, i ? "," : "");
            escape_json_number(out, *(const double *)((const char *)&t->curve[i] + columns[c].offset), 0);
        }
    }
    buffer_puts(out, "]}");
}

static void put_trial(const report *r, size_t i, buffer *out)
{
    const trial *t = r->trials[i];
    char hex[65];
    buffer_printf(out, "{\"id\":%" PRIu64 ",\"status\":\"%s\",\"front\":%s,", t->id, trial_status_name(t->status),
                  r->on_front[i] ? "true" : "false");
    if (t->reason)
        put_key_text(out, "reason", t->reason);
    if (t->original)
        buffer_printf(out, "\"original\":%" PRIu64 ",", t->original);
    if (t->n_parents) {
        buffer_puts(out, "\"parents\":[");
        for (uint32_t p = 0; p < t->n_parents; p++)
            buffer_printf(out, "%s%" PRIu64, p ? "," : "", t->parents[p]);
        buffer_puts(out, "],");
    }
    if (!hash_is_zero(&t->key))
        put_key_text(out, "key", hash_to_hex(hex, &t->key));
    if (!hash_is_zero(&t->weights_hash))
        put_key_text(out, "weights_hash", hash_to_hex(hex, &t->weights_hash));
    if (t->found_in)
        put_key_text(out, "found_in", t->found_in);
    put_key_text(out, "genome", t->genome ? t->genome : "");
    buffer_printf(out, "\"trained_macs\":%" PRIu64 ",\"wall_s\":", t->trained_macs);
    escape_json_number(out, t->wall_s, 0);
    buffer_puts(out, ",\"metrics\":{");
    bool first = true;
    for (size_t k = 0; k < r->n_metrics; k++) {
        double v = r->values[i * r->n_metrics + k];
        if (isnan(v))
            continue;
        buffer_puts(out, first ? "" : ",");
        escape_json(out, r->metrics[k].name);
        buffer_puts(out, ":");
        escape_json_number(out, v, 0);
        first = false;
    }
    buffer_puts(out, "}");
    if (t->n_curve)
        put_curve(t, out);
    if (t->blocks) {
        buffer_puts(out, ",\"blocks\":");
        put_document(out, t->blocks);
    }
    buffer_puts(out, "}");
}

void json_write_head(const report *r, arena *a, buffer *out)
{
    buffer_puts(out, "{");
    put_head(r, a, out);
    put_progress(r, out);
    buffer_puts(out, "\"nodes\":");
    if (r->nodes)
        nodes_write_json(r->nodes, out);
    else
        buffer_puts(out, "null");
    buffer_puts(out, ",\n");
}

static void put_front(const report *r, buffer *out)
{
    for (size_t i = 0; i < r->n_front; i++) {
        buffer_puts(out, i ? ",[" : "[");
        for (size_t k = 0; k < r->n_objectives; k++) {
            buffer_puts(out, k ? "," : "");
            escape_json_number(out, r->values[r->front[i] * r->n_metrics + k], 6);
        }
        buffer_puts(out, "]");
    }
}

static ash_status put_group(const runs *s, const runs_group *g, const report *own, arena *a, buffer *out, ash_error *err)
{
    enum { STEPS = 200 };
    runs_band band = {0};
    buffer_puts(out, "{");
    put_key_text(out, "name", g->name);
    buffer_puts(out, "\"runs\":[");
    for (size_t i = 0; i < g->n; i++) {
        const report *r = s->v[g->members[i]];
        bool is_own = own->source && r->source && !strcmp(own->source, r->source) && own->run->id == r->run->id && own->run->seed == r->run->seed;
        buffer_puts(out, i ? ",{" : "{");
        put_key_text(out, "label", s->labels[g->members[i]]);
        buffer_printf(out, "\"seed\":%" PRIu64 ",\"evaluations\":%" PRIu64 ",\"own\":%s,", r->run->seed, r->evaluations, is_own ? "true" : "false");
        put_number(out, "hypervolume", r->hypervolume, ",\"front\":[");
        put_front(r, out);
        buffer_puts(out, "]}");
    }
    buffer_puts(out, "],\"band\":[");
    ash_status status = s->reference ? runs_hypervolume_band(s, g, RUNS_EVALUATIONS, STEPS, a, &band, err) : ASH_OK;
    for (size_t i = 0; status == ASH_OK && i < band.n; i++) {
        const double row[] = {band.x[i], band.low[i], band.median[i], band.high[i]};
        for (int k = 0; k < 4; k++) {
            buffer_puts(out, k ? "," : i ? ",[" : "[");
            escape_json_number(out, row[k], 6);
        }
        buffer_puts(out, "]");
    }
    buffer_puts(out, "]}");
    return status;
}

ash_status json_write_runs(const runs *s, const report *own, arena *a, buffer *out, ash_error *err)
{
    if (!s) {
        buffer_puts(out, "null");
        return ASH_OK;
    }
    buffer_puts(out, "{");
    put_number(out, "budget", s->budget[RUNS_EVALUATIONS], ",\"groups\":[");
    for (size_t g = 0; g < s->n_groups; g++) {
        buffer_puts(out, g ? ",\n" : "");
        ash_status status = put_group(s, &s->groups[g], own, a, out, err);
        if (status != ASH_OK)
            return status;
    }
    buffer_puts(out, "]}");
    return ASH_OK;
}

static ash_status write(const report *r, const report_view *view, arena *a, buffer *out, ash_error *err)
{
    json_write_head(r, a, out);
    size_t shown = 0;
    buffer_puts(out, "\"trials\":[");
    for (size_t i = 0; i < r->n_trials; i++) {
        if (view->front_only && !r->on_front[i])
            continue;
        buffer_puts(out, shown++ ? ",\n" : "\n");
        put_trial(r, i, out);
    }
    buffer_printf(out, "],\n\"shown\":%zu}\n", shown);
    return out->failed ? ash_fail_memory(err) : ASH_OK;
}

const report_format report_json = {"json", "json", "everything the page shows, for programs", write, REPORT_TRIALS};
