/* SPDX-License-Identifier: GPL-3.0-or-later */
/* team.c - a batch through a net, by one thread or several
 *
 * The batch is cut into shards (nn/net.h). Between two points where sums over the whole batch are needed, a shard goes through all steps by
 * itself, and what it has just written is near when it is read; these points are batch norms in training, the loss and the update. Every thread of the
 * team calls these functions and takes its own shards, always the same ones; what one thread does for all stands between barriers. Outside of a parallel
 * region one thread does it all, and the constructs cost nothing. */
#include "nn/pass.h"
#include <string.h>

static void cut(nn_net *net, int n, int shards)
{
    net->images = n;
    net->active = shards < n ? shards : n;
    for (int i = 0; i < net->active; i++) {
        int64_t from = (int64_t)n * i / net->active, to = (int64_t)n * (i + 1) / net->active;
        net->shards[i].first = (int)from;
        net->shards[i].n = (int)(to - from);
    }
}

/* ------------------------------------------------------------------ loading */

static void load(nn_net *net, const nn_shard *k, const nn_dataset *data, const uint32_t *order, bool augment, uint64_t seed)
{
    nn_view v = nn_output_view(net, 0, net->images);
    size_t row = (size_t)v.w * (size_t)v.c, image = row * (size_t)v.h;
    for (int i = k->first; i < k->first + k->n; i++) {
        const float *from = data->x + image * (order ? order[i] : (size_t)i);
        if (augment && data->augment) {
            rng r = rng_stream(seed, "augment", (uint64_t)i);
            data->augment(data->augment_ctx, from, k->image, &r);
            from = k->image;
        }
        for (int y = 0; y < v.h; y++)
            memcpy(v.p + i * v.sn + y * v.sh, from + (size_t)y * row, row * sizeof(float));
    }
}

void nn_load(nn_net *net, const nn_dataset *data, const uint32_t *order, int n, bool augment, uint64_t seed)
{
    NN_ONE_THREAD(cut(net, n, net->n_shards));
#pragma omp for schedule(static, 1)
    for (int i = 0; i < net->active; i++)
        load(net, &net->shards[i], data, order, augment, seed);
}

/* ------------------------------------------------------------------ forward */

static void begin(nn_net *net, int n, bool training)
{
    bool meeting = training && net->quantises && net->meets && !net->met;
    cut(net, n, meeting ? 1 : net->n_shards);
    if (training) {
        net->eval_ready = false; /* the running statistics move; scale and shift are overwritten */
        nn_undeploy(net);
    } else if (!net->eval_ready) {
        nn_clear_lazy(net);
    }
}

/* Weights as the passes use them. */
static void prepare(nn_net *net, bool training)
{
    if (!training && net->eval_ready)
        return;
#pragma omp for schedule(dynamic, 1)
    for (int s = 0; s < net->fused.n_groups; s++)
        nn_step_prepare(net, &net->steps[s], training);
}

/* A shard from the norm of step `from` - 1 on to the sums of step `to`. */
static void forward(nn_net *net, const nn_shard *k, int from, int to, bool training, uint64_t seed)
{
    if (from > 0) {
        nn_step_normalise(net, &net->steps[from - 1], k);
        if (net->profile)
            nn_lap(net->profile, &net->profile->forward[from - 1]);
    }
    for (int s = from; s <= to && s < net->fused.n_groups; s++) {
        nn_step_forward(net, &net->steps[s], k, training, seed);
        if (net->profile)
            nn_lap(net->profile, &net->profile->forward[s]);
    }
}

void nn_forward(nn_net *net, int n, bool training, uint64_t seed)
{
    int groups = net->fused.n_groups;
    NN_ONE_THREAD(begin(net, n, training));
    prepare(net, training);
    for (int from = 0, to; from <= groups; from = to + 1) {
        for (to = from; to < groups && !(training && nn_step_gathers(net, &net->steps[to]));)
            to++;
#pragma omp for schedule(static, 1)
        for (int i = 0; i < net->active; i++)
            forward(net, &net->shards[i], from, to, training, seed);
        if (to < groups)
            NN_ONE_THREAD(nn_step_gather(net, &net->steps[to]));
    }
    NN_ONE_THREAD(net->met |= training && net->quantises; net->eval_ready |= !training);
}

/* ------------------------------------------------------------------ backward */

/* A shard from step `from` on, whose sums are known, to the sums of step `to`. */
static void backward(nn_net *net, const nn_shard *k, int from, int to)
{
    for (int s = from; s > to; s--) {
        if (net->tensors[net->steps[s].group.out].dy)
            nn_step_backward(net, &net->steps[s], k);
        if (net->profile)
            nn_lap(net->profile, &net->profile->backward[s]);
    }
    if (to > 0) {
        nn_step_sums(net, &net->steps[to], k);
        if (net->profile)
            nn_lap(net->profile, &net->profile->backward[to]);
    }
}

static void add_up(nn_net *net, size_t from, size_t to)
{
    for (int k = 1; k < net->active; k++)
        for (size_t i = from; i < to; i++)
            net->grads[i] += net->shards[k].grads[i];
}

void nn_backward(nn_net *net)
{
    bool known = false; /* the sums of step `from` */
    for (int from = net->fused.n_groups - 1, to; from > 0; from = to, known = true) {
        for (to = known || !nn_step_gathers(net, &net->steps[from]) ? from - 1 : from; to > 0 && !nn_step_gathers(net, &net->steps[to]);)
            to--;
#pragma omp for schedule(static, 1)
        for (int i = 0; i < net->active; i++)
            backward(net, &net->shards[i], from, to);
        if (to > 0)
            NN_ONE_THREAD(nn_step_gather_sums(net, &net->steps[to]));
    }
#pragma omp for schedule(static)
    for (size_t b = 0; b < net->n_params; b += NN_BLOCK)
        add_up(net, b, nn_block_end(net, b));
#pragma omp for schedule(dynamic, 1)
    for (int s = 0; s < net->fused.n_groups; s++)
        nn_step_finish(net, &net->steps[s]);
}
