/* SPDX-License-Identifier: GPL-3.0-or-later */
/* node.c - making, printing and complaining about document nodes; see node.h */
#include "core/node.h"
#include "core/buffer.h"
#include "core/format.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

enum { SHOWN_COLUMNS = 100 };

const node *node_get(const node *map, const char *key)
{
    if (!map || map->kind != NODE_MAP)
        return NULL;
    for (const node *n = map->first; n; n = n->next)
        if (strcmp(n->key, key) == 0)
            return n;
    return NULL;
}

const node *node_at(const node *list, size_t index)
{
    const node *n = list ? list->first : NULL;
    while (n && index--)
        n = n->next;
    return n;
}

static node *make(arena *a, node_kind kind, const char *key)
{
    node *n = ARENA_NEW(a, node, 1);
    if (!n)
        return NULL;
    n->kind = kind;
    if (key && !(n->key = arena_strdup(a, key)))
        return NULL;
    return n;
}

node *node_scalar(arena *a, const char *key, const char *text)
{
    node *n = make(a, NODE_SCALAR, key);
    if (n && !(n->text = arena_strdup(a, text)))
        return NULL;
    return n;
}

node *node_map(arena *a, const char *key) { return make(a, NODE_MAP, key); }
node *node_list(arena *a, const char *key) { return make(a, NODE_LIST, key); }

void node_append(node *parent, node *child)
{
    node **end = &parent->first;
    while (*end)
        end = &(*end)->next;
    *end = child;
    child->next = NULL;
    parent->count++;
}

/* ------------------------------------------------------------------ inline attributes */

typedef struct cursor {
    arena *a;
    const char *text, *p, *file;
    ash_error *err;
} cursor;

static ash_status inline_fail(const cursor *c, const char *what)
{
    return ash_fail(c->err, ASH_INVALID, "%s:1:%d: %s in \"%s\"", c->file, (int)(c->p - c->text) + 1, what, c->text);
}

static void skip_space(cursor *c)
{
    while (*c->p == ' ' || *c->p == '\t')
        c->p++;
}

static node *inline_word(cursor *c, const char *key, const char *stop)
{
    const char *start = c->p;
    while (*c->p && !strchr(stop, *c->p))
        c->p++;
    const char *end = c->p;
    while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    node *n = make(c->a, NODE_SCALAR, key);
    if (!n || !(n->text = arena_strndup(c->a, start, (size_t)(end - start))))
        return NULL;
    n->file = c->file;
    n->source = c->text;
    n->line = 1;
    n->column = (int)(start - c->text) + 1;
    return n;
}

static ash_status inline_value(cursor *c, const char *key, node **out)
{
    skip_space(c);
    if (*c->p != '[') {
        *out = inline_word(c, key, ", \t");
        if (!*out)
            return ash_fail_memory(c->err);
        return (*out)->text[0] ? ASH_OK : inline_fail(c, "a value is missing");
    }
    node *list = make(c->a, NODE_LIST, key);
    if (!list)
        return ash_fail_memory(c->err);
    list->file = c->file;
    list->source = c->text;
    list->line = 1;
    list->column = (int)(c->p - c->text) + 1;
    c->p++;
    for (skip_space(c); *c->p != ']'; skip_space(c)) {
        node *item = inline_word(c, NULL, ",]");
        if (!item)
            return ash_fail_memory(c->err);
        if (!item->text[0])
            return inline_fail(c, "an element is missing");
        node_append(list, item);
        if (*c->p == ',')
            c->p++;
        else if (*c->p != ']')
            return inline_fail(c, "a \"]\" is missing");
    }
    c->p++;
    *out = list;
    return ASH_OK;
}

ash_status node_parse_inline(arena *a, const char *text, const char *file, node **out, ash_error *err)
{
    cursor c = {a, text, text, file, err};
    node *map = make(a, NODE_MAP, NULL);
    if (!map)
        return ash_fail_memory(err);
    map->file = file;
    map->source = text;
    map->line = map->column = 1;
    for (;;) {
        while (*c.p == ' ' || *c.p == '\t' || *c.p == ',')
            c.p++;
        if (!*c.p)
            break;
        const char *start = c.p;
        while (isalnum((unsigned char)*c.p) || *c.p == '_')
            c.p++;
        size_t n = (size_t)(c.p - start);
        if (n == 0 || *c.p != '=')
            return inline_fail(&c, "expected name=value");
        char *key = arena_strndup(a, start, n);
        if (!key)
            return ash_fail_memory(err);
        c.p++;
        node *value = NULL;
        if (inline_value(&c, key, &value) != ASH_OK)
            return err->status;
        value->key_line = 1;
        value->key_column = (int)(start - text) + 1;
        node_append(map, value);
    }
    *out = map;
    return ASH_OK;
}

/* ------------------------------------------------------------------ printing */

/* One character at *p, which moves on; bytes that are no UTF-8 count as themselves. */
static uint32_t code_point(const char **p)
{
    const unsigned char *u = (const unsigned char *)*p;
    int more = *u < 0xc2 ? 0 : *u < 0xe0 ? 1 : *u < 0xf0 ? 2 : *u < 0xf5 ? 3 : 0;
    uint32_t c = more ? *u & (0x3f >> more) : *u;
    for (int i = 1; i <= more; i++) {
        if ((u[i] & 0xc0) != 0x80) {
            (*p)++;
            return *u;
        }
        c = c << 6 | (u[i] & 0x3f);
    }
    *p += 1 + more;
    return c;
}

/* What a YAML stream may not hold as it is, or folds as a line break. */
static bool must_escape(uint32_t c)
{
    return c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

/* Whether a scalar must be quoted to read back as the same text in YAML flow style. */
static bool needs_quotes(const char *t)
{
    if (!*t || *t == ' ' || t[strlen(t) - 1] == ' ')
        return true;
    if (strchr("-?:,[]{}#&*!|>'\"%@`~=", *t) && !(*t == '-' && (isdigit((unsigned char)t[1]) || t[1] == '.')))
        return true;
    for (const char *p = t; *p;) {
        if (strchr(",[]{}\"\\?", *p) || (*p == '#' && p[-1] == ' ') || (*p == ':' && strchr(" ,[]{}?", p[1])))
            return true;
        if (must_escape(code_point(&p)))
            return true;
    }
    return false;
}

static void print_quoted(const char *text, buffer *b)
{
    buffer_puts(b, "\"");
    for (const char *p = text; *p;) {
        const char *start = p;
        uint32_t c = code_point(&p);
        if (c == '"' || c == '\\')
            buffer_printf(b, "\\%c", (char)c);
        else if (c == '\n')
            buffer_puts(b, "\\n");
        else if (c == '\t')
            buffer_puts(b, "\\t");
        else if (must_escape(c))
            buffer_printf(b, c < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)c);
        else
            buffer_add(b, start, (size_t)(p - start));
    }
    buffer_puts(b, "\"");
}

void node_print_text(const char *text, bool quoted, buffer *out)
{
    if (!quoted && !*text)
        buffer_puts(out, "~"); /* nothing, as in "train:"; quoted it would be a text */
    else if (quoted || needs_quotes(text))
        print_quoted(text, out);
    else
        buffer_puts(out, text);
}

static void print(const node *n, buffer *b)
{
    if (n->kind == NODE_SCALAR) {
        node_print_text(n->text, n->quoted, b);
        return;
    }
    buffer_puts(b, n->kind == NODE_MAP ? "{" : "[");
    for (const node *c = n->first; c; c = c->next) {
        if (n->kind == NODE_MAP) {
            node_print_text(c->key, !*c->key, b);
            buffer_puts(b, ": ");
        }
        print(c, b);
        if (c->next)
            buffer_puts(b, ", ");
    }
    buffer_puts(b, n->kind == NODE_MAP ? "}" : "]");
}

char *node_print(arena *a, const node *n)
{
    buffer b = {0};
    print(n, &b);
    char *text = b.failed ? NULL : arena_strdup(a, b.len ? b.data : "");
    buffer_free(&b);
    return text;
}

/* ------------------------------------------------------------------ complaining */

/* The source line with a caret under `column` (in characters, from 1). Tabs are kept in the caret's line so that it lines up. */
static void add_source_line(const node *n, int line, int column, ash_error *err)
{
    const char *p = n->source;
    for (int i = 1; i < line && p; i++) {
        p = strchr(p, '\n');
        p = p ? p + 1 : NULL;
    }
    if (!p)
        return;
    int length = (int)strcspn(p, "\r\n");
    buffer b = {0};
    int start = 0; /* byte of the first character shown */
    if (column > SHOWN_COLUMNS - 20) {
        int skip = column - SHOWN_COLUMNS / 2;
        while (start < length && skip > 0)
            if ((p[++start] & 0xc0) != 0x80)
                skip--;
        column -= column - SHOWN_COLUMNS / 2;
    }
    int end = start, shown = 0;
    while (end < length && shown < SHOWN_COLUMNS) {
        end++;
        while (end < length && (p[end] & 0xc0) == 0x80)
            end++;
        shown++;
    }
    buffer_printf(&b, "\n  %.*s\n  ", end - start, p + start);
    for (int i = start, at = 1; at < column && i < end; at++) {
        buffer_puts(&b, p[i] == '\t' ? "\t" : " ");
        i++;
        while (i < end && (p[i] & 0xc0) == 0x80)
            i++;
    }
    buffer_puts(&b, "^");
    size_t used = strlen(err->text);
    if (!b.failed && used + b.len < sizeof(err->text))
        memcpy(err->text + used, b.data, b.len + 1);
    buffer_free(&b);
}

static ash_status fail_at(const node *n, int line, int column, ash_error *err, const char *format, va_list args)
{
    char message[1024];
    format_args(message, sizeof(message), format, args);
    if (!n || !n->file)
        return ash_fail(err, ASH_INVALID, "%s", message);
    if (line <= 0)
        return ash_fail(err, ASH_INVALID, "%s: %s", n->file, message);
    ash_fail(err, ASH_INVALID, "%s:%d:%d: %s", n->file, line, column, message);
    if (n->source)
        add_source_line(n, line, column, err);
    return ASH_INVALID;
}

ash_status node_fail(const node *n, ash_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ash_status status = fail_at(n, n ? n->line : 0, n ? n->column : 0, err, format, args);
    va_end(args);
    return status;
}

ash_status node_fail_key(const node *n, ash_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool keyed = n && n->key_line > 0;
    ash_status status = fail_at(n, keyed ? n->key_line : n ? n->line : 0, keyed ? n->key_column : n ? n->column : 0, err, format, args);
    va_end(args);
    return status;
}
