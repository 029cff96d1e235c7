/* SPDX-License-Identifier: GPL-3.0-or-later */
/* zero.c - zeros of its input's shape: the absent edge of a cell */
#include "nn/op.h"
#include <string.h>

typedef struct zero {
    int64_t stride;
} zero;

static const option rows[] = {
    {"stride", OPTION_INT, offsetof(zero, stride), "1", 1, 1024, .help = "the output has ceil(input / stride) rows and columns"},
};
static const option_table attrs = OPTION_TABLE("zero", zero, rows);

static ash_status infer(nn_node *n, const nn_shape *in, arena *a, ash_error *err)
{
    (void)a, (void)err;
    int s = (int)((const zero *)n->attrs)->stride;
    n->shape = (nn_shape){(in->h + s - 1) / s, (in->w + s - 1) / s, in->c};
    return ASH_OK;
}

static void clear(nn_view v)
{
    for (int i = 0; i < v.n; i++)
        for (int y = 0; y < v.h; y++)
            for (int x = 0; x < v.w; x++)
                memset(v.p + i * v.sn + y * v.sh + x * v.sw, 0, (size_t)v.c * sizeof(float));
}

static void forward(const nn_pass *p)
{
    clear(p->y);
}

static void backward(const nn_pass *p)
{
    if (p->dx[0].p && !p->accumulate[0])
        clear(p->dx[0]);
}

const nn_op nn_op_zero = {
    .name = "zero",
    .help = "zeros; the absent edge of a cell",
    .min_inputs = 1,
    .max_inputs = 1,
    .attrs = &attrs,
    .keeps_codes = true,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .integer = INFER_ZERO,
};
