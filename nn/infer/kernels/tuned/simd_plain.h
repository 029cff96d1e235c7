/* SPDX-License-Identifier: GPL-3.0-or-later */
/* simd_plain.h - vectors of four in plain C, with SSE2 where x86-64 has it; nothing here needs more */
#ifndef NN_INFER_KERNELS_TUNED_SIMD_PLAIN_H
#define NN_INFER_KERNELS_TUNED_SIMD_PLAIN_H

typedef int16_t shorts __attribute__((vector_size(16)));
typedef uint32_t lanes_u32 __attribute__((vector_size(16)));

INLINE ivec dot2(ivec acc, ivec x, ivec w)
{
#if defined(__SSE2__)
    return acc + (ivec)_mm_madd_epi16((__m128i)x, (__m128i)w);
#else
    shorts a = (shorts)x, b = (shorts)w;
    for (int l = 0; l < LANES; l++)
        acc[l] += a[2 * l] * b[2 * l] + a[2 * l + 1] * b[2 * l + 1];
    return acc;
#endif
}

/* Bits per byte by halves, quarters and eighths, all bytes at once (Hacker's Delight, 5-1). */
INLINE ivec differ8(ivec acc, ivec x, ivec w)
{
    lanes_u32 d = (lanes_u32)(x ^ w);
    d -= d >> 1 & 0x55555555u;
    d = (d & 0x33333333u) + (d >> 2 & 0x33333333u);
    d = (d + (d >> 4)) & 0x0f0f0f0fu;
    return (ivec)((lanes_u32)acc + d);
}
INLINE ivec differ_widen(ivec acc, ivec counts)
{
    lanes_u32 d = (lanes_u32)counts;
    d = (d & 0x00ff00ffu) + (d >> 8 & 0x00ff00ffu);
    return acc - (ivec)((d & 0xffffu) + (d >> 16));
}

/* As in simd_avx512.h. */
INLINE void interleave2(ivec to[2], ivec a, ivec b)
{
    to[0] = (ivec)__builtin_shufflevector((shorts)a, (shorts)b, 0, 8, 1, 9, 2, 10, 3, 11);
    to[1] = (ivec)__builtin_shufflevector((shorts)a, (shorts)b, 4, 12, 5, 13, 6, 14, 7, 15);
}

#define HAS_REQUANT 0 /* 32 x 32 to 64 bits, signed, is SSE4.1: scalars are as fast */

INLINE void store_bytes(uint8_t *p, ivec v, int n)
{
    for (int l = 0; l < n; l++)
        p[l] = (uint8_t)v[l];
}

#endif
