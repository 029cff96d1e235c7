/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv.c - forward convolution, cut into tiles for the kernels of conv.h
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
    float *bias, *stats, *pairs;
    double *totals;
    room x;
    size_t bytes;
} plan;

/* Of one group. */
static plan make_plan(const nn_source *x, const nn_view *y, const nn_conv *g, bool depthwise, void *scratch)
{
    plan p = {.t = tile_of(y, x->v.c), .pitch = ROUND_UP(y->c, 16)};
    bump b = {scratch, 0};
    p.xo = take(&b, (size_t)p.t.pixels * sizeof(int32_t));
    p.yo = take(&b, (size_t)p.t.pixels * sizeof(int32_t));
    p.seg = take(&b, (size_t)g->kh * g->kw * sizeof(ptrdiff_t));
    p.bias = take(&b, (size_t)p.pitch * sizeof(float));
    p.stats = take(&b, (size_t)p.pitch * 3 * sizeof(float));
    p.totals = take(&b, (size_t)p.pitch * 2 * sizeof(double));
    p.pairs = take(&b, !depthwise && has_pairs(y->c) ? pairs_floats(g->kh * g->kw, x->v.c) * sizeof(float) : 0);
    p.x = source_room(&b, x, y, g, p.t.images);
    p.bytes = b.used;
    return p;
}

void fill_offsets(int32_t *to, int images, int rows, int columns, ptrdiff_t image, ptrdiff_t row, ptrdiff_t column)
{
    int32_t step = (int32_t)column, next = (int32_t)image;
    int n = rows * columns;
    for (int r = 0; r < rows; r++) {
        int32_t from = (int32_t)(r * row);
        for (int c = 0; c < columns; c++)
            to[r * columns + c] = from + c * step;
    }
    for (int i = n; i < images * n; i++) /* like the image before */
        to[i] = to[i - n] + next;
}

void fill_pixels(int32_t *xo, int32_t *yo, const tile *t, const nn_view *x, const nn_view *y, const nn_conv *g)
{
    fill_offsets(xo, t->images, t->rows, y->w, x->sn, g->stride_h * x->sh, g->stride_w * x->sw);
    fill_offsets(yo, t->images, t->rows, y->w, y->sn, y->sh, y->sw);
}

void fill_segments(conv_job *j, ptrdiff_t *seg, const nn_view *x, int in, const nn_conv *g, bool depthwise)
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

/* The first pixel's output: what sums of deviations are relative to. */
static void stats_begin(const plan *p, conv_job *j, void (*run)(const conv_job *), int c)
{
    j->count = 1;
    run(j);
    memset(p->stats, 0, (size_t)p->pitch * 3 * sizeof(float));
    memcpy(p->stats, j->y, (size_t)c * sizeof(float));
    memset(p->totals, 0, (size_t)p->pitch * 2 * sizeof(double));
    j->stats = p->stats;
    j->stats_pitch = p->pitch;
}

static void stats_flush(const plan *p)
{
    float *sums = p->stats + p->pitch;
    for (int c = 0; c < 2 * p->pitch; c++) {
        p->totals[c] += (double)sums[c];
        sums[c] = 0;
    }
}

static void stats_end(const plan *p, float *mean, float *variance, int c, double count)
{
    for (int k = 0; k < c; k++) {
        double d = p->totals[k] / count, var = p->totals[p->pitch + k] / count - d * d;
        mean[k] = (float)((double)p->stats[k] + d);
        variance[k] = var < 0 ? 0.0f : (float)var;
    }
}

/* One group: w, bias and stats point at the group's first output channel, rows of w and of stats are ldw apart. */
static void forward(nn_view y, const nn_source *x, const float *w, ptrdiff_t ldw, const float *bias, nn_act act,
                    float *stats, const nn_conv *g, bool depthwise, const plan *p)
{
    conv_job j = {.xo = p->xo, .yo = p->yo, .c = y.c, .w = w, .ldw = ldw, .act = act};
    nn_view read = x->scale ? p->x.v : x->v;
    fill_pixels(p->xo, p->yo, &p->t, &read, &y, g);
    fill_segments(&j, p->seg, &read, x->v.c, g, depthwise);
    j.step = y.w % 4 == 0 ? g->stride_w * read.sw : 0;
    if (!depthwise && has_pairs(y.c)) {
        pack_pairs(p->pairs, &j);
        j.pairs = p->pairs;
    }
    if (bias) {
        memset(p->bias, 0, (size_t)p->pitch * sizeof(float));
        memcpy(p->bias, bias, (size_t)y.c * sizeof(float));
        j.bias = p->bias;
    }
    if (x->scale)
        clear_room(&p->x);
    void (*run)(const conv_job *) = depthwise ? depthwise_reduce : conv_reduce;
    for (int i = 0; i < y.n; i += p->t.images) {
        int images = y.n - i < p->t.images ? y.n - i : p->t.images;
        nn_view from = source_images(x, &p->x, i, images);
        for (int r = 0; r < y.h; r += p->t.rows) {
            j.x = from.p + r * g->stride_h * from.sh;
            j.y = y.p + i * y.sn + r * y.sh;
            if (stats && i == 0 && r == 0)
                stats_begin(p, &j, run, y.c);
            j.count = tile_count(&p->t, images, y.h - r, y.w);
            run(&j);
            if (stats)
                stats_flush(p);
        }
    }
    if (stats)
        stats_end(p, stats, stats + ldw, y.c, (double)y.n * y.h * y.w);
}

void tuned_conv_forward(nn_view y, const nn_source *x, const float *w, const float *bias, nn_act act, float *stats,
                        const nn_conv *g, float *scratch)
{
    bool depthwise = is_depthwise(&x->v, &y, g);
    int groups = depthwise ? 1 : g->groups, in = x->v.c / groups, out = y.c / groups;
    for (int k = 0; k < groups; k++) {
        nn_source xk = source_channels(x, k * in, in);
        nn_view yk = channels_of(y, k * out, out);
        plan p = make_plan(&xk, &yk, g, depthwise, scratch);
        forward(yk, &xk, w + k * out, y.c, bias ? bias + k * out : NULL, act, stats ? stats + k * out : NULL, g, depthwise,
                &p);
    }
}

size_t tuned_conv_scratch(const nn_source *x, const nn_view *y, const nn_conv *g)
{
    bool depthwise = is_depthwise(&x->v, y, g);
    int groups = depthwise ? 1 : g->groups;
    nn_source xk = source_channels(x, 0, x->v.c / groups);
    nn_view yk = channels_of(*y, 0, y->c / groups);
    size_t a = make_plan(&xk, &yk, g, depthwise, NULL).bytes, b = conv_backward_scratch(&xk, &yk, g, depthwise);
    return (a > b ? a : b) / sizeof(float);
}
