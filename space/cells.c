/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cells.c - cell spaces: an operation on every edge, and their text
 *
 * A cell has nodes 0 (its input) to n - 1 (its output) and an operation on each edge i <- j, j < i. NAS-Bench-201
 * (Dong & Yang, arXiv:2001.00326) is what the defaults describe, and the text is its architecture string:
 *
 *     |nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2| */
#include "core/text.h"
#include "space/private.h"
#include <string.h>

typedef struct settings {
    int64_t nodes, repeats, stem;
    option_texts ops;
    option_ints channels;
    const char *bits, *act_bits;
} settings;

static const option rows[] = {
    {"nodes", OPTION_INT, offsetof(settings, nodes), "4", 2, 8, .help = "nodes of the cell, its input and output among them"},
    {"ops", OPTION_TEXT_LIST, offsetof(settings, ops), "[none, skip_connect, nor_conv_1x1, nor_conv_3x3, avg_pool_3x3]",
     .help = "operations to choose from on each edge: none, skip_connect, or a block, with its kernel as in conv_3x3"},
    {"channels", OPTION_INT_LIST, offsetof(settings, channels), "[16, 32, 64]", 1, 8192,
     .help = "channels of each stage; the size of the map halves between two"},
    {"cells", OPTION_INT, offsetof(settings, repeats), "5", 1, 64, .help = "cells per stage"},
    {"stem", OPTION_INT, offsetof(settings, stem), "0", 0, 8192, .help = "channels of the stem; 0: those of the first stage"},
    BLOCK_BITS(settings),
};
static const option_table table = OPTION_TABLE("cell", settings, rows);

/* "separable_5x5" is the block separable with kernel 5; "separable" has its default kernel. */
static ash_status read_op(const space *s, const char *text, const node *place, edge_op *out, ash_error *err)
{
    const char *cut = strrchr(text, '_');
    int64_t k = 0, k2 = 0;
    char base[64], number[16];
    size_t n = strlen(text);
    *out = (edge_op){.name = text};
    if (strcmp(text, "none") == 0 || strcmp(text, "skip_connect") == 0)
        return ASH_OK;
    const char *x = cut ? strchr(cut, 'x') : NULL;
    if (x && (size_t)(x - cut) < sizeof(number)) {
        memcpy(number, cut + 1, (size_t)(x - cut - 1));
        number[x - cut - 1] = '\0';
        if (text_to_int(number, &k) && text_to_int(x + 1, &k2) && k == k2)
            n = (size_t)(cut - text);
    }
    if (n < sizeof(base)) {
        memcpy(base, text, n);
        base[n] = '\0';
        out->block = space_block(s, base);
    }
    bool sized = n < strlen(text);
    if (out->block && out->block->domain == BLOCK_IMAGES && (!sized || option_find(out->block->options, "kernel"))) {
        const option *o = sized ? option_find(out->block->options, "kernel") : NULL;
        if (o && (k < (int64_t)o->min || k > (int64_t)o->max))
            return node_fail(place, err, "operation \"%s\": kernel must be from %d to %d", text, (int)o->min, (int)o->max);
        out->kernel = sized ? k : 0;
        return ASH_OK;
    }
    static const char *const known[] = {"none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3",
                                        "max_pool_3x3", "conv_3x3", "separable_3x3", "separable_5x5",
                                        "inverted_bottleneck_3x3", "residual_3x3"};
    const char *near = text_nearest(text, known, sizeof(known) / sizeof(known[0]));
    return node_fail(place, err, "unknown operation \"%s\"; %s%s%s", text, near ? "did you mean \"" : "it is none, skip_connect, or a block ",
                     near ? near : "of maps with its kernel, such as nor_conv_3x3", near ? "\"?" : "");
}

static ash_status read_ops(const space *s, cell *c, const option_texts *names, const node *map, arena *a, ash_error *err)
{
    edge_op *ops = ARENA_NEW(a, edge_op, names->n + 1);
    const node *list = node_get(map, "ops"), *place = list ? list : map;
    if (!ops)
        return ash_fail_memory(err);
    if (names->n == 0)
        return node_fail(place, err, "ops has no values; give at least one");
    const node *item = list && list->kind == NODE_LIST ? list->first : list;
    for (size_t i = 0; i < names->n; i++, item = item ? item->next : NULL) {
        if (read_op(s, names->v[i], item ? item : place, &ops[i], err) != ASH_OK)
            return err->status;
        ops[i].name = arena_strdup(a, ops[i].name); /* the document may go */
        if (!ops[i].name)
            return ash_fail_memory(err);
        for (size_t k = 0; k < i; k++)
            if (strcmp(ops[k].name, ops[i].name) == 0)
                return node_fail(item ? item : place, err, "ops has the value %s twice; name each value once", ops[i].name);
    }
    c->ops = ops;
    c->n_ops = names->n;
    return ASH_OK;
}

static ash_status make_genes(space *s, const cell *c, ash_error *err)
{
    size_t edges = (size_t)(c->nodes * (c->nodes - 1) / 2), n = 0;
    gene *genes = ARENA_NEW(s->arena, gene, edges);
    const char **names = ARENA_NEW(s->arena, const char *, c->n_ops);
    if (!genes || !names)
        return ash_fail_memory(err);
    for (size_t i = 0; i < c->n_ops; i++)
        names[i] = c->ops[i].name;
    for (int i = 1; i < c->nodes; i++) {
        for (int j = 0; j < i; j++) {
            const char *name = arena_printf(s->arena, "%d<-%d", i, j);
            if (!name)
                return ash_fail_memory(err);
            genes[n++] = (gene){"cell", name, c->n_ops, names, {0}};
        }
    }
    s->genes = genes;
    s->n_genes = n;
    return ASH_OK;
}

ash_status cell_read(space *s, const node *map, ash_error *err)
{
    settings set;
    cell *c = ARENA_NEW(s->arena, cell, 1);
    bool preset = map->kind == NODE_SCALAR;
    if (!c)
        return ash_fail_memory(err);
    if (preset && strcmp(map->text, "nasbench201") != 0)
        return node_fail(map, err, "unknown cell \"%s\"; it is nasbench201 or a map with nodes, ops, channels, cells", map->text);
    if (option_read(&table, &set, preset ? NULL : map, s->arena, err) != ASH_OK)
        return err->status;
    if (set.channels.n == 0)
        return node_fail(node_get(map, "channels"), err, "channels has no values; give at least one stage");
    if (set.ops.n == 1)
        return node_fail(node_get(map, "ops"), err, "one operation leaves nothing to choose; give two or more");
    *c = (cell){.nodes = set.nodes, .channels = set.channels, .repeats = set.repeats, .bits = set.bits, .act_bits = block_act_bits(&table, &set),
                .stem = set.stem ? set.stem : set.channels.v[0]};
    if (read_ops(s, c, &set.ops, map, s->arena, err) != ASH_OK)
        return err->status;
    s->cell = c;
    return make_genes(s, c, err);
}

/* ------------------------------------------------------------------ text */

char *cell_print(const space *s, const genome *g, arena *a)
{
    buffer out = {0};
    size_t at = 0;
    for (int i = 1; i < s->cell->nodes; i++) {
        buffer_puts(&out, i > 1 ? "+|" : "|");
        for (int j = 0; j < i; j++)
            buffer_printf(&out, "%s~%d|", s->cell->ops[g->gene[at++]].name, j);
    }
    char *text = out.failed ? NULL : arena_strdup(a, out.data);
    buffer_free(&out);
    return text;
}

static bool take(const char **at, const char *what)
{
    size_t n = strlen(what);
    bool there = strncmp(*at, what, n) == 0;
    *at += there ? n : 0;
    return there;
}

static ash_status parse_edge(const space *s, const char *text, const char **at, int j, uint16_t *out, ash_error *err)
{
    const char end[] = {'~', (char)('0' + j), '|', '\0'}; /* at most 8 nodes: one digit */
    size_t n = strcspn(*at, "~|");
    for (size_t i = 0; i < s->cell->n_ops; i++) {
        if (strlen(s->cell->ops[i].name) != n || strncmp(s->cell->ops[i].name, *at, n) != 0)
            continue;
        *out = (uint16_t)i;
        *at += n;
        return take(at, end) ? ASH_OK : ash_fail(err, ASH_INVALID, "genome \"%.200s\": \"%s\" should stand at \"%.40s\"", text, end, *at);
    }
    return ash_fail(err, ASH_INVALID, "genome \"%.200s\": \"%.*s\" is no operation of this space", text, (int)n, *at);
}

ash_status cell_parse(const space *s, const char *text, genome *out, ash_error *err)
{
    const char *at = text;
    size_t k = 0;
    for (int i = 1; i < s->cell->nodes; i++) {
        if (!take(&at, i > 1 ? "+|" : "|"))
            return ash_fail(err, ASH_INVALID, "genome \"%.200s\": the edges of node %d should stand at \"%.40s\"", text, i, at);
        for (int j = 0; j < i; j++)
            if (parse_edge(s, text, &at, j, &out->gene[k++], err) != ASH_OK)
                return err->status;
    }
    return *at ? ash_fail(err, ASH_INVALID, "genome \"%.200s\": something is left over at \"%.40s\"", text, at) : ASH_OK;
}
