/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tuned.h - what the tuned sources of one level share
 *
 * Every source here is compiled once per level, so what it defines for others carries the level's name:
 * tuned_add is nn_add_x86_64_v3 when compiled for that level. */
#ifndef NN_KERNELS_TUNED_TUNED_H
#define NN_KERNELS_TUNED_TUNED_H

#include "nn/kernels/levels.h"
#include "nn/kernels/tuned/vec.h"

#define tuned_conv_scratch LEVEL_NAME(nn_conv_scratch)
#define tuned_conv_forward LEVEL_NAME(nn_conv_forward)
#define tuned_conv_backward LEVEL_NAME(nn_conv_backward)
#define tuned_scale_act LEVEL_NAME(nn_scale_act)
#define tuned_norm_sums LEVEL_NAME(nn_norm_sums)
#define tuned_norm_backward LEVEL_NAME(nn_norm_backward)
#define tuned_act_backward LEVEL_NAME(nn_act_backward)
#define tuned_mean_var LEVEL_NAME(nn_mean_var)
#define tuned_add LEVEL_NAME(nn_add)
#define tuned_copy LEVEL_NAME(nn_copy)
#define tuned_max_pool_forward LEVEL_NAME(nn_max_pool_forward)
#define tuned_max_pool_backward LEVEL_NAME(nn_max_pool_backward)
#define tuned_avg_pool_forward LEVEL_NAME(nn_avg_pool_forward)
#define tuned_avg_pool_backward LEVEL_NAME(nn_avg_pool_backward)
#define tuned_dropout_draw LEVEL_NAME(nn_dropout_draw)
#define tuned_dropout_apply LEVEL_NAME(nn_dropout_apply)
#define tuned_softmax_ce LEVEL_NAME(nn_softmax_ce)
#define tuned_sgd LEVEL_NAME(nn_sgd)
#define tuned_adamw LEVEL_NAME(nn_adamw)
#define tuned_sum_squares LEVEL_NAME(nn_sum_squares)

#define NN_TUNED(name, result, arguments) result LEVEL_NAME(nn_##name) arguments;
#include "nn/kernels/tuned/tuned.def"
#undef NN_TUNED

#endif
