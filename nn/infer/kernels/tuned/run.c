/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.c - one image through a prepared layer, tile by tile */
#include "nn/infer/kernels/tuned/layer.h"

typedef struct places { /* in scratch; 64-byte aligned, NULL while only measured */
    uint8_t *room, *row, *codes;
    int32_t *sums;
} places;

static size_t place(const layer *l, char *base, places *p)
{
    size_t room = ROUND_UP(l->room_bytes + SLACK, 64), row = ROUND_UP((size_t)l->in.w * (size_t)l->in.c + 8, 64);
    size_t sums = (size_t)TILE * (size_t)l->block * sizeof(ivec);
    size_t codes = l->y.bits < 8 && !l->direct ? (size_t)TILE * (size_t)l->out.c : 0;
    if (p)
        *p = (places){
            .room = (uint8_t *)base,
            .row = (uint8_t *)base + room,
            .sums = (int32_t *)(base + room + row),
            .codes = (uint8_t *)base + room + row + sums,
        };
    return room + row + sums + codes;
}

size_t layer_scratch(const infer_linear *what)
{
    layer l = layer_plan(what);
    return place(&l, NULL, NULL);
}

/* Where the tile's pixels lie in the room, which bands of their windows count, and their classes. */
static void fill_pixels(const layer *l, tile_job *j, int first)
{
    const int32_t *row_class = (const int32_t *)((const char *)l + l->row_class_at);
    const int32_t *column_class = (const int32_t *)((const char *)l + l->column_class_at);
    const nn_conv *g = &l->conv;
    int step = g->stride_w * l->pixel_bytes, slots = l->groups * l->slots;
    int oy = first / l->out.w, ox = first % l->out.w;
    for (int done = 0; done < j->count; oy++, ox = 0) { /* row by row */
        int n = j->count - done < l->out.w - ox ? j->count - done : l->out.w - ox, first_band = 0, past_band = 1;
        int at = oy * g->stride_h * l->columns * l->pixel_bytes + ox * step, class = row_class[oy] * l->column_classes;
        if (l->bands > 1)
            taps_inside(&first_band, &past_band, oy, g->stride_h, g->pad_top, g->kh, g->dilation_h, l->in.h);
        for (int i = 0; i < n; i++) {
            j->at[done + i] = at + i * step;
            j->class_at[done + i] = (class + column_class[ox + i]) * slots;
            j->first_band[done + i] = (int16_t)first_band;
            j->past_band[done + i] = (int16_t)past_band;
        }
        done += n;
    }
    for (int i = j->count; i < TILE; i++) {
        j->at[i] = j->at[j->count - 1];
        j->class_at[i] = j->class_at[j->count - 1];
        j->first_band[i] = j->first_band[j->count - 1];
    }
}

/* All channels of a tile; y: its first pixel, as layer_finish wants it. */
static void run_tile(const layer *l, tile_job *j, const uint8_t *room, uint8_t *y)
{
    int channels = l->out.c / l->groups, vectors = l->slots / LANES, bits = l->y.bits == 32 ? 32 : l->direct ? 1 : 8;
    const char *weights = (const char *)l + l->weights_at;
    const int32_t *base = (const int32_t *)((const char *)l + l->base_at);
    for (int g = 0; g < l->groups; g++)
        for (int v = 0; v < vectors; v += l->block) {
            int done = v * LANES;
            j->vectors = vectors - v < l->block ? vectors - v : l->block;
            j->weights = weights + (size_t)(g * vectors + v) * (size_t)l->words * sizeof(ivec);
            j->base = base + g * l->slots + done;
            j->x = room + g * l->group_bytes;
            if (l->depthwise) {
                j->x += done * l->code_bytes;
                layer_depthwise(l, j);
            } else {
                layer_conv(l, j);
            }
            layer_finish(l, j, y + (size_t)(g * channels + done) * (size_t)bits / 8, g * l->slots + done,
                         channels - done < l->block * LANES ? channels - done : l->block * LANES);
        }
}

void layer_run_image(const void *prepared, const uint8_t *x, void *y, void *scratch)
{
    const layer *l = prepared;
    places p;
    place(l, scratch, &p);
    layer_unpack(l, p.room, x, p.row);
    tile_job j = {.sums = p.sums};
    int pixels = l->out.h * l->out.w;
    for (int first = 0; first < pixels; first += TILE) {
        j.count = pixels - first < TILE ? pixels - first : TILE;
        fill_pixels(l, &j, first);
        uint8_t *to = (uint8_t *)y + codes_bytes((size_t)first * (size_t)l->out.c, l->y.bits);
        bool packs = l->y.bits < 8 && !l->direct;
        run_tile(l, &j, p.room, packs ? p.codes : to);
        if (packs)
            layer_pack(to, p.codes, (size_t)j.count * (size_t)l->out.c, l->y.bits);
    }
}
