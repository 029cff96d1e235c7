/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool.h - what max_pool and avg_pool share: a window, and one operation per tap */
#ifndef NN_POOL_H
#define NN_POOL_H

#include "nn/op.h"
#include "nn/window.h"

typedef struct nn_pool {
    nn_window window;
} nn_pool;

extern const option_table nn_pool_attrs;
ash_status nn_pool_infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err);

nn_conv nn_pool_geometry(const nn_node *n, nn_shape in);

static inline const nn_conv *nn_pool_window(const nn_node *n)
{
    return &((const nn_pool *)n->attrs)->window.g;
}

#endif
