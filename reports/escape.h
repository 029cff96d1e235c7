/* SPDX-License-Identifier: GPL-3.0-or-later */
/* escape.h - text from a database into JSON, XML, CSV, LaTeX, Markdown, gnuplot and terminals
 *
 * Genomes, reasons and names may hold anything. What is not UTF-8 becomes U+FFFD, so no format breaks. NULL is written as null in JSON
 * and as nothing elsewhere.
 */
#ifndef REPORTS_ESCAPE_H
#define REPORTS_ESCAPE_H

#include "core/buffer.h"

/* A JSON string with its quotes. '<', '>' and '&' are written as \u003c, ...: safe inside a <script> element. */
void escape_json(buffer *out, const char *text);
/* Rounded to so many significant digits. */
double escape_rounded(double value, int digits);
/* A JSON number in shortest exact form, or with `digits` significant digits when it is not 0; null for NaN and infinities. */
void escape_json_number(buffer *out, double value, int digits);
/* Character data or an attribute value of XML and HTML; characters that XML forbids become U+FFFD. What is not ASCII is
 * written as a reference, so the document means the same in every encoding. */
void escape_xml(buffer *out, const char *text);
/* One RFC 4180 field, quoted when it must be. */
void escape_csv(buffer *out, const char *text);

/* Text in a LaTeX document: what LaTeX would read as commands stands for itself. */
void escape_latex(buffer *out, const char *text);
/* Text in a cell of a Markdown table. */
void escape_markdown(buffer *out, const char *text);
/* A string of gnuplot in single quotes, where it substitutes nothing. */
void escape_gnuplot(buffer *out, const char *text);
/* One line for a terminal: no control characters, so no escape sequences. */
void escape_line(buffer *out, const char *text);

#endif
