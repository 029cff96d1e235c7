/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pack.h - codes between the bytes they lie in (model.h) and integers that can be computed with */
#ifndef NN_INFER_PACK_H
#define NN_INFER_PACK_H

#include "nn/infer/linear.h"

/* The first n codes of a tensor. */
void infer_unpack(int16_t *codes, const uint8_t *bytes, size_t n, infer_type t);
/* The same back; the rest of the last byte is zero. */
void infer_pack(uint8_t *bytes, const int16_t *codes, size_t n, infer_type t);

#endif
