/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group.c - see group.h; says why a network cannot run on integers */
#include "nn/infer/group.h"
#include "nn/infer/model.h"

typedef struct finder {
    const nn_graph *g;
    const nn_plan *plan;
    ash_error *err;
} finder;

static const nn_node *graph_node(const finder *f, int i)
{
    return &f->g->nodes[i];
}

static bool has_codes(const nn_node *n)
{
    return n->out_bits < 32;
}

static bool is_quantizer(const nn_node *n)
{
    return has_codes(n) && !n->op->keeps_codes;
}

static infer_kind kind_of(const nn_node *n)
{
    if (n->op->kind == NN_LINEAR)
        return INFER_LINEAR;
    if (n->op->kind != NN_PLAIN || is_quantizer(n))
        return INFER_ADD; /* of one input */
    return n->op->value ? INFER_TABLE : n->op->integer;
}

/* Takes a node that the plan fused into the group; false: it does not belong behind what is there. Of several activations the one that clamps on
 * both sides is all of them. */
static bool take(const finder *f, infer_group *group, int i)
{
    const nn_node *n = graph_node(f, i);
    if (group->quantizer >= 0)
        return false;
    if (n->op->kind == NN_ACTIVATION) {
        if (group->act < 0 || n->op->act == NN_ACT_RELU6)
            group->act = i;
        return true;
    }
    int *place = is_quantizer(n) ? &group->quantizer : &group->norm;
    if (*place >= 0 || (group->act >= 0 && place == &group->norm))
        return false;
    *place = i;
    return true;
}

static ash_status refuse(const finder *f, int i, const char *why)
{
    return ash_fail(f->err, ASH_INVALID, "not an integer network: %s %s", graph_node(f, i)->name, why);
}

/* The graph's output is another name of node i, or the node itself. */
static bool is_output(const finder *f, int host)
{
    return f->plan->nodes[f->g->output].host == host;
}

static ash_status check_ends(const finder *f, const infer_group *group)
{
    const nn_node *n = graph_node(f, group->main);
    for (int k = 0; k < n->n_inputs; k++)
        if (!has_codes(graph_node(f, n->inputs[k])))
            return refuse(f, n->inputs[k], "is not read by one quantizer alone");
    if (n->op->keeps_codes)
        return is_output(f, group->main) ? refuse(f, group->main, "is the output, which should be a linear layer's") : ASH_OK;
    bool output = is_output(f, group->main);
    if (output && (group->kind != INFER_LINEAR || group->act >= 0 || group->quantizer >= 0))
        return refuse(f, group->main, "makes the output, which should be a linear layer's as it is");
    return output || group->quantizer >= 0 ? ASH_OK : refuse(f, group->main, "is not read by one quantizer alone");
}

static ash_status check_linear(const finder *f, const infer_group *group)
{
    const nn_node *n = graph_node(f, group->main);
    nn_shape in = graph_node(f, n->inputs[0])->shape;
    nn_conv c = n->op->geometry(n, in);
    if (n->weight_bits == 32)
        return refuse(f, group->main, "has float weights");
    return infer_padding_fits(&c, in, n->shape) ? ASH_OK : refuse(f, group->main, "has more padding than window");
}

static ash_status check_pool(const finder *f, const infer_group *group)
{
    const nn_node *n = graph_node(f, group->main);
    nn_shape in = graph_node(f, n->inputs[0])->shape;
    nn_conv c = n->op->geometry(n, in);
    if (!infer_windows_meet(&c, in, n->shape))
        return refuse(f, group->main, "has windows of nothing but padding");
    return (int64_t)c.kh * c.kw > INFER_MEAN_MAX ? refuse(f, group->main, "has windows of too many pixels") : ASH_OK;
}

static ash_status check(const finder *f, const infer_group *group)
{
    const nn_node *n = graph_node(f, group->main);
    if (group->kind == INFER_NONE)
        return refuse(f, group->main, "is an operator without an integer form");
    if (check_ends(f, group) != ASH_OK)
        return f->err->status;
    if (group->kind == INFER_LINEAR && check_linear(f, group) != ASH_OK)
        return f->err->status;
    if (group->kind == INFER_TABLE && group->norm >= 0)
        return refuse(f, group->norm, "follows a function that runs as a table, which has no channels");
    if (group->norm >= 0 && graph_node(f, group->norm)->shape.c != n->shape.c)
        return refuse(f, group->norm, "has other channels than what it normalises");
    if (group->kind == INFER_ZERO && n->out_bits == 1 && n->out_signed)
        return refuse(f, group->main, "has no zero to write in codes that are -1 and +1");
    return group->kind == INFER_AVERAGE || group->kind == INFER_MAX ? check_pool(f, group) : ASH_OK;
}

static ash_status check_image(const finder *f, const infer_group *image)
{
    if (image->quantizer < 0)
        return refuse(f, 0, "is not read by one quantizer alone");
    if (is_output(f, 0))
        return refuse(f, 0, "is the output");
    return ASH_OK;
}

ash_status infer_find_groups(const nn_graph *g, arena *a, infer_groups *out, ash_error *err)
{
    if (nn_plan_create(g, 0, false, a, &out->plan, err) != ASH_OK)
        return err->status;
    finder f = {g, out->plan, err};
    out->v = ARENA_NEW(a, infer_group, (size_t)g->n_nodes);
    if (!out->v)
        return ash_fail_memory(err);
    out->v[0] = (infer_group){.kind = INFER_NONE, .norm = -1, .act = -1, .quantizer = -1};
    out->n = 1;
    for (int i = 1; i < g->n_nodes; i++) /* in no buffer but the image's, and so in no order */
        if (out->plan->nodes[i].role == NN_PLAN_FUSED && out->plan->nodes[i].host == 0 && !take(&f, &out->v[0], i))
            return refuse(&f, i, "is not expected behind the image");
    if (check_image(&f, &out->v[0]) != ASH_OK)
        return err->status;
    for (int k = 0; k < out->plan->n_order; k++) {
        int i = out->plan->order[k];
        infer_group *last = &out->v[out->n - 1];
        if (out->plan->nodes[i].role == NN_PLAN_FUSED) {
            if (!take(&f, last, i))
                return refuse(&f, i, "is not expected where it stands: batch norm, activation, quantizer is the order");
            continue;
        }
        last = &out->v[out->n++];
        *last = (infer_group){kind_of(graph_node(&f, i)), i, -1, -1, -1};
        if (last->kind == INFER_ADD && graph_node(&f, i)->n_inputs == 1)
            take(&f, last, i);
    }
    for (int k = 1; k < out->n; k++)
        if (check(&f, &out->v[k]) != ASH_OK)
            return err->status;
    return ASH_OK;
}

bool infer_supports(const nn_graph *g, ash_error *err)
{
    arena *a = arena_create();
    infer_groups groups;
    ash_status st = a ? infer_find_groups(g, a, &groups, err) : ash_fail_memory(err);
    arena_destroy(a);
    return st == ASH_OK;
}
