/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NPY and NPZ: every type, byte order and element order; layouts; labels and targets; official splits; and what is refused */
#include "data_files.h"

enum { N = 12, H = 3, W = 2, VALUES = N * H * W };
#define PAIR "type=npy, x=x.npy, y=y.npy"

static const char labels[N] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1};

static void write_labels(void)
{
    write_npy("y.npy", "'|u1'", "False", "(12,)", labels, N);
}

/* A whole number from 0 to 100 as `bytes` bytes of this kind. */
static void encode(uint8_t *out, int v, char kind, int bytes, bool big)
{
    uint64_t bits = (uint64_t)v;
    if (kind == 'f' && bytes == 2) {
        int e = 0;
        while (v >> (e + 1))
            e++;
        bits = v ? (uint64_t)((e + 15) << 10 | ((v << 10 >> e) & 1023)) : 0;
    } else if (kind == 'f' && bytes == 4) {
        float f = (float)v;
        uint32_t word;
        memcpy(&word, &f, 4);
        bits = word;
    } else if (kind == 'f') {
        double d = v;
        memcpy(&bits, &d, 8);
    }
    for (int i = 0; i < bytes; i++)
        out[big ? bytes - 1 - i : i] = (uint8_t)(bits >> 8 * i);
}

/* Element i of (N, H, W) has value i, whatever the type and the order of the file. */
static void write_ramp(const char *kind, int bytes, bool big, bool fortran)
{
    uint8_t all[VALUES * 8];
    for (int i = 0; i < VALUES; i++) {
        int n = i / (H * W), y = i / W % H, x = i % W, at = fortran ? n + N * (y + H * x) : i;
        encode(all + at * bytes, i, kind[0], bytes, big);
    }
    char descr[16];
    snprintf(descr, sizeof descr, "'%c%c%d'", bytes == 1 ? '|' : big ? '>' : '<', kind[0], bytes);
    write_npy("x.npy", descr, fortran ? "True" : "False", "(12, 3, 2)", all, (size_t)VALUES * (size_t)bytes);
}

static void test_types(void **state)
{
    (void)state;
    static const char *const kinds[] = {"u", "i", "f"};
    static const int sizes[] = {1, 2, 4, 8};
    hash256 first;
    int seen = 0;
    write_labels();
    for (int k = 0; k < 3; k++)
        for (int s = k == 2; s < 4; s++)
            for (int big = 0; big < 2; big++)
                for (int fortran = 0; fortran < 2; fortran++) {
                    write_ramp(kinds[k], sizes[s], big, fortran);
                    data_set *d = must_open(PAIR ", normalize=none, layout=nhw");
                    assert_true(d->h == H && d->w == W && d->c == 1 && d->is_image);
                    for (size_t i = 0; i < d->train.n; i++)
                        for (int e = 0; e < H * W; e++)
                            if (d->train.x[i * H * W + (size_t)e] != (float)(d->train.origin[i] * H * W + (unsigned)e))
                                fail_msg("%s%d big %d fortran %d: sample %u, element %d is %g", kinds[k], sizes[s], big, fortran,
                                         d->train.origin[i], e, d->train.x[i * H * W + (size_t)e]);
                    if (!seen++)
                        first = d->hash;
                    assert_true(hash_equal(&first, &d->hash));
                    data_close(d);
                }
    assert_int_equal(seen, 44);
}

static void test_negative_and_bool(void **state)
{
    (void)state;
    write_labels();
    int16_t x[N];
    uint8_t b[N];
    for (int i = 0; i < N; i++) {
        x[i] = (int16_t)(-300 * i);
        b[i] = i % 3 == 0;
    }
    write_npy("x.npy", "'<i2'", "False", "(12, 1)", x, sizeof x);
    data_set *d = must_open(PAIR ", normalize=none");
    for (size_t i = 0; i < d->train.n; i++)
        assert_float_equal(d->train.x[i], -300.0 * d->train.origin[i], 0);
    data_close(d);
    write_npy("x.npy", "'|b1'", "False", "(12, 1)", b, sizeof b);
    d = must_open(PAIR ", normalize=none");
    for (size_t i = 0; i < d->train.n; i++)
        assert_true(d->train.x[i] == (float)(d->train.origin[i] % 3 == 0));
    data_close(d);
    uint16_t half[N] = {0x3c00, 0xc000, 0x0001, 0x7bff, 0x3555}; /* 1, -2, the smallest, the largest, a third */
    static const double expected[] = {1, -2, 5.9604644775390625e-08, 65504, 0.333251953125};
    write_npy("x.npy", "'<f2'", "False", "(12, 1)", half, sizeof half);
    d = must_open(PAIR ", normalize=none, val_fraction=0.1, test_fraction=0");
    for (size_t i = 0; i < d->train.n; i++)
        if (d->train.origin[i] < 5)
            assert_true(d->train.x[i] == (float)expected[d->train.origin[i]]);
    data_close(d);
    half[3] = 0x7c00;
    write_npy("x.npy", "'<f2'", "False", "(12, 1)", half, sizeof half);
    must_fail(PAIR, ASH_INVALID, "x.npy: sample 4, element 1 is too large; values have to be finite floats");
}

static void shape_is(const char *descr, const char *shape, const char *more, int h, int w, int c, bool is_image)
{
    char settings[160];
    uint8_t all[4096] = {0};
    for (int i = 0; i < 4096; i++)
        all[i] = (uint8_t)(strcmp(descr, "'<f4'") == 0 && i % 4 == 3 ? 0x3f : i * 7 % 100);
    size_t count = (size_t)(12 * h * w * c) * (strcmp(descr, "'<f4'") == 0 ? 4 : 1);
    write_npy("x.npy", descr, "False", shape, all, count);
    snprintf(settings, sizeof settings, PAIR "%s", more);
    data_set *d = must_open(settings);
    if (d->h != h || d->w != w || d->c != c || d->is_image != is_image)
        fail_msg("%s %s%s: %d x %d x %d", descr, shape, more, d->h, d->w, d->c);
    data_close(d);
}

static void test_layouts(void **state)
{
    (void)state;
    write_labels();
    shape_is("'|u1'", "(12,)", "", 1, 1, 1, false);
    shape_is("'<f4'", "(12, 5)", "", 1, 1, 5, false);
    shape_is("'|u1'", "(12, 5, 4)", "", 5, 4, 1, true);
    shape_is("'<f4'", "(12, 5, 5)", "", 5, 5, 1, true);
    shape_is("'<f4'", "(12, 5, 4)", "", 5, 1, 4, true); /* steps and features */
    shape_is("'<f4'", "(12, 5, 4)", ", layout=nft", 4, 1, 5, true);
    shape_is("'<f4'", "(12, 5, 4)", ", layout=nhw", 5, 4, 1, true);
    shape_is("'|u1'", "(12, 6, 5, 3)", "", 6, 5, 3, true);
    shape_is("'|u1'", "(12, 3, 6, 5)", "", 6, 5, 3, true);
    shape_is("'|u1'", "(12, 3, 2, 2)", "", 3, 2, 2, true);
    shape_is("'|u1'", "(12, 3, 2, 2)", ", layout=nchw", 2, 2, 3, true);
    must_fail(PAIR ", layout=nhw", ASH_INVALID, "layout nhw has 3 dimensions, but x.npy has 4");
    must_fail(PAIR ", layout=hwc", ASH_INVALID, "layout");
    shape_is("'|u1'", "(12, 12)", ", shape=[2, 2, 3]", 2, 2, 3, true);
    shape_is("'|u1'", "(12, 6)", ", shape=[2, 3]", 2, 3, 1, true);
    must_fail(PAIR ", shape=[2, 2]", ASH_INVALID, "a shape of 2 x 2 x 1 takes 4 values, but x.npy has 6 features");
    write_ramp("u", 1, false, false);
    must_fail(PAIR ", shape=[2, 3]", ASH_INVALID, "shape is for rows of features; x.npy has 3 dimensions");
    /* channels first are channels last, another way round */
    uint8_t first[N * 12], last[N * 12];
    for (int i = 0; i < N; i++)
        for (int c = 0; c < 3; c++)
            for (int p = 0; p < 4; p++)
                first[i * 12 + c * 4 + p] = last[i * 12 + p * 3 + c] = (uint8_t)(i * 12 + c * 4 + p);
    write_npy("x.npy", "'|u1'", "False", "(12, 3, 2, 2)", first, sizeof first);
    data_set *a = must_open(PAIR ", layout=nchw");
    write_npy("x.npy", "'|u1'", "False", "(12, 2, 2, 3)", last, sizeof last);
    data_set *b = must_open(PAIR ", layout=nhwc");
    assert_true(hash_equal(&a->hash, &b->hash));
    data_close(a);
    data_close(b);
}

static void test_targets(void **state)
{
    (void)state;
    float y[N * 2], hot[N * 2];
    for (int i = 0; i < N; i++) {
        y[2 * i] = (float)i + 0.25f;
        y[2 * i + 1] = (float)(i * i);
        hot[2 * i] = i % 2;
        hot[2 * i + 1] = !(i % 2);
    }
    write_ramp("f", 4, false, false);
    write_npy("y.npy", "'<f4'", "False", "(12, 2)", y, sizeof y);
    data_set *d = must_open(PAIR);
    assert_int_equal(d->task, DATA_REGRESSION);
    assert_int_equal(d->n_outputs, 2);
    assert_string_equal(d->target_names[1], "y2");
    for (size_t i = 0; i < d->train.n; i++)
        assert_float_equal(d->train.target[2 * i] * d->target_std[0] + d->target_mean[0], d->train.origin[i] + 0.25, 1e-4);
    data_close(d);
    must_fail(PAIR ", task=classification", ASH_INVALID, "y.npy: rows of 2 numbers that are not one-hot cannot be classes");
    write_npy("y.npy", "'<f4'", "False", "(12, 2)", hot, sizeof hot);
    d = must_open(PAIR);
    assert_int_equal(d->task, DATA_CLASSIFICATION);
    assert_int_equal(d->n_outputs, 2);
    for (size_t i = 0; i < d->train.n; i++)
        assert_int_equal(d->train.label[i], d->train.origin[i] % 2 ? 0 : 1);
    data_close(d);
    d = must_open(PAIR ", task=regression");
    assert_int_equal(d->n_outputs, 2);
    data_close(d);
    for (int i = 0; i < N; i++)
        hot[i] = (float)(i % 3 + 4);
    write_npy("y.npy", "'<f4'", "False", "(12, 1)", hot, N * 4);
    d = must_open(PAIR);
    assert_int_equal(d->task, DATA_CLASSIFICATION); /* few whole numbers */
    assert_string_equal(d->class_names[0], "4");
    data_close(d);
    d = must_open(PAIR ", task=regression");
    assert_int_equal(d->task, DATA_REGRESSION);
    data_close(d);
    write_npy("y.npy", "'<f4'", "False", "(12, 1)", y, N * 4);
    must_fail(PAIR ", task=classification", ASH_INVALID, "y.npy: label 0.25 of sample 1 is no class; classes are whole numbers from 0");
}

static void build(buffer *x, buffer *y, int n)
{
    float values[64];
    char label[64], shape[32];
    for (int i = 0; i < 2 * n; i++)
        values[i] = (float)(i * i % 17);
    for (int i = 0; i < n; i++)
        label[i] = (char)(i % 2);
    snprintf(shape, sizeof shape, "(%d, 2)", n);
    add_npy(x, "'<f4'", "False", shape, values, (size_t)n * 8);
    snprintf(shape, sizeof shape, "(%d,)", n);
    add_npy(y, "'|u1'", "False", shape, label, (size_t)n);
}

static void test_archives(void **state)
{
    (void)state;
    buffer x = {0}, y = {0}, xv = {0}, yv = {0};
    build(&x, &y, 20);
    build(&xv, &yv, 6);
    const npz_member all[] = {{"x_train.npy", &x}, {"y_train.npy", &y}, {"x_val.npy", &xv}, {"y_val.npy", &yv}, {"x_test.npy", &x}, {"y_test.npy", &y}};
    hash256 first = {{0}};
    for (int deflate = 0; deflate < 2; deflate++) {
        write_npz("a.npz", all, 6, deflate);
        data_set *d = must_open("type=npy, path=a.npz");
        assert_true(d->official_val && d->official_test);
        assert_true(d->train.n == 20 && d->val.n == 6 && d->test.n == 20);
        assert_string_equal(d->name, "a.npz");
        assert_int_equal(d->val.origin[0], 20);
        if (deflate)
            assert_true(hash_equal(&d->hash, &first));
        first = d->hash;
        data_close(d);
        d = must_open("type=npy, path=a.npz, val_limit=3");
        assert_int_equal(d->val.n, 3);
        data_close(d);
        d = must_open("type=npy, path=a.npz, x=x_train, y=y_train");
        assert_true(!d->official_val && !d->official_test && d->train.n == 12);
        data_close(d);
    }
    const npz_member odd[] = {{"pixels.npy", &x}, {"kind.npy", &y}};
    write_npz("a.npz", odd, 2, true);
    must_fail("type=npy, path=a.npz", ASH_INVALID, "it holds pixels, kind: name the arrays with data.x and data.y");
    data_close(must_open("type=npy, path=a.npz, x=pixels, y=kind"));
    must_fail("type=npy, path=a.npz, x=pixel, y=kind", ASH_INVALID, "a.npz: there is no array \"pixel\" in this archive");
    must_fail("type=npy, path=a.npz, x=pixels", ASH_INVALID, "a.npz: there is no label to learn; target: input makes an autoencoder, which needs none");
    data_set *plain = must_open("type=npy, path=a.npz, x=pixels, target=input");
    assert_int_equal(plain->task, DATA_RECONSTRUCTION);
    assert_int_equal(plain->train.n + plain->val.n + plain->test.n, 20);
    data_close(plain);
    must_fail("type=npy, path=a.npz, x=pixels, x_test=pixels, y_test=kind", ASH_INVALID, "type npy: x and y go together; y is missing");
    const npz_member other[] = {{"x.npy", &x}, {"y.npy", &y}, {"x_test.npy", &y}, {"y_test.npy", &y}};
    write_npz("a.npz", other, 4, true);
    must_fail("type=npy, path=a.npz, x=x, y=y, x_test=x_test, y_test=y_test", ASH_INVALID, "a.npz: x and a.npz: x_test hold samples of different shapes");
    const npz_member uneven[] = {{"x.npy", &x}, {"y.npy", &yv}};
    write_npz("a.npz", uneven, 2, true);
    must_fail("type=npy, path=a.npz", ASH_INVALID, "a.npz: x holds 20 samples, but a.npz: y holds 6 labels");
    /* one byte of a stored member: its checksum tells */
    write_npz("a.npz", odd, 2, false);
    FILE *f = fopen(test_path("a.npz"), "r+b");
    fseek(f, 200, SEEK_SET);
    fputc(0x55, f);
    fclose(f);
    must_fail("type=npy, path=a.npz, x=pixels, y=kind", ASH_INVALID, "a.npz: pixels: cannot be unpacked: CRC error; write the file again");
    write_text("a.npz", "no archive");
    must_fail("type=npy, path=a.npz", ASH_INVALID, "a.npz: not a .npz archive that can be read");
    must_fail("type=npy, path=b.npz", ASH_INVALID, "b.npz: no such file");
    buffer_free(&x);
    buffer_free(&y);
    buffer_free(&xv);
    buffer_free(&yv);
}

static void refuse_x(const char *descr, const char *shape, size_t n, const char *message)
{
    static const char bytes[4096];
    write_npy("x.npy", descr, "False", shape, bytes, n);
    must_fail(PAIR, ASH_INVALID, message);
}

static void test_wrong(void **state)
{
    (void)state;
    write_labels();
    refuse_x("'|O'", "(12,)", 96, "x.npy: holds Python objects (dtype object), which are not read, as unpickling them could run any code");
    refuse_x("[('a', '<f4'), ('b', '<i4')]", "(12,)", 96, "x.npy: holds records of several fields; save each field as an array of numbers");
    refuse_x("'<U5'", "(12,)", 240, "x.npy: holds text (dtype <U5); save numbers");
    refuse_x("'<c8'", "(12,)", 96, "x.npy: holds elements of dtype \"<c8\"; bool, integers and floats of 16, 32 or 64 bits can be read");
    refuse_x("'<f16'", "(12,)", 192, "dtype \"<f16\"");
    refuse_x("'<M8[ns]'", "(12,)", 96, "dtype \"<M8[ns]\"");
    refuse_x("'<f3'", "(12,)", 96, "dtype \"<f3\"");
    refuse_x("''", "(12,)", 96, "dtype \"\"");
    refuse_x("'<f4'", "(12, 2)", 95, "x.npy: truncated: the header promises 96 bytes of elements, there are 95");
    refuse_x("'<f4'", "(12, 2)", 97, "x.npy: bytes follow the last element that the header promises");
    refuse_x("'<f4'", "(12, 0)", 0, "x.npy: dimension 2 is 0: the array holds nothing");
    refuse_x("'<f4'", "(12, 4000000000, 4000000000)", 96, "x.npy: the header claims an impossible size");
    refuse_x("'<f4'", "(99999999999999999999999,)", 96, "x.npy: the header claims an impossible size");
    refuse_x("'<f4'", "(11, 2)", 88, "x.npy holds 11 samples, but y.npy holds 12 labels");
    refuse_x("'|u1'", "(12, 2, 2, 2, 2)", 192, "x.npy: has 5 dimensions; samples have 2 (features), 3 (grey images, sequences) or 4 (images)");
    refuse_x("'|u1'", "()", 1, "x.npy: has 0 dimensions");
    refuse_x("'|u1'", "(1, 1, 1, 1, 1, 1, 1, 1, 1)", 1, "x.npy: has more than 8 dimensions");
    refuse_x("'<f4', 'wrong': 1", "(12,)", 48, "x.npy: the NPY header cannot be read");
    refuse_x("'<f4'", "(-12,)", 48, "x.npy: the NPY header cannot be read");
    refuse_x("'|u1'", "(12, 2)", 24, "every feature is constant in the training split");
    write_text("x.npy", "\x93NUMPY");
    must_fail(PAIR, ASH_INVALID, "x.npy: not a NumPy array: it does not begin as numpy.save writes it");
    write_file("x.npy", "\x93NUMPY\4\0\0\0\0\0", 12);
    must_fail(PAIR, ASH_INVALID, "x.npy: NPY format version 4; 1 to 3 can be read");
    float values[N] = {1, 2, NAN};
    write_npy("x.npy", "'<f4'", "False", "(12,)", values, sizeof values);
    must_fail(PAIR, ASH_INVALID, "x.npy: sample 3, element 1 is not a number; values have to be finite floats");
    write_ramp("u", 1, false, false);
    write_npy("y.npy", "'|i1'", "False", "(12,)", "\0\1\377\1\0\1\0\1\0\1\0\1", 12);
    must_fail(PAIR, ASH_INVALID, "y.npy: label -1 of sample 3 is no class; classes are whole numbers from 0");
    write_npy("y.npy", "'|i1'", "False", "(12,)", "\0\1\0\1\0\1\0\1\0\1\0\2", 12);
    must_fail(PAIR ", classes=[a, b]", ASH_INVALID, "label 2 of sample 12 is out of range: there are 2 classes, 0 to 1");
    write_npy("y.npy", "'|i1'", "False", "(12, 1, 1)", "\0\1\0\1\0\1\0\1\0\1\0\2", 12);
    must_fail(PAIR, ASH_INVALID, "y.npy: has 3 dimensions; labels have one");
    write_npy("y.npy", "'|i1'", "False", "(12,)", "\1\1\1\1\1\1\1\1\1\1\1\1", 12);
    must_fail(PAIR, ASH_INVALID, "there is one class only (\"1\"); nothing can be told apart");
    must_fail("type=npy", ASH_INVALID, "type npy needs path (a .npz archive or a folder), or x and y (two .npy files)");
    must_fail("type=npy, x=x.npy, y=absent.npy", ASH_INVALID, "absent.npy: no such file");
    must_fail("type=npy, x_test=x.npy, y_test=y.npy", ASH_INVALID, "type npy: x is missing: the samples that train");
    make_folder("nothing");
    must_fail("type=npy, path=nothing", ASH_INVALID, "name the arrays with data.x and data.y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),   cmocka_unit_test(test_negative_and_bool), cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_targets), cmocka_unit_test(test_archives),          cmocka_unit_test(test_wrong),
    };
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
