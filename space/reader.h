/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader.h - inside space: what is known while a section is being read
 *
 * Parameters and genes are appended in reading order to arrays whose size is bounded beforehand, so pointers to
 * them stay good. */
#ifndef SPACE_READER_H
#define SPACE_READER_H

#include "space/private.h"

typedef struct reader {
    space *s;
    const node *defaults;
    bool *default_used;
    const char *stage, *unit; /* where the reader stands */
    stage *stages;
    parameter *params;
    gene *genes;
    size_t n_params, n_genes, cap;
} reader;

bool reader_reserve(reader *rd, const node *stages, const node *map);
/* A new parameter of the current unit; NULL when out of memory. */
parameter *reader_parameter(reader *rd, const char *key, ash_error *err);
/* Makes it a gene when it has a choice. */
ash_status reader_gene(reader *rd, parameter *x, ash_error *err);
/* Adds "gene is one of allowed" and all that this gene itself needs. */
ash_status reader_require(reader *rd, conditions *when, size_t gene_index, const bool *allowed, ash_error *err);
/* Adds a `when` map: {block: conv, stem.width: [8, 16]}. */
ash_status reader_when(reader *rd, const node *map, conditions *when, ash_error *err);

void reader_used_default(reader *rd, const node *key);
ash_status reader_check_defaults(const reader *rd, ash_error *err);

#endif
