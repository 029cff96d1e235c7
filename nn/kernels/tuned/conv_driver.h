/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_driver.h - what the drivers of convolution share: tiles, scratch, rooms, names
 *
 * A convolution goes over the batch a few images at a time. What it reads is made just before it reads it, into a *room*
 * in scratch that stays in the nearest caches: the activations behind a batch norm, and the gradient through norm
 * and activation. A room has the halo that its reader wants. */
#ifndef NN_KERNELS_TUNED_CONV_DRIVER_H
#define NN_KERNELS_TUNED_CONV_DRIVER_H

#include "nn/kernels/tuned/conv.h"

/* A tile holds whole images while they are small, else rows of one image: enough floats to amortise the
 * blocks' edges and the flush of sums, few enough to stay in the nearest caches. A function of the shape alone. */
typedef struct tile {
    int images, rows; /* rows < height only when images == 1 */
    int pixels;       /* at most */
} tile;

INLINE tile tile_of(const nn_view *y, int in)
{
    enum { PIXELS = 256, FLOATS = 8192, MOST = 1024 };
    int c = y->c > in ? y->c : in, pixels = y->h * y->w, enough = PIXELS > FLOATS / c ? PIXELS : FLOATS / c;
    if (enough > MOST)
        enough = MOST;
    tile t = {.images = 1, .rows = y->h};
    if (pixels < enough)
        t.images = (enough + pixels - 1) / pixels;
    else if (pixels > MOST)
        t.rows = y->w > MOST ? 1 : MOST / y->w;
    if (t.images > y->n)
        t.images = y->n;
    t.pixels = t.images * t.rows * y->w;
    return t;
}

INLINE int tile_count(const tile *t, int images_left, int rows_left, int w)
{
    return (images_left < t->images ? images_left : t->images) * (rows_left < t->rows ? rows_left : t->rows) *
           w;
}

/* Scratch is carved from front to back; from NULL, it is only measured. */
typedef struct bump {
    char *base;
    size_t used;
} bump;

INLINE void *take(bump *b, size_t bytes)
{
    void *at = b->base ? b->base + b->used : NULL;
    b->used += ROUND_UP(bytes, 64);
    return at;
}

INLINE bool is_depthwise(const nn_view *x, const nn_view *y, const nn_conv *g)
{
    return g->groups > 1 && g->groups == x->c && g->groups == y->c;
}

INLINE nn_view channels_of(nn_view v, int first, int c)
{
    v.p = v.p ? v.p + first : NULL;
    v.c = c;
    return v;
}

INLINE nn_view images_of(nn_view v, int first, int n)
{
    v.p += first * v.sn;
    v.n = n;
    return v;
}

INLINE nn_source source_channels(const nn_source *x, int first, int c)
{
    nn_source s = {channels_of(x->v, first, c), x->scale, x->shift, x->act};
    if (s.scale) {
        s.scale += first;
        s.shift += first;
    }
    return s;
}

typedef struct room {
    nn_view v;
    float *base;
    size_t floats; /* 15 more may be read */
} room;

INLINE room take_room(bump *b, int images, const nn_view *like, int top, int bottom, int left, int right)
{
    nn_view v = *like;
    v.n = images;
    v.sw = v.c;
    v.sh = v.sw * (left + v.w + right);
    v.sn = v.sh * (top + v.h + bottom);
    room r = {v, NULL, (size_t)images * (size_t)v.sn};
    r.base = take(b, (r.floats + 15) * sizeof(float));
    r.v.p = r.base ? r.base + top * v.sh + left * v.sw : NULL;
    return r;
}

INLINE void clear_room(const room *r)
{
    memset(r->base, 0, (r->floats + 15) * sizeof(float));
}

/* The room that a source needs, for windows over all of its pixels; none: v is NULL. */
INLINE room source_room(bump *b, const nn_source *x, const nn_view *y, const nn_conv *g, int images)
{
    if (!x->scale)
        return (room){0};
    int below = (y->h - 1) * g->stride_h + (g->kh - 1) * g->dilation_h + 1 - x->v.h - g->pad_top;
    int beside = (y->w - 1) * g->stride_w + (g->kw - 1) * g->dilation_w + 1 - x->v.w - g->pad_left;
    return take_room(b, images, &x->v, g->pad_top, below > 0 ? below : 0, g->pad_left, beside > 0 ? beside : 0);
}

/* Images [first, first + n) of what is read. */
INLINE nn_view source_images(const nn_source *x, const room *r, int first, int n)
{
    nn_view v = images_of(x->v, first, n);
    if (!x->scale)
        return v;
    nn_view made = images_of(r->v, 0, n);
    tuned_scale_act(made, v, x->scale, x->shift, x->act);
    return made;
}

#define fill_pixels LEVEL_NAME(nn_fill_pixels)
#define fill_segments LEVEL_NAME(nn_fill_segments)
#define fill_offsets LEVEL_NAME(nn_fill_offsets)
/* Offsets of the pixels of images of rows x columns, each given by its stride. */
void fill_offsets(int32_t *to, int images, int rows, int columns, ptrdiff_t image, ptrdiff_t row, ptrdiff_t column);
/* Offsets of a tile's pixels in x and in y. */
void fill_pixels(int32_t *xo, int32_t *yo, const tile *t, const nn_view *x, const nn_view *y, const nn_conv *g);
/* Segments of one pixel's window, and their common length. */
void fill_segments(conv_job *j, ptrdiff_t *seg, const nn_view *x, int in, const nn_conv *g, bool depthwise);

#define conv_backward_scratch LEVEL_NAME(nn_conv_backward_scratch)
size_t conv_backward_scratch(const nn_source *x, const nn_view *y, const nn_conv *g, bool depthwise); /* of one group; bytes */

#endif
