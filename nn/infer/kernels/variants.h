/* SPDX-License-Identifier: GPL-3.0-or-later */
/* variants.h - private to nn/infer/kernels and its test: all tables that are compiled in
 *
 * A level of nn/kernels is a promise about training's bits. Here bits are exact whatever the instructions, so one level may
 * have several *variants*, for CPUs that have more than the level asks for. */
#ifndef NN_INFER_KERNELS_VARIANTS_H
#define NN_INFER_KERNELS_VARIANTS_H

#include "nn/infer/linear.h"

extern const infer_kernels infer_reference;

typedef struct infer_variant {
    const char *name; /* "x86_64_v4_vnni" */
    infer_kernels kernels;
    bool can_run; /* on this CPU */
} infer_variant;

/* All variants, worst first, ended by a NULL name. */
const infer_variant *infer_variants(void);

#endif
