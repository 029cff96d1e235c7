/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_reader.h - records of a CSV text (RFC 4180)
 *
 * Quoted cells may hold delimiters, doubled quotes and line breaks. Lines end with LF, CRLF or CR; blank
 * lines are skipped; blanks around an unquoted cell are cut. The text is not changed, so a reader is copied
 * to come back to a place.
 */
#ifndef DATA_CSV_READER_H
#define DATA_CSV_READER_H

#include "core/arena.h"
#include "core/status.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct csv_cell {
    const char *text; /* unquoted, NUL-terminated; valid until the next record */
    size_t len;
    bool quoted;
} csv_cell;

typedef struct csv_record {
    const csv_cell *cells;
    size_t n;
    size_t line; /* where it begins, from 1 */
} csv_record;

typedef struct csv_store { /* memory for one record, shared by copies of a reader */
    arena *a;
    csv_cell *cells;
    size_t n_cells;
    char *text;
    size_t n_text;
} csv_store;

typedef struct csv_reader {
    const char *name; /* file, for messages */
    const char *at, *end;
    size_t line;
    char delimiter;
    csv_store *store;
} csv_reader;

/* Refuses text that is not UTF-8 (UTF-16 by its name) or holds NUL bytes; skips a byte order mark. */
ash_status csv_begin(csv_reader *r, const char *name, const char *text, size_t n, char delimiter,
                     csv_store *store, ash_error *err);

/* The next record; *more = false at the end. A cell that breaks RFC 4180's quoting is refused with its line.
 */
ash_status csv_next(csv_reader *r, csv_record *out, bool *more, ash_error *err);

#endif
