/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train.c - the recipe, batches, epochs */
#include "nn/train.h"
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

/* ------------------------------------------------------------------ batches */

void nn_load(nn_net *net, const nn_dataset *data, const uint32_t *order, int n, rng *r)
{
    nn_view v = nn_output_view(net, 0, n);
    size_t row = (size_t)v.w * (size_t)v.c, image = row * (size_t)v.h;
    for (int i = 0; i < n; i++) {
        const float *from = data->x + image * (order ? order[i] : (size_t)i);
        if (r && data->augment) {
            data->augment(data->augment_ctx, from, net->image, r);
            from = net->image;
        }
        for (int y = 0; y < v.h; y++)
            memcpy(v.p + i * v.sn + y * v.sh, from + (size_t)y * row, row * sizeof(float));
    }
}

/* ------------------------------------------------------------------ training */

double nn_train_step(nn_net *net, const nn_dataset *data, const uint32_t *order, int n, double lr, uint64_t seed, rng *augment)
{
    double errors = 0;
    nn_profile *p = net->profile;
    if (p)
        p->last = p->now();
    nn_load(net, data, order, n, augment);
    double own = net->recipe.mixup > 0 ? nn_mix(net, n, seed) : 1;
    if (p)
        nn_lap(p, &p->load);
    nn_forward(net, n, true, seed);
    double loss = nn_loss(net, data, order, n, true, own, &errors) / n;
    if (p)
        nn_lap(p, &p->loss);
    if (!isfinite(loss))
        return NAN;
    nn_backward(net, n);
    bool finite = nn_update(net, lr);
    if (p)
        nn_lap(p, &p->update);
    return finite ? loss : NAN;
}

/* One epoch; the mean loss, NaN when it diverged. */
static double train_epoch(nn_net *net, const nn_dataset *train, uint32_t *order, uint64_t seed, uint64_t epoch)
{
    uint64_t steps = (train->n + (size_t)net->batch - 1) / (size_t)net->batch;
    rng shuffle = rng_stream(seed, "shuffle", epoch), augment = rng_stream(seed, "augment", epoch);
    for (size_t i = 0; i < train->n; i++)
        order[i] = (uint32_t)i;
    rng_shuffle(&shuffle, order, train->n);
    double sum = 0;
    for (uint64_t s = 0; s < steps; s++) {
        size_t from = train->n * s / steps, to = train->n * (s + 1) / steps;
        uint64_t step = epoch * steps + s;
        rng own = rng_stream(seed, "step", step);
        double loss = nn_train_step(net, train, order + from, (int)(to - from), nn_learning_rate(&net->recipe, step, steps),
                                    rng_u64(&own), train->augment ? &augment : NULL);
        if (!isfinite(loss))
            return NAN;
        sum += loss * (double)(to - from);
    }
    return sum / (double)train->n;
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
        double loss = train_epoch(net, train, order, seed, e);
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

nn_score nn_evaluate_each(nn_net *net, const nn_dataset *data, nn_answer *each, void *ctx)
{
    if (net->deployed)
        return nn_deployed_evaluate(net, data, each, ctx);
    double loss = 0, errors = 0;
    size_t image = (size_t)nn_elements(data->shape);
    for (size_t from = 0; from < data->n; from += (size_t)net->batch) {
        int n = data->n - from < (size_t)net->batch ? (int)(data->n - from) : net->batch;
        nn_dataset part = *data;
        part.x += from * image;
        part.label = data->label ? data->label + from : NULL;
        part.target = data->target ? data->target + from * (size_t)data->n_outputs : NULL;
        nn_load(net, &part, NULL, n, NULL);
        nn_forward(net, n, false, 0);
        loss += nn_loss(net, &part, NULL, n, false, 1, &errors);
        if (each)
            each(ctx, from, n, nn_output_view(net, net->graph->output, n).p);
    }
    nn_score score = {loss / (double)data->n, errors / (double)data->n};
    if (!data->label)
        score.error = sqrt(score.error);
    return score;
}

nn_score nn_evaluate(nn_net *net, const nn_dataset *data)
{
    return nn_evaluate_each(net, data, NULL, NULL);
}

void nn_predict(nn_net *net, const float *x, size_t n, float *out)
{
    if (net->deployed) {
        nn_deployed_predict(net, x, n, out);
        return;
    }
    nn_shape in = net->graph->nodes[0].shape, shape = net->graph->nodes[net->graph->output].shape;
    size_t image = (size_t)nn_elements(in), k = (size_t)nn_elements(shape);
    for (size_t from = 0; from < n; from += (size_t)net->batch) {
        int m = n - from < (size_t)net->batch ? (int)(n - from) : net->batch;
        nn_dataset part = {.n = (size_t)m, .shape = in, .x = x + from * image};
        nn_load(net, &part, NULL, m, NULL);
        nn_forward(net, m, false, 0);
        memcpy(out + from * k, nn_output_view(net, net->graph->output, m).p, (size_t)m * k * sizeof(float));
    }
}

uint64_t nn_training_macs(const nn_graph *g, const nn_recipe *recipe, size_t n_samples)
{
    return 3 * (uint64_t)nn_macs(g) * n_samples * (uint64_t)recipe->epochs;
}
