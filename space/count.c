/* SPDX-License-Identifier: GPL-3.0-or-later */
/* count.c - how many genomes there are, and the i-th of them
 *
 * One pass over the genes carries a table of cases: the values of those genes that a later condition still looks at,
 * with the number of genomes that agree. A gene that nobody looks at any more is dropped and equal cases merge, so the table
 * stays small however large the space is. Counts are doubles: exact below 2^53. */
#include "space/private.h"
#include <stdlib.h>
#include <string.h>

#define MAX_CASES 2000000

typedef struct cases {
    uint16_t *gene; /* (n, genes): what was chosen; forgotten genes are 0 */
    double *count;
    size_t n, cap, genes;
} cases;

static bool cases_push(cases *c, const uint16_t *row, double count)
{
    if (c->n == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 64;
        uint16_t *g = realloc(c->gene, cap * (c->genes + 1) * sizeof(*g));
        if (g)
            c->gene = g;
        double *k = g ? realloc(c->count, cap * sizeof(*k)) : NULL;
        if (k)
            c->count = k;
        if (!g || !k || cap > MAX_CASES)
            return false;
        c->cap = cap;
    }
    memcpy(c->gene + c->n * c->genes, row, c->genes * sizeof(*row));
    c->count[c->n++] = count;
    return true;
}

static void cases_free(cases *c)
{
    free(c->gene);
    free(c->count);
}

/* The last gene whose condition looks at gene i. */
static void last_uses(const space *s, size_t *last)
{
    memset(last, 0, s->n_genes * sizeof(*last));
    for (size_t i = 0; i < s->n_genes; i++)
        for (size_t k = 0; k < s->genes[i].when.n; k++)
            last[s->genes[i].when.v[k].gene] = i;
}

static int compare_rows(const void *x, const void *y, void *genes)
{
    return memcmp(*(const uint16_t *const *)x, *(const uint16_t *const *)y, *(size_t *)genes * sizeof(uint16_t));
}

/* Add up the counts of equal rows. */
static bool merge(cases *c)
{
    if (c->n < 2)
        return true;
    const uint16_t **row = malloc(c->n * sizeof(*row));
    cases out = {.genes = c->genes};
    bool ok = row != NULL;
    for (size_t i = 0; i < c->n && ok; i++)
        row[i] = c->gene + i * c->genes;
    if (ok)
        qsort_r(row, c->n, sizeof(*row), compare_rows, &c->genes);
    for (size_t i = 0; i < c->n && ok; i++) {
        double count = c->count[(size_t)(row[i] - c->gene) / (c->genes ? c->genes : 1)];
        if (out.n && memcmp(out.gene + (out.n - 1) * c->genes, row[i], c->genes * sizeof(uint16_t)) == 0)
            out.count[out.n - 1] += count;
        else
            ok = cases_push(&out, row[i], count);
    }
    free(row);
    cases_free(c);
    *c = out;
    return ok;
}

/* All values of gene i in every case where it is active. A gene that nobody looks at just multiplies. */
static bool expand(const space *s, cases *c, size_t i, bool looked_at)
{
    cases out = {.genes = c->genes};
    bool ok = true;
    for (size_t k = 0; k < c->n && ok; k++) {
        uint16_t *row = c->gene + k * c->genes;
        genome view = {c->genes, row};
        size_t n = space_gene_active(s, &view, i) ? s->genes[i].n : 1;
        if (!looked_at) {
            c->count[k] *= (double)n;
            continue;
        }
        for (size_t v = 0; v < n && ok; v++) {
            row[i] = (uint16_t)v;
            ok = cases_push(&out, row, c->count[k]);
        }
    }
    if (looked_at) {
        cases_free(c);
        *c = out;
    }
    return ok;
}

bool space_count_from(const space *s, const genome *prefix, size_t n, double *out)
{
    size_t *last = malloc((s->n_genes + 1) * sizeof(*last));
    uint16_t *row = calloc(s->n_genes + 1, sizeof(*row));
    cases c = {.genes = s->n_genes};
    bool ok = last && row;
    if (ok) {
        last_uses(s, last);
        if (n)
            memcpy(row, prefix->gene, n * sizeof(*row));
        ok = cases_push(&c, row, 1);
    }
    for (size_t i = n; i < s->n_genes && ok; i++) {
        ok = expand(s, &c, i, last[i] > i);
        bool forgot = false;
        for (size_t k = 0; k <= i && ok; k++) {
            if (last[k] != i)
                continue;
            forgot = true;
            for (size_t r = 0; r < c.n; r++)
                c.gene[r * c.genes + k] = 0;
        }
        ok = ok && (!forgot || merge(&c));
    }
    *out = 0;
    for (size_t k = 0; k < c.n; k++)
        *out += c.count[k];
    cases_free(&c);
    free(last);
    free(row);
    return ok;
}

double space_count(const space *s)
{
    return s->count;
}

bool space_enumerate(const space *s, genome *out, uint64_t i)
{
    double left = (double)i;
    if (left >= s->count)
        return false;
    out->n = s->n_genes;
    memset(out->gene, 0, s->n_genes * sizeof(*out->gene));
    for (size_t k = 0; k < s->n_genes; k++) {
        if (!space_gene_active(s, out, k))
            continue;
        for (size_t v = 0; v < s->genes[k].n; v++) {
            double below;
            out->gene[k] = (uint16_t)v;
            if (!space_count_from(s, out, k + 1, &below))
                return false;
            if (left < below)
                break;
            left -= below;
        }
    }
    return true;
}
