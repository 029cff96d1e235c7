/* SPDX-License-Identifier: GPL-3.0-or-later */
/* space.h - what may exist: blocks, genomes, and the networks they decode to
 *
 * A space is read from the run file's `space` section. A genome is one choice per gene (an index into the gene's
 * list of values); inactive genes (those whose condition is false, repeats beyond the depth) are held at 0 so that one network has
 * one genome text. Its text is one canonical line, parsed and printed: `stage1:block=conv;width=16;bits=4 | ...`.
 */
#ifndef SPACE_SPACE_H
#define SPACE_SPACE_H

#include "core/hash.h"
#include "core/node.h"
#include "core/rng.h"
#include "nn/graph.h"

typedef struct space space;

typedef struct genome {
    size_t n;
    uint16_t *gene; /* index of the chosen value, one per gene of the space */
} genome;

/* input: shape of one sample; outputs: classes or values (the head's width). */
ash_status space_read(const node *map, nn_shape input, int outputs, space **out, ash_error *err);
void space_destroy(space *s);

size_t space_genes(const space *s);
/* Number of distinct genomes, as a double (exact below 2^53). */
double space_count(const space *s);

genome *genome_create(const space *s, arena *a);
void genome_copy(genome *to, const genome *from);
bool genome_equal(const genome *a, const genome *b);

void space_sample(const space *s, genome *out, rng *r);
/* Changes one active gene to another value (then settles inactive ones): always a different genome when there is one. */
void space_mutate(const space *s, genome *out, const genome *parent, rng *r);
/* Changes each active gene with this probability, at least one. */
void space_mutate_rate(const space *s, genome *out, const genome *parent, double rate, rng *r);
/* Number of active genes: those that the conditions and depths of this genome let matter. */
size_t space_active(const space *s, const genome *g);
/* Uniform crossover: each gene from a or b. */
void space_crossover(const space *s, genome *out, const genome *a, const genome *b, double swap, rng *r);
/* The i-th genome of an enumeration of the whole space, for exhaustive tests; false past the end. */
bool space_enumerate(const space *s, genome *out, uint64_t i);

char *space_print(const space *s, const genome *g, arena *a);
ash_status space_parse(const space *s, const char *text, genome *out, ash_error *err);

/* Genome to network, as written: operators that nothing uses are built too, so that costs are those that cell benchmarks
 * publish; space_canonical removes them. ASH_INVALID: the genome does not decode (a recorded trial, status invalid); err says why. */
ash_status space_decode(const space *s, const genome *g, arena *a, nn_graph **out, ash_error *err);

/* Canonical network: what does nothing and dead branches removed, inputs of additions and the node order made
 * unique, so that isomorphic networks are one network with one text. It is what is trained; the SHA-256 of its text names it. The
 * canonical network of a canonical network is itself. Both live in `a`, with `g`'s block labels. */
ash_status space_canonical(const nn_graph *g, arena *a, nn_graph **out, hash256 *hash, ash_error *err);
/* A line per node: operator{attributes} inputs. Names and block labels stay out. */
void space_network_text(const nn_graph *g, buffer *out);

/* What a genome chooses: one "unit.name=value" line per active gene. */
void space_describe(const space *s, const genome *g, buffer *out);
/* The genes themselves, for `ashlar space show`: unit "body.2", name "width", its values, and "block conv|residual", the conditions
 * under which it is active (nothing: always). */
const char *space_gene_unit(const space *s, size_t i);
const char *space_gene_name(const space *s, size_t i);
size_t space_gene_values(const space *s, size_t i);
const char *space_gene_value(const space *s, size_t i, size_t value); /* NULL past the end */
void space_gene_when(const space *s, size_t i, buffer *out);

#endif
