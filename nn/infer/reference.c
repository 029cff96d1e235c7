/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference.c - see reference.h */
#include "nn/infer/reference.h"
#include <math.h>

typedef struct run {
    const infer_model *m;
    const infer_step *s;
    const infer_tensor *y;
    int32_t **codes;
    int32_t *to; /* y's codes */
} run;

static int64_t at(nn_shape s, int row, int column, int channel)
{
    return ((int64_t)row * s.w + column) * s.c + channel;
}

static int32_t input(const run *r, int k, int row, int column, int channel)
{
    return r->codes[r->s->inputs[k]][at(r->s->seen[k], row, column, channel)];
}

/* sum: acc m, of one output channel. */
static int32_t requantise(const run *r, int64_t sum, int channel)
{
    const infer_requant *q = &r->s->requant;
    int shift = q->shift[channel];
    int64_t v = sum + q->bias[channel] * ((int64_t)1 << (shift - 16));
    if (r->y->type.bits == 1 && r->y->type.is_signed)
        return v >= 0 ? 1 : -1;
    v = (v + ((int64_t)1 << (shift - 1))) >> shift;
    return v < q->low ? q->low : v > q->high ? q->high : (int32_t)v;
}

static int64_t floor_divide(int64_t a, int64_t b) /* b > 0 */
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

typedef struct tap { /* of a window */
    int row, column;
    bool inside;
} tap;

static tap tap_of(const nn_conv *g, nn_shape in, int row, int column, int u, int v)
{
    tap t = {row * g->stride_h + u * g->dilation_h - g->pad_top, column * g->stride_w + v * g->dilation_w - g->pad_left, false};
    t.inside = t.row >= 0 && t.row < in.h && t.column >= 0 && t.column < in.w;
    return t;
}

static int32_t linear(const run *r, int row, int column, int channel)
{
    const infer_step *s = r->s;
    const nn_conv *g = &s->conv;
    int per_group = s->seen[0].c / g->groups, group = channel / (r->y->shape.c / g->groups);
    int64_t acc = 0;
    for (int u = 0; u < g->kh; u++)
        for (int v = 0; v < g->kw; v++) {
            tap t = tap_of(g, s->seen[0], row, column, u, v);
            if (!t.inside)
                continue;
            const int32_t *x = &r->codes[s->inputs[0]][at(s->seen[0], t.row, t.column, group * per_group)];
            const int8_t *w = &s->weights[((int64_t)u * g->kw + v) * per_group * r->y->shape.c + channel];
            for (int k = 0; k < per_group; k++)
                acc += (int64_t)x[k] * w[(int64_t)k * r->y->shape.c];
        }
    return r->y->type.bits == 32 ? (int32_t)acc : requantise(r, acc * s->requant.m[channel], channel);
}

static int32_t average(const run *r, int row, int column, int channel)
{
    const nn_conv *g = &r->s->conv;
    int64_t acc = 0, n = 0;
    for (int u = 0; u < g->kh; u++)
        for (int v = 0; v < g->kw; v++) {
            tap t = tap_of(g, r->s->seen[0], row, column, u, v);
            if (!t.inside)
                continue;
            acc += input(r, 0, t.row, t.column, channel);
            n++;
        }
    return requantise(r, floor_divide(acc * r->s->requant.m[channel], n), channel);
}

static int32_t maximum(const run *r, int row, int column, int channel)
{
    const nn_conv *g = &r->s->conv;
    int32_t most = INT32_MIN;
    for (int u = 0; u < g->kh; u++)
        for (int v = 0; v < g->kw; v++) {
            tap t = tap_of(g, r->s->seen[0], row, column, u, v);
            if (t.inside && input(r, 0, t.row, t.column, channel) > most)
                most = input(r, 0, t.row, t.column, channel);
        }
    return most;
}

static int32_t sum(const run *r, int row, int column, int channel)
{
    int64_t v = 0;
    for (int k = 0; k < r->s->n_inputs; k++)
        v += (int64_t)input(r, k, row, column, channel) * r->s->requant.m[k * r->y->shape.c + channel];
    return requantise(r, v, channel);
}

static int32_t concatenated(const run *r, int row, int column, int channel)
{
    int k = 0, c = channel;
    while (c >= r->s->seen[k].c)
        c -= r->s->seen[k++].c;
    return requantise(r, (int64_t)input(r, k, row, column, c) * r->s->requant.m[channel], channel);
}

static int32_t product(const run *r, int row, int column, int channel)
{
    int64_t v = 1;
    for (int k = 0; k < 2; k++) {
        bool spread = r->s->seen[k].h == 1 && r->s->seen[k].w == 1;
        v *= input(r, k, spread ? 0 : row, spread ? 0 : column, channel);
    }
    return requantise(r, v * r->s->requant.m[channel], channel);
}

static int32_t tabulated(const run *r, int row, int column, int channel)
{
    const infer_type x = r->m->tensors[r->s->inputs[0]].type;
    int32_t code = input(r, 0, row, column, channel);
    if (x.bits == 1 && x.is_signed)
        return r->s->table[code < 0];
    return r->s->table[code < 0 ? code + (1 << x.bits) : code];
}

static int32_t shuffled(const run *r, int row, int column, int channel)
{
    int groups = r->s->conv.groups, per_group = r->y->shape.c / groups;
    return input(r, 0, row, column, channel % groups * per_group + channel / groups);
}

static int32_t element(const run *r, int row, int column, int channel)
{
    switch (r->s->kind) {
    case INFER_LINEAR: return linear(r, row, column, channel);
    case INFER_ADD: return sum(r, row, column, channel);
    case INFER_CONCAT: return concatenated(r, row, column, channel);
    case INFER_MULTIPLY: return product(r, row, column, channel);
    case INFER_AVERAGE: return average(r, row, column, channel);
    case INFER_TABLE: return tabulated(r, row, column, channel);
    case INFER_MAX: return maximum(r, row, column, channel);
    case INFER_SHUFFLE: return shuffled(r, row, column, channel);
    case INFER_ZERO:
    case INFER_NONE: break;
    }
    return 0;
}

static int32_t image_code(const infer_tensor *t, double x)
{
    int32_t high = t->type.is_signed ? (1 << (t->type.bits - 1)) - 1 : (1 << t->type.bits) - 1, low = t->type.is_signed ? -high : 0;
    if (t->type.bits == 1 && t->type.is_signed)
        return x < 0 ? -1 : 1;
    double v = floor(x / (double)t->step + 0.5);
    return v > low ? v < high ? (int32_t)v : high : low;
}

void infer_run_reference(const infer_model *m, const float *image, int32_t **codes, float *outputs)
{
    const infer_tensor *last = &m->tensors[m->n_tensors - 1];
    for (int64_t i = 0; i < nn_elements(m->tensors[0].shape); i++)
        codes[0][i] = image_code(&m->tensors[0], (double)image[i]);
    for (int k = 0; k < m->n_tensors - 1; k++) {
        run r = {m, &m->steps[k], &m->tensors[k + 1], codes, codes[k + 1]};
        for (int row = 0; row < r.y->shape.h; row++)
            for (int column = 0; column < r.y->shape.w; column++)
                for (int channel = 0; channel < r.y->shape.c; channel++)
                    r.to[at(r.y->shape, row, column, channel)] = element(&r, row, column, channel);
    }
    for (int64_t i = 0; i < nn_elements(last->shape); i++)
        outputs[i] = (float)((double)codes[m->n_tensors - 1][i] * m->scale[i % last->shape.c] + m->offset[i % last->shape.c]);
}
