/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.c - see table.h
 *
 * A cell keeps two texts: one for people, one for programs. libsmartcols lays the first out; it pads even an empty last
 * cell, so its lines are trimmed before they go out.
 */
#include "cli/table.h"
#include "core/format.h"
#include "core/text.h"
#include "reports/escape.h"
#include <inttypes.h>
#include <libsmartcols.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

typedef struct cell {
    char *shown, *exact; /* NULL: nothing to say */
    bool quoted;         /* JSON: a string; otherwise a number */
} cell;

typedef struct heading {
    char *name;
    table_align align;
} heading;

struct table {
    heading *headings;
    cell *cells; /* row after row, n_columns each */
    size_t n_columns, n_rows, filled, cap;
};

static void *must(void *p)
{
    if (!p) {
        fputs("ashlar: out of memory\n", stderr);
        exit(ASH_BROKEN);
    }
    return p;
}

table *table_create(void) { return must(calloc(1, sizeof(table))); }

void table_destroy(table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n_rows * t->n_columns; i++) {
        free(t->cells[i].shown);
        free(t->cells[i].exact);
    }
    for (size_t k = 0; k < t->n_columns; k++)
        free(t->headings[k].name);
    free(t->cells);
    free(t->headings);
    free(t);
}

void table_column(table *t, const char *name, table_align align)
{
    t->headings = must(reallocarray(t->headings, t->n_columns + 1, sizeof(heading)));
    t->headings[t->n_columns++] = (heading){must(strdup(name)), align};
}

void table_row(table *t)
{
    if (t->n_rows == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->cells = must(reallocarray(t->cells, t->cap * (t->n_columns ? t->n_columns : 1), sizeof(cell)));
    }
    for (size_t k = 0; k < t->n_columns; k++)
        t->cells[t->n_rows * t->n_columns + k] = (cell){0};
    t->n_rows++;
    t->filled = 0;
}

/* The next cell of the last row. More cells than columns are a bug; they are dropped. */
static void put(table *t, const char *shown, const char *exact, bool quoted)
{
    if (t->n_rows == 0 || t->filled == t->n_columns)
        return;
    cell *c = &t->cells[(t->n_rows - 1) * t->n_columns + t->filled++];
    c->shown = shown ? must(strdup(shown)) : NULL;
    c->exact = exact ? must(strdup(exact)) : NULL;
    c->quoted = quoted;
}

void table_text(table *t, const char *text) { put(t, text, text, true); }

/* 12501632 as 12 501 632; four digits stay together. */
static void group_digits(char out[32], const char *digits)
{
    size_t n = strlen(digits), sign = digits[0] == '-', used = 0;
    bool grouped = n - sign > 4;
    for (size_t i = 0; i < n; i++) {
        if (grouped && i > sign && (n - i) % 3 == 0)
            out[used++] = ' ';
        out[used++] = digits[i];
    }
    out[used] = '\0';
}

void table_integer(table *t, int64_t value)
{
    char digits[24], shown[32];
    format_text(digits, sizeof digits, "%" PRId64, value);
    group_digits(shown, digits);
    put(t, shown, digits, false);
}

void table_id(table *t, int64_t value)
{
    char digits[24];
    format_text(digits, sizeof digits, "%" PRId64, value);
    put(t, digits, digits, false);
}

void table_number(table *t, double value, const char *format)
{
    char shown[64], exact[32];
    if (isnan(value)) {
        put(t, NULL, NULL, false);
        return;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    format_text(shown, sizeof shown, format, value);
#pragma GCC diagnostic pop
    put(t, shown, text_of_real(exact, value), false);
}

/* ---- for people ---- */

/* A cell is one line: control characters become spaces. */
static char *one_line(const char *text)
{
    char *line = must(strdup(text ? text : ""));
    for (char *s = line; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            *s = ' ';
    return line;
}

static void set_width(struct libscols_table *grid, FILE *out)
{
    struct winsize size = {0};
    if (!isatty(fileno(out))) {
        scols_table_set_termforce(grid, SCOLS_TERMFORCE_NEVER);
        return;
    }
    int64_t width = 80;
    const char *columns = getenv("COLUMNS");
    if (!(columns && text_to_int(columns, &width) && width > 0 && width < 100000))
        width = ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
    scols_table_set_termforce(grid, SCOLS_TERMFORCE_ALWAYS);
    scols_table_set_termwidth(grid, (size_t)width);
}

static void print_trimmed(const char *text, FILE *out)
{
    while (*text) {
        size_t n = strcspn(text, "\n"), kept = n;
        while (kept && text[kept - 1] == ' ')
            kept--;
        fwrite(text, 1, kept, out);
        fputc('\n', out);
        text += n + (text[n] == '\n');
    }
}

static int column_flags(const table *t, size_t column)
{
    table_align align = t->headings[column].align;
    if (align == TABLE_AUTO) {
        align = TABLE_RIGHT;
        for (size_t i = 0; i < t->n_rows; i++)
            if (t->cells[i * t->n_columns + column].quoted && t->cells[i * t->n_columns + column].exact)
                align = TABLE_WRAP;
    }
    return align == TABLE_RIGHT ? SCOLS_FL_RIGHT : align == TABLE_WRAP ? SCOLS_FL_TRUNC : align == TABLE_FOLD ? SCOLS_FL_WRAP : 0;
}

static void print_people(const table *t, FILE *out)
{
    struct libscols_table *grid = must(scols_new_table());
    bool named = false;
    for (size_t k = 0; k < t->n_columns; k++) {
        named |= t->headings[k].name[0] != '\0';
        char *name = one_line(t->headings[k].name);
        int flags = column_flags(t, k);
        must(scols_table_new_column(grid, name, flags & (SCOLS_FL_TRUNC | SCOLS_FL_WRAP) ? 0.1 : 0, flags));
        free(name);
    }
    for (size_t i = 0; i < t->n_rows; i++) {
        struct libscols_line *line = must(scols_table_new_line(grid, NULL));
        for (size_t k = 0; k < t->n_columns; k++) {
            char *text = one_line(t->cells[i * t->n_columns + k].shown);
            if (scols_line_refer_data(line, k, text) != 0)
                must(NULL);
        }
    }
    scols_table_enable_noheadings(grid, !named);
    set_width(grid, out);
    char *text = NULL;
    if (t->n_rows == 0) { /* libsmartcols prints nothing at all for no rows */
        for (size_t k = 0; k < t->n_columns; k++)
            fprintf(out, "%s%s", k ? " " : "", t->headings[k].name);
        fputc('\n', out);
    } else if (scols_print_table_to_string(grid, &text) != 0) {
        must(NULL);
    } else {
        print_trimmed(text, out);
    }
    free(text);
    scols_unref_table(grid);
}

/* ---- for programs ---- */

static void flush_text(buffer *text, FILE *out)
{
    must(text->failed ? NULL : text);
    fwrite(text->data, 1, text->len, out);
    buffer_clear(text);
}

static void print_csv(const table *t, FILE *out)
{
    buffer text = {0};
    for (size_t k = 0; k < t->n_columns; k++) {
        buffer_puts(&text, k ? "," : "");
        escape_csv(&text, t->headings[k].name);
    }
    buffer_puts(&text, "\r\n");
    for (size_t i = 0; i < t->n_rows; i++) {
        for (size_t k = 0; k < t->n_columns; k++) {
            const cell *c = &t->cells[i * t->n_columns + k];
            buffer_puts(&text, k ? "," : "");
            /* a lone empty field is quoted: an empty line would be no record */
            if (t->n_columns == 1 && (!c->exact || !*c->exact))
                buffer_puts(&text, "\"\"");
            escape_csv(&text, c->exact);
        }
        buffer_puts(&text, "\r\n");
        flush_text(&text, out);
    }
    if (text.len)
        flush_text(&text, out);
    buffer_free(&text);
}

static void print_json(const table *t, FILE *out)
{
    buffer text = {0};
    buffer_puts(&text, "[");
    for (size_t i = 0; i < t->n_rows; i++) {
        buffer_puts(&text, i ? ",\n {" : "\n {");
        for (size_t k = 0; k < t->n_columns; k++) {
            const cell *c = &t->cells[i * t->n_columns + k];
            buffer_puts(&text, k ? ", " : "");
            escape_json(&text, t->headings[k].name);
            buffer_puts(&text, ": ");
            bool finite = c->exact && (c->quoted || (!strstr(c->exact, "inf") && !strstr(c->exact, "nan")));
            if (finite && !c->quoted)
                buffer_puts(&text, c->exact);
            else
                escape_json(&text, finite ? c->exact : NULL);
        }
        buffer_puts(&text, "}");
        flush_text(&text, out);
    }
    buffer_puts(&text, t->n_rows ? "\n]\n" : "]\n");
    flush_text(&text, out);
    buffer_free(&text);
}

void table_print(const table *t, output_format format, FILE *out)
{
    if (format == FORMAT_CSV)
        print_csv(t, out);
    else if (format == FORMAT_JSON)
        print_json(t, out);
    else if (t->n_columns)
        print_people(t, out);
}
