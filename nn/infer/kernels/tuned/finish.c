/* SPDX-License-Identifier: GPL-3.0-or-later */
/* finish.c - sums become codes (the rule of nn/infer/linear.h), exactly, in as few instructions as it takes
 *
 * code = clamp((acc * m + add) >> shift). Left shifts of acc, m and add by `up` bits altogether, until shift is at least 32,
 * change nothing: then the result is the upper half of each product, shifted on and clamped in 32 bits. Where acc and m have
 * no room for that, which takes a scale over 1/2 and large sums, the layer is `wide` and int64 is used throughout.
 *
 * A one-bit signed code is -1 on one side of a threshold: acc * m + b >= 0 is acc >= -b / m for m > 0. Codes here are the
 * bits to be packed. */
#include "nn/infer/kernels/tuned/layer.h"

static int64_t floor_div(int64_t a, int64_t b) /* b > 0 */
{
    return a / b - (a % b < 0);
}

/* The bit is (acc < threshold) != flip. */
static void fill_threshold(const requant_slots *to, size_t slot, int64_t m, int64_t b)
{
    int64_t first; /* the least acc on the upper side */
    bool upper_is_minus = m < 0;
    if (m > 0)
        first = -floor_div(b, m);
    else if (m < 0)
        first = floor_div(b, -m) + 1;
    else
        first = b >= 0 ? INT32_MIN : (int64_t)INT32_MAX + 1;
    if (first > INT32_MAX) { /* all are below */
        upper_is_minus = !upper_is_minus;
        first = INT32_MIN;
    }
    to->threshold[slot] = first < INT32_MIN ? INT32_MIN : (int32_t)first;
    to->flip[slot] = upper_is_minus;
}

bool layer_fill_requant(const layer *l, const requant_slots *to, size_t slot, const infer_requant *r, int channel, int64_t largest)
{
    int64_t m = r->m[channel], b = (int64_t)r->bias[channel] * ((int64_t)1 << (r->shift[channel] - 16));
    int shift = r->shift[channel];
    if (l->y.bits == 1 && l->y.is_signed) {
        if (to)
            fill_threshold(to, slot, m, b);
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

/* acc of vector v of pixel p. */
#define SUM(p, v)                                                                                            \
    (vec_load(base + j->base[p] + (v) * LANES) + (vec_load(j->sums + ((p) * j->vectors + (v)) * LANES) << doubled))

static void finish_sums(const layer *l, const tile_job *j, const int32_t *base, int32_t *y, int channels)
{
    const int doubled = l->doubled;
    for (int p = 0; p < j->count; p++)
        for (int v = 0; v * LANES < channels; v++) {
            ivec acc = SUM(p, v);
            int n = channels - v * LANES;
            memcpy(y + (ptrdiff_t)p * l->out.c + v * LANES, &acc, n < LANES ? (size_t)n * sizeof *y : sizeof acc);
        }
}

static void finish_signs(const layer *l, const tile_job *j, const int32_t *base, const requant_slots *r, uint8_t *y, int slot,
                         int channels)
{
    const int doubled = l->doubled;
    for (int v = 0; v * LANES < channels; v++) {
        int n = channels - v * LANES < LANES ? channels - v * LANES : LANES;
        ivec threshold = vec_load(r->threshold + slot + v * LANES), flip = vec_load(r->flip + slot + v * LANES);
#if HAS_SIGNS
        if (l->direct) {
            for (int p = 0; p < j->count; p++)
                store_signs(y + ((ptrdiff_t)p * l->out.c + v * LANES) / 8, SUM(p, v), threshold, flip);
            continue;
        }
#endif
        for (int p = 0; p < j->count; p++) {
            ivec below = (ivec)(SUM(p, v) < threshold); /* 0 or -1 */
            store_bytes(y + (ptrdiff_t)p * l->out.c + v * LANES, (below & 1) ^ flip, n);
        }
    }
}

#if HAS_REQUANT
static void finish_codes(const layer *l, const tile_job *j, const int32_t *base, const requant_slots *r, uint8_t *y, int slot,
                         int channels)
{
    const int doubled = l->doubled;
    for (int v = 0; v * LANES < channels; v++) {
        int n = channels - v * LANES < LANES ? channels - v * LANES : LANES, s = slot + v * LANES;
        requant_vec q = requant_load(r->m + s, r->up + s, r->down + s, r->add + s, l->low, l->high);
        for (int p = 0; p < j->count; p++)
            store_bytes(y + (ptrdiff_t)p * l->out.c + v * LANES, requant_apply(SUM(p, v), &q), n);
    }
}
#endif

static void finish_wide(const layer *l, const tile_job *j, const int32_t *base, const requant_slots *r, uint8_t *y, int slot,
                        int channels)
{
    for (int p = 0; p < j->count; p++)
        for (int c = 0; c < channels; c++) {
            int s = slot + c, raw = j->sums[p * j->vectors * LANES + c];
            int64_t acc = (int64_t)base[j->base[p] + c] + raw * (1 << l->doubled);
            int64_t v = (acc * r->m[s] + r->add[s]) >> r->down[s];
            y[(ptrdiff_t)p * l->out.c + c] = (uint8_t)(v < l->low ? l->low : v > l->high ? l->high : v);
        }
}

void layer_finish(const layer *l, const tile_job *j, void *y, int slot, int channels)
{
    const int32_t *base = (const int32_t *)((const char *)l + l->base_at) + slot;
    requant_slots r = requant_of(l, l);
    if (l->y.bits == 32)
        finish_sums(l, j, base, y, channels);
    else if (l->y.bits == 1 && l->y.is_signed)
        finish_signs(l, j, base, &r, y, slot, channels);
#if HAS_REQUANT
    else if (!l->wide)
        finish_codes(l, j, base, &r, y, slot, channels);
#endif
    else
        finish_wide(l, j, base, &r, y, slot, channels);
}
