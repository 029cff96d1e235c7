/* SPDX-License-Identifier: GPL-3.0-or-later */
/* option.h - settings declared as tables
 *
 * Every folder declares its settings as a table: name, type, range, default, unit, help. One reader fills a plain
 * struct from a document (node.h), one printer writes it canonically, and `--help`, `ashlar init` and the
 * documentation are generated from the same rows. The same tables describe operator attributes and block parameters.
 *
 *     typedef struct recipe { int64_t epochs; double lr; const char *optimizer; } recipe;
 *     static const option rows[] = {
 *         {"epochs", OPTION_INT, offsetof(recipe, epochs), "20", 1, 100000, .help = "passes over the training split"},
 *         {"lr", OPTION_REAL, offsetof(recipe, lr), "0.1", 0, 10, .help = "peak learning rate"},
 *         {"optimizer", OPTION_NAME, offsetof(recipe, optimizer), "sgd", .names = optimizer_names, .help = "..."},
 *     };
 *     const option_table recipe_options = OPTION_TABLE("train", recipe, rows);
 */
#ifndef CORE_OPTION_H
#define CORE_OPTION_H

#include "core/arena.h"
#include "core/buffer.h"
#include "core/node.h"
#include "core/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum option_type {
    OPTION_BOOL,      /* bool: true/false */
    OPTION_INT,       /* int64_t */
    OPTION_REAL,      /* double */
    OPTION_SIZE,      /* int64_t bytes: 64K = 65536 */
    OPTION_COUNT,     /* int64_t: 20k = 20000, for MACs */
    OPTION_TEXT,      /* const char *, NULL when absent and no default */
    OPTION_NAME,      /* const char *: one of `names` */
    OPTION_INT_LIST,  /* option_ints: a scalar is a list of one */
    OPTION_REAL_LIST, /* option_reals */
    OPTION_TEXT_LIST, /* option_texts */
    OPTION_NAME_LIST, /* option_texts: each one of `names` */
    OPTION_NODE,      /* const node *: the raw subtree, for who reads it later; NULL when absent */
} option_type;

typedef struct option_ints { const int64_t *v; size_t n; } option_ints;
typedef struct option_reals { const double *v; size_t n; } option_reals;
typedef struct option_texts { const char *const *v; size_t n; } option_texts;

typedef struct option_row { /* the tag keeps clear of getopt's struct option */
    const char *name;
    option_type type;
    size_t offset;    /* of the field in the settings struct */
    const char *def;  /* default as a user would type it; NULL: required, unless `optional` */
    double min, max;  /* inclusive range of numbers (and of list elements); both 0: unlimited */
    const char *unit; /* "s", "B", "MACs"; NULL: none */
    const char *help; /* one line, no full stop */
    const char *const *names; /* OPTION_NAME(_LIST): NULL-terminated choices, usually a registry's names */
    bool optional;    /* may be absent without a default: 0, NULL or an empty list */
    bool execution;   /* true: changes how a run is executed, not what it computes; stays out of the identity */
    bool later;       /* true: added after the first identities; at its default it stays out, so that older runs keep theirs */
} option;

typedef struct option_table {
    const char *section; /* "train": for messages and documentation */
    const option *rows;
    size_t count, size; /* size of the settings struct */
} option_table;

#define OPTION_TABLE(section, type, rows) {(section), (rows), sizeof(rows) / sizeof((rows)[0]), sizeof(type)}

/* Fill `settings` (table->size bytes) from a map; map NULL: defaults only. Strings and lists live in `a` (or in the
 * document). Refuses unknown keys ("did you mean"), duplicate keys, wrong types and out-of-range values, at the node's place. */
ash_status option_read(const option_table *table, void *settings, const node *map, arena *a, ash_error *err);

/* As option_read, but ignores the keys listed (NULL-terminated): for maps that carry keys of their own such as `type`. */
ash_status option_read_except(const option_table *table, void *settings, const node *map,
                              const char *const *except, arena *a, ash_error *err);

/* Canonical text of the settings, "section.name: value\n" in table order, reals in shortest form; re-readable. With
 * identity_only, rows marked `execution` are left out, and rows marked `later` at their default. */
void option_print(const option_table *table, const void *settings, bool identity_only, buffer *out);

/* Aligned help: name, type with range and unit, default, help. */
void option_help(const option_table *table, buffer *out);

/* "int 1..100000", "sgd|adamw", "size 1..1e15 B". */
void option_print_type(const option *o, buffer *out);

const option *option_find(const option_table *table, const char *name);

#endif
