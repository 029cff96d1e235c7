/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference.h - a model run by the plainest loops there are, as the specification that engines are held against
 *
 * It shares nothing with the engine but the model: codes are unpacked, sums 64 bits wide, every tensor has memory of its own. */
#ifndef NN_INFER_REFERENCE_H
#define NN_INFER_REFERENCE_H

#include "nn/infer/model.h"

/* One image (h, w, c), normalised: codes[i] (elements of tensor i) are filled, the output's with its accumulators; outputs: floats. */
void infer_run_reference(const infer_model *m, const float *image, int32_t **codes, float *outputs);

#endif
