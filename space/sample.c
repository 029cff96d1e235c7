/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sample.c - drawing, changing and mixing genomes
 *
 * All of it walks the genes in their order, in which conditions look backwards: when gene i is reached, what decides
 * whether it is active has been decided. A gene that a change awakens is drawn, so that no value is favoured. */
#include "space/private.h"

static void draw(const space *s, genome *g, size_t i, rng *r)
{
    g->gene[i] = (uint16_t)rng_below(r, (uint32_t)s->genes[i].n);
}

void space_sample(const space *s, genome *out, rng *r)
{
    out->n = s->n_genes;
    for (size_t i = 0; i < s->n_genes; i++) {
        out->gene[i] = 0;
        if (space_gene_active(s, out, i))
            draw(s, out, i, r);
    }
}

/* Another value, uniformly. */
static void redraw(const space *s, genome *g, size_t i, rng *r)
{
    uint32_t other = rng_below(r, (uint32_t)s->genes[i].n - 1);
    g->gene[i] = (uint16_t)(other >= g->gene[i] ? other + 1 : other);
}

/* Genes from `from` on: asleep ones to 0, awakened ones (asleep in the parent) drawn. */
static void settle_child(const space *s, genome *child, const genome *parent, size_t from, rng *r)
{
    for (size_t i = from; i < s->n_genes; i++) {
        bool now = space_gene_active(s, child, i);
        if (!now)
            child->gene[i] = 0;
        else if (!space_gene_active(s, parent, i))
            draw(s, child, i, r);
    }
}

void space_mutate(const space *s, genome *out, const genome *parent, rng *r)
{
    size_t active = space_active(s, parent);
    genome_copy(out, parent);
    if (active == 0)
        return;
    size_t pick = rng_below(r, (uint32_t)active), i = 0;
    for (;; i++)
        if (space_gene_active(s, parent, i) && pick-- == 0)
            break;
    redraw(s, out, i, r);
    settle_child(s, out, parent, i + 1, r);
}

void space_mutate_rate(const space *s, genome *out, const genome *parent, double rate, rng *r)
{
    bool changed = false;
    out->n = parent->n;
    for (size_t i = 0; i < s->n_genes; i++) {
        out->gene[i] = 0;
        if (!space_gene_active(s, out, i))
            continue;
        if (!space_gene_active(s, parent, i)) {
            draw(s, out, i, r);
            continue;
        }
        out->gene[i] = parent->gene[i];
        if (rng_real(r) < rate) {
            redraw(s, out, i, r);
            changed = true;
        }
    }
    if (!changed)
        space_mutate(s, out, parent, r);
}

void space_crossover(const space *s, genome *out, const genome *a, const genome *b, double swap, rng *r)
{
    out->n = a->n;
    for (size_t i = 0; i < s->n_genes; i++) {
        bool from_b = rng_real(r) < swap;
        out->gene[i] = 0;
        if (!space_gene_active(s, out, i))
            continue;
        bool in_a = space_gene_active(s, a, i), in_b = space_gene_active(s, b, i);
        if (!in_a && !in_b)
            draw(s, out, i, r);
        else
            out->gene[i] = (in_a && in_b ? from_b : in_b) ? b->gene[i] : a->gene[i];
    }
}
