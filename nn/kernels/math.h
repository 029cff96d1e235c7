/* SPDX-License-Identifier: GPL-3.0-or-later */
/* math.h - exp, tanh and log of our own
 *
 * libm's last bit differs between C libraries, so training never calls its exp or log. Both are plain
 * additions and multiplications in a fixed order: the same bits wherever the compiler's rules on contraction
 * are the same.
 */
#ifndef NN_KERNELS_MATH_H
#define NN_KERNELS_MATH_H

#include <stdint.h>
#include <string.h>

/* exp(x): Cody-Waite reduction by ln 2 in two parts, then a polynomial of degree 6 (Taylor) on |r| <=
 * ln(2)/2; relative error under 2e-7. Below -87 the result is 0, above 88 infinity; NaN stays NaN. */
static inline float nn_expf(float x)
{
    if (!(x > -87.0f))
        return x != x ? x : 0.0f;
    if (x > 88.0f)
        return __builtin_inff();
    float t = x * 1.44269504088896341f + 12582912.0f; /* rounds to an integer in the low mantissa bits */
    int32_t bits;
    memcpy(&bits, &t, 4);
    float n = t - 12582912.0f;
    float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    uint32_t scale = (uint32_t)(bits - 0x4b400000 + 127) << 23;
    float s;
    memcpy(&s, &scale, 4);
    return p * s;
}

/* tanh(x) = 1 - 2 / (exp(2 x) + 1). Near zero the quotient would cancel: a series there. */
static inline float nn_tanhf(float x)
{
    if (x > -0.1f && x < 0.1f)
        return x - x * x * x * (1.0f / 3) + x * x * x * x * x * (2.0f / 15);
    return 1 - 2 / (nn_expf(2 * x) + 1);
}

/* log(x) for finite x > 0 (normal numbers): log m by 2 atanh((m - 1) / (m + 1)), m in [1/sqrt 2, sqrt 2). */
static inline double nn_log(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, 8);
    int64_t exponent = (int64_t)((bits >> 52) & 0x7ff) - 1023;
    bits = (bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
    double m;
    memcpy(&m, &bits, 8);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        exponent++;
    }
    double s = (m - 1.0) / (m + 1.0), s2 = s * s, sum = 0.0;
    for (int k = 23; k >= 1; k -= 2)
        sum = sum * s2 + 1.0 / k;
    return 2.0 * s * sum + (double)exponent * 0.693147180559945309417;
}

#endif
