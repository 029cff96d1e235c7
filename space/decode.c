/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decode.c - genome to network, stage by stage
 *
 * A block's settings are its chosen values read through its own option table. What does not fit together (a stride on a
 * 1 x 1 map, groups that do not divide, a convolution behind a dense block) is an invalid genome with a reason. */
#include "core/text.h"
#include "space/private.h"
#include <string.h>

typedef struct decoder {
    const space *s;
    const genome *g;
    arena *arena;
    nn_graph *graph;
    int x;       /* the last node */
    bool vector; /* behind a dense block, or vector data: no maps any more */
} decoder;

static const parameter *chosen(const decoder *d, const position *p, const block *b, const char *name)
{
    const parameter *general = NULL;
    for (size_t i = 0; i < p->n_params; i++) {
        const parameter *x = &p->params[i];
        if (strcmp(x->name, name) != 0 || !space_holds(&x->when, d->g))
            continue;
        if (b && x->only == b)
            return x;
        if (!x->only)
            general = x;
    }
    return general;
}

/* The values that apply, as the map that the block's table reads. */
static ash_status read_settings(const decoder *d, const position *p, const block *b, const option_table *table, bool first,
                                void **out, ash_error *err)
{
    node *map = node_map(d->arena, NULL);
    *out = arena_alloc(d->arena, table->size + 1);
    if (!map || !*out)
        return ash_fail_memory(err);
    for (size_t i = 0; i < table->count; i++) {
        const char *name = table->rows[i].name;
        const parameter *x = chosen(d, p, b, name);
        const char *text = x ? space_value(x, d->g) : NULL;
        if (!first && strcmp(name, "stride") == 0)
            text = "1";
        if (!text)
            continue;
        node *value = node_scalar(d->arena, name, text);
        if (!value)
            return ash_fail_memory(err);
        node_append(map, value);
    }
    return option_read(table, *out, map, d->arena, err);
}

static ash_status check_stride(const decoder *d, const option_table *table, const void *settings, ash_error *err)
{
    const option *o = option_find(table, "stride");
    if (!o || o->type != OPTION_INT)
        return ASH_OK;
    int64_t stride = *(const int64_t *)((const char *)settings + o->offset);
    nn_shape in = d->graph->nodes[d->x].shape;
    if (stride == 1 || stride <= in.h || stride <= in.w)
        return ASH_OK;
    return ash_fail(err, ASH_INVALID, "stride %d on a map of %d x %d; use fewer strides or larger images", (int)stride, in.h, in.w);
}

static ash_status add_block(decoder *d, const position *p, bool first, ash_error *err)
{
    const block *b = space_block(d->s, space_value(p->block, d->g));
    void *settings;
    if (read_settings(d, p, b, b->options, first, &settings, err) != ASH_OK)
        return err->status;
    if (b->domain == BLOCK_IMAGES && d->vector)
        return ash_fail(err, ASH_INVALID, "%s needs a map, but its input is a vector; put dense blocks last", b->name);
    if (check_stride(d, b->options, settings, err) != ASH_OK)
        return err->status;
    int before = d->graph->n_nodes;
    d->x = block_build(b, d->graph, d->x, settings, err);
    if (d->x < 0)
        return ash_prefix(err, "%s", b->name);
    d->vector = d->vector || b->domain == BLOCK_VECTORS;
    const char *label = arena_printf(d->arena, "%s %s", p->unit, b->name);
    if (!label)
        return ash_fail_memory(err);
    if (d->graph->n_nodes > before)
        nn_set_block(d->graph, before, label);
    nn_set_act_bits(d->graph, before, block_act_bits(b->options, settings));
    return ASH_OK;
}

static ash_status add_stage(decoder *d, const stage *st, ash_error *err)
{
    int64_t repeats = 0;
    if (!space_holds(&st->when, d->g))
        return ASH_OK;
    text_to_int(space_value(st->repeat, d->g), &repeats);
    for (int64_t i = 0; i < repeats; i++) {
        const position *p = &st->positions[st->n_positions > 1 ? (size_t)i : 0];
        bool own = i == 0 || st->n_positions > 1; /* repeats that share genes stride once */
        if (add_block(d, p, own, err) != ASH_OK)
            return repeats > 1 ? ash_prefix(err, "%s, repeat %d", st->name, (int)i + 1) : ash_prefix(err, "%s", st->name);
    }
    return ASH_OK;
}

static ash_status add_head(decoder *d, ash_error *err)
{
    void *settings;
    if (read_settings(d, &d->s->head, NULL, &head_options, true, &settings, err) != ASH_OK)
        return err->status;
    int before = d->graph->n_nodes;
    d->x = head_build(d->graph, d->x, settings, d->s->outputs, d->vector, err);
    if (d->x < 0)
        return ash_prefix(err, "head");
    nn_set_block(d->graph, before, "head");
    nn_set_act_bits(d->graph, before, block_act_bits(&head_options, settings));
    return ASH_OK;
}

static ash_status stages_decode(const space *s, const genome *g, arena *a, nn_graph **out, ash_error *err)
{
    decoder d = {.s = s, .g = g, .arena = a, .graph = nn_graph_create(a, s->input)};
    if (!d.graph)
        return ash_fail_memory(err);
    d.vector = s->input.h == 1 && s->input.w == 1;
    for (size_t i = 0; i < s->n_stages; i++)
        if (add_stage(&d, &s->stages[i], err) != ASH_OK)
            return err->status;
    if (add_head(&d, err) != ASH_OK)
        return err->status;
    d.graph->output = d.x;
    *out = d.graph;
    return ASH_OK;
}

ash_status space_decode(const space *s, const genome *g, arena *a, nn_graph **out, ash_error *err)
{
    nn_graph *plain;
    ash_status status = (s->cell ? cell_decode : stages_decode)(s, g, a, &plain, err);
    return status == ASH_OK ? nn_place_quantizers(plain, &s->quantise, a, out, err) : status;
}
