/* SPDX-License-Identifier: GPL-3.0-or-later */
/* space_test.h - spaces from a few lines of text
 *
 * The tests of a folder link only that folder, which does not know YAML; this reads as much of it as they need: block maps and lists by
 * indentation, and flow style. Lines are kept, so that errors can be checked for their place. */
#ifndef TESTS_SPACE_TEST_H
#define TESTS_SPACE_TEST_H

#include "tests/unit.h"

#include "space/space.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

typedef struct mini {
    arena *a;
    const char *at;
    int line;
} mini;

static inline void mini_blank(mini *m)
{
    for (; *m->at == ' ' || *m->at == '\n'; m->at++)
        m->line += *m->at == '\n';
}

static inline node *mini_place(mini *m, node *n)
{
    n->file = "test.yaml";
    n->line = n->key_line = m->line;
    n->column = n->key_column = 1;
    return n;
}

static inline char *mini_word(mini *m, const char *ends)
{
    size_t n = strcspn(m->at, ends);
    const char *from = m->at;
    m->at += n;
    while (n > 0 && from[n - 1] == ' ')
        n--;
    return arena_strndup(m->a, from, n);
}

static inline node *mini_flow(mini *m, const char *key);

static inline void mini_items(mini *m, node *out, char close)
{
    for (mini_blank(m); *m->at && *m->at != close; mini_blank(m)) {
        char *key = NULL;
        if (close == '}') {
            key = mini_word(m, ":");
            m->at++;
        }
        node_append(out, mini_flow(m, key));
        mini_blank(m);
        if (*m->at == ',')
            m->at++;
    }
    m->at++;
}

static inline node *mini_flow(mini *m, const char *key)
{
    mini_blank(m);
    bool map = *m->at == '{', list = *m->at == '[';
    node *out;
    if (*m->at == '"') {
        m->at++;
        out = mini_place(m, node_scalar(m->a, key, mini_word(m, "\"")));
        m->at++;
        return out;
    }
    if (!map && !list)
        return mini_place(m, node_scalar(m->a, key, mini_word(m, ",]}\n")));
    m->at++;
    out = mini_place(m, map ? node_map(m->a, key) : node_list(m->a, key));
    mini_items(m, out, map ? '}' : ']');
    return out;
}

static inline int mini_indent(const mini *m)
{
    int n = 0;
    while (m->at[n] == ' ')
        n++;
    return m->at[n] == '-' && m->at[n + 1] == ' ' ? n : n;
}

static inline node *mini_block(mini *m, const char *key, int indent);

static inline void mini_value(mini *m, node *map, int indent)
{
    char *key = mini_word(m, ":");
    m->at++;
    while (*m->at == ' ')
        m->at++;
    if (*m->at && *m->at != '\n') {
        node_append(map, mini_flow(m, key));
    } else {
        m->line += *m->at == '\n';
        m->at += *m->at == '\n';
        node_append(map, mini_block(m, key, indent));
    }
    if (*m->at == '\n') {
        m->at++;
        m->line++;
    }
}

/* A block map or list that is indented by more than `indent`. */
static inline node *mini_block(mini *m, const char *key, int indent)
{
    int mine = mini_indent(m);
    bool list = m->at[mine] == '-';
    node *out = mini_place(m, list ? node_list(m->a, key) : node_map(m->a, key));
    if (mine <= indent)
        return out;
    while (*m->at && mini_indent(m) == mine) {
        m->at += mine;
        if (!list) {
            mini_value(m, out, mine);
            continue;
        }
        m->at += 2;
        if (*m->at == '{' || !strchr(m->at, ':') || strchr(m->at, ':') > strchrnul(m->at, '\n')) {
            node_append(out, mini_flow(m, NULL));
            m->line += *m->at == '\n';
            m->at += *m->at == '\n';
            continue;
        }
        node *map = mini_place(m, node_map(m->a, NULL));
        for (;;) {
            mini_value(m, map, mine + 2);
            if (!*m->at || mini_indent(m) != mine + 2)
                break;
            m->at += mine + 2;
        }
        node_append(out, map);
    }
    return out;
}

static inline node *nodes_of_text(arena *a, const char *text)
{
    mini m = {a, text, 1};
    return mini_block(&m, NULL, -1);
}

static inline space *space_of_text(const char *text, nn_shape input, int outputs)
{
    arena *a = arena_create(); /* the space may look at the document only while it is read */
    ash_error err;
    space *s = NULL;
    if (space_read(nodes_of_text(a, text), input, outputs, &s, &err) != ASH_OK)
        fail_msg("%s", err.text);
    arena_destroy(a);
    return s;
}

#endif
