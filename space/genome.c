/* SPDX-License-Identifier: GPL-3.0-or-later */
/* genome.c - genomes and their one line of text
 *
 *     stem:width=8;bits=4 | body:repeat=2 | body.1:block=conv;width=16 | head:pool=global
 *
 * Active genes only, in the order of the space; a space without choices prints "-". */
#include "core/text.h"
#include "space/private.h"
#include <string.h>

genome *genome_create(const space *s, arena *a)
{
    genome *g = ARENA_NEW(a, genome, 1);
    if (!g)
        return NULL;
    g->n = s->n_genes;
    g->gene = ARENA_NEW(a, uint16_t, s->n_genes + 1);
    return g->gene ? g : NULL;
}

void genome_copy(genome *to, const genome *from)
{
    to->n = from->n;
    memcpy(to->gene, from->gene, from->n * sizeof(*to->gene));
}

bool genome_equal(const genome *a, const genome *b)
{
    return a->n == b->n && memcmp(a->gene, b->gene, a->n * sizeof(*a->gene)) == 0;
}

bool space_holds(const conditions *when, const genome *g)
{
    if (when->never)
        return false;
    for (size_t i = 0; i < when->n; i++)
        if (!when->v[i].allowed[g->gene[when->v[i].gene]])
            return false;
    return true;
}

void space_settle(const space *s, genome *g)
{
    for (size_t i = 0; i < s->n_genes; i++)
        if (!space_gene_active(s, g, i))
            g->gene[i] = 0;
}

size_t space_active(const space *s, const genome *g)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_genes; i++)
        n += space_gene_active(s, g, i);
    return n;
}

const char *space_value(const parameter *p, const genome *g)
{
    return p->values[p->gene < 0 ? 0 : g->gene[p->gene]];
}

/* ------------------------------------------------------------------ text */

char *space_print(const space *s, const genome *g, arena *a)
{
    if (s->cell)
        return cell_print(s, g, a);
    buffer out = {0};
    const char *unit = NULL;
    for (size_t i = 0; i < s->n_genes; i++) {
        const gene *x = &s->genes[i];
        if (!space_gene_active(s, g, i))
            continue;
        if (!unit || strcmp(unit, x->unit) != 0)
            buffer_printf(&out, "%s%s:", unit ? " | " : "", x->unit);
        else
            buffer_puts(&out, ";");
        buffer_printf(&out, "%s=%s", x->name, x->values[g->gene[i]]);
        unit = x->unit;
    }
    char *text = out.failed ? NULL : arena_strdup(a, out.len ? out.data : "-");
    buffer_free(&out);
    return text;
}

typedef struct cursor {
    const char *text, *at;
} cursor;

/* The word up to one of `ends`, not including it. */
static size_t word(const cursor *c, const char *ends)
{
    return strcspn(c->at, ends);
}

static ash_status bad(const cursor *c, ash_error *err, const char *what)
{
    return ash_fail(err, ASH_INVALID, "genome \"%.200s\": %s at \"%.40s\"", c->text, what, c->at);
}

static bool same(const char *name, const char *at, size_t n)
{
    return strlen(name) == n && strncmp(name, at, n) == 0;
}

static ash_status parse_gene(const space *s, cursor *c, size_t i, const char **unit, genome *out, ash_error *err)
{
    const gene *x = &s->genes[i];
    if (*unit && strcmp(*unit, x->unit) == 0) {
        if (*c->at != ';')
            return ash_fail(err, ASH_INVALID, "genome \"%.200s\": %s.%s is missing", c->text, x->unit, x->name);
        c->at++;
    } else {
        if (*unit && strncmp(c->at, " | ", 3) != 0)
            return *c->at ? bad(c, err, "something is left over")
                          : ash_fail(err, ASH_INVALID, "genome \"%.200s\": %s.%s is missing", c->text, x->unit, x->name);
        c->at += *unit ? 3 : 0;
        size_t n = word(c, ":");
        if (!same(x->unit, c->at, n) || c->at[n] != ':')
            return ash_fail(err, ASH_INVALID, "genome \"%.200s\": \"%s:\" should stand at \"%.40s\"", c->text, x->unit, c->at);
        c->at += n + 1;
    }
    *unit = x->unit;
    size_t n = word(c, "=;|");
    if (!same(x->name, c->at, n) || c->at[n] != '=')
        return ash_fail(err, ASH_INVALID, "genome \"%.200s\": \"%s=\" should stand at \"%.40s\"", c->text, x->name, c->at);
    c->at += n + 1;
    n = word(c, "; ");
    for (size_t v = 0; v < x->n; v++) {
        if (same(x->values[v], c->at, n)) {
            out->gene[i] = (uint16_t)v;
            c->at += n;
            return ASH_OK;
        }
    }
    return ash_fail(err, ASH_INVALID, "genome \"%.200s\": \"%.*s\" is no value of %s.%s in this space", c->text, (int)n, c->at,
                    x->unit, x->name);
}

ash_status space_parse(const space *s, const char *text, genome *out, ash_error *err)
{
    if (s->cell)
        return cell_parse(s, text, out, err);
    cursor c = {text, text};
    const char *unit = NULL;
    memset(out->gene, 0, s->n_genes * sizeof(*out->gene));
    for (size_t i = 0; i < s->n_genes; i++)
        if (space_gene_active(s, out, i) && parse_gene(s, &c, i, &unit, out, err) != ASH_OK)
            return err->status;
    if (!unit && strcmp(c.at, "-") == 0)
        return ASH_OK;
    return *c.at || !unit ? bad(&c, err, "something is left over") : ASH_OK;
}
