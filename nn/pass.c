/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pass.c - forward and backward over the steps of a net */
#include "nn/net.h"
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

static nn_view view_like(nn_view v, float *p) /* the same images, dense, elsewhere */
{
    ptrdiff_t row = (ptrdiff_t)v.w * v.c;
    return (nn_view){p, v.n, v.h, v.w, v.c, v.c, row, row * v.h};
}

/* ------------------------------------------------------------------ batch norm */

/* From the batch's stats: what the pass needs, and the running statistics (with the unbiased variance, as PyTorch does). */
static void norm_prepare(nn_net *net, nn_step *s, int64_t count)
{
    int i = s->group.norm, c = net_node(net, i)->shape.c;
    nn_norm norm = net_node(net, i)->op->norm(net_node(net, i));
    const float *gamma = nn_param_values(net, i, 0), *beta = nn_param_values(net, i, 1);
    if (net->frozen)
        memcpy(s->stats, s->running, 2 * (size_t)c * sizeof(float));
    float unbiased = count > 1 ? (float)count / (float)(count - 1) : 1;
    for (int k = 0; k < c; k++) {
        float mean = s->stats[k], var = s->stats[c + k];
        s->inv_std[k] = 1 / sqrtf(var + norm.epsilon);
        s->scale[k] = gamma[k] * s->inv_std[k];
        s->shift[k] = beta[k] - mean * s->scale[k];
        if (net->frozen)
            continue;
        s->running[k] += norm.momentum * (mean - s->running[k]);
        s->running[c + k] += norm.momentum * (var * unbiased - s->running[c + k]);
    }
}

/* Through activation and norm when the statistics are constants: dy becomes dy scale[c] where the activation passed. x: the norm's input. */
static void norm_frozen_backward(nn_net *net, nn_step *s, nn_view dy, nn_view x)
{
    float *dgamma = nn_param_grads(net, s->group.norm, 0), *dbeta = nn_param_grads(net, s->group.norm, 1);
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

/* scale and shift from the running statistics. */
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

/* ------------------------------------------------------------------ linear */

nn_rows nn_rows_of(const nn_net *net, int id)
{
    const nn_node *n = net_node(net, id);
    int step = nn_param_of(n, NN_STEP);
    return (nn_rows){nn_param_values(net, id, 0), step >= 0 ? nn_param_values(net, id, step) : NULL,
                     n->params[0].count / n->params[0].rows, n->params[0].rows, n->weight_bits};
}

static const float *weights_of(nn_net *net, nn_step *s)
{
    int i = s->group.main;
    const nn_node *n = net_node(net, i);
    const float *w = nn_param_values(net, i, 0);
    if (!n->weight_quantizer || !net->quantises)
        return w;
    nn_rows rows = nn_rows_of(net, i);
    nn_quantise_weights(n->weight_quantizer, s->quantised, s->quant_scale, &rows);
    return s->quantised;
}

/* Weights and bias as deployed: the norm is a factor per output channel and a shift. */
static void fold(nn_net *net, nn_step *s)
{
    int i = s->group.main;
    const nn_node *n = net_node(net, i);
    const float *w = weights_of(net, s), *bias = bias_of(net, i);
    size_t rows = n->params[0].rows, per_row = n->params[0].count / rows;
    if (s->group.norm >= 0)
        norm_running(net, s);
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

/* What a linear step reads, of n images. */
static nn_source source_of(const nn_net *net, const nn_step *s, int n, bool training)
{
    int in = net_node(net, s->group.main)->inputs[0];
    const nn_step *made = training ? nn_lazy_step(net, in) : NULL;
    if (!made)
        return (nn_source){.v = nn_output_view(net, in, n)};
    return (nn_source){nn_before_view(net, made, n), made->scale, made->shift, act_of(net, made)};
}

static void linear_forward(nn_net *net, nn_step *s, int n, bool training)
{
    const nn_kernels *k = net->kernels;
    int i = s->group.main;
    nn_source x = source_of(net, s, n, training);
    nn_view y = nn_output_view(net, s->group.out, n);
    nn_conv g = s->conv;
    if (s->as_matrix)
        nn_as_matrix(&x.v, &y, &g);
    if (!training) {
        k->conv_forward(y, &x, s->folded, s->folded_bias, act_of(net, s), NULL, &g, net->scratch);
        return;
    }
    const float *w = weights_of(net, s), *bias = bias_of(net, i);
    if (s->group.norm < 0) {
        k->conv_forward(y, &x, w, bias, act_of(net, s), NULL, &g, net->scratch);
        return;
    }
    nn_view before = s->as_matrix ? view_like(y, s->before) : nn_before_view(net, s, n);
    k->conv_forward(before, &x, w, bias, NN_ACT_NONE, s->stats, &g, net->scratch);
    norm_prepare(net, s, (int64_t)y.n * y.h * y.w);
    if (!net->tensors[s->group.out].lazy)
        k->scale_act(y, before, s->scale, s->shift, act_of(net, s));
}

static void linear_backward(nn_net *net, nn_step *s, int n)
{
    int i = s->group.main, in = net_node(net, i)->inputs[0], norm = s->group.norm;
    nn_source x = source_of(net, s, n, true);
    nn_gradient d = {.dy = nn_grad_view(net, s->group.out, n), .act = act_of(net, s), .y = nn_output_view(net, s->group.out, n)};
    nn_view dx = nn_grad_view(net, in, n);
    nn_conv g = s->conv;
    if (norm >= 0 && net->frozen) {
        norm_frozen_backward(net, s, d.dy, nn_before_view(net, s, n));
        d.act = NN_ACT_NONE;
    } else if (norm >= 0) {
        d.y = nn_before_view(net, s, n);
        d.mean = s->stats;
        d.inv_std = s->inv_std;
        d.gamma = nn_param_values(net, norm, 0);
        d.beta = nn_param_values(net, norm, 1);
        d.dgamma = nn_param_grads(net, norm, 0);
        d.dbeta = nn_param_grads(net, norm, 1);
    }
    if (s->as_matrix) {
        nn_conv same = g;
        nn_as_matrix(&x.v, &d.dy, &g);
        nn_as_matrix(&dx, &d.y, &same);
    }
    const nn_node *own = net_node(net, i);
    const nn_weight_quantizer *q = net->quantises ? own->weight_quantizer : NULL;
    int bias = nn_param_of(own, NN_BIAS), step = nn_param_of(own, NN_STEP);
    float *dw = nn_param_grads(net, i, 0);
    net->kernels->conv_backward(dx, dw, bias >= 0 ? nn_param_grads(net, i, bias) : NULL, &d, &x, q ? s->quantised : nn_param_values(net, i, 0),
                                &g, s->accumulate[0], net->scratch);
    if (q && q->gradient) {
        nn_rows rows = nn_rows_of(net, i);
        q->gradient(dw, step >= 0 ? nn_param_grads(net, i, step) : NULL, &rows);
    }
}

/* ------------------------------------------------------------------ norm or activation by itself */

static void norm_forward(nn_net *net, nn_step *s, int n, bool training)
{
    nn_view x = nn_output_view(net, net_node(net, s->group.main)->inputs[0], n), y = nn_output_view(net, s->group.out, n);
    if (training) {
        net->kernels->mean_var(s->stats, x);
        norm_prepare(net, s, (int64_t)x.n * x.h * x.w);
    }
    net->kernels->scale_act(y, x, s->scale, s->shift, act_of(net, s));
}

static void norm_backward(nn_net *net, nn_step *s, int n)
{
    const nn_kernels *k = net->kernels;
    int i = s->group.norm, in = net_node(net, i)->inputs[0];
    nn_view dy = nn_grad_view(net, s->group.out, n), dx = nn_grad_view(net, in, n);
    if (net->frozen)
        norm_frozen_backward(net, s, dy, nn_output_view(net, in, n));
    else
        k->bn_act_backward(dy, nn_param_grads(net, i, 0), nn_param_grads(net, i, 1), dy, nn_output_view(net, in, n), s->stats,
                       s->inv_std, nn_param_values(net, i, 0), nn_param_values(net, i, 1), act_of(net, s));
    if (dx.p)
        k->copy(dx, dy, s->accumulate[0]);
}

static void act_forward(nn_net *net, nn_step *s, int n)
{
    nn_view x = nn_output_view(net, net_node(net, s->group.main)->inputs[0], n);
    net->kernels->scale_act(nn_output_view(net, s->group.out, n), x, NULL, NULL, act_of(net, s));
}

static void act_backward(nn_net *net, nn_step *s, int n)
{
    nn_view dx = nn_grad_view(net, net_node(net, s->group.main)->inputs[0], n);
    if (dx.p)
        net->kernels->act_backward(dx, nn_grad_view(net, s->group.out, n), nn_output_view(net, s->group.out, n),
                                   act_of(net, s), s->accumulate[0]);
}

/* ------------------------------------------------------------------ plain operators */

static nn_pass pass_of(nn_net *net, nn_step *s, int n, bool training)
{
    int i = s->group.main;
    const nn_node *own = net_node(net, i);
    nn_pass p = {.kernels = net->kernels, .node = own, .training = training, .quantises = net->quantises, .act = act_of(net, s),
                 .y = nn_output_view(net, s->group.out, n), .state = s->state};
    for (int k = 0; k < own->n_inputs; k++)
        p.x[k] = nn_output_view(net, own->inputs[k], n);
    for (int k = 0; k < own->n_params; k++)
        p.param[k] = nn_param_values(net, i, k);
    return p;
}

static void plain_forward(nn_net *net, nn_step *s, int n, bool training, uint64_t seed)
{
    nn_pass p = pass_of(net, s, n, training);
    rng r = rng_stream(seed, "node", (uint64_t)s->group.main);
    p.random = &r;
    if (training && net->quantises && !net->met && p.node->op->meet)
        p.node->op->meet(&p, nn_param_values(net, s->group.main, 0));
    p.node->op->forward(&p);
}

static void plain_backward(nn_net *net, nn_step *s, int n)
{
    nn_pass p = pass_of(net, s, n, true);
    const nn_node *own = p.node;
    p.dy = nn_grad_view(net, s->group.out, n);
    if (p.act != NN_ACT_NONE)
        net->kernels->act_backward(p.dy, p.dy, p.y, p.act, false);
    for (int k = 0; k < own->n_inputs; k++) {
        p.dx[k] = nn_grad_view(net, own->inputs[k], n);
        p.accumulate[k] = s->accumulate[k];
    }
    for (int k = 0; k < own->n_params; k++)
        p.grad[k] = nn_param_grads(net, s->group.main, k);
    own->op->backward(&p);
}

/* ------------------------------------------------------------------ the net */

static void prepare_evaluation(nn_net *net)
{
    nn_clear_lazy(net);
    for (int i = 0; i < net->fused.n_groups; i++) {
        nn_step *s = &net->steps[i];
        if (net_node(net, s->group.main)->op->kind == NN_LINEAR)
            fold(net, s);
        else if (s->group.norm >= 0)
            norm_running(net, s);
    }
    net->eval_ready = true;
}

static void step_forward(nn_net *net, nn_step *s, int n, bool training, uint64_t seed)
{
    switch (net_node(net, s->group.main)->op->kind) {
    case NN_LINEAR:
        linear_forward(net, s, n, training);
        break;
    case NN_NORM:
        norm_forward(net, s, n, training);
        break;
    case NN_ACTIVATION:
        act_forward(net, s, n);
        break;
    case NN_PLAIN:
        plain_forward(net, s, n, training, seed);
        break;
    }
}

void nn_forward(nn_net *net, int n, bool training, uint64_t seed)
{
    if (!training && !net->eval_ready)
        prepare_evaluation(net);
    if (training) {
        net->eval_ready = false; /* it moves the running statistics and overwrites scale and shift */
        nn_undeploy(net);
    }
    for (int i = 0; i < net->fused.n_groups; i++) {
        step_forward(net, &net->steps[i], n, training, seed);
        if (net->profile)
            nn_lap(net->profile, &net->profile->forward[i]);
    }
    net->met |= training && net->quantises;
}

static void step_backward(nn_net *net, nn_step *s, int n)
{
    switch (net_node(net, s->group.main)->op->kind) {
    case NN_LINEAR:
        linear_backward(net, s, n);
        break;
    case NN_NORM:
        norm_backward(net, s, n);
        break;
    case NN_ACTIVATION:
        act_backward(net, s, n);
        break;
    case NN_PLAIN:
        plain_backward(net, s, n);
        break;
    }
}

void nn_backward(nn_net *net, int n)
{
    for (int i = net->fused.n_groups - 1; i > 0; i--) {
        if (net->tensors[net->steps[i].group.out].dy)
            step_backward(net, &net->steps[i], n);
        if (net->profile)
            nn_lap(net->profile, &net->profile->backward[i]);
    }
}
