/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data_files.h - files of each format, written byte by byte */
#ifndef DATA_FILES_H
#define DATA_FILES_H

#include "core/buffer.h"
#include "data_test.h"
#include <jpeglib.h>
#include <sys/stat.h>
#include <zip.h>

__attribute__((unused)) static void make_folder(const char *name)
{
    char command[512];
    snprintf(command, sizeof command, "mkdir -p '%s'", test_path(name));
    assert_int_equal(system(command), 0);
}

__attribute__((unused)) static void remove_all(void)
{
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'/*", test_folder);
    assert_int_equal(system(command), 0);
}

/* ---- NPY ---- */

/* The header and n bytes; shape as in Python: "(12, 3)". */
__attribute__((unused)) static void add_npy(buffer *out, const char *descr, const char *fortran, const char *shape, const void *bytes, size_t n)
{
    char header[256];
    int length = snprintf(header, sizeof header, "{'descr': %s, 'fortran_order': %s, 'shape': %s, }", descr, fortran, shape);
    int padded = (length + 10 + 1 + 63) / 64 * 64 - 10;
    buffer_add(out, "\x93NUMPY\1\0", 8);
    buffer_add(out, (unsigned char[]){(unsigned char)padded, (unsigned char)(padded >> 8)}, 2);
    buffer_printf(out, "%-*s\n", padded - 1, header);
    buffer_add(out, bytes, n);
}

__attribute__((unused)) static void write_npy(const char *name, const char *descr, const char *fortran, const char *shape, const void *bytes, size_t n)
{
    buffer b = {0};
    add_npy(&b, descr, fortran, shape, bytes, n);
    write_file(name, b.data, b.len);
    buffer_free(&b);
}

typedef struct npz_member {
    const char *name;
    const buffer *bytes;
} npz_member;

__attribute__((unused)) static void write_npz(const char *name, const npz_member *members, size_t n, bool deflate)
{
    int code;
    unlink(test_path(name));
    zip_t *z = zip_open(test_path(name), ZIP_CREATE | ZIP_EXCL, &code);
    assert_non_null(z);
    for (size_t i = 0; i < n; i++) {
        zip_source_t *s = zip_source_buffer(z, members[i].bytes->data, members[i].bytes->len, 0);
        zip_int64_t at = zip_file_add(z, members[i].name, s, 0);
        assert_true(at >= 0);
        zip_set_file_compression(z, (zip_uint64_t)at, deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
    }
    assert_int_equal(zip_close(z), 0);
}

/* ---- PNG: every kind that there is, so by hand ---- */

static void add_big(buffer *b, uint32_t v)
{
    buffer_add(b, (unsigned char[]){(unsigned char)(v >> 24), (unsigned char)(v >> 16), (unsigned char)(v >> 8), (unsigned char)v}, 4);
}

static void add_chunk(buffer *b, const char *type, const void *bytes, size_t n)
{
    add_big(b, (uint32_t)n);
    size_t start = b->len;
    buffer_add(b, type, 4);
    if (n)
        buffer_add(b, bytes, n);
    add_big(b, (uint32_t)crc32(0, (const Bytef *)b->data + start, (uInt)(b->len - start)));
}

enum { PNG_GREY = 0, PNG_COLOUR = 2, PNG_INDEX = 3, PNG_GREY_ALPHA = 4, PNG_COLOUR_ALPHA = 6 };

/* `row` bytes per row; a palette of black, red, green, blue where the type wants one. */
__attribute__((unused)) static void add_png(buffer *out, int h, int w, int depth, int type, const void *pixels, size_t row)
{
    static const uint8_t palette[12] = {0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255};
    buffer_add(out, "\x89PNG\r\n\x1a\n", 8);
    uint8_t header[13] = {0, 0, 0, (uint8_t)w, 0, 0, 0, (uint8_t)h, (uint8_t)depth, (uint8_t)type};
    add_chunk(out, "IHDR", header, 13);
    if (type == PNG_INDEX)
        add_chunk(out, "PLTE", palette, 12);
    buffer raw = {0};
    for (int y = 0; y < h; y++) {
        buffer_add(&raw, "", 1);
        buffer_add(&raw, (const char *)pixels + (size_t)y * row, row);
    }
    uLongf n = compressBound(raw.len);
    Bytef *packed = malloc(n);
    assert_int_equal(compress(packed, &n, (const Bytef *)raw.data, raw.len), Z_OK);
    add_chunk(out, "IDAT", packed, n);
    add_chunk(out, "IEND", NULL, 0);
    free(packed);
    buffer_free(&raw);
}

__attribute__((unused)) static void write_png(const char *name, int h, int w, int depth, int type, const void *pixels, size_t row)
{
    buffer b = {0};
    add_png(&b, h, w, depth, type, pixels, row);
    write_file(name, b.data, b.len);
    buffer_free(&b);
}

/* A grey image of one value. */
__attribute__((unused)) static void write_flat(const char *name, int h, int w, uint8_t value)
{
    uint8_t pixels[64 * 64];
    memset(pixels, value, sizeof pixels);
    write_png(name, h, w, 8, PNG_GREY, pixels, (size_t)w);
}

/* ---- JPEG ---- */

__attribute__((unused)) static void add_jpeg(buffer *out, int h, int w, int c, J_COLOR_SPACE space, const uint8_t *pixels)
{
    struct jpeg_error_mgr e;
    struct jpeg_compress_struct j = {.err = jpeg_std_error(&e)};
    unsigned char *bytes = NULL;
    unsigned long n = 0;
    jpeg_create_compress(&j);
    jpeg_mem_dest(&j, &bytes, &n);
    j.image_height = (JDIMENSION)h;
    j.image_width = (JDIMENSION)w;
    j.input_components = c;
    j.in_color_space = space;
    jpeg_set_defaults(&j);
    jpeg_set_quality(&j, 95, TRUE);
    jpeg_start_compress(&j, TRUE);
    while (j.next_scanline < j.image_height) {
        JSAMPROW at = (JSAMPROW)(uintptr_t)pixels + (size_t)j.next_scanline * (size_t)(w * c);
        jpeg_write_scanlines(&j, &at, 1);
    }
    jpeg_finish_compress(&j);
    jpeg_destroy_compress(&j);
    buffer_add(out, bytes, n);
    free(bytes);
}

__attribute__((unused)) static void write_jpeg(const char *name, int h, int w, int c, J_COLOR_SPACE space, const uint8_t *pixels)
{
    buffer b = {0};
    add_jpeg(&b, h, w, c, space, pixels);
    write_file(name, b.data, b.len);
    buffer_free(&b);
}

/* ---- CIFAR ---- */

/* Records with `labels` label bytes: the last label is i % classes, the first a tenth of it; byte k of the pixels is i + k. */
__attribute__((unused)) static void add_cifar(buffer *out, int n, int labels, int classes)
{
    for (int i = 0; i < n; i++) {
        unsigned char label[2] = {(unsigned char)(i % classes / 10), (unsigned char)(i % classes)};
        buffer_add(out, labels == 1 ? label + 1 : label, (size_t)labels);
        for (int k = 0; k < 3072; k++)
            buffer_add(out, (unsigned char[]){(unsigned char)(i + k)}, 1);
    }
}

__attribute__((unused)) static void write_cifar(const char *name, int n, int labels, int classes)
{
    buffer b = {0};
    add_cifar(&b, n, labels, classes);
    write_file(name, b.data, b.len);
    buffer_free(&b);
}

#endif
