/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_sheet.c - a sheet read back: where samples are, their values before normalisation, colours, labels, frames */
#include "data_test.h"

#include "data/sheet.h"
#include <png.h>

typedef struct picture {
    png_image image;
    uint8_t *rgb;
} picture;

static picture draw(const data_set *d, const sheet_tile *tiles, size_t rows, size_t columns)
{
    buffer png = {0};
    ash_error err;
    picture p = {.image = {.version = PNG_IMAGE_VERSION}};
    if (sheet_png(d, tiles, rows, columns, &png, &err) != ASH_OK)
        fail_msg("%s", err.text);
    assert_true(png_image_begin_read_from_memory(&p.image, png.data, png.len));
    p.image.format = PNG_FORMAT_RGB;
    p.rgb = malloc(PNG_IMAGE_SIZE(p.image));
    assert_true(png_image_finish_read(&p.image, NULL, p.rgb, 0, NULL));
    buffer_free(&png);
    return p;
}

static const uint8_t *dot(const picture *p, size_t y, size_t x)
{
    return p->rgb + 3 * (y * p->image.width + x);
}

static void test_digits(void **state)
{
    (void)state;
    static const char *const normalize[] = {"none", "global", "feature"};
    for (int n = 0; n < 3; n++) {
        char settings[80];
        snprintf(settings, sizeof settings, "type=digits, normalize=%s", normalize[n]);
        data_set *raw = must_open("type=digits, normalize=none"), *d = must_open(settings);
        sheet_tile tiles[6] = {{d->train.x, NULL, false}, {d->train.x + 64, NULL, true}, {0}, {d->test.x, NULL, false}};
        picture p = draw(d, tiles, 2, 3);
        assert_int_equal(p.image.width, 6 + 3 * (56 + 6));
        assert_int_equal(p.image.height, 6 + 2 * (56 + 6));
        const float *samples[] = {raw->train.x, raw->train.x + 64, NULL, raw->test.x};
        for (size_t t = 0; t < 4; t++)
            for (size_t i = 0; i < 64 && samples[t]; i++) {
                const uint8_t *at = dot(&p, 6 + t / 3 * 62 + i / 8 * 7 + 3, 6 + t % 3 * 62 + i % 8 * 7 + 3);
                assert_in_range(at[0] + 1, (int)(255 * samples[t][i] / 16 + 0.5), (int)(255 * samples[t][i] / 16 + 0.5) + 2);
                assert_true(at[0] == at[1] && at[1] == at[2]);
            }
        assert_memory_equal(dot(&p, 5, 68), ((uint8_t[]){214, 39, 40}), 3);  /* the frame of the second */
        assert_memory_equal(dot(&p, 5, 6), ((uint8_t[]){255, 255, 255}), 3); /* the first has none */
        assert_memory_equal(dot(&p, 30, 6 + 2 * 62), ((uint8_t[]){238, 238, 238}), 3);
        free(p.rgb);
        data_close(d);
        data_close(raw);
    }
}

/* Dark dots below the tiles of a row, from column `from` to `to`. */
static int ink(const picture *p, size_t top, size_t from, size_t to)
{
    int n = 0;
    for (size_t y = top; y < top + 12; y++)
        for (size_t x = from; x < to && x < p->image.width; x++)
            n += dot(p, y, x)[0] < 100;
    return n;
}

static void test_labels(void **state)
{
    (void)state;
    data_set *d = must_open("type=digits");
    const float *x = d->train.x;
    sheet_tile tiles[3] = {{x, "a label that is longer than its tile", false}, {x, NULL, false}, {x, "I", false}};
    picture p = draw(d, tiles, 1, 3);
    assert_true(ink(&p, 63, 6, 62) > 40 && ink(&p, 63, 62, 126) > 40); /* goes on below the second */
    int third = ink(&p, 63, 130, 192);
    assert_in_range(third, 10, 12); /* and stops before the third, whose label is one letter: 7 dots high, 4 of serifs */
    free(p.rgb);
    tiles[0].label = tiles[1].label = "\xc3\xa9\xc3\xa9"; /* two letters that are not ASCII */
    p = draw(d, tiles, 1, 3);
    assert_true(ink(&p, 63, 6, 18) > 8);
    assert_int_equal(ink(&p, 63, 18, 68), 0);
    free(p.rgb);
    data_close(d);
}

static void test_table(void **state)
{
    (void)state;
    write_text("a.csv", "1,5,a\n2,5,b\n3,5,a\n4,5,b\n5,5,a\n6,5,b\n7,5,a\n8,5,b\n9,5,a\n");
    data_set *d = must_open("type=csv, path=a.csv, val_fraction=0.3, test_fraction=0.3");
    float lowest = d->train.x[0], highest = lowest;
    for (size_t i = 0; i < d->train.n; i++) {
        lowest = fminf(lowest, d->train.x[2 * i]);
        highest = fmaxf(highest, d->train.x[2 * i]);
    }
    float rows[2][2] = {{lowest, 0}, {highest, 0}};
    sheet_tile tiles[2] = {{rows[0], NULL, false}, {rows[1], NULL, false}};
    picture p = draw(d, tiles, 1, 2);
    assert_memory_equal(dot(&p, 10, 8), ((uint8_t[]){68, 1, 84}), 3);
    assert_memory_equal(dot(&p, 10, 8 + 48), ((uint8_t[]){68, 1, 84}), 3); /* a constant feature */
    assert_memory_equal(dot(&p, 10, 8 + 102), ((uint8_t[]){253, 231, 37}), 3);
    free(p.rgb);
    ash_error err;
    buffer out = {0};
    assert_int_equal(sheet_png(d, tiles, 1, 1 << 24, &out, &err), ASH_INVALID);
    assert_int_equal(out.len, 0);
    data_close(d);
}

/* A sequence: time to the right, the first feature lowest, a scale for each feature. */
static void test_sequence(void **state)
{
    (void)state;
    char text[2048] = "";
    for (int i = 0; i < 12; i++)
        sprintf(text + strlen(text), "%d,0,0,5,10,1,%c\n", i, "ab"[i % 2]); /* steps of two features: (i, 0), (0, 5), (10, 1) */
    write_text("s.csv", text);
    data_set *d = must_open("type=csv, path=s.csv, shape=[3, 1, 2]");
    sheet_tile tile = {d->train.x, NULL, false};
    picture p = draw(d, &tile, 1, 1);
    static const uint8_t low[] = {68, 1, 84}, high[] = {253, 231, 37};
    assert_memory_equal(dot(&p, 6 + 28 + 5, 6 + 32 + 5), low, 3);  /* the second step of the first feature: 0 of 0 to 11 */
    assert_memory_equal(dot(&p, 6 + 5, 6 + 32 + 5), high, 3);      /* and of the second: 5 of 0 to 5 */
    assert_memory_equal(dot(&p, 6 + 5, 6 + 5), low, 3);
    free(p.rgb);
    data_close(d);
}

static size_t contact_width(const char *settings, size_t *height)
{
    data_set *d = must_open(settings);
    buffer png = {0};
    ash_error err;
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_int_equal(sheet_contact(d, &png, &err), ASH_OK);
    assert_true(png_image_begin_read_from_memory(&image, png.data, png.len));
    size_t width = image.width;
    *height = image.height;
    png_image_free(&image);
    buffer_free(&png);
    data_close(d);
    return width;
}

static void test_contact(void **state)
{
    (void)state;
    size_t height;
    assert_int_equal(contact_width("type=digits", &height), 6 + 10 * 62);
    assert_int_equal(height, 6 + 10 * (62 + 12)); /* a row for each class */
    assert_int_equal(contact_width("type=digits, target=input", &height), 6 + 10 * 62);
    assert_int_equal(height, 6 + 4 * 62);
    contact_width("type=synthetic, samples=300", &height);
    assert_true(height > 4 * 30);
    contact_width("type=synthetic, samples=12, function=disc", &height); /* fewer samples than places */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_digits), cmocka_unit_test(test_labels), cmocka_unit_test(test_table),
                                      cmocka_unit_test(test_sequence), cmocka_unit_test(test_contact)};
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
