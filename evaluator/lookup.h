/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lookup.h - a CSV table of known results, found by one column's text
 *
 * The first record names the columns. Only the columns asked for are read; each of their cells must be a finite number. Keys
 * are compared as they stand and must be unique.
 */
#ifndef EVALUATOR_LOOKUP_H
#define EVALUATOR_LOOKUP_H

#include "core/hash.h"
#include "core/node.h"
#include "data/csv_reader.h"

typedef struct lookup_column { /* a column to read */
    const char *name;
    const node *at; /* where the user named it, for messages; NULL: nowhere */
} lookup_column;

#define LOOKUP_NONE SIZE_MAX

typedef struct lookup {
    const char *path;
    hash256 hash; /* SHA-256 of the file's content */
    size_t n_rows, n_columns;
    const char **key;      /* (n_rows) */
    const double *values;  /* (n_rows, n_columns) */
    const size_t *slots;   /* (n_slots): row + 1, 0 = empty */
    size_t n_slots;
} lookup;

/* Reads the file, plain or gzip; what lives on comes from `a`. Refuses, with the line: ragged records, cells that are no
 * finite number, empty and repeated keys; and columns that the header does not have. */
ash_status lookup_read(const char *path, const lookup_column *key, const lookup_column *columns, size_t n, arena *a,
                       lookup *out, ash_error *err);

size_t lookup_find(const lookup *l, const char *key); /* the row, or LOOKUP_NONE */

#endif
