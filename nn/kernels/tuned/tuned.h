/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tuned.h - what the tuned sources of one level share */
#ifndef NN_KERNELS_TUNED_TUNED_H
#define NN_KERNELS_TUNED_TUNED_H

#include "nn/kernels/levels.h"
#include "nn/kernels/tuned/vec.h"

#define tuned_conv_scratch LEVEL_NAME(nn_conv_scratch)
#define tuned_conv_forward LEVEL_NAME(nn_conv_forward)
#define tuned_conv_input_grad LEVEL_NAME(nn_conv_input_grad)
#define tuned_conv_weight_grad LEVEL_NAME(nn_conv_weight_grad)
size_t tuned_conv_scratch(const nn_view *x, const nn_view *y, const nn_conv *g);
void tuned_conv_forward(nn_view y, nn_view x, const float *w, const float *bias, nn_act act, float *stats,
                        const nn_conv *g, float *scratch);
void tuned_conv_input_grad(nn_view dx, nn_view dy, const float *w, const nn_conv *g, bool accumulate,
                           float *scratch);
void tuned_conv_weight_grad(float *dw, float *dbias, nn_view x, nn_view dy, const nn_conv *g, float *scratch);

#endif
