/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optim.h - optimisers over all parameters of a net at once */
#ifndef NN_OPTIM_H
#define NN_OPTIM_H

#include "nn/train.h"

typedef struct nn_optimizer {
    const char *name;
    int moments; /* buffers of the parameters' size that it keeps, 1 or 2 */
    /* parameters [from, from + n); weight decay `decay` */
    void (*update)(nn_net *net, size_t from, size_t n, float lr, float decay);
} nn_optimizer;

extern const char *const nn_optimizer_names[];
const nn_optimizer *nn_optimizer_find(const char *name); /* a checked name */
void nn_optimizer_reset(nn_net *net);

extern const char *const nn_schedule_names[];

#endif
