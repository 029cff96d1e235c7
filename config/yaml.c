/* SPDX-License-Identifier: GPL-3.0-or-later */
/* yaml.c - libyaml's events to a tree of nodes
 *
 * Events rather than libyaml's documents: a document has lost its anchors and has followed its aliases, and
 * both are refused here, where they stand. Nesting is bounded while reading, so no input can exhaust the
 * stack. NUL bytes and broken UTF-8 are looked for first, because libyaml would report them by byte offset or
 * guess another encoding.
 */
#include "config/yaml.h"
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { DEEPEST = 64 };

typedef struct reader {
    yaml_parser_t parser;
    arena *a;
    const char *file, *source;
    ash_error *err;
} reader;

/* A place in the text, for errors about no node in particular; from libyaml's marks, which count from 0. */
static node place(const reader *r, yaml_mark_t mark)
{
    return (node){
        .file = r->file, .source = r->source, .line = (int)mark.line + 1, .column = (int)mark.column + 1};
}

static node place_of_byte(const reader *r, size_t offset)
{
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < offset; i++) {
        if (r->source[i] == '\n')
            mark.line++, mark.column = 0;
        else
            mark.column += ((unsigned char)r->source[i] & 0xc0) != 0x80;
    }
    return place(r, mark);
}

/* The bytes of the character at `p`, 0 when it is not UTF-8. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
    size_t n = *p < 0x80                 ? 1
               : *p >= 0xc2 && *p < 0xe0 ? 2
               : (*p & 0xf0) == 0xe0     ? 3
               : *p >= 0xf0 && *p < 0xf5 ? 4
                                         : 0;
    if (n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) || (*p == 0xf0 && p[1] < 0x90) ||
        (*p == 0xf4 && p[1] > 0x8f))
        return 0; /* overlong, a surrogate, or beyond Unicode */
    return n;
}

static ash_status check_bytes(const reader *r, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t length = utf8_length((const unsigned char *)r->source + i, n - i);
        if (length && r->source[i]) {
            i += length;
            continue;
        }
        node at = place_of_byte(r, i);
        if (!length)
            return node_fail(&at, r->err, "byte 0x%02x is not UTF-8 text", (unsigned char)r->source[i]);
        return node_fail(&at, r->err, "a NUL byte; this is not a text file");
    }
    return ASH_OK;
}

static ash_status parser_fail(reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return ash_fail_memory(r->err);
    node at = p->error == YAML_READER_ERROR ? place_of_byte(r, p->problem_offset) : place(r, p->problem_mark);
    if (p->error == YAML_READER_ERROR)
        return node_fail(&at, r->err, "%s", p->problem);
    if (!p->context || p->context_mark.line == p->problem_mark.line)
        return node_fail(&at, r->err, "%s%s%s", p->problem, p->context ? " " : "",
                         p->context ? p->context : "");
    return node_fail(&at, r->err, "%s %s from line %zu", p->problem, p->context, p->context_mark.line + 1);
}

static ash_status next(reader *r, yaml_event_t *event)
{
    return yaml_parser_parse(&r->parser, event) ? ASH_OK : parser_fail(r);
}

/* What run files do without: they are written by hand, and an alias bomb is made of anchors. */
static ash_status refuse_extras(const reader *r, const yaml_event_t *e)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    node at = place(r, e->start_mark);
    switch (e->type) {
    case YAML_ALIAS_EVENT:
        return node_fail(&at, r->err, "aliases (*%s) are not supported; write the value again",
                         e->data.alias.anchor);
    case YAML_SCALAR_EVENT:
        anchor = e->data.scalar.anchor, tag = e->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = e->data.sequence_start.anchor, tag = e->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = e->data.mapping_start.anchor, tag = e->data.mapping_start.tag;
        break;
    default:
        break;
    }
    if (anchor)
        return node_fail(&at, r->err, "anchors (&%s) are not supported; write the value where it is needed",
                         anchor);
    if (tag)
        return node_fail(&at, r->err, "tags (%s) are not supported; quote what is text", tag);
    return ASH_OK;
}

static bool is_null(const char *text)
{
    return !strcmp(text, "~") || !strcmp(text, "null") || !strcmp(text, "Null") || !strcmp(text, "NULL");
}

/* A null is an empty scalar that is not quoted. */
static ash_status set_scalar(const reader *r, node *n, const yaml_event_t *e)
{
    const char *text = (const char *)e->data.scalar.value;
    if (memchr(text, 0, e->data.scalar.length)) {
        node at = place(r, e->start_mark);
        return node_fail(&at, r->err, "a NUL character (\\0) in text");
    }
    n->kind = NODE_SCALAR;
    n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    n->text = arena_strdup(r->a, !n->quoted && is_null(text) ? "" : text);
    return n->text ? ASH_OK : ash_fail_memory(r->err);
}

static int by_key(const void *x, const void *y)
{
    const node *a = *(const node *const *)x, *b = *(const node *const *)y;
    int order = strcmp(a->key, b->key);
    if (order)
        return order;
    if (a->key_line != b->key_line)
        return a->key_line < b->key_line ? -1 : 1;
    return a->key_column < b->key_column ? -1 : a->key_column > b->key_column;
}

/* Sorted rather than pairwise: a hostile file may hold a million keys. Reports the copy that comes first. */
static ash_status refuse_duplicates(const reader *r, const node *map)
{
    if (map->count < 2)
        return ASH_OK;
    const node **keys = malloc(map->count * sizeof(*keys)), *first = NULL, *second = NULL;
    if (!keys)
        return ash_fail_memory(r->err);
    size_t n = 0;
    for (const node *c = map->first; c; c = c->next)
        keys[n++] = c;
    qsort(keys, n, sizeof(*keys), by_key);
    for (size_t i = 1; i < n; i++) {
        const node *k = keys[i];
        if (strcmp(k->key, keys[i - 1]->key) ||
            (second && (k->key_line > second->key_line ||
                        (k->key_line == second->key_line && k->key_column > second->key_column))))
            continue;
        first = keys[i - 1], second = k;
    }
    free(keys);
    if (second)
        return node_fail_key(second, r->err, "duplicate key \"%s\"; it is on line %d already", second->key,
                             first->key_line);
    return ASH_OK;
}

static ash_status read_node(reader *r, const yaml_event_t *e, int depth, node *n);

static ash_status read_item(reader *r, const yaml_event_t *e, int depth, node *parent, node ***end,
                            const node *key)
{
    node *child = ARENA_NEW(r->a, node, 1);
    if (!child)
        return ash_fail_memory(r->err);
    if (key) {
        child->key = key->text;
        child->key_line = key->line;
        child->key_column = key->column;
    }
    if (read_node(r, e, depth, child) != ASH_OK)
        return r->err->status;
    **end = child;
    *end = &child->next;
    parent->count++;
    return ASH_OK;
}

static ash_status read_list(reader *r, int depth, node *list)
{
    node **end = &list->first;
    for (;;) {
        yaml_event_t e;
        if (next(r, &e) != ASH_OK)
            return r->err->status;
        bool done = e.type == YAML_SEQUENCE_END_EVENT;
        ash_status status = done ? ASH_OK : read_item(r, &e, depth + 1, list, &end, NULL);
        yaml_event_delete(&e);
        if (done || status != ASH_OK)
            return status;
    }
}

static ash_status read_map(reader *r, int depth, node *map)
{
    node **end = &map->first;
    for (;;) {
        yaml_event_t e;
        if (next(r, &e) != ASH_OK)
            return r->err->status;
        bool done = e.type == YAML_MAPPING_END_EVENT;
        node key = place(r, e.start_mark);
        ash_status status = done ? ASH_OK : refuse_extras(r, &e);
        if (!done && status == ASH_OK)
            status = e.type == YAML_SCALAR_EVENT
                         ? set_scalar(r, &key, &e)
                         : node_fail(&key, r->err, "a key must be a name, not a list or a map");
        yaml_event_delete(&e);
        if (done)
            return refuse_duplicates(r, map);
        if (status != ASH_OK || next(r, &e) != ASH_OK)
            return r->err->status;
        status = read_item(r, &e, depth + 1, map, &end, &key);
        yaml_event_delete(&e);
        if (status != ASH_OK)
            return status;
    }
}

static ash_status read_node(reader *r, const yaml_event_t *e, int depth, node *n)
{
    node at = place(r, e->start_mark);
    n->file = r->file;
    n->source = r->source;
    n->line = at.line;
    n->column = at.column;
    if (refuse_extras(r, e) != ASH_OK)
        return r->err->status;
    if (e->type == YAML_SCALAR_EVENT)
        return set_scalar(r, n, e);
    if (depth >= DEEPEST)
        return node_fail(&at, r->err, "nested deeper than %d levels", DEEPEST);
    n->kind = e->type == YAML_MAPPING_START_EVENT ? NODE_MAP : NODE_LIST;
    return n->kind == NODE_MAP ? read_map(r, depth, n) : read_list(r, depth, n);
}

/* stream start, then nothing or one document, then stream end. */
static ash_status read_stream(reader *r, node **root)
{
    for (;;) {
        yaml_event_t e;
        if (next(r, &e) != ASH_OK)
            return r->err->status;
        node at = place(r, e.start_mark);
        bool done = e.type == YAML_STREAM_END_EVENT;
        ash_status status = ASH_OK;
        if (e.type == YAML_DOCUMENT_START_EVENT) {
            if (*root)
                status = node_fail(&at, r->err, "a second document; a file holds one");
        } else if (!done && e.type != YAML_STREAM_START_EVENT && e.type != YAML_DOCUMENT_END_EVENT) {
            *root = ARENA_NEW(r->a, node, 1);
            status = *root ? read_node(r, &e, 0, *root) : ash_fail_memory(r->err);
        }
        yaml_event_delete(&e);
        if (done || status != ASH_OK)
            return status;
    }
}

ash_status yaml_read(const char *text, size_t n, const char *file, arena *a, node **root, ash_error *err)
{
    if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) /* a byte order mark */
        text += 3, n -= 3;
    reader r = {.a = a, .file = file, .source = text, .err = err};
    *root = NULL;
    if (check_bytes(&r, n) != ASH_OK)
        return err->status;
    if (!yaml_parser_initialize(&r.parser))
        return ash_fail_memory(err);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, n);
    ash_status status = read_stream(&r, root);
    yaml_parser_delete(&r.parser);
    return status;
}
