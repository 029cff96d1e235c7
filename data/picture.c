/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture.c - see picture.h
 *
 * libpng's simplified interface and libjpeg-turbo decode from memory. Both report errors by a long jump or a message; here each
 * becomes a sentence with the file's name. */
#include "data/picture.h"
#include "data/file.h"
#include <stdio.h> /* for jpeglib.h, which does not include it */

#include <jerror.h>
#include <jpeglib.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FILE = 1 << 29, HEAD = 1 << 16 };

static ash_status corrupt(const char *path, const char *kind, const char *why, ash_error *err)
{
    return ash_fail(err, ASH_INVALID, "%s: this %s file is damaged (%s); replace it or take it away", path, kind, why);
}

static ash_status check_size(const char *path, uint64_t h, uint64_t w, ash_error *err)
{
    if (h == 0 || w == 0 || h > PICTURE_MOST_PIXELS / w)
        return ash_fail(err, ASH_INVALID, "%s: %llu x %llu pixels are too many", path, (unsigned long long)h, (unsigned long long)w);
    return ASH_OK;
}

static uint8_t luma(const uint8_t *rgb)
{
    return (uint8_t)((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
}

/* Pixels of `from_c` channels (1, 3), each followed by alpha or not, to p->c channels. */
static void convert(picture *p, const uint8_t *from, int from_c, bool alpha, int background)
{
    size_t n = (size_t)p->h * (size_t)p->w;
    for (size_t i = 0; i < n; i++, from += from_c + alpha) {
        uint8_t v[3];
        for (int k = 0; k < 3; k++) {
            int value = from[from_c == 3 ? k : 0];
            if (alpha)
                value = (value * from[from_c] + background * (255 - from[from_c]) + 127) / 255;
            v[k] = (uint8_t)value;
        }
        if (p->c == 3)
            memcpy(p->pixels + 3 * i, v, 3);
        else
            p->pixels[i] = from_c == 3 ? luma(v) : v[0];
    }
}

static ash_status take(picture *p, const uint8_t *from, int from_c, bool alpha, int background, ash_error *err)
{
    p->pixels = malloc((size_t)p->h * (size_t)p->w * (size_t)p->c);
    if (!p->pixels)
        return ash_fail_memory(err);
    convert(p, from, from_c, alpha, background);
    return ASH_OK;
}

/* ---- PNG ---- */

static ash_status finish_png(png_image *image, const char *path, picture *p, int background, ash_error *err)
{
    bool alpha = image->format & PNG_FORMAT_FLAG_ALPHA, colour = image->format & PNG_FORMAT_FLAG_COLOR;
    image->format = (colour ? PNG_FORMAT_FLAG_COLOR : 0) | (alpha ? PNG_FORMAT_FLAG_ALPHA : 0);
    image->flags |= PNG_IMAGE_FLAG_16BIT_sRGB; /* 16 bits are finer steps, not linear light */
    uint8_t *bytes = malloc(PNG_IMAGE_SIZE(*image));
    if (!bytes)
        return ash_fail_memory(err);
    ash_status status = ASH_OK;
    if (!png_image_finish_read(image, NULL, bytes, 0, NULL))
        status = corrupt(path, "PNG", image->message, err);
    else
        status = take(p, bytes, colour ? 3 : 1, alpha, background, err);
    free(bytes);
    return status;
}

/* channels 0: the header only. */
static ash_status open_png(const char *path, const buffer *file, int channels, int background, picture *p, ash_error *err)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&image, file->data, file->len))
        return corrupt(path, "PNG", image.message, err);
    ash_status status = check_size(path, image.height, image.width, err);
    *p = (picture){.h = (int)image.height, .w = (int)image.width,
                   .c = channels ? channels : image.format & PNG_FORMAT_FLAG_COLOR ? 3 : 1};
    if (status == ASH_OK && channels)
        status = finish_png(&image, path, p, background, err);
    png_image_free(&image);
    return status;
}

/* ---- JPEG ---- */

typedef struct jpeg_trouble {
    struct jpeg_error_mgr manager; /* first: libjpeg hands a pointer to it */
    jmp_buf back;
    bool damaged;
    char why[JMSG_LENGTH_MAX];
} jpeg_trouble;

static void jpeg_stops(j_common_ptr j)
{
    jpeg_trouble *t = (jpeg_trouble *)j->err;
    j->err->format_message(j, t->why);
    longjmp(t->back, 1);
}

/* Level -1 is a warning: libjpeg would go on with made-up pixels. Bytes between two parts harm nothing. */
static void jpeg_says(j_common_ptr j, int level)
{
    jpeg_trouble *t = (jpeg_trouble *)j->err;
    if (level >= 0 || j->err->msg_code == JWRN_EXTRANEOUS_DATA || t->damaged)
        return;
    t->damaged = true;
    j->err->format_message(j, t->why);
}

static ash_status read_jpeg(struct jpeg_decompress_struct *j, uint8_t **bytes, const char *path, const buffer *file, int channels,
                            picture *p, ash_error *err)
{
    jpeg_trouble *t = (jpeg_trouble *)j->err;
    if (setjmp(t->back))
        return corrupt(path, "JPEG", t->why, err);
    jpeg_create_decompress(j);
    jpeg_mem_src(j, (const unsigned char *)file->data, file->len);
    jpeg_read_header(j, TRUE);
    if (check_size(path, j->image_height, j->image_width, err) != ASH_OK)
        return err->status;
    if (j->num_components != 1 && j->num_components != 3)
        return ash_fail(err, ASH_INVALID, "%s: a JPEG file of %d colours (CMYK, for print); convert it to RGB", path, j->num_components);
    *p = (picture){.h = (int)j->image_height, .w = (int)j->image_width, .c = channels ? channels : j->num_components};
    if (!channels)
        return ASH_OK;
    j->out_color_space = j->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    j->dct_method = JDCT_ISLOW; /* the same bits on every machine */
    jpeg_start_decompress(j);
    size_t row = (size_t)j->output_width * (size_t)j->output_components;
    if (!(*bytes = malloc(row * j->output_height)))
        return ash_fail_memory(err);
    while (j->output_scanline < j->output_height) {
        JSAMPROW at = *bytes + row * j->output_scanline;
        jpeg_read_scanlines(j, &at, 1);
    }
    jpeg_finish_decompress(j);
    return t->damaged ? corrupt(path, "JPEG", t->why, err) : ASH_OK;
}

static ash_status open_jpeg(const char *path, const buffer *file, int channels, int background, picture *p, ash_error *err)
{
    jpeg_trouble t = {.damaged = false};
    struct jpeg_decompress_struct j = {.err = jpeg_std_error(&t.manager)};
    uint8_t *bytes = NULL;
    t.manager.error_exit = jpeg_stops;
    t.manager.emit_message = jpeg_says;
    ash_status status = read_jpeg(&j, &bytes, path, file, channels, p, err);
    if (status == ASH_OK && channels)
        status = take(p, bytes, j.num_components, false, background, err);
    jpeg_destroy_decompress(&j);
    free(bytes);
    return status;
}

/* ---- either ---- */

static ash_status decode(const char *path, const buffer *file, int channels, int background, picture *out, ash_error *err)
{
    *out = (picture){0};
    if (file->len >= 8 && memcmp(file->data, "\x89PNG\r\n\x1a\n", 8) == 0)
        return open_png(path, file, channels, background, out, err);
    if (file->len >= 3 && memcmp(file->data, "\xff\xd8\xff", 3) == 0)
        return open_jpeg(path, file, channels, background, out, err);
    return ash_fail(err, ASH_INVALID, "%s: %s", path,
                    file->len ? "neither a PNG nor a JPEG file, whatever its name says" : "the file is empty");
}

ash_status picture_read(const char *path, int channels, int background, picture *out, ash_error *err)
{
    buffer file = {0};
    ash_status status = data_file_slurp(path, MOST_FILE, &file, err);
    if (status == ASH_OK)
        status = decode(path, &file, channels, background, out, err);
    buffer_free(&file);
    return status;
}

/* The header is among the first bytes, but for a few files with long notes before it: those are read whole. */
ash_status picture_probe(const char *path, picture *out, ash_error *err)
{
    char bytes[HEAD];
    data_file f;
    size_t got = 0;
    ash_status status = data_file_open(&f, path, err);
    if (status == ASH_OK)
        status = data_file_read(&f, bytes, sizeof bytes, &got, err);
    data_file_close(&f);
    if (status != ASH_OK)
        return status;
    const buffer head = {.data = bytes, .len = got};
    status = decode(path, &head, 0, 0, out, err);
    return status == ASH_INVALID && got == sizeof bytes ? picture_read(path, 0, 0, out, err) : status;
}

void picture_free(picture *p)
{
    free(p->pixels);
    p->pixels = NULL;
}

/* ---- resizing ---- */

/* Weights of the values of a line of `size` that make value i of `to`: from *first on, their number is returned. */
static int weigh(picture_filter filter, int size, int to, int i, int *first, double *weights)
{
    double scale = (double)size / to;
    if (filter == PICTURE_AREA && scale > 1) { /* the overlap of [i, i + 1) * scale and [k, k + 1) */
        double from = i * scale, until = (i + 1) * scale < size ? (i + 1) * scale : size;
        int n = 0;
        *first = (int)from;
        for (int k = *first; k < until && k < size; k++, n++) {
            double low = from > k ? from : k, high = until < k + 1 ? until : k + 1;
            weights[n] = (high - low) / scale;
        }
        return n;
    }
    double at = (i + 0.5) * scale - 0.5;
    at = at < 0 ? 0 : at > size - 1 ? size - 1 : at;
    *first = (int)at;
    weights[1] = at - *first;
    weights[0] = 1 - weights[1];
    return weights[1] > 0 ? 2 : 1;
}

/* The part that is used: all of it, or the largest centred one of the shape h x w. */
static const uint8_t *part(const picture *p, bool crop, int h, int w, int *in_h, int *in_w)
{
    *in_h = p->h;
    *in_w = p->w;
    if (crop && (int64_t)p->h * w > (int64_t)p->w * h)
        *in_h = (int)(((int64_t)p->w * h + w / 2) / w);
    else if (crop)
        *in_w = (int)(((int64_t)p->h * w + h / 2) / h);
    *in_h = *in_h < 1 ? 1 : *in_h;
    *in_w = *in_w < 1 ? 1 : *in_w;
    return p->pixels + ((size_t)((p->h - *in_h) / 2) * (size_t)p->w + (size_t)((p->w - *in_w) / 2)) * (size_t)p->c;
}

ash_status picture_resize(const picture *p, bool crop, picture_filter filter, int h, int w, float *out, ash_error *err)
{
    int in_h, in_w, first, n;
    size_t c = (size_t)p->c, stride = (size_t)p->w * c, width = (size_t)w * c;
    const uint8_t *from = part(p, crop, h, w, &in_h, &in_w);
    float *rows = malloc((size_t)in_h * width * sizeof *rows); /* narrowed, not yet lowered */
    double *weights = malloc(((size_t)(in_h > in_w ? in_h : in_w) + 2) * sizeof *weights);
    if (!rows || !weights) {
        free(rows);
        free(weights);
        return ash_fail_memory(err);
    }
    for (int x = 0; x < w; x++) {
        n = weigh(filter, in_w, w, x, &first, weights);
        for (size_t y = 0; y < (size_t)in_h; y++)
            for (size_t k = 0; k < c; k++) {
                double sum = 0;
                for (int i = 0; i < n; i++)
                    sum += weights[i] * from[y * stride + (size_t)(first + i) * c + k];
                rows[y * width + (size_t)x * c + k] = (float)sum;
            }
    }
    for (int y = 0; y < h; y++) {
        n = weigh(filter, in_h, h, y, &first, weights);
        for (size_t x = 0; x < width; x++) {
            double sum = 0;
            for (int i = 0; i < n; i++)
                sum += weights[i] * (double)rows[(size_t)(first + i) * width + x];
            out[(size_t)y * width + x] = (float)sum;
        }
    }
    free(rows);
    free(weights);
    return ASH_OK;
}
