/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_backward.c - the gradients of a convolution, a few images at a time
 *
 * Of each tile, the gradient of the output is made in a room (through activation and batch norm), so is the input where it is one,
 * and both kernels read them there: `outer` for the weights, `reduce` over the residue classes of conv_classes.c for the input. */
#include "nn/kernels/tuned/batchnorm.h"
#include "nn/kernels/tuned/conv_classes.h"

typedef struct plan { /* where things lie in scratch */
    tile t;
    int32_t *xo, *yo;
    ptrdiff_t *seg;
    bn_slice *norm;
    classes c;
    room x, d;
    size_t bytes;
} plan;

static plan make_plan(const nn_view *dx, const nn_view *dy, const nn_source *x, const nn_conv *g, bool norm, bool depthwise,
                      void *scratch)
{
    plan p = {.t = tile_of(dy, x->v.c)};
    bump b = {scratch, 0};
    p.xo = take(&b, (size_t)p.t.pixels * sizeof(int32_t));
    p.yo = take(&b, (size_t)p.t.pixels * sizeof(int32_t));
    p.seg = take(&b, (size_t)g->kh * g->kw * sizeof(ptrdiff_t));
    p.norm = take(&b, norm ? (size_t)bn_slices(dy->c) * sizeof(bn_slice) : 0);
    if (dx)
        p.c = classes_plan(&b, dx, dy, g, p.t.images, depthwise);
    p.x = source_room(&b, x, dy, g, p.t.images);
    p.d = take_room(&b, p.t.images, dy, p.c.top, p.c.bottom, p.c.left, p.c.right);
    p.bytes = b.used;
    return p;
}

size_t conv_backward_scratch(const nn_source *x, const nn_view *y, const nn_conv *g, bool depthwise)
{
    return make_plan(&x->v, y, x, g, true, depthwise, NULL).bytes;
}

/* Images [first, first + n) of the gradient of the output, in the room unless it is read where it lies. */
static nn_view gradient_images(const nn_gradient *d, const plan *p, bool in_place, int first, int n)
{
    nn_view dy = images_of(d->dy, first, n), to = images_of(p->d.v, 0, n);
    if (in_place)
        return dy;
    if (d->mean)
        bn_backward_dx(to, dy, images_of(d->y, first, n), p->norm, d->act);
    else if (d->act != NN_ACT_NONE)
        tuned_act_backward(to, dy, images_of(d->y, first, n), d->act, false);
    else
        tuned_copy(to, dy, false);
    return to;
}

/* Adds the products of a tile to dw in chunks of pixels whose x and dy stay in the first-level cache. */
static void weight_grad(conv_job *j, const plan *p, int count, int chunk, bool depthwise)
{
    int pieces = (count + chunk - 1) / chunk, first = 0;
    for (int k = 1; k <= pieces; k++) {
        int last = (int)((int64_t)count * k / pieces);
        j->xo = p->xo + first;
        j->yo = p->yo + first;
        j->count = last - first;
        (depthwise ? depthwise_outer : conv_outer)(j);
        j->accumulate = true;
        first = last;
    }
}

/* Column sums of L channels of a tile: four sums, of every fourth pixel each, to hide the latency of additions. */
#define COLUMN_SUMS(L)                                                                                       \
    static void column_sums##L(float *sum, const float *dy, const int32_t *at, int count)                    \
    {                                                                                                        \
        v##L s[4] = {{0}};                                                                                   \
        int q = 0;                                                                                           \
        for (; q + 4 <= count; q += 4)                                                                       \
            UNROLL                                                                                           \
        for (int k = 0; k < 4; k++)                                                                          \
            s[k] += LOAD(L, dy + at[q + k]);                                                                 \
        for (; q < count; q++)                                                                               \
            s[0] += LOAD(L, dy + at[q]);                                                                     \
        STORE(L, sum, LOAD(L, sum) + ((s[0] + s[1]) + (s[2] + s[3])));                                       \
    }
COLUMN_SUMS(4)
#if LANES >= 8
COLUMN_SUMS(8)
#endif
#if LANES >= 16
COLUMN_SUMS(16)
#endif
#undef COLUMN_SUMS

static void column_sums1(float *sum, const float *dy, const int32_t *at, int count)
{
    float s[4] = {0};
    int q = 0;
    for (; q + 4 <= count; q += 4)
        for (int k = 0; k < 4; k++)
            s[k] += dy[at[q + k]];
    for (; q < count; q++)
        s[0] += dy[at[q]];
    *sum += (s[0] + s[1]) + (s[2] + s[3]);
}

static void bias_grad(float *dbias, const float *from, const int32_t *at, int count, int channels)
{
    int c = 0;
#if LANES >= 16
    for (; c + 16 <= channels; c += 16)
        column_sums16(dbias + c, from + c, at, count);
#endif
#if LANES >= 8
    for (; c + 8 <= channels; c += 8)
        column_sums8(dbias + c, from + c, at, count);
#endif
    for (; c + 4 <= channels; c += 4)
        column_sums4(dbias + c, from + c, at, count);
    for (; c < channels; c++)
        column_sums1(dbias + c, from + c, at, count);
}

static int chunk_of(const nn_view *x, const nn_view *dy, const nn_conv *g)
{
    enum { FLOATS = 10240, LEAST = 64 };
    int chunk = FLOATS / (x->c * g->stride_h * g->stride_w + dy->c);
    return chunk > LEAST ? chunk : LEAST;
}

static void input_grad(nn_view dx, nn_view d, const plan *p, int first, bool depthwise)
{
    for (int k = 0; k < p->c.count; k++) {
        conv_job j = p->c.jobs[k];
        j.x = d.p;
        j.y += first * dx.sn;
        j.count *= d.n;
        (depthwise ? depthwise_reduce : conv_reduce)(&j);
    }
}

/* One group: dw and w point at the group's first output channel, rows are ldw apart. */
static void backward(nn_view dx, float *dw, float *dbias, const nn_gradient *d, const nn_source *x, const float *w,
                     ptrdiff_t ldw, const nn_conv *g, bool accumulate, bool depthwise, plan *p)
{
    nn_view dy = d->dy, read = x->scale ? p->x.v : x->v;
    bool halo = p->c.top || p->c.bottom || p->c.left || p->c.right;
    bool in_place = !halo && !d->mean && d->act == NN_ACT_NONE && dy.c % 4 == 0;
    if (d->mean)
        bn_backward_prepare(p->norm, d);
    if (x->scale)
        clear_room(&p->x);
    if (!in_place)
        clear_room(&p->d);
    nn_view from = in_place ? dy : p->d.v;
    conv_job j = {.y = dw, .ldw = ldw, .c = dy.c};
    fill_pixels(p->xo, p->yo, &p->t, &read, &from, g);
    fill_segments(&j, p->seg, &read, x->v.c, g, depthwise);
    if (dx.p)
        classes_fill(&p->c, dx, from, w, ldw, accumulate, depthwise);
    for (int c = 0; dbias && c < dy.c; c++)
        dbias[c] = 0;
    int chunk = chunk_of(&x->v, &dy, g);
    for (int i = 0; i < dy.n; i += p->t.images) {
        int images = dy.n - i < p->t.images ? dy.n - i : p->t.images;
        nn_view dt = gradient_images(d, p, in_place, i, images), xt = source_images(x, &p->x, i, images);
        for (int r = 0; r < dy.h; r += p->t.rows) {
            int count = tile_count(&p->t, images, dy.h - r, dy.w);
            j.x = xt.p + r * g->stride_h * xt.sh;
            j.dy = dt.p + r * dt.sh;
            weight_grad(&j, p, count, chunk, depthwise);
            if (dbias && !d->mean)
                bias_grad(dbias, j.dy, p->yo, count, dy.c);
        }
        if (dx.p)
            input_grad(dx, dt, p, i, depthwise);
    }
}

static nn_gradient gradient_channels(const nn_gradient *d, int first, int c)
{
    nn_gradient s = {.dy = channels_of(d->dy, first, c), .act = d->act, .y = channels_of(d->y, first, c)};
    if (d->mean) {
        s.mean = d->mean + first;
        s.inv_std = d->inv_std + first;
        s.gamma = d->gamma + first;
        s.beta = d->beta + first;
        s.dgamma = d->dgamma + first;
        s.dbeta = d->dbeta + first;
        s.count = d->count;
    }
    return s;
}

void tuned_conv_backward(nn_view dx, float *dw, float *dbias, const nn_gradient *d, const nn_source *x, const float *w,
                         const nn_conv *g, bool accumulate, float *scratch)
{
    bool depthwise = is_depthwise(&x->v, &d->dy, g);
    int groups = depthwise ? 1 : g->groups, in = x->v.c / groups, out = d->dy.c / groups;
    for (int k = 0; k < groups; k++) {
        nn_gradient dk = gradient_channels(d, k * out, out);
        nn_source xk = source_channels(x, k * in, in);
        nn_view dxk = channels_of(dx, k * in, in);
        plan p = make_plan(dx.p ? &dxk : NULL, &dk.dy, &xk, g, d->mean != NULL, depthwise, scratch);
        backward(dxk, dw + k * out, dbias ? dbias + k * out : NULL, &dk, &xk, w + k * out, d->dy.c, g, accumulate, depthwise,
                 &p);
    }
}
