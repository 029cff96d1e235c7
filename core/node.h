/* SPDX-License-Identifier: GPL-3.0-or-later */
/* node.h - a parsed document in core's terms
 *
 * config/ turns YAML into this tree; every folder reads its own part of it (option tables, search spaces,
 * architectures) without knowing YAML. Every node knows where it stands, and an error about it shows that:
 *
 *     digits.yaml:14:7: unknown key "epocs"; did you mean "epochs"?
 *       epocs: 20
 *       ^
 */
#ifndef CORE_NODE_H
#define CORE_NODE_H

#include "core/arena.h"
#include "core/status.h"
#include <stdbool.h>
#include <stddef.h>

struct buffer;

typedef enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP } node_kind;

typedef struct node node;
struct node {
    node_kind kind;
    const char *key;   /* in a map: its key; else NULL */
    const char *text;  /* scalar: its value, "" when empty */
    bool quoted;       /* scalar: was quoted, so it is a string and never a number, a bool or null */
    node *first, *next; /* children of a list or a map, in document order; next sibling */
    size_t count;      /* number of children */
    const char *file;  /* name shown in errors; "--set" for overrides */
    int line, column;  /* of the value, from 1; 0 = unknown */
    int key_line, key_column; /* of the key, when there is one */
    const char *source; /* the whole document's text for the caret, NUL-terminated, or NULL */
};

const node *node_get(const node *map, const char *key); /* NULL when absent or not a map */
const node *node_at(const node *list, size_t index);

/* Make nodes by hand (overrides, tests, text attributes). NULL when out of memory. */
node *node_scalar(arena *a, const char *key, const char *text);
node *node_map(arena *a, const char *key);
node *node_list(arena *a, const char *key);
void node_append(node *parent, node *child);
/* "out=16, kernel=3, bits=[1, 2]" (also spaces instead of commas) to a map of scalars and lists of scalars. */
ash_status node_parse_inline(arena *a, const char *text, const char *file, node **out, ash_error *err);

/* Compact one-line form of the tree ("{op: conv2d, out: 16, bits: [1, 2]}"), re-readable as YAML flow style. */
char *node_print(arena *a, const node *n);
/* One scalar of it: quoted when asked or when YAML would read the plain text as something else. */
void node_print_text(const char *text, bool quoted, struct buffer *out);

/* ASH_INVALID with file:line:column, the message, the source line and a caret. */
ash_status node_fail(const node *n, ash_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
ash_status node_fail_key(const node *n, ash_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
