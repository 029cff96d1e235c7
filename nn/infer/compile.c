/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compile.c - from a trained net to an integer model
 *
 * Everything real is computed in double, once, here: what a channel's accumulator is worth, through the batch norm's running statistics, in codes
 * of the output. */
#include "nn/infer/group.h"
#include "nn/infer/model.h"
#include "nn/infer/requant.h"
#include "nn/net.h"
#include <math.h>

typedef struct compiler {
    const nn_net *net;
    const nn_graph *g;
    arena *arena, *scratch;
    infer_groups groups;
    infer_model *model;
    int *tensor_of; /* (n_nodes) of a node whose output is codes, or the network's */
    ash_error *err;
} compiler;

typedef struct affine { /* of one channel: y = factor acc + offset; `factor` per input of a sum */
    double factor[NN_MAX_INPUTS], offset;
} affine;

static const nn_node *graph_node(const compiler *c, int i)
{
    return &c->g->nodes[i];
}

static ash_status refuse(const compiler *c, int i, const char *why)
{
    return ash_fail(c->err, ASH_INVALID, "%s %s", graph_node(c, i)->name, why);
}

/* ---- tensors ---- */

static int last_of(const infer_group *group)
{
    return group->quantizer >= 0 ? group->quantizer : group->norm >= 0 ? group->norm : group->main;
}

/* With all names of its buffer. */
static infer_tensor *add_tensor(compiler *c, const infer_group *group)
{
    const nn_node *main = graph_node(c, group->main), *last = graph_node(c, last_of(group));
    const nn_plan_node *nodes = c->groups.plan->nodes;
    infer_tensor *t = &c->model->tensors[c->model->n_tensors];
    *t = (infer_tensor){.shape = main->shape, .type = {last->out_bits, last->out_signed}, .step = 1,
                        .offset = c->groups.plan->nodes[group->main].offset, .node = last_of(group)};
    if (group->quantizer >= 0)
        t->step = nn_quantize_step(*nn_param_values(c->net, group->quantizer, 0));
    else if (main->op->keeps_codes)
        t->step = c->model->tensors[c->tensor_of[main->inputs[0]]].step;
    for (int i = 0; i < c->g->n_nodes; i++)
        if (nodes[i].host == group->main)
            c->tensor_of[i] = c->model->n_tensors;
    c->model->n_tensors++;
    return t;
}

static const infer_tensor *tensor_at(const compiler *c, int i)
{
    return &c->model->tensors[c->tensor_of[i]];
}

/* ---- what accumulators are worth ---- */

/* gamma / sqrt(var + epsilon) and beta - mean x that, of channel k. */
static void through_norm(const compiler *c, int norm, int k, affine *a)
{
    const nn_node *n = graph_node(c, norm);
    const float *running = nn_running_of(c->net, norm);
    double var = (double)running[n->shape.c + k], epsilon = (double)n->op->norm(n).epsilon;
    double scale = (double)nn_param_values(c->net, norm, 0)[k] / sqrt(var + epsilon);
    for (int i = 0; i < NN_MAX_INPUTS; i++)
        a->factor[i] *= scale;
    a->offset = (a->offset - (double)running[k]) * scale + (double)nn_param_values(c->net, norm, 1)[k];
}

static int concat_input(const compiler *c, const nn_node *n, int k)
{
    int i = 0;
    while (k >= graph_node(c, n->inputs[i])->shape.c)
        k -= graph_node(c, n->inputs[i++])->shape.c;
    return i;
}

/* Channel k of the group's main node, before norm. */
static affine worth(const compiler *c, const infer_group *group, const float *weight_scale, int k)
{
    const nn_node *n = graph_node(c, group->main);
    affine a = {{0}, 0};
    for (int i = 0; i < n->n_inputs; i++)
        a.factor[i] = (double)tensor_at(c, n->inputs[i])->step;
    if (group->kind == INFER_LINEAR) {
        int bias = nn_param_of(n, NN_BIAS);
        a.factor[0] *= (double)weight_scale[k];
        a.offset = bias >= 0 ? (double)nn_param_values(c->net, group->main, bias)[k] : 0;
    } else if (group->kind == INFER_CONCAT) {
        a.factor[0] = a.factor[concat_input(c, n, k)];
    } else if (group->kind == INFER_MULTIPLY) {
        a.factor[0] *= a.factor[1];
    }
    if (group->norm >= 0)
        through_norm(c, group->norm, k, &a);
    return a;
}

static bool is_finite(const affine *a)
{
    bool finite = isfinite(a->offset);
    for (int i = 0; i < NN_MAX_INPUTS; i++)
        finite &= isfinite(a->factor[i]) != 0;
    return finite;
}

/* ---- requantisation ---- */

static void clamp_to_act(const compiler *c, const infer_group *group, const infer_tensor *y, int32_t *low, int32_t *high)
{
    nn_act act = group->act >= 0 ? graph_node(c, group->act)->op->act : NN_ACT_NONE;
    *low = infer_code_min(y->type);
    *high = infer_code_max(y->type);
    if (act != NN_ACT_NONE && *low < 0)
        *low = 0;
    if (act == NN_ACT_RELU6)
        *high = infer_round(6 / (double)y->step, y->type, 0, *high);
}

static ash_status make_requant(compiler *c, const infer_group *group, infer_step *s, const infer_tensor *y, const float *weight_scale)
{
    int channels = y->shape.c, factors = s->kind == INFER_ADD ? s->n_inputs : 1;
    int32_t *m = ARENA_NEW(c->arena, int32_t, (size_t)channels * (size_t)factors), *bias = ARENA_NEW(c->arena, int32_t, (size_t)channels);
    int8_t *shift = ARENA_NEW(c->arena, int8_t, (size_t)channels);
    if (!m || !bias || !shift)
        return ash_fail_memory(c->err);
    bool sign = infer_is_sign(y->type);
    for (int k = 0; k < channels; k++) {
        affine a = worth(c, group, weight_scale, k);
        if (!is_finite(&a))
            return refuse(c, group->main, "has weights or statistics that are not finite");
        if (sign && group->act >= 0) /* never negative: always +1 */
            a = (affine){{0}, 0};
        int32_t of[NN_MAX_INPUTS];
        for (int i = 0; i < factors; i++)
            a.factor[i] /= (double)y->step;
        infer_requantise(a.factor, factors, a.offset / (double)y->step, sign, of, &bias[k], &shift[k]);
        for (int i = 0; i < factors; i++)
            m[i * channels + k] = of[i];
    }
    s->requant = (infer_requant){.m = m, .bias = bias, .shift = shift};
    clamp_to_act(c, group, y, &s->requant.low, &s->requant.high);
    return ASH_OK;
}

static ash_status make_output(compiler *c, const infer_group *group, const float *weight_scale)
{
    int channels = graph_node(c, group->main)->shape.c;
    double *scale = ARENA_NEW(c->arena, double, (size_t)channels), *offset = ARENA_NEW(c->arena, double, (size_t)channels);
    if (!scale || !offset)
        return ash_fail_memory(c->err);
    for (int k = 0; k < channels; k++) {
        affine a = worth(c, group, weight_scale, k);
        if (!is_finite(&a))
            return refuse(c, group->main, "has weights or statistics that are not finite");
        scale[k] = a.factor[0];
        offset[k] = a.offset;
    }
    c->model->scale = scale;
    c->model->offset = offset;
    return ASH_OK;
}

/* ---- steps ---- */

static ash_status make_linear(compiler *c, const infer_group *group, infer_step *s, const infer_tensor *y)
{
    const nn_node *n = graph_node(c, group->main);
    nn_rows rows = nn_rows_of(c->net, group->main);
    size_t count = rows.per_row * rows.rows;
    int8_t *codes = ARENA_NEW(c->arena, int8_t, count);
    float *scale = ARENA_NEW(c->scratch, float, rows.rows), *space = ARENA_NEW(c->scratch, float, count);
    if (!codes || !scale || !space)
        return ash_fail_memory(c->err);
    for (size_t i = 0; i < count; i++)
        if (!isfinite(rows.w[i]))
            return refuse(c, group->main, "has weights or statistics that are not finite");
    nn_weight_codes(n->weight_quantizer, codes, scale, &rows, space);
    s->weight_bits = n->weight_bits;
    s->weights = codes;
    return group->quantizer >= 0 ? make_requant(c, group, s, y, scale) : make_output(c, group, scale);
}

static ash_status make_table(compiler *c, const infer_group *group, infer_step *s, const infer_tensor *y)
{
    const infer_tensor *x = &c->model->tensors[s->inputs[0]];
    int entries = 1 << x->type.bits, low, high;
    int16_t *table = ARENA_NEW(c->arena, int16_t, (size_t)entries);
    if (!table)
        return ash_fail_memory(c->err);
    clamp_to_act(c, group, y, &low, &high);
    for (int bits = 0; bits < entries; bits++) {
        int code = !x->type.is_signed || bits < entries / 2 ? bits : bits - entries;
        code = infer_is_sign(x->type) ? 1 - 2 * bits : code;
        float value = graph_node(c, group->main)->op->value((float)code * x->step);
        if (infer_is_sign(y->type) && group->act >= 0)
            value = 0;
        table[bits] = (int16_t)infer_round((double)value / (double)y->step, y->type, low, high);
    }
    s->table = table;
    return ASH_OK;
}

static ash_status add_step(compiler *c, const infer_group *group)
{
    const nn_node *n = graph_node(c, group->main);
    infer_step *s = &c->model->steps[c->model->n_tensors - 1];
    const infer_tensor *y = add_tensor(c, group);
    *s = (infer_step){.kind = group->kind, .n_inputs = n->n_inputs};
    for (int k = 0; k < n->n_inputs; k++) {
        s->inputs[k] = c->tensor_of[n->inputs[k]];
        s->seen[k] = graph_node(c, n->inputs[k])->shape;
    }
    if (n->op->geometry)
        s->conv = n->op->geometry(n, s->seen[0]);
    switch (s->kind) {
    case INFER_LINEAR: return make_linear(c, group, s, y);
    case INFER_TABLE: return make_table(c, group, s, y);
    case INFER_ADD:
    case INFER_CONCAT:
    case INFER_MULTIPLY:
    case INFER_AVERAGE: return make_requant(c, group, s, y, NULL);
    default: return ASH_OK;
    }
}

static ash_status compile(compiler *c)
{
    if (infer_find_groups(c->g, c->scratch, &c->groups, c->err) != ASH_OK)
        return c->err->status;
    size_t n = (size_t)c->groups.n;
    infer_model *m = c->model = ARENA_NEW(c->arena, infer_model, 1);
    c->tensor_of = ARENA_NEW(c->scratch, int, (size_t)c->g->n_nodes);
    if (!m || !c->tensor_of || !(m->tensors = ARENA_NEW(c->arena, infer_tensor, n)) || !(m->steps = ARENA_NEW(c->arena, infer_step, n)))
        return ash_fail_memory(c->err);
    m->arena_bytes = c->groups.plan->arena_bytes;
    add_tensor(c, &c->groups.v[0]);
    for (size_t k = 1; k < n; k++)
        if (add_step(c, &c->groups.v[k]) != ASH_OK)
            return c->err->status;
    return infer_check(m, c->err);
}

ash_status infer_compile(const nn_net *net, arena *a, infer_model **out, ash_error *err)
{
    compiler c = {.net = net, .g = net->graph, .arena = a, .scratch = arena_create(), .err = err};
    ash_status st = c.scratch ? compile(&c) : ash_fail_memory(err);
    arena_destroy(c.scratch);
    *out = st == ASH_OK ? c.model : NULL;
    return st;
}
