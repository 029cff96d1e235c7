/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernels.h - the arithmetic of training, one table of functions per instruction-set level
 *
 * The portable algorithm (nn/ops, nn/train), the reference kernels (the specification, plain loops), the
 * tuned kernels (one source, generic in vector length, compiled once per level) and the choice of a level
 * live apart. A level's table starts as a copy of the reference and overrides what it has tuned, so a new
 * kernel needs no tuned version to work.
 *
 * Activations are NHWC views into zero-padded buffers: around each image lies a halo wide enough for every
 * consumer, so a convolution reads KW x C contiguous floats and checks no bounds. Whoever writes a padded
 * buffer leaves its halo zero. Only convolutions read a halo, that of x; gradients (dy, dx) and the inputs of pooling
 * need none. Weights are (kh, kw, c_in / groups, c_out), depthwise (kh, kw, c).
 * Nothing but scratch needs alignment.
 *
 * Bits: every kernel is single-threaded with a fixed order of operations; the result depends on the level
 * only.
 */
#ifndef NN_KERNELS_H
#define NN_KERNELS_H

#include "core/rng.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nn_view { /* n images of (h, w, c) */
    float *p;            /* image 0, row 0, column 0, channel 0 (not the halo) */
    int n, h, w, c;
    ptrdiff_t sw, sh, sn; /* floats between pixels, rows, images */
} nn_view;

typedef struct nn_conv { /* geometry of a convolution or pooling window */
    int kh, kw, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups;
} nn_conv;

typedef enum nn_act { NN_ACT_NONE, NN_ACT_RELU, NN_ACT_RELU6 } nn_act;

/* What a convolution reads: v, or act(v * scale[c] + shift[c]) when scale is given. The latter is made a few images at
 * a time, just before they are read, and never written to memory as a whole; v then needs no halo. */
typedef struct nn_source {
    nn_view v;
    const float *scale, *shift; /* (c) or NULL */
    nn_act act;
} nn_source;

/* The gradient of some images' output, through what made it: a batch norm (mean is given) with its activation, an activation alone,
 * or nothing. Of a norm, the sums over the whole batch (norm_sums of all its images, added up) are known by then. */
typedef struct nn_gradient {
    nn_view dy; /* after norm and activation; may be overwritten */
    nn_act act;
    nn_view y; /* activation alone: its output; norm: its input */
    const float *mean, *inv_std, *gamma, *beta; /* (c) or NULL */
    const double *dgamma, *dbeta;               /* (c): the sums */
    double count;                               /* pixels of the whole batch */
} nn_gradient;

typedef struct nn_kernels {
    const char *level; /* "reference", "x86-64", "x86-64-v3", "x86-64-v4" */
    int lanes;         /* floats in a native vector */

    /* Floats of scratch that the two conv functions may need for this shape, 64-byte aligned. */
    size_t (*conv_scratch)(const nn_source *x, const nn_view *y, const nn_conv *g);

    /* y = conv(x, w) + bias; bias (c_out) may be NULL. stats (2, c_out), when not NULL, receives per channel
     * the mean of y over n, h, w and the mean of (y - mean)^2 (biased), computed without cancellation. act is
     * applied after the bias, and not with stats. 15 floats behind w may be read. */
    void (*conv_forward)(nn_view y, const nn_source *x, const float *w, const float *bias, nn_act act, float *stats,
                         const nn_conv *g, float *scratch);
    /* With d the gradient of the output: dx = conv^T(d, w), or dx += when accumulate, unless dx.p is NULL; dw = x^T d;
     * dbias = sum d (dbias may be NULL; before a norm it is zero but for rounding, and written as 0). */
    void (*conv_backward)(nn_view dx, float *dw, float *dbias, const nn_gradient *d, const nn_source *x, const float *w,
                          const nn_conv *g, bool accumulate, float *scratch);

    /* y = act(x * scale[c] + shift[c]); scale NULL: act(x). y may be x. */
    void (*scale_act)(nn_view y, nn_view x, const float *scale, const float *shift, nn_act act);
    /* Batch norm with activation, backward, in two passes: the sums of the images in d (its own dgamma and dbeta are not read), then
     * their dx (may be d->dy). */
    void (*norm_sums)(double *dgamma, double *dbeta, const nn_gradient *d);
    void (*norm_backward)(nn_view dx, const nn_gradient *d);
    /* dx = dy where the activation passed x, else 0; dx += when accumulate. y is the activation's output. */
    void (*act_backward)(nn_view dx, nn_view dy, nn_view y, nn_act act, bool accumulate);
    void (*mean_var)(float *stats,
                     nn_view x); /* (2, c): as stats above, for a BN that follows no convolution */

    void (*add)(nn_view y, nn_view a, nn_view b, nn_act act); /* y = act(a + b) */
    void (*copy)(nn_view y, nn_view x, bool accumulate);      /* y = x, or y += x */
    /* argmax (n, h, w, c): y * width + x of the maximum in its image (first of equals), -1: window all
     * padding; NULL ok. */
    void (*max_pool_forward)(nn_view y, int32_t *argmax, nn_view x, const nn_conv *g);
    void (*max_pool_backward)(nn_view dx, nn_view dy, const int32_t *argmax, const nn_conv *g,
                              bool accumulate);
    void (*avg_pool_forward)(nn_view y, nn_view x, const nn_conv *g, bool count_padding);
    void (*avg_pool_backward)(nn_view dx, nn_view dy, const nn_conv *g, bool count_padding, bool accumulate);

    /* Inverted dropout. draw: kept[i] (n) is 0 with probability `rate` (to 2^-16), else 1, by the half words of a fresh stream in
     * order, the lower one first. apply: y = x * kept * factor, or +=; kept (n, h, w, c) is dense. */
    void (*dropout_draw)(uint8_t *kept, size_t n, const rng *r, float rate);
    void (*dropout_apply)(nn_view y, nn_view x, const uint8_t *kept, float factor, bool accumulate);

    /* Softmax cross-entropy with label smoothing over (n, c) logits: returns the summed loss, writes d(mean
     * loss)/d(logits) (dlogits may be NULL) and adds to *errors (may be NULL) the errors (argmax, ties to the
     * lowest class). Own exp and log: same bits on every libm. */
    double (*softmax_ce)(float *dlogits, const float *logits, const int32_t *label, int n, int c,
                         float smoothing, size_t *errors);

    /* Optimisers over n contiguous parameters. sgd: v = momentum v + grad + decay w; w -= lr v. adamw:
     * corrections are 1 / (1 - beta^t); w -= lr (m correction1 / (sqrt(v correction2) + epsilon) + decay w).
     */
    void (*sgd)(float *w, float *velocity, const float *grad, size_t n, float lr, float momentum,
                float decay);
    void (*adamw)(float *w, float *m, float *v, const float *grad, size_t n, float lr, float beta1,
                  float beta2, float epsilon, float decay, float correction1, float correction2);
    double (*sum_squares)(const float *x, size_t n);
} nn_kernels;

/* The table of a level; NULL when it is unknown or this machine lacks it. nn_kernels_best never returns
 * "reference". */
const nn_kernels *nn_kernels_find(const char *level);
const nn_kernels *nn_kernels_best(void);
/* Names of all levels compiled in, worst first, NULL-terminated; and whether this CPU can run one. */
const char *const *nn_kernels_levels(void);
bool nn_kernels_supported(const char *level);

/* This core's fp32 peak in FLOP/s (2 per FMA lane) at a level, by a register-only FMA loop, best of several;
 * takes ~0.2 s. */
double nn_kernels_peak_flops(const char *level);

#endif
