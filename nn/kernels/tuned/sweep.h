/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sweep.h - passes over whole tensors
 *
 * A pass sees a tensor as rows of consecutive floats: as long as the strides of all views involved allow,
 * else pixel by pixel. Per-channel operands are spread over a *pattern*, `period` floats long, a multiple of
 * both 16 and the number of channels (64 for 8, 16, 32 or 64 channels), so that narrow nets fill their
 * vectors: 8 channels at 16 lanes are two pixels per vector. Sums per channel are kept per element of the
 * pattern and folded at the end, in double. The period depends on the shape alone and lanes never mix before
 * the fold, so the vector length does not change a bit.
 */
#ifndef NN_KERNELS_TUNED_SWEEP_H
#define NN_KERNELS_TUNED_SWEEP_H

#include "nn/kernels/tuned/tuned.h"

enum {
    SWEEP_VIEWS = 3,
    SWEEP_PERIOD = 64,    /* at least, when pixels are adjacent */
    SWEEP_MOST = 1024,    /* longest pattern; wider tensors are cut into slices of channels */
    SWEEP_FLUSH = 1 << 15 /* floats summed in fp32 before a fold into double */
};

typedef struct sweep {
    int n, h, w; /* rows: n x h x w of them */
    ptrdiff_t len;
    int c, period;
    float *p[SWEEP_VIEWS];
    ptrdiff_t sw[SWEEP_VIEWS], sh[SWEEP_VIEWS], sn[SWEEP_VIEWS];
} sweep;

INLINE int sweep_period(int c)
{
    int a = c, b = 16;
    while (b) {
        int t = a % b;
        a = b;
        b = t;
    }
    int period = c / a * 16; /* least common multiple */
    return (SWEEP_PERIOD + period - 1) / period * period;
}

/* The rows of channels [first, first + c) of `count` views of one shape. */
INLINE sweep sweep_of(const nn_view *const *views, int count, int first, int c)
{
    const nn_view *v0 = views[0];
    sweep s = {.n = v0->n, .h = v0->h, .w = v0->w, .len = c, .c = c, .period = ROUND_UP(c, 16)};
    bool adjacent = sweep_period(c) <= SWEEP_MOST, rows = true, images = true;
    for (int i = 0; i < count; i++) {
        const nn_view *v = views[i];
        s.p[i] = v->p + first;
        s.sw[i] = v->sw;
        s.sh[i] = v->sh;
        s.sn[i] = v->sn;
        adjacent = adjacent && v->sw == c;
        rows = rows && v->sh == (ptrdiff_t)v->w * c;
        images = images && v->sn == (ptrdiff_t)v->h * v->w * c;
    }
    if (!adjacent)
        return s;
    s.period = sweep_period(c);
    s.len *= s.w;
    s.w = 1;
    if (!rows)
        return s;
    s.len *= s.h;
    s.h = 1;
    if (!images)
        return s;
    s.len *= s.n;
    s.n = 1;
    return s;
}

/* How many channels one sweep takes. */
INLINE int sweep_slice(int c)
{
    return sweep_period(c) <= SWEEP_MOST || c <= SWEEP_MOST ? c : SWEEP_MOST;
}

/* A per-channel operand as a pattern (period floats); lanes past the channels are 0. */
INLINE void sweep_pattern(float *to, const float *from, const sweep *s)
{
    int i = 0;
    for (; i + s->c <= s->period; i += s->c)
        for (int c = 0; c < s->c; c++)
            to[i + c] = from[c];
    for (; i < s->period; i++)
        to[i] = 0;
}

INLINE double sweep_fold(const double *sums, int channel, const sweep *s)
{
    double total = 0;
    for (int i = channel; i < s->period; i += s->c)
        total += sums[i];
    return total;
}

#define SWEEP_ROWS(s)                                                                                        \
    for (int n_ = 0; n_ < (s)->n; n_++)                                                                      \
        for (int h_ = 0; h_ < (s)->h; h_++)                                                                  \
            for (int w_ = 0; w_ < (s)->w; w_++)
#define SWEEP_AT(s, i) ((s)->p[i] + n_ * (s)->sn[i] + h_ * (s)->sh[i] + w_ * (s)->sw[i])

/* Calls RUN(L, o, i, part) for vectors that cover [0, len): o is the offset in the row, i in the pattern;
 * part != 0: only that many floats of the vector. */
#define SWEEP_ROW(len, period, RUN)                                                                          \
    for (ptrdiff_t o_ = 0; o_ < (len); o_ += (period)) {                                                     \
        ptrdiff_t m_ = (len) - o_ < (period) ? (len) - o_ : (period), i_ = 0;                                \
        for (; i_ + LANES <= m_; i_ += LANES)                                                                \
            RUN(LANES, o_ + i_, i_, 0);                                                                      \
        if (LANES >= 16 && m_ - i_ >= 8) {                                                                   \
            RUN(8, o_ + i_, i_, 0);                                                                          \
            i_ += 8;                                                                                         \
        }                                                                                                    \
        if (LANES >= 8 && m_ - i_ >= 4) {                                                                    \
            RUN(4, o_ + i_, i_, 0);                                                                          \
            i_ += 4;                                                                                         \
        }                                                                                                    \
        if (i_ < m_)                                                                                         \
            RUN(4, o_ + i_, i_, (int)(m_ - i_));                                                             \
    }

/* Runs STATEMENT with `act` known to the compiler. */
#define WITH_ACT(act, call)                                                                                  \
    do {                                                                                                     \
        if ((act) == NN_ACT_NONE) {                                                                          \
            call(NN_ACT_NONE);                                                                               \
        } else if ((act) == NN_ACT_RELU) {                                                                   \
            call(NN_ACT_RELU);                                                                               \
        } else {                                                                                             \
            call(NN_ACT_RELU6);                                                                              \
        }                                                                                                    \
    } while (0)

#endif
