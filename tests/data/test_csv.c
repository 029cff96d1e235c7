/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CSV: quoting, header, delimiter, labels, missing values, images, regression; and what is refused */
#include "data_test.h"

#define CSV "type=csv, path=a.csv"

/* Twelve rows of three features and a text label. */
static const char plain[] = "1,2,3,b\n2,2.5,3,a\n3,1,4,b\n4,0,5,a\n5,-1,3,b\n6,2,3,a\n"
                            "7,2,3,b\n8,2.5,3,a\n9,1,4,b\n10,0,5,a\n11,-1,3,b\n12,2e0,3,a\n";

static hash256 hash_of(const char *settings)
{
    data_set *d = must_open(settings);
    hash256 h = d->hash;
    data_close(d);
    return h;
}

static void test_plain(void **state)
{
    (void)state;
    write_text("a.csv", plain);
    data_set *d = must_open(CSV ", normalize=none");
    assert_int_equal(d->task, DATA_CLASSIFICATION);
    assert_false(d->is_image);
    assert_int_equal(d->c, 3);
    assert_int_equal(d->n_outputs, 2);
    assert_string_equal(d->class_names[0], "a");
    assert_string_equal(d->feature_names[0], "column 0");
    assert_string_equal(d->name, "a.csv");
    for (size_t i = 0; i < d->train.n; i++)
        assert_int_equal(d->train.label[i], (int)d->train.x[3 * i] % 2); /* odd rows are b */
    data_close(d);
}

/* The same table however it is written: header, quotes, CRLF, BOM, delimiter, gzip, blanks, no last line end.
 */
static void test_same_table(void **state)
{
    (void)state;
    write_text("a.csv", plain);
    hash256 expected = hash_of(CSV);
    static const char *const ways[] = {"LF", "CRLF", "CR"};
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    for (int w = 0; w < 3; w++) {
        char text[1024] = "\xef\xbb\xbf\"first, column\",\"with \"\"quotes\"\"\",\"two\nlines\",label";
        strcat(text, ends[w]);
        for (const char *p = plain; *p; p++) {
            if (*p == '\n')
                strcat(text, ends[w]);
            else if (*p == 'a')
                strcat(text, " \"a\"");
            else
                text[strlen(text) + 1] = '\0', text[strlen(text)] = *p;
            if (*p == ',' && p[1] != '-')
                strcat(text, "  ");
        }
        text[strlen(text) - strlen(ends[w])] = '\0';
        write_text("a.csv", text);
        data_set *d = must_open(CSV);
        if (!hash_equal(&expected, &d->hash))
            fail_msg("%s: another table", ways[w]);
        assert_string_equal(d->feature_names[0], "first, column");
        assert_string_equal(d->feature_names[1], "with \"quotes\"");
        assert_string_equal(d->feature_names[2], "two\nlines");
        data_close(d);
        write_gz("b.csv.gz", text, strlen(text));
        hash256 packed = hash_of("type=csv, path=b.csv.gz, label=label");
        assert_true(hash_equal(&expected, &packed));
    }
    char other[1024];
    strcpy(other, plain);
    for (char *p = other; *p; p++)
        *p = *p == ',' ? ';' : *p;
    write_text("a.csv", other);
    hash256 h = hash_of(CSV ", delimiter=;");
    assert_true(hash_equal(&expected, &h));
    must_fail(CSV, ASH_INVALID, "a.csv:1: there is one column only; is the delimiter \";\"?");
    for (char *p = other; *p; p++)
        *p = *p == ';' ? '\t' : *p;
    write_text("a.csv", other);
    h = hash_of(CSV ", delimiter=tab, label=3");
    assert_true(hash_equal(&expected, &h));
}

static void test_columns(void **state)
{
    (void)state;
    write_text("a.csv", "id,kind,len\n1,x,5\n2,y,6\n3,x,5\n4,y,6\n5,x,5.5\n6,y,6.5\n");
    data_set *d = must_open(CSV ", label=kind, ignore=id");
    assert_int_equal(d->c, 1);
    assert_string_equal(d->feature_names[0], "len");
    hash256 by_name = d->hash;
    data_close(d);
    hash256 h = hash_of(CSV ", label=1, ignore=[0]");
    assert_true(hash_equal(&by_name, &h));
    h = hash_of(CSV ", label=-2, ignore=-3");
    assert_true(hash_equal(&by_name, &h));
    must_fail(CSV ", label=kinds", ASH_INVALID,
              "a.csv: there is no column \"kinds\"; did you mean \"kind\"?");
    must_fail(CSV ", label=3", ASH_INVALID,
              "a.csv: there is no column 3; the columns are 0 to 2, or -1 to -3 from the end");
    must_fail(CSV ", label=-4", ASH_INVALID, "a.csv: there is no column -4;");
    must_fail(CSV ", label=kind, ignore=kind", ASH_INVALID,
              "column \"kind\" is the label; it cannot be ignored");
    must_fail(CSV ", label=kind, ignore=[id, len]", ASH_INVALID, "a.csv: no column is left to learn from");
    must_fail(CSV ", label=[len, len]", ASH_INVALID, "label names column \"len\" twice");
    must_fail(CSV ", label=len", ASH_INVALID,
              "a.csv:2: column \"kind\" holds \"x\", which is not a finite number");
    must_fail(CSV ", label=kind, header=no", ASH_INVALID,
              "a.csv: there is no header to find \"kind\" in; give the column's index");
    must_fail(CSV ", label=1, header=no", ASH_INVALID,
              "a.csv:1: column \"column 0\" holds \"id\", which is not a finite number");
    write_text("a.csv", "a,a,b\n1,2,x\n3,4,y\n");
    must_fail(CSV ", label=a", ASH_INVALID, "a.csv: 2 columns are named \"a\"; give its index");
}

static void test_header(void **state)
{
    (void)state;
    /* numbers as headings look like data; the user knows better */
    write_text("a.csv", "0,1,2\n1,2,0\n3,4,1\n1,2,0\n3,4,1\n1,2.5,0\n3,4,1\n");
    must_fail(CSV, ASH_INVALID, "class \"2\" has 1 sample; a class needs at least three, one for each split");
    data_set *d = must_open(CSV ", header=yes");
    assert_int_equal(d->train.n + d->val.n + d->test.n, 6);
    assert_string_equal(d->feature_names[1], "1");
    data_close(d);
    write_text("a.csv", "a,b\n");
    must_fail(CSV ", header=yes", ASH_INVALID, "a.csv: there is a header and no row");
}

static void test_regression(void **state)
{
    (void)state;
    write_text("a.csv", "x,y,z\n1,2.5,1\n2,3.5,2\n3,4.5,3\n4,5.5,4\n5,6.5,5\n6,7.5,6\n");
    data_set *d = must_open(CSV ", label=y, ignore=z");
    assert_int_equal(d->task, DATA_REGRESSION);
    assert_string_equal(d->target_names[0], "y");
    assert_null(d->train.label);
    const data_split *splits[] = {&d->train, &d->val, &d->test};
    for (int s = 0; s < 3; s++)
        for (size_t i = 0; i < splits[s]->n; i++) {
            double x = splits[s]->x[i] / d->norm_scale[0] + d->norm_mean[0];
            assert_float_equal(splits[s]->target[i] * d->target_std[0] + d->target_mean[0], x + 1.5, 1e-5);
        }
    data_close(d);
    d = must_open(CSV ", label=[y, z]");
    assert_int_equal(d->n_outputs, 2);
    assert_string_equal(d->target_names[1], "z");
    data_close(d);
    d = must_open(CSV ", label=z, task=regression");
    assert_int_equal(d->task, DATA_REGRESSION);
    data_close(d);
    must_fail(CSV ", label=[y, z], task=classification", ASH_INVALID,
              "label names 2 columns; classification learns one");
    write_text("a.csv", plain);
    must_fail(
        CSV ", task=regression", ASH_INVALID,
        "a.csv:1: column \"column 3\" holds \"b\", which is not a finite number: it cannot be a target");
    write_text("a.csv", "x,y\n1,2.5\n2,2.5\n3,2.5\n4,2.5\n");
    must_fail(CSV, ASH_INVALID,
              "a.csv: target \"y\" is constant in the training split; there is nothing to learn");
    /* classes or amounts? */
    char text[4096] = "";
    for (int i = 0; i < 260; i++)
        sprintf(text + strlen(text), "%d.5,%d\n", i, i % 26);
    write_text("a.csv", text);
    must_fail(CSV, ASH_INVALID,
              "a.csv: column \"column 1\" holds 26 different whole numbers, which may be classes or amounts; "
              "say task: "
              "classification or task: regression");
    d = must_open(CSV ", task=classification");
    assert_int_equal(d->n_outputs, 26);
    assert_string_equal(d->class_names[10], "10"); /* by number, not by text */
    data_close(d);
}

static void test_missing(void **state)
{
    (void)state;
    write_text(
        "a.csv",
        "x,y,c\n1,,a\n2,5,b\n?,6,a\n4,NA,b\n5,7,a\n6,8,b\n7,9,a\n8,1,b\n9,2,a\n10,nan,b\n11,1,\n12,3,a\n");
    must_fail(CSV, ASH_INVALID,
              "a.csv: 5 values are missing: a.csv:2 (y), a.csv:4 (x), a.csv:5 (y), a.csv:11 (y), a.csv:12 "
              "(c); missing: drop "
              "leaves such rows out, missing: mean fills in the training mean");
    data_set *d = must_open(CSV ", missing=drop");
    assert_int_equal(d->dropped, 5);
    assert_int_equal(d->train.n + d->val.n + d->test.n, 7);
    data_close(d);
    must_fail(CSV ", missing=mean", ASH_INVALID,
              "a.csv:12: column \"c\", which is to be learnt, has no value");
    write_text("a.csv",
               "x,y,c\n1,,a\n2,5,b\n3,6,a\n4,NA,b\n5,7,a\n6,8,b\n7,9,a\n8,1,b\n9,2,a\n10,nan,b\n12,3,a\n");
    d = must_open(CSV ", missing=mean, normalize=none");
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < d->train.n; i++) { /* odd rows have whole y, the mean has not, as a rule */
        int x = (int)d->train.x[2 * i];
        if (x != 1 && x != 4 && x != 10) {
            sum += d->train.x[2 * i + 1];
            n++;
        }
    }
    assert_int_equal(d->train.n - n, d->summary[1].missing);
    const data_split *splits[] = {&d->train, &d->val, &d->test};
    for (int s = 0; s < 3; s++)
        for (size_t i = 0; i < splits[s]->n; i++) {
            int x = (int)splits[s]->x[2 * i];
            if (x == 1 || x == 4 || x == 10)
                assert_float_equal(splits[s]->x[2 * i + 1], sum / (double)n, 1e-6);
        }
    data_close(d);
    write_text("a.csv", "x,c\n?,a\n?,b\n?,a\n");
    must_fail(CSV ", missing=drop, header=yes", ASH_INVALID,
              "a.csv: every row has a missing value; none is left");
    write_text("a.csv", "x,y,c\n?,1,a\n?,2,b\n?,3,a\n?,4,b\n?,5,a\n?,6,b\n");
    must_fail(CSV ", missing=mean, header=yes", ASH_INVALID,
              "a.csv: feature \"x\" has no value in the training split; leave it out");
}

static void test_images(void **state)
{
    (void)state;
    write_text("a.csv", "1,2,3,4,5,6,7,8,a\n2,2,3,4,5,6,7,8,a\n3,2,3,4,5,6,7,8,a\n1,2,3,4,5,6,7,9,b\n1,2,3,4,"
                        "5,6,8,8,b\n1,3,3,4,5,6,7,8,b\n");
    data_set *d = must_open(CSV ", shape=[2, 2, 2]");
    assert_true(d->is_image);
    assert_int_equal(d->h * 100 + d->w * 10 + d->c, 222);
    assert_string_equal(d->normalize, "global");
    assert_null(d->feature_names);
    data_close(d);
    d = must_open(CSV ", shape=[2, 4], shift=1, flip=true");
    assert_int_equal(d->c, 1);
    assert_int_equal(d->shift, 1);
    data_close(d);
    must_fail(CSV ", shape=[3, 3]", ASH_INVALID,
              "a shape of 3 x 3 x 1 takes 9 values, but a.csv has 8 features");
    must_fail(CSV ", shape=[8]", ASH_INVALID, "shape is [height, width] or [height, width, channels]");
    must_fail(CSV ", flip=true", ASH_INVALID, "flip is for images; a.csv has none");
    must_fail(CSV ", shift=1", ASH_INVALID, "shift is for images and sequences; a.csv has none");
}

static void test_test_file(void **state)
{
    (void)state;
    write_text("a.csv", plain);
    write_text("t.csv", "1,2,3,a\n5,5,5,b\n");
    data_set *d = must_open(CSV ", test_path=t.csv, normalize=none");
    assert_true(d->official_test);
    assert_int_equal(d->test.n, 2);
    assert_int_equal(d->test.label[1], 1);
    assert_float_equal(d->test.x[3], 5, 0);
    data_close(d);
    write_text("t.csv", "1,2,3,a\n5,5,5,c\n");
    must_fail(CSV ", test_path=t.csv", ASH_INVALID,
              "t.csv:2: label \"c\" does not occur in the training file");
    write_text("t.csv", "1,2,a\n");
    must_fail(CSV ", test_path=t.csv", ASH_INVALID, "t.csv has 3 columns, but a.csv has 4");
}

static void test_bad(void **state)
{
    (void)state;
    must_fail("type=csv", ASH_INVALID, "path");
    must_fail("type=csv, path=none.csv", ASH_INVALID, "none.csv: no such file");
    write_text("a.csv", "");
    must_fail(CSV, ASH_INVALID, "a.csv: the file is empty");
    write_text("a.csv", "\n\r\n  \n");
    must_fail(CSV, ASH_INVALID, "a.csv: the file is empty");
    write_text("a.csv", "1\n2\n");
    must_fail(CSV, ASH_INVALID, "a.csv:1: there is one column only; a label and a feature make two");
    write_text("a.csv", "1,2,a\n\n3,4\n");
    must_fail(CSV, ASH_INVALID, "a.csv:3: 2 cells, where the file's first record has 3");
    write_text("a.csv", "x,y,c\n1,\"2\n3\",a\n3,4,5,6\n");
    must_fail(CSV, ASH_INVALID, "a.csv:4: 4 cells, where the file's first record has 3");
    write_text("a.csv", "1,2,a\n3,\"4,b\n5,6,a\n");
    must_fail(CSV, ASH_INVALID, "a.csv:2: the quote that opens here is never closed");
    write_text("a.csv", "1,2,a\n3,\"4\"x,b\n");
    must_fail(CSV, ASH_INVALID,
              "a.csv:2: text follows a closing quote; inside quotes, a quote is written twice");
    write_text("a.csv", "1,2,a\n3,inf,b\n");
    must_fail(CSV, ASH_INVALID, "a.csv:2: column \"column 1\" holds \"inf\", which is not a finite number");
    write_text("a.csv", "1,2,a\n3,1e39,b\n");
    must_fail(CSV, ASH_INVALID, "a.csv:2: column \"column 1\" holds 1e39, which is too large");
    write_text("a.csv", "1,2,a\n3,\xe9,b\n");
    must_fail(CSV, ASH_INVALID, "a.csv:2: the text is not UTF-8; convert it (iconv -t UTF-8)");
    write_file("a.csv", "\xff\xfe\x31\0", 4);
    must_fail(CSV, ASH_INVALID, "a.csv: the text is UTF-16; save it as UTF-8");
    write_file("a.csv", "1,2\n1,\0\n", 8);
    must_fail(CSV, ASH_INVALID, "a.csv:2: there is a NUL byte; this is not a text file");
    write_text("a.csv", plain);
    must_fail(CSV ", delimiter='ab'", ASH_INVALID, "delimiter is one character, or tab");
    must_fail(CSV ", task=clasification", ASH_INVALID, "classification");
    write_text("a.csv", "1,7,a\n1,7,b\n1,7,a\n1,7,b\n1,7,a\n1,7,b\n");
    must_fail(CSV, ASH_INVALID,
              "a.csv: every feature is constant in the training split; there is nothing to learn from");
    write_text("a.csv", "1,7,a\n2,7,a\n3,7,a\n4,7,a\n");
    must_fail(CSV, ASH_INVALID, "a.csv: there is one class only (\"a\"); nothing can be told apart");
}

/* A stray quote inside an unquoted cell is text; the record's bound must still hold what follows. */
static void test_stray_quotes(void **state)
{
    (void)state;
    write_text("a.csv", "x,kind\n1,5\" pipe\n2,\"a\nb\"\n3,5\" pipe\n4,\"a\nb\"\n5,5\" pipe\n6,\"a\nb\"\n");
    data_set *d = must_open(CSV);
    assert_string_equal(d->class_names[0], "5\" pipe");
    assert_string_equal(d->class_names[1], "a\nb");
    data_close(d);
}

/* Any text at all: a result or a message, never a crash (sanitizers watch). */
static void test_noise(void **state)
{
    (void)state;
    static const char alphabet[] = ",,,\"\"\n\n\r;1 2.a-e\t";
    for (uint64_t k = 0; k < 3000; k++) {
        rng r = rng_stream(7, "csv noise", k);
        char text[200];
        size_t n = rng_below(&r, sizeof text);
        for (size_t i = 0; i < n; i++)
            text[i] = alphabet[rng_below(&r, sizeof alphabet - 1)];
        write_file("a.csv", text, n);
        data_set *d = NULL;
        ash_error err;
        ash_status s = test_open(k % 2 ? CSV : CSV ", missing=drop", &d, &err);
        assert_true(s == ASH_OK || (s == ASH_INVALID && err.text[0]));
        data_close(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),      cmocka_unit_test(test_same_table),
        cmocka_unit_test(test_columns),    cmocka_unit_test(test_header),
        cmocka_unit_test(test_regression), cmocka_unit_test(test_missing),
        cmocka_unit_test(test_images),     cmocka_unit_test(test_test_file),
        cmocka_unit_test(test_bad),        cmocka_unit_test(test_stray_quotes),
        cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, test_begin, test_end);
}
