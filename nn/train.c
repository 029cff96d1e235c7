/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train.c - the recipe, batches, epochs */
#include "nn/train.h"
#include "core/cores.h"
#include "nn/net.h"
#include "nn/optim.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const option rows[] = {
    {"epochs", OPTION_INT, offsetof(nn_recipe, epochs), "20", 1, 100000, .help = "passes over the training split"},
    {"batch", OPTION_INT, offsetof(nn_recipe, batch), "32", 1, 65536, .help = "samples per step; an epoch's batches are equal to within one"},
    {"optimizer", OPTION_NAME, offsetof(nn_recipe, optimizer), "sgd", .names = nn_optimizer_names, .help = "update rule"},
    {"schedule", OPTION_NAME, offsetof(nn_recipe, schedule), "cosine", .names = nn_schedule_names, .help = "learning rate over the epochs"},
    {"lr", OPTION_REAL, offsetof(nn_recipe, lr), "0.1", 0, 100, .help = "peak learning rate"},
    {"momentum", OPTION_REAL, offsetof(nn_recipe, momentum), "0.9", 0, 1, .help = "of sgd"},
    {"weight_decay", OPTION_REAL, offsetof(nn_recipe, weight_decay), "0.0005", 0, 10, .help = "on weights; not on biases and batch norm"},
    {"warmup_epochs", OPTION_REAL, offsetof(nn_recipe, warmup_epochs), "1", 0, 100000, .help = "linear rise of the learning rate"},
    {"label_smoothing", OPTION_REAL, offsetof(nn_recipe, label_smoothing), "0", 0, 0.99, .help = "share of the target spread over all classes"},
    {"class_weights", OPTION_TEXT_LIST, offsetof(nn_recipe, class_weights), "none", .later = true,
     .help = "of each class in the loss: none, balanced (the rarer the heavier), or a number per class"},
    {"mixup", OPTION_REAL, offsetof(nn_recipe, mixup), "0", 0, 1, .later = true,
     .help = "train on mixtures of two samples, in shares from Beta(mixup, mixup); 0: none"},
    {"clip_norm", OPTION_REAL, offsetof(nn_recipe, clip_norm), "5", 0, 1e9, .help = "largest norm of the whole gradient, 0 for no limit"},
    {"float_epochs", OPTION_INT, offsetof(nn_recipe, float_epochs), "0", 0, 100000, .later = true,
     .help = "epochs in float before weights and activations are quantised"},
    {"frozen_epochs", OPTION_INT, offsetof(nn_recipe, frozen_epochs), "0", 0, 100000, .later = true,
     .help = "epochs at the end that hold the statistics of batch norms, as deployment will"},
    {"beta1", OPTION_REAL, offsetof(nn_recipe, beta1), "0.9", 0, 0.999999, .help = "of adamw"},
    {"beta2", OPTION_REAL, offsetof(nn_recipe, beta2), "0.999", 0, 0.999999, .help = "of adamw"},
    {"epsilon", OPTION_REAL, offsetof(nn_recipe, epsilon), "1e-8", 0, 1, .help = "of adamw"},
    {"step_factor", OPTION_REAL, offsetof(nn_recipe, step_factor), "0.1", 0, 1, .help = "of schedule step: factor"},
    {"step_epochs", OPTION_INT, offsetof(nn_recipe, step_epochs), "10", 1, 100000, .help = "of schedule step: epochs between factors"},
};
const option_table nn_recipe_options = OPTION_TABLE("train", nn_recipe, rows);

/* ------------------------------------------------------------------ training */

/* Mixture, loss and its gradient; what one thread does between the passes. */
static double loss_of(nn_net *net, const nn_dataset *data, const uint32_t *order, double own)
{
    double errors = 0;
    double loss = nn_loss(net, data, order, net->images, true, own, &errors) / net->images;
    if (net->profile)
        nn_lap(net->profile, &net->profile->loss);
    return loss;
}

double nn_train_step(nn_net *net, const nn_dataset *data, const uint32_t *order, int n, double lr, uint64_t seed)
{
    nn_profile *p = net->profile;
    if (p)
        p->last = p->now();
    nn_load(net, data, order, n, true, seed);
    if (net->recipe.mixup > 0)
        NN_ONE_THREAD(net->own = nn_mix(net, n, seed));
    if (p)
        nn_lap(p, &p->load);
    nn_forward(net, n, true, seed);
    NN_ONE_THREAD(net->loss = loss_of(net, data, order, net->recipe.mixup > 0 ? net->own : 1));
    double loss = net->loss;
    if (!isfinite(loss))
        return NAN;
    nn_backward(net);
    bool finite = nn_update(net, lr);
    if (p)
        nn_lap(p, &p->update);
    return finite ? loss : NAN;
}

/* One epoch by a team; the mean loss, NaN when it diverged. */
static double train_epoch(nn_net *net, const nn_dataset *train, const uint32_t *order, uint64_t seed, uint64_t epoch)
{
    uint64_t steps = (train->n + (size_t)net->batch - 1) / (size_t)net->batch;
    double sum = 0;
    for (uint64_t s = 0; s < steps; s++) {
        size_t from = train->n * s / steps, to = train->n * (s + 1) / steps;
        uint64_t step = epoch * steps + s;
        rng own = rng_stream(seed, "step", step);
        double loss = nn_train_step(net, train, order + from, (int)(to - from), nn_learning_rate(&net->recipe, step, steps), rng_u64(&own));
        if (!isfinite(loss))
            return NAN;
        sum += loss * (double)(to - from);
    }
    return sum / (double)train->n;
}

/* Whoever trains has one core, and takes spare ones for an epoch, or an evaluation, where its shards give them work. */
static int take_team(const nn_net *net)
{
    return 1 + cores_take(net->n_shards - 1);
}

static void give_back(int team)
{
    cores_add(team - 1);
}

static double train_by_team(nn_net *net, const nn_dataset *train, uint32_t *order, uint64_t seed, uint64_t epoch)
{
    rng shuffle = rng_stream(seed, "shuffle", epoch);
    for (size_t i = 0; i < train->n; i++)
        order[i] = (uint32_t)i;
    rng_shuffle(&shuffle, order, train->n);
    double loss = NAN;
    int team = take_team(net);
#pragma omp parallel num_threads(team)
    {
        double own = train_epoch(net, train, order, seed, epoch);
#pragma omp master
        loss = own;
    }
    give_back(team);
    return loss;
}

nn_outcome nn_train(nn_net *net, const nn_dataset *train, const nn_dataset *val, uint64_t seed, curve_point *curve,
                    size_t *n_curve, bool (*epoch)(void *ctx, const curve_point *p), void *ctx)
{
    uint32_t *order = malloc(train->n * sizeof(*order));
    nn_outcome outcome = order ? NN_TRAINED : NN_STOPPED;
    *n_curve = 0;
    for (uint64_t e = 0; outcome == NN_TRAINED && e < (uint64_t)net->recipe.epochs; e++) {
        net->quantises = e >= (uint64_t)net->recipe.float_epochs || e + 1 == (uint64_t)net->recipe.epochs;
        net->frozen = (int64_t)e >= net->recipe.epochs - net->recipe.frozen_epochs && e > 0;
        double loss = train_by_team(net, train, order, seed, e);
        nn_score score = {NAN, NAN};
        if (!isfinite(loss))
            outcome = NN_DIVERGED;
        else if (val)
            score = nn_evaluate(net, val);
        if (val && outcome == NN_TRAINED && !isfinite(score.loss))
            outcome = NN_DIVERGED;
        if (outcome != NN_TRAINED)
            break;
        curve_point *p = &curve[(*n_curve)++];
        *p = (curve_point){(uint32_t)e + 1, loss, score.loss, score.error};
        if (epoch && !epoch(ctx, p))
            outcome = NN_STOPPED;
    }
    free(order);
    return outcome;
}

typedef struct answers { /* an evaluation on its way */
    double loss, errors;
    nn_answer *each;
    void *ctx;
} answers;

static void judge(nn_net *net, const nn_dataset *part, size_t from, int n, answers *a)
{
    if (part->n_outputs)
        a->loss += nn_loss(net, part, NULL, n, false, 1, &a->errors);
    if (a->each)
        a->each(a->ctx, from, n, nn_output_view(net, net->graph->output, n).p);
}

/* By a team; data without outputs is only answered. */
static void evaluate(nn_net *net, const nn_dataset *data, answers *a)
{
    size_t image = (size_t)nn_elements(data->shape);
    for (size_t from = 0; from < data->n; from += (size_t)net->batch) {
        int n = data->n - from < (size_t)net->batch ? (int)(data->n - from) : net->batch;
        nn_dataset part = *data;
        part.x += from * image;
        part.label = data->label ? data->label + from : NULL;
        part.target = data->target ? data->target + from * (size_t)data->n_outputs : NULL;
        nn_load(net, &part, NULL, n, false, 0);
        nn_forward(net, n, false, 0);
        NN_ONE_THREAD(judge(net, &part, from, n, a));
    }
}

static void evaluate_by_team(nn_net *net, const nn_dataset *data, answers *a)
{
    int team = take_team(net);
#pragma omp parallel num_threads(team)
    evaluate(net, data, a);
    give_back(team);
}

nn_score nn_evaluate_each(nn_net *net, const nn_dataset *data, nn_answer *each, void *ctx)
{
    if (net->deployed)
        return nn_deployed_evaluate(net, data, each, ctx);
    answers a = {.each = each, .ctx = ctx};
    evaluate_by_team(net, data, &a);
    nn_score score = {a.loss / (double)data->n, a.errors / (double)data->n};
    if (!data->label)
        score.error = sqrt(score.error);
    return score;
}

nn_score nn_evaluate(nn_net *net, const nn_dataset *data)
{
    return nn_evaluate_each(net, data, NULL, NULL);
}

typedef struct copied {
    float *to;
    size_t outputs;
} copied;

static void copy_answers(void *ctx, size_t from, int n, const float *outputs)
{
    const copied *c = ctx;
    memcpy(c->to + from * c->outputs, outputs, (size_t)n * c->outputs * sizeof(float));
}

void nn_predict(nn_net *net, const float *x, size_t n, float *out)
{
    if (net->deployed) {
        nn_deployed_predict(net, x, n, out);
        return;
    }
    copied to = {out, (size_t)nn_elements(net->graph->nodes[net->graph->output].shape)};
    answers a = {.each = copy_answers, .ctx = &to};
    nn_dataset data = {.n = n, .shape = net->graph->nodes[0].shape, .x = x};
    evaluate_by_team(net, &data, &a);
}

uint64_t nn_training_macs(const nn_graph *g, const nn_recipe *recipe, size_t n_samples)
{
    return 3 * (uint64_t)nn_macs(g) * n_samples * (uint64_t)recipe->epochs;
}
