/* SPDX-License-Identifier: GPL-3.0-or-later */
/* graph_f64.h - a network's training forward pass in float64, by plain loops over its nodes
 *
 * Written from the operators' definitions and knows nothing of the engine: no fusion, no halos, no kernels. Weights and
 * the dropout factors are those that the engine used, read from it.
 */
#ifndef TESTS_NN_GRAPH_F64_H
#define TESTS_NN_GRAPH_F64_H

#include "nn/net.h"
#include "nn/pool.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct f64_graph {
    const nn_graph *g;
    int n;
    double **out;                     /* per node: (n, h, w, c) */
    double *param[64][NN_MAX_PARAMS]; /* per node and parameter; NULL: none */
    uint8_t *dropped[64];             /* which elements a dropout node keeps; NULL: all */
    const double *running[64];        /* mean and variance to use instead of the batch's; NULL: the batch's */
} f64_graph;

static inline size_t f64_at(nn_shape s, int i, int y, int x, int c)
{
    return (((size_t)i * (size_t)s.h + (size_t)y) * (size_t)s.w + (size_t)x) * (size_t)s.c + (size_t)c;
}

static inline double f64_pixel(const double *p, nn_shape s, int i, int y, int x, int c) /* 0 outside */
{
    return y < 0 || x < 0 || y >= s.h || x >= s.w ? 0 : p[f64_at(s, i, y, x, c)];
}

static inline void f64_linear(f64_graph *f, int id, nn_conv k)
{
    const nn_node *n = &f->g->nodes[id];
    nn_shape in = f->g->nodes[n->inputs[0]].shape, out = n->shape;
    const double *x = f->out[n->inputs[0]], *w = f->param[id][0], *b = f->param[id][1];
    int cin = in.c / k.groups, cout = out.c / k.groups;
    for (int i = 0; i < f->n; i++)
        for (int oy = 0; oy < out.h; oy++)
            for (int ox = 0; ox < out.w; ox++)
                for (int o = 0; o < out.c; o++) {
                    double sum = b ? b[o] : 0;
                    for (int ky = 0; ky < k.kh; ky++)
                        for (int kx = 0; kx < k.kw; kx++)
                            for (int c = 0; c < cin; c++)
                                sum += w[((ky * k.kw + kx) * cin + c) * out.c + o] *
                                       f64_pixel(x, in, i, oy * k.stride_h - k.pad_top + ky * k.dilation_h,
                                                 ox * k.stride_w - k.pad_left + kx * k.dilation_w, o / cout * cin + c);
                    f->out[id][f64_at(out, i, oy, ox, o)] = sum;
                }
}

static inline void f64_norm(f64_graph *f, int id)
{
    const nn_node *n = &f->g->nodes[id];
    nn_shape s = n->shape;
    const double *x = f->out[n->inputs[0]];
    size_t pixels = (size_t)f->n * (size_t)s.h * (size_t)s.w, channels = (size_t)s.c;
    double epsilon = (double)n->op->norm(n).epsilon;
    for (size_t c = 0; c < channels; c++) {
        double mean = 0, var = 0;
        for (size_t i = 0; i < pixels; i++)
            mean += x[i * channels + c] / (double)pixels;
        for (size_t i = 0; i < pixels; i++)
            var += (x[i * channels + c] - mean) * (x[i * channels + c] - mean) / (double)pixels;
        if (f->running[id]) {
            mean = f->running[id][c];
            var = f->running[id][channels + c];
        }
        for (size_t i = 0; i < pixels; i++)
            f->out[id][i * channels + c] =
                (x[i * channels + c] - mean) / sqrt(var + epsilon) * f->param[id][0][c] + f->param[id][1][c];
    }
}

static inline void f64_pool(f64_graph *f, int id, nn_conv k, bool largest)
{
    const nn_node *n = &f->g->nodes[id];
    nn_shape in = f->g->nodes[n->inputs[0]].shape, out = n->shape;
    for (int i = 0; i < f->n; i++)
        for (int oy = 0; oy < out.h; oy++)
            for (int ox = 0; ox < out.w; ox++)
                for (int c = 0; c < out.c; c++) {
                    double sum = 0, most = -INFINITY;
                    int count = 0;
                    for (int ky = 0; ky < k.kh; ky++)
                        for (int kx = 0; kx < k.kw; kx++) {
                            int y = oy * k.stride_h - k.pad_top + ky, x = ox * k.stride_w - k.pad_left + kx;
                            if (y < 0 || x < 0 || y >= in.h || x >= in.w)
                                continue;
                            double v = f->out[n->inputs[0]][f64_at(in, i, y, x, c)];
                            sum += v;
                            most = v > most ? v : most;
                            count++;
                        }
                    f->out[id][f64_at(out, i, oy, ox, c)] = largest ? most : sum / count;
                }
}

static inline void f64_concat(f64_graph *f, int id)
{
    const nn_node *n = &f->g->nodes[id];
    size_t pixels = (size_t)f->n * (size_t)n->shape.h * (size_t)n->shape.w, all = (size_t)n->shape.c, from = 0;
    for (int k = 0; k < n->n_inputs; k++) {
        size_t c = (size_t)f->g->nodes[n->inputs[k]].shape.c;
        for (size_t i = 0; i < pixels; i++)
            memcpy(f->out[id] + i * all + from, f->out[n->inputs[k]] + i * c, c * sizeof(double));
        from += c;
    }
}

static inline double f64_spread(const f64_graph *f, int id, int i, int y, int x, int c) /* (1, 1, c) is the same everywhere */
{
    nn_shape s = f->g->nodes[id].shape;
    return f->out[id][s.h == 1 && s.w == 1 ? f64_at(s, i, 0, 0, c) : f64_at(s, i, y, x, c)];
}

static inline void f64_multiply(f64_graph *f, int id)
{
    const nn_node *n = &f->g->nodes[id];
    for (int i = 0; i < f->n; i++)
        for (int y = 0; y < n->shape.h; y++)
            for (int x = 0; x < n->shape.w; x++)
                for (int c = 0; c < n->shape.c; c++)
                    f->out[id][f64_at(n->shape, i, y, x, c)] =
                        f64_spread(f, n->inputs[0], i, y, x, c) * f64_spread(f, n->inputs[1], i, y, x, c);
}

static inline void f64_input_scale(f64_graph *f, int id, nn_conv k) /* XNOR-Net's K: the mean of |x| over taps and channels, zeros outside */
{
    const nn_node *n = &f->g->nodes[id];
    nn_shape in = f->g->nodes[n->inputs[1]].shape, out = n->shape;
    for (int i = 0; i < f->n; i++)
        for (int oy = 0; oy < out.h; oy++)
            for (int ox = 0; ox < out.w; ox++) {
                double sum = 0;
                for (int t = 0; t < k.kh * k.kw * in.c; t++)
                    sum += fabs(f64_pixel(f->out[n->inputs[1]], in, i, oy * k.stride_h - k.pad_top + t / in.c / k.kw * k.dilation_h,
                                          ox * k.stride_w - k.pad_left + t / in.c % k.kw * k.dilation_w, t % in.c));
                for (int c = 0; c < out.c; c++) {
                    size_t at = f64_at(out, i, oy, ox, c);
                    f->out[id][at] = f->out[n->inputs[0]][at] * sum / (k.kh * k.kw * in.c);
                }
            }
}

static inline void f64_shuffle(f64_graph *f, int id) /* as ShuffleNet: reshape (groups, n), transpose, flatten */
{
    const nn_node *n = &f->g->nodes[id];
    buffer attrs = {0};
    nn_print_attrs(n, &attrs);
    size_t groups = strtoul(strchr(attrs.data, ' '), NULL, 10), channels = (size_t)n->shape.c;
    buffer_free(&attrs);
    for (size_t i = 0; i < (size_t)f->n * (size_t)nn_elements(n->shape); i++) {
        size_t c = i % channels;
        f->out[id][i] = f->out[n->inputs[0]][i - c + c % groups * (channels / groups) + c / groups];
    }
}

static inline bool f64_is(const nn_node *n, const char *op)
{
    return strcmp(n->op->name, op) == 0;
}

/* false: an operator that is not known here. */
static inline bool f64_node(f64_graph *f, int id)
{
    const nn_node *n = &f->g->nodes[id];
    nn_shape in = f->g->nodes[n->inputs[0]].shape;
    const double *x = f->out[n->inputs[0]];
    double *y = f->out[id];
    size_t count = (size_t)f->n * (size_t)nn_elements(n->shape);
    if (n->op->kind == NN_LINEAR)
        f64_linear(f, id, n->op->geometry(n, in));
    else if (f64_is(n, "batch_norm"))
        f64_norm(f, id);
    else if (f64_is(n, "max_pool") || f64_is(n, "avg_pool"))
        f64_pool(f, id, *nn_pool_window(n), f64_is(n, "max_pool"));
    else if (f64_is(n, "global_avg_pool"))
        f64_pool(f, id, (nn_conv){in.h, in.w, 1, 1, 0, 0, 1, 1, 1}, false);
    else if (f64_is(n, "concat"))
        f64_concat(f, id);
    else if (f64_is(n, "relu") || f64_is(n, "relu6"))
        for (size_t i = 0; i < count; i++)
            y[i] = fmin(fmax(x[i], 0), f64_is(n, "relu6") ? 6 : INFINITY);
    else if (f64_is(n, "hard_swish") || f64_is(n, "hard_sigmoid"))
        for (size_t i = 0; i < count; i++)
            y[i] = (f64_is(n, "hard_swish") ? x[i] : 1) * fmin(fmax(x[i] + 3, 0), 6) / 6;
    else if (f64_is(n, "sigmoid"))
        for (size_t i = 0; i < count; i++)
            y[i] = 1 / (1 + exp(-x[i]));
    else if (f64_is(n, "tanh"))
        for (size_t i = 0; i < count; i++)
            y[i] = tanh(x[i]);
    else if (f64_is(n, "multiply"))
        f64_multiply(f, id);
    else if (f64_is(n, "input_scale")) /* its first attribute is a window */
        f64_input_scale(f, id, ((const nn_window *)n->attrs)->g);
    else if (f64_is(n, "channel_shuffle"))
        f64_shuffle(f, id);
    else if (f64_is(n, "add"))
        for (size_t i = 0; i < count; i++) {
            y[i] = 0;
            for (int k = 0; k < n->n_inputs; k++)
                y[i] += f->out[n->inputs[k]][i];
        }
    else if (f64_is(n, "flatten") || f64_is(n, "identity"))
        memcpy(y, x, count * sizeof(double));
    else if (f64_is(n, "dropout")) /* its first attribute is the rate */
        for (size_t i = 0; i < count; i++)
            y[i] = f->dropped[id] ? x[i] * f->dropped[id][i] / (1 - *(const double *)n->attrs) : x[i];
    else if (f64_is(n, "zero"))
        memset(y, 0, count * sizeof(double));
    else
        return false;
    return true;
}

/* Parameters as the engine uses them in training (quantised where they are), and the batch in its input buffer. */
static inline void f64_create(f64_graph *f, const nn_net *net, int n)
{
    const nn_graph *g = net->graph;
    *f = (f64_graph){.g = g, .n = n, .out = calloc((size_t)g->n_nodes, sizeof(double *))};
    for (int i = 0; i < g->n_nodes; i++) {
        f->out[i] = calloc((size_t)n * (size_t)nn_elements(g->nodes[i].shape), sizeof(double));
        for (int k = 0; k < g->nodes[i].n_params; k++) {
            size_t count = g->nodes[i].params[k].count;
            const float *from = nn_param_values(net, i, k);
            for (int s = 0; k == 0 && s < net->fused.n_groups; s++)
                if (net->steps[s].group.main == i && net->steps[s].quantised)
                    from = net->steps[s].quantised;
            f->param[i][k] = malloc(count * sizeof(double));
            for (size_t j = 0; j < count; j++)
                f->param[i][k][j] = (double)from[j];
        }
    }
    for (int s = 0; s < net->fused.n_groups; s++) {
        const nn_step *step = &net->steps[s];
        int id = step->group.main;
        size_t image = (size_t)nn_elements(g->nodes[id].shape);
        if (!f64_is(&g->nodes[id], "dropout"))
            continue;
        f->dropped[id] = malloc((size_t)n * image);
        for (int k = 0; k < net->active; k++)
            memcpy(f->dropped[id] + (size_t)net->shards[k].first * image, step->state + (size_t)k * step->state_pitch, (size_t)net->shards[k].n * image);
    }
    nn_view v = nn_output_view(net, 0, n);
    for (int i = 0; i < n; i++)
        for (int y = 0; y < v.h; y++)
            for (int x = 0; x < v.w; x++)
                for (int c = 0; c < v.c; c++)
                    f->out[0][f64_at(g->nodes[0].shape, i, y, x, c)] = (double)v.p[i * v.sn + y * v.sh + x * v.sw + c];
}

static inline void f64_keep_all(f64_graph *f)
{
    for (int i = 0; i < 64; i++) {
        free(f->dropped[i]);
        f->dropped[i] = NULL;
    }
}

static inline void f64_destroy(f64_graph *f)
{
    f64_keep_all(f);
    for (int i = 0; i < f->g->n_nodes; i++) {
        free(f->out[i]);
        for (int k = 0; k < NN_MAX_PARAMS; k++)
            free(f->param[i][k]);
    }
    free(f->out);
}

/* sum of coefficient x output; NaN: an unknown operator. */
static inline double f64_run(f64_graph *f, const double *coefficient)
{
    double sum = 0;
    for (int i = 1; i < f->g->n_nodes; i++)
        if (!f64_node(f, i))
            return NAN;
    size_t count = (size_t)f->n * (size_t)nn_elements(f->g->nodes[f->g->output].shape);
    for (size_t i = 0; i < count; i++)
        sum += coefficient[i] * f->out[f->g->output][i];
    return sum;
}

#endif
