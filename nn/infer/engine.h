/* SPDX-License-Identifier: GPL-3.0-or-later */
/* engine.h - runs an integer model, one image at a time, in the arena that the memory plan laid out
 *
 * Steps are kernels of an instruction-set level: linear ones on codes as they lie (linear.h), the rest on unpacked codes (steps.h). All memory is taken when the
 * engine is made. An engine is used by one thread at a time; a model, which it borrows, by any number of engines. Every level gives
 * the same bits.
 */
#ifndef NN_INFER_ENGINE_H
#define NN_INFER_ENGINE_H

#include "nn/infer/model.h"

typedef struct infer_engine infer_engine;

/* level: as of nn_kernels; NULL: the best of this machine. ASH_INVALID: this machine cannot run it. */
ash_status infer_engine_create(const infer_model *m, const char *level, infer_engine **out, ash_error *err);
void infer_engine_destroy(infer_engine *e); /* NULL is fine */

/* image: (h, w, c), normalised. outputs: as many as the last tensor has elements. */
void infer_run(infer_engine *e, const float *image, float *outputs);

/* The same in pieces, for who looks at codes between steps: load, then steps 0, 1, ... in order. A tensor's codes are there from the step
 * that writes it to the last that reads it. codes: as many as it has elements; the output's are its accumulators. */
void infer_load(infer_engine *e, const float *image);
void infer_run_step(infer_engine *e, int step);
void infer_codes(const infer_engine *e, int tensor, int32_t *codes);

/* Loss and error over a data set, as nn_evaluate_each has them; `each` (may be NULL) gets one sample at a time. The same bits at every level. */
nn_score infer_evaluate(infer_engine *e, const nn_dataset *data, nn_answer *each, void *ctx);

#endif
