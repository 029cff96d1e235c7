/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind.h - what a step of an integer network does: INFER_KIND(identifier, tag in model files) */
#ifndef NN_INFER_KIND_H
#define NN_INFER_KIND_H

#define INFER_KINDS                                                                                                    \
    INFER_KIND(LINEAR, "conv")    /* acc = sum of x w over the window; then requantised, or kept as the network's output */ \
    INFER_KIND(ADD, "add ")       /* sum over inputs of x m, rounded once; one input: a change of scale, type or sign */ \
    INFER_KIND(CONCAT, "cat ")    /* acc = x; channels of all inputs, one after the other */                           \
    INFER_KIND(MULTIPLY, "mul ")  /* acc = x0 x1; an input of one pixel is spread over the other */                    \
    INFER_KIND(AVERAGE, "mean")   /* acc = sum of x over the window, divided by the pixels inside the input */         \
    INFER_KIND(TABLE, "tabl")     /* y = table[bits of x] */                                                           \
    INFER_KIND(MAX, "max ")       /* the largest code of the window; padding is none */                                \
    INFER_KIND(SHUFFLE, "shuf")   /* channel k of group g becomes channel k groups + g */                              \
    INFER_KIND(ZERO, "zero")      /* codes 0 */

typedef enum infer_kind {
    INFER_NONE,
#define INFER_KIND(ident, tag) INFER_##ident,
    INFER_KINDS
#undef INFER_KIND
} infer_kind;

#endif
