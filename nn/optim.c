/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optim.c - SGD with momentum (Sutskever et al. 2013), AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101), clipping */
#include "nn/optim.h"
#include "nn/net.h"
#include <math.h>
#include <string.h>

static void sgd(nn_net *net, size_t from, size_t n, float lr, float decay)
{
    net->kernels->sgd(net->params + from, net->moment1 + from, net->grads + from, n, lr, (float)net->recipe.momentum, decay);
}

static void adamw(nn_net *net, size_t from, size_t n, float lr, float decay)
{
    const nn_recipe *r = &net->recipe;
    net->kernels->adamw(net->params + from, net->moment1 + from, net->moment2 + from, net->grads + from, n, lr,
                        (float)r->beta1, (float)r->beta2, (float)r->epsilon, decay, (float)(1 / (1 - net->beta1_power)),
                        (float)(1 / (1 - net->beta2_power)));
}

static const nn_optimizer optimizers[] = {{"sgd", 1, sgd}, {"adamw", 2, adamw}};
const char *const nn_optimizer_names[] = {"sgd", "adamw", NULL};

const nn_optimizer *nn_optimizer_find(const char *name)
{
    size_t i = 0;
    while (strcmp(optimizers[i].name, name) != 0)
        i++;
    return &optimizers[i];
}

void nn_optimizer_reset(nn_net *net)
{
    net->updates = 0;
    net->beta1_power = net->beta2_power = 1;
    memset(net->moment1, 0, net->n_params * sizeof(float));
    if (net->moment2)
        memset(net->moment2, 0, net->n_params * sizeof(float));
}

/* Scales all gradients down to the norm clip_norm. */
static void clip(nn_net *net)
{
    double norm = sqrt(net->kernels->sum_squares(net->grads, net->n_params)), most = net->recipe.clip_norm;
    net->finite = isfinite(norm);
    if (most > 0 && isfinite(norm) && norm > most) {
        float factor = (float)(most / norm);
        for (size_t i = 0; i < net->n_params; i++)
            net->grads[i] *= factor;
    }
    if (!net->finite)
        return;
    net->updates++;
    net->beta1_power *= net->recipe.beta1;
    net->beta2_power *= net->recipe.beta2;
    net->eval_ready = false;
}

bool nn_update(nn_net *net, double lr)
{
    const nn_optimizer *o = nn_optimizer_find(net->recipe.optimizer);
    NN_ONE_THREAD(clip(net));
    if (!net->finite)
        return false;
#pragma omp for schedule(static)
    for (size_t b = 0; b < net->n_params; b += NN_BLOCK) {
        size_t end = nn_block_end(net, b), weights = end < net->n_decayed ? end : net->n_decayed;
        if (b < weights)
            o->update(net, b, weights - b, (float)lr, (float)net->recipe.weight_decay);
        size_t rest = b > net->n_decayed ? b : net->n_decayed;
        if (rest < end)
            o->update(net, rest, end - rest, (float)lr, 0);
    }
    return true;
}

/* ------------------------------------------------------------------ learning rate */

const char *const nn_schedule_names[] = {"constant", "step", "cosine", NULL};

/* cos(pi t), t in [0, 1]: the Taylor series to 1e-16, so that no C library has a say in it. */
static double cos_pi(double t)
{
    bool mirrored = t > 0.5;
    double x = 3.14159265358979323846 * (mirrored ? 1 - t : t), x2 = x * x, term = 1, sum = 1;
    for (int k = 1; k <= 12; k++) {
        term *= -x2 / ((2 * k - 1) * (2 * k));
        sum += term;
    }
    return mirrored ? -sum : sum;
}

double nn_learning_rate(const nn_recipe *r, uint64_t step, uint64_t steps_per_epoch)
{
    double epoch = ((double)step + 0.5) / (double)steps_per_epoch; /* a step counts as its middle */
    double warm = r->warmup_epochs < (double)r->epochs ? r->warmup_epochs : 0;
    if (epoch < warm)
        return r->lr * (epoch / warm);
    if (strcmp(r->schedule, "cosine") == 0)
        return r->lr * 0.5 * (1 + cos_pi((epoch - warm) / ((double)r->epochs - warm)));
    double lr = r->lr;
    if (strcmp(r->schedule, "step") == 0)
        for (int64_t k = (int64_t)epoch / r->step_epochs; k > 0; k--)
            lr *= r->step_factor;
    return lr;
}
