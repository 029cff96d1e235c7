/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_driver.h - what the drivers of convolution share: tiles, scratch, names */
#ifndef NN_KERNELS_TUNED_CONV_DRIVER_H
#define NN_KERNELS_TUNED_CONV_DRIVER_H

#include "nn/kernels/tuned/conv.h"

/* A tile holds whole images while they are small, else rows of one image: enough pixels to amortise the
 * blocks' edges and the flush of sums, few enough to stay in the first-level caches. A function of the shape
 * alone. */
typedef struct tile {
    int images, rows; /* rows < height only when images == 1 */
    int pixels;       /* at most */
} tile;

INLINE tile tile_of(int n, int h, int w)
{
    enum { ENOUGH = 256, MOST = 1024 };
    int pixels = h * w;
    tile t = {.images = 1, .rows = h};
    if (pixels < ENOUGH)
        t.images = (ENOUGH + pixels - 1) / pixels;
    else if (pixels > MOST)
        t.rows = w > MOST ? 1 : MOST / w;
    if (t.images > n)
        t.images = n;
    t.pixels = t.images * t.rows * w;
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

#define input_grad_scratch LEVEL_NAME(nn_input_grad_scratch)
size_t input_grad_scratch(const nn_view *x, const nn_view *y, const nn_conv *g); /* bytes */

#endif
