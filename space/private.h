/* SPDX-License-Identifier: GPL-3.0-or-later */
/* private.h - inside space: what a space is once it has been read
 *
 * Genes stand in an order in which every condition looks backwards, so one pass over them settles, samples, counts or
 * prints a genome. A parameter with one value is no gene but still a `parameter`.
 */
#ifndef SPACE_PRIVATE_H
#define SPACE_PRIVATE_H

#include "nn/quant/place.h"
#include "space/block.h"
#include "space/space.h"

typedef struct condition { /* gene has one of the allowed values */
    size_t gene;
    const bool *allowed; /* (values of the gene) */
} condition;

typedef struct conditions { /* all of them; those of the genes they look at are included */
    const condition *v;
    size_t n;
    bool never; /* false whatever the genome is: it looked at a constant */
} conditions;

typedef struct gene {
    const char *unit; /* "stem", "body.2", "head": groups genes in the text */
    const char *name; /* "width", "max_pool.kernel" */
    size_t n;         /* values, from 2 to 65,535 */
    const char *const *values; /* canonical text */
    conditions when;
} gene;

typedef struct parameter {
    const char *unit, *key; /* as written: "kernel", "max_pool.kernel" */
    const char *name;       /* of the block's option: "kernel" */
    const block *only;      /* for this block only; NULL: for every block that declares it */
    long gene;              /* -1: a constant */
    size_t n;
    const char *const *values;
    conditions when; /* it applies; else the option's default does */
} parameter;

typedef struct position { /* where one block goes */
    const char *unit;
    const parameter *block, *params;
    size_t n_params;
} position;

typedef struct stage {
    const char *name;
    conditions when;
    const parameter *repeat;
    const position *positions; /* one, shared by the repeats; or, with `vary`, one per repeat */
    size_t n_positions;
    int max_repeat;
} stage;

typedef struct edge_op { /* an operation on an edge of a cell */
    const char *name;    /* "none", "skip_connect", "nor_conv_3x3" */
    const block *block;  /* NULL for the first two */
    int64_t kernel;      /* 0: the block's default */
} edge_op;

typedef struct cell {
    int64_t nodes; /* the input among them */
    const edge_op *ops;
    size_t n_ops;
    option_ints channels; /* of each stage; a reduction block stands between two */
    int64_t repeats, stem;
    const char *bits;
    int act_bits;
} cell;

struct space {
    arena *arena;
    const block **blocks; /* those that the run file defines (user_block.h) */
    size_t n_blocks;
    nn_shape input;
    int outputs;
    const gene *genes;
    size_t n_genes;
    const stage *stages;
    size_t n_stages;
    position head;
    nn_quantisation quantise;
    const cell *cell; /* NULL: a space of stages */
    double count;
};

/* space.c: blocks of the run file and those of block.h. */
const block *space_block(const space *s, const char *name); /* NULL: unknown */
ash_status space_block_of_node(const space *s, const node *name, const block **out, ash_error *err);
/* Appends the block to the graph behind node `input`; its last node, or -1 with err filled in. */
int block_build(const block *b, nn_graph *g, int input, const void *settings, ash_error *err);

/* genome.c */
bool space_holds(const conditions *when, const genome *g);
static inline bool space_gene_active(const space *s, const genome *g, size_t i)
{
    return s->genes[i].when.n == 0 ? !s->genes[i].when.never : space_holds(&s->genes[i].when, g);
}
void space_settle(const space *s, genome *g); /* inactive genes to 0 */
const char *space_value(const parameter *p, const genome *g);

/* count.c: genomes that agree with `prefix` in the first n genes. */
bool space_count_from(const space *s, const genome *prefix, size_t n, double *out);

/* values.c: the values of one parameter as canonical text. `tables` (n of them) all declare `name`. */
typedef struct values {
    const char *const *v;
    size_t n;
} values;
ash_status values_read(const node *n, const char *name, const option_table *const *tables, size_t n_tables, arena *a,
                       values *out, ash_error *err);
/* Whether two value texts mean the same ("08" and "8"). */
bool value_equal(const char *x, const char *y);

/* language.c, head.c, cells.c, cell_text.c, cell_decode.c */
ash_status stages_read(space *s, const node *map, ash_error *err);
extern const option_table head_options;
int head_build(nn_graph *g, int x, const void *settings, int outputs, bool vector, ash_error *err);
ash_status cell_read(space *s, const node *map, ash_error *err);
char *cell_print(const space *s, const genome *g, arena *a);
ash_status cell_parse(const space *s, const char *text, genome *out, ash_error *err);
ash_status cell_decode(const space *s, const genome *g, arena *a, nn_graph **out, ash_error *err);

#endif
