/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pointwise.h - operators that map every element by itself: y = f(x), dx = dy f'(x)
 *
 * For plain operators. Activations whose gradient follows from their output are kernels (NN_ACTIVATION) and share only the shape rule.
 */
#ifndef NN_POINTWISE_H
#define NN_POINTWISE_H

#include "nn/op.h"

/* Shape of the input, one FLOP per element. */
ash_status nn_pointwise_infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err);

static inline float *nn_pixel(nn_view v, int i, int y, int x)
{
    return v.p + i * v.sn + y * v.sh + x * v.sw;
}

/* Inline, so that f is too. */
static inline void nn_pointwise_forward(const nn_pass *p, float (*f)(float))
{
    for (int i = 0; i < p->y.n; i++)
        for (int r = 0; r < p->y.h; r++)
            for (int q = 0; q < p->y.w; q++) {
                float *y = nn_pixel(p->y, i, r, q);
                const float *x = nn_pixel(p->x[0], i, r, q);
                for (int c = 0; c < p->y.c; c++)
                    y[c] = f(x[c]);
            }
}

/* slope: f' at x. */
static inline void nn_pointwise_backward(const nn_pass *p, float (*slope)(float))
{
    if (!p->dx[0].p)
        return;
    for (int i = 0; i < p->dy.n; i++)
        for (int r = 0; r < p->dy.h; r++)
            for (int q = 0; q < p->dy.w; q++) {
                float *dx = nn_pixel(p->dx[0], i, r, q);
                const float *dy = nn_pixel(p->dy, i, r, q), *x = nn_pixel(p->x[0], i, r, q);
                if (p->accumulate[0])
                    for (int c = 0; c < p->dy.c; c++)
                        dx[c] += dy[c] * slope(x[c]);
                else
                    for (int c = 0; c < p->dy.c; c++)
                        dx[c] = dy[c] * slope(x[c]);
            }
}

/* The whole operator: nn_op_IDENT. zero_moves: whether f(0) is not 0. positive: whether f is never negative. */
#define NN_POINTWISE_OP(ident, text, zero_moves, positive, f, slope)                                                             \
    static void ident##_forward(const nn_pass *p)                                                                      \
    {                                                                                                                  \
        nn_pointwise_forward(p, f);                                                                                    \
    }                                                                                                                  \
    static void ident##_backward(const nn_pass *p)                                                                     \
    {                                                                                                                  \
        nn_pointwise_backward(p, slope);                                                                               \
    }                                                                                                                  \
    const nn_op nn_op_##ident = {                                                                                      \
        .name = #ident,                                                                                                \
        .help = text,                                                                                                  \
        .min_inputs = 1,                                                                                               \
        .max_inputs = 1,                                                                                               \
        .infer = nn_pointwise_infer,                                                                                   \
        .in_place = 1,                                                                                                 \
        .not_negative = positive,                                                                                      \
        .moves_zero = zero_moves,                                                                                      \
        .forward = ident##_forward,                                                                                    \
        .backward = ident##_backward,                                                                                  \
        .value = f,                                                                                                    \
    };

#endif
