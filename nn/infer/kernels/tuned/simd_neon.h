/* SPDX-License-Identifier: GPL-3.0-or-later */
/* simd_neon.h - AArch64; with the dot products of ARMv8.2 where the variant has them
 *
 * Both sides of dot4 are signed. Without the instruction, products of bytes are added in pairs in int16, which holds them:
 * 2 x 128 x 127 < 2^15. */
#ifndef NN_INFER_KERNELS_TUNED_SIMD_NEON_H
#define NN_INFER_KERNELS_TUNED_SIMD_NEON_H

#undef HAS_DOT4
#define HAS_DOT4 1
#undef X_UNSIGNED
#define X_UNSIGNED 0

INLINE ivec dot4(ivec acc, ivec x, ivec w)
{
#if defined(__ARM_FEATURE_DOTPROD)
    return (ivec)vdotq_s32((int32x4_t)acc, (int8x16_t)x, (int8x16_t)w);
#else
    int16x8_t first = vmull_s8(vget_low_s8((int8x16_t)x), vget_low_s8((int8x16_t)w));
    int16x8_t second = vmull_high_s8((int8x16_t)x, (int8x16_t)w);
    return (ivec)vpadalq_s16((int32x4_t)acc, vpaddq_s16(first, second));
#endif
}

INLINE ivec differ8(ivec acc, ivec x, ivec w)
{
    return (ivec)vaddq_u8((uint8x16_t)acc, vcntq_u8((uint8x16_t)(x ^ w)));
}
INLINE ivec differ_widen(ivec acc, ivec counts)
{
    return acc - (ivec)vpaddlq_u16(vpaddlq_u8((uint8x16_t)counts));
}

/* As in simd_avx512.h. */
INLINE void interleave4(ivec to[4], ivec a, ivec b, ivec c, ivec d)
{
    uint8x16x2_t ab = vzipq_u8((uint8x16_t)a, (uint8x16_t)b), cd = vzipq_u8((uint8x16_t)c, (uint8x16_t)d);
    for (int i = 0; i < 2; i++) {
        uint16x8x2_t abcd = vzipq_u16((uint16x8_t)ab.val[i], (uint16x8_t)cd.val[i]);
        to[2 * i] = (ivec)abcd.val[0];
        to[2 * i + 1] = (ivec)abcd.val[1];
    }
}

#define HAS_REQUANT 1
typedef struct requant_vec {
    int32x4_t up, m, down, low, high;
    int64x2_t add[2];
} requant_vec;

INLINE requant_vec requant_load(const int32_t *m, const int32_t *up, const int32_t *down, const int64_t *add, int low, int high)
{
    return (requant_vec){
        .up = vld1q_s32(up),
        .m = vld1q_s32(m),
        .down = vnegq_s32(vld1q_s32(down)),
        .low = vdupq_n_s32(low),
        .high = vdupq_n_s32(high),
        .add = {vld1q_s64(add), vld1q_s64(add + 2)},
    };
}

INLINE ivec requant_scale(ivec acc, const requant_vec *q)
{
    int32x4_t a = vshlq_s32((int32x4_t)acc, q->up);
    int64x2_t first = vaddq_s64(vmull_s32(vget_low_s32(a), vget_low_s32(q->m)), q->add[0]);
    int64x2_t second = vaddq_s64(vmull_high_s32(a, q->m), q->add[1]);
    int32x4_t upper = vuzp2q_s32(vreinterpretq_s32_s64(first), vreinterpretq_s32_s64(second));
    return (ivec)vshlq_s32(upper, q->down);
}

INLINE ivec requant_clamp(ivec v, const requant_vec *q) { return (ivec)vminq_s32(vmaxq_s32((int32x4_t)v, q->low), q->high); }

INLINE void store_bytes(uint8_t *p, ivec v, int n)
{
    uint16x4_t halves = vmovn_u32((uint32x4_t)v);
    uint8x8_t bytes = vmovn_u16(vcombine_u16(halves, halves));
    if (n == LANES)
        memcpy(p, &bytes, LANES);
    else
        memcpy(p, &bytes, (size_t)n);
}

#endif
