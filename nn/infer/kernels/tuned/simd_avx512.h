/* SPDX-License-Identifier: GPL-3.0-or-later */
/* simd_avx512.h - AVX-512 F, BW, DQ, VL; with VNNI and VPOPCNTDQ where the variant has them */
#ifndef NN_INFER_KERNELS_TUNED_SIMD_AVX512_H
#define NN_INFER_KERNELS_TUNED_SIMD_AVX512_H

#if defined(__AVX512VNNI__)
#undef HAS_DOT4
#define HAS_DOT4 1
INLINE ivec dot4(ivec acc, ivec x, ivec w)
{
    return (ivec)_mm512_dpbusd_epi32((__m512i)acc, (__m512i)x, (__m512i)w);
}
#else
#undef HAS_SHORT
#define HAS_SHORT 1
INLINE ivec dot2(ivec acc, ivec x, ivec w) { return acc + (ivec)_mm512_madd_epi16((__m512i)x, (__m512i)w); }
INLINE ivec short4(ivec acc, ivec x, ivec w)
{
    return (ivec)_mm512_add_epi16((__m512i)acc, _mm512_maddubs_epi16((__m512i)x, (__m512i)w));
}
INLINE ivec short_widen(ivec acc, ivec shorts)
{
    return acc + (ivec)_mm512_madd_epi16((__m512i)shorts, _mm512_set1_epi16(1));
}
#endif

#if defined(__AVX512VPOPCNTDQ__)
#undef HAS_POPCOUNT
#define HAS_POPCOUNT 1
INLINE ivec differ(ivec acc, ivec x, ivec w) { return acc - (ivec)_mm512_popcnt_epi32((__m512i)(x ^ w)); }
#else
INLINE ivec differ8(ivec acc, ivec x, ivec w)
{
    const __m512i table = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const __m512i nibble = _mm512_set1_epi8(15);
    __m512i d = (__m512i)(x ^ w);
    __m512i low = _mm512_shuffle_epi8(table, _mm512_and_si512(d, nibble));
    __m512i high = _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(d, 4), nibble));
    return (ivec)_mm512_add_epi8((__m512i)acc, _mm512_add_epi8(low, high));
}
INLINE ivec differ_widen(ivec acc, ivec counts)
{
    __m512i pairs = _mm512_maddubs_epi16((__m512i)counts, _mm512_set1_epi8(1));
    return acc - (ivec)_mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
}
#endif

/* Codes of four taps to words of one channel each: 4 x (4 LANES) to words of channels 16 j + 4 i + 0..3 in lane group j of to[i]. */
INLINE void interleave4(ivec to[4], ivec a, ivec b, ivec c, ivec d)
{
    __m512i ab0 = _mm512_unpacklo_epi8((__m512i)a, (__m512i)b), ab1 = _mm512_unpackhi_epi8((__m512i)a, (__m512i)b);
    __m512i cd0 = _mm512_unpacklo_epi8((__m512i)c, (__m512i)d), cd1 = _mm512_unpackhi_epi8((__m512i)c, (__m512i)d);
    to[0] = (ivec)_mm512_unpacklo_epi16(ab0, cd0);
    to[1] = (ivec)_mm512_unpackhi_epi16(ab0, cd0);
    to[2] = (ivec)_mm512_unpacklo_epi16(ab1, cd1);
    to[3] = (ivec)_mm512_unpackhi_epi16(ab1, cd1);
}
INLINE void interleave2(ivec to[2], ivec a, ivec b)
{
    to[0] = (ivec)_mm512_unpacklo_epi16((__m512i)a, (__m512i)b);
    to[1] = (ivec)_mm512_unpackhi_epi16((__m512i)a, (__m512i)b);
}

#define HAS_REQUANT 1
/* Constants of one vector of channels; products are made of even and of odd lanes. */
typedef struct requant_vec {
    __m512i up, m, m_odd, add_even, add_odd, down, low, high;
} requant_vec;

INLINE requant_vec requant_load(const int32_t *m, const int32_t *up, const int32_t *down, const int64_t *add, int low, int high)
{
    const __m512i even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
    __m512i first = _mm512_loadu_si512(add), second = _mm512_loadu_si512(add + 8), factor = _mm512_loadu_si512(m);
    return (requant_vec){
        .up = _mm512_loadu_si512(up),
        .m = factor,
        .m_odd = _mm512_srli_epi64(factor, 32),
        .add_even = _mm512_permutex2var_epi64(first, even, second),
        .add_odd = _mm512_permutex2var_epi64(first, odd, second),
        .down = _mm512_loadu_si512(down),
        .low = _mm512_set1_epi32(low),
        .high = _mm512_set1_epi32(high),
    };
}

INLINE ivec requant_apply(ivec acc, const requant_vec *q)
{
    __m512i a = _mm512_sllv_epi32((__m512i)acc, q->up);
    __m512i even = _mm512_add_epi64(_mm512_mul_epi32(a, q->m), q->add_even);
    __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(a, 32), q->m_odd), q->add_odd);
    __m512i upper = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
    __m512i v = _mm512_srav_epi32(upper, q->down);
    return (ivec)_mm512_min_epi32(_mm512_max_epi32(v, q->low), q->high);
}

#undef HAS_SIGNS
#define HAS_SIGNS 1
/* A bit per lane: (v < threshold) != flip, flip 0 or 1. */
INLINE void store_signs(uint8_t *p, ivec v, ivec threshold, ivec flip)
{
    __mmask16 below = _mm512_cmplt_epi32_mask((__m512i)v, (__m512i)threshold), flipped = _mm512_test_epi32_mask((__m512i)flip, (__m512i)flip);
    __mmask16 bits = _kxor_mask16(below, flipped);
    memcpy(p, &bits, sizeof bits);
}

/* The sign bits of 4 LANES bytes. */
INLINE void signs_of_bytes(uint8_t *to, const uint8_t *from)
{
    __mmask64 bits = _mm512_movepi8_mask(_mm512_loadu_si512(from));
    memcpy(to, &bits, sizeof bits);
}

/* The low bytes of the lanes, the first `n` of them. */
INLINE void store_bytes(uint8_t *p, ivec v, int n)
{
    _mm_mask_storeu_epi8(p, (__mmask16)((1u << n) - 1), _mm512_cvtepi32_epi8((__m512i)v));
}

#endif
