/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steps.c - see nn/infer/steps.h and, for what each computes, nn/infer/kind.h; loops that compilers turn into vectors */
#include "nn/infer/steps.h"
#include "nn/infer/kernels/tuned/layer.h"
#include <math.h>

enum { SOME = 64 }; /* codes at a time, where intermediate values are kept */

/* ---- sums to codes ---- */

/* Any sum; c: channel. */
INLINE int16_t code_of(const infer_pass *p, int64_t sum, int c)
{
    const infer_requant *r = &p->step->requant;
    int64_t v = sum + p->constants.add[c];
    if (infer_is_sign(p->y->type))
        return v >= 0 ? 1 : -1;
    v >>= r->shift[c];
    return (int16_t)(v < r->low ? r->low : v > r->high ? r->high : v);
}

/* n codes from the first entry of the constants on, n <= span, of the sums of `inputs` products of a code, which (<< up) never pass 2^60. */
INLINE void scale_some(int16_t *restrict to, const int16_t *const *x, const int inputs, const infer_pass *p, int n)
{
    const infer_constants *k = &p->constants;
    const int64_t *restrict add = k->add, *restrict up = k->up;
    const int32_t *restrict down = k->down, *restrict m = k->m;
    const int16_t *restrict x0 = x[0], *restrict x1 = x[inputs > 1];
    int span = k->span, low = p->step->requant.low, high = p->step->requant.high;
    if (infer_is_sign(p->y->type)) {
        for (int i = 0; i < n; i++) {
            int64_t v = add[i];
            for (int j = 0; j < inputs; j++)
                v += (int64_t)x[j][i] * m[j * span + i];
            to[i] = v >= 0 ? 1 : -1;
        }
        return;
    }
    for (int i = 0; i < n; i++) {
        int64_t v = add[i] + (int64_t)x0[i] * m[i];
        if (inputs > 1)
            v += (int64_t)x1[i] * m[span + i];
        for (int j = 2; j < inputs; j++)
            v += (int64_t)x[j][i] * m[j * span + i];
        int32_t code = (int32_t)((int64_t)((uint64_t)v << up[i]) >> 32) >> down[i];
        code = code < low ? low : code;
        to[i] = (int16_t)(code > high ? high : code);
    }
}

static void run_add(const infer_pass *p)
{
    const int16_t *x[NN_MAX_INPUTS];
    int inputs = p->step->n_inputs, span = p->constants.span;
    for (int64_t from = 0, n = nn_elements(p->y->shape); from < n; from += span) {
        int some = n - from < span ? (int)(n - from) : span;
        for (int j = 0; j < inputs; j++)
            x[j] = p->x[j] + from;
        if (inputs == 1)
            scale_some(p->to + from, x, 1, p, some);
        else if (inputs == 2)
            scale_some(p->to + from, x, 2, p, some);
        else
            scale_some(p->to + from, x, inputs, p, some);
    }
}

static void run_concat(const infer_pass *p)
{
    int channels = p->y->shape.c, first = 0;
    int64_t pixels = (int64_t)p->y->shape.h * p->y->shape.w;
    for (int k = 0; k < p->step->n_inputs; k++) {
        int own = p->step->seen[k].c;
        for (int64_t i = 0; i < pixels; i++)
            for (int c = 0; c < own; c++)
                p->to[i * channels + first + c] = code_of(p, (int64_t)p->x[k][i * own + c] * p->constants.m[first + c], first + c);
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
            p->to[i * channels + c] = code_of(p, (int64_t)acc * p->constants.m[c], c);
        }
}

/* ---- windows ---- */

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

/* Channels first .. first + n of one pixel, n <= SOME. */
static void average_pixel(const infer_pass *p, const window *w, int16_t *restrict to, int first, int n)
{
    const nn_conv *g = &p->step->conv;
    int32_t acc[SOME] = {0};
    for (int row = w->top; row < w->bottom; row += g->dilation_h)
        for (int column = w->left; column < w->right; column += g->dilation_w) {
            const int16_t *restrict x = pixel(p, row, column) + first;
            for (int c = 0; c < n; c++)
                acc[c] += x[c];
        }
    for (int c = 0; c < n; c++)
        to[c] = code_of(p, floor_divide((int64_t)acc[c] * p->constants.m[first + c], w->n), first + c);
}

static void max_pixel(const infer_pass *p, const window *w, int16_t *restrict to, int first, int n)
{
    const nn_conv *g = &p->step->conv;
    int16_t most[SOME];
    memcpy(most, pixel(p, w->top, w->left) + first, (size_t)n * sizeof(*most));
    for (int row = w->top; row < w->bottom; row += g->dilation_h)
        for (int column = w->left; column < w->right; column += g->dilation_w) {
            const int16_t *restrict x = pixel(p, row, column) + first;
            for (int c = 0; c < n; c++)
                most[c] = x[c] > most[c] ? x[c] : most[c];
        }
    memcpy(to, most, (size_t)n * sizeof(*most));
}

static void run_pool(const infer_pass *p, void (*pool)(const infer_pass *p, const window *w, int16_t *restrict to, int first, int n))
{
    nn_shape out = p->y->shape;
    for (int row = 0; row < out.h; row++)
        for (int column = 0; column < out.w; column++) {
            window w = window_at(&p->step->conv, p->step->seen[0], row, column);
            int16_t *to = p->to + ((int64_t)row * out.w + column) * out.c;
            for (int c = 0; c < out.c; c += SOME)
                pool(p, &w, to + c, c, out.c - c < SOME ? out.c - c : SOME);
        }
}

/* ---- code by code ---- */

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

void layer_pass(const infer_pass *p)
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

/* As infer_round. */
void layer_quantise(int16_t *restrict codes, const float *restrict x, size_t n, float step, infer_type t)
{
    double low = infer_code_min(t), high = infer_code_max(t);
    if (infer_is_sign(t)) {
        for (size_t i = 0; i < n; i++)
            codes[i] = (double)x[i] / (double)step < 0 ? -1 : 1;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        double v = floor((double)x[i] / (double)step + 0.5);
        v = v > low ? v : low;
        codes[i] = (int16_t)(int)(v < high ? v : high);
    }
}
