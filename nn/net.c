/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net.c - from a graph to a net: buffers, parameters */
#include "nn/net.h"
#include "nn/optim.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ------------------------------------------------------------------ views */

static nn_view dense_view(float *p, nn_shape s, int n)
{
    ptrdiff_t row = (ptrdiff_t)s.w * s.c;
    return (nn_view){p, n, s.h, s.w, s.c, s.c, row, row * s.h};
}

static nn_view halo_view(const nn_tensor *t, nn_shape s, int n)
{
    ptrdiff_t row = (ptrdiff_t)(t->left + s.w + t->right) * s.c;
    return (nn_view){t->y, n, s.h, s.w, s.c, s.c, row, row * (t->top + s.h + t->bottom)};
}

nn_view nn_output_view(const nn_net *net, int id, int n)
{
    int at = net->fused.tensor[id];
    nn_shape s = net->graph->nodes[id].shape, own = net->graph->nodes[at].shape;
    const nn_tensor *t = &net->tensors[at];
    return s.h == own.h && s.w == own.w ? halo_view(t, s, n) : dense_view(t->y, s, n);
}

nn_view nn_grad_view(const nn_net *net, int id, int n)
{
    return dense_view(net->tensors[net->fused.tensor[id]].dy, net->graph->nodes[id].shape, n);
}

nn_view nn_before_view(const nn_net *net, const nn_step *s, int n)
{
    return dense_view(s->before, net->graph->nodes[s->group.out].shape, n);
}

const nn_step *nn_lazy_step(const nn_net *net, int id)
{
    const nn_tensor *t = &net->tensors[net->fused.tensor[id]];
    return t->lazy ? t->step : NULL;
}

void nn_clear_lazy(nn_net *net)
{
    for (int s = 0; s < net->fused.n_groups; s++) {
        const nn_tensor *t = &net->tensors[net->steps[s].group.out];
        if (t->lazy)
            memset(net->steps[s].before, 0, t->floats * sizeof(float));
    }
}

/* ------------------------------------------------------------------ memory */

typedef struct carver { /* measures while base is NULL */
    char *base;
    size_t used;
} carver;

static void *carve(carver *c, size_t bytes)
{
    void *at = c->base ? c->base + c->used : NULL;
    c->used += (bytes + 63) / 64 * 64;
    return at;
}

static float *carve_floats(carver *c, size_t n)
{
    return carve(c, n * sizeof(float));
}

static void place_tensor(nn_net *net, carver *c, int id)
{
    nn_tensor *t = &net->tensors[id];
    nn_shape s = net->graph->nodes[id].shape;
    size_t row = (size_t)(t->left + s.w + t->right) * (size_t)s.c;
    size_t image = row * (size_t)(t->top + s.h + t->bottom), n = (size_t)net->batch;
    t->floats = image * n;
    t->base = carve_floats(c, t->floats);
    t->y = t->base ? t->base + (size_t)t->top * row + (size_t)(t->left * s.c) : NULL;
    t->dy = t->wants_grad ? net->slots[t->slot].p : NULL;
}

static void place_step(nn_net *net, carver *c, nn_step *step)
{
    const nn_node *n = &net->graph->nodes[step->group.main];
    size_t channels = (size_t)n->shape.c, batch = (size_t)net->batch;
    if (n->op->kind == NN_LINEAR) {
        size_t count = n->params[0].count;
        if (n->weight_bits < 32) {
            step->quantised = carve_floats(c, count);
            step->quant_scale = carve_floats(c, channels);
        }
        step->folded = carve_floats(c, count);
        step->folded_bias = carve_floats(c, channels);
        const nn_tensor *out = &net->tensors[step->group.out];
        if (out->lazy)
            step->before = out->base;
        else if (step->group.norm >= 0)
            step->before = carve_floats(c, batch * (size_t)nn_elements(n->shape));
    }
    if (step->group.norm >= 0) {
        step->stats = carve_floats(c, 2 * channels);
        step->inv_std = carve_floats(c, channels);
        step->scale = carve_floats(c, channels);
        step->shift = carve_floats(c, channels);
        step->running = carve_floats(c, 2 * channels);
        step->dgamma = carve(c, channels * sizeof(double));
        step->dbeta = carve(c, channels * sizeof(double));
    }
    if (n->op->state_bytes) {
        size_t whole = n->op->state_bytes(n, net->batch), pitch = n->op->state_bytes(n, (net->batch + net->n_shards - 1) / net->n_shards);
        step->state_pitch = (pitch + 63) / 64 * 64;
        size_t all = step->state_pitch * (size_t)net->n_shards;
        step->state = carve(c, all > whole ? all : whole);
    }
}

static size_t scratch_floats(const nn_net *net)
{
    size_t most = 0;
    for (int s = 0; s < net->fused.n_groups; s++) {
        const nn_step *step = &net->steps[s];
        const nn_node *n = &net->graph->nodes[step->group.main];
        if (n->op->kind != NN_LINEAR)
            continue;
        static const float some = 0;
        nn_source x = {nn_output_view(net, n->inputs[0], net->batch), nn_lazy_step(net, n->inputs[0]) ? &some : NULL, NULL, 0};
        nn_view y = dense_view(NULL, n->shape, net->batch);
        nn_conv g = step->conv;
        if (step->as_matrix)
            nn_as_matrix(&x.v, &y, &g);
        size_t floats = net->kernels->conv_scratch(&x, &y, &g);
        most = floats > most ? floats : most;
    }
    return most;
}

static void place_shards(nn_net *net, carver *c)
{
    size_t channels = 0, scratch = scratch_floats(net);
    for (int i = 0; i < net->graph->n_nodes; i++) {
        const nn_node *n = &net->graph->nodes[i];
        if (n->op->kind == NN_NORM && (size_t)n->shape.c > channels)
            channels = (size_t)n->shape.c;
    }
    for (int i = 0; i < net->n_shards; i++) {
        nn_shard *k = &net->shards[i];
        k->index = i;
        k->grads = i == 0 ? net->grads : carve_floats(c, net->n_params);
        k->scratch = carve_floats(c, scratch);
        k->image = carve_floats(c, (size_t)nn_elements(net->graph->nodes[0].shape));
        k->stats = carve_floats(c, 2 * channels);
        k->dgamma = carve(c, channels * sizeof(double));
        k->dbeta = carve(c, channels * sizeof(double));
    }
}

static void lay_out(nn_net *net, carver *c)
{
    net->params = carve_floats(c, net->n_params);
    net->grads = carve_floats(c, net->n_params);
    net->moment1 = carve_floats(c, net->n_params);
    net->moment2 = nn_optimizer_find(net->recipe.optimizer)->moments > 1 ? carve_floats(c, net->n_params) : NULL;
    for (int k = 0; k < net->n_slots; k++)
        net->slots[k].p = carve_floats(c, net->slots[k].floats * (size_t)net->batch);
    for (int s = 0; s < net->fused.n_groups; s++) {
        place_tensor(net, c, net->fused.groups[s].out);
        place_step(net, c, &net->steps[s]);
    }
    place_shards(net, c);
}

/* Weights first: weight decay is for them alone. */
static void number_params(nn_net *net)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < net->graph->n_nodes; i++)
            for (int k = 0; k < net->graph->nodes[i].n_params; k++) {
                const nn_param *p = &net->graph->nodes[i].params[k];
                if ((p->role == NN_WEIGHT) != (pass == 0))
                    continue;
                net->param_at[i * NN_MAX_PARAMS + k] = net->n_params;
                net->n_params += (p->count + 15) / 16 * 16;
            }
        if (pass == 0)
            net->n_decayed = net->n_params;
    }
}

static ash_status build(nn_net *net, const nn_graph *g, const nn_recipe *recipe, const nn_kernels *kernels, ash_error *err)
{
    size_t n = (size_t)g->n_nodes;
    net->graph = g;
    net->recipe = *recipe;
    net->kernels = kernels;
    net->batch = (int)recipe->batch;
    net->quantises = true;
    net->arena = arena_create();
    if (!net->arena || nn_fuse(g, true, net->arena, &net->fused, err) != ASH_OK)
        return ash_fail_memory(err);
    net->steps = ARENA_NEW(net->arena, nn_step, (size_t)net->fused.n_groups);
    net->tensors = ARENA_NEW(net->arena, nn_tensor, n);
    net->param_at = ARENA_NEW(net->arena, size_t, n * NN_MAX_PARAMS);
    if (!net->steps || !net->tensors || !net->param_at || nn_net_plan(net, err) != ASH_OK)
        return ash_fail_memory(err);
    for (int i = 0; i < g->n_nodes; i++)
        net->meets |= g->nodes[i].op->meet != NULL;
    number_params(net);
    carver measure = {NULL, 0};
    lay_out(net, &measure);
    net->bytes = measure.used;
    return ASH_OK;
}

static void release(nn_net *net)
{
    nn_undeploy(net);
    free(net->block);
    if (net->arena)
        arena_destroy(net->arena);
}

size_t nn_net_bytes(const nn_graph *g, const nn_recipe *recipe)
{
    nn_net net = {0};
    ash_error err;
    size_t bytes = build(&net, g, recipe, nn_kernels_best(), &err) == ASH_OK ? net.bytes : 0;
    release(&net);
    return bytes;
}

/* A large block asks for huge pages: on 4 KiB pages, filling and walking its tables shows in every pass. */
static void *allocate_block(size_t bytes)
{
    const size_t huge = (size_t)2 << 20;
    if (bytes < 2 * huge)
        return aligned_alloc(64, bytes);
    void *block = aligned_alloc(huge, (bytes + huge - 1) / huge * huge);
    if (block)
        madvise(block, bytes, MADV_HUGEPAGE); /* a hint: without it all works as well */
    return block;
}

static ash_status allocate(nn_net *net, size_t max_bytes, ash_error *err)
{
    if (max_bytes && net->bytes > max_bytes)
        return ash_fail(err, ASH_INVALID, "training would take %zu bytes, more than the cap of %zu", net->bytes, max_bytes);
    if (nn_has_halo(&net->tensors[net->fused.tensor[net->graph->output]]))
        return ash_fail(err, ASH_INVALID, "the output also feeds another layer");
    net->block = allocate_block(net->bytes);
    if (!net->block)
        return ash_fail_memory(err);
    memset(net->block, 0, net->bytes);
    carver real = {net->block, 0};
    lay_out(net, &real);
    nn_optimizer_reset(net);
    return ASH_OK;
}

ash_status nn_net_create_in_shards(const nn_graph *g, const nn_recipe *recipe, const char *level, size_t max_bytes, int shards, nn_net **out,
                                   ash_error *err)
{
    const nn_kernels *kernels = level ? nn_kernels_find(level) : nn_kernels_best();
    if (!kernels)
        return ash_fail(err, ASH_INVALID, "this machine cannot run kernel level %s", level);
    nn_net *net = calloc(1, sizeof(*net));
    if (!net)
        return ash_fail_memory(err);
    net->n_shards = shards;
    if (build(net, g, recipe, kernels, err) != ASH_OK || allocate(net, max_bytes, err) != ASH_OK) {
        nn_net_destroy(net);
        return err->status;
    }
    *out = net;
    return ASH_OK;
}

ash_status nn_net_create(const nn_graph *g, const nn_recipe *recipe, const char *level, size_t max_bytes, nn_net **out,
                         ash_error *err)
{
    return nn_net_create_in_shards(g, recipe, level, max_bytes, 0, out, err);
}

void nn_net_destroy(nn_net *net)
{
    if (net)
        release(net);
    free(net);
}

/* ------------------------------------------------------------------ parameters */

float *nn_param_values(const nn_net *net, int id, int k)
{
    return net->params + net->param_at[id * NN_MAX_PARAMS + k];
}

float *nn_param_grads(const nn_net *net, int id, int k)
{
    return net->grads + net->param_at[id * NN_MAX_PARAMS + k];
}

const float *nn_running_of(const nn_net *net, int id)
{
    int s = 0;
    while (net->steps[s].group.norm != id)
        s++;
    return net->steps[s].running;
}

/* Kaiming-uniform (He et al. 2015, arXiv:1502.01852): variance 2 / fan_in before a norm or an activation, 1 / fan_in else. */
static void init_weights(nn_net *net, const nn_step *step, uint64_t seed)
{
    int i = step->group.main;
    const nn_node *n = &net->graph->nodes[i];
    rng r = rng_stream(seed, "init", (uint64_t)i);
    float gain = step->group.norm >= 0 || step->group.act >= 0 ? 2.0f : 1.0f;
    for (int k = 0; k < n->n_params; k++) {
        float *w = nn_param_values(net, i, k);
        if (n->params[k].role == NN_STEP && n->weight_quantizer) {
            nn_rows rows = nn_rows_of(net, i);
            nn_weight_steps(w, &rows);
        }
        if (n->params[k].role != NN_WEIGHT)
            continue;
        float bound = sqrtf(3.0f * gain / (float)n->params[k].fan_in);
        for (size_t j = 0; j < n->params[k].count; j++)
            w[j] = (2.0f * rng_float(&r) - 1.0f) * bound;
    }
}

void nn_net_init(nn_net *net, uint64_t seed)
{
    nn_undeploy(net);
    memset(net->params, 0, net->n_params * sizeof(float));
    nn_optimizer_reset(net);
    net->quantises = true;
    net->met = net->frozen = false;
    for (int s = 0; s < net->fused.n_groups; s++) {
        const nn_step *step = &net->steps[s];
        int norm = step->group.norm, c = norm >= 0 ? net->graph->nodes[norm].shape.c : 0;
        init_weights(net, step, seed);
        for (int j = 0; j < c; j++) {
            nn_param_values(net, norm, 0)[j] = 1;
            step->running[j] = 0;
            step->running[c + j] = 1;
        }
    }
    net->eval_ready = false;
}

/* ------------------------------------------------------------------ trained state */

/* Calls visit for each tensor of the trained state, in node order. */
static void each_state(const nn_net *net, void (*visit)(void *ctx, float *values, size_t n), void *ctx)
{
    for (int i = 0; i < net->graph->n_nodes; i++) {
        const nn_node *n = &net->graph->nodes[i];
        for (int k = 0; k < n->n_params; k++)
            visit(ctx, nn_param_values(net, i, k), n->params[k].count);
        for (int s = 0; n->op->kind == NN_NORM && s < net->fused.n_groups; s++)
            if (net->steps[s].group.norm == i)
                visit(ctx, net->steps[s].running, 2 * (size_t)n->shape.c);
    }
}

static void count_state(void *ctx, float *values, size_t n)
{
    (void)values;
    *(size_t *)ctx += n * sizeof(float);
}

static void get_state(void *ctx, float *values, size_t n)
{
    char **to = ctx;
    memcpy(*to, values, n * sizeof(float));
    *to += n * sizeof(float);
}

static void set_state(void *ctx, float *values, size_t n)
{
    const char **from = ctx;
    memcpy(values, *from, n * sizeof(float));
    *from += n * sizeof(float);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "stored weights are little-endian");

size_t nn_weights_bytes(const nn_net *net)
{
    size_t bytes = 0;
    each_state(net, count_state, &bytes);
    return bytes;
}

void nn_weights_get(const nn_net *net, void *bytes)
{
    char *to = bytes;
    each_state(net, get_state, &to);
}

ash_status nn_weights_set(nn_net *net, const void *bytes, size_t n, ash_error *err)
{
    if (n != nn_weights_bytes(net))
        return ash_fail(err, ASH_BROKEN, "stored weights have %zu bytes, the network needs %zu", n, nn_weights_bytes(net));
    nn_undeploy(net);
    const char *from = bytes;
    each_state(net, set_state, &from);
    net->eval_ready = false;
    return ASH_OK;
}

static void hash_state(void *ctx, float *values, size_t n)
{
    hash_bytes(ctx, values, n * sizeof(float));
}

hash256 nn_weights_hash(const nn_net *net)
{
    hasher h;
    hash_init(&h);
    each_state(net, hash_state, &h);
    return hash_final(&h);
}
