/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vec.h - short vectors of floats for the tuned kernels
 *
 * GCC vector extensions, which clang shares: v4, v8, v16 are vectors of 4, 8 and 16 floats; `vec` is the native one of
 * the level that is being compiled. Never use a vector wider than the native one: it works, ten times slower.
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
typedef int32_t i4 __attribute__((vector_size(16)));
typedef int32_t i8 __attribute__((vector_size(32)));
typedef int32_t i16 __attribute__((vector_size(64)));

#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)
#define LEVEL_NAME(name) CAT(CAT(name, _), NN_LEVEL_IDENT)
#define vec CAT(v, LANES)
#define ivec CAT(i, LANES)

#endif
