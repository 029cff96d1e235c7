/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.h - numbers and names as text, whatever the locale
 *
 * Numbers are read and written with '.' as decimal point even when the process runs in a comma locale. Readers
 * take the whole string or fail (return false).
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool text_to_int(const char *text, int64_t *out);   /* decimal; also 1e6 and 1_000_000; no fraction */
bool text_to_real(const char *text, double *out);   /* finite only */
bool text_to_size(const char *text, int64_t *out);  /* "64K", "1.5M", "2G": powers of 1024; "64kB" is refused */
bool text_to_count(const char *text, int64_t *out); /* "20k", "1.5M", "2G": powers of 1000, for MACs */

/* Shortest text that reads back to the same double ("0.1", "1e-05"); out holds 32 bytes; returns out. */
char *text_of_real(char out[32], double value);
/* Hexadecimal float ("0x1.8p+1"), the form that digests use; "nan", "inf", "-inf"; -0 is "-0x0p+0". */
char *text_of_hex(char out[32], double value);
bool text_from_hex(const char *text, double *out);

/* The candidate that a typo most likely meant, or NULL: Damerau-Levenshtein distance, ignoring case, of at most a third of
 * the word's length, at least 1; ties go to the earlier candidate. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

/* How many characters a UTF-8 text has: the cells that it takes on a terminal, nearly always. */
size_t text_characters(const char *text);

#endif
