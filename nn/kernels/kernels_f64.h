/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernels_f64.h - the reference kernels compiled in double precision, for tests
 *
 * The same source as the fp32 reference (reference.inc), so that a gradient or a tuned kernel can be compared
 * with the specification at 1e-16 instead of 1e-7. Member for member the table of kernels.h with double for
 * float.
 */
#ifndef NN_KERNELS_F64_H
#define NN_KERNELS_F64_H

#include "nn/kernels/kernels.h"

typedef struct nn_view_f64 {
    double *p;
    int n, h, w, c;
    ptrdiff_t sw, sh, sn;
} nn_view_f64;

typedef struct nn_source_f64 {
    nn_view_f64 v;
    const double *scale, *shift;
    nn_act act;
} nn_source_f64;

typedef struct nn_gradient_f64 {
    nn_view_f64 dy;
    nn_act act;
    nn_view_f64 y;
    const double *mean, *inv_std, *gamma, *beta;
    const double *dgamma, *dbeta;
    double count;
} nn_gradient_f64;

typedef struct nn_kernels_f64 {
    const char *level; /* "reference-f64" */
    int lanes;
    size_t (*conv_scratch)(const nn_source_f64 *x, const nn_view_f64 *y, const nn_conv *g);
    void (*conv_forward)(nn_view_f64 y, const nn_source_f64 *x, const double *w, const double *bias, nn_act act,
                         double *stats, const nn_conv *g, double *scratch);
    void (*conv_backward)(nn_view_f64 dx, double *dw, double *dbias, const nn_gradient_f64 *d, const nn_source_f64 *x,
                          const double *w, const nn_conv *g, bool accumulate, double *scratch);
    void (*scale_act)(nn_view_f64 y, nn_view_f64 x, const double *scale, const double *shift, nn_act act);
    void (*norm_sums)(double *dgamma, double *dbeta, const nn_gradient_f64 *d);
    void (*norm_backward)(nn_view_f64 dx, const nn_gradient_f64 *d);
    void (*act_backward)(nn_view_f64 dx, nn_view_f64 dy, nn_view_f64 y, nn_act act, bool accumulate);
    void (*mean_var)(double *stats, nn_view_f64 x);
    void (*add)(nn_view_f64 y, nn_view_f64 a, nn_view_f64 b, nn_act act);
    void (*copy)(nn_view_f64 y, nn_view_f64 x, bool accumulate);
    void (*max_pool_forward)(nn_view_f64 y, int32_t *argmax, nn_view_f64 x, const nn_conv *g);
    void (*max_pool_backward)(nn_view_f64 dx, nn_view_f64 dy, const int32_t *argmax, const nn_conv *g,
                              bool accumulate);
    void (*avg_pool_forward)(nn_view_f64 y, nn_view_f64 x, const nn_conv *g, bool count_padding);
    void (*avg_pool_backward)(nn_view_f64 dx, nn_view_f64 dy, const nn_conv *g, bool count_padding,
                              bool accumulate);
    void (*dropout_draw)(uint8_t *kept, size_t n, const rng *r, double rate);
    void (*dropout_apply)(nn_view_f64 y, nn_view_f64 x, const uint8_t *kept, double factor, bool accumulate);
    double (*softmax_ce)(double *dlogits, const double *logits, const int32_t *label, int n, int c,
                         double smoothing, size_t *errors);
    void (*sgd)(double *w, double *velocity, const double *grad, size_t n, double lr, double momentum,
                double decay);
    void (*adamw)(double *w, double *m, double *v, const double *grad, size_t n, double lr, double beta1,
                  double beta2, double epsilon, double decay, double correction1, double correction2);
    double (*sum_squares)(const double *x, size_t n);
} nn_kernels_f64;

extern const nn_kernels_f64 nn_reference_f64;

#endif
