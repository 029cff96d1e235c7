/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unpack.c - the image's codes into the room: a halo around them, and code + offset in each place */
#include "nn/infer/kernels/tuned/pack.h"

/* n fields of b bits, from the first of byte `x` on, to bytes. */
INLINE void spread_bits(uint8_t *to, const uint8_t *x, size_t n, const int b)
{
    for (; n >= CHUNK; n -= CHUNK, x += CHUNK / 8 * b, to += CHUNK) {
        word_vec word = spread(x, b);
        memcpy(to, &word, sizeof word);
    }
    if (n) {
        uint8_t last[CHUNK] = {0};
        memcpy(last, x, codes_bytes(n, b));
        word_vec word = spread(last, b);
        memcpy(to, &word, n);
    }
}

/* Fields first .. first + n, one per byte: x itself, or made in `row`. */
static const uint8_t *fields(uint8_t *row, const uint8_t *x, size_t first, size_t n, int bits)
{
    size_t per_byte = 8 / (size_t)bits, lead = first % per_byte;
    x += first / per_byte;
    if (bits == 8)
        return x;
    if (bits == 4)
        spread_bits(row, x, lead + n, 4);
    else if (bits == 2)
        spread_bits(row, x, lead + n, 2);
    else
        spread_bits(row, x, lead + n, 1);
    return row + lead;
}

/* A field is made a code by ((field ^ flip) << up) - less. */
static void put_bytes(uint8_t *restrict to, const uint8_t *restrict from, size_t n, int flip, int up, int less)
{
    if (!flip && !up && !less)
        memcpy(to, from, n);
    else if (!up && !less)
        for (size_t i = 0; i < n; i++)
            to[i] = (uint8_t)(from[i] ^ flip);
    else
        for (size_t i = 0; i < n; i++)
            to[i] = (uint8_t)(((from[i] ^ flip) << up) - less);
}

static void put_int16(uint8_t *restrict to, const uint8_t *restrict from, size_t n, int flip, int up, int less)
{
    int16_t *restrict out = (int16_t *)to;
    for (size_t i = 0; i < n; i++)
        out[i] = (int16_t)(((from[i] ^ flip) << up) - less);
}

/* One pixel's bits from bit `first` of x on: every group from a word of its own on. */
static void put_bits(const layer *l, uint8_t *to, const uint8_t *x, size_t first, size_t bytes)
{
    int channels = l->in.c / l->conv.groups;
    for (int g = 0; g < l->conv.groups; g++)
        for (int c = 0; c < channels; c += 32, to += 4) {
            size_t bit = first + (size_t)(g * channels + c), byte = bit / 8;
            uint64_t word = 0;
            memcpy(&word, x + byte, bytes - byte < 8 ? bytes - byte : 8);
            word >>= bit % 8;
            if (channels - c < 32)
                word &= ((uint64_t)1 << (channels - c)) - 1;
            memcpy(to, &word, 4);
        }
}

void layer_unpack(const layer *l, uint8_t *room, const uint8_t *x, uint8_t *row)
{
    int top = l->conv.pad_top, left = l->conv.pad_left;
    int rows = l->rows - top < l->in.h ? l->rows - top : l->in.h, columns = l->columns - left < l->in.w ? l->columns - left : l->in.w;
    size_t row_codes = (size_t)l->in.w * (size_t)l->in.c, n = (size_t)columns * (size_t)l->in.c;
    int half = 1 << (l->x.bits - 1), one = l->x.bits == 1;
    int flip = l->x.is_signed ? half : 0, up = l->x.is_signed && one;
    int less = (l->x.is_signed ? half : 0) - l->offset;
    if (top || left || rows < l->rows || columns < l->columns)
        memset(room, l->offset, l->room_bytes);
    for (int r = 0; r < rows; r++) {
        uint8_t *to = room + ((size_t)(r + top) * (size_t)l->columns + (size_t)left) * (size_t)l->pixel_bytes;
        size_t first = (size_t)r * row_codes;
        if (l->mode != MODE_BITS) {
            const uint8_t *from = fields(row, x, first, n, l->x.bits);
            (l->code_bytes == 1 ? put_bytes : put_int16)(to, from, n, flip, up, less);
        } else if (l->in.c % 32 == 0 && l->pixel_bytes * 8 == l->in.c) {
            memcpy(to, x + first / 8, n / 8);
        } else {
            size_t bytes = codes_bytes(row_codes * (size_t)l->in.h, 1);
            for (int c = 0; c < columns; c++, to += l->pixel_bytes)
                put_bits(l, to, x, first + (size_t)c * (size_t)l->in.c, bytes);
        }
    }
}
