/* SPDX-License-Identifier: GPL-3.0-or-later */
/* augment.c - one training sample, turned, mirrored, shifted, partly hidden, with noise
 *
 * The numbers drawn depend on the settings only, never on the sample: mirror, rows, columns, angle, hidden place, then noise. What is
 * brought in from outside repeats the edge. A shift copies against its direction, so no pixel is overwritten before it has been
 * read. Sine and cosine are polynomials of our own: the C library's last bits vary. */
#include "data/data.h"
#include <math.h>
#include <string.h>

bool data_has_augmentation(const data_set *d)
{
    return d->flip || d->shift > 0 || d->rotate > 0 || d->cutout > 0 || d->noise > 0;
}

/* What was there first is hashed always, the rest when it is used: a key stays what it was. */
void data_augment_hash(const data_set *d, hasher *h)
{
    hash_u64(h, d->flip);
    hash_u64(h, (uint64_t)d->shift);
    if (d->rotate > 0) {
        hash_text(h, "rotate");
        hash_real(h, d->rotate);
    }
    if (d->cutout > 0) {
        hash_text(h, "cutout");
        hash_u64(h, (uint64_t)d->cutout);
    }
    if (d->noise > 0) {
        hash_text(h, "noise");
        hash_real(h, d->noise);
    }
}

void data_augment_print(const data_set *d, buffer *out)
{
    size_t start = out->len;
    if (d->flip)
        buffer_puts(out, ", flip");
    if (d->shift > 0)
        buffer_printf(out, ", shift %d", d->shift);
    if (d->rotate > 0)
        buffer_printf(out, ", rotate %g", d->rotate);
    if (d->cutout > 0)
        buffer_printf(out, ", cutout %d", d->cutout);
    if (d->noise > 0)
        buffer_printf(out, ", noise %g", d->noise);
    if (out->len > start && !out->failed) { /* the first comma */
        memmove(out->data + start, out->data + start + 2, out->len - start - 1);
        out->len -= 2;
    }
}

static int clamp(int v, int n)
{
    return v < 0 ? 0 : v >= n ? n - 1 : v;
}

/* |angle| up to a quarter turn's half: Taylor's terms to the 10th, off by less than 1e-8. */
static void sine_cosine(double angle, double *sine, double *cosine)
{
    double q = angle * angle;
    *sine = angle * (1 - q / 6 * (1 - q / 20 * (1 - q / 42 * (1 - q / 72))));
    *cosine = 1 - q / 2 * (1 - q / 12 * (1 - q / 30 * (1 - q / 56 * (1 - q / 90))));
}

/* By `angle` (radians, anticlockwise as seen) about the middle, between the four nearest pixels. */
static void rotate(const data_set *d, const float *in, float *out, double angle)
{
    int h = d->h, w = d->w, c = d->c;
    double sine, cosine, mid_y = (h - 1) / 2.0, mid_x = (w - 1) / 2.0;
    sine_cosine(angle, &sine, &cosine);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++, out += c) {
            double from_y = mid_y + cosine * (y - mid_y) + sine * (x - mid_x), from_x = mid_x - sine * (y - mid_y) + cosine * (x - mid_x);
            int top = (int)floor(from_y), left = (int)floor(from_x);
            float down = (float)(from_y - top), right = (float)(from_x - left);
            const float *a = in + ((ptrdiff_t)clamp(top, h) * w + clamp(left, w)) * c, *b = in + ((ptrdiff_t)clamp(top, h) * w + clamp(left + 1, w)) * c;
            const float *e = in + ((ptrdiff_t)clamp(top + 1, h) * w + clamp(left, w)) * c,
                        *f = in + ((ptrdiff_t)clamp(top + 1, h) * w + clamp(left + 1, w)) * c;
            for (int k = 0; k < c; k++) {
                float upper = a[k] + (b[k] - a[k]) * right, lower = e[k] + (f[k] - e[k]) * right;
                out[k] = upper + (lower - upper) * down;
            }
        }
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

/* The square of d->cutout pixels about (y, x), as far as it lies inside, becomes the mean. */
static void hide(const data_set *d, float *image, int y, int x)
{
    int top = y - d->cutout / 2, left = x - d->cutout / 2;
    for (int i = top < 0 ? 0 : top; i < top + d->cutout && i < d->h; i++)
        for (int j = left < 0 ? 0 : left; j < left + d->cutout && j < d->w; j++)
            for (int k = 0; k < d->c; k++)
                image[((ptrdiff_t)i * d->w + j) * d->c + k] = d->n_norm ? 0 : (float)d->summary[k].mean;
}

void data_augment(const void *ctx, const float *sample, float *out, rng *r)
{
    const data_set *d = ctx;
    size_t width = (size_t)d->h * (size_t)d->w * (size_t)d->c;
    bool flip = d->flip && rng_below(r, 2);
    int dy = 0, dx = 0, y = 0, x = 0;
    if (d->shift > 0) {
        uint32_t choices = 2u * (uint32_t)d->shift + 1;
        dy = (int)rng_below(r, choices) - d->shift;
        dx = (int)rng_below(r, choices) - d->shift;
    }
    if (d->rotate > 0)
        rotate(d, sample, out, (2 * rng_real(r) - 1) * d->rotate * (3.14159265358979323846 / 180));
    else
        memcpy(out, sample, width * sizeof *out);
    if (flip)
        mirror(out, d->h, d->w, d->c);
    if (dy || dx)
        shift(out, d->h, d->w, d->c, dy, dx);
    if (d->cutout > 0) {
        y = (int)rng_below(r, (uint32_t)d->h);
        x = (int)rng_below(r, (uint32_t)d->w);
        hide(d, out, y, x);
    }
    for (size_t i = 0; i < width && d->noise > 0; i++)
        out[i] += (float)d->noise * rng_normal(r);
}
