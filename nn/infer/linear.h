/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linear.h - the linear step of the integer network: convolution, depthwise convolution or dense layer of one image
 *
 * A tensor is a tensor of *codes*: small integers of 1, 2, 4 or 8 bits that share one float step (value = code x step; there
 * are no zero points). A linear step multiplies codes of x by codes of the weights, sums them exactly in int32 and
 * *requantises* the sums to the codes of y. Nothing is rounded but there, by one rule:
 *
 *     v = (acc * m + (bias << (shift - 16)) + 2^(shift - 1)) >> shift,    code = clamp(v, low, high)
 *
 * in int64 with an arithmetic shift; m, bias and shift are those of the output channel. It is the "rndnu" rule of XNNPACK
 * (src/xnnpack/requantization.h), which rounds halves up, with a bias in 2^-16 of an output code: scales of weights, steps
 * of activations and a batch norm all fold into it. A one-bit signed code has no zero to round to: it is +1 where
 * acc * m + (bias << (shift - 16)) >= 0, else -1 (XNOR-Net, arXiv:1603.05279: sign after the batch norm).
 *
 * Codes: unsigned 0 .. 2^b - 1; signed -(2^(b-1) - 1) .. 2^(b-1) - 1; one bit signed -1 and +1.
 * Where they lie: element e = (row * w + column) * c + channel at bit e * bits of the byte array, low bits first, tight, in
 * two's complement; one bit signed: 1 means -1, 0 means +1. The unused bits of the last byte are written as zero.
 *
 * Padding is exact zero, also where zero is no code: a padded tap adds nothing to acc.
 *
 * Every level gives the same integers: the tables differ in speed alone.
 */
#ifndef NN_INFER_LINEAR_H
#define NN_INFER_LINEAR_H

#include "nn/graph.h"
#include "nn/kernels/kernels.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct infer_type {
    int bits; /* 1, 2, 4, 8; as an output also 32: the int32 sums themselves */
    bool is_signed;
} infer_type;

/* Per output channel (out.c); NULL pointers when the output is 32 bits. */
typedef struct infer_requant {
    const int32_t *m;
    const int32_t *bias;  /* in 2^-16 of an output code */
    const int8_t *shift;  /* 16 .. 46 */
    int32_t low, high;    /* within the codes of y; unused when y is one bit signed */
} infer_requant;

/* What is to be done. Everything is borrowed until it has been prepared. The sum of |code of x| x |code of weight| over a
 * window must stay below 2^31: at 8 bits, windows of up to 66,311 weights do. */
typedef struct infer_linear {
    nn_conv conv;    /* depthwise: groups = in.c = out.c. A dense layer: a window as large as the image, without padding */
    nn_shape in, out; /* out.h and out.w say what is padded below and on the right */
    infer_type x, y;
    int weight_bits;       /* 1, 2, 4, 8 */
    const int8_t *weights; /* (kh, kw, in.c / groups, out.c) codes: 1 bit -1 and +1, else within -127 .. 127; not necessarily
                            * within weight_bits: DoReFa's are odd numbers up to 2^bits - 1 (arXiv:1606.06160) */
    infer_requant requant;
} infer_linear;

struct infer_pass; /* steps.h */

/* One table per ISA level, under the names of nn_kernels. What a CPU has beyond its level (VNNI, VPOPCNTDQ, dot products) is
 * found at start-up and used. No function allocates, locks or validates. */
typedef struct infer_kernels {
    const char *level;
    /* Bytes that `prepare` wants, 64-byte aligned. */
    size_t (*prepared_bytes)(const infer_linear *l);
    /* Packs weights and constants as `run` wants them; `prepared` borrows nothing and may be moved by memcpy to memory of the
     * same alignment. It is only read afterwards: one for all threads. */
    void (*prepare)(const infer_linear *l, void *prepared);
    /* Bytes that `run` wants, 64-byte aligned, per thread; its content does not matter. */
    size_t (*scratch_bytes)(const infer_linear *l);
    /* y (out) from x (in), one image. x: codes as they lie, at any address. y: codes as they lie, at any address, or aligned
     * int32_t (out.h, out.w, out.c). y and x do not overlap. */
    void (*run)(const void *prepared, const uint8_t *x, void *y, void *scratch);
    /* y: n one-bit signed codes, the signs of n 8-bit signed codes (0 is +). */
    void (*sign)(uint8_t *y, const int8_t *x, size_t n);
    /* The first n codes of a tensor as they lie, to integers and back; the rest of the last byte becomes zero. No overlap. */
    void (*unpack)(int16_t *codes, const uint8_t *bytes, size_t n, infer_type t);
    void (*pack)(uint8_t *bytes, const int16_t *codes, size_t n, infer_type t);
    /* clamp(floor(x / step + 1/2)) in double; one bit signed: -1 where x < 0. */
    void (*quantise)(int16_t *codes, const float *x, size_t n, float step, infer_type t);
    /* A step that is not linear. */
    void (*pass)(const struct infer_pass *p);
} infer_kernels;

/* The table of a level; NULL when it is unknown or this machine lacks it. "reference" is always there: plain loops, the
 * specification. */
const infer_kernels *infer_kernels_find(const char *level);
const infer_kernels *infer_kernels_best(void);

#endif
