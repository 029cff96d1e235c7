/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_f64.c - the reference kernels in double precision (see kernels_f64.h); for tests, so libm's exp
 * will do */
#include "nn/kernels/kernels_f64.h"
#include "nn/kernels/math.h"
#include <math.h>

#define REAL double
#define VIEW nn_view_f64
#define SOURCE nn_source_f64
#define GRADIENT nn_gradient_f64
#define TABLE nn_kernels_f64
#define NAME nn_reference_f64
#define LEVEL "reference-f64"
#define REAL_EXP exp
#define REAL_SQRT sqrt
#include "nn/kernels/reference.inc"
