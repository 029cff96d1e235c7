/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference.c - the level "reference": the linear step as plain loops, the specification
 *
 * Prepared is the description itself, followed by copies of what it borrows. */
#include "nn/infer/kernels/codes.h"
#include "nn/infer/kernels/variants.h"
#include <string.h>

static size_t weight_count(const infer_linear *l)
{
    return (size_t)l->conv.kh * (size_t)l->conv.kw * (size_t)(l->in.c / l->conv.groups) * (size_t)l->out.c;
}

static size_t prepared_bytes(const infer_linear *l)
{
    size_t channels = l->y.bits == 32 ? 0 : (size_t)l->out.c;
    return sizeof *l + channels * (2 * sizeof(int32_t) + sizeof(int8_t)) + weight_count(l);
}

static void append(char **at, const void *from, size_t bytes)
{
    memcpy(*at, from, bytes);
    *at += bytes;
}

/* The copies lie behind *l at known places, so that it may be moved: pointers are made when they are needed. */
static void locate(infer_linear *l, const char *behind)
{
    if (l->y.bits != 32) {
        l->requant.m = (const int32_t *)behind;
        l->requant.bias = l->requant.m + l->out.c;
        l->requant.shift = (const int8_t *)(l->requant.bias + l->out.c);
        behind = (const char *)(l->requant.shift + l->out.c);
    }
    l->weights = (const int8_t *)behind;
}

static void prepare(const infer_linear *l, void *prepared)
{
    char *at = prepared;
    append(&at, l, sizeof *l);
    if (l->y.bits != 32) {
        append(&at, l->requant.m, (size_t)l->out.c * sizeof(int32_t));
        append(&at, l->requant.bias, (size_t)l->out.c * sizeof(int32_t));
        append(&at, l->requant.shift, (size_t)l->out.c);
    }
    append(&at, l->weights, weight_count(l));
}

static size_t scratch_bytes(const infer_linear *l)
{
    (void)l;
    return 0;
}

static int32_t sum_at(const infer_linear *l, const uint8_t *x, int oy, int ox, int co)
{
    const nn_conv *g = &l->conv;
    int in = l->in.c / g->groups, first = co / (l->out.c / g->groups) * in; /* first input channel of the group */
    int32_t acc = 0;
    for (int ky = 0; ky < g->kh; ky++)
        for (int kx = 0; kx < g->kw; kx++) {
            int iy = oy * g->stride_h - g->pad_top + ky * g->dilation_h;
            int ix = ox * g->stride_w - g->pad_left + kx * g->dilation_w;
            if (iy < 0 || iy >= l->in.h || ix < 0 || ix >= l->in.w)
                continue;
            size_t pixel = ((size_t)iy * (size_t)l->in.w + (size_t)ix) * (size_t)l->in.c + (size_t)first;
            size_t tap = ((size_t)ky * (size_t)g->kw + (size_t)kx) * (size_t)in;
            for (int ci = 0; ci < in; ci++)
                acc += code_get(x, pixel + (size_t)ci, l->x) * l->weights[(tap + (size_t)ci) * (size_t)l->out.c + (size_t)co];
        }
    return acc;
}

static void run(const void *prepared, const uint8_t *x, void *y, void *scratch)
{
    (void)scratch;
    infer_linear l = *(const infer_linear *)prepared;
    locate(&l, (const char *)prepared + sizeof l);
    size_t e = 0, elements = (size_t)l.out.h * (size_t)l.out.w * (size_t)l.out.c;
    if (l.y.bits != 32)
        memset(y, 0, codes_bytes(elements, l.y.bits));
    for (int oy = 0; oy < l.out.h; oy++)
        for (int ox = 0; ox < l.out.w; ox++)
            for (int co = 0; co < l.out.c; co++, e++) {
                int32_t acc = sum_at(&l, x, oy, ox, co);
                if (l.y.bits == 32)
                    ((int32_t *)y)[e] = acc;
                else
                    code_put(y, e, l.y, requantise(acc, &l.requant, co, l.y));
            }
}

static void sign(uint8_t *y, const int8_t *x, size_t n)
{
    memset(y, 0, codes_bytes(n, 1));
    for (size_t e = 0; e < n; e++)
        code_put(y, e, (infer_type){1, true}, x[e] < 0 ? -1 : 1);
}

/* The rest is the plainest variant's (dispatch.c): its specification is nn/infer/reference.c. */
const infer_kernels infer_reference = {
    .level = "reference",
    .prepared_bytes = prepared_bytes,
    .prepare = prepare,
    .scratch_bytes = scratch_bytes,
    .run = run,
    .sign = sign,
};
