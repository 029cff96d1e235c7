/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sheet.c - samples side by side, as one PNG
 *
 * A canvas of 8-bit RGB is filled tile by tile, then written by libpng. Letters are the 5 x 7 dots that character displays have
 * long used, a byte per column, the lowest bit on top (the eighth is for descenders). */
#include "data/sheet.h"
#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 6, FRAME = 2, LINE = 12, LETTER = 6, IMAGE_SIDE = 56, HEAT_WIDTH = 96, HEAT_HEIGHT = 56, MOST_SIDE = 256 };
enum { FIRST_LETTER = 32, LAST_LETTER = 126 };

static const uint8_t letters[LAST_LETTER - FIRST_LETTER + 1][5] = {
    {0x00, 0x00, 0x00, 0x00, 0x00}, {0x00, 0x00, 0x5f, 0x00, 0x00}, {0x00, 0x07, 0x00, 0x07, 0x00}, {0x14, 0x7f, 0x14, 0x7f, 0x14}, /*  !"# */
    {0x24, 0x2a, 0x7f, 0x2a, 0x12}, {0x23, 0x13, 0x08, 0x64, 0x62}, {0x36, 0x49, 0x56, 0x20, 0x50}, {0x00, 0x08, 0x07, 0x03, 0x00}, /* $%&' */
    {0x00, 0x1c, 0x22, 0x41, 0x00}, {0x00, 0x41, 0x22, 0x1c, 0x00}, {0x2a, 0x1c, 0x7f, 0x1c, 0x2a}, {0x08, 0x08, 0x3e, 0x08, 0x08}, /* ()*+ */
    {0x00, 0x80, 0x70, 0x30, 0x00}, {0x08, 0x08, 0x08, 0x08, 0x08}, {0x00, 0x00, 0x60, 0x60, 0x00}, {0x20, 0x10, 0x08, 0x04, 0x02}, /* ,-./ */
    {0x3e, 0x51, 0x49, 0x45, 0x3e}, {0x00, 0x42, 0x7f, 0x40, 0x00}, {0x72, 0x49, 0x49, 0x49, 0x46}, {0x21, 0x41, 0x49, 0x4d, 0x33}, /* 0123 */
    {0x18, 0x14, 0x12, 0x7f, 0x10}, {0x27, 0x45, 0x45, 0x45, 0x39}, {0x3c, 0x4a, 0x49, 0x49, 0x31}, {0x41, 0x21, 0x11, 0x09, 0x07}, /* 4567 */
    {0x36, 0x49, 0x49, 0x49, 0x36}, {0x46, 0x49, 0x49, 0x29, 0x1e}, {0x00, 0x00, 0x14, 0x00, 0x00}, {0x00, 0x40, 0x34, 0x00, 0x00}, /* 89:; */
    {0x00, 0x08, 0x14, 0x22, 0x41}, {0x14, 0x14, 0x14, 0x14, 0x14}, {0x00, 0x41, 0x22, 0x14, 0x08}, {0x02, 0x01, 0x59, 0x09, 0x06}, /* <=>? */
    {0x3e, 0x41, 0x5d, 0x59, 0x4e}, {0x7c, 0x12, 0x11, 0x12, 0x7c}, {0x7f, 0x49, 0x49, 0x49, 0x36}, {0x3e, 0x41, 0x41, 0x41, 0x22}, /* @ABC */
    {0x7f, 0x41, 0x41, 0x41, 0x3e}, {0x7f, 0x49, 0x49, 0x49, 0x41}, {0x7f, 0x09, 0x09, 0x09, 0x01}, {0x3e, 0x41, 0x41, 0x51, 0x73}, /* DEFG */
    {0x7f, 0x08, 0x08, 0x08, 0x7f}, {0x00, 0x41, 0x7f, 0x41, 0x00}, {0x20, 0x40, 0x41, 0x3f, 0x01}, {0x7f, 0x08, 0x14, 0x22, 0x41}, /* HIJK */
    {0x7f, 0x40, 0x40, 0x40, 0x40}, {0x7f, 0x02, 0x1c, 0x02, 0x7f}, {0x7f, 0x04, 0x08, 0x10, 0x7f}, {0x3e, 0x41, 0x41, 0x41, 0x3e}, /* LMNO */
    {0x7f, 0x09, 0x09, 0x09, 0x06}, {0x3e, 0x41, 0x51, 0x21, 0x5e}, {0x7f, 0x09, 0x19, 0x29, 0x46}, {0x26, 0x49, 0x49, 0x49, 0x32}, /* PQRS */
    {0x03, 0x01, 0x7f, 0x01, 0x03}, {0x3f, 0x40, 0x40, 0x40, 0x3f}, {0x1f, 0x20, 0x40, 0x20, 0x1f}, {0x3f, 0x40, 0x38, 0x40, 0x3f}, /* TUVW */
    {0x63, 0x14, 0x08, 0x14, 0x63}, {0x03, 0x04, 0x78, 0x04, 0x03}, {0x61, 0x59, 0x49, 0x4d, 0x43}, {0x00, 0x7f, 0x41, 0x41, 0x41}, /* XYZ[ */
    {0x02, 0x04, 0x08, 0x10, 0x20}, {0x00, 0x41, 0x41, 0x41, 0x7f}, {0x04, 0x02, 0x01, 0x02, 0x04}, {0x40, 0x40, 0x40, 0x40, 0x40}, /* \]^_ */
    {0x00, 0x03, 0x07, 0x08, 0x00}, {0x20, 0x54, 0x54, 0x78, 0x40}, {0x7f, 0x28, 0x44, 0x44, 0x38}, {0x38, 0x44, 0x44, 0x44, 0x28}, /* `abc */
    {0x38, 0x44, 0x44, 0x28, 0x7f}, {0x38, 0x54, 0x54, 0x54, 0x18}, {0x00, 0x08, 0x7e, 0x09, 0x02}, {0x18, 0xa4, 0xa4, 0x9c, 0x78}, /* defg */
    {0x7f, 0x08, 0x04, 0x04, 0x78}, {0x00, 0x44, 0x7d, 0x40, 0x00}, {0x20, 0x40, 0x40, 0x3d, 0x00}, {0x7f, 0x10, 0x28, 0x44, 0x00}, /* hijk */
    {0x00, 0x41, 0x7f, 0x40, 0x00}, {0x7c, 0x04, 0x78, 0x04, 0x78}, {0x7c, 0x08, 0x04, 0x04, 0x78}, {0x38, 0x44, 0x44, 0x44, 0x38}, /* lmno */
    {0xfc, 0x18, 0x24, 0x24, 0x18}, {0x18, 0x24, 0x24, 0x18, 0xfc}, {0x7c, 0x08, 0x04, 0x04, 0x08}, {0x48, 0x54, 0x54, 0x54, 0x24}, /* pqrs */
    {0x04, 0x04, 0x3f, 0x44, 0x24}, {0x3c, 0x40, 0x40, 0x20, 0x7c}, {0x1c, 0x20, 0x40, 0x20, 0x1c}, {0x3c, 0x40, 0x30, 0x40, 0x3c}, /* tuvw */
    {0x44, 0x28, 0x10, 0x28, 0x44}, {0x4c, 0x90, 0x90, 0x90, 0x7c}, {0x44, 0x64, 0x54, 0x4c, 0x44}, {0x00, 0x08, 0x36, 0x41, 0x00}, /* xyz{ */
    {0x00, 0x00, 0x77, 0x00, 0x00}, {0x00, 0x41, 0x36, 0x08, 0x00}, {0x02, 0x01, 0x02, 0x04, 0x02}, /* |}~ */
};

typedef struct rgb {
    uint8_t r, g, b;
} rgb;

static const rgb paper = {255, 255, 255}, ink = {40, 40, 40}, nothing = {238, 238, 238}, red = {214, 39, 40};
static const rgb heat[] = {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}}; /* as viridis */

typedef struct canvas {
    const data_set *d;
    bool is_heat;
    int rows, columns;       /* of a sample's picture, in its own cells */
    int step, sx, sy;        /* one cell of `step` is shown, as sx x sy dots */
    size_t tile_w, tile_h;   /* dots of a tile's picture */
    size_t width, height;    /* dots of the sheet */
    double low, high;        /* of images */
    rgb *dots;               /* (height, width) */
} canvas;

static double raw_value(const data_set *d, const float *x, size_t i)
{
    if (d->n_norm == 0)
        return x[i];
    size_t k = i % d->n_norm;
    return (double)x[i] / (double)d->norm_scale[k] + (double)d->norm_mean[k];
}

/* Where v lies between low and high: 0 to 1; a constant is 0. */
static double place(double v, double low, double high)
{
    double t = high > low ? (v - low) / (high - low) : 0;
    return t > 0 ? t < 1 ? t : 1 : 0; /* also for NaN */
}

static uint8_t mix(uint8_t a, uint8_t b, double t)
{
    return (uint8_t)(a + (b - a) * t + 0.5);
}

static rgb heat_colour(double t)
{
    double at = t * (sizeof heat / sizeof *heat - 1);
    size_t i = at >= sizeof heat / sizeof *heat - 1 ? sizeof heat / sizeof *heat - 2 : (size_t)at;
    const rgb *a = &heat[i], *b = a + 1;
    return (rgb){mix(a->r, b->r, at - (double)i), mix(a->g, b->g, at - (double)i), mix(a->b, b->b, at - (double)i)};
}

/* Cell (y, x) of a sample's picture. */
static rgb cell_colour(const canvas *v, const float *sample, int y, int x)
{
    const data_set *d = v->d;
    if (v->is_heat) {
        bool table = d->h == 1; /* features lie side by side; those of a sequence above one another, the first lowest */
        size_t k = table ? (size_t)x : (size_t)(d->c - 1 - y), i = table ? k : (size_t)x * (size_t)d->c + k;
        return heat_colour(place(raw_value(d, sample, i), d->summary[k].min, d->summary[k].max));
    }
    uint8_t value[3];
    size_t i = ((size_t)y * (size_t)d->w + (size_t)x) * (size_t)d->c;
    for (size_t k = 0; k < 3; k++)
        value[k] = (uint8_t)(255 * place(raw_value(d, sample, d->c < 3 ? i : i + k), v->low, v->high) + 0.5);
    return (rgb){value[0], value[1], value[2]};
}

static void fill(canvas *v, size_t top, size_t left, size_t h, size_t w, rgb colour)
{
    for (size_t y = top; y < top + h && y < v->height; y++)
        for (size_t x = left; x < left + w && x < v->width; x++)
            v->dots[y * v->width + x] = colour;
}

static void draw_sample(canvas *v, const float *sample, size_t top, size_t left)
{
    for (int y = 0; y * v->step < v->rows; y++)
        for (int x = 0; x * v->step < v->columns; x++)
            fill(v, top + (size_t)(y * v->sy), left + (size_t)(x * v->sx), (size_t)v->sy, (size_t)v->sx,
                 cell_colour(v, sample, y * v->step, x * v->step));
}

static void draw_text(canvas *v, const char *text, size_t top, size_t left, size_t width)
{
    for (; *text && width >= LETTER; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x80 && c < 0xc0) /* goes on a letter that was shown */
            continue;
        const uint8_t *columns = letters[(c < FIRST_LETTER || c > LAST_LETTER ? '?' : c) - FIRST_LETTER];
        for (size_t x = 0; x < 5; x++)
            for (size_t y = 0; y < 8; y++)
                if (columns[x] >> y & 1)
                    fill(v, top + y, left + x, 1, 1, ink);
        left += LETTER;
        width -= LETTER;
    }
}

static void set_range(canvas *v)
{
    const data_summary *s = v->d->summary;
    v->low = s[0].min;
    v->high = s[0].max;
    for (int k = 1; k < v->d->c; k++) {
        v->low = fmin(v->low, s[k].min);
        v->high = fmax(v->high, s[k].max);
    }
}

static int at_least_once(int wanted, int cells)
{
    return wanted > cells ? (wanted + cells - 1) / cells : 1;
}

static void set_sizes(canvas *v, size_t rows, size_t columns, bool labels)
{
    const data_set *d = v->d;
    v->is_heat = !d->is_image || d->w == 1;
    v->rows = !v->is_heat ? d->h : d->h == 1 ? 1 : d->c;
    v->columns = !v->is_heat ? d->w : d->h == 1 ? d->c : d->h;
    int longest = v->rows > v->columns ? v->rows : v->columns;
    v->step = (longest + MOST_SIDE - 1) / MOST_SIDE;
    int shown_rows = (v->rows + v->step - 1) / v->step, shown_columns = (v->columns + v->step - 1) / v->step;
    if (v->is_heat) {
        v->sx = at_least_once(HEAT_WIDTH, shown_columns);
        v->sy = at_least_once(HEAT_HEIGHT, shown_rows);
        v->sy = v->sy > 3 * v->sx ? 3 * v->sx : v->sy;
    } else {
        v->sx = v->sy = at_least_once(IMAGE_SIDE, shown_rows > shown_columns ? shown_rows : shown_columns);
    }
    v->tile_w = (size_t)(shown_columns * v->sx);
    v->tile_h = (size_t)(shown_rows * v->sy);
    v->width = GAP + columns * (v->tile_w + GAP);
    v->height = GAP + rows * (v->tile_h + GAP + (labels ? LINE : 0));
}

static void draw_tiles(canvas *v, const sheet_tile *tiles, size_t rows, size_t columns, bool labels)
{
    for (size_t i = 0; i < rows * columns; i++) {
        const sheet_tile *t = &tiles[i];
        size_t left = GAP + i % columns * (v->tile_w + GAP), top = GAP + i / columns * (v->tile_h + GAP + (labels ? LINE : 0));
        if (t->marked)
            fill(v, top - FRAME, left - FRAME, v->tile_h + 2 * FRAME, v->tile_w + 2 * FRAME, red);
        if (t->x)
            draw_sample(v, t->x, top, left);
        else
            fill(v, top, left, v->tile_h, v->tile_w, nothing);
        if (t->label) {
            size_t last = i;
            while ((last + 1) % columns && !tiles[last + 1].label)
                last++;
            draw_text(v, t->label, top + v->tile_h + FRAME + 1, left, (last - i + 1) * (v->tile_w + GAP));
        }
    }
}

static ash_status write_png(const canvas *v, buffer *out, ash_error *err)
{
    png_image image = {.version = PNG_IMAGE_VERSION, .width = (png_uint_32)v->width, .height = (png_uint_32)v->height,
                       .format = PNG_FORMAT_RGB};
    png_alloc_size_t n = PNG_IMAGE_PNG_SIZE_MAX(image);
    void *bytes = malloc(n);
    if (!bytes)
        return ash_fail_memory(err);
    ash_status status = ASH_OK;
    if (!png_image_write_to_memory(&image, bytes, &n, 0, v->dots, 0, NULL))
        status = ash_fail(err, ASH_BROKEN, "the sheet cannot be written as PNG: %s", image.message);
    else
        buffer_add(out, bytes, n);
    free(bytes);
    return status == ASH_OK && out->failed ? ash_fail_memory(err) : status;
}

ash_status sheet_png(const data_set *d, const sheet_tile *tiles, size_t rows, size_t columns, buffer *out, ash_error *err)
{
    canvas v = {.d = d};
    bool labels = false;
    set_range(&v);
    set_sizes(&v, rows, columns, true);
    if (!rows || !columns || v.height > SHEET_MOST_PIXELS / v.width)
        return ash_fail(err, ASH_INVALID, "a sheet of %zu x %zu samples of this size cannot be drawn: %zu x %zu dots", rows, columns,
                        v.width, v.height);
    for (size_t i = 0; i < rows * columns; i++)
        labels |= tiles[i].label != NULL;
    set_sizes(&v, rows, columns, labels);
    v.dots = malloc(v.width * v.height * sizeof *v.dots);
    if (!v.dots)
        return ash_fail_memory(err);
    fill(&v, 0, 0, v.height, v.width, paper);
    draw_tiles(&v, tiles, rows, columns, labels);
    ash_status status = write_png(&v, out, err);
    free(v.dots);
    return status;
}
