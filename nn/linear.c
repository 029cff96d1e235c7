/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linear.c - see linear.h */
#include "nn/linear.h"

ash_status nn_linear_infer(nn_node *n, nn_shape out, size_t per_output, bool bias, int64_t weight_bits, const char *weight_quantizer, ash_error *err)
{
    if (!nn_are_bits(weight_bits))
        return ash_fail(err, ASH_INVALID, "weight_bits is 32, 8, 4, 2 or 1, not %d", (int)weight_bits);
    const nn_weight_quantizer *q = weight_bits < 32 ? nn_weight_quantizer_find(weight_quantizer) : NULL;
    if (q && weight_bits > q->most_bits)
        return ash_fail(err, ASH_INVALID, "weight_quantizer %s goes up to %d bits, not %d; use lsq", q->name, q->most_bits, (int)weight_bits);
    if ((double)per_output * out.c > 1e10)
        return ash_fail(err, ASH_INVALID, "more than 10,000,000,000 weights");
    if ((double)per_output * (double)nn_elements(out) > 1e14)
        return ash_fail(err, ASH_INVALID, "more than 100,000,000,000,000 multiply-accumulates");
    size_t rows = (size_t)out.c;
    n->shape = out;
    n->weight_bits = (int)weight_bits;
    n->weight_quantizer = q;
    n->params[n->n_params++] = (nn_param){"weight", NN_WEIGHT, per_output * rows, rows, per_output};
    if (bias)
        n->params[n->n_params++] = (nn_param){"bias", NN_BIAS, rows, 1, 0};
    if (q && nn_weight_quantizer_learns(q, n->weight_bits))
        n->params[n->n_params++] = (nn_param){"step", NN_STEP, rows, 1, 0};
    n->macs = nn_elements(out) * (int64_t)per_output;
    n->flops = 2 * n->macs + (bias ? nn_elements(out) : 0);
    return ASH_OK;
}
