/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake_space.h - a space of plain digits, so that the tests of search/ do not depend on what networks are
 *
 * `genes` genes of `values` values each, all active; a genome's text is its digits, like "3-0-1". It defines the functions
 * of space/space.h that search/ calls, so the linker takes these and leaves space/ alone. */
#ifndef TESTS_SEARCH_FAKE_SPACE_H
#define TESTS_SEARCH_FAKE_SPACE_H

#include "space/space.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct space {
    size_t genes, values;
};

size_t space_genes(const space *s)
{
    return s->genes;
}

double space_count(const space *s)
{
    return pow((double)s->values, (double)s->genes);
}

size_t space_active(const space *s, const genome *g)
{
    (void)g;
    return s->genes;
}

genome *genome_create(const space *s, arena *a)
{
    genome *g = ARENA_NEW(a, genome, 1);
    if (!g)
        return NULL;
    g->n = s->genes;
    g->gene = ARENA_NEW(a, uint16_t, s->genes);
    return g->gene ? g : NULL;
}

void genome_copy(genome *to, const genome *from)
{
    memcpy(to->gene, from->gene, from->n * sizeof(uint16_t));
}

bool genome_equal(const genome *a, const genome *b)
{
    return memcmp(a->gene, b->gene, a->n * sizeof(uint16_t)) == 0;
}

void space_sample(const space *s, genome *out, rng *r)
{
    for (size_t i = 0; i < s->genes; i++)
        out->gene[i] = (uint16_t)rng_below(r, (uint32_t)s->values);
}

static void change(const space *s, genome *g, size_t i, rng *r)
{
    if (s->values > 1)
        g->gene[i] = (uint16_t)((g->gene[i] + 1 + rng_below(r, (uint32_t)s->values - 1)) % s->values);
}

void space_mutate(const space *s, genome *out, const genome *parent, rng *r)
{
    genome_copy(out, parent);
    change(s, out, rng_below(r, (uint32_t)s->genes), r);
}

void space_mutate_rate(const space *s, genome *out, const genome *parent, double rate, rng *r)
{
    genome_copy(out, parent);
    size_t changed = 0;
    for (size_t i = 0; i < s->genes; i++)
        if (rng_real(r) < rate) {
            change(s, out, i, r);
            changed++;
        }
    if (!changed)
        change(s, out, rng_below(r, (uint32_t)s->genes), r);
}

void space_crossover(const space *s, genome *out, const genome *a, const genome *b, double swap, rng *r)
{
    for (size_t i = 0; i < s->genes; i++)
        out->gene[i] = rng_real(r) < swap ? b->gene[i] : a->gene[i];
}

bool space_enumerate(const space *s, genome *out, uint64_t i)
{
    if ((double)i >= space_count(s))
        return false;
    for (size_t k = 0; k < s->genes; k++) {
        out->gene[k] = (uint16_t)(i % s->values);
        i /= s->values;
    }
    return true;
}

char *space_print(const space *s, const genome *g, arena *a)
{
    char text[256];
    size_t n = 0;
    for (size_t i = 0; i < s->genes; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%d", i ? "-" : "", g->gene[i]);
    return arena_strdup(a, text);
}

ash_status space_parse(const space *s, const char *text, genome *out, ash_error *err)
{
    const char *p = text;
    for (size_t i = 0; i < s->genes; i++) {
        char *end;
        long v = strtol(p, &end, 10);
        if (end == p || v < 0 || (size_t)v >= s->values || (*end != '-' && *end != '\0'))
            return ash_fail(err, ASH_INVALID, "\"%s\" is no genome of this space", text);
        out->gene[i] = (uint16_t)v;
        p = *end ? end + 1 : end;
    }
    return *p ? ash_fail(err, ASH_INVALID, "\"%s\" is no genome of this space", text) : ASH_OK;
}

#endif
