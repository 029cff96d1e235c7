/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sheet.h - samples side by side, as one PNG
 *
 * A grid of tiles, each one sample of a data set with a line of text below it. Values are put back to what the files held
 * (the normalisation is undone) and shown between the smallest and the largest of the training split: grey for one or two channels (the first), else
 * the first three as red, green and blue. Small images are enlarged by a whole factor, large ones thinned. A sequence is a heat map of its
 * features over time, which runs to the right, and a row of a table a strip of cells; their colours go from dark blue (low) over green to yellow
 * (high), a scale for each feature.
 */
#ifndef DATA_SHEET_H
#define DATA_SHEET_H

#include "core/buffer.h"
#include "data/data.h"

typedef struct sheet_tile {
    const float *x;    /* (h, w, c), normalised as in a data_split; NULL: an empty place */
    const char *label; /* goes on over the tiles to its right that have none, and is cut at the next; not ASCII is shown as ?; NULL: none */
    bool marked;       /* a red frame: for mistakes */
} sheet_tile;

/* The grid's PNG, added to `out`; tiles (rows, columns). A grid that would have more than SHEET_MOST_PIXELS is refused. */
#define SHEET_MOST_PIXELS ((size_t)1 << 27)
ash_status sheet_png(const data_set *d, const sheet_tile *tiles, size_t rows, size_t columns, buffer *out, ash_error *err);

/* A sheet of the training split: a row of evenly spaced samples for each class (the first CONTACT_MOST_CLASSES), or, for a
 * regression, samples from the smallest target to the largest, or, for a reconstruction, evenly spaced ones. */
#define CONTACT_MOST_CLASSES 50
ash_status sheet_contact(const data_set *d, buffer *out, ash_error *err);

#endif
