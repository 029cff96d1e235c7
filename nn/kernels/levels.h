/* SPDX-License-Identifier: GPL-3.0-or-later */
/* levels.h - private to nn/kernels: the tables that dispatch.c chooses from */
#ifndef NN_KERNELS_LEVELS_H
#define NN_KERNELS_LEVELS_H

#include "nn/kernels/kernels.h"

extern const nn_kernels nn_reference;

/* One per level (levels.def): fills *k, a copy of the reference, with what the level has tuned. */
#define NN_LEVEL(ident, name, supported)                                                                     \
    void nn_level_fill_##ident(nn_kernels *k);                                                               \
    double nn_level_fma_##ident(long iterations, double *flops);
#include "nn/kernels/levels.def"
#undef NN_LEVEL

#endif
