/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pass.c - forward and backward of the steps of a net, on one shard of the batch */
#include "nn/pass.h"
#include "nn/quant/weights.h"
#include <math.h>
#include <string.h>

void nn_as_matrix(nn_view *x, nn_view *y, nn_conv *g)
{
    int k = x->h * x->w * x->c;
    *x = (nn_view){x->p, 1, 1, x->n, k, x->sn, x->sn * x->n, x->sn * x->n};
    *y = (nn_view){y->p, 1, 1, y->n, y->c, y->sn, y->sn * y->n, y->sn * y->n};
    *g = (nn_conv){1, 1, 1, 1, 0, 0, 1, 1, 1};
}

static const nn_node *net_node(const nn_net *net, int i)
{
    return &net->graph->nodes[i];
}

static nn_act act_of(const nn_net *net, const nn_step *s)
{
    return s->group.act >= 0 ? net_node(net, s->group.act)->op->act : NN_ACT_NONE;
}

static const float *bias_of(const nn_net *net, int i)
{
    int k = nn_param_of(net_node(net, i), NN_BIAS);
    return k >= 0 ? nn_param_values(net, i, k) : NULL;
}

static nn_view images_of(nn_view v, const nn_shard *k)
{
    v.p = v.p ? v.p + k->first * v.sn : NULL;
    v.n = k->n;
    return v;
}

static nn_view output_of(const nn_net *net, const nn_shard *k, int id)
{
    return images_of(nn_output_view(net, id, k->n), k);
}

/* Gradients that share memory are of other sizes: each shard has its own part of it, since it may be steps ahead of the others. */
static nn_view grad_of(const nn_net *net, const nn_shard *k, int id)
{
    const nn_tensor *t = &net->tensors[net->fused.tensor[id]];
    nn_view v = nn_grad_view(net, id, k->n);
    if (v.p)
        v.p += (size_t)k->first * net->slots[t->slot].floats;
    return v;
}

static nn_view before_of(const nn_net *net, const nn_shard *k, const nn_step *s)
{
    return images_of(nn_before_view(net, s, k->n), k);
}

/* Of parameter i of a node: the shard's part of the gradient. */
static float *grads_of(const nn_net *net, const nn_shard *k, int id, int i)
{
    return k->grads + (nn_param_grads(net, id, i) - net->grads);
}

/* ------------------------------------------------------------------ batch norm */

static int64_t norm_count(const nn_net *net, const nn_step *s)
{
    nn_shape y = net_node(net, s->group.norm)->shape;
    return (int64_t)net->images * y.h * y.w;
}

/* From mean and variance: factor and shift per channel. */
static void norm_scale(nn_net *net, nn_step *s)
{
    int i = s->group.norm, c = net_node(net, i)->shape.c;
    nn_norm norm = net_node(net, i)->op->norm(net_node(net, i));
    const float *gamma = nn_param_values(net, i, 0), *beta = nn_param_values(net, i, 1);
    for (int k = 0; k < c; k++) {
        s->inv_std[k] = 1 / sqrtf(s->stats[c + k] + norm.epsilon);
        s->scale[k] = gamma[k] * s->inv_std[k];
        s->shift[k] = beta[k] - s->stats[k] * s->scale[k];
    }
}

/* The same from the running statistics, for evaluation. */
static void norm_running(nn_net *net, nn_step *s)
{
    int i = s->group.norm, c = net_node(net, i)->shape.c;
    nn_norm norm = net_node(net, i)->op->norm(net_node(net, i));
    const float *gamma = nn_param_values(net, i, 0), *beta = nn_param_values(net, i, 1);
    for (int k = 0; k < c; k++) {
        s->scale[k] = gamma[k] / sqrtf(s->running[c + k] + norm.epsilon);
        s->shift[k] = beta[k] - s->running[k] * s->scale[k];
    }
}

/* Mean and variance of the batch from those of its shards: var = sum n (var_i + (mean_i - mean)^2) / N, where nothing cancels. */
static void norm_merge(nn_net *net, nn_step *s)
{
    int c = net_node(net, s->group.norm)->shape.c;
    if (net->active == 1) {
        memcpy(s->stats, net->shards[0].stats, 2 * (size_t)c * sizeof(float));
        return;
    }
    for (int k = 0; k < c; k++) {
        double mean = 0, var = 0;
        for (int i = 0; i < net->active; i++)
            mean += net->shards[i].n * (double)net->shards[i].stats[k] / net->images;
        for (int i = 0; i < net->active; i++) {
            double apart = (double)net->shards[i].stats[k] - mean;
            var += net->shards[i].n * ((double)net->shards[i].stats[c + k] + apart * apart) / net->images;
        }
        s->stats[k] = (float)mean;
        s->stats[c + k] = (float)var;
    }
}

/* Running statistics have the unbiased variance, as PyTorch's do. */
void nn_step_gather(nn_net *net, nn_step *s)
{
    int i = s->group.norm, c = net_node(net, i)->shape.c;
    float momentum = net_node(net, i)->op->norm(net_node(net, i)).momentum;
    int64_t count = norm_count(net, s);
    float unbiased = count > 1 ? (float)count / (float)(count - 1) : 1;
    norm_merge(net, s);
    norm_scale(net, s);
    for (int k = 0; k < c; k++) {
        s->running[k] += momentum * (s->stats[k] - s->running[k]);
        s->running[c + k] += momentum * (s->stats[c + k] * unbiased - s->running[c + k]);
    }
}

bool nn_step_gathers(const nn_net *net, const nn_step *s)
{
    return s->group.norm >= 0 && !net->frozen;
}

/* Through activation and norm when the statistics are constants: dy becomes dy scale[c] where the activation passed. x: the norm's input. */
static void norm_frozen_backward(nn_net *net, nn_step *s, const nn_shard *k, nn_view dy, nn_view x)
{
    float *dgamma = grads_of(net, k, s->group.norm, 0), *dbeta = grads_of(net, k, s->group.norm, 1);
    nn_act act = act_of(net, s);
    memset(dgamma, 0, (size_t)dy.c * sizeof(float));
    memset(dbeta, 0, (size_t)dy.c * sizeof(float));
    for (int i = 0; i < dy.n * dy.h * dy.w; i++) {
        int image = i / (dy.h * dy.w), row = i / dy.w % dy.h, column = i % dy.w;
        float *d = dy.p + image * dy.sn + row * dy.sh + column * dy.sw;
        const float *v = x.p + image * x.sn + row * x.sh + column * x.sw;
        for (int c = 0; c < dy.c; c++) {
            float y = v[c] * s->scale[c] + s->shift[c];
            bool passes = act == NN_ACT_NONE || (y > 0 && (act == NN_ACT_RELU || y < 6));
            float through = passes ? d[c] : 0;
            dgamma[c] += through * (v[c] - s->stats[c]) * s->inv_std[c];
            dbeta[c] += through;
            d[c] = through * s->scale[c];
        }
    }
}

/* The gradient of a shard through a step's norm and activation; x: the norm's input. */
static nn_gradient norm_gradient(const nn_net *net, const nn_step *s, nn_view dy, nn_view x)
{
    int norm = s->group.norm;
    return (nn_gradient){.dy = dy,
                         .act = act_of(net, s),
                         .y = x,
                         .mean = s->stats,
                         .inv_std = s->inv_std,
                         .gamma = nn_param_values(net, norm, 0),
                         .beta = nn_param_values(net, norm, 1),
                         .dgamma = s->dgamma,
                         .dbeta = s->dbeta,
                         .count = (double)norm_count(net, s)};
}

static bool is_linear(const nn_net *net, const nn_step *s)
{
    return net_node(net, s->group.main)->op->kind == NN_LINEAR;
}

static nn_view norm_input(const nn_net *net, const nn_step *s, const nn_shard *k)
{
    return is_linear(net, s) ? before_of(net, k, s) : output_of(net, k, net_node(net, s->group.main)->inputs[0]);
}

void nn_step_sums(nn_net *net, nn_step *s, const nn_shard *k)
{
    nn_gradient d = norm_gradient(net, s, grad_of(net, k, s->group.out), norm_input(net, s, k));
    net->kernels->norm_sums(k->dgamma, k->dbeta, &d);
}

void nn_step_gather_sums(nn_net *net, nn_step *s)
{
    int norm = s->group.norm, c = net_node(net, norm)->shape.c;
    for (int j = 0; j < c; j++) {
        s->dgamma[j] = s->dbeta[j] = 0;
        for (int i = 0; i < net->active; i++) {
            s->dgamma[j] += net->shards[i].dgamma[j];
            s->dbeta[j] += net->shards[i].dbeta[j];
        }
    }
    for (int i = 0; i < net->active; i++)
        for (int j = 0; j < c; j++) {
            grads_of(net, &net->shards[i], norm, 0)[j] = i == 0 ? (float)s->dgamma[j] : 0;
            grads_of(net, &net->shards[i], norm, 1)[j] = i == 0 ? (float)s->dbeta[j] : 0;
        }
}

/* ------------------------------------------------------------------ linear */

nn_rows nn_rows_of(const nn_net *net, int id)
{
    const nn_node *n = net_node(net, id);
    int step = nn_param_of(n, NN_STEP);
    return (nn_rows){nn_param_values(net, id, 0), step >= 0 ? nn_param_values(net, id, step) : NULL,
                     n->params[0].count / n->params[0].rows, n->params[0].rows, n->weight_bits};
}

/* What the passes multiply by. */
static const float *weights_of(const nn_net *net, const nn_step *s)
{
    const nn_node *n = net_node(net, s->group.main);
    return n->weight_quantizer && net->quantises ? s->quantised : nn_param_values(net, s->group.main, 0);
}

/* Weights and bias as deployed: the norm is a factor per output channel and a shift. */
static void fold(nn_net *net, nn_step *s)
{
    int i = s->group.main;
    const nn_node *n = net_node(net, i);
    const float *w = weights_of(net, s), *bias = bias_of(net, i);
    size_t rows = n->params[0].rows, per_row = n->params[0].count / rows;
    for (size_t c = 0; c < rows; c++) {
        float b = bias ? bias[c] : 0;
        s->folded_bias[c] = s->group.norm >= 0 ? b * s->scale[c] + s->shift[c] : b;
    }
    if (s->group.norm < 0) {
        memcpy(s->folded, w, n->params[0].count * sizeof(float));
        return;
    }
    for (size_t k = 0; k < per_row; k++)
        for (size_t c = 0; c < rows; c++)
            s->folded[k * rows + c] = w[k * rows + c] * s->scale[c];
}

void nn_step_prepare(nn_net *net, nn_step *s, bool training)
{
    const nn_node *n = net_node(net, s->group.main);
    if (is_linear(net, s) && n->weight_quantizer && net->quantises) {
        nn_rows rows = nn_rows_of(net, s->group.main);
        nn_quantise_weights(n->weight_quantizer, s->quantised, s->quant_scale, &rows);
    }
    if (s->group.norm >= 0 && !training) {
        norm_running(net, s);
    } else if (s->group.norm >= 0 && net->frozen) {
        memcpy(s->stats, s->running, 2 * (size_t)n->shape.c * sizeof(float));
        norm_scale(net, s);
    }
    if (is_linear(net, s) && !training)
        fold(net, s);
}

/* What a linear step reads of a shard. */
static nn_source source_of(const nn_net *net, const nn_step *s, const nn_shard *k, bool training)
{
    int in = net_node(net, s->group.main)->inputs[0];
    const nn_step *made = training ? nn_lazy_step(net, in) : NULL;
    if (!made)
        return (nn_source){.v = output_of(net, k, in)};
    return (nn_source){before_of(net, k, made), made->scale, made->shift, act_of(net, made)};
}

static void linear_forward(nn_net *net, nn_step *s, const nn_shard *k, bool training)
{
    int i = s->group.main;
    bool norm = training && s->group.norm >= 0;
    nn_source x = source_of(net, s, k, training);
    nn_view y = output_of(net, k, s->group.out);
    nn_conv g = s->conv;
    if (norm)
        y = before_of(net, k, s);
    if (s->as_matrix)
        nn_as_matrix(&x.v, &y, &g);
    net->kernels->conv_forward(y, &x, training ? weights_of(net, s) : s->folded, training ? bias_of(net, i) : s->folded_bias,
                               norm ? NN_ACT_NONE : act_of(net, s), norm && !net->frozen ? k->stats : NULL, &g, k->scratch);
}

static void linear_backward(nn_net *net, nn_step *s, const nn_shard *k)
{
    int i = s->group.main, in = net_node(net, i)->inputs[0], bias = nn_param_of(net_node(net, i), NN_BIAS);
    nn_source x = source_of(net, s, k, true);
    nn_gradient d = {.dy = grad_of(net, k, s->group.out), .act = act_of(net, s), .y = output_of(net, k, s->group.out)};
    nn_view dx = grad_of(net, k, in);
    nn_conv g = s->conv;
    if (nn_step_gathers(net, s)) {
        d = norm_gradient(net, s, d.dy, before_of(net, k, s));
    } else if (s->group.norm >= 0) {
        norm_frozen_backward(net, s, k, d.dy, before_of(net, k, s));
        d.act = NN_ACT_NONE;
    }
    if (s->as_matrix) {
        nn_conv same = g;
        nn_as_matrix(&x.v, &d.dy, &g);
        nn_as_matrix(&dx, &d.y, &same);
    }
    net->kernels->conv_backward(dx, grads_of(net, k, i, 0), bias >= 0 ? grads_of(net, k, i, bias) : NULL, &d, &x, weights_of(net, s), &g,
                                s->accumulate[0], k->scratch);
}

void nn_step_finish(nn_net *net, nn_step *s)
{
    int i = s->group.main, step = nn_param_of(net_node(net, i), NN_STEP);
    const nn_weight_quantizer *q = is_linear(net, s) && net->quantises ? net_node(net, i)->weight_quantizer : NULL;
    if (!q || !q->gradient || !net->tensors[s->group.out].dy)
        return;
    nn_rows rows = nn_rows_of(net, i);
    q->gradient(nn_param_grads(net, i, 0), step >= 0 ? nn_param_grads(net, i, step) : NULL, &rows);
}

/* ------------------------------------------------------------------ norm or activation by itself */

static void norm_forward(nn_net *net, nn_step *s, const nn_shard *k, bool training)
{
    if (training && !net->frozen)
        net->kernels->mean_var(k->stats, norm_input(net, s, k));
}

void nn_step_normalise(const nn_net *net, const nn_step *s, const nn_shard *k)
{
    if (!net->tensors[s->group.out].lazy)
        net->kernels->scale_act(output_of(net, k, s->group.out), norm_input(net, s, k), s->scale, s->shift, act_of(net, s));
}

static void norm_backward(nn_net *net, nn_step *s, const nn_shard *k)
{
    nn_view dy = grad_of(net, k, s->group.out), dx = grad_of(net, k, net_node(net, s->group.main)->inputs[0]);
    nn_gradient d = norm_gradient(net, s, dy, norm_input(net, s, k));
    if (net->frozen)
        norm_frozen_backward(net, s, k, dy, d.y);
    else if (dx.p)
        net->kernels->norm_backward(dy, &d);
    if (dx.p)
        net->kernels->copy(dx, dy, s->accumulate[0]);
}

static void act_forward(nn_net *net, nn_step *s, const nn_shard *k)
{
    nn_view x = output_of(net, k, net_node(net, s->group.main)->inputs[0]);
    net->kernels->scale_act(output_of(net, k, s->group.out), x, NULL, NULL, act_of(net, s));
}

static void act_backward(nn_net *net, nn_step *s, const nn_shard *k)
{
    nn_view dx = grad_of(net, k, net_node(net, s->group.main)->inputs[0]);
    if (dx.p)
        net->kernels->act_backward(dx, grad_of(net, k, s->group.out), output_of(net, k, s->group.out), act_of(net, s), s->accumulate[0]);
}

/* ------------------------------------------------------------------ plain operators */

static nn_pass pass_of(nn_net *net, nn_step *s, const nn_shard *k, bool training)
{
    int i = s->group.main;
    const nn_node *own = net_node(net, i);
    nn_pass p = {.kernels = net->kernels, .node = own, .training = training, .quantises = net->quantises, .act = act_of(net, s),
                 .batch = net->images, .y = output_of(net, k, s->group.out), .state = s->state ? s->state + (size_t)k->index * s->state_pitch : NULL};
    for (int j = 0; j < own->n_inputs; j++)
        p.x[j] = output_of(net, k, own->inputs[j]);
    for (int j = 0; j < own->n_params; j++)
        p.param[j] = nn_param_values(net, i, j);
    return p;
}

static void plain_forward(nn_net *net, nn_step *s, const nn_shard *k, bool training, uint64_t seed)
{
    nn_pass p = pass_of(net, s, k, training);
    rng r = rng_stream(seed, "node", (uint64_t)s->group.main + ((uint64_t)k->index << 32));
    p.random = &r;
    if (training && net->quantises && !net->met && p.node->op->meet)
        p.node->op->meet(&p, nn_param_values(net, s->group.main, 0));
    p.node->op->forward(&p);
}

static void plain_backward(nn_net *net, nn_step *s, const nn_shard *k)
{
    nn_pass p = pass_of(net, s, k, true);
    const nn_node *own = p.node;
    p.dy = grad_of(net, k, s->group.out);
    if (p.act != NN_ACT_NONE)
        net->kernels->act_backward(p.dy, p.dy, p.y, p.act, false);
    for (int j = 0; j < own->n_inputs; j++) {
        p.dx[j] = grad_of(net, k, own->inputs[j]);
        p.accumulate[j] = s->accumulate[j];
    }
    for (int j = 0; j < own->n_params; j++)
        p.grad[j] = grads_of(net, k, s->group.main, j);
    own->op->backward(&p);
}

/* ------------------------------------------------------------------ by kind */

void nn_step_forward(nn_net *net, nn_step *s, const nn_shard *k, bool training, uint64_t seed)
{
    switch (net_node(net, s->group.main)->op->kind) {
    case NN_LINEAR:
        linear_forward(net, s, k, training);
        break;
    case NN_NORM:
        norm_forward(net, s, k, training);
        break;
    case NN_ACTIVATION:
        act_forward(net, s, k);
        break;
    case NN_PLAIN:
        plain_forward(net, s, k, training, seed);
        break;
    }
    if (s->group.norm >= 0 && (training ? net->frozen : !is_linear(net, s)))
        nn_step_normalise(net, s, k);
}

void nn_step_backward(nn_net *net, nn_step *s, const nn_shard *k)
{
    switch (net_node(net, s->group.main)->op->kind) {
    case NN_LINEAR:
        linear_backward(net, s, k);
        break;
    case NN_NORM:
        norm_backward(net, s, k);
        break;
    case NN_ACTIVATION:
        act_backward(net, s, k);
        break;
    case NN_PLAIN:
        plain_backward(net, s, k);
        break;
    }
}
