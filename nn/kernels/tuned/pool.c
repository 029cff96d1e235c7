/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool.c - max and average pooling
 *
 * The window is clipped to the image once per output pixel; the loops over channels are for the compiler to
 * vectorise: channels are independent, so any vector length gives the same bits. */
#include "nn/kernels/tuned/tuned.h"

typedef struct range {
    int first, last, step; /* taps first <= k < last of a window whose tap 0 lies at `origin` */
    int origin;
} range;

INLINE range clip(int out, int stride, int pad, int dilation, int taps, int size)
{
    range r = {.first = 0, .last = taps, .step = dilation, .origin = out * stride - pad};
    while (r.first < taps && r.origin + r.first * dilation < 0)
        r.first++;
    while (r.last > r.first && r.origin + (r.last - 1) * dilation >= size)
        r.last--;
    return r;
}

INLINE range clip_rows(const nn_conv *g, int out, int size)
{
    return clip(out, g->stride_h, g->pad_top, g->dilation_h, g->kh, size);
}

INLINE range clip_columns(const nn_conv *g, int out, int size)
{
    return clip(out, g->stride_w, g->pad_left, g->dilation_w, g->kw, size);
}

#define EACH_TAP(rows, columns, iy, ix)                                                                      \
    for (int ky_ = (rows).first, iy = (rows).origin + ky_ * (rows).step; ky_ < (rows).last;                  \
         ky_++, iy += (rows).step)                                                                           \
        for (int kx_ = (columns).first, ix = (columns).origin + kx_ * (columns).step; kx_ < (columns).last;  \
             kx_++, ix += (columns).step)

static void max_tap(float *restrict best, const float *restrict x, int c)
{
    for (int k = 0; k < c; k++)
        best[k] = x[k] > best[k] ? x[k] : best[k];
}

static void max_tap_at(float *restrict best, int32_t *restrict at, const float *restrict x, int32_t here,
                       int c)
{
    for (int k = 0; k < c; k++) {
        at[k] = x[k] > best[k] ? here : at[k];
        best[k] = x[k] > best[k] ? x[k] : best[k];
    }
}

void tuned_max_pool_forward(nn_view y, int32_t *argmax, nn_view x, const nn_conv *g)
{
    for (int i = 0; i < y.n; i++)
        for (int oy = 0; oy < y.h; oy++) {
            range rows = clip_rows(g, oy, x.h);
            for (int ox = 0; ox < y.w; ox++) {
                range columns = clip_columns(g, ox, x.w);
                float *best = y.p + i * y.sn + oy * y.sh + ox * y.sw;
                int32_t *at = argmax ? argmax + (((ptrdiff_t)i * y.h + oy) * y.w + ox) * y.c : NULL;
                bool any = false;
                EACH_TAP(rows, columns, iy, ix)
                {
                    const float *from = x.p + i * x.sn + iy * x.sh + ix * x.sw;
                    int32_t here = iy * x.w + ix;
                    if (!any) {
                        for (int k = 0; k < y.c; k++)
                            best[k] = from[k];
                        for (int k = 0; at && k < y.c; k++)
                            at[k] = here;
                        any = true;
                    } else if (at) {
                        max_tap_at(best, at, from, here, y.c);
                    } else {
                        max_tap(best, from, y.c);
                    }
                }
                for (int k = 0; !any && k < y.c; k++) {
                    best[k] = 0;
                    if (at)
                        at[k] = -1;
                }
            }
        }
}

static void clear(nn_view y)
{
    for (int i = 0; i < y.n; i++)
        for (int r = 0; r < y.h; r++)
            for (int s = 0; s < y.w; s++)
                memset(y.p + i * y.sn + r * y.sh + s * y.sw, 0, (size_t)y.c * sizeof(float));
}

void tuned_max_pool_backward(nn_view dx, nn_view dy, const int32_t *argmax, const nn_conv *g, bool accumulate)
{
    (void)g;
    if (!accumulate)
        clear(dx);
    for (int i = 0; i < dy.n; i++)
        for (int oy = 0; oy < dy.h; oy++)
            for (int ox = 0; ox < dy.w; ox++) {
                const int32_t *at = argmax + (((ptrdiff_t)i * dy.h + oy) * dy.w + ox) * dy.c;
                const float *d = dy.p + i * dy.sn + oy * dy.sh + ox * dy.sw;
                float *to = dx.p + i * dx.sn;
                for (int k = 0; k < dy.c; k++)
                    if (at[k] >= 0)
                        to[at[k] / dx.w * dx.sh + at[k] % dx.w * dx.sw + k] += d[k];
            }
}

static int window_count(const nn_conv *g, range rows, range columns, bool count_padding)
{
    int count = (rows.last - rows.first) * (columns.last - columns.first);
    return count_padding ? g->kh * g->kw : count > 0 ? count : 1;
}

static void add_to(float *restrict to, const float *restrict from, int c)
{
    for (int k = 0; k < c; k++)
        to[k] += from[k];
}

static void add_share(float *restrict to, const float *restrict from, float count, int c)
{
    for (int k = 0; k < c; k++)
        to[k] += from[k] / count;
}

void tuned_avg_pool_forward(nn_view y, nn_view x, const nn_conv *g, bool count_padding)
{
    for (int i = 0; i < y.n; i++)
        for (int oy = 0; oy < y.h; oy++) {
            range rows = clip_rows(g, oy, x.h);
            for (int ox = 0; ox < y.w; ox++) {
                range columns = clip_columns(g, ox, x.w);
                float *sum = y.p + i * y.sn + oy * y.sh + ox * y.sw;
                float count = (float)window_count(g, rows, columns, count_padding);
                memset(sum, 0, (size_t)y.c * sizeof(float));
                EACH_TAP(rows, columns, iy, ix) add_to(sum, x.p + i * x.sn + iy * x.sh + ix * x.sw, y.c);
                for (int k = 0; k < y.c; k++)
                    sum[k] /= count;
            }
        }
}

void tuned_avg_pool_backward(nn_view dx, nn_view dy, const nn_conv *g, bool count_padding, bool accumulate)
{
    if (!accumulate)
        clear(dx);
    for (int i = 0; i < dy.n; i++)
        for (int oy = 0; oy < dy.h; oy++) {
            range rows = clip_rows(g, oy, dx.h);
            for (int ox = 0; ox < dy.w; ox++) {
                range columns = clip_columns(g, ox, dx.w);
                const float *d = dy.p + i * dy.sn + oy * dy.sh + ox * dy.sw;
                float count = (float)window_count(g, rows, columns, count_padding);
                EACH_TAP(rows, columns, iy, ix)
                add_share(dx.p + i * dx.sn + iy * dx.sh + ix * dx.sw, d, count, dy.c);
            }
        }
}
