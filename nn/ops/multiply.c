/* SPDX-License-Identifier: GPL-3.0-or-later */
/* multiply.c - the product of two inputs of one shape, or of a map and one factor per channel
 *
 * The second is the gate of squeeze-and-excitation (Hu et al., arXiv:1709.01507): (1, 1, c) over (h, w, c), in either order. */
#include "nn/pointwise.h"
#include <string.h>

static bool is_gate(nn_shape s)
{
    return s.h == 1 && s.w == 1;
}

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a;
    bool same = in[0].h == in[1].h && in[0].w == in[1].w;
    if (in[0].c != in[1].c || (!same && !is_gate(in[0]) && !is_gate(in[1])))
        return ash_fail(err, ASH_INVALID, "inputs of different shapes, (%d, %d, %d) and (%d, %d, %d); one may be (1, 1, channels)",
                        in[0].h, in[0].w, in[0].c, in[1].h, in[1].w, in[1].c);
    n->shape = is_gate(in[0]) ? in[1] : in[0];
    n->flops = nn_elements(n->shape);
    return ASH_OK;
}

/* A gate as a map: every pixel is the same one. */
static nn_view spread(nn_view v, nn_view over)
{
    if (v.h != over.h || v.w != over.w) {
        v.h = over.h;
        v.w = over.w;
        v.sh = v.sw = 0;
    }
    return v;
}

static void forward(const nn_pass *p)
{
    nn_view a = spread(p->x[0], p->y), b = spread(p->x[1], p->y);
    for (int i = 0; i < p->y.n; i++)
        for (int r = 0; r < p->y.h; r++)
            for (int q = 0; q < p->y.w; q++) {
                float *y = nn_pixel(p->y, i, r, q);
                const float *u = nn_pixel(a, i, r, q), *v = nn_pixel(b, i, r, q);
                for (int c = 0; c < p->y.c; c++)
                    y[c] = u[c] * v[c];
            }
}

static void clear(nn_view v)
{
    for (int i = 0; i < v.n; i++)
        memset(v.p + i * v.sn, 0, (size_t)v.h * (size_t)v.w * (size_t)v.c * sizeof(float)); /* gradients are dense */
}

/* dx += dy times the other input; a gate's gradient sums over the pixels. */
static void backward_of(const nn_pass *p, int k)
{
    if (!p->dx[k].p)
        return;
    if (!p->accumulate[k])
        clear(p->dx[k]);
    nn_view dx = spread(p->dx[k], p->dy), other = spread(p->x[1 - k], p->dy);
    for (int i = 0; i < p->dy.n; i++)
        for (int r = 0; r < p->dy.h; r++)
            for (int q = 0; q < p->dy.w; q++) {
                float *d = nn_pixel(dx, i, r, q);
                const float *dy = nn_pixel(p->dy, i, r, q), *o = nn_pixel(other, i, r, q);
                for (int c = 0; c < p->dy.c; c++)
                    d[c] += dy[c] * o[c];
            }
}

static void backward(const nn_pass *p)
{
    backward_of(p, 0);
    backward_of(p, 1);
}

const nn_op nn_op_multiply = {
    .name = "multiply",
    .help = "product of two inputs; one may be a factor per channel",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .commutes = true,
    .in_place = 2,
    .forward = forward,
    .backward = backward,
    .integer = INFER_MULTIPLY,
};
