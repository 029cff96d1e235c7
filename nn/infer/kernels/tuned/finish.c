/* SPDX-License-Identifier: GPL-3.0-or-later */
/* finish.c - sums become codes (the rule of nn/infer/linear.h), exactly, in as few instructions as it takes
 *
 * code = clamp((acc * m + add) >> shift). Left shifts of acc, m and add by `up` bits altogether, until shift is at least 32,
 * change nothing: then the result is the upper half of each product, shifted on and clamped in 32 bits. Where acc and m have
 * no room for that, which takes a scale over 1/2 and large sums, the layer is `wide` and int64 is used throughout.
 *
 * A one-bit signed code is -1 up to a limit: acc * m + b < 0 is acc <= the last integer below -b / m, as m is never negative
 * here: `prepare` takes the sign of m off and gives it to the weights. Codes here are the bits to be packed. */
#include "nn/infer/kernels/tuned/layer.h"
#include <stdlib.h>

/* In units of a product. */
static int64_t requant_bias(const infer_requant *r, int channel)
{
    return (int64_t)r->bias[channel] * ((int64_t)1 << (r->shift[channel] - 16));
}

static int64_t floor_div(int64_t a, int64_t b) /* b > 0 */
{
    return a / b - (a % b < 0);
}

int32_t layer_limit(const infer_requant *r, int channel, int base, int doubled)
{
    int64_t m = llabs(r->m[channel]), b = requant_bias(r, channel), limit;
    if (m == 0)
        return b >= 0 ? INT32_MIN : INT32_MAX;
    limit = (-floor_div(b, m) - 1 - base) >> doubled;
    return limit < INT32_MIN ? INT32_MIN : limit > INT32_MAX ? INT32_MAX : (int32_t)limit;
}

bool layer_fill_requant(const layer *l, const requant_slots *to, size_t slot, const infer_requant *r, int channel, int64_t largest)
{
    int64_t m = r->m[channel], b = requant_bias(r, channel);
    int shift = r->shift[channel];
    if (l->signs) {
        if (to)
            to->limit[slot] = layer_limit(r, channel, 0, 0);
        return true;
    }
    int up = l->wide || shift >= 32 ? 0 : 32 - shift, up_m = 0;
    for (; up_m < up && m * 2 >= INT32_MIN && m * 2 <= INT32_MAX; up_m++)
        m *= 2;
    int up_acc = m == 0 ? 0 : up - up_m;
    if (to) {
        to->m[slot] = (int32_t)m;
        to->up[slot] = up_acc;
        to->add[slot] = (b + ((int64_t)1 << (shift - 1))) * ((int64_t)1 << up);
        to->down[slot] = l->wide ? shift : shift + up - 32;
    }
    return HAS_REQUANT && largest < (int64_t)1 << (31 - up_acc);
}

/* Vector v of pixel p. */
INLINE ivec sum_of(const tile_job *j, int p, int v) { return vec_load(j->sums + (p * j->vectors + v) * LANES); }

static void finish_sums(const layer *l, const tile_job *j, int32_t *y, int channels)
{
    for (int p = 0; p < j->count; p++)
        for (int v = 0; v * LANES < channels; v++) {
            ivec acc = sum_of(j, p, v);
            int n = channels - v * LANES;
            memcpy(y + (ptrdiff_t)p * l->out.c + v * LANES, &acc, n < LANES ? (size_t)n * sizeof *y : sizeof acc);
        }
}

/* limits: of the first channel, in class 0. */
static void finish_signs(const layer *l, const tile_job *j, const int32_t *limits, uint8_t *y, int channels)
{
    for (int v = 0; v * LANES < channels; v++) {
        int n = channels - v * LANES < LANES ? channels - v * LANES : LANES;
        for (int p = 0; p < j->count; p++) {
            ivec is_minus = (ivec)(sum_of(j, p, v) <= vec_load(limits + j->class_at[p] + v * LANES)); /* 0 or -1 */
            store_bytes(y + (ptrdiff_t)p * l->out.c + v * LANES, is_minus & 1, n);
        }
    }
}

#if HAS_SIGNS
/* The same as bits. (What the loop needs is in variables of its own, which bytes that are written cannot change.) */
static void finish_direct(const layer *l, const tile_job *j, const int32_t *limits, uint8_t *y, int channels)
{
    const int pixels = j->count, pitch = j->vectors * LANES, step = l->out.c / 8;
    const int32_t *sums = j->sums, *class_at = j->class_at;
    for (int p = 0; p < pixels; p++, sums += pitch, y += step) {
        const int32_t *limit = limits + class_at[p];
        for (int c = 0; c < channels; c += LANES)
            store_signs(y + c / 8, vec_load(sums + c), vec_load(limit + c));
    }
}
#endif

#if HAS_REQUANT
INLINE requant_vec requant_of_slot(const layer *l, const requant_slots *r, int s)
{
    return requant_load(r->m + s, r->up + s, r->down + s, r->add + s, l->low, l->high);
}

static void finish_codes(const layer *l, const tile_job *j, const requant_slots *r, uint8_t *y, int slot, int channels)
{
    for (int v = 0; v * LANES < channels; v++) {
        int n = channels - v * LANES < LANES ? channels - v * LANES : LANES;
        requant_vec q = requant_of_slot(l, r, slot + v * LANES);
        for (int p = 0; p < j->count; p++)
            store_bytes(y + (ptrdiff_t)p * l->out.c + v * LANES, requant_clamp(requant_scale(sum_of(j, p, v), &q), &q), n);
    }
}
#endif

#if HAS_BYTES4
/* Four whole vectors. */
INLINE void finish_codes4(const layer *l, const tile_job *j, const requant_slots *r, uint8_t *y, int slot, const bool is_signed)
{
    const int pixels = j->count, step = l->out.c;
    const int32_t *sums = j->sums;
    const clamp_bytes clamp = clamp_of(l->low, l->high);
    requant_vec q[4];
    ivec codes[4];
    UNROLL
    for (int v = 0; v < 4; v++)
        q[v] = requant_of_slot(l, r, slot + v * LANES);
    for (int p = 0; p < pixels; p++, sums += 4 * LANES, y += step) {
        UNROLL
        for (int v = 0; v < 4; v++)
            codes[v] = requant_scale(vec_load(sums + v * LANES), &q[v]);
        store_bytes4(y, codes, clamp, is_signed);
    }
}
#endif

static void finish_wide(const layer *l, const tile_job *j, const requant_slots *r, uint8_t *y, int slot, int channels)
{
    for (int p = 0; p < j->count; p++)
        for (int c = 0; c < channels; c++) {
            int s = slot + c;
            int64_t acc = j->sums[p * j->vectors * LANES + c], v = (acc * r->m[s] + r->add[s]) >> r->down[s];
            y[(ptrdiff_t)p * l->out.c + c] = (uint8_t)(v < l->low ? l->low : v > l->high ? l->high : v);
        }
}

void layer_finish(const layer *l, const tile_job *j, void *y, int slot, int channels)
{
    requant_slots r = requant_of(l, l);
    const int32_t *limits = l->limits ? j->base : r.limit + slot;
    if (l->y.bits == 32)
        finish_sums(l, j, y, channels);
#if HAS_SIGNS
    else if (l->direct)
        finish_direct(l, j, limits, y, channels);
#endif
    else if (l->signs)
        finish_signs(l, j, limits, y, channels);
#if HAS_BYTES4
    else if (!l->wide && channels == 4 * LANES && l->y.is_signed)
        finish_codes4(l, j, &r, y, slot, true);
    else if (!l->wide && channels == 4 * LANES)
        finish_codes4(l, j, &r, y, slot, false);
#endif
#if HAS_REQUANT
    else if (!l->wide)
        finish_codes(l, j, &r, y, slot, channels);
#endif
    else
        finish_wide(l, j, &r, y, slot, channels);
}
