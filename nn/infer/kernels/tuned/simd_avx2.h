/* SPDX-License-Identifier: GPL-3.0-or-later */
/* simd_avx2.h - AVX2; with AVX-VNNI where the variant has it */
#ifndef NN_INFER_KERNELS_TUNED_SIMD_AVX2_H
#define NN_INFER_KERNELS_TUNED_SIMD_AVX2_H

#if defined(__AVXVNNI__)
#undef HAS_DOT4
#define HAS_DOT4 1
INLINE ivec dot4(ivec acc, ivec x, ivec w)
{
    return (ivec)_mm256_dpbusd_avx_epi32((__m256i)acc, (__m256i)x, (__m256i)w);
}
#else
#undef HAS_SHORT
#define HAS_SHORT 1
INLINE ivec dot2(ivec acc, ivec x, ivec w) { return acc + (ivec)_mm256_madd_epi16((__m256i)x, (__m256i)w); }
INLINE ivec short4(ivec acc, ivec x, ivec w)
{
    return (ivec)_mm256_add_epi16((__m256i)acc, _mm256_maddubs_epi16((__m256i)x, (__m256i)w));
}
INLINE ivec short_widen(ivec acc, ivec shorts)
{
    return acc + (ivec)_mm256_madd_epi16((__m256i)shorts, _mm256_set1_epi16(1));
}
#endif

INLINE ivec differ8(ivec acc, ivec x, ivec w)
{
    const __m256i table = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i d = (__m256i)(x ^ w);
    __m256i low = _mm256_shuffle_epi8(table, _mm256_and_si256(d, nibble));
    __m256i high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(d, 4), nibble));
    return (ivec)_mm256_add_epi8((__m256i)acc, _mm256_add_epi8(low, high));
}
INLINE ivec differ_widen(ivec acc, ivec counts)
{
    __m256i pairs = _mm256_maddubs_epi16((__m256i)counts, _mm256_set1_epi8(1));
    return acc - (ivec)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

/* As in simd_avx512.h. */
INLINE void interleave4(ivec to[4], ivec a, ivec b, ivec c, ivec d)
{
    __m256i ab0 = _mm256_unpacklo_epi8((__m256i)a, (__m256i)b), ab1 = _mm256_unpackhi_epi8((__m256i)a, (__m256i)b);
    __m256i cd0 = _mm256_unpacklo_epi8((__m256i)c, (__m256i)d), cd1 = _mm256_unpackhi_epi8((__m256i)c, (__m256i)d);
    to[0] = (ivec)_mm256_unpacklo_epi16(ab0, cd0);
    to[1] = (ivec)_mm256_unpackhi_epi16(ab0, cd0);
    to[2] = (ivec)_mm256_unpacklo_epi16(ab1, cd1);
    to[3] = (ivec)_mm256_unpackhi_epi16(ab1, cd1);
}
INLINE void interleave2(ivec to[2], ivec a, ivec b)
{
    to[0] = (ivec)_mm256_unpacklo_epi16((__m256i)a, (__m256i)b);
    to[1] = (ivec)_mm256_unpackhi_epi16((__m256i)a, (__m256i)b);
}

#define HAS_REQUANT 1
typedef struct requant_vec {
    __m256i up, m, m_odd, add_even, add_odd, down, low, high;
} requant_vec;

INLINE requant_vec requant_load(const int32_t *m, const int32_t *up, const int32_t *down, const int64_t *add, int low, int high)
{
    __m256i factor = (__m256i)vec_load(m);
    return (requant_vec){
        .up = (__m256i)vec_load(up),
        .m = factor,
        .m_odd = _mm256_srli_epi64(factor, 32),
        .add_even = _mm256_setr_epi64x(add[0], add[2], add[4], add[6]),
        .add_odd = _mm256_setr_epi64x(add[1], add[3], add[5], add[7]),
        .down = (__m256i)vec_load(down),
        .low = _mm256_set1_epi32(low),
        .high = _mm256_set1_epi32(high),
    };
}

INLINE ivec requant_scale(ivec acc, const requant_vec *q)
{
    __m256i a = _mm256_sllv_epi32((__m256i)acc, q->up);
    __m256i even = _mm256_add_epi64(_mm256_mul_epi32(a, q->m), q->add_even);
    __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(a, 32), q->m_odd), q->add_odd);
    __m256i upper = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
    return (ivec)_mm256_srav_epi32(upper, q->down);
}

INLINE ivec requant_clamp(ivec v, const requant_vec *q)
{
    return (ivec)_mm256_min_epi32(_mm256_max_epi32((__m256i)v, q->low), q->high);
}

#undef HAS_SIGNS
#define HAS_SIGNS 1
/* As in simd_avx512.h. */
INLINE void store_signs(uint8_t *p, ivec v, ivec limit) { *p = (uint8_t)_mm256_movemask_ps((__m256)(v <= limit)); }

INLINE void signs_of_bytes(uint8_t *to, const uint8_t *from)
{
    int bits = _mm256_movemask_epi8((__m256i)vec_load(from));
    memcpy(to, &bits, sizeof bits);
}

INLINE void store_bytes(uint8_t *p, ivec v, int n)
{
    const __m256i first = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, /**/
                                           0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    __m256i bytes = _mm256_shuffle_epi8((__m256i)v, first);
    __m128i all = _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
    if (n == LANES)
        memcpy(p, &all, LANES);
    else
        memcpy(p, &all, (size_t)n);
}

#endif
