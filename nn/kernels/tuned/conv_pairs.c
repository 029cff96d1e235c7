/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_pairs.c - 5 to 8 channels in vectors of 16 floats (see conv.h)
 *
 * Eight channels fill half a vector of 16. So two terms of each sum go side by side: the weights of rows k and k + 1 are
 * interleaved, {w[k][0], w[k + 1][0], w[k][1], w[k + 1][1], ...}, and x[k], x[k + 1] are broadcast together, in one load of eight
 * bytes. The even and the odd terms are added up apart and once at the end to each other, at every vector length: the
 * 16 floats are one vector of 16 lanes, two of 8 or four of 4. */
#include "nn/kernels/tuned/conv_finish.h"
#include "nn/kernels/tuned/conv_pairs.h"

#if LANES >= 8
#define L 8
#else
#define L 4
#endif

INLINE void fold_pairs(narrow sums[NARROW], const vec *acc)
{
    narrow even[NARROW], odd[NARROW];
    split_pairs(even, odd, acc);
    UNROLL
    for (int v = 0; v < NARROW; v++)
        sums[v] = even[v] + odd[v];
}

/* N pairs of rows, of P pixels at once. */
#define PAIRS(N)                                                                                             \
    do {                                                                                                     \
        vec wv[2][VECTORS];                                                                                  \
        UNROLL                                                                                               \
        for (int u = 0; u < (N); u++)                                                                        \
            UNROLL                                                                                           \
            for (int v = 0; v < VECTORS; v++)                                                                \
                wv[u][v] = LOAD(LANES, w + u * WIDE + v * LANES);                                            \
        UNROLL                                                                                               \
        for (int p = 0; p < P; p++)                                                                          \
            UNROLL                                                                                           \
            for (int u = 0; u < (N); u++) {                                                                  \
                vec xv = both(AT(p) + 2 * u);                                                                \
                UNROLL                                                                                       \
                for (int v = 0; v < VECTORS; v++)                                                            \
                    wide[p][v] += xv * wv[u][v];                                                             \
            }                                                                                                \
        w += (N) * WIDE;                                                                                     \
        ADVANCE(2 * (N));                                                                                    \
    } while (0)
#define AT(p) (fours ? at[(p) / 4] + (p) % 4 * step : at[p] + run)
#define ADVANCE(n)                                                                                           \
    if (fours)                                                                                               \
        for (int q = 0; q < P / 4; q++)                                                                      \
            at[q] += (n);                                                                                    \
    else                                                                                                     \
        run += (n)

INLINE void block(const conv_job *j, int first, int c0, int part, const int P, const bool fours)
{
    typedef narrow V;
    enum { NV = NARROW };
    const int32_t *xo = j->xo + first, *yo = j->yo + first;
    const float *w = j->pairs;
    const ptrdiff_t step = j->step;
    vec wide[16][VECTORS];
    UNROLL
    for (int p = 0; p < P; p++)
        UNROLL
        for (int v = 0; v < VECTORS; v++)
            wide[p][v] = (vec){0};
    for (int s = 0; s < j->segs; s++) {
        const float *x = j->x + j->seg[s], *at[16];
        ptrdiff_t run = 0;
        int k = j->len;
        for (int q = 0; q < (fours ? P / 4 : P); q++)
            at[q] = x + xo[fours ? 4 * q : q];
        for (; k >= 4; k -= 4)
            PAIRS(2);
        if (k >= 2) {
            PAIRS(1);
            k -= 2;
        }
        if (k > 0) { /* the odd lanes of w are 0 */
            UNROLL
            for (int v = 0; v < VECTORS; v++) {
                vec wv = LOAD(LANES, w + v * LANES);
                UNROLL
                for (int p = 0; p < P; p++)
                    wide[p][v] += *AT(p) * wv;
            }
            w += WIDE;
        }
    }
    V acc[16][NV];
    UNROLL
    for (int p = 0; p < P; p++)
        fold_pairs(acc[p], wide[p]);
    FINISH();
}

#define BLOCKS(P, fours)                                                                                     \
    for (; i + (P) <= j->count; i += (P))                                                                    \
    block(j, i, c0, part, P, fours)

void reduce_pairs(const conv_job *j, int c0, int part)
{
    int i = 0;
#if LANES == 16
    if (j->step)
        BLOCKS(16, true);
    BLOCKS(8, false);
    BLOCKS(4, false);
#elif LANES == 8
    BLOCKS(6, false);
    BLOCKS(2, false);
#else
    BLOCKS(2, false);
#endif
    BLOCKS(1, false);
}

size_t pairs_floats(int segs, int len)
{
    return (size_t)segs * (size_t)((len + 1) / 2) * WIDE;
}

void pack_pairs(float *to, const conv_job *j)
{
    int c0 = j->c / WIDE * WIDE, c = j->c - c0;
    const float *w = j->w + c0;
    for (int s = 0; s < j->segs; s++)
        for (int k = 0; k < j->len; k += 2, to += WIDE) {
            bool odd = k + 1 == j->len;
            const float *next = odd ? w : w + j->ldw;
            for (int i = 0; i < 8; i++) {
                to[2 * i] = i < c ? w[i] : 0;
                to[2 * i + 1] = i < c && !odd ? next[i] : 0;
            }
            w += odd ? j->ldw : 2 * j->ldw;
        }
}
