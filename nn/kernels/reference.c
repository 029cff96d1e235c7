/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference.c - the level "reference": every kernel as plain fp32 loops (see reference.inc) */
#include "nn/kernels/levels.h"
#include "nn/kernels/math.h"
#include <math.h>

#define REAL float
#define VIEW nn_view
#define SOURCE nn_source
#define GRADIENT nn_gradient
#define TABLE nn_kernels
#define NAME nn_reference
#define LEVEL "reference"
#define REAL_EXP nn_expf
#define REAL_SQRT sqrtf
#include "nn/kernels/reference.inc"
