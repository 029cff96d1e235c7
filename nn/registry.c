/* SPDX-License-Identifier: GPL-3.0-or-later */
/* registry.c - the operators of ops/ops.def */
#include "nn/op.h"
#include <string.h>

#define NN_OP(name) extern const nn_op nn_op_##name;
#include "nn/ops/ops.def"
#undef NN_OP

static const nn_op *const ops[] = {
#define NN_OP(name) &nn_op_##name,
#include "nn/ops/ops.def"
#undef NN_OP
};

const nn_op *nn_op_at(size_t i)
{
    return i < sizeof(ops) / sizeof(ops[0]) ? ops[i] : NULL;
}

const nn_op *nn_op_find(const char *name)
{
    for (size_t i = 0; nn_op_at(i); i++)
        if (strcmp(ops[i]->name, name) == 0)
            return ops[i];
    return NULL;
}

const char *nn_op_name(const nn_op *op)
{
    return op->name;
}

const char *nn_op_help(const nn_op *op)
{
    return op->help;
}
