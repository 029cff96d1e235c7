/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool.c - see pool.h */
#include "nn/pool.h"

static const option rows[] = {
    NN_WINDOW_KERNEL(nn_pool, "2"),
    {"stride", OPTION_INT_LIST, offsetof(nn_pool, window.stride), NULL, 1, 1024,
     .help = "step of the window, n or [h, w]; absent: the kernel", .optional = true},
    NN_WINDOW_PADDING(nn_pool, "valid"),
};
const option_table nn_pool_attrs = OPTION_TABLE("pool", nn_pool, rows);

ash_status nn_pool_infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a;
    nn_pool *p = n->attrs;
    if (!p->window.stride.n)
        p->window.stride = p->window.kernel; /* one canonical form */
    n->shape.c = in->c;
    if (nn_window_resolve(&p->window, *in, &n->shape.h, &n->shape.w, err) != ASH_OK)
        return err->status;
    n->flops = nn_elements(n->shape) * p->window.g.kh * p->window.g.kw;
    return ASH_OK;
}

nn_conv nn_pool_geometry(const nn_node *n, nn_shape in)
{
    (void)in;
    return *nn_pool_window(n);
}
