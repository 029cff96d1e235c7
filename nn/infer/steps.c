/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steps.c - see steps.h */
#include "nn/infer/steps.h"

enum { LEAST_SPAN = 64 };

infer_constants infer_constants_at(void *memory, size_t *bytes, const infer_step *s, const infer_tensor *y)
{
    infer_constants k = {0};
    *bytes = 0;
    if (!s->requant.m)
        return k;
    const infer_requant *r = &s->requant;
    int channels = y->shape.c, inputs = s->kind == INFER_ADD ? s->n_inputs : 1;
    size_t span = (size_t)((LEAST_SPAN + channels - 1) / channels * channels);
    *bytes = span * (2 * sizeof(int64_t) + (size_t)(1 + inputs) * sizeof(int32_t));
    if (!memory)
        return k;
    k.span = (int)span;
    k.add = memory;
    k.up = k.add + span;
    k.down = (int32_t *)(k.up + span);
    k.m = k.down + span;
    for (int i = 0; i < k.span; i++) {
        int c = i % channels, shift = r->shift[c];
        k.add[i] = r->bias[c] * ((int64_t)1 << (shift - 16)) + (infer_is_sign(y->type) ? 0 : (int64_t)1 << (shift - 1));
        k.up[i] = shift < 32 ? 32 - shift : 0;
        k.down[i] = shift > 32 ? shift - 32 : 0;
        for (int j = 0; j < inputs; j++)
            k.m[j * k.span + i] = r->m[j * channels + c];
    }
    return k;
}
