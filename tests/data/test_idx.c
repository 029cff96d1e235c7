/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IDX files: every element type, plain and gzip, folders and keys, official test files; and what is refused
 */
#include "data_test.h"

typedef struct bytes {
    uint8_t b[4096];
    size_t n;
} bytes;

static void put_u32(bytes *f, uint32_t v)
{
    for (int i = 3; i >= 0; i--)
        f->b[f->n++] = (uint8_t)(v >> (8 * i));
}

static bytes header(int type, int n_dims, const uint32_t *dims)
{
    bytes f = {{0, 0, (uint8_t)type, (uint8_t)n_dims}, 4};
    for (int i = 0; i < n_dims; i++)
        put_u32(&f, dims[i]);
    return f;
}

/* n images of 2 x 3, pixel j of image i is 10 i + j; labels i % k. */
static bytes images(uint32_t n)
{
    bytes f = header(8, 3, (uint32_t[]){n, 2, 3});
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < 6; j++)
            f.b[f.n++] = (uint8_t)(10 * i + j);
    return f;
}

static bytes labels(uint32_t n, uint32_t k, uint32_t first)
{
    bytes f = header(8, 1, (uint32_t[]){n});
    for (uint32_t i = 0; i < n; i++)
        f.b[f.n++] = (uint8_t)(first + i % k);
    return f;
}

static void save(const char *name, bytes f)
{
    write_file(name, f.b, f.n);
}

static void good_pair(void)
{
    save("i", images(12));
    save("l", labels(12, 2, 0));
}

#define PAIR "type=idx, train_images=i, train_labels=l"

static void test_plain(void **state)
{
    (void)state;
    good_pair();
    data_set *d = must_open(PAIR ", normalize=none, val_fraction=0.25, test_fraction=0.25");
    assert_int_equal(d->h, 2);
    assert_int_equal(d->w, 3);
    assert_int_equal(d->c, 1);
    assert_true(d->is_image);
    assert_int_equal(d->n_outputs, 2);
    assert_string_equal(d->class_names[1], "1");
    assert_int_equal(d->train.n + d->val.n + d->test.n, 12);
    assert_false(d->official_test);
    const data_split *splits[] = {&d->train, &d->val, &d->test};
    for (int s = 0; s < 3; s++)
        for (size_t i = 0; i < splits[s]->n; i++) {
            const float *x = splits[s]->x + 6 * i;
            int image = (int)x[0] / 10;
            assert_int_equal(splits[s]->label[i], image % 2); /* a label stays with its image */
            for (int j = 0; j < 6; j++)
                assert_float_equal(x[j], 10 * image + j, 0);
        }
    data_close(d);
}

static void test_folder_gz_official(void **state)
{
    (void)state;
    bytes f = images(20);
    write_gz("train-images-idx3-ubyte.gz", f.b, f.n);
    f = labels(20, 4, 0);
    write_gz("train-labels-idx1-ubyte.gz", f.b, f.n);
    save("t10k-images.idx3-ubyte", images(8));
    save("t10k-labels-idx1-ubyte", labels(8, 4, 0));
    data_set *d = must_open("type=idx, path=., normalize=none");
    assert_true(d->official_test);
    assert_int_equal(d->test.n, 8);
    assert_int_equal(d->train.n, 16);
    for (size_t i = 0; i < 8; i++) { /* in their own order */
        assert_float_equal(d->test.x[6 * i], 10 * i, 0);
        assert_int_equal(d->test.label[i], i % 4);
    }
    hash256 with_test = d->hash;
    data_close(d);
    d = must_open("type=idx, path=., normalize=none, test_fraction=0.5"); /* does not count */
    assert_true(hash_equal(&with_test, &d->hash));
    data_close(d);
    unlink(test_path("t10k-labels-idx1-ubyte"));
    must_fail("type=idx, path=.", ASH_INVALID,
              "there is no t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz in this folder");
    unlink(test_path("t10k-images.idx3-ubyte"));
    d = must_open("type=idx, path=.");
    assert_false(d->official_test);
    assert_true(d->test.n > 0);
    data_close(d);
}

static void test_element_types(void **state)
{
    (void)state;
    static const struct {
        int type, bytes;
        uint8_t b[8];
        double value;
    } cases[] = {
        {0x08, 1, {200}, 200},
        {0x09, 1, {0xfe}, -2},
        {0x0B, 2, {0xff, 0x00}, -256},
        {0x0C, 4, {0xff, 0xff, 0xff, 0xfb}, -5},
        {0x0D, 4, {0x40, 0x20, 0, 0}, 2.5},
        {0x0E, 8, {0xbf, 0xf8, 0, 0, 0, 0, 0, 0}, -1.5},
    };
    save("l", labels(8, 2, 0));
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        bytes f = header(cases[k].type, 2, (uint32_t[]){8, 2});
        for (int i = 0; i < 16; i++, f.n += (size_t)cases[k].bytes)
            if (i % 2 == 0)
                memcpy(f.b + f.n, cases[k].b, (size_t)cases[k].bytes);
            else if (cases[k].type < 0x0D)
                f.b[f.n + (size_t)cases[k].bytes - 1] = (uint8_t)(i / 2);
            else { /* 2 and more */
                f.b[f.n] = 0x40;
                f.b[f.n + 1] = (uint8_t)i;
            }
        save("i", f);
        data_set *d = must_open(PAIR ", normalize=none");
        assert_int_equal(d->c, 2);
        assert_false(d->is_image);
        assert_string_equal(d->feature_names[1], "x2");
        for (size_t i = 0; i < d->train.n; i++)
            assert_float_equal(d->train.x[2 * i], cases[k].value, 0);
        data_close(d);
    }
}

static void test_labels(void **state)
{
    (void)state;
    /* labels that begin at 1, as EMNIST letters do */
    save("i", images(12));
    save("l", labels(12, 3, 1));
    data_set *d = must_open(PAIR);
    assert_int_equal(d->n_outputs, 3);
    assert_string_equal(d->class_names[0], "1");
    data_close(d);
    d = NULL;
    must_fail(PAIR ", classes=[a, b, c]", ASH_INVALID,
              "l: label 3 of sample 3 is out of range: there are 3 classes, 0 to 2");
    save("l", labels(12, 3, 0));
    d = must_open(PAIR ", classes=[shirt, bag, boot]");
    assert_string_equal(d->class_names[2], "boot");
    data_close(d);
    must_fail(PAIR ", classes=[a, b, c, d]", ASH_INVALID,
              "i: class \"d\" has 0 samples; a class needs at least three");
    save("tl", labels(12, 4, 0));
    must_fail(PAIR ", test_images=i, test_labels=tl", ASH_INVALID,
              "tl: label 3 of sample 4 is out of range: it does not occur in the training labels");
    bytes f = header(9, 1, (uint32_t[]){12});
    memset(f.b + f.n, 0xff, 12);
    f.n += 12;
    save("l", f);
    must_fail(PAIR, ASH_INVALID, "l: label -1 of sample 1 is negative");
    save("l", labels(12, 1, 7));
    must_fail(PAIR, ASH_INVALID, "i: there is one class only (\"7\"); nothing can be told apart");
    save("l", labels(12, 5, 0));
    must_fail(PAIR, ASH_INVALID, "i: class \"2\" has 2 samples; a class needs at least three");
}

static void test_bad_files(void **state)
{
    (void)state;
    good_pair();
    bytes f = images(12);
    f.b[0] = 0x50;
    save("i", f);
    must_fail(PAIR, ASH_INVALID, "i: not an IDX file: it begins with 50 00, not 00 00");
    f = images(12);
    f.b[2] = 0x0A;
    save("i", f);
    must_fail(PAIR, ASH_INVALID, "i: not an IDX file: element type 0a is none of 08 09 0b 0c 0d 0e");
    f = images(12);
    f.b[3] = 5;
    save("i", f);
    must_fail(PAIR, ASH_INVALID, "i: has 5 dimensions; 1 to 4 can be read");
    f = images(12);
    f.n--;
    save("i", f);
    must_fail(PAIR, ASH_INVALID, "i: truncated: the header promises 88 bytes, the file has 87");
    f.n += 3;
    save("i", f);
    must_fail(PAIR, ASH_INVALID, "i: 2 bytes follow the last element that the header promises");
    write_gz("i", f.b, f.n);
    must_fail(PAIR, ASH_INVALID, "i: bytes follow the last element that the header promises");
    write_gz("i", f.b, 87);
    must_fail(PAIR, ASH_INVALID, "i: truncated: 71 of the 72 elements that the header promises");
    save("i", images(12));
    f = images(12);
    f.n = 3;
    save("i", f);
    must_fail(PAIR, ASH_INVALID, "i: ends inside the IDX header");
    f.n = 9;
    save("i", f);
    must_fail(PAIR, ASH_INVALID, "i: ends inside the IDX header");
    f.n = 0;
    save("i", f);
    must_fail(PAIR, ASH_INVALID, "i: ends inside the IDX header");
    save("i", images(11));
    must_fail(PAIR, ASH_INVALID, "i holds 11 images, but l holds 12 labels");
    save("i", labels(12, 2, 0));
    must_fail(PAIR, ASH_INVALID, "i: has one dimension; these look like labels, not images");
    good_pair();
    must_fail("type=idx, train_images=i, train_labels=i", ASH_INVALID,
              "i: has 3 dimensions; these look like images, not labels");
    f = header(0x0D, 1, (uint32_t[]){12});
    f.n += 48;
    save("l", f);
    must_fail(PAIR, ASH_INVALID, "l: labels are of type float; they have to be whole numbers");
    good_pair();
    f = header(0x0D, 2, (uint32_t[]){12, 2});
    f.n += 96;
    memcpy(f.b + 12 + 4 * 5, "\x7f\xc0\0\0", 4);
    save("i", f);
    must_fail(PAIR, ASH_INVALID, "i: sample 3, element 2 is not a number");
    f = header(8, 2, (uint32_t[]){12, 0});
    save("i", f);
    must_fail(PAIR, ASH_INVALID, "i: dimension 2 is 0: the file holds nothing");
    save("i", images(12));
    f = header(8, 3, (uint32_t[]){12, 3, 2});
    f.n += 72;
    save("ti", f);
    must_fail(PAIR ", test_images=ti, test_labels=l", ASH_INVALID, "ti hold samples of different shapes");
}

/* A file of 20 bytes that claims gigabytes, plain and compressed: refused before memory is taken. */
static void test_claims(void **state)
{
    (void)state;
    save("l", labels(12, 2, 0));
    bytes f = header(8, 3, (uint32_t[]){12, 65535, 2730});
    f.n += 4;
    save("i", f);
    size_t live = arena_live();
    must_fail(PAIR, ASH_INVALID, "i: truncated: the header promises 2146926616 bytes, the file has 20");
    write_gz("i", f.b, f.n);
    must_fail(PAIR, ASH_INVALID,
              "i: truncated: the header promises 2146926616 bytes, the file can hold at most");
    assert_int_equal(live, arena_live());
    f = header(0x0E, 4, (uint32_t[]){0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff});
    save("i", f);
    must_fail(PAIR, ASH_INVALID, "i: the header claims an impossible size");
}

static void test_gzip_damage(void **state)
{
    (void)state;
    good_pair();
    bytes f = images(12);
    write_gz("i", f.b, f.n);
    FILE *file = fopen(test_path("i"), "rb");
    uint8_t packed[4096];
    size_t n = fread(packed, 1, sizeof packed, file);
    fclose(file);
    write_file("i", packed, n - 9);
    must_fail(PAIR, ASH_INVALID, "i: the compressed file ends early");
    packed[n - 6] ^= 0xff; /* the checksum */
    write_file("i", packed, n);
    must_fail(PAIR, ASH_INVALID, "i: the compressed file is damaged");
}

static void test_settings(void **state)
{
    (void)state;
    good_pair();
    must_fail("type=idx", ASH_INVALID, "type idx needs path (a folder) or train_images and train_labels");
    must_fail("type=idx, train_images=i", ASH_INVALID,
              "train_images and train_labels go together; train_labels is missing");
    must_fail(PAIR ", test_labels=l", ASH_INVALID,
              "test_images and test_labels go together; test_images is missing");
    must_fail(PAIR ", path=.", ASH_INVALID, "give either path or the files' own keys, not both");
    must_fail("type=idx, train_images=nowhere, train_labels=l", ASH_INVALID, "nowhere: no such file");
    must_fail("type=idx, path=nowhere", ASH_INVALID,
              "nowhere: there is no train-images-idx3-ubyte or train-images-idx3-ubyte.gz in this folder");
    must_fail("type=idx, train_images=., train_labels=l", ASH_INVALID, "is a folder, not a file");
    must_fail(PAIR ", shift=2", ASH_INVALID, "shift 2 would push a 2 x 3 image out of sight");
    must_fail("type=idx, pth=.", ASH_INVALID, "did you mean \"path\"?");
    must_fail("type=idxx", ASH_INVALID, "idxx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),         cmocka_unit_test(test_folder_gz_official),
        cmocka_unit_test(test_element_types), cmocka_unit_test(test_labels),
        cmocka_unit_test(test_bad_files),     cmocka_unit_test(test_claims),
        cmocka_unit_test(test_gzip_damage),   cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
