/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every variant of the linear step against the reference, bit for bit: a table of awkward shapes, by all types of x, weights
 * and y, by ordinary and extreme codes and multipliers. What is read lies in memory of its exact size, for the address sanitizer. */
#include "nn/infer/kernels/codes.h"
#include "nn/infer/kernels/variants.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

typedef struct shape {
    int h, w, in, out, kh, kw, stride, dilation, groups;
    int top, left, bottom, right; /* padding */
} shape;

static const shape shapes[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
    {1, 1, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1}, /* all but one tap is padding */
    {5, 7, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {6, 5, 2, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {7, 7, 3, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {9, 8, 3, 16, 3, 3, 2, 1, 1, 0, 0, 1, 1}, /* TensorFlow's same: pads after only */
    {7, 5, 4, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {7, 5, 5, 6, 3, 5, 1, 1, 1, 1, 2, 1, 2},
    {7, 5, 6, 7, 5, 3, 2, 1, 1, 2, 1, 2, 1},
    {7, 5, 7, 9, 2, 2, 1, 1, 1, 0, 0, 1, 1},
    {9, 9, 12, 10, 3, 3, 3, 1, 1, 1, 1, 1, 1},
    {9, 9, 13, 11, 3, 3, 1, 2, 1, 2, 2, 2, 2},
    {11, 10, 6, 14, 3, 3, 2, 2, 1, 2, 2, 2, 2},
    {8, 8, 15, 13, 4, 4, 3, 2, 1, 1, 3, 0, 2},
    {10, 10, 8, 24, 1, 1, 1, 1, 1, 0, 0, 0, 0},
    {5, 5, 48, 80, 1, 1, 1, 1, 1, 0, 0, 0, 0},
    {4, 4, 64, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {3, 3, 96, 70, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {3, 4, 33, 33, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {2, 2, 200, 17, 2, 2, 2, 1, 1, 0, 0, 0, 0}, /* narrow sums overflow within a run */
    {1, 1, 784, 10, 1, 1, 1, 1, 1, 0, 0, 0, 0},  /* dense */
    {7, 7, 16, 10, 7, 7, 1, 1, 1, 0, 0, 0, 0},   /* dense over an image */
    {5, 6, 3, 130, 5, 6, 1, 1, 1, 0, 0, 0, 0},
    {4, 4, 2, 4, 7, 7, 1, 1, 1, 3, 3, 3, 3}, /* a window larger than the image */
    {49, 10, 1, 6, 10, 4, 2, 1, 1, 4, 1, 5, 1},
    {8, 7, 8, 12, 3, 3, 1, 1, 4, 1, 1, 1, 1}, /* groups */
    {6, 6, 6, 9, 3, 3, 2, 1, 3, 1, 1, 1, 1},
    {3, 3, 80, 40, 3, 3, 1, 1, 2, 1, 1, 1, 1},
    {6, 6, 4, 8, 3, 3, 1, 1, 4, 1, 1, 1, 1}, /* depth multiplier 2 */
    {8, 8, 8, 8, 3, 3, 1, 1, 8, 1, 1, 1, 1}, /* depthwise */
    {9, 7, 7, 7, 3, 3, 1, 1, 7, 1, 1, 1, 1},
    {9, 8, 20, 20, 3, 3, 2, 1, 20, 0, 0, 1, 1},
    {7, 6, 35, 35, 5, 5, 1, 1, 35, 2, 2, 2, 2},
    {5, 6, 67, 67, 3, 3, 1, 2, 67, 2, 2, 2, 2},
    {6, 6, 4, 4, 2, 2, 3, 1, 1, 0, 0, 0, 0}, /* stride past the window */
    {3, 3, 2, 4, 3, 3, 4, 1, 1, 1, 1, 1, 1}, /* stride past the image */
};

static const int bit_widths[] = {1, 2, 4, 8};

enum { ORDINARY, EXTREME, COARSE, LARGEST, CASES }; /* codes and multipliers */

static uint32_t state;

static uint32_t draw(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

static int between(int low, int high) { return low + (int)(draw() % (uint32_t)(high - low + 1)); }

static int lowest(infer_type t) { return !t.is_signed ? 0 : t.bits == 1 ? -1 : 1 - (1 << (t.bits - 1)); }

static int highest(infer_type t) { return !t.is_signed ? (1 << t.bits) - 1 : t.bits == 1 ? 1 : (1 << (t.bits - 1)) - 1; }

static void *must(void *p)
{
    assert_non_null(p);
    return p;
}

/* Memory of exactly n bytes from a 64-byte boundary on, full of `fill`. */
static void *aligned(size_t n, int fill)
{
    void *p = NULL;
    assert_int_equal(posix_memalign(&p, 64, n ? n : 1), 0);
    return memset(p, fill, n);
}

static void fill_x(uint8_t *x, size_t n, infer_type t, int which)
{
    memset(x, 0, codes_bytes(n, t.bits));
    for (size_t e = 0; e < n; e++) {
        int code = between(lowest(t), highest(t));
        if (which == EXTREME)
            code = draw() % 16 ? highest(t) : lowest(t);
        if (which == LARGEST)
            code = highest(t);
        if (t.bits == 1 && t.is_signed && code == 0)
            code = 1;
        code_put(x, e, t, code);
    }
}

static void fill_weights(int8_t *w, size_t n, int bits, int which)
{
    int most = bits == 1 ? 1 : (1 << (bits - 1)) - 1;
    for (size_t i = 0; i < n; i++) {
        int code = between(-most, most);
        if (which == EXTREME)
            code = draw() % 16 ? most : -most;
        if (which == LARGEST)
            code = -most;
        if (which == COARSE && bits < 8) /* DoReFa's odd codes */
            code = 2 * between(0, (1 << bits) - 1) - ((1 << bits) - 1);
        if (bits == 1 && code == 0)
            code = -1;
        w[i] = (int8_t)code;
    }
}

static void fill_requant(int32_t *m, int32_t *bias, int8_t *shift, int channels, int which)
{
    static const int32_t traps[] = {INT32_MIN, INT32_MAX, 0, 1, -1, 1 << 30, -(1 << 23), INT32_MIN + 1};
    for (int c = 0; c < channels; c++) {
        m[c] = between(1 << 22, (1 << 24) - 1) * (draw() % 4 ? 1 : -1);
        bias[c] = between(-(1 << 20), 1 << 20);
        shift[c] = (int8_t)between(24, 36);
        if (which == EXTREME) {
            m[c] = traps[draw() % 8];
            bias[c] = traps[draw() % 8];
            shift[c] = (int8_t)between(16, 46);
        } else if (which == COARSE) { /* scales around 1 and above */
            m[c] = between(1 << 22, (1 << 23) - 1) << 7;
            shift[c] = (int8_t)between(28, 31);
        }
    }
}

typedef struct setting {
    infer_linear l;
    uint8_t *x;
    int8_t *weights, *shift;
    int32_t *m, *bias;
    size_t y_bytes;
} setting;

static setting setting_new(const shape *s, infer_type x, int weight_bits, infer_type y, int which)
{
    int oh = (s->h + s->top + s->bottom - (s->kh - 1) * s->dilation - 1) / s->stride + 1;
    int ow = (s->w + s->left + s->right - (s->kw - 1) * s->dilation - 1) / s->stride + 1;
    size_t inputs = (size_t)(s->h * s->w * s->in), outputs = (size_t)(oh * ow * s->out);
    size_t weights = (size_t)(s->kh * s->kw * (s->in / s->groups) * s->out), channels = (size_t)s->out;
    setting t = {
        .x = must(malloc(codes_bytes(inputs, x.bits))),
        .weights = must(malloc(weights)),
        .shift = must(malloc(channels)),
        .m = must(malloc(channels * sizeof(int32_t))),
        .bias = must(malloc(channels * sizeof(int32_t))),
        .y_bytes = codes_bytes(outputs, y.bits),
    };
    fill_x(t.x, inputs, x, which);
    fill_weights(t.weights, weights, weight_bits, which);
    fill_requant(t.m, t.bias, t.shift, s->out, which);
    t.l = (infer_linear){
        .conv = {s->kh, s->kw, s->stride, s->stride, s->top, s->left, s->dilation, s->dilation, s->groups},
        .in = {s->h, s->w, s->in},
        .out = {oh, ow, s->out},
        .x = x,
        .y = y,
        .weight_bits = weight_bits,
        .weights = t.weights,
    };
    if (y.bits != 32)
        t.l.requant = (infer_requant){t.m, t.bias, t.shift, lowest(y), highest(y)};
    if (y.bits != 32 && which == COARSE && y.bits > 1) { /* a ReLU6 */
        t.l.requant.low = 0;
        t.l.requant.high = highest(y) - 1;
    }
    return t;
}

static void setting_free(setting *t)
{
    free(t->x);
    free(t->weights);
    free(t->shift);
    free(t->m);
    free(t->bias);
}

/* y of one variant. It is prepared in one place and run from another; sums at an aligned address, codes at an odd one. */
static uint8_t *run(const infer_kernels *k, const setting *t)
{
    size_t bytes = k->prepared_bytes(&t->l), lead = t->l.y.bits == 32 ? 0 : 1;
    void *first = aligned(bytes, 0x5a), *prepared = aligned(bytes, 0), *scratch = aligned(k->scratch_bytes(&t->l), 0xa5);
    uint8_t *y = must(malloc(lead + t->y_bytes));
    memset(y, 0xc3, lead + t->y_bytes);
    k->prepare(&t->l, first);
    memcpy(prepared, first, bytes);
    free(first);
    k->run(prepared, t->x, y + lead, scratch);
    free(scratch);
    free(prepared);
    if (lead)
        assert_int_equal(y[0], 0xc3);
    memmove(y, y + lead, t->y_bytes);
    return y;
}

static void compare(const shape *s, infer_type x, int weight_bits, infer_type y, int which)
{
    setting t = setting_new(s, x, weight_bits, y, which);
    uint8_t *expected = run(&infer_reference, &t);
    for (const infer_variant *v = infer_variants() + 1; v->name; v++) {
        if (!v->can_run)
            continue;
        uint8_t *got = run(&v->kernels, &t);
        for (size_t i = 0; i < t.y_bytes; i++)
            if (got[i] != expected[i])
                fail_msg("%s, %dx%d of %dx%dx%d to %d, %s%d x %d -> %s%d, case %d: byte %zu of %zu is %02x, reference %02x", v->name, s->kh,
                         s->kw, s->h, s->w, s->in, s->out, x.is_signed ? "s" : "u", x.bits, weight_bits, y.is_signed ? "s" : "u", y.bits, which,
                         i, t.y_bytes, got[i], expected[i]);
        free(got);
    }
    free(expected);
    setting_free(&t);
}

static void test_all(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int xs = 0; xs < 8; xs++)
            for (int w = 0; w < 4; w++)
                for (int ys = 0; ys < 9; ys++) {
                    infer_type x = {bit_widths[xs / 2], xs % 2}, y = {ys == 8 ? 32 : bit_widths[ys / 2], ys == 8 || ys % 2};
                    state = (uint32_t)(i * 1000 + (size_t)xs * 100 + (size_t)w * 10 + (size_t)ys);
                    compare(&shapes[i], x, bit_widths[w], y, (xs + w + ys + (int)i) % CASES);
                }
}

/* The longest sums that the contract allows, and the largest products. */
static void test_long_sums(void **unused)
{
    (void)unused;
    static const shape dense = {1, 1, 66000, 3, 1, 1, 1, 1, 1, 0, 0, 0, 0};
    for (int is_signed = 0; is_signed < 2; is_signed++)
        for (int w = 0; w < 4; w++) {
            state = 9;
            compare(&dense, (infer_type){8, is_signed}, bit_widths[w], (infer_type){32, true}, EXTREME);
            compare(&dense, (infer_type){8, is_signed}, bit_widths[w], (infer_type){32, true}, LARGEST);
            compare(&dense, (infer_type){1, is_signed}, bit_widths[w], (infer_type){32, true}, LARGEST);
            compare(&dense, (infer_type){8, is_signed}, bit_widths[w], (infer_type){8, true}, EXTREME);
        }
}

/* A sum on the threshold is +1, one below it is -1, whatever the sign of m. */
static void test_threshold(void **unused)
{
    (void)unused;
    for (int m = -3; m <= 3; m++)
        for (int bias = -40; bias <= 40; bias++)
            for (int code = 0; code < 16; code++) {
                uint8_t x = (uint8_t)code;
                int8_t weight = 1, shift = 16;
                int32_t factor = m, b = bias;
                setting t = {.l = {.conv = {1, 1, 1, 1, 0, 0, 1, 1, 1},
                                   .in = {1, 1, 1},
                                   .out = {1, 1, 1},
                                   .x = {4, false},
                                   .y = {1, true},
                                   .weight_bits = 8,
                                   .weights = &weight,
                                   .requant = {&factor, &b, &shift, -1, 1}},
                             .x = &x,
                             .y_bytes = 1};
                for (const infer_variant *v = infer_variants(); v->name; v++)
                    if (v->can_run) {
                        uint8_t *y = run(&v->kernels, &t);
                        assert_int_equal(*y, code * m + bias < 0);
                        free(y);
                    }
            }
}

static void test_sign(void **unused)
{
    (void)unused;
    for (size_t n = 0; n < 200; n++)
        for (const infer_variant *v = infer_variants(); v->name; v++) {
            if (!v->can_run)
                continue;
            int8_t *x = must(malloc(n + 1));
            uint8_t *y = must(malloc(codes_bytes(n, 1) + 1));
            for (size_t i = 0; i < n; i++)
                x[i] = (int8_t)(i == n / 2 ? 0 : between(-127, 127));
            v->kernels.sign(y, x, n);
            for (size_t i = 0; i < codes_bytes(n, 1) * 8; i++)
                assert_int_equal(y[i / 8] >> i % 8 & 1, i < n && x[i] < 0);
            free(x);
            free(y);
        }
}

/* The names are those of training's levels, and what a level offers there it offers here. */
static void test_levels(void **unused)
{
    (void)unused;
    for (const char *const *level = nn_kernels_levels(); *level; level++) {
        const infer_kernels *k = infer_kernels_find(*level);
        assert_true((k != NULL) == nn_kernels_supported(*level));
        if (k)
            assert_string_equal(k->level, *level);
    }
    assert_null(infer_kernels_find("abacus"));
    assert_string_equal(infer_kernels_best()->level, nn_kernels_best()->level);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels), cmocka_unit_test(test_sign),      cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_all),    cmocka_unit_test(test_long_sums),
    };
    return cmocka_run_group_tests_name("kernels: the integer linear step", tests, NULL, NULL);
}
