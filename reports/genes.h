/* SPDX-License-Identifier: GPL-3.0-or-later */
/* genes.h - genome texts as a table: one column per gene, one small number per trial
 *
 * Two forms are known: `unit:gene=value;gene=value | unit:...` and the cells of NAS-Bench-201, `|op~0|+|op~0|op~1|`. The genes
 * of a row, printed in the order of the columns, are the text again, exactly; a genome for which that does not hold stays a text (`odd`).
 */
#ifndef REPORTS_GENES_H
#define REPORTS_GENES_H

#include "core/arena.h"
#include "core/buffer.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct gene_column {
    const char *unit, *name; /* "body.1", "width"; of a cell: "2" and "0", the edge's ends */
    const char **values;     /* distinct, in order of appearance */
    size_t n_values;
    uint32_t *choice; /* per trial: 1 + index of its value; 0: the gene is not active */
} gene_column;

typedef struct gene_table {
    bool is_cell;
    gene_column **columns; /* in the order of the text */
    size_t n_columns;
    bool *odd; /* per trial: its genome is none of these genes */
} gene_table;

/* NULL when out of memory. */
gene_table *genes_read(const char *const *genomes, size_t n, arena *a);
void genes_print(const gene_table *t, size_t row, buffer *out); /* nothing when odd */

#endif
