/* SPDX-License-Identifier: GPL-3.0-or-later */
/* requant.h - inside nn/infer: real factors as the integers of the one rounding rule (model.h) */
#ifndef NN_INFER_REQUANT_H
#define NN_INFER_REQUANT_H

#include "nn/infer/model.h"

/* v = sum of factor[i] acc[i] + offset, in units of an output code, for one channel: m (n), bias and shift. The largest factor gets 31 bits; what
 * does not fit in saturates, which is beyond every clamp but for offsets and sums that cancel in the ten-thousands of codes. sign: only the sign
 * of v counts, so that any scale will do. All are finite. */
void infer_requantise(const double *factor, int n, double offset, bool sign, int32_t *m, int32_t *bias, int8_t *shift);

/* clamp(floor(v + 1/2)) to the codes of a type within [low, high]; a sign is -1 where v < 0. NaN is the lowest. */
int infer_round(double v, infer_type t, int low, int high);

#endif
