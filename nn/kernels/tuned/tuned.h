/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tuned.h - what the tuned sources of one level share */
#ifndef NN_KERNELS_TUNED_TUNED_H
#define NN_KERNELS_TUNED_TUNED_H

#include "nn/kernels/levels.h"
#include "nn/kernels/tuned/vec.h"

#endif
