/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conv.h - the two shapes of work that every convolution is cut into
 *
 * A *tile* is a group of small images or a band of rows of a large one: a list of pixels, each an offset into
 * the image read and one into the image written. A *segment* is a run of `len` floats that lie side by side
 * at a constant distance from each pixel: kw x c_in of them for an ordinary convolution, c_in with dilation
 * or groups.
 *
 * reduce: for every pixel, y[pixel][c] = sum over segments s and k < len of x[pixel + s + k] * w[s * len +
 * k][c]. Forward convolution, its input gradient (one stride-1 reduction per residue class of the stride,
 * over gradients padded in scratch) and dense layers (the images are the pixels). outer:  for every segment
 * row, dw[s * len + k][c] (+)= sum over pixels of x[pixel + s + k] * dy[pixel][c].
 *
 * Depthwise convolution has its own two, with x[pixel + s][c] in place of x[pixel + s + k].
 *
 * Every sum runs over segments, k or pixels in the order written here, one rounding per term, whatever the
 * vector length; tiles depend on the shape alone. So levels with the same rule of contraction give the same
 * bits.
 */
#ifndef NN_KERNELS_TUNED_CONV_H
#define NN_KERNELS_TUNED_CONV_H

#include "nn/kernels/tuned/tuned.h"

typedef struct conv_job {
    const float *x;         /* base of the tile in the image read */
    float *y;               /* reduce: base of the tile in the image written; outer: dw */
    const int32_t *xo, *yo; /* (count) offsets of the pixels from x and y (outer: from dy) */
    int count;
    ptrdiff_t step; /* reduce: not 0: xo[4 i + k] = xo[4 i] + k step, k < 4 */
    const ptrdiff_t *seg; /* (segs) offsets of the segments */
    int segs, len;
    int c;             /* channels written */
    const float *w;    /* reduce: (segs * len, ldw); whole vectors may be read from every row */
    const float *pairs; /* reduce: the last 5..8 channels of w as reduce_pairs wants them */
    ptrdiff_t ldw;     /* floats between rows of w, or of dw */
    const float *bias; /* reduce: (c) padded to vectors, or NULL */
    nn_act act;
    bool accumulate;
    float *stats; /* reduce: three rows (shift, sum, sum of squares) of stats_pitch; NULL: none */
    int stats_pitch;
    const float *dy; /* outer: base of the tile in dy */
} conv_job;

#define conv_reduce LEVEL_NAME(nn_conv_reduce)
#define conv_outer LEVEL_NAME(nn_conv_outer)
#define depthwise_reduce LEVEL_NAME(nn_depthwise_reduce)
#define depthwise_outer LEVEL_NAME(nn_depthwise_outer)
#define reduce_pairs LEVEL_NAME(nn_reduce_pairs)
#define pack_pairs LEVEL_NAME(nn_pack_pairs)
#define pairs_floats LEVEL_NAME(nn_pairs_floats)
void conv_reduce(const conv_job *j);
/* What conv_reduce does with 5 to 8 channels behind a multiple of 16, from c0 on; part: how many when fewer than 8. */
void reduce_pairs(const conv_job *j, int c0, int part);
#define outer_pairs LEVEL_NAME(nn_outer_pairs)
void outer_pairs(const conv_job *j, int c0, int part); /* the same for conv_outer; len is at least 2 */
void pack_pairs(float *to, const conv_job *j);
size_t pairs_floats(int segs, int len);
INLINE bool has_pairs(int c)
{
    return c % 16 == 8 || (LANES >= 8 && c % 16 > 4 && c % 16 < 8);
}

void conv_outer(const conv_job *j);
void depthwise_reduce(const conv_job *j);
void depthwise_outer(const conv_job *j);

#endif
