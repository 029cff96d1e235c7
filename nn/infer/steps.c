/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steps.c - see steps.h and, for what each computes, kind.h */
#include "nn/infer/steps.h"
#include <string.h>

void infer_constants(int64_t *constant, const infer_requant *r, int channels, infer_type y)
{
    for (int c = 0; c < channels; c++)
        constant[c] = r->bias[c] * ((int64_t)1 << (r->shift[c] - 16)) + (infer_is_sign(y) ? 0 : (int64_t)1 << (r->shift[c] - 1));
}

/* sum: acc m of channel c. */
static inline int16_t code_of(const infer_pass *p, int64_t sum, int c)
{
    const infer_requant *r = &p->step->requant;
    int64_t v = sum + p->constant[c];
    if (infer_is_sign(p->y->type))
        return v >= 0 ? 1 : -1;
    v >>= r->shift[c];
    return (int16_t)(v < r->low ? r->low : v > r->high ? r->high : v);
}

/* n: of inputs, a constant of the caller's, so that the loop over them unrolls. What codes could alias is read before the loop. */
static inline void add_inputs(const infer_pass *p, int n)
{
    const infer_requant r = p->step->requant;
    const int64_t *constant = p->constant;
    const int16_t *x[NN_MAX_INPUTS];
    int16_t *to = p->to;
    bool sign = infer_is_sign(p->y->type);
    int channels = p->y->shape.c;
    memcpy(x, p->x, (size_t)n * sizeof(*x));
    for (int64_t i = 0, end = nn_elements(p->y->shape); i < end; i += channels)
        for (int c = 0; c < channels; c++) {
            int64_t v = constant[c];
            for (int k = 0; k < n; k++)
                v += (int64_t)x[k][i + c] * r.m[k * channels + c];
            int64_t code = v >> r.shift[c];
            code = code < r.low ? r.low : code;
            code = code > r.high ? r.high : code;
            to[i + c] = (int16_t)(sign ? (v >= 0 ? 1 : -1) : code);
        }
}

static void run_add(const infer_pass *p)
{
    if (p->step->n_inputs == 2)
        add_inputs(p, 2);
    else
        add_inputs(p, p->step->n_inputs);
}

static void run_concat(const infer_pass *p)
{
    int channels = p->y->shape.c, first = 0;
    int64_t pixels = (int64_t)p->y->shape.h * p->y->shape.w;
    for (int k = 0; k < p->step->n_inputs; k++) {
        int own = p->step->seen[k].c;
        for (int64_t i = 0; i < pixels; i++)
            for (int c = 0; c < own; c++)
                p->to[i * channels + first + c] = code_of(p, (int64_t)p->x[k][i * own + c] * p->step->requant.m[first + c], first + c);
        first += own;
    }
}

static void run_multiply(const infer_pass *p)
{
    int channels = p->y->shape.c;
    int64_t stride[2]; /* 0: one pixel for all */
    for (int k = 0; k < 2; k++)
        stride[k] = p->step->seen[k].h == 1 && p->step->seen[k].w == 1 ? 0 : channels;
    for (int64_t i = 0, pixels = (int64_t)p->y->shape.h * p->y->shape.w; i < pixels; i++)
        for (int c = 0; c < channels; c++) {
            int32_t acc = p->x[0][i * stride[0] + c] * p->x[1][i * stride[1] + c];
            p->to[i * channels + c] = code_of(p, (int64_t)acc * p->step->requant.m[c], c);
        }
}

typedef struct window { /* the taps of one output pixel that are inside the input */
    int top, bottom, left, right; /* first, and one past the last, in pixels */
    int n;
} window;

/* First position and one past the last of an axis; steps of `dilation` between. */
static int clip_axis(int first, int kernel, int dilation, int size, int *from, int *to)
{
    int last = first + (kernel - 1) * dilation;
    *from = first >= 0 ? first : first + (-first + dilation - 1) / dilation * dilation;
    if (last >= size)
        last -= (last - size + dilation) / dilation * dilation;
    *to = last + 1;
    return last < *from ? 0 : (last - *from) / dilation + 1;
}

static window window_at(const nn_conv *g, nn_shape in, int row, int column)
{
    window w;
    w.n = clip_axis(row * g->stride_h - g->pad_top, g->kh, g->dilation_h, in.h, &w.top, &w.bottom);
    w.n *= clip_axis(column * g->stride_w - g->pad_left, g->kw, g->dilation_w, in.w, &w.left, &w.right);
    return w;
}

static const int16_t *pixel(const infer_pass *p, int row, int column)
{
    nn_shape in = p->step->seen[0];
    return p->x[0] + ((int64_t)row * in.w + column) * in.c;
}

static int64_t floor_divide(int64_t a, int b) /* b > 0 */
{
    int64_t q = a / b;
    return q - (q * b > a);
}

static void average_pixel(const infer_pass *p, const window *w, int16_t *to)
{
    const nn_conv *g = &p->step->conv;
    for (int c = 0; c < p->y->shape.c; c++) {
        int32_t acc = 0;
        for (int row = w->top; row < w->bottom; row += g->dilation_h)
            for (int column = w->left; column < w->right; column += g->dilation_w)
                acc += pixel(p, row, column)[c];
        to[c] = code_of(p, floor_divide((int64_t)acc * p->step->requant.m[c], w->n), c);
    }
}

static void max_pixel(const infer_pass *p, const window *w, int16_t *to)
{
    const nn_conv *g = &p->step->conv;
    int channels = p->y->shape.c;
    memcpy(to, pixel(p, w->top, w->left), (size_t)channels * sizeof(*to));
    for (int row = w->top; row < w->bottom; row += g->dilation_h)
        for (int column = w->left; column < w->right; column += g->dilation_w) {
            const int16_t *x = pixel(p, row, column);
            for (int c = 0; c < channels; c++)
                to[c] = x[c] > to[c] ? x[c] : to[c];
        }
}

static void run_pool(const infer_pass *p, void (*pool)(const infer_pass *p, const window *w, int16_t *to))
{
    nn_shape out = p->y->shape;
    for (int row = 0; row < out.h; row++)
        for (int column = 0; column < out.w; column++) {
            window w = window_at(&p->step->conv, p->step->seen[0], row, column);
            pool(p, &w, p->to + ((int64_t)row * out.w + column) * out.c);
        }
}

static void run_table(const infer_pass *p)
{
    int bits = p->x_type.bits, mask = (1 << bits) - 1;
    bool sign = infer_is_sign(p->x_type);
    for (int64_t i = 0, n = nn_elements(p->y->shape); i < n; i++)
        p->to[i] = p->step->table[sign ? p->x[0][i] < 0 : p->x[0][i] & mask];
}

static void run_shuffle(const infer_pass *p)
{
    int channels = p->y->shape.c, groups = p->step->conv.groups, per_group = channels / groups;
    for (int64_t i = 0, n = nn_elements(p->y->shape); i < n; i += channels)
        for (int g = 0; g < groups; g++)
            for (int k = 0; k < per_group; k++)
                p->to[i + k * groups + g] = p->x[0][i + g * per_group + k];
}

void infer_pass_run(const infer_pass *p)
{
    switch (p->step->kind) {
    case INFER_ADD: run_add(p); break;
    case INFER_CONCAT: run_concat(p); break;
    case INFER_MULTIPLY: run_multiply(p); break;
    case INFER_AVERAGE: run_pool(p, average_pixel); break;
    case INFER_MAX: run_pool(p, max_pixel); break;
    case INFER_TABLE: run_table(p); break;
    case INFER_SHUFFLE: run_shuffle(p); break;
    case INFER_ZERO: memset(p->to, 0, (size_t)nn_elements(p->y->shape) * sizeof(*p->to)); break;
    case INFER_LINEAR:
    case INFER_NONE: break;
    }
}
