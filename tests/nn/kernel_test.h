/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernel_test.h - tensors in float and double at once, for comparing kernels with the reference in float64
 *
 * A tensor lies in a buffer that ends exactly with its last halo pixel, so that the address sanitizer sees a
 * read past it. `around` fills everything that is no pixel: 0 where a kernel may read the halo, NaN where it
 * must not.
 */
#ifndef TESTS_NN_KERNEL_TEST_H
#define TESTS_NN_KERNEL_TEST_H

#include "nn/kernels/kernels.h"
#include "nn/kernels/kernels_f64.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

typedef struct tensor {
    float *mem, around;
    double *mem64;
    size_t size;
    nn_view v;
    nn_view_f64 d;
} tensor;

static uint32_t test_state = 1;

static inline float test_random(void) /* in [-1, 1), a multiple of 2^-12: exact in both precisions */
{
    test_state = test_state * 1664525u + 1013904223u;
    return (float)((int32_t)(test_state >> 19) - 4096) / 4096.0f;
}

/* n images of (h, w, c) with a halo, and `gap` unused channels beside each pixel (a slice of a wider tensor).
 */
static inline tensor tensor_new(int n, int h, int w, int c, int top, int bottom, int left, int right, int gap,
                                float around)
{
    tensor t = {.around = around};
    ptrdiff_t sw = c + gap, sh = (left + w + right) * sw, sn = (top + h + bottom) * sh;
    t.size = (size_t)(n * sn);
    if (gap > 0)
        t.size -= (size_t)gap; /* a slice ends with its own last channel */
    t.mem = malloc(t.size * sizeof(float));
    t.mem64 = malloc(t.size * sizeof(double));
    assert_non_null(t.mem);
    assert_non_null(t.mem64);
    t.v = (nn_view){t.mem + top * sh + left * sw, n, h, w, c, sw, sh, sn};
    t.d = (nn_view_f64){t.mem64 + top * sh + left * sw, n, h, w, c, sw, sh, sn};
    for (size_t i = 0; i < t.size; i++)
        t.mem64[i] = t.mem[i] = around;
    for (int i = 0; i < n; i++)
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                for (int k = 0; k < c; k++) {
                    ptrdiff_t at = i * sn + y * sh + x * sw + k;
                    t.d.p[at] = t.v.p[at] = test_random();
                }
    return t;
}

static inline void tensor_free(tensor *t)
{
    free(t->mem);
    free(t->mem64);
}

static inline bool same_float(float a, float b)
{
    return a == b || (a != a && b != b);
}

/* Every pixel within `tolerance` x the largest reference value, and nothing else touched. */
static inline bool tensor_agrees(const tensor *t, double tolerance)
{
    double scale = 1;
    char *inside = calloc(t->size, 1);
    bool ok = true;
    assert_non_null(inside);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < t->v.n; i++)
            for (int y = 0; y < t->v.h; y++)
                for (int x = 0; x < t->v.w; x++)
                    for (int k = 0; k < t->v.c; k++) {
                        ptrdiff_t at = i * t->v.sn + y * t->v.sh + x * t->v.sw + k;
                        double r = t->d.p[at];
                        inside[t->v.p + at - t->mem] = 1;
                        if (pass == 0 && fabs(r) > scale)
                            scale = fabs(r);
                        if (pass == 1 && !(fabs((double)t->v.p[at] - r) <= tolerance * scale) && ok) {
                            print_error("image %d pixel (%d, %d) channel %d: %.9g, reference %.9g\n", i, y, x,
                                        k, (double)t->v.p[at], r);
                            ok = false;
                        }
                    }
    for (size_t i = 0; i < t->size; i++)
        if (!inside[i] && !same_float(t->mem[i], t->around) && ok) {
            print_error("wrote outside the image, at %zu\n", i);
            ok = false;
        }
    free(inside);
    return ok;
}

/* Plain arrays in both precisions. */
typedef struct array {
    float *f;
    double *d;
    size_t n;
} array;

static inline array array_new(size_t n)
{
    array a = {malloc((n ? n : 1) * sizeof(float)), malloc((n ? n : 1) * sizeof(double)), n};
    assert_non_null(a.f);
    assert_non_null(a.d);
    for (size_t i = 0; i < n; i++)
        a.d[i] = a.f[i] = test_random();
    return a;
}

static inline void array_free(array *a)
{
    free(a->f);
    free(a->d);
}

static inline bool array_agrees(const char *what, const array *a, double tolerance)
{
    double scale = 1;
    for (size_t i = 0; i < a->n; i++)
        if (fabs(a->d[i]) > scale)
            scale = fabs(a->d[i]);
    for (size_t i = 0; i < a->n; i++)
        if (!(fabs((double)a->f[i] - a->d[i]) <= tolerance * scale)) {
            print_error("%s[%zu]: %.9g, reference %.9g\n", what, i, (double)a->f[i], a->d[i]);
            return false;
        }
    return true;
}

/* Scratch full of NaN, at an odd multiple of 64 bytes or an even one. */
static inline float *scratch_new(size_t floats, bool odd, void **to_free)
{
    size_t bytes = floats * sizeof(float) + 192;
    char *p = malloc(bytes);
    assert_non_null(p);
    *to_free = p;
    char *base = (char *)(((uintptr_t)p + 63) / 64 * 64) + (odd ? 64 : 0);
    for (size_t i = 0; i < floats; i++)
        ((float *)base)[i] = NAN;
    return (float *)base;
}

/* Runs BODY for every level that this machine supports, as `k`. */
#define FOR_LEVELS(k)                                                                                        \
    for (const char *const *level_ = nn_kernels_levels(); *level_; level_++)                                 \
        for (const nn_kernels *k = nn_kernels_find(*level_); k; k = NULL)

#endif
