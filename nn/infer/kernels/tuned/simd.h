/* SPDX-License-Identifier: GPL-3.0-or-later */
/* simd.h - the instructions that the integer kernels are made of, one implementation per instruction set
 *
 * ivec is a vector of LANES int32 (nn/kernels/tuned/vec.h). The dot products take words of x and of the weights as 32-bit
 * lanes and add to 32-bit lanes:
 *   dot4    four int8 x int8 or uint8 x int8 (X_UNSIGNED), exact, where HAS_DOT4
 *   dot2    two int16 x int16, exact, elsewhere
 *   short4  four uint8 x int8 as two sums in int16, where HAS_SHORT; `short_widen` adds them to 32 bits
 *   store_signs, signs_of_bytes  a bit per lane or byte, where HAS_SIGNS
 *   store_bytes4  four vectors at a time, where HAS_BYTES4
 *   differ_pair, differ_single  bits that differ in two words or one, subtracted by a carry-save adder (see simd_avx512.h), where
 *           HAS_POPCOUNT; elsewhere `differ8` counts them up per byte (the nibble table of
 *           Mula, Kurz and Lemire, arXiv:1611.07612) for at most DIFFER_MOST words, and `differ_widen` subtracts the counts */
#ifndef NN_INFER_KERNELS_TUNED_SIMD_H
#define NN_INFER_KERNELS_TUNED_SIMD_H

#include "nn/kernels/tuned/vec.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

INLINE ivec vec_load(const void *p)
{
    ivec v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void vec_store(void *p, ivec v) { memcpy(p, &v, sizeof v); }

/* The same 32 bits in every lane. */
INLINE ivec vec_repeat(const uint8_t *p)
{
    int32_t word;
    memcpy(&word, p, sizeof word);
    return (ivec){0} + word;
}

#define HAS_DOT4 0
#define HAS_SHORT 0
#define HAS_POPCOUNT 0
#define HAS_SIGNS 0
#define HAS_BYTES4 0
#define X_UNSIGNED 1
enum { DIFFER_MOST = 31 }; /* 8 bits each, in a byte */

#if defined(__AVX512F__)
#include "nn/infer/kernels/tuned/simd_avx512.h"
#elif defined(__AVX2__)
#include "nn/infer/kernels/tuned/simd_avx2.h"
#elif defined(__aarch64__)
#include "nn/infer/kernels/tuned/simd_neon.h"
#else
#include "nn/infer/kernels/tuned/simd_plain.h"
#endif

#endif
