/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layer.h - how the tuned linear step goes, and what `prepare` finds out for `run`
 *
 * The image is unpacked into a padded *room* in scratch, as 32-bit words that hold 4 codes (bytes), 2 codes (int16) or 32
 * codes (bits) each, whatever the level multiplies best. The window of a pixel is then a list of *runs* of consecutive words,
 * and one loop serves convolutions and dense layers of all bit widths:
 *
 *     for every word of the window: sums[channel] += word . weights[word][channel]
 *
 * where a vector holds the same word of the weights of LANES output channels, and "." is a dot product of 4 or 2 codes, or
 * the number of bits that differ, subtracted. Sums of a few pixels by up to 4 vectors stay in registers (conv.inc). Depthwise
 * convolution has its own loop, with the same dot product of taps in place of channels (depthwise.c).
 *
 * What the raw sum of a channel lacks, the kernel adds: sum = base + (raw << doubled).
 *   bytes, int16  codes lie in the room with an offset, where the instruction wants them unsigned; base takes it off again.
 *   bits, signed  x.w = n - 2 differ(x, w): raw = -differ, base = n. A padded pixel has no code: it lies there as +1, so each
 *                 *class* of pixels, those with the same taps outside the image, has a base of its own that takes its part off.
 *   bits, {0, 1}  x.w = (weights +1) - differ(x, not w), with base the number of weights that are +1.
 *   bits that become signs: raw sums are compared with limits that say it all, and nothing is added.
 * Pixels are taken in tiles of TILE; the sums of a tile and a block of channels become codes, one per byte, and the codes of
 * a tile are packed into y. */
#ifndef NN_INFER_KERNELS_TUNED_LAYER_H
#define NN_INFER_KERNELS_TUNED_LAYER_H

#include "nn/infer/kernels/codes.h"
#include "nn/infer/kernels/tuned/simd.h"

enum {
    TILE = 48, /* pixels: a multiple of 8, so that a tile of codes ends with a byte, and of every register block's */
    VECTORS_MOST = REGISTERS / 8, /* of output channels in a register block */
    SLACK = 64, /* bytes behind the room that may be read: a vector */
};

typedef enum layer_mode {
    MODE_DOT4,  /* bytes, exact dot product of four */
    MODE_DOT2,  /* int16, exact dot product of two */
    MODE_SHORT, /* bytes, dot products of two summed in int16 for as long as they fit */
    MODE_BITS,
} layer_mode;

typedef struct layer_run {
    int32_t offset, words; /* bytes from the pixel's first tap; 32-bit words */
} layer_run;

typedef struct layer { /* first thing of `prepared`; *_at are bytes from its start */
    nn_conv conv;
    nn_shape in, out;
    infer_type x, y;
    int32_t low, high;
    layer_mode mode;
    bool depthwise;
    int offset;  /* room: code + offset */
    int doubled; /* sum = base + (raw << doubled) */

    int rows, columns;        /* of the room, in pixels */
    int code_bytes;           /* of a code in the room; bits: 0 */
    int group_bytes;          /* from one group's channels to the next one's */
    int pixel_bytes;
    size_t room_bytes;

    int n_runs, together;     /* runs of a window; as many of them are summed before narrow sums would overflow */
    int words;                /* of a window */
    int bands, band_runs, band_words; /* a window's rows, where those outside the image add nothing; else 1 band */
    int groups, slots;        /* groups in turn (depthwise: 1); channels of one, rounded up to vectors */
    int block;                /* vectors of channels at a time */
    int column_classes;       /* classes of pixels: row class x column class; 1 unless bits, signed */
    bool wide;                /* requantise in int64 throughout */
    bool signs;               /* y is one bit signed */
    bool limits;              /* sums stay raw, and in place of a base there is their limit */
    bool direct;              /* signs go to y as bits, a vector of them at a time */
    size_t runs_at, row_class_at, column_class_at, base_at, requant_at, weights_at, bytes;
} layer;

/* Per slot of every group, behind one another. */
typedef struct requant_slots {
    int32_t *m, *up, *down; /* code = (((acc << up) * m + add) >> 32) >> down; see finish.c */
    int64_t *add;
    int32_t *limit; /* the bit of a one-bit signed code is acc <= limit */
} requant_slots;

INLINE requant_slots requant_of(const layer *l, const void *prepared)
{
    size_t slots = (size_t)l->groups * (size_t)l->slots;
    int32_t *p = (int32_t *)((const char *)prepared + l->requant_at);
    return (requant_slots){.m = p, .up = p + slots, .down = p + 2 * slots, .limit = p + 3 * slots, .add = (int64_t *)(p + 4 * slots)};
}

/* The pixels of a tile and a block of channels. */
typedef struct tile_job {
    const uint8_t *x;       /* first tap of pixel 0, group and channel applied */
    int32_t at[TILE];       /* bytes from x to the pixel; behind the last pixel: the last one's again */
    int16_t first_band[TILE], past_band[TILE]; /* inside the image */
    int32_t class_at[TILE]; /* int32 from the base of class 0 to that of the pixel's */
    const int32_t *base;    /* of class 0 and the block */
    int count;
    const void *weights;    /* of the block */
    int vectors;            /* of channels, of the block */
    int32_t *sums;          /* (TILE, vectors * LANES) */
} tile_job;

/* Taps first .. past of a window are inside the image, along one axis. */
INLINE void taps_inside(int *first, int *past, int at, int stride, int pad, int kernel, int dilation, int size)
{
    *first = *past = 0;
    for (int k = 0; k < kernel; k++) {
        int i = at * stride - pad + k * dilation;
        *first += i < 0;
        *past += i < size;
    }
    if (*past < *first)
        *past = *first;
}

#define layer_unpack LEVEL_NAME(infer_layer_unpack)
#define layer_pack LEVEL_NAME(infer_layer_pack)
#define layer_conv LEVEL_NAME(infer_layer_conv)
#define layer_depthwise LEVEL_NAME(infer_layer_depthwise)
#define layer_finish LEVEL_NAME(infer_layer_finish)
#define layer_run_image LEVEL_NAME(infer_layer_run)
#define layer_scratch LEVEL_NAME(infer_layer_scratch)
#define layer_sign LEVEL_NAME(infer_layer_sign)
#define layer_unpack16 LEVEL_NAME(infer_layer_unpack16)
#define layer_pack16 LEVEL_NAME(infer_layer_pack16)
#define layer_quantise LEVEL_NAME(infer_layer_quantise)
#define layer_pass LEVEL_NAME(infer_layer_pass)
#define layer_limit LEVEL_NAME(infer_layer_limit)
#define layer_fill_requant LEVEL_NAME(infer_layer_fill_requant)

/* x to the room; row (in.w * in.c + 8) is scratch. */
void layer_unpack(const layer *l, uint8_t *room, const uint8_t *x, uint8_t *row);
/* n codes, one per byte, to y; the signs of n codes to y. */
void layer_pack(uint8_t *y, const uint8_t *codes, size_t n, int bits);
void layer_sign(uint8_t *y, const int8_t *x, size_t n);

/* Entries of the level's table, see nn/infer/linear.h. */
void layer_unpack16(int16_t *restrict codes, const uint8_t *restrict bytes, size_t n, infer_type t);
void layer_pack16(uint8_t *restrict bytes, const int16_t *restrict codes, size_t n, infer_type t);
void layer_quantise(int16_t *restrict codes, const float *restrict x, size_t n, float step, infer_type t);
void layer_pass(const struct infer_pass *p);

void layer_conv(const layer *l, const tile_job *j);
void layer_depthwise(const layer *l, const tile_job *j);

/* The most that raw may be for a code of -1, where a sum, of weights times the sign of m, is base + (raw << doubled). */
int32_t layer_limit(const infer_requant *r, int channel, int base, int doubled);
/* Constants of one channel; largest: of |acc|. False: only the wide way is exact. */
bool layer_fill_requant(const layer *l, const requant_slots *to, size_t slot, const infer_requant *r, int channel, int64_t largest);
/* The sums of a tile to y: to int32, to one code per byte or, direct, to bits, pixels out.c of them apart. The block begins at `slot` of all slots, at
 * channel 0 of y, and has `channels` channels. */
void layer_finish(const layer *l, const tile_job *j, void *y, int slot, int channels);

size_t layer_scratch(const infer_linear *l);
void layer_run_image(const void *prepared, const uint8_t *x, void *y, void *scratch);
#define layer_plan LEVEL_NAME(infer_layer_plan)
layer layer_plan(const infer_linear *l);

#endif
