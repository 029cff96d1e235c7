/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train.c - the evaluator that trains: genome to network, to weights, to an error on the validation split
 *
 * The canonical network is what is trained, so isomorphic genomes share one key and one result. All random streams of a
 * training come from its key. The test split is never touched here.
 *
 * Virtual duration: a training takes about 3 x MACs per sample and epoch, plus what every sample costs whatever the
 * network; the latter is worth about 5,000 MACs on the machines that we measured. Only its proportions matter, and only to how well
 * virtual time matches real time, never to what is right.
 */
#include "core/log.h"
#include "evaluator/evaluator.h"
#include "evaluator/key.h"
#include "evaluator/network.h"
#include "evaluator/train.h"
#include <stdlib.h>
#include <string.h>

typedef struct train_options {
    int64_t max_bytes;
    double timeout_s;
} train_options;

static const option rows[] = {
    {"max_bytes", OPTION_SIZE, offsetof(train_options, max_bytes), "1G", 1 << 20, 1e15, .unit = "B",
     .help = "cap on the planned memory of one training; over it the trial is capped"},
    {"timeout_s", OPTION_REAL, offsetof(train_options, timeout_s), "0", 0, 1e9, .unit = "s", .execution = true,
     .help = "wall-clock safety net for one training, 0 for none; trials that it ends are counted by digest"},
};
static const option_table train_option_table = OPTION_TABLE("evaluator", train_options, rows);
static const char *const not_ours[] = {"type", NULL};

typedef struct train_state {
    arena *arena;
    train_options options;
    const evaluator_context *context;
} train_state;

static void train_destroy(void *state)
{
    train_state *s = state;
    if (s)
        arena_destroy(s->arena);
    free(s);
}

static ash_status train_create(const node *map, const evaluator_context *context, void **state, ash_error *err)
{
    train_state *s = calloc(1, sizeof(*s));
    if (!s || !(s->arena = arena_create())) {
        train_destroy(s);
        return ash_fail_memory(err);
    }
    s->context = context;
    if (option_read_except(&train_option_table, &s->options, map, not_ours, s->arena, err) != ASH_OK) {
        train_destroy(s);
        return err->status;
    }
    *state = s;
    return ASH_OK;
}

static ash_status train_cost(void *state, const genome *g, trial *t, arena *a, ash_error *err)
{
    const train_state *s = state;
    nn_graph *graph;
    hash256 hash;
    t->virtual_duration = 1;
    ash_status status = network_decode(s->context->space, g, a, &graph, &hash, err);
    if (status == ASH_INVALID)
        return network_reject(t, TRIAL_INVALID, err->text, a, err);
    if (status != ASH_OK)
        return status;
    t->key = training_key(s->context, &hash, 0);
    if (hash_is_zero(&t->key))
        return ash_fail_memory(err);
    if (network_costs(graph, t, a, err) != ASH_OK)
        return err->status;
    uint64_t samples = s->context->data->train.n * (uint64_t)s->context->recipe->epochs;
    t->virtual_duration = 1 + 3 * samples * ((uint64_t)nn_macs(graph) + 5000) / 1000;
    t->status = TRIAL_PENDING;
    return ASH_OK;
}

static nn_dataset view_of(const data_set *d, const data_split *split, bool augment)
{
    bool wanted = augment && (d->flip || d->shift);
    return (nn_dataset){.n = split->n,
                        .shape = {d->h, d->w, d->c},
                        .n_outputs = d->n_outputs,
                        .x = split->x,
                        .label = split->label,
                        .target = split->target,
                        .augment = wanted ? data_augment : NULL,
                        .augment_ctx = d};
}

typedef struct watch { /* what ends a training early */
    bool (*stop)(void *);
    void *stop_ctx;
    double deadline_s; /* 0: none */
    bool timed_out;
} watch;

static bool after_epoch(void *ctx, const curve_point *p)
{
    watch *w = ctx;
    (void)p;
    if (w->deadline_s > 0 && clock_wall_s() > w->deadline_s)
        w->timed_out = true;
    return !w->timed_out && !(w->stop && w->stop(w->stop_ctx));
}

static ash_status add_scores(trial *t, nn_score score, arena *a, ash_error *err)
{
    metric *all = ARENA_NEW(a, metric, t->n_metrics + 2);
    if (!all)
        return ash_fail_memory(err);
    all[0] = (metric){"error", score.error};
    all[1] = (metric){"val_loss", score.loss};
    for (size_t i = 0; i < t->n_metrics; i++)
        all[2 + i] = t->metrics[i];
    t->metrics = all;
    t->n_metrics += 2;
    return ASH_OK;
}

static ash_status keep_weights(const evaluator_context *context, const trial *t, const nn_net *net, arena *a,
                               ash_error *err)
{
    if (!context->keep_weights)
        return ASH_OK;
    size_t n = nn_weights_bytes(net);
    void *bytes = arena_alloc(a, n);
    if (!bytes)
        return ash_fail_memory(err);
    nn_weights_get(net, bytes);
    context->keep_weights(context->keep_ctx, t->id, bytes, n);
    return ASH_OK;
}

static ash_status train_net(const train_state *s, nn_net *net, const nn_graph *graph, trial *t, arena *a,
                            watch *w, ash_error *err)
{
    const evaluator_context *context = s->context;
    nn_dataset train = view_of(context->data, &context->data->train, true);
    nn_dataset val = view_of(context->data, &context->data->val, false);
    curve_point *curve = ARENA_NEW(a, curve_point, (size_t)context->recipe->epochs);
    if (!curve)
        return ash_fail_memory(err);
    uint64_t seed = hash_to_u64(&t->key);
    nn_net_init(net, seed);
    nn_outcome outcome = nn_train(net, &train, &val, seed, curve, &t->n_curve, after_epoch, w);
    t->curve = curve;
    if (outcome == NN_STOPPED && !w->timed_out)
        return ASH_OK; /* abandoned: still pending */
    if (outcome == NN_STOPPED) {
        t->n_curve = 0; /* how far it came is the clock's doing */
        t->status = TRIAL_TIMEOUT;
        t->reason = arena_printf(a, "over the wall-clock cap of %g s", s->options.timeout_s);
        return t->reason ? ASH_OK : ash_fail_memory(err);
    }
    t->trained_macs = nn_training_macs(graph, context->recipe, train.n);
    if (outcome == NN_DIVERGED)
        return network_reject(t, TRIAL_DIVERGED, "the loss is not finite", a, err);
    t->weights_hash = nn_weights_hash(net);
    t->status = TRIAL_OK;
    ash_status status = add_scores(t, nn_evaluate(net, &val), a, err);
    return status == ASH_OK ? keep_weights(context, t, net, a, err) : status;
}

static ash_status train_evaluate(void *state, trial *t, arena *a, bool (*stop)(void *), void *stop_ctx,
                                 ash_error *err)
{
    const train_state *s = state;
    double start_s = clock_wall_s();
    nn_graph *graph;
    ash_status status = network_of_text(s->context->space, t->genome, a, &graph, err);
    if (status != ASH_OK)
        return status; /* cost() decoded this genome: not the candidate's fault */

    nn_net *net;
    status = nn_net_create(graph, s->context->recipe, s->context->kernel_level, (size_t)s->options.max_bytes, &net, err);
    if (status == ASH_INVALID)
        return network_reject(t, TRIAL_CAPPED, err->text, a, err);
    if (status != ASH_OK)
        return status;
    watch w = {stop, stop_ctx, s->options.timeout_s > 0 ? start_s + s->options.timeout_s : 0, false};
    status = train_net(s, net, graph, t, a, &w, err);
    nn_net_destroy(net);
    t->wall_s = clock_wall_s() - start_s;
    return status;
}

ash_status train_score(const evaluator_context *context, const char *genome_text, const void *weights, size_t n,
                       const data_split *split, nn_score *out, ash_error *err)
{
    arena *a = arena_create();
    if (!a)
        return ash_fail_memory(err);
    nn_graph *graph;
    nn_net *net;
    ash_status status = network_of_text(context->space, genome_text, a, &graph, err);
    if (status == ASH_OK)
        status = nn_net_create(graph, context->recipe, context->kernel_level, 0, &net, err);
    if (status == ASH_OK) {
        status = nn_weights_set(net, weights, n, err);
        nn_dataset data = view_of(context->data, split, false);
        if (status == ASH_OK)
            *out = nn_evaluate(net, &data);
        nn_net_destroy(net);
    }
    arena_destroy(a);
    return status;
}

const evaluator_type evaluator_train = {
    .name = "train",
    .help = "train the network on the training split, score it on the validation split",
    .options = &train_option_table,
    .needs_data = true,
    .create = train_create,
    .destroy = train_destroy,
    .cost = train_cost,
    .evaluate = train_evaluate,
};
