/* SPDX-License-Identifier: GPL-3.0-or-later */
/* place.c - see place.h */
#include "nn/quant/place.h"
#include "nn/op.h"
#include "nn/quant/weights.h"
#include <string.h>

static const option rows[] = {
    {"weights", OPTION_NAME, offsetof(nn_quantisation, weights), "scaled", .names = nn_weight_quantizer_names, .help = "how weights are quantised"},
    {"activations", OPTION_NAME, offsetof(nn_quantisation, activations), "lsq", .names = nn_activation_quantizer_names,
     .help = "how activations are quantised"},
    {"weight_bits", OPTION_INT, offsetof(nn_quantisation, weight_bits), "0", 0, 32, .help = "of all layers; 0: what each says"},
    {"act_bits", OPTION_INT, offsetof(nn_quantisation, act_bits), "0", 0, 32, .help = "of the activations that all layers read; 0: what each says"},
    {"edge_bits", OPTION_INT, offsetof(nn_quantisation, edge_bits), "8", 1, 32, .help = "least for the first and the last layer"},
};
const option_table nn_quantisation_options = OPTION_TABLE("quantize", nn_quantisation, rows);

enum { CARRIER = 8, NOBODY = 0 }; /* bits of codes that everything can read; of what no reader wants codes of */

typedef struct placer {
    const nn_graph *g;
    nn_graph *out;
    const nn_quantisation *q;
    ash_error *err;
    bool *live, whole; /* whole: it becomes an integer network */
    int *wanted;       /* (n_nodes): bits that all readers want of it, CARRIER if they differ or are no linear operators */
    int *plain;        /* (n_nodes): where its value is in `out` */
    int (*codes)[CARRIER + 1]; /* (n_nodes): where its codes of some bits are; 0: nowhere yet */
    bool *negative;    /* (nodes of out): may be */
} placer;

/* ---- what operators do to codes ---- */

static bool is_quantizer(const nn_node *n)
{
    return strcmp(n->op->name, "quantize") == 0;
}

/* Whether it belongs to the node before it, whose value nobody else reads: that value needs no codes. */
static bool belongs(const nn_graph *g, int i)
{
    const nn_node *n = &g->nodes[i], *before = &g->nodes[n->inputs[0]];
    if (nn_consumers(g, n->inputs[0]) != 1 || before->op->keeps_codes || is_quantizer(before))
        return false;
    return nn_folds(g, i) || is_quantizer(n) || (n->op->kind == NN_ACTIVATION && n->inputs[0] > 0 && !before->op->value);
}

/* The bits that a linear operator's input is read with: its own wish, unless the graph has a quantizer there already. */
static int bits_of_input(const nn_graph *g, int i)
{
    const nn_node *in = &g->nodes[g->nodes[i].inputs[0]];
    while (in->op->keeps_codes)
        in = &g->nodes[in->inputs[0]];
    return is_quantizer(in) ? in->out_bits : g->nodes[i].act_bits;
}

static bool can_be_negative(const placer *p, const nn_node *n)
{
    if (n->op->not_negative)
        return false;
    if (n->op->kind != NN_PLAIN || n->op->value)
        return true;
    bool negative = false; /* of sums, averages, products, maxima, copies */
    for (int k = 0; k < n->n_inputs; k++)
        negative |= p->negative[n->inputs[k]];
    return negative;
}

/* ---- what is wanted ---- */

static bool has_integer_form(const nn_node *n)
{
    const nn_op *op = n->op;
    return op->kind != NN_PLAIN || op->integer != INFER_NONE || op->value || is_quantizer(n) || (op->is_alias && op->is_alias(n, false));
}

static bool becomes_whole(const placer *p)
{
    for (int i = 1; i < p->g->n_nodes; i++) {
        const nn_node *n = &p->g->nodes[i];
        if (!p->live[i])
            continue;
        if (!has_integer_form(n) || (n->op->kind == NN_LINEAR && (n->weight_bits > CARRIER || bits_of_input(p->g, i) > CARRIER)))
            return false;
    }
    return p->g->nodes[p->g->output].op->kind == NN_LINEAR && nn_consumers(p->g, p->g->output) == 1;
}

static int wants(const placer *p, int reader) /* of its inputs */
{
    const nn_node *n = &p->g->nodes[reader];
    if (n->op->kind == NN_LINEAR)
        return bits_of_input(p->g, reader);
    bool of_signs = strcmp(n->op->name, "max_pool") != 0 && strcmp(n->op->name, "zero") != 0;
    if (n->op->keeps_codes && (p->wanted[reader] > 1 || of_signs))
        return p->wanted[reader];
    return belongs(p->g, reader) ? NOBODY : CARRIER;
}

static void find_wanted(placer *p)
{
    for (int i = p->g->n_nodes - 1; i >= 0; i--)
        for (int r = i + 1; r < p->g->n_nodes; r++)
            for (int k = 0; p->live[r] && k < p->g->nodes[r].n_inputs; k++) {
                int bits = p->g->nodes[r].inputs[k] == i ? wants(p, r) : NOBODY;
                if (bits != NOBODY)
                    p->wanted[i] = p->wanted[i] == NOBODY || p->wanted[i] == bits ? bits : CARRIER;
            }
}

/* ---- placing ---- */

static int quantizer(placer *p, int x, int bits)
{
    int q = nn_add1(p->out, p->err, x, "quantize", "bits=%d, signed=%s, method=%s", bits, p->negative[x] ? "true" : "false",
                    x == 0 ? "range" : p->q->activations);
    if (q < 0)
        return -1;
    p->negative[q] = p->negative[x];
    p->out->nodes[q].block = p->out->nodes[x].block;
    p->out->nodes[q].name = arena_printf(p->out->arena, "codes_%d", q);
    return p->out->nodes[q].name ? q : (ash_fail_memory(p->err), -1);
}

/* Codes of old node i; bits 32: its value. */
static int read_as(placer *p, int i, int bits)
{
    int x = p->plain[i];
    if (bits > CARRIER || x < 0)
        return x;
    const nn_node *n = &p->out->nodes[x];
    if (n->out_bits == bits) /* codes already */
        return x;
    int *known = &p->codes[i][bits];
    if (*known)
        return *known;
    int base = p->whole && n->out_bits > CARRIER && p->wanted[i] != bits ? read_as(p, i, p->wanted[i]) : x;
    return *known = base < 0 ? -1 : quantizer(p, base, bits);
}

static ash_status copy_node(placer *p, int i)
{
    const nn_node *n = &p->g->nodes[i];
    int inputs[NN_MAX_INPUTS];
    for (int k = 0; k < n->n_inputs; k++) {
        int in = n->inputs[k], bits = 32;
        if (!p->live[i])
            bits = 32;
        else if (n->op->kind == NN_LINEAR)
            bits = bits_of_input(p->g, i);
        else if (p->whole && !belongs(p->g, i))
            bits = n->op->keeps_codes ? p->wanted[in] : CARRIER;
        inputs[k] = read_as(p, in, bits);
        if (inputs[k] < 0)
            return p->err->status;
    }
    int x = nn_add_copy(p->out, p->err, n, inputs, n->n_inputs);
    if (x < 0)
        return p->err->status;
    p->out->nodes[x].name = n->name;
    p->negative[x] = can_be_negative(p, &p->out->nodes[x]);
    p->plain[i] = x;
    return ASH_OK;
}

/* ---- settings ---- */

static void set(nn_node *n, const char *attr, const void *value, size_t bytes)
{
    const option *o = option_find(n->op->attrs, attr);
    memcpy((char *)n->attrs + o->offset, value, bytes);
}

/* A copy of g, whose linear operators have the bits and the quantizer of q. */
static nn_graph *with_bits(const nn_graph *g, const nn_quantisation *q, arena *a, ash_error *err)
{
    nn_graph *out = nn_graph_create(a, g->nodes[0].shape);
    if (!out) {
        ash_fail_memory(err);
        return NULL;
    }
    out->name = g->name;
    for (int i = 1; i < g->n_nodes; i++) {
        nn_node n = g->nodes[i];
        if (n.op->kind == NN_LINEAR) {
            bool edge = n.inputs[0] == 0 || i == g->output;
            int64_t weight_bits = q->weight_bits ? q->weight_bits : n.weight_bits, act_bits = q->act_bits ? q->act_bits : n.act_bits;
            weight_bits = edge && q->weight_bits && weight_bits < q->edge_bits ? q->edge_bits : weight_bits;
            act_bits = edge && q->act_bits && act_bits < q->edge_bits ? q->edge_bits : act_bits;
            if (!nn_are_bits(act_bits)) {
                ash_fail(err, ASH_INVALID, "act_bits is 32, 8, 4, 2 or 1, not %d", (int)act_bits);
                return NULL;
            }
            if (!(n.attrs = arena_memdup(a, n.attrs, n.op->attrs->size))) {
                ash_fail_memory(err);
                return NULL;
            }
            set(&n, "weight_bits", &weight_bits, sizeof(weight_bits));
            /* who cannot have so many bits leaves them to lsq */
            const char *weights = weight_bits == 32 ? nn_weight_quantizer_names[0] : weight_bits > nn_weight_quantizer_find(q->weights)->most_bits ? "lsq" : q->weights;
            set(&n, "weight_quantizer", &weights, sizeof(weights));
            n.act_bits = (int)act_bits;
        }
        int made = nn_add_copy(out, err, &n, n.inputs, n.n_inputs);
        if (made < 0)
            return NULL;
        out->nodes[made].name = n.name;
    }
    out->output = g->output;
    return out;
}

static bool asks_for_codes(const nn_graph *g)
{
    for (int i = 0; i < g->n_nodes; i++)
        if (g->nodes[i].op->kind == NN_LINEAR && g->nodes[i].act_bits <= CARRIER)
            return true;
    return false;
}

ash_status nn_place_quantizers(const nn_graph *g, const nn_quantisation *q, arena *a, nn_graph **out, ash_error *err)
{
    size_t n = (size_t)g->n_nodes;
    bool as_is = !q->weight_bits && !q->act_bits && strcmp(q->weights, nn_weight_quantizer_names[0]) == 0;
    *out = as_is ? (nn_graph *)g : with_bits(g, q, a, err);
    if (!*out || !asks_for_codes(*out))
        return *out ? ASH_OK : err->status;
    g = *out;
    placer p = {.g = g, .out = nn_graph_create(a, g->nodes[0].shape), .q = q, .err = err};
    p.live = ARENA_NEW(a, bool, n);
    p.wanted = ARENA_NEW(a, int, n);
    p.plain = ARENA_NEW(a, int, n);
    p.codes = arena_alloc_array(a, n, sizeof(*p.codes));
    p.negative = ARENA_NEW(a, bool, 5 * n); /* a node and codes of four widths */
    if (!p.out || !p.live || !p.wanted || !p.plain || !p.codes || !p.negative)
        return ash_fail_memory(err);
    nn_mark_live(g, p.live);
    p.whole = becomes_whole(&p);
    find_wanted(&p);
    p.negative[0] = true;
    p.out->name = g->name;
    for (int i = 1; i < g->n_nodes; i++)
        if (copy_node(&p, i) != ASH_OK)
            return err->status;
    p.out->output = p.plain[g->output];
    *out = p.out;
    return ASH_OK;
}
