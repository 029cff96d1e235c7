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
/* Half of a Harley-Seal count (arXiv:1611.07612): `ones` keeps one bit of the number of differences in each place, and what is
 * carried counts twice. `half ? ~sum : ones` is the majority of ones, x0 ^ w0 and x1 ^ w1: five instructions for two words. */
INLINE void differ_pair(ivec *twos, ivec *ones, ivec x0, ivec w0, ivec x1, ivec w1)
{
    __m512i half = _mm512_ternarylogic_epi32((__m512i)*ones, (__m512i)x0, (__m512i)w0, 0x96);
    __m512i sum = _mm512_ternarylogic_epi32(half, (__m512i)x1, (__m512i)w1, 0x96);
    __m512i carry = _mm512_ternarylogic_epi32(half, sum, (__m512i)*ones, 0x3a);
    *twos -= (ivec)_mm512_popcnt_epi32(carry);
    *ones = (ivec)sum;
}
INLINE void differ_single(ivec *twos, ivec *ones, ivec x, ivec w)
{
    ivec sum = (ivec)_mm512_ternarylogic_epi32((__m512i)*ones, (__m512i)x, (__m512i)w, 0x96);
    *twos -= (ivec)_mm512_popcnt_epi32((__m512i)(*ones & ~sum));
    *ones = sum;
}
INLINE ivec differ_all(ivec twos, ivec ones) { return twos + twos - (ivec)_mm512_popcnt_epi32((__m512i)ones); }
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

INLINE ivec requant_scale(ivec acc, const requant_vec *q)
{
    __m512i a = _mm512_sllv_epi32((__m512i)acc, q->up);
    __m512i even = _mm512_add_epi64(_mm512_mul_epi32(a, q->m), q->add_even);
    __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(a, 32), q->m_odd), q->add_odd);
    __m512i upper = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
    return (ivec)_mm512_srav_epi32(upper, q->down);
}

INLINE ivec requant_clamp(ivec v, const requant_vec *q)
{
    return (ivec)_mm512_min_epi32(_mm512_max_epi32((__m512i)v, q->low), q->high);
}

#undef HAS_SIGNS
#define HAS_SIGNS 1
/* A bit per lane: v <= limit. */
INLINE void store_signs(uint8_t *p, ivec v, ivec limit)
{
    __mmask16 bits = _mm512_cmple_epi32_mask((__m512i)v, (__m512i)limit);
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

#undef HAS_BYTES4
#define HAS_BYTES4 1
typedef struct clamp_bytes {
    __m512i low, high;
} clamp_bytes;

INLINE clamp_bytes clamp_of(int low, int high)
{
    return (clamp_bytes){_mm512_set1_epi8((char)low), _mm512_set1_epi8((char)high)};
}

/* 4 LANES bytes: the lanes of four vectors, clamped to what int8_t or uint8_t holds and to low .. high. */
INLINE void store_bytes4(uint8_t *p, const ivec v[4], clamp_bytes to, const bool is_signed)
{
    const __m512i in_order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i first = _mm512_packs_epi32((__m512i)v[0], (__m512i)v[1]), second = _mm512_packs_epi32((__m512i)v[2], (__m512i)v[3]), bytes;
    if (is_signed)
        bytes = _mm512_min_epi8(_mm512_max_epi8(_mm512_packs_epi16(first, second), to.low), to.high);
    else
        bytes = _mm512_min_epu8(_mm512_max_epu8(_mm512_packus_epi16(first, second), to.low), to.high);
    _mm512_storeu_si512(p, _mm512_permutexvar_epi32(in_order, bytes));
}

#endif
