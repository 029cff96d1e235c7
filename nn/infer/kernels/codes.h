/* SPDX-License-Identifier: GPL-3.0-or-later */
/* codes.h - one code at a time: where it lies, and how a sum becomes one (see nn/infer/linear.h) */
#ifndef NN_INFER_KERNELS_CODES_H
#define NN_INFER_KERNELS_CODES_H

#include "nn/infer/linear.h"

static inline size_t codes_bytes(size_t n, int bits)
{
    return (n * (size_t)bits + 7) / 8;
}

/* The code of element e. */
static inline int code_get(const uint8_t *p, size_t e, infer_type t)
{
    size_t bit = e * (size_t)t.bits;
    int code = p[bit / 8] >> bit % 8 & ((1 << t.bits) - 1);
    if (t.bits == 1)
        return t.is_signed ? 1 - 2 * code : code;
    return t.is_signed && code >> (t.bits - 1) ? code - (1 << t.bits) : code;
}

/* Writes the code of element e; the other bits of its byte stay. */
static inline void code_put(uint8_t *p, size_t e, infer_type t, int code)
{
    size_t bit = e * (size_t)t.bits;
    int mask = (1 << t.bits) - 1;
    if (t.bits == 1 && t.is_signed)
        code = code < 0;
    p[bit / 8] = (uint8_t)((p[bit / 8] & ~(mask << bit % 8)) | (code & mask) << bit % 8);
}

/* The code of a sum of channel c. (>> of a negative int64 is arithmetic in gcc and clang.) */
static inline int requantise(int32_t acc, const infer_requant *r, int c, infer_type y)
{
    int64_t v = (int64_t)acc * r->m[c] + ((int64_t)r->bias[c] * ((int64_t)1 << (r->shift[c] - 16)));
    if (y.bits == 1 && y.is_signed)
        return v >= 0 ? 1 : -1;
    v = (v + ((int64_t)1 << (r->shift[c] - 1))) >> r->shift[c];
    return v < r->low ? r->low : v > r->high ? r->high : (int)v;
}

#endif
