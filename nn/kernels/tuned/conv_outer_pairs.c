/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_outer_pairs.c - weight gradients of 5 to 8 channels in vectors of 16 floats (see conv_pairs.c)
 *
 * Two rows of dw side by side: x[k], x[k + 1] are broadcast together, each channel of dy stands twice. A segment of odd
 * length ends with a pair that overlaps the one before; only its second row is stored. */
#include "nn/kernels/tuned/conv_pairs.h"

enum { MOST = LANES == 16 ? 24 : LANES == 8 ? 6 : 2 };

typedef struct pair_row { /* where a pair reads, and the row of dw of its first half; skip: that is not stored */
    ptrdiff_t at;
    int row;
    bool skip;
} pair_row;

INLINE void store_row(float *dw, const narrow *sums, bool accumulate, int part)
{
#if LANES >= 8
    v8 sum = sums[0];
    if (accumulate)
        sum += fetch8(dw, part);
    put8(dw, sum, part);
#else
    (void)part; /* 0 */
    for (int v = 0; v < NARROW; v++)
        STORE(4, dw + 4 * v, accumulate ? LOAD(4, dw + 4 * v) + sums[v] : sums[v]);
#endif
}

/* R pairs of rows over all pixels; `together`: they follow each other in one segment. */
INLINE void block(const conv_job *j, const pair_row *rows, int c0, int part, const int R, const bool together)
{
    vec acc[MOST][VECTORS];
    UNROLL
    for (int r = 0; r < R; r++)
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            acc[r][v] = (vec){0};
    const float *x = j->x + (together ? rows[0].at : 0), *dy = j->dy + c0;
    for (int i = 0; i < j->count; i++) {
        const float *xs = x + j->xo[i];
        vec d[VECTORS];
        twice(d, dy + j->yo[i]);
        UNROLL
        for (int r = 0; r < R; r++) {
            vec xv = both(together ? xs + 2 * r : xs + rows[r].at);
            UNROLL
            for (int v = 0; v < VECTORS; v++)
                acc[r][v] += xv * d[v];
        }
    }
    UNROLL
    for (int r = 0; r < R; r++) {
        narrow even[NARROW], odd[NARROW];
        float *dw = j->y + rows[r].row * j->ldw + c0;
        split_pairs(even, odd, acc[r]);
        if (!rows[r].skip)
            store_row(dw, even, j->accumulate, part);
        store_row(dw + j->ldw, odd, j->accumulate, part);
    }
}

static int pair_rows(pair_row *rows, const conv_job *j, int *s, int *k, int most)
{
    int n = 0;
    for (; n < most && *s < j->segs; n++) {
        bool last = *k + 1 == j->len; /* of an odd length */
        int at = last ? *k - 1 : *k;
        rows[n] = (pair_row){j->seg[*s] + at, *s * j->len + at, last};
        *k += 2;
        if (*k >= j->len) {
            *k = 0;
            ++*s;
        }
    }
    return n;
}

#define CASE(R, together)                                                                                    \
    case R: block(j, rows, c0, part, R, together); break

static void scattered(const conv_job *j, const pair_row *rows, int n, int c0, int part)
{
    switch (n) {
        CASE(1, false);
        CASE(2, false);
#if LANES >= 8
        CASE(3, false);
        CASE(4, false);
        CASE(5, false);
        CASE(6, false);
#endif
#if LANES >= 16
        CASE(7, false);
        CASE(8, false);
        CASE(9, false);
        CASE(10, false);
        CASE(11, false);
        CASE(12, false);
#endif
    }
}

static void contiguous(const conv_job *j, const pair_row *rows, int n, int c0, int part)
{
    switch (n) {
#if LANES >= 16
        CASE(24, true);
        CASE(12, true);
        CASE(8, true);
#elif LANES >= 8
        CASE(6, true);
#endif
        CASE(4 < MOST ? 4 : MOST, true);
    default:
        scattered(j, rows, n, c0, part);
    }
}

void outer_pairs(const conv_job *j, int c0, int part)
{
    pair_row rows[MOST];
    const int scattered_most = MOST > 12 ? 12 : MOST;
    bool even = j->len % 2 == 0 && j->len >= 8;
    for (int s = 0, k = 0; s < j->segs;) {
        int left = (j->len - k + 1) / 2, most = scattered_most;
        if (even) /* pieces of one segment */
            most = left >= MOST ? MOST : left >= 12 && MOST >= 12 ? 12 : left >= 8 && MOST >= 8 ? 8 : left < 4 ? left : 4;
        if (even && most > MOST)
            most = MOST;
        int n = pair_rows(rows, j, &s, &k, most);
        (even ? contiguous : scattered)(j, rows, n, c0, part);
    }
}
