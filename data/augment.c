/* SPDX-License-Identifier: GPL-3.0-or-later */
/* augment.c - mirror and shift one training image, in place
 *
 * The numbers drawn depend on the settings only, never on the image: mirror first, then rows, then columns.
 * The gap that a shift leaves is filled by repeating the edge. Copying goes against the direction of the
 * shift, so no pixel is overwritten before it has been read and no scratch is needed. */
#include "data/data.h"
#include <string.h>

bool data_has_augmentation(const data_set *d)
{
    return d->flip || d->shift > 0;
}

static void mirror(float *image, int h, int w, int c)
{
    for (int y = 0; y < h; y++)
        for (int left = 0, right = w - 1; left < right; left++, right--)
            for (int k = 0; k < c; k++) {
                float *a = image + ((ptrdiff_t)y * w + left) * c + k,
                      *b = image + ((ptrdiff_t)y * w + right) * c + k;
                float t = *a;
                *a = *b;
                *b = t;
            }
}

static int clamp(int v, int n)
{
    return v < 0 ? 0 : v >= n ? n - 1 : v;
}

static void shift(float *image, int h, int w, int c, int dy, int dx)
{
    size_t pixel = (size_t)c * sizeof *image;
    for (int i = 0; i < h; i++) {
        int y = dy > 0 ? h - 1 - i : i;
        const float *from = image + (ptrdiff_t)clamp(y - dy, h) * w * c;
        float *to = image + (ptrdiff_t)y * w * c;
        for (int j = 0; j < w; j++) {
            int x = dx > 0 ? w - 1 - j : j;
            memmove(to + (ptrdiff_t)x * c, from + (ptrdiff_t)clamp(x - dx, w) * c, pixel);
        }
    }
}

void data_augment(const void *ctx, float *image, rng *r)
{
    const data_set *d = ctx;
    if (d->flip && rng_below(r, 2))
        mirror(image, d->h, d->w, d->c);
    if (d->shift > 0) {
        uint32_t choices = 2u * (uint32_t)d->shift + 1;
        int dy = (int)rng_below(r, choices) - d->shift;
        int dx = (int)rng_below(r, choices) - d->shift;
        if (dy || dx)
            shift(image, d->h, d->w, d->c, dy, dx);
    }
}
