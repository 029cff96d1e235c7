/* SPDX-License-Identifier: GPL-3.0-or-later */
/* space.c - reading a space section, and saying what is in it */
#include "core/text.h"
#include "space/user_block.h"
#include <stdlib.h>
#include <string.h>

static const char *const stage_keys[] = {"stages", "head", "defaults", "cell", "blocks", "quantize", NULL};

/* ------------------------------------------------------------------ blocks */

const block *space_block(const space *s, const char *name)
{
    for (size_t i = 0; i < s->n_blocks; i++)
        if (strcmp(s->blocks[i]->name, name) == 0)
            return s->blocks[i];
    return block_find(name);
}

ash_status space_block_of_node(const space *s, const node *name, const block **out, ash_error *err)
{
    const char *names[256];
    size_t n = 0;
    *out = name->kind == NODE_SCALAR ? space_block(s, name->text) : NULL;
    if (*out)
        return ASH_OK;
    if (name->kind != NODE_SCALAR)
        return node_fail(name, err, "block must be text, not a %s", name->kind == NODE_LIST ? "list" : "map");
    for (; block_names[n] && n < 128; n++)
        names[n] = block_names[n];
    for (size_t i = 0; i < s->n_blocks && n < 256; i++)
        names[n++] = s->blocks[i]->name;
    const char *near = text_nearest(name->text, names, n);
    if (near)
        return node_fail(name, err, "unknown block \"%s\"; did you mean \"%s\"?", name->text, near);
    buffer known = {0};
    for (size_t i = 0; i < n; i++)
        buffer_printf(&known, "%s%s", i ? ", " : "", names[i]);
    node_fail(name, err, "unknown block \"%s\"; known are: %s; blocks of your own stand in space.blocks, before they are used", name->text,
              known.len ? known.data : "none");
    buffer_free(&known);
    return ASH_INVALID;
}

int block_build(const block *b, nn_graph *g, int input, const void *settings, ash_error *err)
{
    return b->build ? b->build(g, input, settings, err) : user_block_build(b, g, input, settings, err);
}

/* ------------------------------------------------------------------ the section */

static ash_status check_keys(const node *map, ash_error *err)
{
    for (const node *n = map->first; n; n = n->next) {
        bool known = false;
        for (size_t i = 0; stage_keys[i]; i++)
            known = known || strcmp(n->key, stage_keys[i]) == 0;
        for (const node *before = map->first; before != n; before = before->next)
            if (strcmp(before->key, n->key) == 0)
                return node_fail_key(n, err, "duplicate key \"%s\" in space; it stands already in line %d", n->key, before->key_line);
        if (known)
            continue;
        const char *near = text_nearest(n->key, stage_keys, 6);
        return near ? node_fail_key(n, err, "unknown key \"%s\" in space; did you mean \"%s\"?", n->key, near)
                    : node_fail_key(n, err, "unknown key \"%s\" in space; known are: stages, head, defaults, cell, blocks, quantize", n->key);
    }
    return ASH_OK;
}

static ash_status read_quantise(space *s, const node *map, ash_error *err)
{
    if (option_read(&nn_quantisation_options, &s->quantise, map, s->arena, err) != ASH_OK)
        return err->status;
    if (s->quantise.weight_bits || s->quantise.act_bits)
        return node_fail(map, err, "in a space, bits are genes of its blocks: bits and act_bits of a stage, the head or the cell");
    return ASH_OK;
}

static ash_status read_map(space *s, const node *map, ash_error *err)
{
    if (!map)
        return ash_fail(err, ASH_INVALID, "the run file has no section \"space\"; docs/search-space.md shows some");
    if (map->kind != NODE_MAP)
        return node_fail(map, err, "space must be a map with stages or a cell");
    if (check_keys(map, err) != ASH_OK)
        return err->status;
    const node *stages = node_get(map, "stages"), *one = node_get(map, "cell"), *blocks = node_get(map, "blocks");
    if (!stages && !one)
        return node_fail(map, err, "space needs \"stages\", a list of stages, or \"cell\"");
    if (read_quantise(s, node_get(map, "quantize"), err) != ASH_OK)
        return err->status;
    if (blocks && user_blocks_read(s, blocks, err) != ASH_OK)
        return err->status;
    if (!one)
        return stages_read(s, map, err);
    if (stages || node_get(map, "head") || node_get(map, "defaults"))
        return node_fail_key(one, err, "a space has a cell or stages, not both; a cell's settings stand inside \"cell\"");
    return cell_read(s, one, err);
}

ash_status space_read(const node *map, nn_shape input, int outputs, space **out, ash_error *err)
{
    arena *a = arena_create();
    space *s = a ? ARENA_NEW(a, space, 1) : NULL;
    *out = NULL;
    if (!s) {
        arena_destroy(a);
        return ash_fail_memory(err);
    }
    s->arena = a;
    s->input = input;
    s->outputs = outputs;
    ash_status status = read_map(s, map, err);
    if (status == ASH_OK && !space_count_from(s, NULL, 0, &s->count))
        status = node_fail(map, err, "space: too many conditions hang together to count the genomes; use fewer across stages");
    if (status != ASH_OK)
        space_destroy(s);
    else
        *out = s;
    return status;
}

void space_destroy(space *s)
{
    if (s)
        arena_destroy(s->arena);
}

size_t space_genes(const space *s)
{
    return s->n_genes;
}

const char *space_gene_unit(const space *s, size_t i)
{
    return s->genes[i].unit;
}

const char *space_gene_name(const space *s, size_t i)
{
    return s->genes[i].name;
}

size_t space_gene_values(const space *s, size_t i)
{
    return s->genes[i].n;
}

const char *space_gene_value(const space *s, size_t i, size_t value)
{
    return value < s->genes[i].n ? s->genes[i].values[value] : NULL;
}

void space_gene_when(const space *s, size_t i, buffer *out)
{
    const conditions *w = &s->genes[i].when;
    for (size_t k = 0; k < w->n; k++) {
        const gene *on = &s->genes[w->v[k].gene];
        size_t allowed = 0, shown = 0;
        buffer_printf(out, "%s%s%s%s ", k ? ", " : "", strcmp(on->unit, s->genes[i].unit) ? on->unit : "",
                      strcmp(on->unit, s->genes[i].unit) ? "." : "", on->name);
        for (size_t v = 0; v < on->n; v++)
            allowed += w->v[k].allowed[v];
        for (size_t v = 0; v < on->n && shown < 8; v++)
            if (w->v[k].allowed[v])
                buffer_printf(out, "%s%s", shown++ ? "|" : "", on->values[v]);
        if (allowed > shown)
            buffer_puts(out, "|...");
    }
}

void space_describe(const space *s, const genome *g, buffer *out)
{
    for (size_t i = 0; i < s->n_genes; i++)
        if (space_gene_active(s, g, i))
            buffer_printf(out, "%s.%s=%s\n", s->genes[i].unit, s->genes[i].name, s->genes[i].values[g->gene[i]]);
}
