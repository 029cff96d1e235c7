/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_mutations.c - valid files of each format with bytes changed, added, cut: a data set or one message, never a crash */
#include "data_files.h"

enum { ROOM = 4096 };

static size_t mutate(unsigned char *bytes, size_t n, const char *interesting, size_t n_interesting, rng *r)
{
    for (uint32_t changes = 1 + rng_below(r, 5); changes && n > 1; changes--) {
        size_t at = rng_below(r, rng_below(r, 2) && n > 16 ? 16 : (uint32_t)n); /* headers get half of it */
        unsigned char c = (unsigned char)(rng_below(r, 2) ? interesting[rng_below(r, (uint32_t)n_interesting)] : (int)rng_u32(r));
        switch (rng_below(r, 5)) {
        case 0:
            n = rng_below(r, 4) ? n : at + 1; /* cut */
            break;
        case 1:
            if (n < ROOM) {
                memmove(bytes + at + 1, bytes + at, n - at);
                bytes[at] = c;
                n++;
            }
            break;
        case 2:
            memmove(bytes + at, bytes + at + 1, n - at - 1);
            n--;
            break;
        default:
            bytes[at] = c;
        }
    }
    return n;
}

/* What opens is whole: finite values, labels within the classes. */
static void open_mutant(const char *settings)
{
    data_set *d = NULL;
    ash_error err;
    ash_status status = test_open(settings, &d, &err);
    if (status != ASH_OK) {
        if (status != ASH_INVALID || strlen(err.text) < 10 || d)
            fail_msg("%s: status %d: %s", settings, (int)status, err.text);
        return;
    }
    const data_split *splits[] = {&d->train, &d->val, &d->test};
    for (int s = 0; s < 3; s++) {
        for (size_t i = 0; i < splits[s]->n * (size_t)(d->h * d->w * d->c); i++)
            assert_true(isfinite(splits[s]->x[i]));
        for (size_t i = 0; splits[s]->label && i < splits[s]->n; i++)
            assert_true(splits[s]->label[i] >= 0 && splits[s]->label[i] < d->n_outputs);
    }
    data_close(d);
}

static void test_csv(void **state)
{
    (void)state;
    unsigned char text[ROOM + 1];
    static const char interesting[] = ",;\t\"'\n\r\0 -+.eE0123nNaA\xef\xbb\xbf\xff";
    for (uint64_t seed = 0; seed < 6000; seed++) {
        rng r = rng_stream(seed, "csv mutants", 0);
        buffer b = {0};
        buffer_puts(&b, seed % 3 ? "length,width,kind\n" : "\xef\xbb\xbf\"length\",width,kind\r\n");
        for (int i = 0; i < 12; i++)
            buffer_printf(&b, "%d.%d,%s,%s%s", i, i * i, i % 4 ? "1e-3" : "\"2\"", i % 2 ? "cat" : "\"a, \"\"dog\"\"\"", seed % 2 ? "\r\n" : "\n");
        memcpy(text, b.data, b.len);
        size_t n = mutate(text, b.len, interesting, sizeof(interesting) - 1, &r);
        buffer_free(&b);
        write_file("m.csv", text, n);
        open_mutant(seed % 5 ? "type=csv, path=m.csv, label=kind" : "type=csv, path=m.csv, label=kind, missing=drop");
    }
}

static size_t put_header(unsigned char *bytes, int dims, const unsigned char *sizes)
{
    memcpy(bytes, (unsigned char[]){0, 0, 8, (unsigned char)dims}, 4);
    memset(bytes + 4, 0, 4 * (size_t)dims);
    for (int i = 0; i < dims; i++)
        bytes[7 + 4 * i] = sizes[i];
    return 4 + 4 * (size_t)dims;
}

static void test_idx(void **state)
{
    (void)state;
    enum { N = 24 };
    for (uint64_t seed = 0; seed < 6000; seed++) {
        unsigned char image[ROOM + 1], label[ROOM + 1];
        rng r = rng_stream(seed, "idx mutants", 0);
        size_t ni = put_header(image, 3, (unsigned char[]){N, 3, 4}), nl = put_header(label, 1, (unsigned char[]){N});
        for (int i = 0; i < N * 12; i++)
            image[ni++] = (unsigned char)rng_u32(&r);
        for (int i = 0; i < N; i++)
            label[nl++] = (unsigned char)(i % 3);
        bool first = rng_below(&r, 2);
        static const char interesting[] = "\0\1\x08\x09\x0b\x0c\x0d\x0e\xff\x7f\x80";
        size_t *which = first ? &ni : &nl;
        *which = mutate(first ? image : label, *which, interesting, sizeof(interesting) - 1, &r);
        write_file("i", image, ni);
        write_file("l", label, nl);
        open_mutant("type=idx, train_images=i, train_labels=l");
    }
}

static void test_gzip(void **state)
{
    (void)state;
    enum { N = 24 };
    unsigned char image[ROOM + 1], label[ROOM + 1], packed[ROOM + 1];
    size_t ni = put_header(image, 3, (unsigned char[]){N, 3, 4}), nl = put_header(label, 1, (unsigned char[]){N});
    for (int i = 0; i < N * 12; i++)
        image[ni++] = (unsigned char)(i * i);
    for (int i = 0; i < N; i++)
        label[nl++] = (unsigned char)(i % 3);
    write_gz("i.gz", image, ni);
    write_file("l", label, nl);
    FILE *f = fopen(test_path("i.gz"), "rb");
    size_t whole = fread(packed, 1, ROOM, f);
    fclose(f);
    for (uint64_t seed = 0; seed < 3000; seed++) {
        unsigned char mutant[ROOM + 1];
        rng r = rng_stream(seed, "gzip mutants", 0);
        memcpy(mutant, packed, whole);
        size_t n = mutate(mutant, whole, "\0\1\x08\x1f\x8b\xff", 6, &r);
        write_file("i.gz", mutant, n);
        open_mutant("type=idx, train_images=i.gz, train_labels=l");
    }
}

static void test_npy(void **state)
{
    (void)state;
    unsigned char x[12 * 3 * 2];
    for (size_t i = 0; i < sizeof x; i++)
        x[i] = (unsigned char)(i * i);
    buffer array = {0}, label = {0};
    add_npy(&array, "'|u1'", "False", "(12, 3, 2)", x, sizeof x);
    add_npy(&label, "'|u1'", "True", "(12,)", "\0\1\2\0\1\2\0\1\2\0\1\2", 12);
    write_file("y.npy", label.data, label.len);
    static const char interesting[] = "{}()[]'\",:<>|=biufcOUS0123456789TF \n\0\xff\x93";
    for (uint64_t seed = 0; seed < 6000; seed++) {
        unsigned char mutant[ROOM + 1];
        rng r = rng_stream(seed, "npy mutants", 0);
        memcpy(mutant, array.data, array.len);
        if (seed % 2) { /* in the text of the header */
            mutant[10 + rng_below(&r, 64)] = (unsigned char)interesting[rng_below(&r, sizeof(interesting) - 1)];
            mutant[10 + rng_below(&r, 64)] = (unsigned char)interesting[rng_below(&r, sizeof(interesting) - 1)];
        }
        size_t n = seed % 4 == 1 ? array.len : mutate(mutant, array.len, interesting, sizeof(interesting) - 1, &r);
        write_file("x.npy", mutant, n);
        open_mutant("type=npy, x=x.npy, y=y.npy");
    }
    const npz_member members[] = {{"x.npy", &array}, {"y.npy", &label}};
    for (int deflate = 0; deflate < 2; deflate++) {
        unsigned char packed[ROOM + 1];
        write_npz("a.npz", members, 2, deflate);
        FILE *f = fopen(test_path("a.npz"), "rb");
        size_t whole = fread(packed, 1, ROOM, f);
        fclose(f);
        for (uint64_t seed = 0; seed < 2000; seed++) {
            unsigned char mutant[ROOM + 1];
            rng r = rng_stream(seed, "npz mutants", 0);
            memcpy(mutant, packed, whole);
            size_t n = mutate(mutant, whole, "PK\1\2\3\4\5\6\0\x08\xff", 11, &r);
            write_file("a.npz", mutant, n);
            open_mutant("type=npy, path=a.npz");
        }
    }
    buffer_free(&array);
    buffer_free(&label);
}

static void test_images(void **state)
{
    (void)state;
    remove_all();
    make_folder("i/a");
    make_folder("i/b");
    unsigned char pixels[8 * 8 * 4];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (unsigned char)(i * i);
    for (int i = 0; i < 6; i++) {
        char name[32];
        snprintf(name, sizeof name, "i/%c/%d.png", "ab"[i % 2], i);
        write_png(name, 8, 8, 8, PNG_COLOUR, pixels + i, 24);
    }
    static const struct {
        int depth, type;
        size_t row;
    } kinds[] = {{8, PNG_GREY, 8}, {2, PNG_INDEX, 2}, {16, PNG_GREY_ALPHA, 32}, {8, PNG_COLOUR_ALPHA, 32}};
    for (uint64_t seed = 0; seed < 6000; seed++) {
        buffer b = {0};
        unsigned char mutant[ROOM + 1];
        rng r = rng_stream(seed, "image mutants", 0);
        if (seed % 5 == 4)
            add_jpeg(&b, 8, 8, seed % 2 ? 1 : 3, seed % 2 ? JCS_GRAYSCALE : JCS_RGB, pixels);
        else
            add_png(&b, 8, 8, kinds[seed % 5].depth, kinds[seed % 5].type, pixels, kinds[seed % 5].row);
        memcpy(mutant, b.data, b.len);
        size_t n = mutate(mutant, b.len, "\0\1\2\4\x08\x10\xff\xd8\xc0\xda\xc4IHDRPLTEtRNS", 23, &r);
        buffer_free(&b);
        write_file("i/a/0.png", mutant, n);
        open_mutant(seed % 3 ? "type=images, path=i, size=[4, 3]" : "type=images, path=i, size=[12, 9], channels=grey, fit=crop");
    }
}

static void test_cifar(void **state)
{
    (void)state;
    make_folder("c");
    buffer b = {0};
    add_cifar(&b, 9, 1, 3);
    unsigned char *mutant = malloc(b.len + ROOM);
    for (uint64_t seed = 0; seed < 500; seed++) {
        rng r = rng_stream(seed, "cifar mutants", 0);
        memcpy(mutant, b.data, b.len);
        for (uint32_t changes = rng_below(&r, 4); changes; changes--)
            mutant[3073 * rng_below(&r, 9)] = (unsigned char)(rng_below(&r, 2) ? rng_below(&r, 12) : rng_u32(&r));
        write_file("c/data_batch_1.bin", mutant, rng_below(&r, 3) ? b.len : 3073 * rng_below(&r, 10) + rng_below(&r, 2));
        open_mutant("type=cifar, path=c");
    }
    free(mutant);
    buffer_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_csv), cmocka_unit_test(test_idx), cmocka_unit_test(test_gzip),
                                      cmocka_unit_test(test_npy), cmocka_unit_test(test_images), cmocka_unit_test(test_cifar)};
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
