/* SPDX-License-Identifier: GPL-3.0-or-later */
/* requant.c - see requant.h */
#include "nn/infer/requant.h"
#include <math.h>

static int32_t saturate(double v)
{
    v = rint(v);
    return v >= INT32_MAX ? INT32_MAX : v <= -INT32_MAX ? -INT32_MAX : (int32_t)v;
}

/* e with |v| < 2^e, as small as it gets; for 0 a very small one. */
static int exponent_of(double v)
{
    int e;
    frexp(v, &e);
    return v == 0 ? -1000 : e;
}

void infer_requantise(const double *factor, int n, double offset, bool sign, int32_t *m, int32_t *bias, int8_t *shift)
{
    int top = -1000, scale = 0;
    for (int i = 0; i < n; i++)
        top = exponent_of(factor[i]) > top ? exponent_of(factor[i]) : top;
    if (sign) { /* as large as m at its least shift, and bias, can hold */
        int most = exponent_of(offset) > top ? exponent_of(offset) : top;
        scale = most > -1000 ? 31 - INFER_SHIFT_MIN - most : 0;
    }
    int s = 31 - (top + scale);
    s = s < INFER_SHIFT_MIN ? INFER_SHIFT_MIN : s > INFER_SHIFT_MAX ? INFER_SHIFT_MAX : s;
    for (int i = 0; i < n; i++)
        m[i] = saturate(ldexp(factor[i], scale + s));
    *bias = saturate(ldexp(offset, scale + 16));
    *shift = (int8_t)s;
}

int infer_round(double v, infer_type t, int low, int high)
{
    if (infer_is_sign(t))
        return v < 0 ? -1 : 1;
    v = floor(v + 0.5);
    return !(v > low) ? low : v < high ? (int)v : high;
}
