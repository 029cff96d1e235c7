/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vec.h - short vectors of floats for the tuned kernels
 *
 * GCC vector extensions, which clang shares: v4, v8, v16 are vectors of 4, 8 and 16 floats; `vec` is the
 * native one of the level that is being compiled. Never use a vector wider than the native one: it works, ten
 * times slower.
 */
#ifndef NN_KERNELS_TUNED_VEC_H
#define NN_KERNELS_TUNED_VEC_H

#include "nn/kernels/kernels.h"
#include <string.h>

#if defined(__AVX512F__)
#define LANES 16
#define REGISTERS 32
#elif defined(__AVX2__)
#define LANES 8
#define REGISTERS 16
#elif defined(__aarch64__)
#define LANES 4
#define REGISTERS 32
#else
#define LANES 4
#define REGISTERS 16
#endif

#define INLINE static inline __attribute__((always_inline))

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif

typedef float v4 __attribute__((vector_size(16)));
typedef float v8 __attribute__((vector_size(32)));
typedef float v16 __attribute__((vector_size(64)));
/* The same vectors at any address of a float. */
typedef float u4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef float u8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef float u16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t i4 __attribute__((vector_size(16)));
typedef int32_t i8 __attribute__((vector_size(32)));
typedef int32_t i16 __attribute__((vector_size(64)));

#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)
#define LEVEL_NAME(name) CAT(CAT(name, _), NN_LEVEL_IDENT)
#define vec CAT(v, LANES)
#define uvec CAT(u, LANES)
#define ivec CAT(i, LANES)

#define LOAD(lanes, p) ((CAT(v, lanes)) * (const CAT(u, lanes) *)(p))
#define STORE(lanes, p, value) (*(CAT(u, lanes) *)(p) = (value))

/* Keeps the compiler from computing what follows from `value` ahead of the loop, into more registers than
 * there are. */
#define OPAQUE(value) __asm__("" : "+r"(value))

#define ROUND_UP(n, to) (((n) + (to) - 1) / (to) * (to))

/* The first r floats at p, the other lanes zero; and back. For the last few channels only. */
#define PARTIAL(lanes)                                                                                       \
    INLINE CAT(v, lanes) CAT(load_part, lanes)(const float *p, int r)                                        \
    {                                                                                                        \
        CAT(v, lanes) v = {0};                                                                               \
        for (int l = 0; l < r; l++)                                                                          \
            v[l] = p[l];                                                                                     \
        return v;                                                                                            \
    }                                                                                                        \
    INLINE void CAT(store_part, lanes)(float *p, CAT(v, lanes) v, int r)                                     \
    {                                                                                                        \
        for (int l = 0; l < r; l++)                                                                          \
            p[l] = v[l];                                                                                     \
    }                                                                                                        \
    /* NaN stays NaN: a diverged net must show. */                                                           \
    INLINE CAT(v, lanes) CAT(activate, lanes)(CAT(v, lanes) x, nn_act act)                                   \
    {                                                                                                        \
        if (act == NN_ACT_NONE)                                                                              \
            return x;                                                                                        \
        x = (CAT(v, lanes))((CAT(i, lanes))x & ~(x < 0));                                                    \
        if (act == NN_ACT_RELU6) {                                                                           \
            CAT(i, lanes) high = x > 6;                                                                      \
            CAT(v, lanes) six = (CAT(v, lanes)){0} + 6.0f;                                                   \
            x = (CAT(v, lanes))(((CAT(i, lanes))x & ~high) | ((CAT(i, lanes))six & high));                   \
        }                                                                                                    \
        return x;                                                                                            \
    }                                                                                                        \
    INLINE CAT(v, lanes) CAT(fetch, lanes)(const float *p, int part)                                         \
    {                                                                                                        \
        return part ? CAT(load_part, lanes)(p, part) : LOAD(lanes, p);                                       \
    }                                                                                                        \
    INLINE void CAT(put, lanes)(float *p, CAT(v, lanes) v, int part)                                         \
    {                                                                                                        \
        if (part)                                                                                            \
            CAT(store_part, lanes)(p, v, part);                                                              \
        else                                                                                                 \
            STORE(lanes, p, v);                                                                              \
    }                                                                                                        \
    /* d where the activation lets x pass (its input, or its output), else 0. */                             \
    INLINE CAT(v, lanes) CAT(gate, lanes)(CAT(v, lanes) d, CAT(v, lanes) x, nn_act act)                      \
    {                                                                                                        \
        if (act == NN_ACT_RELU)                                                                              \
            d = (CAT(v, lanes))((CAT(i, lanes))d & (x > 0));                                                 \
        else if (act == NN_ACT_RELU6)                                                                        \
            d = (CAT(v, lanes))((CAT(i, lanes))d & (x > 0) & (x < 6));                                       \
        return d;                                                                                            \
    }
PARTIAL(4)
PARTIAL(8)
PARTIAL(16)
#undef PARTIAL

#endif
