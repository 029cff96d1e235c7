/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv_pairs.h - eight channels by two terms in 16 floats: one vector of 16 lanes, two of 8 or four of 4 */
#ifndef NN_KERNELS_TUNED_CONV_PAIRS_H
#define NN_KERNELS_TUNED_CONV_PAIRS_H

#include "nn/kernels/tuned/conv.h"

enum { WIDE = 16, VECTORS = WIDE / LANES };

typedef int64_t pair_vec __attribute__((vector_size(LANES * 4)));

/* {p[0], p[1], p[0], p[1], ...} */
INLINE vec both(const float *p)
{
    int64_t bits;
    memcpy(&bits, p, 8);
    return (vec)((pair_vec){0} + bits);
}

#if LANES >= 8
typedef v8 narrow;
enum { NARROW = 1 }; /* vectors of eight channels */
#else
typedef v4 narrow;
enum { NARROW = 2 };
#endif

/* The even lanes of the 16 floats, and the odd ones. */
INLINE void split_pairs(narrow even[NARROW], narrow odd[NARROW], const vec *all)
{
#if LANES >= 8
    even[0] = __builtin_shufflevector(all[0], all[VECTORS - 1], 0, 2, 4, 6, 8, 10, 12, 14);
    odd[0] = __builtin_shufflevector(all[0], all[VECTORS - 1], 1, 3, 5, 7, 9, 11, 13, 15);
#else
    for (int v = 0; v < NARROW; v++) {
        even[v] = __builtin_shufflevector(all[2 * v], all[2 * v + 1], 0, 2, 4, 6);
        odd[v] = __builtin_shufflevector(all[2 * v], all[2 * v + 1], 1, 3, 5, 7);
    }
#endif
}

/* {p[0], p[0], p[1], p[1], ... p[7], p[7]} */
INLINE void twice(vec all[VECTORS], const float *p)
{
#if LANES == 16
    v8 a = LOAD(8, p);
    all[0] = __builtin_shufflevector(a, a, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
#elif LANES == 8
    v8 a = LOAD(8, p);
    all[0] = __builtin_shufflevector(a, a, 0, 0, 1, 1, 2, 2, 3, 3);
    all[1] = __builtin_shufflevector(a, a, 4, 4, 5, 5, 6, 6, 7, 7);
#else
    for (int v = 0; v < NARROW; v++) {
        v4 a = LOAD(4, p + 4 * v);
        all[2 * v] = __builtin_shufflevector(a, a, 0, 0, 1, 1);
        all[2 * v + 1] = __builtin_shufflevector(a, a, 2, 2, 3, 3);
    }
#endif
}

#endif
