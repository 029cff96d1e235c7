/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader.c - parameters, genes and conditions as they are read; see reader.h */
#include "space/reader.h"
#include "core/text.h"
#include <string.h>

bool reader_reserve(reader *rd, const node *stages, const node *map)
{
    size_t defaults = rd->defaults ? rd->defaults->count : 0;
    const node *head = node_get(map, "head");
    rd->cap = 2 * (head ? head->count : 0) + defaults + 2;
    for (const node *n = stages->first; n; n = n->next) {
        const node *vary = node_get(n, "vary");
        rd->cap += (n->count + defaults + 2) * (vary && vary->kind == NODE_SCALAR && vary->text[0] == 't' ? 65 : 1);
    }
    rd->params = ARENA_NEW(rd->s->arena, parameter, rd->cap);
    rd->genes = ARENA_NEW(rd->s->arena, gene, rd->cap);
    rd->default_used = ARENA_NEW(rd->s->arena, bool, defaults + 1);
    return rd->params && rd->genes && rd->default_used;
}

parameter *reader_parameter(reader *rd, const char *key, ash_error *err)
{
    if (rd->n_params == rd->cap) {
        ash_fail(err, ASH_BROKEN, "space: too many parameters");
        return NULL;
    }
    char *own = arena_strdup(rd->s->arena, key); /* the document may go */
    if (!own) {
        ash_fail_memory(err);
        return NULL;
    }
    parameter *x = &rd->params[rd->n_params++];
    *x = (parameter){.unit = rd->unit, .key = own, .name = own, .gene = -1};
    return x;
}

ash_status reader_gene(reader *rd, parameter *x, ash_error *err)
{
    if (x->n < 2 || x->when.never)
        return ASH_OK;
    if (rd->n_genes == rd->cap)
        return ash_fail(err, ASH_BROKEN, "space: too many genes");
    x->gene = (long)rd->n_genes;
    rd->genes[rd->n_genes++] = (gene){x->unit, x->key, x->n, x->values, x->when};
    return ASH_OK;
}

ash_status reader_require(reader *rd, conditions *when, size_t gene_index, const bool *allowed, ash_error *err)
{
    const conditions *its = &rd->genes[gene_index].when;
    condition *v = ARENA_NEW(rd->s->arena, condition, when->n + its->n + 1);
    if (!v)
        return ash_fail_memory(err);
    if (when->n)
        memcpy(v, when->v, when->n * sizeof(*v));
    size_t n = when->n;
    for (size_t i = 0; i < its->n; i++) {
        bool known = false; /* the same condition, reached twice */
        for (size_t k = 0; k < n; k++)
            known = known || (v[k].gene == its->v[i].gene && v[k].allowed == its->v[i].allowed);
        if (!known)
            v[n++] = its->v[i];
    }
    v[n++] = (condition){gene_index, allowed};
    when->v = v;
    when->n = n;
    return ASH_OK;
}

/* ------------------------------------------------------------------ when */

static bool named(const parameter *x, const char *reference, const char *unit)
{
    if (strcmp(x->unit, unit) == 0 && strcmp(x->key, reference) == 0)
        return true;
    size_t n = strlen(x->unit);
    return strncmp(reference, x->unit, n) == 0 && reference[n] == '.' && strcmp(reference + n + 1, x->key) == 0;
}

static ash_status unknown_gene(reader *rd, const node *key, ash_error *err)
{
    const char **candidates = ARENA_NEW(rd->s->arena, const char *, rd->n_params + 1);
    if (!candidates)
        return ash_fail_memory(err);
    for (size_t i = 0; i < rd->n_params; i++) {
        const parameter *x = &rd->params[i];
        candidates[i] = strcmp(x->unit, rd->unit) == 0 ? x->key : arena_printf(rd->s->arena, "%s.%s", x->unit, x->key);
        if (!candidates[i])
            return ash_fail_memory(err);
    }
    const char *near = text_nearest(key->key, candidates, rd->n_params);
    if (near)
        return node_fail_key(key, err, "unknown gene \"%s\" in a condition; did you mean \"%s\"?", key->key, near);
    return node_fail_key(key, err, "unknown gene \"%s\" in a condition; it must stand before, as \"width\" of the same stage or "
                         "\"stage.width\" of another", key->key);
}

static ash_status mark(const parameter *x, const node *value, bool *allowed, ash_error *err)
{
    bool found = false;
    if (value->kind != NODE_SCALAR)
        return node_fail(value, err, "a condition names a value or a list of values");
    for (size_t i = 0; i < x->n; i++) {
        if (value_equal(x->values[i], value->text)) {
            allowed[i] = true;
            found = true;
        }
    }
    if (found)
        return ASH_OK;
    buffer known = {0};
    for (size_t i = 0; i < x->n && known.len < 300; i++)
        buffer_printf(&known, "%s%s", i ? ", " : "", x->values[i]);
    node_fail(value, err, "%s.%s is never \"%s\"; its values are %s", x->unit, x->key, value->text, known.len ? known.data : "");
    buffer_free(&known);
    return ASH_INVALID;
}

static ash_status one_condition(reader *rd, const node *key, const parameter *x, conditions *when, ash_error *err)
{
    bool *allowed = ARENA_NEW(rd->s->arena, bool, x->n);
    if (!allowed)
        return ash_fail_memory(err);
    const node *item = key->kind == NODE_LIST ? key->first : key;
    size_t n = key->kind == NODE_LIST ? key->count : 1;
    if (n == 0)
        return node_fail(key, err, "the condition on %s has no values; give at least one", key->key);
    for (; n > 0; n--, item = item->next)
        if (mark(x, item, allowed, err) != ASH_OK)
            return err->status;
    if (x->gene >= 0)
        return reader_require(rd, when, (size_t)x->gene, allowed, err);
    when->never = when->never || x->when.never || !allowed[0];
    for (size_t i = 0; i < x->when.n; i++) /* a constant that itself is there under conditions */
        if (reader_require(rd, when, x->when.v[i].gene, x->when.v[i].allowed, err) != ASH_OK)
            return err->status;
    return ASH_OK;
}

ash_status reader_when(reader *rd, const node *map, conditions *when, ash_error *err)
{
    if (map->kind != NODE_MAP || map->count == 0)
        return node_fail(map, err, "when must be a map of conditions such as {block: conv}");
    for (const node *key = map->first; key; key = key->next) {
        const parameter *x = NULL;
        for (size_t i = 0; i < rd->n_params && !x; i++)
            x = strcmp(rd->params[i].unit, rd->unit) == 0 && named(&rd->params[i], key->key, rd->unit) ? &rd->params[i] : NULL;
        for (size_t i = 0; i < rd->n_params && !x; i++)
            x = named(&rd->params[i], key->key, rd->unit) ? &rd->params[i] : NULL;
        if (!x || (x->values == NULL))
            return unknown_gene(rd, key, err);
        if (one_condition(rd, key, x, when, err) != ASH_OK)
            return err->status;
    }
    return ASH_OK;
}

/* ------------------------------------------------------------------ defaults */

void reader_used_default(reader *rd, const node *key)
{
    size_t i = 0;
    for (const node *n = rd->defaults->first; n; n = n->next, i++)
        if (n == key || strcmp(n->key, key->key) == 0)
            rd->default_used[i] = true;
}

ash_status reader_check_defaults(const reader *rd, ash_error *err)
{
    size_t i = 0;
    for (const node *n = rd->defaults ? rd->defaults->first : NULL; n; n = n->next, i++)
        if (!rd->default_used[i])
            return node_fail_key(n, err, "default \"%s\" is used by no stage: every stage sets it itself, or no block has it", n->key);
    return ASH_OK;
}
