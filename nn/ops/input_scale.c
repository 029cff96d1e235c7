/* SPDX-License-Identifier: GPL-3.0-or-later */
/* input_scale.c - the scaling of a binary convolution by its input: y = conv K, with K the mean of |x| over a window and all channels, one
 * factor per pixel (Rastegari et al. 2016, arXiv:1603.05279, section 3.2: I * W = (sign(I) * sign(W)) K alpha; alpha is the weights' scale)
 *
 * Inputs are the convolution and what it convolves, before its signs; the window is the convolution's. Padding counts, as zeros. dx has the
 * gradient of K: sign(x) / (channels x taps) times the sum of dy conv over the windows that x is in. There is no integer form: such a network is float. */
#include "nn/pointwise.h"
#include "nn/window.h"
#include <math.h>
#include <string.h>

typedef struct input_scale {
    nn_window window;
    int64_t pixels; /* of the second input; found by infer */
} input_scale;

static const option rows[] = {
    NN_WINDOW_KERNEL(input_scale, "3"),
    NN_WINDOW_STRIDE(input_scale),
    NN_WINDOW_DILATION(input_scale),
    NN_WINDOW_PADDING(input_scale, "same"),
};
static const option_table attrs = OPTION_TABLE("input_scale", input_scale, rows);

static const nn_conv *window_of(const nn_node *n)
{
    return &((const input_scale *)n->attrs)->window.g;
}

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a;
    input_scale *s = n->attrs;
    int h, w;
    if (nn_window_resolve(&s->window, in[1], &h, &w, err) != ASH_OK)
        return err->status;
    if (h != in[0].h || w != in[0].w)
        return ash_fail(err, ASH_INVALID, "a window of the second input gives %d x %d factors for a map of %d x %d; give it the convolution's kernel, stride and padding",
                        h, w, in[0].h, in[0].w);
    s->pixels = (int64_t)in[1].h * in[1].w;
    n->shape = in[0];
    n->flops = nn_elements(in[1]) + (int64_t)h * w * s->window.g.kh * s->window.g.kw + nn_elements(in[0]);
    return ASH_OK;
}

/* State, per image of the batch: a factor per pixel of y, then a sum per pixel of x. */
static size_t pixels_of(nn_view v)
{
    return (size_t)v.h * (size_t)v.w;
}

static float *factors_of(const nn_pass *p, int i)
{
    return (float *)p->state + (size_t)i * (pixels_of(p->y) + pixels_of(p->x[1]));
}

static float *sums_of(const nn_pass *p, int i)
{
    return factors_of(p, i) + pixels_of(p->y);
}

/* The pixel of x that a tap of y's pixel (r, q) reads, in a map of one value per pixel; NULL: padding. */
static float *tap(const nn_pass *p, float *map, int r, int q, int ky, int kx)
{
    const nn_conv *g = window_of(p->node);
    nn_view x = p->x[1];
    int row = r * g->stride_h - g->pad_top + ky * g->dilation_h, column = q * g->stride_w - g->pad_left + kx * g->dilation_w;
    return row < 0 || row >= x.h || column < 0 || column >= x.w ? NULL : &map[row * x.w + column];
}

/* Each factor is the sum over its window. */
static void gather(const nn_pass *p, float *factor, float *sum)
{
    const nn_conv *g = window_of(p->node);
    for (int r = 0; r < p->y.h; r++)
        for (int q = 0; q < p->y.w; q++) {
            float total = 0;
            for (int t = 0; t < g->kh * g->kw; t++) {
                const float *from = tap(p, sum, r, q, t / g->kw, t % g->kw);
                total += from ? *from : 0;
            }
            factor[r * p->y.w + q] = total;
        }
}

/* Each sum is that of the factors in whose windows it is. */
static void spread(const nn_pass *p, const float *factor, float *sum)
{
    const nn_conv *g = window_of(p->node);
    memset(sum, 0, pixels_of(p->x[1]) * sizeof(*sum));
    for (int r = 0; r < p->y.h; r++)
        for (int q = 0; q < p->y.w; q++)
            for (int t = 0; t < g->kh * g->kw; t++) {
                float *to = tap(p, sum, r, q, t / g->kw, t % g->kw);
                if (to)
                    *to += factor[r * p->y.w + q];
            }
}

static float share_of(const nn_pass *p) /* of one element in a factor */
{
    const nn_conv *g = window_of(p->node);
    return 1 / (float)(g->kh * g->kw * p->x[1].c);
}

static void forward(const nn_pass *p)
{
    nn_view x = p->x[1];
    float share = share_of(p);
    for (int i = 0; i < p->y.n; i++) {
        float *factor = factors_of(p, i), *sum = sums_of(p, i);
        for (int r = 0; r < x.h; r++)
            for (int q = 0; q < x.w; q++) {
                const float *from = nn_pixel(x, i, r, q);
                float total = 0;
                for (int c = 0; c < x.c; c++)
                    total += fabsf(from[c]);
                sum[r * x.w + q] = total * share;
            }
        gather(p, factor, sum);
        for (int r = 0; r < p->y.h; r++)
            for (int q = 0; q < p->y.w; q++) {
                float *y = nn_pixel(p->y, i, r, q), k = factor[r * p->y.w + q];
                const float *conv = nn_pixel(p->x[0], i, r, q);
                for (int c = 0; c < p->y.c; c++)
                    y[c] = conv[c] * k;
            }
    }
}

static void backward_of_conv(const nn_pass *p, int i, const float *factor)
{
    for (int r = 0; r < p->dy.h; r++)
        for (int q = 0; q < p->dy.w; q++) {
            float *d = nn_pixel(p->dx[0], i, r, q), k = factor[r * p->dy.w + q];
            const float *dy = nn_pixel(p->dy, i, r, q);
            for (int c = 0; c < p->dy.c; c++)
                d[c] = dy[c] * k + (p->accumulate[0] ? d[c] : 0);
        }
}

/* Overwrites the factors by their gradients. */
static void backward_of_input(const nn_pass *p, int i, float *factor, float *sum)
{
    nn_view x = p->x[1];
    float share = share_of(p);
    for (int r = 0; r < p->dy.h; r++)
        for (int q = 0; q < p->dy.w; q++) {
            const float *dy = nn_pixel(p->dy, i, r, q), *conv = nn_pixel(p->x[0], i, r, q);
            float total = 0;
            for (int c = 0; c < p->dy.c; c++)
                total += dy[c] * conv[c];
            factor[r * p->dy.w + q] = total * share;
        }
    spread(p, factor, sum);
    for (int r = 0; r < x.h; r++)
        for (int q = 0; q < x.w; q++) {
            float *d = nn_pixel(p->dx[1], i, r, q), slope = sum[r * x.w + q];
            const float *from = nn_pixel(x, i, r, q);
            for (int c = 0; c < x.c; c++)
                d[c] = (from[c] > 0 ? slope : from[c] < 0 ? -slope : 0) + (p->accumulate[1] ? d[c] : 0);
        }
}

static void backward(const nn_pass *p)
{
    for (int i = 0; i < p->dy.n; i++) {
        if (p->dx[0].p)
            backward_of_conv(p, i, factors_of(p, i));
        if (p->dx[1].p)
            backward_of_input(p, i, factors_of(p, i), sums_of(p, i));
    }
}

static size_t state_bytes(const nn_node *n, int batch)
{
    const input_scale *s = n->attrs;
    return (size_t)batch * (size_t)((int64_t)n->shape.h * n->shape.w + s->pixels) * sizeof(float);
}

const nn_op nn_op_input_scale = {
    .name = "input_scale",
    .help = "a binary convolution times the mean of its input's absolute values, as in XNOR-Net",
    .min_inputs = 2,
    .max_inputs = 2,
    .attrs = &attrs,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .state_bytes = state_bytes,
};
