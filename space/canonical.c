/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canonical.c - one network, one text
 *
 * What changes nothing is removed (operators that hand on their input, zeros through operators that map zero to zero, nodes that do
 * not reach the output). Every node gets a number made of its operator, attributes and inputs; the inputs of sums and products are
 * sorted by it, and the nodes written in the order in which a walk from the output finishes them. Numbers that look
 * upwards as well (Weisfeiler & Leman 1968) tell apart twins with different uses. Numbers only order: the text holds the
 * network itself, so that a collision could cost a match but never make two networks one.
 *
 * A zero among the inputs of an addition stays: NAS-Bench-201's count of 6,466 networks keeps it, and so do we. */
#include "nn/op.h"
#include "space/space.h"
#include <string.h>

typedef struct work {
    const nn_graph *g;
    arena *arena;
    int n;
    int *alias;        /* the node that stands for it */
    bool *live;
    char **text;       /* attributes, as nn_add reads them */
    uint64_t *key, *up;
    int *order, *place; /* new order; new index, or -1 */
    int n_order;
} work;

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t x = a * 0x9e3779b97f4a7c15u + b + 0x632be59bd9b4e019u; /* splitmix64's finaliser */
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t key_of_text(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return h;
}

static bool commutes(const nn_node *n)
{
    return n->op->commutes;
}

static bool is_zero(const nn_node *n)
{
    return strcmp(n->op->name, "zero") == 0;
}

static bool same_shape(nn_shape a, nn_shape b)
{
    return a.h == b.h && a.w == b.w && a.c == b.c;
}

/* Of one input, and only weights: what it makes of zeros is zeros. */
static bool keeps_zero(const nn_node *n)
{
    for (int i = 0; i < n->n_params; i++)
        if (n->params[i].role != NN_WEIGHT && n->params[i].role != NN_STEP)
            return false;
    return n->n_inputs == 1 && !n->op->moves_zero;
}

static void simplify(work *w)
{
    for (int i = 0; i < w->n; i++) {
        const nn_node *n = &w->g->nodes[i];
        w->alias[i] = i;
        if (n->n_inputs != 1)
            continue;
        int from = w->alias[n->inputs[0]];
        const nn_node *in = &w->g->nodes[from];
        bool nothing = n->op->is_alias && n->op->is_alias(n, true);
        if (same_shape(in->shape, n->shape) && (nothing || (is_zero(in) && keeps_zero(n))))
            w->alias[i] = from;
    }
    w->live[w->alias[w->g->output]] = true;
    for (int i = w->n - 1; i >= 0; i--)
        for (int k = 0; w->live[i] && k < w->g->nodes[i].n_inputs; k++)
            w->live[w->alias[w->g->nodes[i].inputs[k]]] = true;
}

static int input_of(const work *w, int i, int k)
{
    return w->alias[w->g->nodes[i].inputs[k]];
}

/* "out: 16, kernel: [3]" to "out=16, kernel=[3]", as nn_add reads it. */
static void to_inline(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        bool colon = from[0] == ':' && from[1] == ' ';
        *to++ = colon ? '=' : *from;
        from += colon;
    }
    *to = '\0';
}

static bool print_nodes(work *w)
{
    buffer out = {0};
    bool ok = true;
    for (int i = 0; i < w->n && ok; i++) {
        const nn_node *n = &w->g->nodes[i];
        if (!w->live[i])
            continue;
        buffer_clear(&out);
        if (i == 0)
            buffer_printf(&out, "%d, %d, %d", n->shape.h, n->shape.w, n->shape.c);
        else
            nn_print_attrs(n, &out);
        w->text[i] = out.failed ? NULL : arena_strdup(w->arena, out.len ? out.data : "");
        ok = w->text[i] != NULL;
        if (ok)
            to_inline(w->text[i]);
        w->key[i] = ok ? mix(key_of_text(n->op->name), key_of_text(w->text[i])) : 0;
    }
    buffer_free(&out);
    return ok;
}

/* Fold the inputs' keys into each key, in an order that an addition does not see. */
static void look_down(work *w)
{
    for (int i = 0; i < w->n; i++) {
        const nn_node *n = &w->g->nodes[i];
        uint64_t sum = 0;
        for (int k = 0; k < n->n_inputs && w->live[i]; k++)
            sum += mix(w->key[input_of(w, i, k)], commutes(n) ? 0 : (uint64_t)k + 1);
        w->key[i] = mix(w->key[i], sum);
    }
}

/* Fold the keys of those who use a node into its key. */
static void look_up(work *w)
{
    memset(w->up, 0, (size_t)w->n * sizeof(*w->up));
    for (int i = w->n - 1; i >= 0; i--) {
        const nn_node *n = &w->g->nodes[i];
        for (int k = 0; k < n->n_inputs && w->live[i]; k++)
            w->up[input_of(w, i, k)] += mix(mix(w->key[i], w->up[i]), commutes(n) ? 0 : (uint64_t)k + 1);
    }
    for (int i = 0; i < w->n; i++)
        w->key[i] = mix(w->key[i], w->up[i]);
}

static bool twins(const work *w)
{
    for (int i = 0; i < w->n; i++) {
        const nn_node *n = &w->g->nodes[i];
        for (int k = 0; w->live[i] && commutes(n) && k < n->n_inputs; k++)
            for (int j = 0; j < k; j++)
                if (input_of(w, i, k) != input_of(w, i, j) && w->key[input_of(w, i, k)] == w->key[input_of(w, i, j)])
                    return true;
    }
    return false;
}

/* ------------------------------------------------------------------ order */

/* The inputs in the order of the walk. */
static void sorted_inputs(const work *w, int i, int out[NN_MAX_INPUTS])
{
    const nn_node *n = &w->g->nodes[i];
    for (int k = 0; k < n->n_inputs; k++) {
        int x = input_of(w, i, k), at = k;
        for (; commutes(n) && at > 0 && w->key[out[at - 1]] > w->key[x]; at--)
            out[at] = out[at - 1];
        out[at] = x;
    }
}

static bool walk(work *w)
{
    int *stack = ARENA_NEW(w->arena, int, (size_t)w->n + 1), *next = ARENA_NEW(w->arena, int, (size_t)w->n), depth = 0;
    if (!stack || !next)
        return false;
    memset(w->place, -1, (size_t)w->n * sizeof(*w->place));
    w->order[w->n_order] = 0; /* the image comes first, whether used or not */
    w->place[0] = w->n_order++;
    int root = w->alias[w->g->output];
    if (root != 0)
        stack[depth++] = root;
    while (depth > 0) {
        int i = stack[depth - 1], inputs[NN_MAX_INPUTS];
        sorted_inputs(w, i, inputs);
        if (next[i] < w->g->nodes[i].n_inputs) {
            int x = inputs[next[i]++];
            if (w->place[x] < 0)
                stack[depth++] = x;
            continue;
        }
        depth--;
        w->place[i] = w->n_order;
        w->order[w->n_order++] = i;
    }
    return true;
}

static int rebuild(const work *w, nn_graph *out, int i, ash_error *err)
{
    const nn_node *n = &w->g->nodes[i];
    int inputs[NN_MAX_INPUTS];
    for (int k = 0; k < n->n_inputs; k++) {
        int x = w->place[input_of(w, i, k)], at = k;
        for (; commutes(n) && at > 0 && inputs[at - 1] > x; at--)
            inputs[at] = inputs[at - 1];
        inputs[at] = x;
    }
    int made = nn_add(out, err, n->op->name, inputs, n->n_inputs, w->text[i]);
    if (made < 0 || !n->block)
        return made;
    out->nodes[made].block = arena_strdup(w->arena, n->block);
    return out->nodes[made].block ? made : (ash_fail_memory(err), -1);
}

void space_network_text(const nn_graph *g, buffer *out)
{
    const nn_shape in = g->nodes[0].shape;
    buffer_printf(out, "input{%d, %d, %d}\n", in.h, in.w, in.c);
    for (int i = 1; i < g->n_nodes; i++) {
        const nn_node *n = &g->nodes[i];
        buffer_printf(out, "%s{", n->op->name);
        nn_print_attrs(n, out);
        for (int k = 0; k < n->n_inputs; k++)
            buffer_printf(out, "%s%d", k ? " " : "} ", n->inputs[k]);
        buffer_puts(out, "\n");
    }
}

static ash_status build(work *w, nn_graph **out, hash256 *hash, ash_error *err)
{
    nn_graph *made = nn_graph_create(w->arena, w->g->nodes[0].shape);
    if (!made || !(made->name = arena_strdup(w->arena, w->g->name ? w->g->name : "network")))
        return ash_fail_memory(err);
    for (int k = 1; k < w->n_order; k++)
        if (rebuild(w, made, w->order[k], err) < 0)
            return err->status;
    made->output = made->n_nodes - 1;
    buffer text = {0};
    space_network_text(made, &text);
    bool ok = !text.failed;
    if (ok)
        *hash = hash_of_bytes(text.data, text.len);
    buffer_free(&text);
    *out = made;
    return ok ? ASH_OK : ash_fail_memory(err);
}

ash_status space_canonical(const nn_graph *g, arena *a, nn_graph **out, hash256 *hash, ash_error *err)
{
    size_t n = (size_t)g->n_nodes;
    work w = {.g = g, .arena = a, .n = g->n_nodes};
    w.alias = ARENA_NEW(a, int, n);
    w.live = ARENA_NEW(a, bool, n);
    w.text = ARENA_NEW(a, char *, n);
    w.key = ARENA_NEW(a, uint64_t, n);
    w.up = ARENA_NEW(a, uint64_t, n);
    w.order = ARENA_NEW(a, int, n);
    w.place = ARENA_NEW(a, int, n);
    if (!w.alias || !w.live || !w.text || !w.key || !w.up || !w.order || !w.place)
        return ash_fail_memory(err);
    simplify(&w);
    if (!print_nodes(&w))
        return ash_fail_memory(err);
    look_down(&w);
    for (int round = 0; round < 4 && twins(&w); round++) {
        look_up(&w);
        look_down(&w);
    }
    if (!walk(&w))
        return ash_fail_memory(err);
    return build(&w, out, hash, err);
}
