/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file.h - an integer model as a file, docs/model-file.md
 *
 * What is written depends on the model alone, and what was written, read and written again is the same bytes. */
#ifndef NN_INFER_FILE_H
#define NN_INFER_FILE_H

#include "core/buffer.h"
#include "nn/infer/about.h"
#include "nn/infer/model.h"

#define INFER_FILE_MAGIC "ASHMODEL" /* the first eight bytes */
#define INFER_FILE_VERSION 1

/* out->failed when memory is short. */
void infer_write(const infer_model *m, const infer_about *about, buffer *out);

/* All of it lives in `a`. ASH_INVALID: not a model file, cut short, changed, or inconsistent, in one sentence. */
ash_status infer_read(const void *bytes, size_t n, arena *a, infer_model **m, infer_about **about, ash_error *err);

/* Bytes that the packed weights of one output channel take. */
static inline size_t infer_row_bytes(int64_t per_row, int bits)
{
    return ((size_t)per_row * (size_t)bits + 7) / 8;
}

/* kind.h's tag of four letters. */
const char *infer_kind_tag(infer_kind kind);

#endif
