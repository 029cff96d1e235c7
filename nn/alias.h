/* SPDX-License-Identifier: GPL-3.0-or-later */
/* alias.h - passes of operators whose output is their input; run only where the engine cannot share the buffer */
#ifndef NN_ALIAS_H
#define NN_ALIAS_H

#include "nn/op.h"

bool nn_always_alias(const nn_node *n, bool training);
void nn_alias_forward(const nn_pass *p); /* copies, element by element in (h, w, c) order */
void nn_alias_backward(const nn_pass *p);

#endif
