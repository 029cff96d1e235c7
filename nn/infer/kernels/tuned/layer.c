/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layer.c - how a layer is computed at this level, its weights and constants, and the level's table (see layer.h) */
#include "nn/infer/kernels/tuned/layer.h"
#include <stdlib.h>

enum { SHORT_LEAST = 4 }; /* words summed in int16, for that to be worth it */

static int weights_per_channel(const infer_linear *l) { return l->conv.kh * l->conv.kw * (l->in.c / l->conv.groups); }

static int codes_per_word(const layer *l) { return l->mode == MODE_BITS ? 32 : l->mode == MODE_DOT2 ? 2 : 4; }

static int largest_weight(const infer_linear *l)
{
    int largest = 1;
    for (size_t i = 0; i < (size_t)weights_per_channel(l) * (size_t)l->out.c; i++)
        if (abs(l->weights[i]) > largest)
            largest = abs(l->weights[i]);
    return largest;
}

/* The most that |sum| of a channel can be. */
static int64_t largest_sum(const infer_linear *l, int channel)
{
    int64_t sum = 0;
    for (int i = 0; i < weights_per_channel(l); i++)
        sum += abs(l->weights[(size_t)i * (size_t)l->out.c + (size_t)channel]);
    return sum * (l->x.bits == 1 ? 1 : (1 << (l->x.bits - l->x.is_signed)) - 1);
}

/* Words that a narrow sum holds; all of them when sums are not narrow. */
static int choose_mode(layer *p, const infer_linear *l)
{
    bool offset = X_UNSIGNED && l->x.is_signed;
    p->depthwise = l->conv.groups > 1 && l->conv.groups == l->in.c && l->in.c == l->out.c;
    if (l->x.bits == 1 && l->weight_bits == 1 && !p->depthwise) {
        p->mode = MODE_BITS;
        p->doubled = l->x.is_signed;
        return HAS_POPCOUNT ? INT32_MAX : DIFFER_MOST;
    }
    int x_most = offset && l->x.bits == 1 ? 2 : (1 << l->x.bits) - 1, words = 32767 / (2 * x_most * largest_weight(l));
    p->mode = HAS_DOT4 ? MODE_DOT4 : HAS_SHORT && words >= SHORT_LEAST && !p->depthwise ? MODE_SHORT : MODE_DOT2;
    p->code_bytes = p->mode == MODE_DOT2 ? 2 : 1;
    if (p->mode != MODE_DOT2)
        p->offset = offset ? 1 << (l->x.bits - 1) : !X_UNSIGNED && !l->x.is_signed && l->x.bits == 8 ? -128 : 0;
    return p->mode == MODE_SHORT ? words : INT32_MAX;
}

/* Class of every window along one axis, to `classes` (NULL: only counted). */
static int classify(int32_t *classes, int windows, int stride, int pad, int kernel, int dilation, int size)
{
    int n = 0, first = -1, past = -1;
    for (int i = 0; i < windows; i++) {
        int f, p;
        taps_inside(&f, &p, i, stride, pad, kernel, dilation, size);
        n += f != first || p != past;
        first = f;
        past = p;
        if (classes)
            classes[i] = n - 1;
    }
    return n;
}

static size_t part(layer *p, size_t bytes) /* of prepared */
{
    size_t at = p->bytes;
    p->bytes += ROUND_UP(bytes, 64);
    return at;
}

/* Consecutive taps whose codes lie side by side in the room. */
static int taps_together(const layer *p)
{
    if (p->groups > 1 || p->depthwise || p->conv.dilation_w > 1)
        return 1;
    return p->conv.kw == p->columns && p->conv.dilation_h == 1 ? p->conv.kh * p->conv.kw : p->conv.kw;
}

static int words_together(const layer *p)
{
    int in = p->in.c / p->groups, per_word = codes_per_word(p);
    if (p->mode == MODE_BITS)
        return taps_together(p) * ((in + 31) / 32);
    return (taps_together(p) * in + per_word - 1) / per_word;
}

/* Counts the runs and words of a window and of its bands; writes the runs unless NULL. */
static void plan_runs(layer *p, layer_run *runs, int most)
{
    int taps = p->conv.kh * p->conv.kw, step = taps_together(p), words = words_together(p), per_word = codes_per_word(p);
    int piece = p->depthwise || words < most ? words : most; /* depthwise: a run is a tap, taken as a whole */
    p->n_runs = 0;
    for (int t = 0; t < taps; t += step) {
        int ky = t / p->conv.kw, kx = t % p->conv.kw;
        int offset = (ky * p->conv.dilation_h * p->columns + kx * p->conv.dilation_w) * p->pixel_bytes;
        for (int done = 0; done < words; done += piece, p->n_runs++)
            if (runs)
                runs[p->n_runs] = (layer_run){offset + 4 * done, words - done < piece ? words - done : piece};
    }
    p->together = most / piece;
    p->words = taps / step * words;
    if (p->depthwise) { /* taps up to whole words of them, with weights of zero */
        for (; p->n_runs % per_word; p->n_runs++)
            if (runs)
                runs[p->n_runs] = (layer_run){0};
        p->words = p->n_runs / per_word;
    }
    p->bands = p->mode != MODE_BITS && p->offset == 0 && step <= p->conv.kw && !p->depthwise ? p->conv.kh : 1;
    p->band_runs = p->n_runs / p->bands;
    p->band_words = p->words / p->bands;
}

static layer plan(const infer_linear *l, int *most)
{
    layer p = {.conv = l->conv, .in = l->in, .out = l->out, .x = l->x, .y = l->y, .low = l->requant.low, .high = l->requant.high};
    const nn_conv *g = &p.conv;
    *most = choose_mode(&p, l);
    p.groups = p.depthwise ? 1 : g->groups;
    int in = l->in.c / p.groups, out = l->out.c / p.groups;
    p.rows = (l->out.h - 1) * g->stride_h + (g->kh - 1) * g->dilation_h + 1;
    p.columns = (l->out.w - 1) * g->stride_w + (g->kw - 1) * g->dilation_w + 1;
    p.group_bytes = p.mode == MODE_BITS ? (in + 31) / 32 * 4 : in * p.code_bytes;
    p.pixel_bytes = p.groups * p.group_bytes;
    p.room_bytes = (size_t)p.rows * (size_t)p.columns * (size_t)p.pixel_bytes;
    p.block = p.depthwise ? codes_per_word(&p) : VECTORS_MOST;
    p.slots = ROUND_UP(out, LANES * (p.depthwise ? p.block : 1));
    p.signs = l->y.bits == 1 && l->y.is_signed;
    p.limits = p.signs && p.mode == MODE_BITS;
    p.direct = HAS_SIGNS && p.signs && out % LANES == 0;
    plan_runs(&p, NULL, *most);
    int row_classes = 1;
    p.column_classes = 1;
    if (p.mode == MODE_BITS && l->x.is_signed) {
        row_classes = classify(NULL, l->out.h, g->stride_h, g->pad_top, g->kh, g->dilation_h, l->in.h);
        p.column_classes = classify(NULL, l->out.w, g->stride_w, g->pad_left, g->kw, g->dilation_w, l->in.w);
    }
    for (int c = 0; l->y.bits != 32 && c < l->out.c && !p.wide; c++)
        p.wide = !layer_fill_requant(&p, NULL, 0, &l->requant, c, largest_sum(l, c));
    size_t slots = (size_t)p.groups * (size_t)p.slots;
    p.bytes = ROUND_UP(sizeof p, 64);
    p.runs_at = part(&p, (size_t)p.n_runs * sizeof(layer_run));
    p.row_class_at = part(&p, (size_t)l->out.h * sizeof(int32_t));
    p.column_class_at = part(&p, (size_t)l->out.w * sizeof(int32_t));
    p.base_at = part(&p, (size_t)row_classes * (size_t)p.column_classes * slots * sizeof(int32_t));
    p.requant_at = part(&p, l->y.bits == 32 ? 0 : slots * (4 * sizeof(int32_t) + sizeof(int64_t)));
    p.weights_at = part(&p, slots * (size_t)p.words * sizeof(int32_t));
    return p;
}

layer layer_plan(const infer_linear *l)
{
    int most;
    return plan(l, &most);
}

/* The lane of the kernel's vectors, counted through, that has a slot. Depthwise: the order of interleave4 and interleave2;
 * layer_depthwise stores the sums in order. */
static int lane_of(const layer *p, int slot)
{
    int per_word = codes_per_word(p), block = LANES * per_word, c = slot % block;
    return p->depthwise ? slot - c + c / 4 % per_word * LANES + c / (4 * per_word) * 4 + c % 4 : slot;
}

/* Where the weight of a slot, tap and input channel (of the group) lies: the word, and the code or bit in it. */
static size_t weight_word(const layer *p, int slot, int tap, int ci, int *within)
{
    int per_word = codes_per_word(p), in = p->in.c / p->groups, step = taps_together(p), word;
    int lane = lane_of(p, slot) % LANES, vector = lane_of(p, slot) / LANES;
    if (p->depthwise) {
        word = tap / per_word;
        *within = tap % per_word;
    } else if (p->mode == MODE_BITS) {
        word = tap * ((in + 31) / 32) + ci / 32;
        *within = ci % 32;
    } else {
        int i = tap % step * in + ci;
        word = tap / step * words_together(p) + i / per_word;
        *within = i % per_word;
    }
    int first = vector / p->block * p->block, vectors = p->slots / LANES - first; /* of its block */
    if (vectors > p->block)
        vectors = p->block;
    return ((size_t)first * (size_t)p->words + (size_t)word * (size_t)vectors + (size_t)(vector - first)) * LANES + (size_t)lane;
}

static void put_weight(const layer *p, int32_t *words, int slot, int tap, int ci, int code)
{
    int within;
    int32_t *word = words + weight_word(p, slot, tap, ci, &within);
    if (p->mode == MODE_BITS)
        *word |= (int32_t)((uint32_t)((code < 0) == p->x.is_signed) << within); /* {0, 1}: differ(x, not w) */
    else if (p->mode == MODE_DOT2)
        ((int16_t *)word)[within] = (int16_t)code;
    else
        ((int8_t *)word)[within] = (int8_t)code;
}

/* Of signs, only the sign of m counts, and the weights take it. */
static int weight_code(const layer *p, const infer_linear *l, int tap, int ci, int channel)
{
    int in = l->in.c / l->conv.groups, code = l->weights[((size_t)tap * (size_t)in + (size_t)ci) * (size_t)l->out.c + (size_t)channel];
    return p->signs && l->requant.m[channel] < 0 ? -code : code;
}

/* What the raw sum of an output channel lacks, where taps (y0 .. y1, x0 .. x1) are inside the image. */
static int32_t base_of(const layer *p, const infer_linear *l, int channel, const int y[2], const int x[2])
{
    int in = l->in.c / l->conv.groups;
    int64_t base = 0;
    for (int ky = 0; ky < l->conv.kh; ky++)
        for (int kx = 0; kx < l->conv.kw; kx++) {
            bool is_inside = ky >= y[0] && ky < y[1] && kx >= x[0] && kx < x[1];
            for (int ci = 0; ci < in; ci++) {
                int w = weight_code(p, l, ky * l->conv.kw + kx, ci, channel);
                if (p->mode != MODE_BITS)
                    base -= (int64_t)p->offset * w;
                else if (p->x.is_signed)
                    base += is_inside ? 1 : 2 * (w < 0);
                else
                    base += w > 0;
            }
        }
    return (int32_t)(uint32_t)base; /* sums wrap around, too */
}

static void fill_base(const layer *p, const infer_linear *l, char *at)
{
    const nn_conv *g = &l->conv;
    int32_t *row_class = (int32_t *)(at + p->row_class_at), *column_class = (int32_t *)(at + p->column_class_at);
    int32_t *base = (int32_t *)(at + p->base_at);
    bool classes = p->mode == MODE_BITS && l->x.is_signed;
    if (classes) {
        classify(row_class, l->out.h, g->stride_h, g->pad_top, g->kh, g->dilation_h, l->in.h);
        classify(column_class, l->out.w, g->stride_w, g->pad_left, g->kw, g->dilation_w, l->in.w);
    }
    int out = l->out.c / p->groups;
    for (int oy = 0; oy < l->out.h; oy++) { /* the first row and column of every class stand for it */
        if (oy && row_class[oy] == row_class[oy - 1])
            continue;
        for (int ox = 0; ox < l->out.w; ox++) {
            if (ox && column_class[ox] == column_class[ox - 1])
                continue;
            int y[2], x[2], class = row_class[oy] * p->column_classes + column_class[ox];
            taps_inside(&y[0], &y[1], oy, g->stride_h, g->pad_top, g->kh, g->dilation_h, l->in.h);
            taps_inside(&x[0], &x[1], ox, g->stride_w, g->pad_left, g->kw, g->dilation_w, l->in.w);
            for (int c = 0; c < l->out.c; c++) {
                int32_t *to = &base[class * p->groups * p->slots + c / out * p->slots + lane_of(p, c % out)];
                *to = base_of(p, l, c, y, x);
                if (p->limits)
                    *to = layer_limit(&l->requant, c, *to, p->doubled);
            }
        }
    }
}

static void prepare(const infer_linear *l, void *prepared)
{
    int most;
    layer p = plan(l, &most);
    char *at = prepared;
    memset(at, 0, p.bytes);
    plan_runs(&p, (layer_run *)(at + p.runs_at), most);
    fill_base(&p, l, at);
    requant_slots requant = requant_of(&p, prepared);
    int in = l->in.c / l->conv.groups, out = l->out.c / p.groups;
    for (int c = 0; c < l->out.c; c++) {
        int group = c / out, slot = c % out;
        if (l->y.bits != 32)
            layer_fill_requant(&p, &requant, (size_t)(group * p.slots + slot), &l->requant, c, 0);
        int32_t *words = (int32_t *)(at + p.weights_at) + (size_t)group * (size_t)p.slots * (size_t)p.words;
        for (int tap = 0; tap < l->conv.kh * l->conv.kw; tap++)
            for (int ci = 0; ci < in; ci++)
                put_weight(&p, words, slot, tap, ci, weight_code(&p, l, tap, ci, c));
    }
    memcpy(at, &p, sizeof p);
}

static size_t prepared_bytes(const infer_linear *l) { return layer_plan(l).bytes; }

const infer_kernels LEVEL_NAME(infer_level) = {
    .prepared_bytes = prepared_bytes,
    .prepare = prepare,
    .scratch_bytes = layer_scratch,
    .run = layer_run_image,
    .sign = layer_sign,
    .unpack = layer_unpack16,
    .pack = layer_pack16,
    .quantise = layer_quantise,
    .pass = layer_pass,
};
