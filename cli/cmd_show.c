/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_show.c - ashlar show DB TRIAL: one trial, whole
 *
 * The trial becomes a list of named values, told once; the three formats print that list. For people the layers and the
 * learning curve follow as tables; JSON has them as arrays.
 */
#include "cli/study.h"
#include "reports/escape.h"
#include "reports/report.h"
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

typedef struct request {
    const char *path, *trial_text;
    int64_t run, id;
    output_format format;
} request;

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->format;
        state->child_inputs[1] = &r->run;
        return 0;
    case ARGP_KEY_ARG:
        if (r->trial_text)
            cli_usage(state, "one database and one trial, please: \"%s\" is one too many", text);
        else if (!r->path)
            r->path = text;
        else
            r->id = cli_integer(state, "TRIAL", r->trial_text = text, 1, INT64_MAX);
        return 0;
    case ARGP_KEY_END:
        if (!r->trial_text)
            cli_usage(state, r->path ? "name a trial of %s" : "name a database and a trial", r->path);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

typedef struct subject {
    study s;
    const trial *t;
    const metric *annotations;
    size_t n_annotations;
    int64_t weights_bytes; /* -1: not stored */
    bool on_front;
    json_t *blocks; /* NULL: none, or unreadable */
} subject;

/* ---- reading ---- */

static ash_status broken(subject *u, ash_error *err)
{
    return ash_fail(err, ASH_BROKEN, "%s: cannot read it: %s", db_path(u->s.d), sqlite3_errmsg(db_handle(u->s.d)));
}

static sqlite3_stmt *ask(subject *u, const char *sql, int64_t id)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(db_handle(u->s.d), sql, -1, &q, NULL) == SQLITE_OK) {
        sqlite3_bind_int64(q, 1, u->s.run.id);
        sqlite3_bind_int64(q, 2, id);
    }
    return q;
}

static ash_status no_such_trial(subject *u, const request *r, ash_error *err)
{
    sqlite3_stmt *q = ask(u, "SELECT min(trial), max(trial) FROM trials WHERE run = ?1 AND ?2 > 0", r->id);
    bool any = q && sqlite3_step(q) == SQLITE_ROW && sqlite3_column_type(q, 0) != SQLITE_NULL;
    if (any)
        ash_fail(err, ASH_INVALID, "run %" PRId64 " of %s has no trial %" PRId64 "; its trials are %lld to %lld", u->s.run.id, r->path,
                 r->id, (long long)sqlite3_column_int64(q, 0), (long long)sqlite3_column_int64(q, 1));
    else
        ash_fail(err, ASH_INVALID, "run %" PRId64 " of %s has no trials yet", u->s.run.id, r->path);
    sqlite3_finalize(q);
    return ASH_INVALID;
}

static ash_status read_annotations(subject *u, ash_error *err)
{
    sqlite3_stmt *q = ask(u, "SELECT metric, value FROM annotations WHERE run = ?1 AND trial = ?2 ORDER BY metric", (int64_t)u->t->id);
    buffer list = {0};
    int rc = SQLITE_ERROR;
    while (q && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        metric m = {arena_strdup(u->s.a, (const char *)sqlite3_column_text(q, 0)),
                    sqlite3_column_type(q, 1) == SQLITE_NULL ? NAN : sqlite3_column_double(q, 1)};
        buffer_add(&list, &m, sizeof(m));
        list.failed |= !m.name;
    }
    ash_status status = rc == SQLITE_DONE ? ASH_OK : broken(u, err);
    if (status == ASH_OK && (list.failed || (list.len && !(u->annotations = arena_memdup(u->s.a, list.data, list.len)))))
        status = ash_fail_memory(err);
    u->n_annotations = list.len / sizeof(metric);
    sqlite3_finalize(q);
    buffer_free(&list);
    return status;
}

static int64_t number(subject *u, const char *sql)
{
    sqlite3_stmt *q = ask(u, sql, (int64_t)u->t->id);
    int64_t value = q && sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : -1;
    sqlite3_finalize(q);
    return value;
}

static ash_status read_subject(subject *u, const request *r, ash_error *err)
{
    ash_status status = study_open(&u->s, r->path, r->run, true, err);
    trial *t = NULL;
    if (status != ASH_OK || (status = db_load_trial(u->s.d, u->s.run.id, (uint64_t)r->id, u->s.a, &t, err)) != ASH_OK)
        return status;
    if (!t)
        return no_such_trial(u, r, err);
    u->t = t;
    u->weights_bytes = number(u, "SELECT length(bytes) FROM weights WHERE run = ?1 AND trial = ?2");
    u->on_front = number(u, "SELECT 1 FROM front_members WHERE run = ?1 AND trial = ?2") == 1;
    u->blocks = t->blocks ? json_loads(t->blocks, JSON_REJECT_DUPLICATES, NULL) : NULL;
    return read_annotations(u, err);
}

/* ---- the list of named values ---- */

static void row(table *t, const char *name)
{
    table_row(t);
    table_text(t, name);
}

static void row_text(table *t, const char *name, const char *value)
{
    if (value) {
        row(t, name);
        table_text(t, value);
    }
}

static void row_integer(table *t, const char *name, uint64_t value)
{
    row(t, name);
    table_integer(t, (int64_t)value);
}

static void row_real(table *t, const char *name, double value)
{
    if (isnan(value))
        return;
    row(t, name);
    if (value == floor(value) && fabs(value) < 9e15)
        table_integer(t, (int64_t)value);
    else
        table_number(t, value, "%.6g");
}

static void row_hash(table *t, const char *name, const hash256 *h)
{
    char hex[65];
    if (!hash_is_zero(h))
        row_text(t, name, hash_to_hex(hex, h));
}

static const char *parent_list(const trial *t, arena *a)
{
    const char *text = NULL;
    for (uint32_t i = 0; i < t->n_parents; i++)
        text = text ? arena_printf(a, "%s, %" PRIu64, text, t->parents[i]) : arena_printf(a, "%" PRIu64, t->parents[i]);
    return text;
}

static void row_metric(table *t, const metric *m, output_format format)
{
    if (format == FORMAT_TABLE && strcmp(m->name, "integer") == 0 && !isnan(m->value))
        row_text(t, "arithmetic", report_arithmetic(m->value));
    else
        row_real(t, m->name, m->value);
}

static void list_values(subject *u, output_format format, table *out)
{
    const trial *t = u->t;
    row(out, "trial");
    table_id(out, (int64_t)t->id);
    row(out, "run");
    table_id(out, u->s.run.id);
    row_text(out, "run_name", u->s.run.name);
    row_text(out, "status", trial_status_name(t->status));
    row_text(out, "reason", t->reason);
    row_text(out, "on_front", u->on_front ? "yes" : "no");
    row_text(out, "genome", t->genome);
    row_text(out, "parents", parent_list(t, u->s.a));
    if (t->original)
        row_integer(out, "original", t->original);
    for (size_t i = 0; i < t->n_metrics; i++)
        row_metric(out, &t->metrics[i], format);
    for (size_t i = 0; i < u->n_annotations; i++)
        row_real(out, u->annotations[i].name, u->annotations[i].value);
    row_integer(out, "trained_macs", t->trained_macs);
    row_integer(out, "virtual_start", t->virtual_start);
    row_integer(out, "virtual_duration", t->virtual_duration);
    row_hash(out, "key", &t->key);
    row_hash(out, "weights_hash", &t->weights_hash);
    if (u->weights_bytes >= 0)
        row_integer(out, "weights_bytes", (uint64_t)u->weights_bytes);
    row_real(out, "wall_s", t->wall_s);
    row_text(out, "host", t->host);
    row_integer(out, "worker", t->worker);
    row_integer(out, "attempts", t->attempts);
    row_text(out, "found_in", t->found_in);
}

static void print_values(subject *u, output_format format)
{
    table *t = table_create();
    table_column(t, format == FORMAT_TABLE ? "" : "name", TABLE_LEFT);
    table_column(t, format == FORMAT_TABLE ? "" : "value", TABLE_FOLD);
    list_values(u, format, t);
    table_print(t, format, stdout);
    table_destroy(t);
}

/* ---- layers ---- */

static const char *shape_text(const json_t *shape, arena *a)
{
    const char *text = NULL;
    for (size_t i = 0; i < json_array_size(shape); i++) {
        long long side = json_integer_value(json_array_get(shape, i));
        text = text ? arena_printf(a, "%sx%lld", text, side) : arena_printf(a, "%lld", side);
    }
    return text;
}

static double value_of(const json_t *layer, const char *key)
{
    const json_t *v = json_object_get(layer, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

/* Bits of a layer's output by its name; 32 for the image, and where nothing is said. */
static double bits_of(const json_t *layers, const char *name)
{
    const json_t *layer;
    size_t i;
    json_array_foreach(layers, i, layer) {
        const char *own = json_string_value(json_object_get(layer, "name"));
        if (own && name && strcmp(own, name) == 0)
            return fmin(value_of(layer, "out_bits"), 32);
    }
    return 32;
}

/* Bits of the activations that it reads. */
static double reads(const json_t *layers, const json_t *layer)
{
    return bits_of(layers, json_string_value(json_array_get(json_object_get(layer, "inputs"), 0)));
}

/* The operator; of a quantizer, the bits that it makes. */
static const char *what_of(const json_t *layer, arena *a)
{
    const char *op = json_string_value(json_object_get(layer, "op"));
    return op && strcmp(op, "quantize") == 0 ? arena_printf(a, "%s to %.0f", op, value_of(layer, "out_bits")) : op;
}

static bool any_codes(const json_t *layers)
{
    const json_t *layer;
    size_t i;
    json_array_foreach(layers, i, layer)
        if (value_of(layer, "out_bits") < 32)
            return true;
    return false;
}

static void put_bits(table *t, double bits) /* nothing for floats */
{
    if (bits < 32)
        table_integer(t, (int64_t)bits);
    else
        table_text(t, NULL);
}

static void print_layers(subject *u)
{
    static const char *const counts[] = {"params", "macs", "weight_bits", "bytes"}, *const heads[] = {"params", "MACs", "bits", "bytes"};
    enum { N = 4, BITS = 2 };
    const json_t *layers = json_object_get(u->blocks, "layers"), *layer;
    double totals[N] = {0};
    size_t i;
    bool codes = any_codes(layers);
    table *t = table_create();
    table_column(t, "layer", TABLE_LEFT);
    table_column(t, "op", TABLE_LEFT);
    table_column(t, "shape", TABLE_RIGHT);
    for (int k = 0; k < N; k++)
        table_column(t, heads[k], TABLE_RIGHT);
    if (codes)
        table_column(t, "reads bits", TABLE_RIGHT);
    table_column(t, "block", TABLE_WRAP);
    json_array_foreach(layers, i, layer) {
        bool weighted = value_of(layer, "params") > 0;
        table_row(t);
        table_text(t, json_string_value(json_object_get(layer, "name")));
        table_text(t, what_of(layer, u->s.a));
        table_text(t, shape_text(json_object_get(layer, "out"), u->s.a));
        for (int k = 0; k < N; k++) {
            double value = value_of(layer, counts[k]);
            totals[k] += isnan(value) ? 0 : value;
            if (isnan(value) || (k == BITS && !weighted))
                table_text(t, NULL);
            else
                table_integer(t, (int64_t)value);
        }
        if (codes)
            put_bits(t, reads(layers, layer));
        table_text(t, json_string_value(json_object_get(layer, "block")));
    }
    table_row(t);
    table_text(t, "total");
    table_text(t, NULL);
    table_text(t, NULL);
    for (int k = 0; k < N; k++)
        if (k == BITS)
            table_text(t, NULL);
        else
            table_integer(t, (int64_t)totals[k]);
    if (codes)
        table_text(t, NULL);
    const char *input = shape_text(json_object_get(u->blocks, "input"), u->s.a);
    printf("\nlayers%s%s\n", input ? ", input " : "", input ? input : "");
    table_print(t, FORMAT_TABLE, stdout);
    table_destroy(t);
}

/* ---- learning curve ---- */

static double curve_value(const curve_point *p)
{
    return isnan(p->val_error) ? isnan(p->val_loss) ? p->train_loss : p->val_loss : p->val_error;
}

/* At most twenty epochs, evenly, with the first and the last; a bar as long as the value. */
static void print_curve(const trial *trial_shown)
{
    enum { ROWS = 20, BAR = 30 };
    const curve_point *curve = trial_shown->curve;
    size_t n = trial_shown->n_curve, shown = n < ROWS ? n : ROWS;
    double highest = 0;
    for (size_t i = 0; i < n; i++) {
        double v = curve_value(&curve[i]);
        highest = isfinite(v) && v > highest ? v : highest;
    }
    table *t = table_create();
    table_column(t, "epoch", TABLE_RIGHT);
    table_column(t, "train_loss", TABLE_RIGHT);
    table_column(t, "val_loss", TABLE_RIGHT);
    table_column(t, "val_error", TABLE_RIGHT);
    table_column(t, "", TABLE_WRAP);
    for (size_t i = 0; i < shown; i++) {
        const curve_point *p = &curve[shown > 1 ? i * (n - 1) / (shown - 1) : 0];
        double share = highest > 0 ? curve_value(p) / highest : 0;
        char bar[BAR + 1];
        int length = share > 0 && share <= 1 ? (int)lround(share * BAR) : 0;
        memset(bar, '#', (size_t)length);
        bar[length] = '\0';
        table_row(t);
        table_id(t, p->epoch);
        table_number(t, p->train_loss, "%.4f");
        table_number(t, p->val_loss, "%.4f");
        table_number(t, p->val_error, "%.4f");
        table_text(t, bar);
    }
    printf("\nlearning curve\n");
    table_print(t, FORMAT_TABLE, stdout);
    table_destroy(t);
}

/* ---- JSON ---- */

static void json_text(buffer *b, const char *name, const char *value)
{
    buffer_printf(b, "  \"%s\": ", name);
    escape_json(b, value);
    buffer_puts(b, ",\n");
}

static void json_hash(buffer *b, const char *name, const hash256 *h)
{
    char hex[65];
    json_text(b, name, hash_is_zero(h) ? NULL : hash_to_hex(hex, h));
}

static void json_metrics(buffer *b, const char *name, const metric *m, size_t n)
{
    buffer_printf(b, "  \"%s\": {", name);
    for (size_t i = 0; i < n; i++) {
        buffer_puts(b, i ? ", " : "");
        escape_json(b, m[i].name);
        buffer_puts(b, ": ");
        escape_json_number(b, m[i].value, 0);
    }
    buffer_puts(b, "},\n");
}

static void json_curve(buffer *b, const trial *t)
{
    static const char *const names[] = {"train_loss", "val_loss", "val_error"};
    buffer_puts(b, "  \"curve\": [");
    for (size_t i = 0; i < t->n_curve; i++) {
        const double values[] = {t->curve[i].train_loss, t->curve[i].val_loss, t->curve[i].val_error};
        buffer_printf(b, "%s\n    {\"epoch\": %u", i ? "," : "", t->curve[i].epoch);
        for (int k = 0; k < 3; k++) {
            buffer_printf(b, ", \"%s\": ", names[k]);
            escape_json_number(b, values[k], 0);
        }
        buffer_puts(b, "}");
    }
    buffer_puts(b, "],\n");
}

static ash_status print_json(subject *u, ash_error *err)
{
    const trial *t = u->t;
    buffer b = {0};
    buffer_printf(&b, "{\n  \"run\": %" PRId64 ",\n  \"trial\": %" PRIu64 ",\n", u->s.run.id, t->id);
    json_text(&b, "run_name", u->s.run.name);
    json_text(&b, "status", trial_status_name(t->status));
    json_text(&b, "reason", t->reason);
    buffer_printf(&b, "  \"on_front\": %s,\n", u->on_front ? "true" : "false");
    json_text(&b, "genome", t->genome);
    buffer_puts(&b, "  \"parents\": [");
    for (uint32_t i = 0; i < t->n_parents; i++)
        buffer_printf(&b, "%s%" PRIu64, i ? ", " : "", t->parents[i]);
    buffer_puts(&b, "],\n  \"original\": ");
    buffer_puts(&b, t->original ? "" : "null");
    if (t->original)
        buffer_printf(&b, "%" PRIu64, t->original);
    buffer_puts(&b, ",\n");
    json_metrics(&b, "metrics", t->metrics, t->n_metrics);
    json_metrics(&b, "annotations", u->annotations, u->n_annotations);
    buffer_printf(&b, "  \"trained_macs\": %" PRIu64 ",\n  \"virtual_start\": %" PRIu64 ",\n  \"virtual_duration\": %" PRIu64 ",\n",
                  t->trained_macs, t->virtual_start, t->virtual_duration);
    json_hash(&b, "key", &t->key);
    json_hash(&b, "weights_hash", &t->weights_hash);
    buffer_puts(&b, "  \"weights_bytes\": ");
    buffer_printf(&b, u->weights_bytes < 0 ? "null" : "%" PRId64, u->weights_bytes);
    buffer_puts(&b, ",\n  \"wall_s\": ");
    escape_json_number(&b, t->wall_s, 0);
    buffer_puts(&b, ",\n");
    json_text(&b, "host", t->host);
    buffer_printf(&b, "  \"worker\": %u,\n  \"attempts\": %u,\n", t->worker, t->attempts);
    json_text(&b, "found_in", t->found_in);
    json_curve(&b, t);
    buffer_puts(&b, "  \"blocks\": ");
    buffer_puts(&b, u->blocks ? t->blocks : "null");
    buffer_puts(&b, "\n}\n");
    ash_status status = b.failed ? ash_fail_memory(err) : ASH_OK;
    if (status == ASH_OK)
        fwrite(b.data, 1, b.len, stdout);
    buffer_free(&b);
    return status;
}

/* ---- the command ---- */

static ash_status show(subject *u, const request *r, ash_error *err)
{
    ash_status status = read_subject(u, r, err);
    if (status != ASH_OK)
        return status;
    if (r->format == FORMAT_JSON)
        return print_json(u, err);
    print_values(u, r->format);
    if (r->format == FORMAT_TABLE && json_array_size(json_object_get(u->blocks, "layers")))
        print_layers(u);
    if (r->format == FORMAT_TABLE && u->t->n_curve)
        print_curve(u->t);
    return ASH_OK;
}

int cmd_show(int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {&cli_run_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        NULL, parse, "DB TRIAL",
        "Show one trial: status, metrics, parents, genome, its layers with shapes and costs, and its learning curve.\v"
        "CSV has the named values only; JSON has everything.\n\n"
        "  ashlar show digits.db 42\n"
        "  ashlar show digits.db 42 --run 1 --format json\n",
        children, NULL, NULL};
    request r = {0};
    cli_parse(&argp, argc, argv, &r);
    subject u = {.weights_bytes = -1};
    ash_error err;
    ash_status status = show(&u, &r, &err);
    json_decref(u.blocks);
    study_close(&u.s);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
