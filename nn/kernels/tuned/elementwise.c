/* SPDX-License-Identifier: GPL-3.0-or-later */
/* elementwise.c - passes without sums: scale + activation, activation backward, add, copy */
#include "nn/kernels/tuned/sweep.h"

void tuned_scale_act(nn_view y, nn_view x, const float *scale, const float *shift, nn_act act)
{
    const nn_view *views[] = {&y, &x};
    int slice = sweep_slice(y.c);
    for (int c0 = 0; c0 < y.c; c0 += slice) {
        sweep s = sweep_of(views, 2, c0, y.c - c0 < slice ? y.c - c0 : slice);
        float a[SWEEP_MOST], b[SWEEP_MOST];
        if (scale) {
            sweep_pattern(a, scale + c0, &s);
            sweep_pattern(b, shift + c0, &s);
        }
        SWEEP_ROWS(&s)
        {
            float *to = SWEEP_AT(&s, 0);
            const float *from = SWEEP_AT(&s, 1);
#define AFFINE(L, o, i, part)                                                                                \
    CAT(put, L)(                                                                                             \
        to + (o),                                                                                            \
        CAT(activate, L)(CAT(fetch, L)(from + (o), part) * LOAD(L, a + (i)) + LOAD(L, b + (i)), kind), part)
#define PLAIN(L, o, i, part)                                                                                 \
    CAT(put, L)(to + (o), CAT(activate, L)(CAT(fetch, L)(from + (o), part), kind), part)
#define RUN(known)                                                                                           \
    const nn_act kind = known;                                                                               \
    if (scale)                                                                                               \
        SWEEP_ROW(s.len, s.period, AFFINE)                                                                   \
    else                                                                                                     \
        SWEEP_ROW(s.len, s.period, PLAIN)
            WITH_ACT(act, RUN);
#undef RUN
#undef AFFINE
#undef PLAIN
        }
    }
}

void tuned_act_backward(nn_view dx, nn_view dy, nn_view y, nn_act act, bool accumulate)
{
    const nn_view *views[] = {&dx, &dy, &y};
    sweep s = sweep_of(views, 3, 0, dx.c);
    SWEEP_ROWS(&s)
    {
        float *to = SWEEP_AT(&s, 0);
        const float *d = SWEEP_AT(&s, 1), *out = SWEEP_AT(&s, 2);
#define SET(L, o, i, part)                                                                                   \
    CAT(put, L)(to + (o), CAT(gate, L)(CAT(fetch, L)(d + (o), part), CAT(fetch, L)(out + (o), part), kind),  \
                part)
#define INCREASE(L, o, i, part)                                                                              \
    CAT(put, L)(to + (o),                                                                                    \
                CAT(fetch, L)(to + (o), part) +                                                              \
                    CAT(gate, L)(CAT(fetch, L)(d + (o), part), CAT(fetch, L)(out + (o), part), kind),        \
                part)
#define RUN(known)                                                                                           \
    const nn_act kind = known;                                                                               \
    if (accumulate)                                                                                          \
        SWEEP_ROW(s.len, s.len, INCREASE)                                                                    \
    else                                                                                                     \
        SWEEP_ROW(s.len, s.len, SET)
        WITH_ACT(act, RUN);
#undef RUN
#undef SET
#undef INCREASE
    }
}

void tuned_add(nn_view y, nn_view a, nn_view b, nn_act act)
{
    const nn_view *views[] = {&y, &a, &b};
    sweep s = sweep_of(views, 3, 0, y.c);
    SWEEP_ROWS(&s)
    {
        float *to = SWEEP_AT(&s, 0);
        const float *pa = SWEEP_AT(&s, 1), *pb = SWEEP_AT(&s, 2);
#define SUM(L, o, i, part)                                                                                   \
    CAT(put, L)(to + (o),                                                                                    \
                CAT(activate, L)(CAT(fetch, L)(pa + (o), part) + CAT(fetch, L)(pb + (o), part), kind), part)
#define RUN(known)                                                                                           \
    const nn_act kind = known;                                                                               \
    SWEEP_ROW(s.len, s.len, SUM)
        WITH_ACT(act, RUN);
#undef RUN
#undef SUM
    }
}

void tuned_copy(nn_view y, nn_view x, bool accumulate)
{
    const nn_view *views[] = {&y, &x};
    sweep s = sweep_of(views, 2, 0, y.c);
    SWEEP_ROWS(&s)
    {
        float *to = SWEEP_AT(&s, 0);
        const float *from = SWEEP_AT(&s, 1);
#define SET(L, o, i, part) CAT(put, L)(to + (o), CAT(fetch, L)(from + (o), part), part)
#define INCREASE(L, o, i, part)                                                                              \
    CAT(put, L)(to + (o), CAT(fetch, L)(to + (o), part) + CAT(fetch, L)(from + (o), part), part)
        if (accumulate)
            SWEEP_ROW(s.len, s.len, INCREASE)
        else
            SWEEP_ROW(s.len, s.len, SET)
#undef SET
#undef INCREASE
    }
}
