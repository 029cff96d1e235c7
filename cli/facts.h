/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts.h - figures in parts, each with items and measures, printed three ways
 *
 * "classes, cat, recall: 0.93". For people every part is a table with a row for each item and a column for each measure; CSV has a row
 * for each fact (part, item, measure, value); JSON is {part: {item: {measure: value}}}.
 */
#ifndef CLI_FACTS_H
#define CLI_FACTS_H

#include "cli/command.h"
#include <stdbool.h>

typedef struct facts facts;
typedef enum fact_kind { FACT_PLAIN, FACT_COUNT, FACT_SHARE /* shown in per cent */ } fact_kind;

facts *facts_create(void); /* never NULL: out of memory ends the program with status 1 */
void facts_destroy(facts *f);
/* What follows belongs to this part; `title` is for people, who see no part that has `hidden`. */
void facts_part(facts *f, const char *part, const char *title, bool hidden);
void facts_add(facts *f, const char *item, const char *measure, double value, fact_kind kind); /* NaN: unknown, an empty cell */
void facts_text(facts *f, const char *item, const char *measure, const char *value);
void facts_print(const facts *f, output_format format);

#endif
