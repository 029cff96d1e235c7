/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture.h - one PNG or JPEG file as pixels, converted and resized
 *
 * What a file is is seen from its first bytes, not its name. Pixels come as 8 bits, grey or red, green, blue, as a screen would show them: 16 bits are
 * rounded, palettes looked up, transparent pixels blended with a background. Grey of a colour is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601). All
 * arithmetic after decoding is ours and exact in its order, so that the same pixels give the same floats everywhere.
 */
#ifndef DATA_PICTURE_H
#define DATA_PICTURE_H

#include "core/status.h"
#include <stdbool.h>
#include <stdint.h>

#define PICTURE_MOST_PIXELS (1 << 27)

typedef struct picture {
    int h, w, c;     /* c: 1 or 3 */
    uint8_t *pixels; /* (h, w, c); NULL after picture_probe */
} picture;

/* The header only: size, and whether the file is grey or coloured. Errors name the file. */
ash_status picture_probe(const char *path, picture *out, ash_error *err);
/* All of it with c = channels (1 or 3; 0: the header only); free with picture_free. `background` (0 to 255) is behind transparent pixels. */
ash_status picture_read(const char *path, int channels, int background, picture *out, ash_error *err);
void picture_free(picture *p);

typedef enum picture_filter {
    PICTURE_AREA,     /* the mean of the area that a pixel covers; enlarged: bilinear */
    PICTURE_BILINEAR, /* between the four nearest pixels: sharper, with aliasing when much is lost */
} picture_filter;

/* To h x w pixels in out (h, w, c); crop: the largest centred part of that shape, else all of it is stretched. */
ash_status picture_resize(const picture *p, bool crop, picture_filter filter, int h, int w, float *out, ash_error *err);

#endif
