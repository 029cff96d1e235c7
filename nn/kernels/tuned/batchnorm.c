/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batchnorm.c - passes with sums per channel: batch statistics, and batch norm with its activation backward
 *
 * Backward, with d = dy where the activation passed and xhat = (x - mean) * inv_std:
 *     dbeta = sum d, dgamma = sum d * xhat, dx = gamma * inv_std * (d - dbeta / N - xhat * dgamma / N).
 * One pass takes the sums, of any part of the batch; a second one writes dx. */
#include "nn/kernels/tuned/batchnorm.h"

typedef struct sums { /* two sums per element of the pattern: of a run in fp32, of all in double */
    float a[SWEEP_MOST], b[SWEEP_MOST];
    double total_a[SWEEP_MOST], total_b[SWEEP_MOST];
    ptrdiff_t pending;
} sums;

static void sums_init(sums *t, const sweep *s)
{
    for (int i = 0; i < s->period; i++) {
        t->a[i] = t->b[i] = 0;
        t->total_a[i] = t->total_b[i] = 0;
    }
    t->pending = 0;
}

static void sums_flush(sums *t, const sweep *s)
{
    for (int i = 0; i < s->period; i++) {
        t->total_a[i] += (double)t->a[i];
        t->total_b[i] += (double)t->b[i];
        t->a[i] = t->b[i] = 0;
    }
    t->pending = 0;
}

/* Sums over `len` floats; with the period of the common widths, in registers. TERMS(L, o, i, part, a, b) adds
 * to a and b. */
#define SUM_ROW(t, len, period, TERMS)                                                                       \
    {                                                                                                        \
        ptrdiff_t whole_ = (period) == SWEEP_PERIOD ? (len) / SWEEP_PERIOD * SWEEP_PERIOD : 0;               \
        if (whole_ > 0) {                                                                                    \
            vec sa_[SWEEP_PERIOD / LANES], sb_[SWEEP_PERIOD / LANES];                                        \
            UNROLL                                                                                           \
            for (int k_ = 0; k_ < SWEEP_PERIOD / LANES; k_++) {                                              \
                sa_[k_] = LOAD(LANES, (t)->a + k_ * LANES);                                                  \
                sb_[k_] = LOAD(LANES, (t)->b + k_ * LANES);                                                  \
            }                                                                                                \
            for (ptrdiff_t o_ = 0; o_ < whole_; o_ += SWEEP_PERIOD) {                                        \
                UNROLL                                                                                       \
                for (int k_ = 0; k_ < SWEEP_PERIOD / LANES; k_++)                                            \
                    TERMS(LANES, o_ + k_ * LANES, k_ * LANES, 0, sa_[k_], sb_[k_]);                          \
            }                                                                                                \
            UNROLL                                                                                           \
            for (int k_ = 0; k_ < SWEEP_PERIOD / LANES; k_++) {                                              \
                STORE(LANES, (t)->a + k_ * LANES, sa_[k_]);                                                  \
                STORE(LANES, (t)->b + k_ * LANES, sb_[k_]);                                                  \
            }                                                                                                \
        }                                                                                                    \
        SWEEP_ROW((len) - whole_, period, IN_MEMORY)                                                         \
    }
#define IN_MEMORY_OF(TERMS, t, L, o, i, part)                                                                \
    {                                                                                                        \
        CAT(v, L) a_ = LOAD(L, (t)->a + (i)), b_ = LOAD(L, (t)->b + (i));                                    \
        TERMS(L, (o), i, part, a_, b_);                                                                      \
        STORE(L, (t)->a + (i), a_);                                                                          \
        STORE(L, (t)->b + (i), b_);                                                                          \
    }

/* A row in runs of SWEEP_FLUSH floats (a multiple of the period), each followed by a fold into double. */
#define EACH_RUN(t, s, at, run)                                                                              \
    for (ptrdiff_t at = 0, most_ = SWEEP_FLUSH / (s)->period * (s)->period, run; at < (s)->len; at += run) { \
        run = (s)->len - at < most_ ? (s)->len - at : most_;                                                 \
        if ((t)->pending + run > SWEEP_FLUSH)                                                                \
            sums_flush(t, s);                                                                                \
        (t)->pending += run;

void tuned_mean_var(float *stats, nn_view x)
{
    const nn_view *views[] = {&x};
    int slice = sweep_slice(x.c);
    double count = (double)x.n * x.h * x.w;
    for (int c0 = 0; c0 < x.c; c0 += slice) {
        sweep s = sweep_of(views, 1, c0, x.c - c0 < slice ? x.c - c0 : slice);
        sums t;
        float first[SWEEP_MOST] = {0}; /* deviations are from the first pixel: a large mean cancels nothing */
        sums_init(&t, &s);
        sweep_pattern(first, x.p + c0, &s);
        SWEEP_ROWS(&s)
        {
            const float *row = SWEEP_AT(&s, 0);
            EACH_RUN(&t, &s, at, run)
            const float *p = row + at;
#define TERMS(L, o, i, part, a, b)                                                                           \
    {                                                                                                        \
        CAT(v, L) d_ = CAT(fetch, L)(p + (o), part) - CAT(fetch, L)(first + (i), part);                      \
        a += d_;                                                                                             \
        b += d_ * d_;                                                                                        \
    }
#define IN_MEMORY(L, o, i, part) IN_MEMORY_OF(TERMS, &t, L, whole_ + (o), i, part)
            SUM_ROW(&t, run, s.period, TERMS)
#undef IN_MEMORY
#undef TERMS
        }
    }
    sums_flush(&t, &s);
    for (int c = 0; c < s.c; c++) {
        double mean = sweep_fold(t.total_a, c, &s) / count,
               var = sweep_fold(t.total_b, c, &s) / count - mean * mean;
        stats[c0 + c] = (float)((double)first[c] + mean);
        stats[x.c + c0 + c] = var < 0 ? 0.0f : (float)var;
    }
}
}

INLINE void sums_of(sums *t, const sweep *s, const bn_slice *k, const nn_act act)
{
    SWEEP_ROWS(s)
    {
        const float *row_x = SWEEP_AT(s, 0), *row_dy = SWEEP_AT(s, 1);
        EACH_RUN(t, s, at, run)
        const float *px = row_x + at, *pd = row_dy + at;
#define TERMS(L, o, i, part, a, b)                                                                           \
    {                                                                                                        \
        CAT(v, L) x_ = CAT(fetch, L)(px + (o), part), d_ = CAT(fetch, L)(pd + (o), part);                    \
        d_ = CAT(gate, L)(d_, x_ * LOAD(L, k->scale + (i)) + LOAD(L, k->shift + (i)), act);                  \
        a += d_;                                                                                             \
        b += d_ * (x_ - LOAD(L, k->mean + (i)));                                                             \
    }
#define IN_MEMORY(L, o, i, part) IN_MEMORY_OF(TERMS, t, L, whole_ + (o), i, part)
        SUM_ROW(t, run, s->period, TERMS)
#undef IN_MEMORY
#undef TERMS
    }
}
sums_flush(t, s);
}

INLINE void dx_of(const sweep *s, const bn_slice *k, const nn_act act)
{
    SWEEP_ROWS(s)
    {
        const float *px = SWEEP_AT(s, 0), *pd = SWEEP_AT(s, 1);
        float *to = SWEEP_AT(s, 2);
#define DX(L, o, i, part)                                                                                    \
    {                                                                                                        \
        CAT(v, L) x_ = CAT(fetch, L)(px + (o), part), scale_ = LOAD(L, k->scale + (i));                      \
        CAT(v, L)                                                                                            \
        d_ = CAT(gate, L)(CAT(fetch, L)(pd + (o), part), x_ * scale_ + LOAD(L, k->shift + (i)), act);        \
        d_ = d_ * scale_ +                                                                                   \
             ((x_ - LOAD(L, k->mean + (i))) * LOAD(L, k->slope + (i)) + LOAD(L, k->constant + (i)));         \
        CAT(put, L)(to + (o), d_, part);                                                                     \
    }
        SWEEP_ROW(s->len, s->period, DX)
#undef DX
    }
}

/* Channels [c0, c0 + channels), but for what the sums give; returns the scales in `scale`. */
static void slice_begin(bn_slice *k, const nn_gradient *d, int c0, int channels, const sweep *s, float *scale)
{
    float shift[SWEEP_MOST];
    for (int c = 0; c < channels; c++) {
        scale[c] = d->gamma[c0 + c] * d->inv_std[c0 + c];
        shift[c] = d->beta[c0 + c] - d->mean[c0 + c] * scale[c];
    }
    sweep_pattern(k->mean, d->mean + c0, s);
    sweep_pattern(k->scale, scale, s);
    sweep_pattern(k->shift, shift, s);
}

static void slice_sums(double *dgamma, double *dbeta, const nn_gradient *d, int c0, int channels)
{
    const nn_view *views[] = {&d->y, &d->dy};
    sweep s = sweep_of(views, 2, c0, channels);
    sums t;
    bn_slice k;
    float scale[SWEEP_MOST];
    sums_init(&t, &s);
    slice_begin(&k, d, c0, channels, &s, scale);
#define RUN(known) sums_of(&t, &s, &k, known)
    WITH_ACT(d->act, RUN);
#undef RUN
    for (int c = 0; c < channels; c++) {
        dbeta[c0 + c] = sweep_fold(t.total_a, c, &s);
        dgamma[c0 + c] = sweep_fold(t.total_b, c, &s) * (double)d->inv_std[c0 + c];
    }
}

void tuned_norm_sums(double *dgamma, double *dbeta, const nn_gradient *d)
{
    int c = d->y.c, slice = sweep_slice(c);
    for (int c0 = 0; c0 < c; c0 += slice)
        slice_sums(dgamma, dbeta, d, c0, c - c0 < slice ? c - c0 : slice);
}

static void slice_prepare(bn_slice *k, const nn_gradient *d, int c0, int channels)
{
    const nn_view *views[] = {&d->y, &d->dy};
    sweep s = sweep_of(views, 2, c0, channels);
    float scale[SWEEP_MOST], slope[SWEEP_MOST], constant[SWEEP_MOST];
    slice_begin(k, d, c0, channels, &s, scale);
    for (int c = 0; c < channels; c++) {
        slope[c] = (float)(-(double)scale[c] * (double)d->inv_std[c0 + c] * d->dgamma[c0 + c] / d->count);
        constant[c] = (float)(-(double)scale[c] * d->dbeta[c0 + c] / d->count);
    }
    sweep_pattern(k->slope, slope, &s);
    sweep_pattern(k->constant, constant, &s);
}

void bn_backward_prepare(bn_slice *k, const nn_gradient *d)
{
    int c = d->y.c, slice = sweep_slice(c);
    for (int c0 = 0; c0 < c; c0 += slice)
        slice_prepare(k++, d, c0, c - c0 < slice ? c - c0 : slice);
}

void bn_backward_dx(nn_view dx, nn_view dy, nn_view x, const bn_slice *k, nn_act act)
{
    const nn_view *views[] = {&x, &dy, &dx};
    int slice = sweep_slice(x.c);
    for (int c0 = 0; c0 < x.c; c0 += slice, k++) {
        sweep s = sweep_of(views, 3, c0, x.c - c0 < slice ? x.c - c0 : slice);
#define RUN(known) dx_of(&s, k, known)
        WITH_ACT(act, RUN);
#undef RUN
    }
}

void tuned_norm_backward(nn_view dx, const nn_gradient *d)
{
    int slice = sweep_slice(dx.c);
    for (int c0 = 0; c0 < dx.c; c0 += slice) {
        int c = dx.c - c0 < slice ? dx.c - c0 : slice;
        nn_view own[] = {dx, d->dy, d->y};
        for (int i = 0; i < 3; i++) {
            own[i].p += c0;
            own[i].c = c;
        }
        bn_slice k;
        slice_prepare(&k, d, c0, c);
        bn_backward_dx(own[0], own[1], own[2], &k, d->act);
    }
}
