/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check.c - whether a model, which may come from a file that anyone wrote, is consistent in all that its users rely on */
#include "nn/infer/model.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_ELEMENTS ((int64_t)1 << 28) /* of a tensor, as graphs have it */
#define MAX_ARENA ((int64_t)1 << 30)

typedef struct checker {
    const infer_model *m;
    int at; /* the step, for sentences */
    ash_error *err;
} checker;

static ash_status bad(const checker *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static ash_status bad(const checker *c, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return c->at < 0 ? ash_fail(c->err, ASH_INVALID, "the model %s", text) : ash_fail(c->err, ASH_INVALID, "step %d of the model %s", c->at + 1, text);
}

static bool same_shape(nn_shape a, nn_shape b)
{
    return a.h == b.h && a.w == b.w && a.c == b.c;
}

bool infer_is_shape(nn_shape s)
{
    return s.h > 0 && s.w > 0 && s.c > 0 && (int64_t)s.h * s.w <= MAX_ELEMENTS && nn_elements(s) <= MAX_ELEMENTS;
}

int infer_weight_max(const int8_t *weights, int64_t n)
{
    int most = 0;
    for (int64_t i = 0; i < n; i++) {
        int v = weights[i] < 0 ? -weights[i] : weights[i];
        most = v > most ? v : most;
    }
    return most;
}

/* ---- windows ---- */

static bool axis_meets(int kernel, int stride, int dilation, int pad, int in, int out)
{
    for (int o = 0; o < out; o++) {
        int64_t first = (int64_t)o * stride - pad; /* the first tap inside, if there is one */
        if (first < 0)
            first += (-first + dilation - 1) / dilation * dilation;
        if (first >= in || first > (int64_t)o * stride - pad + (int64_t)(kernel - 1) * dilation)
            return false;
    }
    return true;
}

bool infer_windows_meet(const nn_conv *c, nn_shape in, nn_shape out)
{
    return axis_meets(c->kh, c->stride_h, c->dilation_h, c->pad_top, in.h, out.h) &&
           axis_meets(c->kw, c->stride_w, c->dilation_w, c->pad_left, in.w, out.w);
}

/* Numbers as nn_window_resolve makes them: no sum of them leaves an int. */
static bool is_axis(int kernel, int stride, int dilation, int pad, int in, int out)
{
    if (kernel < 1 || kernel > (in > 1024 ? in : 1024) || stride < 1 || stride > 1024 || dilation < 1 || dilation > 1024 || pad < 0 ||
        pad > 1024 * 1024)
        return false;
    return (int64_t)(out - 1) * stride - pad <= (int64_t)in - 1 + pad; /* "same" ends in the input, padding by number within the padding */
}

static bool is_window(const nn_conv *c, nn_shape in, nn_shape out)
{
    return is_axis(c->kh, c->stride_h, c->dilation_h, c->pad_top, in.h, out.h) &&
           is_axis(c->kw, c->stride_w, c->dilation_w, c->pad_left, in.w, out.w);
}

bool infer_padding_fits(const nn_conv *c, nn_shape in, nn_shape out)
{
    int64_t below = (int64_t)(c->kh - 1) * c->dilation_h, beside = (int64_t)(c->kw - 1) * c->dilation_w;
    int64_t rows = (int64_t)(out.h - 1) * c->stride_h + below + 1, columns = (int64_t)(out.w - 1) * c->stride_w + beside + 1;
    return c->pad_top <= below && c->pad_left <= beside && rows <= MAX_ELEMENTS && columns <= MAX_ELEMENTS &&
           rows * columns <= MAX_ELEMENTS / in.c;
}

/* ---- steps ---- */

static const infer_tensor *input(const checker *c, const infer_step *s, int k)
{
    return &c->m->tensors[s->inputs[k]];
}

static ash_status check_requant(const checker *c, const infer_step *s, const infer_tensor *y)
{
    const infer_requant *r = &s->requant;
    for (int k = 0; k < y->shape.c; k++)
        if (r->shift[k] < INFER_SHIFT_MIN || r->shift[k] > INFER_SHIFT_MAX)
            return bad(c, "shifts channel %d by %d", k, r->shift[k]);
    if (r->low > r->high || r->low < infer_code_min(y->type) || r->high > infer_code_max(y->type))
        return bad(c, "clamps to %d .. %d", (int)r->low, (int)r->high);
    return ASH_OK;
}

static ash_status check_weights(const checker *c, const infer_step *s, const infer_tensor *x, int64_t count)
{
    int bits = s->weight_bits;
    if (bits != 1 && bits != 2 && bits != 4 && bits != 8)
        return bad(c, "has weights of %d bits", bits);
    int most = infer_weight_max(s->weights, count);
    if (most > (bits == 8 ? 127 : (1 << bits) - 1))
        return bad(c, "has weights that %d bits cannot hold", bits);
    for (int64_t i = 0; bits == 1 && i < count; i++)
        if (s->weights[i] == 0)
            return bad(c, "has weights that one bit cannot hold");
    int64_t per_row = infer_per_row(&s->conv, s->seen[0]);
    if (per_row > INT32_MAX / (most * infer_code_max(x->type) + 1)) /* + 1: weights may all be 0 */
        return bad(c, "may have sums that 32 bits cannot hold");
    return ASH_OK;
}

static ash_status check_linear(const checker *c, const infer_step *s, const infer_tensor *y)
{
    nn_shape in = s->seen[0], out = y->shape;
    const nn_conv *g = &s->conv;
    if (!is_window(g, in, out) || !infer_padding_fits(g, in, out) || g->groups < 1 || in.c % g->groups || out.c % g->groups)
        return bad(c, "has a window that does not fit");
    if (check_weights(c, s, input(c, s, 0), infer_per_row(g, in) * out.c) != ASH_OK)
        return c->err->status;
    if (y->type.bits < 32)
        return check_requant(c, s, y);
    for (int k = 0; k < out.c; k++)
        if (!isfinite(c->m->scale[k]) || !isfinite(c->m->offset[k]))
            return bad(c, "has an output whose scale is not finite");
    return ASH_OK;
}

static ash_status check_pool(const checker *c, const infer_step *s, const infer_tensor *y)
{
    nn_shape in = s->seen[0];
    const nn_conv *g = &s->conv;
    if (in.c != y->shape.c || !is_window(g, in, y->shape) || (int64_t)g->kh * g->kw > INFER_MEAN_MAX || !infer_windows_meet(g, in, y->shape))
        return bad(c, "has a window that does not fit");
    return s->kind == INFER_AVERAGE ? check_requant(c, s, y) : ASH_OK;
}

static ash_status check_sum(const checker *c, const infer_step *s, const infer_tensor *y)
{
    for (int k = 0; k < s->n_inputs; k++)
        if (!same_shape(s->seen[k], y->shape))
            return bad(c, "has inputs of other shapes");
    return check_requant(c, s, y);
}

static ash_status check_concat(const checker *c, const infer_step *s, const infer_tensor *y)
{
    int64_t channels = 0;
    for (int k = 0; k < s->n_inputs; k++) {
        if (s->seen[k].h != y->shape.h || s->seen[k].w != y->shape.w)
            return bad(c, "has inputs of other shapes");
        channels += s->seen[k].c;
    }
    return channels == y->shape.c ? check_requant(c, s, y) : bad(c, "has inputs of other shapes");
}

static ash_status check_product(const checker *c, const infer_step *s, const infer_tensor *y)
{
    nn_shape pixel = {1, 1, y->shape.c};
    for (int k = 0; k < 2; k++)
        if (!same_shape(s->seen[k], y->shape) && !same_shape(s->seen[k], pixel))
            return bad(c, "has inputs of other shapes");
    return check_requant(c, s, y);
}

static ash_status check_table(const checker *c, const infer_step *s, const infer_tensor *y)
{
    if (!same_shape(s->seen[0], y->shape))
        return bad(c, "has inputs of other shapes");
    for (int i = 0; i < 1 << input(c, s, 0)->type.bits; i++)
        if (s->table[i] < infer_code_min(y->type) || s->table[i] > infer_code_max(y->type) || (s->table[i] == 0 && infer_is_sign(y->type)))
            return bad(c, "has %d in its table", s->table[i]);
    return ASH_OK;
}

/* Codes that only move. */
static ash_status check_moves(const checker *c, const infer_step *s, const infer_tensor *y)
{
    const infer_tensor *x = input(c, s, 0);
    if (x->type.bits != y->type.bits || x->type.is_signed != y->type.is_signed || x->step < y->step || x->step > y->step)
        return bad(c, "has codes of another type than its input");
    if (s->kind == INFER_MAX)
        return check_pool(c, s, y);
    if (s->kind == INFER_ZERO)
        return infer_is_sign(y->type) ? bad(c, "has no code for zero") : ASH_OK;
    return same_shape(s->seen[0], y->shape) && s->conv.groups >= 1 && y->shape.c % s->conv.groups == 0 ? ASH_OK
                                                                                                    : bad(c, "shuffles channels that do not fit");
}

static ash_status check_step(const checker *c, const infer_step *s)
{
    const infer_tensor *y = &c->m->tensors[c->at + 1];
    bool several = s->kind == INFER_ADD || s->kind == INFER_CONCAT;
    int needed = s->kind == INFER_MULTIPLY ? 2 : 1;
    if (several ? s->n_inputs < 1 || s->n_inputs > NN_MAX_INPUTS : s->n_inputs != needed)
        return bad(c, "has %d inputs", s->n_inputs);
    for (int k = 0; k < s->n_inputs; k++)
        if (s->inputs[k] < 0 || s->inputs[k] > c->at || !infer_is_shape(s->seen[k]) || nn_elements(s->seen[k]) != nn_elements(input(c, s, k)->shape))
            return bad(c, "reads what is not there");
    switch (s->kind) {
    case INFER_LINEAR: return check_linear(c, s, y);
    case INFER_ADD: return check_sum(c, s, y);
    case INFER_CONCAT: return check_concat(c, s, y);
    case INFER_MULTIPLY: return check_product(c, s, y);
    case INFER_AVERAGE: return check_pool(c, s, y);
    case INFER_TABLE: return check_table(c, s, y);
    case INFER_MAX:
    case INFER_SHUFFLE:
    case INFER_ZERO: return check_moves(c, s, y);
    case INFER_NONE: break;
    }
    return bad(c, "is of no kind");
}

/* ---- memory ---- */

/* The last step that reads a tensor. */
static int last_reader(const infer_model *m, int tensor)
{
    for (int s = m->n_tensors - 2; s >= tensor; s--)
        for (int k = 0; k < m->steps[s].n_inputs; k++)
            if (m->steps[s].inputs[k] == tensor)
                return s;
    return tensor - 1; /* nobody: it is gone when it is written */
}

/* Elements of x and y lie in the same bits, and y's are made one by one of those of x. */
static bool may_write_over(const infer_model *m, int x, int y)
{
    const infer_step *s = &m->steps[y - 1];
    const infer_tensor *from = &m->tensors[x], *to = &m->tensors[y];
    return (s->kind == INFER_ADD || s->kind == INFER_MULTIPLY || s->kind == INFER_TABLE) && from->offset == to->offset &&
           from->type.bits == to->type.bits && nn_elements(from->shape) == nn_elements(to->shape);
}

static ash_status check_memory(checker *c)
{
    const infer_model *m = c->m;
    for (int x = 0; x < m->n_tensors; x++) {
        const infer_tensor *a = &m->tensors[x];
        int last = last_reader(m, x);
        for (int y = x + 1; y < m->n_tensors && y - 1 <= last; y++) {
            const infer_tensor *b = &m->tensors[y];
            bool apart = a->offset + infer_bytes(a) <= b->offset || b->offset + infer_bytes(b) <= a->offset;
            c->at = y - 1;
            if (!apart && !(last == y - 1 && may_write_over(m, x, y)))
                return bad(c, "writes over what is read later");
        }
    }
    return ASH_OK;
}

static ash_status check_tensor(const checker *c, int i)
{
    const infer_tensor *t = &c->m->tensors[i];
    int bits = t->type.bits;
    bool is_output = i == c->m->n_tensors - 1;
    if (!infer_is_shape(t->shape))
        return bad(c, "has a tensor of %d x %d x %d", t->shape.h, t->shape.w, t->shape.c);
    if (is_output ? bits != 32 : bits != 1 && bits != 2 && bits != 4 && bits != 8)
        return bad(c, "has codes of %d bits", bits);
    if (!(t->step > 0) || !isfinite(t->step))
        return bad(c, "has a step that is not positive");
    if (t->offset < 0 || t->offset > c->m->arena_bytes - infer_bytes(t) || (is_output && t->offset % 4))
        return bad(c, "has a tensor outside its memory");
    return ASH_OK;
}

ash_status infer_check_tensors(const infer_model *m, ash_error *err)
{
    checker c = {.m = m, .at = -1, .err = err};
    if (m->n_tensors < 2 || m->n_tensors > INFER_MAX_TENSORS)
        return bad(&c, "has %d tensors", m->n_tensors);
    if (m->arena_bytes < 0 || m->arena_bytes > MAX_ARENA)
        return bad(&c, "takes more than 1 GiB of memory");
    int64_t end = 0;
    for (int i = 0; i < m->n_tensors; i++) {
        c.at = i - 1;
        if (check_tensor(&c, i) != ASH_OK)
            return err->status;
        int64_t own = m->tensors[i].offset + infer_bytes(&m->tensors[i]);
        end = own > end ? own : end;
    }
    c.at = -1;
    return end == m->arena_bytes ? ASH_OK : bad(&c, "takes more memory than its tensors");
}

ash_status infer_check(const infer_model *m, ash_error *err)
{
    checker c = {.m = m, .at = -1, .err = err};
    if (infer_check_tensors(m, err) != ASH_OK)
        return err->status;
    if (m->steps[m->n_tensors - 2].kind != INFER_LINEAR)
        return bad(&c, "does not end in a linear step");
    for (c.at = 0; c.at < m->n_tensors - 1; c.at++)
        if (check_step(&c, &m->steps[c.at]) != ASH_OK)
            return err->status;
    return check_memory(&c);
}
