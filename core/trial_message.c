/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trial_message.c - a trial as one compact message
 *
 * version byte, then fields in a fixed order: unsigned integers as LEB128, doubles as 8 bytes little-endian, texts as length + 1 and
 * bytes (0: NULL), hashes as they are; then the CRC-32 of all that. A reader trusts nothing: every length is checked against what is left.
 */
#include "core/trial.h"
#include <string.h>
#include <zlib.h>

enum { VERSION = 1 };

/* ------------------------------------------------------------------ writing */

static void put_uint(buffer *b, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)(value & 0x7f) | (value > 0x7f ? 0x80 : 0);
        buffer_add(b, &byte, 1);
        value >>= 7;
    } while (value);
}

static void put_fixed(buffer *b, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buffer_add(b, &(uint8_t){(uint8_t)(value >> 8 * i)}, 1);
}

static void put_real(buffer *b, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    put_fixed(b, bits, 8);
}

static void put_text(buffer *b, const char *text)
{
    put_uint(b, text ? strlen(text) + 1 : 0);
    if (text)
        buffer_puts(b, text);
}

void trial_encode(const trial *t, buffer *out)
{
    size_t start = out->len;
    buffer_add(out, &(uint8_t){VERSION}, 1);
    put_uint(out, t->id);
    put_uint(out, t->n_parents);
    for (uint32_t i = 0; i < t->n_parents; i++)
        put_uint(out, t->parents[i]);
    put_text(out, t->genome);
    buffer_add(out, t->key.b, sizeof(t->key.b));
    put_uint(out, t->original);
    put_uint(out, t->virtual_start);
    put_uint(out, t->virtual_duration);
    put_text(out, trial_status_name(t->status));
    put_text(out, t->reason);
    put_uint(out, t->n_metrics);
    for (size_t i = 0; i < t->n_metrics; i++) {
        put_text(out, t->metrics[i].name);
        put_real(out, t->metrics[i].value);
    }
    put_uint(out, t->n_curve);
    for (size_t i = 0; i < t->n_curve; i++) {
        put_uint(out, t->curve[i].epoch);
        put_real(out, t->curve[i].train_loss);
        put_real(out, t->curve[i].val_loss);
        put_real(out, t->curve[i].val_error);
    }
    put_text(out, t->blocks);
    buffer_add(out, t->weights_hash.b, sizeof(t->weights_hash.b));
    put_uint(out, t->trained_macs);
    put_real(out, t->wall_s);
    put_text(out, t->host);
    put_uint(out, t->worker);
    put_uint(out, t->attempts);
    put_text(out, t->found_in);
    if (!out->failed)
        put_fixed(out, crc32(0, (const Bytef *)out->data + start, (uInt)(out->len - start)), 4);
}

/* ------------------------------------------------------------------ reading */

typedef struct reader {
    const uint8_t *p, *end;
    arena *a;
    bool bad, no_memory;
} reader;

static uint64_t get_uint(reader *r)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (r->p == r->end)
            break;
        uint8_t byte = *r->p++;
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    r->bad = true;
    return 0;
}

static const uint8_t *get_bytes(reader *r, size_t n)
{
    if (r->bad || (size_t)(r->end - r->p) < n) {
        r->bad = true;
        return NULL;
    }
    r->p += n;
    return r->p - n;
}

static double get_real(reader *r)
{
    const uint8_t *bytes = get_bytes(r, 8);
    uint64_t bits = 0;
    double value;
    for (int i = 7; bytes && i >= 0; i--)
        bits = bits << 8 | bytes[i];
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static hash256 get_hash(reader *r)
{
    hash256 h = {0};
    const uint8_t *bytes = get_bytes(r, sizeof(h.b));
    if (bytes)
        memcpy(h.b, bytes, sizeof(h.b));
    return h;
}

static const char *get_text(reader *r)
{
    uint64_t n = get_uint(r);
    if (n == 0 || r->bad)
        return NULL;
    const uint8_t *bytes = get_bytes(r, n - 1);
    if (!bytes || memchr(bytes, '\0', n - 1)) {
        r->bad = true;
        return NULL;
    }
    const char *text = arena_strndup(r->a, (const char *)bytes, n - 1);
    r->no_memory |= !text;
    return text;
}

/* A count of things of at least `least` bytes each: more than fit in what is left is garbage. */
static size_t get_count(reader *r, size_t least)
{
    uint64_t n = get_uint(r);
    if (!r->bad && n > (size_t)(r->end - r->p) / least)
        r->bad = true;
    return r->bad ? 0 : n;
}

static uint32_t get_u32(reader *r)
{
    uint64_t value = get_uint(r);
    r->bad |= value > UINT32_MAX;
    return (uint32_t)value;
}

static void read_lists(reader *r, trial *t)
{
    t->n_metrics = get_count(r, 9);
    metric *metrics = ARENA_NEW(r->a, metric, t->n_metrics);
    r->no_memory |= !metrics;
    for (size_t i = 0; i < t->n_metrics && metrics && !r->bad; i++) {
        metrics[i].name = get_text(r);
        metrics[i].value = get_real(r);
        r->bad |= !metrics[i].name;
    }
    t->metrics = metrics;
    t->n_curve = get_count(r, 25);
    curve_point *curve = ARENA_NEW(r->a, curve_point, t->n_curve);
    r->no_memory |= !curve;
    for (size_t i = 0; i < t->n_curve && curve && !r->bad; i++) {
        curve[i].epoch = get_u32(r);
        curve[i].train_loss = get_real(r);
        curve[i].val_loss = get_real(r);
        curve[i].val_error = get_real(r);
    }
    t->curve = curve;
}

static void read_all(reader *r, trial *t)
{
    t->id = get_uint(r);
    t->n_parents = get_u32(r);
    r->bad |= t->n_parents > TRIAL_MAX_PARENTS;
    for (uint32_t i = 0; i < t->n_parents && !r->bad; i++)
        t->parents[i] = get_uint(r);
    t->genome = get_text(r);
    t->key = get_hash(r);
    t->original = get_uint(r);
    t->virtual_start = get_uint(r);
    t->virtual_duration = get_uint(r);
    const char *status = get_text(r);
    r->bad |= !status || !trial_status_from_name(status, &t->status);
    t->reason = get_text(r);
    read_lists(r, t);
    t->blocks = get_text(r);
    t->weights_hash = get_hash(r);
    t->trained_macs = get_uint(r);
    t->wall_s = get_real(r);
    t->host = get_text(r);
    t->worker = get_u32(r);
    t->attempts = get_u32(r);
    t->found_in = get_text(r);
    r->bad |= r->p != r->end;
}

ash_status trial_decode(const void *bytes, size_t n, arena *a, trial **out, ash_error *err)
{
    const uint8_t *b = bytes;
    if (n < 5)
        return ash_fail(err, ASH_INVALID, "a trial's message is cut short: %zu bytes", n);
    if (b[0] != VERSION)
        return ash_fail(err, ASH_INVALID, "a trial's message has version %d; this program reads %d", b[0], VERSION);
    uint32_t crc = 0;
    for (int i = 3; i >= 0; i--)
        crc = crc << 8 | b[n - 4 + (size_t)i];
    if (n > UINT32_MAX || crc != crc32(0, b, (uInt)(n - 4)))
        return ash_fail(err, ASH_INVALID, "a trial's message of %zu bytes is damaged: its checksum is wrong", n);
    trial *t = ARENA_NEW(a, trial, 1);
    if (!t)
        return ash_fail_memory(err);
    reader r = {b + 1, b + n - 4, a, false, false};
    read_all(&r, t);
    if (r.no_memory)
        return ash_fail_memory(err);
    if (r.bad)
        return ash_fail(err, ASH_INVALID, "a trial's message of %zu bytes is malformed", n);
    *out = t;
    return ASH_OK;
}
