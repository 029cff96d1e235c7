/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folders of images: every kind of PNG, JPEG, sizes, colours, official splits, the order of names; and what is refused */
#include "data_files.h"

#define SET "type=images, path=set"

/* A set of grey 4 x 4 images: n in each of the classes a and b, image i of one value. */
static void write_set(int n)
{
    remove_all();
    make_folder("set/a");
    make_folder("set/b");
    for (int i = 0; i < n; i++) {
        char name[64];
        snprintf(name, sizeof name, "set/%c/%02d.png", i % 2 ? 'a' : 'b', n - i); /* not in the order of their names */
        write_flat(name, 4, 4, (uint8_t)(10 * i));
    }
}

static void test_plain(void **state)
{
    (void)state;
    write_set(12);
    data_set *d = must_open(SET ", normalize=none");
    assert_true(d->h == 4 && d->w == 4 && d->c == 1 && d->is_image);
    assert_int_equal(d->n_outputs, 2);
    assert_string_equal(d->class_names[0], "a");
    assert_string_equal(d->name, "set");
    for (size_t i = 0; i < d->train.n; i++) {
        int number = (int)d->train.x[16 * i] / 10;
        assert_int_equal(d->train.label[i], number % 2 ? 0 : 1);
        const char *file = strrchr(d->sample_names[d->train.origin[i]], '/');
        assert_int_equal(atoi(file + 1), 12 - number);
    }
    hash256 h = d->hash;
    data_close(d);
    d = must_open("type=images, path=set/, normalize=none");
    assert_string_equal(d->name, "set");
    assert_true(hash_equal(&d->hash, &h));
    data_close(d);
    d = must_open(SET ", channels=rgb");
    assert_int_equal(d->c, 3);
    data_close(d);
    /* hidden files, other files and deeper folders */
    write_text("set/a/.DS_Store", "x");
    write_text("set/a/notes.txt", "x");
    write_text("set/README", "x");
    d = must_open(SET ", normalize=none");
    assert_true(hash_equal(&d->hash, &h));
    data_close(d);
    make_folder("set/a/more");
    write_flat("set/a/more/x.PNG", 4, 4, 7);
    d = must_open(SET ", val_fraction=0.2, test_fraction=0.2");
    assert_int_equal(d->train.n + d->val.n + d->test.n, 13);
    data_close(d);
}

/* One pixel of each kind, between two black ones of the other class. */
static void pixel_is(int depth, int type, const void *pixels, size_t row, const char *more, int c, int r, int g, int b)
{
    remove_all();
    make_folder("set/a");
    make_folder("set/b");
    char settings[160], name[64];
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "set/a/%d.png", i);
        write_png(name, 1, 2, depth, type, pixels, row);
        snprintf(name, sizeof name, "set/b/%d.png", i);
        write_png(name, 1, 2, 8, PNG_GREY, "\0", 2);
    }
    snprintf(settings, sizeof settings, SET ", normalize=none%s", more);
    data_set *d = must_open(settings);
    assert_int_equal(d->c, c);
    int expected[] = {r, g, b};
    const float *x = d->train.x + (d->train.label[0] == 0 ? 0 : 2 * c);
    for (int k = 0; k < c; k++)
        if (x[k] != (float)expected[k])
            fail_msg("depth %d, type %d%s: channel %d is %g, not %d", depth, type, more, k, x[k], expected[k]);
    data_close(d);
}

static void test_kinds(void **state)
{
    (void)state;
    pixel_is(8, PNG_GREY, "\x64\xff", 2, "", 1, 100, 0, 0);
    pixel_is(1, PNG_GREY, "\xc0", 1, "", 1, 255, 0, 0);
    pixel_is(2, PNG_GREY, "\x70", 1, "", 1, 85, 0, 0);
    pixel_is(4, PNG_GREY, "\x6f", 1, "", 1, 102, 0, 0);
    pixel_is(16, PNG_GREY, "\x64\x64\xff\xff", 4, "", 1, 100, 0, 0);
    pixel_is(8, PNG_COLOUR, "\x0a\x64\xc8\xff\xff\xff", 6, "", 3, 10, 100, 200);
    pixel_is(16, PNG_COLOUR, "\x0a\x0a\x64\x64\xc8\xc8\xff\xff\xff\xff\xff\xff", 12, "", 3, 10, 100, 200);
    pixel_is(8, PNG_COLOUR, "\x0a\x64\xc8\xff\xff\xff", 6, ", channels=grey", 1, (299 * 10 + 587 * 100 + 114 * 200 + 500) / 1000, 0, 0);
    pixel_is(8, PNG_GREY, "\x64\xff", 2, ", channels=rgb", 3, 100, 100, 100);
    pixel_is(2, PNG_INDEX, "\x60", 1, "", 3, 255, 0, 0);
    pixel_is(8, PNG_INDEX, "\2\3", 2, "", 3, 0, 255, 0);
    pixel_is(8, PNG_GREY_ALPHA, "\x64\xff\1\0", 4, "", 1, 100, 0, 0);
    pixel_is(8, PNG_GREY_ALPHA, "\x64\x00\1\0", 4, "", 1, 255, 0, 0);
    pixel_is(8, PNG_GREY_ALPHA, "\x64\x00\x63\xff", 4, ", background=0", 1, 0, 0, 0);
    pixel_is(8, PNG_GREY_ALPHA, "\x64\x33\1\0", 4, ", background=200", 1, 180, 0, 0); /* a fifth of it */
    pixel_is(8, PNG_COLOUR_ALPHA, "\x0a\x64\xc8\xff\1\1\1\1", 8, "", 3, 10, 100, 200);
    pixel_is(16, PNG_COLOUR_ALPHA, "\x0a\x0a\x64\x64\xc8\xc8\xff\xff\1\1\1\1\1\1\1\1", 16, "", 3, 10, 100, 200);
    pixel_is(8, PNG_COLOUR_ALPHA, "\x0a\x64\xc8\0\1\1\1\1", 8, ", background=7, channels=grey", 1, 7, 0, 0);
}

static void test_jpeg(void **state)
{
    (void)state;
    remove_all();
    make_folder("set/a");
    make_folder("set/b");
    uint8_t colour[16 * 16 * 3], grey[16 * 16];
    for (int i = 0; i < 256; i++) {
        grey[i] = (uint8_t)(40 + i / 16 * 8);
        colour[3 * i] = 200;
        colour[3 * i + 1] = 100;
        colour[3 * i + 2] = 50;
    }
    for (int i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "set/a/%d.%s", i, i ? "JPG" : "png"); /* what a file is is seen from its bytes */
        write_jpeg(name, 16, 16, 3, JCS_RGB, colour);
        snprintf(name, sizeof name, "set/b/%d.jpeg", i);
        write_jpeg(name, 16, 16, 1, JCS_GRAYSCALE, grey);
    }
    data_set *d = must_open(SET ", normalize=none");
    assert_int_equal(d->c, 3);
    for (size_t i = 0; i < d->train.n; i++)
        for (int p = 0; p < 256; p++)
            for (int k = 0; k < 3; k++) {
                int expected = d->train.label[i] == 0 ? colour[k] : grey[p];
                if (fabs(d->train.x[i * 768 + (size_t)(3 * p + k)] - expected) > 4)
                    fail_msg("pixel %d, channel %d: %g, not %d", p, k, d->train.x[i * 768 + (size_t)(3 * p + k)], expected);
            }
    data_close(d);
    buffer b = {0};
    add_jpeg(&b, 16, 16, 3, JCS_RGB, colour);
    /* a long note before the header, as cameras and editors write them */
    buffer noted = {0};
    buffer_add(&noted, b.data, 2);
    for (int i = 0; i < 2; i++) {
        static const char note[65533];
        buffer_add(&noted, "\xff\xfe\xff\xff", 4); /* a comment of 65,535 bytes, with its length */
        buffer_add(&noted, note, sizeof note);
    }
    buffer_add(&noted, b.data + 2, b.len - 2);
    write_file("set/a/1.JPG", noted.data, noted.len);
    buffer_free(&noted);
    data_close(must_open(SET));
    write_file("set/a/1.JPG", b.data, b.len - 30);
    must_fail(SET, ASH_INVALID, "set/a/1.JPG: this JPEG file is damaged (");
    write_file("set/a/1.JPG", b.data, 40);
    must_fail(SET, ASH_INVALID, "set/a/1.JPG: this JPEG file is damaged (");
    b.len = 0;
    uint8_t print[16 * 16 * 4] = {0};
    add_jpeg(&b, 16, 16, 4, JCS_CMYK, print);
    write_file("set/a/1.JPG", b.data, b.len);
    must_fail(SET, ASH_INVALID, "set/a/1.JPG: a JPEG file of 4 colours (CMYK, for print); convert it to RGB");
    buffer_free(&b);
}

static void sized(const uint8_t *pixels, int h, int w, const char *more, const double *expected, int n)
{
    remove_all();
    make_folder("set/a");
    make_folder("set/b");
    char name[64], settings[160];
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "set/%c/%d.png", i % 2 ? 'a' : 'b', i);
        write_png(name, h, w, 8, PNG_GREY, pixels, (size_t)w);
    }
    write_flat("set/a/7.png", 3, 3, 9); /* else nothing would vary */
    snprintf(settings, sizeof settings, SET ", normalize=none%s", more);
    data_set *d = must_open(settings);
    assert_int_equal(d->h * d->w, n);
    const float *x = d->train.label[0] == 1 ? d->train.x : d->train.x + (d->train.n - 1) * (size_t)n; /* one of b */
    for (int i = 0; i < n; i++)
        if (fabs(x[i] - expected[i]) > 1e-4)
            fail_msg("%d x %d%s: value %d is %g, not %g", h, w, more, i, x[i], expected[i]);
    data_close(d);
}

static void test_sizes(void **state)
{
    (void)state;
    static const uint8_t four[16] = {0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150};
    sized(four, 4, 4, ", size=2", (double[]){25, 45, 105, 125}, 4);
    sized(four, 4, 4, ", size=[2, 1]", (double[]){35, 115}, 2);
    sized(four, 4, 4, ", size=[4, 4]", (double[]){0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150}, 16);
    sized(four, 1, 4, ", size=[1, 3]", (double[]){2.5, 15, 27.5}, 3); /* a third of the second belongs to the first */
    sized(four, 1, 4, ", size=[1, 3], resize=bilinear", (double[]){10 / 6., 15, 30 - 10 / 6.}, 3);
    sized(four, 1, 2, ", size=[1, 4]", (double[]){0, 2.5, 7.5, 10}, 4);
    sized(four, 2, 4, ", size=[2, 2], fit=crop", (double[]){10, 20, 50, 60}, 4);
    sized(four, 4, 2, ", size=[2, 2], fit=crop", (double[]){20, 30, 40, 50}, 4);
    sized(four, 4, 4, ", size=[1, 2], fit=crop", (double[]){65, 85}, 2);
    must_fail(SET, ASH_INVALID,
              "the images have different sizes: set/a/1.png has 4 x 4 pixels (height x width), set/a/7.png 3 x 3; size: [height, width] resizes them, "
              "for example size: [64, 64]");
    must_fail(SET ", size=[1, 2, 3]", ASH_INVALID, "size is one number, or [height, width]");
    must_fail(SET ", size=0", ASH_INVALID, "size");
}

/* n images in FOLDER/a and as many in FOLDER/b, from `value` on. */
static void fill_folder(const char *folder, int n, int value)
{
    char name[96];
    for (int i = 0; i < 2 * n; i++) {
        snprintf(name, sizeof name, "%s/%c", folder, "ab"[i % 2]);
        make_folder(name);
        snprintf(name, sizeof name, "%s/%c/%d.png", folder, "ab"[i % 2], i);
        write_flat(name, 3, 3, (uint8_t)(value + i));
    }
}

static void test_official(void **state)
{
    (void)state;
    remove_all();
    fill_folder("set/train", 5, 0);
    data_set *d = must_open("type=images, path=set/train");
    assert_false(d->official_test);
    data_close(d);
    must_fail(SET, ASH_INVALID, "there is one class only (\"train\")");
    fill_folder("set/test", 2, 100);
    d = must_open(SET ", normalize=none");
    assert_true(d->official_test && !d->official_val);
    assert_true(d->test.n == 4 && d->train.n + d->val.n == 10);
    assert_true(d->test.x[0] >= 100);
    data_close(d);
    fill_folder("set/val", 1, 200);
    d = must_open(SET ", normalize=none");
    assert_true(d->official_test && d->official_val);
    assert_true(d->test.n == 4 && d->train.n == 10 && d->val.n == 2 && d->val.x[0] >= 200);
    data_close(d);
    fill_folder("other", 3, 50);
    d = must_open("type=images, path=set/train, test_path=other, normalize=none");
    assert_true(d->test.n == 6 && d->test.x[0] >= 50);
    data_close(d);
    make_folder("set/test/c");
    must_fail(SET, ASH_INVALID, "set/test/c: there is no class \"c\" in set/train");
}

static void test_guess(void **state)
{
    (void)state;
    data_guess g;
    arena *a = arena_create();
    remove_all();
    fill_folder("set/train", 3, 0);
    fill_folder("set/test", 3, 0);
    const char *path = test_path("set");
    assert_true(data_guess_format(&path, 1, a, &g));
    assert_string_equal(data_format_name(g.format), "images");
    assert_int_equal(g.n, 1); /* one size: as it is */
    write_flat("set/test/a/0.png", 48, 40, 3);
    assert_true(data_guess_format(&path, 1, a, &g));
    assert_int_equal(g.n, 2);
    assert_string_equal(g.settings[1].key, "size");
    assert_string_equal(g.settings[1].value, "3");
    remove_all();
    make_folder("set");
    path = test_path("set");
    assert_false(data_guess_format(&path, 1, a, &g));
    arena_destroy(a);
}

static void test_wrong(void **state)
{
    (void)state;
    write_set(8);
    write_text("set/a/05.png", "not an image");
    must_fail(SET, ASH_INVALID, "set/a/05.png: neither a PNG nor a JPEG file, whatever its name says");
    write_text("set/a/05.png", "");
    must_fail(SET, ASH_INVALID, "set/a/05.png: the file is empty");
    buffer b = {0};
    uint8_t pixels[16] = {1, 200, 3, 90, 5};
    add_png(&b, 4, 4, 8, PNG_GREY, pixels, 4);
    write_file("set/a/05.png", b.data, b.len - 20);
    must_fail(SET, ASH_INVALID, "set/a/05.png: this PNG file is damaged (");
    b.data[50] ^= 1; /* inside the compressed pixels */
    write_file("set/a/05.png", b.data, b.len);
    must_fail(SET, ASH_INVALID, "set/a/05.png: this PNG file is damaged (");
    b.data[50] ^= 1;
    b.data[20] ^= 1; /* the size */
    write_file("set/a/05.png", b.data, b.len);
    must_fail(SET, ASH_INVALID, "set/a/05.png: this PNG file is damaged (");
    buffer_free(&b);
    make_folder("empty/a");
    must_fail("type=images, path=empty", ASH_INVALID, "empty: there is no PNG or JPEG file in its folders; one folder per class is expected: empty/cat/1.png");
    write_flat("empty/1.png", 2, 2, 0);
    must_fail("type=images, path=empty", ASH_INVALID, "empty: holds images, but no folders of them; put the images of each class into a folder of its own");
    must_fail("type=images, path=absent", ASH_INVALID, "absent: no such folder");
    must_fail("type=images, path=empty/1.png", ASH_INVALID, "empty/1.png: is a file, not a folder of images");
    must_fail("type=images", ASH_INVALID, "path");
    write_set(12);
    make_folder("set/c");
    must_fail(SET, ASH_INVALID, "set: class \"c\" has 0 samples; a class needs at least three");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),    cmocka_unit_test(test_kinds), cmocka_unit_test(test_jpeg),  cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_official), cmocka_unit_test(test_guess), cmocka_unit_test(test_wrong),
    };
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
