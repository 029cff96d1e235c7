/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train.c - the evaluator that trains: genome to network, to weights, to an error on the validation split
 *
 * The canonical network is what is trained, so isomorphic genomes share one key and one result. All random streams of a
 * training come from its key. An integer network is scored as it is deployed. The test split is never touched here.
 *
 * With replicates every candidate is trained several times, with seeds of their own. What is stored is the mean of each metric and of the learning
 * curve, the standard deviation of the error, each replicate's error, and the weights of the first.
 *
 * Virtual duration: a training takes about 3 x MACs per sample and epoch, plus what every sample costs whatever the
 * network; the latter is worth about 5,000 MACs on the machines that we measured. Only its proportions matter, and only to how well
 * virtual time matches real time, never to what is right.
 */
#include "core/log.h"
#include "evaluator/evaluator.h"
#include "evaluator/key.h"
#include "evaluator/network.h"
#include "evaluator/quality/quality.h"
#include "evaluator/train.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct train_options {
    int64_t max_bytes, replicates;
    double timeout_s;
} train_options;

static const option rows[] = {
    {"max_bytes", OPTION_SIZE, offsetof(train_options, max_bytes), "1G", 1 << 20, 1e15, .unit = "B",
     .help = "cap on the planned memory of one training; over it the trial is capped"},
    {"replicates", OPTION_INT, offsetof(train_options, replicates), "1", 1, 100, .later = true,
     .help = "trainings of each network, with seeds of their own; the mean counts"},
    {"timeout_s", OPTION_REAL, offsetof(train_options, timeout_s), "0", 0, 1e9, .unit = "s", .execution = true,
     .help = "wall-clock safety net for one training, 0 for none; trials that it ends are counted by digest"},
};
static const option_table train_option_table = OPTION_TABLE("evaluator", train_options, rows);
static const char *const not_ours[] = {"type", NULL};

typedef struct train_state {
    arena *arena;
    train_options options;
    const evaluator_context *context;
    nn_dataset train, val;
    const char **measures; /* names of what is measured, NULL-terminated */
} train_state;

static void train_destroy(void *state)
{
    train_state *s = state;
    if (s)
        arena_destroy(s->arena);
    free(s);
}

static bool name_measures(train_state *s)
{
    const data_set *d = s->context->data;
    size_t n = 0;
    while (quality_name(n))
        n++;
    const char **names = s->measures = ARENA_NEW(s->arena, const char *, n + 2);
    for (size_t i = 0; names && i < n; i++)
        if (quality_applies(i, d, &d->val))
            *names++ = quality_name(i);
    if (names && s->options.replicates > 1)
        *names = "error_sd";
    return names;
}

static ash_status train_create(const node *map, const evaluator_context *context, void **state, ash_error *err)
{
    train_state *s = calloc(1, sizeof(*s));
    if (!s || !(s->arena = arena_create())) {
        train_destroy(s);
        return ash_fail_memory(err);
    }
    s->context = context;
    s->val = quality_view(context->data, &context->data->val);
    if (option_read_except(&train_option_table, &s->options, map, not_ours, s->arena, err) != ASH_OK ||
        quality_training_view(context->data, context->recipe, s->arena, &s->train, err) != ASH_OK) {
        train_destroy(s);
        return err->status;
    }
    if (!name_measures(s)) {
        train_destroy(s);
        return ash_fail_memory(err);
    }
    *state = s;
    return ASH_OK;
}

static const char *const *train_measures(const void *state)
{
    return ((const train_state *)state)->measures;
}

static double train_chance(const void *state, const char *name)
{
    return quality_chance(((const train_state *)state)->context->data, name);
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
    hash256 first = training_key(s->context, &hash, 0);
    if (hash_is_zero(&first))
        return ash_fail_memory(err);
    t->key = replicated_key(&first, (uint64_t)s->options.replicates);
    if (network_costs(graph, t, a, err) != ASH_OK)
        return err->status;
    uint64_t samples = s->train.n * (uint64_t)s->context->recipe->epochs * (uint64_t)s->options.replicates;
    t->virtual_duration = 1 + 3 * samples * ((uint64_t)nn_macs(graph) + 5000) / 1000;
    t->status = TRIAL_PENDING;
    return ASH_OK;
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

/* ---- one training ---- */

typedef struct training { /* of one replicate, into what all replicates share */
    nn_net *net;
    const nn_graph *graph;
    trial *t;
    arena *a;
    watch watch;
    metric *metrics; /* of quality, summed over the replicates */
    size_t n_metrics;
    double *error; /* (replicates) */
    curve_point *curve, *own; /* (epochs): summed, and this replicate's */
    void *weights; /* of the first replicate; NULL: not wanted */
    size_t n_weights;
} training;

static ash_status add_measures(const train_state *s, training *r, int64_t replicate, size_t n_curve, ash_error *err)
{
    metric *measured;
    size_t n;
    if (quality_measure(r->net, s->context->data, &s->context->data->val, r->a, &measured, &n, err) != ASH_OK)
        return err->status;
    r->error[replicate] = trial_metric(&(trial){.metrics = measured, .n_metrics = n}, "error");
    for (size_t i = 0; replicate && i < n; i++)
        measured[i].value += r->metrics[i].value;
    r->metrics = measured;
    r->n_metrics = n;
    for (size_t e = 0; e < n_curve; e++) {
        r->curve[e].epoch = r->own[e].epoch;
        r->curve[e].train_loss += r->own[e].train_loss;
        r->curve[e].val_loss += r->own[e].val_loss;
        r->curve[e].val_error += r->own[e].val_error;
    }
    r->t->n_curve = n_curve;
    return ASH_OK;
}

static ash_status keep_first(const train_state *s, training *r, ash_error *err)
{
    r->t->weights_hash = nn_weights_hash(r->net);
    if (!s->context->keep_weights)
        return ASH_OK;
    r->n_weights = nn_weights_bytes(r->net);
    if (!(r->weights = arena_alloc(r->a, r->n_weights)))
        return ash_fail_memory(err);
    nn_weights_get(r->net, r->weights);
    return ASH_OK;
}

/* Leaves the trial TRIAL_OK when another replicate may follow; pending: abandoned. */
static ash_status train_once(const train_state *s, training *r, const hash256 *network, int64_t replicate, ash_error *err)
{
    trial *t = r->t;
    hash256 key = training_key(s->context, network, (uint64_t)replicate);
    uint64_t seed = hash_to_u64(&key);
    size_t n_curve = 0;
    if (hash_is_zero(&key))
        return ash_fail_memory(err);
    nn_net_init(r->net, seed);
    nn_outcome outcome = nn_train(r->net, &s->train, &s->val, seed, r->own, &n_curve, after_epoch, &r->watch);
    if (outcome == NN_STOPPED && !r->watch.timed_out)
        return ASH_OK; /* abandoned: still pending */
    if (outcome == NN_STOPPED) { /* how far it came is the clock's doing */
        t->trained_macs = 0;
        t->status = TRIAL_TIMEOUT;
        t->reason = arena_printf(r->a, "over the wall-clock cap of %g s", s->options.timeout_s);
        return t->reason ? ASH_OK : ash_fail_memory(err);
    }
    t->trained_macs += nn_training_macs(r->graph, s->context->recipe, s->train.n);
    if (outcome == NN_DIVERGED && s->options.replicates == 1) {
        memcpy(r->curve, r->own, n_curve * sizeof(*r->own));
        t->n_curve = n_curve;
        return network_reject(t, TRIAL_DIVERGED, "the loss is not finite", r->a, err);
    }
    if (outcome == NN_DIVERGED) {
        const char *reason = arena_printf(r->a, "the loss of replicate %d is not finite", (int)replicate + 1);
        return reason ? network_reject(t, TRIAL_DIVERGED, reason, r->a, err) : ash_fail_memory(err);
    }
    if (nn_deploy(r->net, err) != ASH_OK)
        return err->status == ASH_INVALID ? network_reject(t, TRIAL_FAILED, err->text, r->a, err) : err->status;
    t->status = TRIAL_OK;
    if (replicate == 0 && keep_first(s, r, err) != ASH_OK)
        return err->status;
    return add_measures(s, r, replicate, n_curve, err);
}

/* ---- all replicates ---- */

/* Square root of the variance with n - 1, which does not depend on the true mean. */
static double deviation(const double *v, int64_t n)
{
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < n; i++)
        mean += v[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        squares += (v[i] - mean) * (v[i] - mean);
    return sqrt(squares / (double)(n - 1));
}

/* The learned metrics go before the static ones. */
static ash_status add_metrics(const train_state *s, training *r, ash_error *err)
{
    trial *t = r->t;
    int64_t n = s->options.replicates;
    size_t extra = n > 1 ? (size_t)n + 1 : 0, at = 0;
    metric *all = ARENA_NEW(r->a, metric, r->n_metrics + extra + t->n_metrics);
    if (!all)
        return ash_fail_memory(err);
    for (; at < r->n_metrics; at++)
        all[at] = (metric){r->metrics[at].name, n > 1 ? r->metrics[at].value / (double)n : r->metrics[at].value};
    if (n > 1)
        all[at++] = (metric){"error_sd", deviation(r->error, n)};
    for (int64_t i = 0; n > 1 && i < n; i++) {
        const char *name = arena_printf(r->a, "error_%d", (int)i + 1);
        if (!name)
            return ash_fail_memory(err);
        all[at++] = (metric){name, r->error[i]};
    }
    for (size_t e = 0; n > 1 && e < t->n_curve; e++) {
        r->curve[e].train_loss /= (double)n;
        r->curve[e].val_loss /= (double)n;
        r->curve[e].val_error /= (double)n;
    }
    for (size_t i = 0; i < t->n_metrics; i++)
        all[at++] = t->metrics[i];
    t->metrics = all;
    t->n_metrics = at;
    return ASH_OK;
}

static ash_status train_all(const train_state *s, training *r, const hash256 *network, ash_error *err)
{
    size_t epochs = (size_t)s->context->recipe->epochs;
    trial *t = r->t;
    r->curve = ARENA_NEW(r->a, curve_point, epochs);
    r->own = ARENA_NEW(r->a, curve_point, epochs);
    r->error = ARENA_NEW(r->a, double, (size_t)s->options.replicates);
    if (!r->curve || !r->own || !r->error)
        return ash_fail_memory(err);
    ash_status status = ASH_OK;
    t->trained_macs = 0;
    for (int64_t i = 0; status == ASH_OK && i < s->options.replicates; i++) {
        t->status = TRIAL_PENDING;
        status = train_once(s, r, network, i, err);
        if (t->status != TRIAL_OK)
            break;
    }
    t->curve = r->curve;
    if (status != ASH_OK || t->status != TRIAL_OK) {
        if (s->options.replicates > 1 || t->status == TRIAL_TIMEOUT)
            t->n_curve = 0; /* not of all */
        t->weights_hash = (hash256){{0}};
        return status;
    }
    status = add_metrics(s, r, err);
    if (status == ASH_OK && r->weights)
        s->context->keep_weights(s->context->keep_ctx, t->id, r->weights, r->n_weights);
    return status;
}

static ash_status train_evaluate(void *state, trial *t, arena *a, bool (*stop)(void *), void *stop_ctx, ash_error *err)
{
    const train_state *s = state;
    double start_s = clock_wall_s();
    nn_graph *graph;
    hash256 hash;
    ash_status status = network_of_text(s->context->space, t->genome, a, &graph, &hash, err);
    if (status != ASH_OK)
        return status; /* cost() decoded this genome: not the candidate's fault */

    training r = {.graph = graph, .t = t, .a = a};
    r.watch = (watch){stop, stop_ctx, s->options.timeout_s > 0 ? start_s + s->options.timeout_s : 0, false};
    status = nn_net_create(graph, s->context->recipe, s->context->kernel_level, (size_t)s->options.max_bytes, &r.net, err);
    if (status == ASH_INVALID)
        return network_reject(t, TRIAL_CAPPED, err->text, a, err);
    if (status != ASH_OK)
        return status;
    status = train_all(s, &r, &hash, err);
    nn_net_destroy(r.net);
    t->wall_s = clock_wall_s() - start_s;
    return status;
}

/* ---- stored networks ---- */

ash_status train_restore(const evaluator_context *context, const char *genome_text, const void *weights, size_t n, arena *a, nn_net **out,
                         ash_error *err)
{
    nn_graph *graph;
    hash256 hash;
    *out = NULL;
    ash_status status = network_of_text(context->space, genome_text, a, &graph, &hash, err);
    if (status == ASH_OK)
        status = nn_net_create(graph, context->recipe, context->kernel_level, 0, out, err);
    if (status == ASH_OK && (nn_weights_set(*out, weights, n, err) != ASH_OK || nn_deploy(*out, err) != ASH_OK)) {
        nn_net_destroy(*out);
        *out = NULL;
        status = err->status;
    }
    return status;
}

ash_status train_score(const evaluator_context *context, const char *genome_text, const void *weights, size_t n, const data_split *split,
                       arena *a, metric **out, size_t *n_out, ash_error *err)
{
    nn_net *net;
    ash_status status = train_restore(context, genome_text, weights, n, a, &net, err);
    if (status != ASH_OK)
        return status;
    status = quality_measure(net, context->data, split, a, out, n_out, err);
    nn_net_destroy(net);
    return status;
}

const evaluator_type evaluator_train = {
    .name = "train",
    .help = "train the network on the training split, score it on the validation split",
    .options = &train_option_table,
    .needs_data = true,
    .create = train_create,
    .destroy = train_destroy,
    .measures = train_measures,
    .chance = train_chance,
    .cost = train_cost,
    .evaluate = train_evaluate,
};
