/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config.c - run files, overrides, sections */
#include "config/config.h"
#include "config/yaml.h"
#include "core/text.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t largest = (size_t)16 << 20;

/* ------------------------------------------------------------------ reading */

/* `text` lives in the arena already. */
static ash_status read_document(const char *text, size_t n, const char *name, arena *a, node **root,
                                ash_error *err)
{
    if (yaml_read(text, n, name, a, root, err) != ASH_OK)
        return err->status;
    node *r = *root;
    if (!r || (r->kind == NODE_SCALAR && !r->quoted && !*r->text)) { /* nothing, or only comments */
        *root = r = node_map(a, NULL);
        if (!r)
            return ash_fail_memory(err);
        r->file = name;
        r->source = text;
    }
    if (r->kind != NODE_MAP)
        return node_fail(r, err, "expected settings (name: value), not %s",
                         r->kind == NODE_LIST ? "a list" : "text");
    return ASH_OK;
}

static ash_status read_bytes(FILE *f, const char *path, arena *a, char **text, size_t *n, ash_error *err)
{
    buffer b = {0};
    char chunk[65536];
    size_t got;
    while (b.len <= largest && (got = fread(chunk, 1, sizeof(chunk), f)) > 0)
        buffer_add(&b, chunk, got);
    ash_status status = ASH_OK;
    if (ferror(f))
        status = ash_fail(err, errno == EISDIR ? ASH_INVALID : ASH_BROKEN, "%s: %s", path, strerror(errno));
    else if (b.len > largest)
        status = ash_fail(err, ASH_INVALID, "%s: larger than 16 MiB; this is no run file", path);
    else if (b.failed || !(*text = arena_alloc(a, b.len + 1)))
        status = ash_fail_memory(err);
    else if (b.len)
        memcpy(*text, b.data, b.len);
    *n = b.len;
    buffer_free(&b);
    return status;
}

ash_status config_read_file(const char *path, arena *a, node **root, ash_error *err)
{
    char *text = NULL, *name = arena_strdup(a, path);
    size_t n = 0;
    if (!name)
        return ash_fail_memory(err);
    FILE *f = fopen(path, "rb");
    if (!f)
        return ash_fail(err,
                        errno == ENOENT || errno == ENOTDIR || errno == EISDIR ? ASH_INVALID : ASH_BROKEN,
                        "%s: %s", path, strerror(errno));
    ash_status status = read_bytes(f, path, a, &text, &n, err);
    fclose(f);
    return status == ASH_OK ? read_document(text, n, name, a, root, err) : status;
}

ash_status config_read_text(const char *text, const char *name, arena *a, node **root, ash_error *err)
{
    size_t n = strlen(text);
    if (n > largest)
        return ash_fail(err, ASH_INVALID, "%s: larger than 16 MiB", name);
    text = arena_strdup(a, text);
    name = arena_strdup(a, name);
    return text && name ? read_document(text, n, name, a, root, err) : ash_fail_memory(err);
}

/* ------------------------------------------------------------------ overrides */

/* Says "--set: MESSAGE" over the assignment, with a caret under byte `at`. */
static node place_in(const char *assignment, size_t at)
{
    return (node){.file = "--set", .source = assignment, .line = 1, .column = (int)at + 1};
}

static node *find(const node *map, const char *key, size_t n)
{
    for (node *c = map->first; c; c = c->next)
        if (strlen(c->key) == n && !memcmp(c->key, key, n))
            return c;
    return NULL;
}

/* The child of that name, made when missing. `at` says where the key stands in the assignment. */
static node *child_of(node *map, const char *assignment, size_t at, size_t n, arena *a)
{
    node *c = find(map, assignment + at, n);
    if (!c) {
        char *key = arena_strndup(a, assignment + at, n);
        c = key ? node_map(a, key) : NULL;
        if (!c)
            return NULL;
        node_append(map, c);
        c->file = "--set";
        c->source = assignment;
        c->line = c->key_line = 1;
        c->column = c->key_column = (int)at + 1;
    }
    return c;
}

static bool is_key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

ash_status config_set(arena *a, node *root, const char *assignment, ash_error *err)
{
    assignment = arena_strdup(a, assignment);
    if (!assignment)
        return ash_fail_memory(err);
    node *at = root, *value = NULL;
    size_t i = 0, start;
    for (;;) {
        start = i;
        while (is_key_char(assignment[i]))
            i++;
        node here = place_in(assignment, i);
        if (i == start || (assignment[i] != '.' && assignment[i] != '='))
            return node_fail(&here, err, "expected section.key=value");
        here.column = (int)start + 1;
        if (at->kind == NODE_SCALAR && !at->quoted && !*at->text)
            *at = (node){.kind = NODE_MAP,
                         .key = at->key,
                         .next = at->next,
                         .file = at->file,
                         .source = at->source,
                         .line = at->line,
                         .column = at->column,
                         .key_line = at->key_line,
                         .key_column = at->key_column}; /* "train:" */
        if (at->kind != NODE_MAP)
            return node_fail(&here, err, "\"%s\" is %s and has no key \"%.*s\"", at->key,
                             at->kind == NODE_LIST ? "a list" : "a value", (int)(i - start),
                             assignment + start);
        at = child_of(at, assignment, start, i - start, a);
        if (!at)
            return ash_fail_memory(err);
        if (assignment[i++] == '=')
            break;
    }
    /* Blanks in place of the key keep the columns right. */
    char *text = arena_alloc(a, strlen(assignment) + 1);
    if (!text)
        return ash_fail_memory(err);
    memset(text, ' ', i);
    strcpy(text + i, assignment + i);
    if (yaml_read(text, strlen(text), "--set", a, &value, err) != ASH_OK)
        return err->status;
    if (!value) { /* "train.lr=" */
        value = node_scalar(a, NULL, "");
        if (!value)
            return ash_fail_memory(err);
        value->file = "--set";
        value->source = text;
        value->line = 1;
        value->column = (int)i + 1;
    }
    memcpy(text, assignment, i); /* what errors about the value show */
    value->key = at->key;
    value->next = at->next;
    value->key_line = 1;
    value->key_column = (int)start + 1;
    *at = *value;
    return ASH_OK;
}

/* ------------------------------------------------------------------ sections */

static bool is_known(const char *key, const option_table *top, const config_section *sections, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(key, sections[i].key))
            return true;
    return top && option_find(top, key);
}

static ash_status unknown_key(const node *n, const option_table *top, const config_section *sections,
                              size_t count, arena *a, ash_error *err)
{
    size_t rows = top ? top->count : 0;
    const char **names = ARENA_NEW(a, const char *, count + rows + 1);
    if (!names)
        return ash_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        names[i] = sections[i].key;
    for (size_t i = 0; i < rows; i++)
        names[count + i] = top->rows[i].name;
    const char *nearest = text_nearest(n->key, names, count + rows);
    if (nearest)
        return node_fail_key(n, err, "unknown key \"%s\"; did you mean \"%s\"?", n->key, nearest);
    buffer known = {0};
    for (size_t i = 0; i < count + rows; i++)
        buffer_printf(&known, "%s%s", i ? ", " : "", names[i]);
    node_fail_key(n, err, "unknown key \"%s\"; known are: %s", n->key, known.len ? known.data : "none");
    buffer_free(&known);
    return err->status;
}

ash_status config_read_sections(const node *root, const option_table *top, void *top_settings,
                                const config_section *sections, size_t count, arena *a, ash_error *err)
{
    const char **keys = ARENA_NEW(a, const char *, count + 1);
    if (!keys)
        return ash_fail_memory(err);
    for (size_t i = 0; i < count; i++)
        keys[i] = sections[i].key;
    for (const node *n = root ? root->first : NULL; n; n = n->next)
        if (!is_known(n->key, top, sections, count))
            return unknown_key(n, top, sections, count, a, err);
    if (top && option_read_except(top, top_settings, root, keys, a, err) != ASH_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        const config_section *s = &sections[i];
        const node *n = root ? node_get(root, s->key) : NULL;
        bool empty =
            n && n->kind == NODE_SCALAR && !n->quoted && !*n->text; /* "train:" and nothing under it */
        if (!s->table) {
            *(const node **)s->settings = n;
            continue;
        }
        if (n && !empty && n->kind != NODE_MAP)
            return node_fail(n, err, "\"%s\" must hold settings (name: value), not %s", s->key,
                             n->kind == NODE_LIST ? "a list" : "a value");
        if (option_read_except(s->table, s->settings, empty ? NULL : n, s->except, a, err) != ASH_OK)
            return err->status;
    }
    return ASH_OK;
}
