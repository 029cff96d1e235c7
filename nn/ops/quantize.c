/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quantize.c - activations of few bits: y = s q, q = round(clip(x / s)), one step s for the whole tensor, zero is a code
 *
 * Codes q: 0 .. 2^bits - 1, or +-(2^(bits-1) - 1) when signed; one bit signed is s sign(x), sign(0) = +1. Gradients (v = x / s; sums over the
 * batch; Q the largest code): dx = dy inside the range, 0 outside (one bit signed: inside is |v| <= 1), and ds by method:
 *
 *   lsq     s begins at 2 mean|x| / sqrt(Q); ds = g (sum of dy (q - v) inside + dy q outside), g = 1 / sqrt(elements x Q)
 *           (Esser et al. 2020, arXiv:1902.08153)
 *   pact    s = alpha / Q, alpha begins at max|x|; ds = dalpha / Q, so that alpha moves as if it were the parameter; dalpha = sum of +-dy outside
 *           + its decay by 2e-4                                                                             (Choi et al. 2018, arXiv:1805.06085)
 *   dorefa  s = 1 / Q and stays: the range is 0 .. 1                                                          (Zhou et al. 2016, arXiv:1606.06160)
 *   range   s = max|x| / Q of the first batch and stays: for inputs, whose range is known
 *
 * x / s is x times the rounded 1 / s. */
#include "nn/pointwise.h"
#include "nn/quant/weights.h"
#include <math.h>
#include <string.h>

#define PACT_DECAY 2e-4f
enum { LANES = 16 }; /* of sums, so that their order is that of the memory and vectors can follow it */

typedef struct quantize {
    int64_t bits;
    bool is_signed;
    const char *method;
} quantize;

const char *const nn_activation_quantizer_names[] = {"lsq", "pact", "dorefa", NULL};
static const char *const methods[] = {"lsq", "pact", "dorefa", "range", NULL};

static const option rows[] = {
    {"bits", OPTION_INT, offsetof(quantize, bits), NULL, 1, 8, .help = "bits per code: 8, 4, 2 or 1"},
    {"signed", OPTION_BOOL, offsetof(quantize, is_signed), "false", .help = "whether codes may be negative; one bit: -1 and +1, else 0 and 1"},
    {"method", OPTION_NAME, offsetof(quantize, method), "lsq", .names = methods, .help = "how the step comes about"},
};
static const option_table attrs = OPTION_TABLE("quantize", quantize, rows);

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    const quantize *q = n->attrs;
    if (q->bits != 8 && q->bits != 4 && q->bits != 2 && q->bits != 1)
        return ash_fail(err, ASH_INVALID, "bits is 8, 4, 2 or 1, not %d", (int)q->bits);
    bool learns = strcmp(q->method, "lsq") == 0 || strcmp(q->method, "pact") == 0;
    n->out_bits = (int)q->bits;
    n->out_signed = q->is_signed;
    n->params[n->n_params++] = (nn_param){"step", learns ? NN_STEP : NN_RANGE, 1, 1, 0};
    (void)a;
    n->shape = *in; /* no FLOPs: it rounds what its layer makes */
    return ASH_OK;
}

typedef struct scale {
    float step, inverse, low, high; /* low, high: codes */
    bool sign;
} scale;

static scale scale_of(const nn_pass *p)
{
    const quantize *q = p->node->attrs;
    float s = nn_quantize_step(p->param[0][0]), high = nn_largest_code((int)q->bits, q->is_signed);
    return (scale){s, 1 / s, q->is_signed ? -high : 0, high, q->bits == 1 && q->is_signed};
}

static float clip(float v, scale s)
{
    v = v > s.low ? v : s.low;
    return v < s.high ? v : s.high;
}

static float round_even(float v) /* |v| < 2^22; rintf without a call */
{
    return (v + 12582912.0f) - 12582912.0f;
}

/* ---- forward ---- */

static void row_forward(float *y, const float *x, int n, scale s)
{
    if (s.sign)
        for (int i = 0; i < n; i++)
            y[i] = x[i] < 0 ? -s.step : s.step;
    else
        for (int i = 0; i < n; i++)
            y[i] = round_even(clip(x[i] * s.inverse, s)) * s.step;
}

static void forward(const nn_pass *p)
{
    scale s = scale_of(p);
    for (int i = 0; i < p->y.n; i++)
        for (int r = 0; r < p->y.h; r++)
            if (p->quantises)
                row_forward(nn_pixel(p->y, i, r, 0), nn_pixel(p->x[0], i, r, 0), p->y.w * p->y.c, s);
            else
                memcpy(nn_pixel(p->y, i, r, 0), nn_pixel(p->x[0], i, r, 0), (size_t)(p->y.w * p->y.c) * sizeof(float));
}

static void meet(const nn_pass *p, float *step)
{
    const quantize *q = p->node->attrs;
    float high = nn_largest_code((int)q->bits, q->is_signed), most = 0;
    double sum = 0;
    for (int i = 0; i < p->y.n; i++)
        for (int r = 0; r < p->y.h; r++) {
            const float *x = nn_pixel(p->x[0], i, r, 0);
            for (int k = 0; k < p->y.w * p->y.c; k++) {
                float m = fabsf(x[k]);
                most = m > most ? m : most;
                sum += (double)m;
            }
        }
    float mean = (float)(sum / ((double)p->y.n * (double)nn_elements(p->node->shape)));
    if (q->bits == 1 && q->is_signed)
        *step = 1;
    else if (strcmp(q->method, "dorefa") == 0)
        *step = 1 / high;
    else if (strcmp(q->method, "lsq") == 0)
        *step = mean > 0 ? 2 * mean / sqrtf(high) : 1;
    else
        *step = most > 0 ? most / high : 1;
}

/* ---- backward ---- */

typedef struct sums { /* of dy (q - v) inside and dy q outside the range */
    float inside[LANES], outside[LANES];
} sums;

/* d = dy inside, 0 outside; d may be NULL. */
static inline void element(float *d, float dy, float x, scale s, bool accumulate, float *inside, float *outside)
{
    float v = x * s.inverse, c = clip(v, s), q = round_even(c);
    bool in = s.sign ? v >= -1 && v <= 1 : c == v;
    float through = in ? dy : 0;
    *inside += through * (q - v);
    *outside += (dy - through) * q;
    if (d)
        *d = accumulate ? *d + through : through;
}

static void row_backward(float *dx, const float *dy, const float *x, int n, scale s, bool accumulate, sums *total)
{
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            element(dx ? &dx[i + k] : NULL, dy[i + k], x[i + k], s, accumulate, &total->inside[k], &total->outside[k]);
    for (int k = 0; i < n; i++, k++)
        element(dx ? &dx[i] : NULL, dy[i], x[i], s, accumulate, &total->inside[k], &total->outside[k]);
}

static float step_gradient(const nn_pass *p, const sums *total, scale s)
{
    const quantize *q = p->node->attrs;
    double inside = 0, outside = 0, elements = (double)p->batch * (double)nn_elements(p->node->shape);
    for (int k = 0; k < LANES; k++) {
        inside += (double)total->inside[k];
        outside += (double)total->outside[k];
    }
    if (s.sign)
        return 0;
    if (strcmp(q->method, "lsq") == 0)
        return (float)((inside + outside) / sqrt(elements * (double)s.high));
    if (strcmp(q->method, "pact") == 0)
        return (float)(outside / ((double)s.high * (double)s.high)) + 2 * PACT_DECAY * s.step * ((float)p->y.n / (float)p->batch);
    return 0;
}

static void pass_through(const nn_pass *p)
{
    if (p->dx[0].p)
        p->kernels->copy(p->dx[0], p->dy, p->accumulate[0]);
    *p->grad[0] = 0;
}

static void backward(const nn_pass *p)
{
    if (!p->quantises) {
        pass_through(p);
        return;
    }
    scale s = scale_of(p);
    sums total = {{0}, {0}};
    for (int i = 0; i < p->dy.n; i++)
        for (int r = 0; r < p->dy.h; r++)
            row_backward(p->dx[0].p ? nn_pixel(p->dx[0], i, r, 0) : NULL, nn_pixel(p->dy, i, r, 0), nn_pixel(p->x[0], i, r, 0),
                         p->dy.w * p->dy.c, s, p->accumulate[0], &total);
    *p->grad[0] = step_gradient(p, &total, s);
}

const nn_op nn_op_quantize = {
    .name = "quantize",
    .help = "activations of few bits",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = &attrs,
    .infer = infer,
    .in_place = 1,
    .moves_zero = true, /* one bit signed */
    .forward = forward,
    .meet = meet,
    .backward = backward,
};
