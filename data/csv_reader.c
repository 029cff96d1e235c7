/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_reader.c - records of a CSV text (RFC 4180)
 *
 * A record is scanned twice: once for its end, so that room for its cells is made, then cell by cell. What it
 * takes is bounded by the text's own length. */
#include "data/csv_reader.h"
#include <stdint.h>
#include <string.h>

/* Length of the UTF-8 sequence at p, or 0. */
static size_t utf8_length(const unsigned char *p, const unsigned char *end)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
    if (n < 2)
        return n;
    if ((size_t)(end - p) < n)
        return 0;
    uint32_t code = *p & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    return code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : n;
}

ash_status csv_begin(csv_reader *r, const char *name, const char *text, size_t n, char delimiter,
                     csv_store *store, ash_error *err)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    *r = (csv_reader){name, text, text + n, 1, delimiter, store};
    if (n >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
        return ash_fail(err, ASH_INVALID, "%s: the text is UTF-16; save it as UTF-8", name);
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        r->at += 3;
    for (size_t line = 1, step; p < end; p += step) {
        step = utf8_length(p, end);
        if (step == 0)
            return ash_fail(err, ASH_INVALID, "%s:%zu: the text is not UTF-8; convert it (iconv -t UTF-8)",
                            name, line);
        if (*p == 0)
            return ash_fail(err, ASH_INVALID, "%s:%zu: there is a NUL byte; this is not a text file", name,
                            line);
        line += *p == '\n';
    }
    return ASH_OK;
}

static bool ends_line(char c)
{
    return c == '\n' || c == '\r';
}
static bool blank(const csv_reader *r, char c)
{
    return (c == ' ' || c == '\t') && c != r->delimiter;
}

static const char *skip_blanks(const csv_reader *r, const char *p)
{
    while (p < r->end && blank(r, *p))
        p++;
    return p;
}

/* Past the line end at p, if there is one. */
static const char *skip_line_end(csv_reader *r, const char *p)
{
    if (p < r->end && ends_line(*p)) {
        p += *p == '\r' && p + 1 < r->end && p[1] == '\n' ? 2 : 1;
        r->line++;
    }
    return p;
}

/* Past the quote that closes the cell whose text begins at p, or the end. */
static const char *closing_quote(const csv_reader *r, const char *p)
{
    for (; p < r->end; p++)
        if (*p == '"') {
            if (p + 1 >= r->end || p[1] != '"')
                return p + 1;
            p++;
        }
    return p;
}

/* The record at r->at: its cells, and bytes enough for their text with terminators. Follows the same rules as
 * the readers of cells below: a quote opens only at the beginning of a cell. */
static void measure(const csv_reader *r, size_t *cells, size_t *bytes)
{
    const char *p = r->at;
    for (*cells = 1;; ++*cells, p++) {
        p = skip_blanks(r, p);
        if (p < r->end && *p == '"')
            p = closing_quote(r, p + 1);
        while (p < r->end && *p != r->delimiter && !ends_line(*p))
            p++;
        if (p >= r->end || *p != r->delimiter)
            break;
    }
    *bytes = (size_t)(p - r->at) + *cells + 1;
}

static bool make_room(csv_store *s, size_t cells, size_t bytes)
{
    if (cells > s->n_cells) {
        s->n_cells = cells * 2;
        s->cells = ARENA_NEW(s->a, csv_cell, s->n_cells);
    }
    if (bytes > s->n_text) {
        s->n_text = bytes * 2;
        s->text = arena_alloc(s->a, s->n_text);
    }
    if (s->cells && s->text)
        return true;
    *s = (csv_store){.a = s->a}; /* after a failure, ask again */
    return false;
}

/* A quoted cell from its opening quote; *at moves to the delimiter or line end behind it. */
static ash_status quoted_cell(csv_reader *r, const char **at, char **to, csv_cell *cell, ash_error *err)
{
    size_t opened = r->line;
    const char *p = *at + 1;
    char *begin = *to, *out = *to;
    for (;; p++) {
        if (p >= r->end)
            return ash_fail(err, ASH_INVALID, "%s:%zu: the quote that opens here is never closed", r->name,
                            opened);
        if (*p == '"') {
            if (p + 1 >= r->end || p[1] != '"')
                break;
            p++;
        } else if (*p == '\n' || (*p == '\r' && (p + 1 >= r->end || p[1] != '\n'))) {
            r->line++;
        }
        *out++ = *p;
    }
    p = skip_blanks(r, p + 1);
    if (p < r->end && *p != r->delimiter && !ends_line(*p))
        return ash_fail(err, ASH_INVALID,
                        "%s:%zu: text follows a closing quote; inside quotes, a quote is written twice",
                        r->name, r->line);
    *out = '\0';
    *cell = (csv_cell){begin, (size_t)(out - begin), true};
    *to = out + 1;
    *at = p;
    return ASH_OK;
}

static void plain_cell(const csv_reader *r, const char **at, char **to, csv_cell *cell)
{
    const char *p = *at, *end = p;
    while (end < r->end && *end != r->delimiter && !ends_line(*end))
        end++;
    *at = end;
    while (end > p && blank(r, end[-1]))
        end--;
    size_t n = (size_t)(end - p);
    memcpy(*to, p, n);
    (*to)[n] = '\0';
    *cell = (csv_cell){*to, n, false};
    *to += n + 1;
}

ash_status csv_next(csv_reader *r, csv_record *out, bool *more, ash_error *err)
{
    *more = false;
    for (;;) { /* blank lines */
        const char *p = skip_blanks(r, r->at);
        if (p >= r->end) {
            r->at = p;
            return ASH_OK;
        }
        if (!ends_line(*p))
            break;
        r->at = skip_line_end(r, p);
    }
    size_t cells, bytes, n = 0;
    measure(r, &cells, &bytes);
    if (!make_room(r->store, cells, bytes))
        return ash_fail_memory(err);
    out->line = r->line;
    const char *p = r->at;
    char *to = r->store->text;
    for (;; p++) {
        p = skip_blanks(r, p);
        if (p < r->end && *p == '"') {
            ash_status s = quoted_cell(r, &p, &to, &r->store->cells[n++], err);
            if (s != ASH_OK)
                return s;
        } else {
            plain_cell(r, &p, &to, &r->store->cells[n++]);
        }
        if (p >= r->end || *p != r->delimiter)
            break;
    }
    r->at = skip_line_end(r, p);
    out->cells = r->store->cells;
    out->n = n;
    *more = true;
    return ASH_OK;
}
