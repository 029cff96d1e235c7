/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.h - one table, three ways to print it
 *
 * Rows of text and numbers; aligned for people (libsmartcols), CSV (RFC 4180) or JSON (an array of objects) for programs. A number has a format
 * for people; CSV and JSON get its shortest exact form. NaN is an empty cell, null in JSON.
 *
 *     table *t = table_create();
 *     table_column(t, "macs", TABLE_RIGHT); table_column(t, "genome", TABLE_LEFT);
 *     table_row(t); table_integer(t, 12); table_text(t, "...");
 *     table_print(t, format, stdout); table_destroy(t);
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/command.h"
#include <stdint.h>
#include <stdio.h>

typedef struct table table;
/* On a narrow terminal WRAP (left) is cut and FOLD (left) goes on in the next line. AUTO: RIGHT when all cells are numbers, WRAP
 * otherwise. */
typedef enum table_align { TABLE_LEFT, TABLE_RIGHT, TABLE_WRAP, TABLE_FOLD, TABLE_AUTO } table_align;

table *table_create(void); /* never NULL: out of memory ends the program with status 1 */
void table_destroy(table *t);
void table_column(table *t, const char *name, table_align align); /* people see no headings when all names are empty */
void table_row(table *t);
void table_text(table *t, const char *text); /* NULL: empty */
void table_integer(table *t, int64_t value);  /* grouped for people: 12 501 632 */
void table_id(table *t, int64_t value);       /* a name that is a number: never grouped */
void table_number(table *t, double value, const char *format);
void table_print(const table *t, output_format format, FILE *out);

#endif
