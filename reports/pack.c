/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pack.c - columns of a report's trials, deflated
 *
 * Three kinds of section carry everything. `int`: unsigned integers as byte planes (all low bytes, then the next), which deflate better
 * than whole words. `real`: a sorted table of distinct values and an `int` of indices, 0 for unknown; a table of
 * decimals k / 10^places is differences of k as varints, any other is doubles. `text`: strings, each ended by a NUL.
 *
 * Metrics depend on each other: who knows a network's bit operations nearly always knows its MACs. So the indices of a column may be
 * told as differences from what an earlier column, `like`, suggests: the index that stood beside the same index of that column
 * the last time, or its rank when it is new. The differences are zigzag: 0, -1, 1, -2, ... as 0, 1, 2, 3, ... */
#include "reports/pack.h"
#include "reports/escape.h"
#include "reports/genes.h"
#include <math.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MAX_LIKE = 64, MAX_TABLE = 65535, EXACT_TABLE = 4096, MAX_PLACES = 22, EXACT = 17 };

typedef struct real_column { /* of real numbers, one per trial */
    const char *name;
    const uint32_t *index;
    size_t table;
} real_column;

typedef struct packer {
    const report *r;
    size_t *row, n; /* indices of the trials that are shown */
    arena *a;
    buffer *about, bytes;
    bool failed;
    real_column column[MAX_LIKE]; /* that others may be like */
    size_t n_columns;
} packer;

static void *need(packer *p, void *memory)
{
    p->failed |= !memory;
    return memory;
}

static void describe(packer *p, const char *name, const char *kind, size_t n)
{
    buffer_puts(p->about, p->about->len && p->about->data[p->about->len - 1] != '[' ? ",\n{\"name\":" : "{\"name\":");
    escape_json(p->about, name);
    buffer_printf(p->about, ",\"kind\":\"%s\",\"n\":%zu", kind, n);
}

/* Without a name it goes on with the section before: the indices of a table. */
static void put_ints(packer *p, const char *name, const uint32_t *v, size_t n)
{
    uint32_t all = 0;
    for (size_t i = 0; i < n; i++)
        all |= v[i];
    int planes = all >> 24 ? 4 : all >> 16 ? 3 : all >> 8 ? 2 : all ? 1 : 0;
    if (name)
        describe(p, name, "int", n);
    buffer_printf(p->about, ",\"planes\":%d}", planes);
    unsigned char *plane = need(p, malloc(n + 1));
    for (int k = 0; plane && k < planes; k++) {
        for (size_t i = 0; i < n; i++)
            plane[i] = (unsigned char)(v[i] >> 8 * k);
        buffer_add(&p->bytes, plane, n);
    }
    free(plane);
}

static void put_varint(buffer *out, uint64_t v)
{
    unsigned char byte[10];
    size_t n = 0;
    for (; v >= 128; v >>= 7)
        byte[n++] = (unsigned char)(v | 128);
    byte[n++] = (unsigned char)v;
    buffer_add(out, byte, n);
}

static int ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

static double rounded(double v, int digits)
{
    return digits >= EXACT ? v : escape_rounded(v, digits);
}

/* Sorted distinct known values of v, each rounded to so many significant digits. */
static size_t distinct(const double *v, size_t n, int digits, double *table)
{
    size_t m = 0, kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(v[i]))
            table[m++] = rounded(v[i], digits);
    qsort(table, m, sizeof *table, ascending);
    for (size_t i = 0; i < m; i++)
        if (!i || table[i] != table[kept - 1])
            table[kept++] = table[i];
    return kept;
}

/* The fewest decimal places that give all values of the table back, or -1. */
static int places_of(const double *table, size_t m)
{
    double power = 1;
    for (int places = 0; places <= MAX_PLACES; places++, power *= 10) {
        size_t i = 0;
        while (i < m && fabs(table[i]) * power < 0x1p52 && round(table[i] * power) / power == table[i])
            i++;
        if (i == m)
            return places;
        if (fabs(table[i]) * power >= 0x1p52)
            return -1;
    }
    return -1;
}

static void put_table(packer *p, const double *table, size_t m)
{
    int places = places_of(table, m);
    buffer_printf(p->about, ",\"table\":%zu,\"places\":%d", m, places);
    if (places < 0) {
        for (size_t i = 0; i < m; i++) {
            uint64_t bits;
            unsigned char byte[8];
            memcpy(&bits, &table[i], sizeof bits);
            for (int k = 0; k < 8; k++)
                byte[k] = (unsigned char)(bits >> 8 * k);
            buffer_add(&p->bytes, byte, sizeof byte);
        }
        return;
    }
    double power = 1;
    for (int k = 0; k < places; k++)
        power *= 10;
    int64_t last = 0;
    for (size_t i = 0; i < m; i++) { /* the first may be negative: zigzag; the others follow it upwards */
        int64_t k = (int64_t)round(table[i] * power);
        put_varint(&p->bytes, i ? (uint64_t)(k - last) : (uint64_t)k << 1 ^ (uint64_t)(k >> 63));
        last = k;
    }
}

static bool all_integers(const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isnan(v[i]) && (v[i] != floor(v[i]) || fabs(v[i]) >= 0x1p52))
            return false;
    return true;
}

/* The differences of y from what x suggests, and the bytes that they take, roughly. */
static size_t differences(const real_column *y, const real_column *x, size_t n, uint32_t *memo, uint32_t *out)
{
    size_t bytes = 0;
    memset(memo, 0xff, (x->table + 1) * sizeof *memo);
    for (size_t i = 0; i < n; i++) {
        uint32_t *last = &memo[x->index[i]];
        uint32_t guess = *last == UINT32_MAX ? (uint32_t)((uint64_t)x->index[i] * y->table / x->table) : *last;
        int64_t d = (int64_t)y->index[i] - guess;
        out[i] = (uint32_t)(d < 0 ? -2 * d - 1 : 2 * d);
        bytes += out[i] > 255 ? 2 : out[i] > 0;
        *last = y->index[i];
    }
    return bytes;
}

/* Indices of a column with a value per trial: as they are, or like the earlier column that suggests most of them. */
static void put_column(packer *p, real_column y)
{
    size_t n = p->n, least = n * (y.table > 255 ? 2 : 1);
    const real_column *best = NULL;
    uint32_t *d = need(p, malloc((n + 1) * sizeof *d)), *memo = need(p, malloc((n + 2) * sizeof *memo));
    for (size_t k = 0; d && memo && y.table && k < p->n_columns; k++) {
        size_t bytes = differences(&y, &p->column[k], n, memo, d);
        if (bytes < least - least / 10) {
            least = bytes;
            best = &p->column[k];
        }
    }
    if (best) {
        differences(&y, best, n, memo, d);
        buffer_puts(p->about, ",\"like\":");
        escape_json(p->about, best->name);
    }
    put_ints(p, NULL, best ? d : y.index, n);
    uint32_t *copy = need(p, arena_memdup(p->a, y.index, (n + 1) * sizeof *copy));
    if (copy && y.table && p->n_columns < MAX_LIKE)
        p->column[p->n_columns++] = (real_column){y.name, copy, y.table};
    free(d);
    free(memo);
}

/* As many digits as asked for; fewer where that leaves too many values and `may_round`. */
static void put_reals(packer *p, const char *name, const double *v, size_t n, int digits, bool may_round)
{
    double *table = need(p, malloc((n + 1) * sizeof *table));
    uint32_t *index = need(p, malloc((n + 1) * sizeof *index));
    if (table && index) {
        size_t m = distinct(v, n, digits, table);
        bool whole = all_integers(v, n);
        while (may_round && m > (digits < EXACT || whole ? MAX_TABLE : EXACT_TABLE)) {
            digits = digits < EXACT ? digits - 1 : 5;
            m = distinct(v, n, digits, table);
        }
        for (size_t i = 0; i < n; i++) {
            double key = isnan(v[i]) ? 0 : rounded(v[i], digits);
            const double *at = isnan(v[i]) ? NULL : bsearch(&key, table, m, sizeof key, ascending);
            index[i] = at ? (uint32_t)(at - table) + 1 : 0;
        }
        describe(p, name, "real", n);
        put_table(p, table, m);
        if (may_round && n == p->n)
            put_column(p, (real_column){name, index, m});
        else
            put_ints(p, NULL, index, n);
    }
    free(table);
    free(index);
}

/* Strings without repetition: strings_index gives 1, 2, ... in order of appearance, 0 for NULL. */
typedef struct strings {
    buffer text;
    uint32_t n, *slot, room; /* slot: open addressing over 1 + index */
    const char **v;
} strings;

static uint32_t strings_index(strings *s, packer *p, const char *text)
{
    if (!text)
        return 0;
    if (2 * (s->n + 1) >= s->room) {
        uint32_t room = s->room ? 2 * s->room : 64;
        uint32_t *slot = need(p, ARENA_NEW(p->a, uint32_t, room));
        const char **v = need(p, ARENA_NEW(p->a, const char *, room));
        if (!slot || !v)
            return 0;
        if (s->n)
            memcpy(v, s->v, s->n * sizeof *v);
        for (uint32_t i = 0; i < s->n; i++) {
            uint32_t at = (uint32_t)crc32(0, (const void *)v[i], (uInt)strlen(v[i])) & (room - 1);
            while (slot[at])
                at = (at + 1) & (room - 1);
            slot[at] = i + 1;
        }
        s->slot = slot;
        s->v = v;
        s->room = room;
    }
    uint32_t at = (uint32_t)crc32(0, (const void *)text, (uInt)strlen(text)) & (s->room - 1);
    for (; s->slot[at]; at = (at + 1) & (s->room - 1))
        if (!strcmp(s->v[s->slot[at] - 1], text))
            return s->slot[at];
    s->v[s->n] = text;
    s->slot[at] = ++s->n;
    buffer_add(&s->text, text, strlen(text) + 1);
    return s->n;
}

static void put_strings(packer *p, const char *name, strings *s)
{
    describe(p, name, "text", s->n);
    buffer_printf(p->about, ",\"bytes\":%zu}", s->text.len);
    buffer_add(&p->bytes, s->text.data, s->text.len);
    p->failed |= s->text.failed;
    buffer_free(&s->text);
}

static void choose_rows(packer *p, size_t limit)
{
    const report *r = p->r;
    size_t stride = limit && r->n_trials > limit ? (r->n_trials + limit - 1) / limit : 1;
    p->row = need(p, ARENA_NEW(p->a, size_t, r->n_trials + 1));
    for (size_t i = 0; p->row && i < r->n_trials; i++)
        if (r->on_front[i] || i % stride == 0)
            p->row[p->n++] = i;
}

static void put_records(packer *p)
{
    enum { ID, STATUS, FRONT, PARENT_1, PARENT_2, ORIGINAL, REASON, FOUND, COLUMNS };
    static const char *const names[COLUMNS] = {"id", "status", "front", "parent_1", "parent_2", "original", "reason", "found_in"};
    uint32_t *v[COLUMNS];
    for (int c = 0; c < COLUMNS; c++)
        v[c] = need(p, ARENA_NEW(p->a, uint32_t, p->n + 1));
    if (p->failed)
        return;
    strings reasons = {0}, found = {0};
    uint64_t last = 0;
    for (size_t i = 0; i < p->n; i++) {
        const trial *t = p->r->trials[p->row[i]];
        v[ID][i] = (uint32_t)(t->id - last); /* ids ascend; what a trial points at is told as a distance back */
        v[STATUS][i] = t->status;
        v[FRONT][i] = p->r->on_front[p->row[i]];
        for (uint32_t k = 0; k < t->n_parents && k < 2; k++)
            v[PARENT_1 + k][i] = t->parents[k] < t->id ? (uint32_t)(t->id - t->parents[k]) : 0;
        v[ORIGINAL][i] = t->original && t->original < t->id ? (uint32_t)(t->id - t->original) : 0;
        v[REASON][i] = strings_index(&reasons, p, t->reason);
        v[FOUND][i] = strings_index(&found, p, t->found_in);
        last = t->id;
    }
    for (int c = 0; c < COLUMNS; c++)
        put_ints(p, names[c], v[c], p->n);
    put_strings(p, "reasons", &reasons);
    put_strings(p, "founds", &found);
}

/* What training took. */
static void put_efforts(packer *p)
{
    double *macs = need(p, ARENA_NEW(p->a, double, p->n + 1)), *wall = need(p, ARENA_NEW(p->a, double, p->n + 1));
    for (size_t i = 0; macs && wall && i < p->n; i++) {
        macs[i] = (double)p->r->trials[p->row[i]]->trained_macs;
        wall[i] = p->r->trials[p->row[i]]->wall_s;
    }
    if (p->failed)
        return;
    put_reals(p, "trained_macs", macs, p->n, 4, true);
    put_reals(p, "wall_s", wall, p->n, 3, true);
}

/* All trials, the metric with the most values first, for the others may be like it; then the front's members once more, exactly. */
static void put_metrics(packer *p)
{
    const report *r = p->r;
    double *v = need(p, ARENA_NEW(p->a, double, p->n + 1)), *table = need(p, ARENA_NEW(p->a, double, p->n + 1));
    size_t *order = need(p, ARENA_NEW(p->a, size_t, r->n_metrics + 1)), *size = need(p, ARENA_NEW(p->a, size_t, r->n_metrics + 1));
    if (p->failed)
        return;
    for (size_t k = 0; k < r->n_metrics; k++) {
        for (size_t i = 0; i < p->n; i++)
            v[i] = r->values[p->row[i] * r->n_metrics + k];
        size[k] = distinct(v, p->n, EXACT, table);
        size_t at = k;
        for (; at && size[order[at - 1]] < size[k]; at--)
            order[at] = order[at - 1];
        order[at] = k;
    }
    for (size_t o = 0; o < r->n_metrics; o++) {
        size_t n_front = 0, k = order[o];
        char *name = arena_printf(p->a, "metric %s", r->metrics[k].name);
        char *exact = arena_printf(p->a, "front %s", r->metrics[k].name);
        if (!need(p, name) || !need(p, exact))
            return;
        for (size_t i = 0; i < p->n; i++)
            v[i] = r->values[p->row[i] * r->n_metrics + k];
        put_reals(p, name, v, p->n, EXACT, true);
        for (size_t i = 0; i < p->n; i++)
            if (r->on_front[p->row[i]])
                v[n_front++] = r->values[p->row[i] * r->n_metrics + k];
        put_reals(p, exact, v, n_front, EXACT, false);
    }
}

static void put_genomes(packer *p)
{
    const char **text = need(p, ARENA_NEW(p->a, const char *, p->n + 1));
    uint32_t *odd = need(p, ARENA_NEW(p->a, uint32_t, p->n + 1));
    strings odds = {0};
    for (size_t i = 0; text && i < p->n; i++)
        text[i] = p->r->trials[p->row[i]]->genome;
    gene_table *t = text ? need(p, genes_read(text, p->n, p->a)) : NULL;
    if (!t || !odd)
        return;
    for (size_t i = 0; i < p->n; i++)
        odd[i] = t->odd[i] ? strings_index(&odds, p, text[i] ? text[i] : "") : 0;
    put_ints(p, "odd", odd, p->n);
    put_strings(p, "odds", &odds);
    for (size_t c = 0; c < t->n_columns; c++) {
        const gene_column *g = t->columns[c];
        strings values = {0};
        for (size_t i = 0; i < g->n_values; i++)
            strings_index(&values, p, g->values[i]);
        put_strings(p, "values", &values);
        char *name = arena_printf(p->a, "%s %s:%s", t->is_cell ? "edge" : "gene", g->unit, g->name);
        if (need(p, name))
            put_ints(p, name, g->choice, p->n);
    }
}

/* A duplicate's curve and blocks are its original's. Members of the front come first, whatever the limits. */
static void put_details(packer *p, const pack_limits *l)
{
    const report *r = p->r;
    uint32_t *length = need(p, ARENA_NEW(p->a, uint32_t, p->n + 1)), *blocks = need(p, ARENA_NEW(p->a, uint32_t, p->n + 1));
    strings texts = {0};
    size_t points = 0;
    if (p->failed)
        return;
    for (int front = 1; front >= 0; front--)
        for (size_t i = 0; i < p->n; i++) {
            const trial *t = r->trials[p->row[i]];
            if (r->on_front[p->row[i]] != front || t->status == TRIAL_DUPLICATE)
                continue;
            if (t->n_curve && (front || points + t->n_curve <= l->curve_points))
                points += length[i] = (uint32_t)t->n_curve;
            if (t->blocks && (front || texts.text.len < l->block_bytes))
                blocks[i] = strings_index(&texts, p, t->blocks);
        }
    put_ints(p, "blocks", blocks, p->n);
    put_strings(p, "blocks_json", &texts);
    put_ints(p, "curve", length, p->n);
    uint32_t *epoch = need(p, ARENA_NEW(p->a, uint32_t, points + 1));
    double *v = need(p, ARENA_NEW(p->a, double, 3 * (points + 1)));
    size_t k = 0;
    for (size_t i = 0; epoch && v && i < p->n; i++)
        for (uint32_t e = 0; e < length[i]; e++, k++) {
            const curve_point *c = &r->trials[p->row[i]]->curve[e];
            epoch[k] = c->epoch - (e ? c[-1].epoch : 0);
            const double point[3] = {c->train_loss, c->val_loss, c->val_error};
            for (int m = 0; m < 3; m++)
                v[(size_t)m * points + k] = isfinite(point[m]) ? point[m] : NAN;
        }
    if (!epoch || !v)
        return;
    put_ints(p, "epoch", epoch, points);
    put_reals(p, "train_loss", v, points, 4, true);
    put_reals(p, "val_loss", v + points, points, 4, true);
    put_reals(p, "val_error", v + 2 * points, points, 4, true);
}

ash_status pack_bytes(const void *bytes, size_t length, buffer *out, ash_error *err)
{
    uLongf n = compressBound(length);
    unsigned char *small = malloc(n);
    if (!small || compress2(small, &n, bytes, length, 9) != Z_OK) {
        free(small);
        return ash_fail_memory(err);
    }
    enum { CHUNK = 3 * 1024 }; /* a multiple of 3: only the last one is padded */
    char text[BASE64_ENCODE_RAW_LENGTH(CHUNK)];
    for (size_t i = 0; i < n; i += CHUNK) {
        size_t take = n - i < CHUNK ? n - i : CHUNK;
        base64_encode_raw(text, take, small + i);
        buffer_add(out, text, BASE64_ENCODE_RAW_LENGTH(take));
    }
    free(small);
    return ASH_OK;
}

ash_status pack_trials(const report *r, const pack_limits *limits, arena *a, buffer *description, buffer *base64, ash_error *err)
{
    packer p = {.r = r, .a = a, .about = description};
    choose_rows(&p, limits->trials);
    buffer_printf(description, "{\"trials\":%zu,\"statuses\":[", p.n);
    for (int s = 0; s < TRIAL_STATUS_COUNT; s++)
        buffer_printf(description, "%s\"%s\"", s ? "," : "", trial_status_name(s));
    buffer_puts(description, "],\"sections\":[");
    void (*const parts[])(packer *) = {put_records, put_metrics, put_efforts, put_genomes};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !p.failed; i++)
        parts[i](&p);
    if (!p.failed)
        put_details(&p, limits);
    buffer_puts(description, "]}");
    ash_status s = p.failed || p.bytes.failed ? ash_fail_memory(err)
                                               : pack_bytes(p.bytes.data ? p.bytes.data : "", p.bytes.len, base64, err);
    buffer_free(&p.bytes);
    return s;
}
