/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv.c - forward convolution and weight gradient, cut into tiles for the kernels of conv.h
 *
 * Groups are a loop over channel slices, except depthwise, which has kernels of its own. The batch statistics
 * that BN needs are taken in the epilogue of `reduce`, as sums of deviations from the first pixel's output
 * (so a large mean cancels nothing), in fp32 over a tile and in double over the tiles. */
#include "nn/kernels/tuned/conv_driver.h"

typedef struct plan { /* where things lie in scratch */
    tile t;
    int pitch; /* channels written, padded to vectors */
    int32_t *xo, *yo;
    ptrdiff_t *seg;
    int32_t *po; /* offsets into the padded copy of dy */
    float *w, *bias, *stats, *dy;
    double *totals;
    size_t bytes;
} plan;

static plan make_plan(const nn_view *x, const nn_view *y, const nn_conv *g, bool depthwise, void *scratch)
{
    int out = depthwise ? y->c : y->c / g->groups, in = depthwise ? 1 : x->c / g->groups;
    plan p = {.t = tile_of(y->n, y->h, y->w), .pitch = ROUND_UP(out, 16)};
    bump b = {scratch, 0};
    p.xo = take(&b, (size_t)p.t.pixels * sizeof(int32_t));
    p.yo = take(&b, (size_t)p.t.pixels * sizeof(int32_t));
    p.seg = take(&b, (size_t)g->kh * g->kw * sizeof(ptrdiff_t));
    p.bias = take(&b, (size_t)p.pitch * sizeof(float));
    p.stats = take(&b, (size_t)p.pitch * 3 * sizeof(float));
    p.totals = take(&b, (size_t)p.pitch * 2 * sizeof(double));
    bool padded = out % 4 != 0 && !depthwise;
    /* forward needs w, the weight gradient dy: never both */
    size_t w = (size_t)g->kh * g->kw * in * p.pitch, dy = (size_t)p.t.pixels * p.pitch;
    p.po = take(&b, padded ? (size_t)p.t.pixels * sizeof(int32_t) : 0);
    p.w = p.dy = take(&b, padded ? (w > dy ? w : dy) * sizeof(float) : 0);
    p.bytes = b.used;
    return p;
}

static void fill_table(const plan *p, const nn_view *x, const nn_view *y, const nn_conv *g)
{
    int i = 0;
    for (int m = 0; m < p->t.images; m++)
        for (int r = 0; r < p->t.rows; r++)
            for (int c = 0; c < y->w; c++, i++) {
                p->xo[i] = (int32_t)(m * x->sn + r * g->stride_h * x->sh + c * g->stride_w * x->sw);
                p->yo[i] = (int32_t)(m * y->sn + r * y->sh + c * y->sw);
            }
}

/* Segments of one pixel's window, and their common length. */
static void fill_segments(conv_job *j, ptrdiff_t *seg, const nn_view *x, int in, const nn_conv *g,
                          bool depthwise)
{
    bool contiguous = !depthwise && (g->kw == 1 || (g->dilation_w == 1 && x->sw == in));
    int step = contiguous ? g->kw : 1, n = 0;
    for (int ky = 0; ky < g->kh; ky++)
        for (int kx = 0; kx < g->kw; kx += step)
            seg[n++] = (ky * g->dilation_h - g->pad_top) * x->sh + (kx * g->dilation_w - g->pad_left) * x->sw;
    j->seg = seg;
    j->segs = n;
    j->len = depthwise ? 1 : step * in;
}

static nn_view slice(nn_view v, int first, int c)
{
    v.p += first;
    v.c = c;
    return v;
}

/* One group: w and bias point at the group's first output channel, rows of w are ldw apart. */
static void forward(nn_view y, nn_view x, const float *w, ptrdiff_t ldw, const float *bias, nn_act act,
                    float *stats, ptrdiff_t stats_pitch, const nn_conv *g, bool depthwise, plan *p)
{
    conv_job j = {.xo = p->xo, .yo = p->yo, .c = y.c, .w = w, .ldw = ldw, .act = act};
    fill_segments(&j, p->seg, &x, x.c, g, depthwise);
    if (y.c % 4 != 0 && !depthwise) {
        for (int r = 0; r < j.segs * j.len; r++) {
            float *to = p->w + (size_t)r * p->pitch;
            for (int c = 0; c < y.c; c++)
                to[c] = w[r * ldw + c];
            for (int c = y.c; c < p->pitch; c++)
                to[c] = 0;
        }
        j.w = p->w;
        j.ldw = p->pitch;
    }
    if (bias) {
        memset(p->bias, 0, (size_t)p->pitch * sizeof(float));
        memcpy(p->bias, bias, (size_t)y.c * sizeof(float));
        j.bias = p->bias;
    }
    void (*run)(const conv_job *) = depthwise ? depthwise_reduce : conv_reduce;
    if (stats) {
        j.x = x.p;
        j.y = y.p;
        j.count = 1;
        run(&j); /* the first pixel: what the sums are relative to */
        memset(p->stats, 0, (size_t)p->pitch * 3 * sizeof(float));
        memcpy(p->stats, y.p, (size_t)y.c * sizeof(float));
        memset(p->totals, 0, (size_t)p->pitch * 2 * sizeof(double));
        j.stats = p->stats;
        j.stats_pitch = p->pitch;
    }
    float *sums = p->stats + p->pitch;
    for (int i = 0; i < y.n; i += p->t.images)
        for (int r = 0; r < y.h; r += p->t.rows) {
            j.x = x.p + i * x.sn + r * g->stride_h * x.sh;
            j.y = y.p + i * y.sn + r * y.sh;
            j.count = tile_count(&p->t, y.n - i, y.h - r, y.w);
            run(&j);
            for (int c = 0; stats && c < 2 * p->pitch; c++) {
                p->totals[c] += (double)sums[c];
                sums[c] = 0;
            }
        }
    double count = (double)y.n * y.h * y.w;
    for (int c = 0; stats && c < y.c; c++) {
        double mean = p->totals[c] / count, var = p->totals[p->pitch + c] / count - mean * mean;
        stats[c] = (float)((double)p->stats[c] + mean);
        stats[stats_pitch + c] = var < 0 ? 0.0f : (float)var;
    }
}

void tuned_conv_forward(nn_view y, nn_view x, const float *w, const float *bias, nn_act act, float *stats,
                        const nn_conv *g, float *scratch)
{
    bool depthwise = is_depthwise(&x, &y, g);
    plan p = make_plan(&x, &y, g, depthwise, scratch);
    fill_table(&p, &x, &y, g);
    int groups = depthwise ? 1 : g->groups, in = x.c / groups, out = y.c / groups;
    for (int k = 0; k < groups; k++)
        forward(slice(y, k * out, out), slice(x, k * in, in), w + k * out, y.c, bias ? bias + k * out : NULL,
                act, stats ? stats + k * out : NULL, y.c, g, depthwise, &p);
}

static void weight_grad(float *dw, ptrdiff_t ldw, nn_view x, nn_view dy, const nn_conv *g, bool depthwise,
                        plan *p)
{
    conv_job j = {.y = dw, .ldw = ldw, .xo = p->xo, .yo = p->yo, .c = dy.c};
    fill_segments(&j, p->seg, &x, x.c, g, depthwise);
    bool padded = dy.c % 4 != 0 && !depthwise;
    for (int i = 0; i < dy.n; i += p->t.images)
        for (int r = 0; r < dy.h; r += p->t.rows) {
            j.x = x.p + i * x.sn + r * g->stride_h * x.sh;
            j.dy = dy.p + i * dy.sn + r * dy.sh;
            j.count = tile_count(&p->t, dy.n - i, dy.h - r, dy.w);
            if (padded) {
                const float *from = j.dy;
                for (int q = 0; q < j.count; q++) {
                    float *to = p->dy + (size_t)q * p->pitch;
                    p->po[q] = q * p->pitch;
                    for (int c = 0; c < dy.c; c++)
                        to[c] = from[p->yo[q] + c];
                    for (int c = dy.c; c < p->pitch; c++)
                        to[c] = 0;
                }
                j.dy = p->dy;
                j.yo = p->po;
            }
            (depthwise ? depthwise_outer : conv_outer)(&j);
            j.accumulate = true;
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

/* Column sums of dy, tile by tile. */
static void bias_grad(float *dbias, nn_view dy, const plan *p)
{
    for (int c = 0; c < dy.c; c++)
        dbias[c] = 0;
    for (int i = 0; i < dy.n; i += p->t.images)
        for (int r = 0; r < dy.h; r += p->t.rows) {
            int count = tile_count(&p->t, dy.n - i, dy.h - r, dy.w), c = 0;
            const float *from = dy.p + i * dy.sn + r * dy.sh;
#if LANES >= 16
            for (; c + 16 <= dy.c; c += 16)
                column_sums16(dbias + c, from + c, p->yo, count);
#endif
#if LANES >= 8
            for (; c + 8 <= dy.c; c += 8)
                column_sums8(dbias + c, from + c, p->yo, count);
#endif
            for (; c + 4 <= dy.c; c += 4)
                column_sums4(dbias + c, from + c, p->yo, count);
            for (; c < dy.c; c++)
                column_sums1(dbias + c, from + c, p->yo, count);
        }
}

void tuned_conv_weight_grad(float *dw, float *dbias, nn_view x, nn_view dy, const nn_conv *g, float *scratch)
{
    bool depthwise = is_depthwise(&x, &dy, g);
    plan p = make_plan(&x, &dy, g, depthwise, scratch);
    fill_table(&p, &x, &dy, g);
    int groups = depthwise ? 1 : g->groups, in = x.c / groups, out = dy.c / groups;
    for (int k = 0; k < groups && dbias; k++)
        bias_grad(dbias + k * out, slice(dy, k * out, out), &p);
    for (int k = 0; k < groups; k++)
        weight_grad(dw + k * out, dy.c, slice(x, k * in, in), slice(dy, k * out, out), g, depthwise, &p);
}

size_t tuned_conv_scratch(const nn_view *x, const nn_view *y, const nn_conv *g)
{
    size_t a = make_plan(x, y, g, is_depthwise(x, y, g), NULL).bytes, b = input_grad_scratch(x, y, g);
    return (a > b ? a : b) / sizeof(float);
}
