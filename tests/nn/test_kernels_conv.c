/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every level's convolutions against the float64 reference, over a table of awkward shapes. */
#include "kernel_test.h"

typedef struct shape {
    int n, h, w, in, out, kh, kw, stride, dilation, groups;
    int top, left, bottom, right; /* padding */
    int gap;                      /* unused channels beside each pixel */
} shape;

static const shape shapes[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0},
    {2, 5, 7, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0},
    {3, 6, 5, 2, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0},
    {2, 7, 7, 3, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0},
    {2, 9, 8, 3, 16, 3, 3, 2, 1, 1, 1, 1, 1, 1, 0},
    {2, 8, 8, 3, 16, 3, 3, 2, 1, 1, 0, 0, 1, 1, 0}, /* TensorFlow's same: pads after only */
    {5, 28, 28, 1, 8, 3, 3, 2, 1, 1, 0, 0, 1, 1, 0},
    {5, 14, 14, 8, 16, 3, 3, 2, 1, 1, 0, 0, 1, 1, 0},
    {6, 8, 8, 8, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0},
    {40, 2, 2, 32, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0},
    {19, 4, 4, 16, 32, 3, 3, 2, 1, 1, 0, 0, 1, 1, 0},
    {7, 4, 4, 16, 32, 1, 1, 2, 1, 1, 0, 0, 0, 0, 0},
    {2, 12, 12, 24, 24, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0},
    {2, 6, 6, 64, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0},
    {2, 5, 5, 48, 80, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0},
    {3, 7, 5, 4, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0},
    {3, 7, 5, 5, 6, 3, 5, 1, 1, 1, 1, 2, 1, 2, 0},
    {3, 7, 5, 6, 7, 5, 3, 2, 1, 1, 2, 1, 2, 1, 0},
    {3, 7, 5, 7, 9, 2, 2, 1, 1, 1, 0, 0, 1, 1, 0},
    {2, 9, 9, 12, 10, 3, 3, 3, 1, 1, 1, 1, 1, 1, 0},
    {2, 9, 9, 13, 11, 3, 3, 1, 2, 1, 2, 2, 2, 2, 0},
    {2, 11, 10, 6, 14, 3, 3, 2, 2, 1, 2, 2, 2, 2, 0},
    {2, 8, 8, 15, 13, 4, 4, 3, 2, 1, 1, 3, 0, 2, 0},
    {2, 49, 10, 1, 64, 10, 4, 2, 1, 1, 4, 1, 5, 1, 0},
    {2, 40, 40, 2, 17, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0},  /* more than one band of rows */
    {33, 1, 1, 784, 10, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0}, /* dense: images are pixels */
    {300, 1, 1, 20, 33, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0},
    {6, 7, 7, 16, 10, 7, 7, 1, 1, 1, 0, 0, 0, 0, 0}, /* dense over an image */
    {2, 6, 6, 8, 12, 3, 3, 1, 1, 4, 1, 1, 1, 1, 0},  /* groups */
    {2, 6, 6, 6, 9, 3, 3, 2, 1, 3, 1, 1, 1, 1, 0},
    {2, 6, 6, 4, 8, 3, 3, 1, 1, 4, 1, 1, 1, 1, 0}, /* depth multiplier 2 */
    {3, 8, 8, 8, 8, 3, 3, 1, 1, 8, 1, 1, 1, 1, 0}, /* depthwise */
    {3, 9, 7, 7, 7, 3, 3, 1, 1, 7, 1, 1, 1, 1, 0},
    {3, 9, 8, 20, 20, 3, 3, 2, 1, 20, 0, 0, 1, 1, 0},
    {2, 10, 9, 35, 35, 5, 5, 1, 1, 35, 2, 2, 2, 2, 0},
    {2, 10, 9, 64, 64, 3, 3, 1, 2, 64, 2, 2, 2, 2, 0},
    {2, 5, 5, 8, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1, 5}, /* slices of wider tensors */
    {2, 5, 5, 6, 10, 3, 3, 2, 1, 2, 1, 1, 1, 1, 3},
    {2, 5, 5, 9, 9, 3, 3, 1, 1, 9, 1, 1, 1, 1, 2},
    {3, 6, 6, 4, 4, 2, 2, 3, 1, 1, 0, 0, 0, 0, 0}, /* stride past the window: dx has holes */
    {2, 3, 3, 2, 4, 3, 3, 4, 1, 1, 1, 1, 1, 1, 0}, /* stride past the image */
};

static const double tolerance = 4e-6;

typedef struct setting {
    tensor x, y, dy, dx, dx0;
    array w, bias, stats, dw, dbias;
    nn_conv g;
} setting;

static setting setting_new(const shape *s)
{
    setting t = {
        .g = {s->kh, s->kw, s->stride, s->stride, s->top, s->left, s->dilation, s->dilation, s->groups}};
    int oh = (s->h + s->top + s->bottom - (s->kh - 1) * s->dilation - 1) / s->stride + 1;
    int ow = (s->w + s->left + s->right - (s->kw - 1) * s->dilation - 1) / s->stride + 1;
    t.x = tensor_new(s->n, s->h, s->w, s->in, s->top, s->bottom, s->left, s->right, s->gap, 0.0f);
    for (ptrdiff_t i = 0; s->gap && i < (ptrdiff_t)t.x.size; i++) /* beside the slice lies something else */
        if ((i % t.x.v.sw) >= s->in)
            t.x.mem[i] = NAN;
    t.y = tensor_new(s->n, oh, ow, s->out, 1, 0, 2, 1, s->gap, 0.0f);
    t.dy = tensor_new(s->n, oh, ow, s->out, 0, 1, 1, 0, s->gap, NAN);
    t.dx = tensor_new(s->n, s->h, s->w, s->in, 1, 1, 0, 1, s->gap, NAN);
    t.w = array_new((size_t)s->kh * s->kw * (s->in / s->groups) * s->out);
    t.bias = array_new((size_t)s->out);
    t.stats = array_new((size_t)s->out * 2);
    t.dw = array_new(t.w.n);
    t.dbias = array_new((size_t)s->out);
    return t;
}

static void setting_free(setting *t)
{
    tensor *tensors[] = {&t->x, &t->y, &t->dy, &t->dx};
    array *arrays[] = {&t->w, &t->bias, &t->stats, &t->dw, &t->dbias};
    for (size_t i = 0; i < 4; i++)
        tensor_free(tensors[i]);
    for (size_t i = 0; i < 5; i++)
        array_free(arrays[i]);
}

static void check(bool ok, const nn_kernels *k, const shape *s, const char *what)
{
    if (!ok)
        fail_msg("%s at level %s: shape %d of the table (%d images of %dx%dx%d to %d, window %dx%d)", what,
                 k->level, (int)(s - shapes), s->n, s->h, s->w, s->in, s->out, s->kh, s->kw);
}

static void test_forward(void **state)
{
    (void)state;
    const nn_kernels_f64 *ref = &nn_reference_f64;
    FOR_LEVELS(k)
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        setting t = setting_new(&shapes[i]);
        void *memory;
        float *scratch = scratch_new(k->conv_scratch(&t.x.v, &t.y.v, &t.g), i % 2, &memory);
        const struct {
            const char *what;
            bool bias, stats;
            nn_act act;
        } variants[] = {
            {"forward", false, false, NN_ACT_NONE},
            {"forward with bias and ReLU", true, false, NN_ACT_RELU},
            {"forward with ReLU6", false, false, NN_ACT_RELU6},
            {"forward with statistics", false, true, NN_ACT_NONE},
            {"forward with bias and statistics", true, true, NN_ACT_NONE},
        };
        for (size_t v = 0; v < sizeof(variants) / sizeof(*variants); v++) {
            if (variants[v].stats) /* a mean far from zero */
                for (size_t c = 0; c < t.bias.n; c++)
                    t.bias.d[c] = t.bias.f[c] += 100;
            const float *bias = variants[v].bias ? t.bias.f : NULL;
            const double *bias64 = variants[v].bias ? t.bias.d : NULL;
            ref->conv_forward(t.y.d, t.x.d, t.w.d, bias64, variants[v].act,
                              variants[v].stats ? t.stats.d : NULL, &t.g, NULL);
            k->conv_forward(t.y.v, t.x.v, t.w.f, bias, variants[v].act, variants[v].stats ? t.stats.f : NULL,
                            &t.g, scratch);
            check(tensor_agrees(&t.y, tolerance), k, &shapes[i], variants[v].what);
            if (variants[v].stats) {
                size_t c = t.stats.n / 2;
                array mean = {t.stats.f, t.stats.d, c}, var = {t.stats.f + c, t.stats.d + c, c};
                check(array_agrees("mean", &mean, tolerance), k, &shapes[i], variants[v].what);
                check(array_agrees("variance", &var, 2e-4), k, &shapes[i], variants[v].what);
            }
        }
        free(memory);
        setting_free(&t);
    }
}

static void test_gradients(void **state)
{
    (void)state;
    const nn_kernels_f64 *ref = &nn_reference_f64;
    FOR_LEVELS(k)
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        setting t = setting_new(&shapes[i]);
        void *memory;
        float *scratch = scratch_new(k->conv_scratch(&t.x.v, &t.dy.v, &t.g), i % 2, &memory);
        for (int accumulate = 1; accumulate >= 0; accumulate--) { /* both start from what dx holds */
            ref->conv_input_grad(t.dx.d, t.dy.d, t.w.d, &t.g, accumulate, NULL);
            k->conv_input_grad(t.dx.v, t.dy.v, t.w.f, &t.g, accumulate, scratch);
            check(tensor_agrees(&t.dx, tolerance), k, &shapes[i], accumulate ? "dx +=" : "dx");
        }
        ref->conv_weight_grad(t.dw.d, t.dbias.d, t.x.d, t.dy.d, &t.g, NULL);
        k->conv_weight_grad(t.dw.f, t.dbias.f, t.x.v, t.dy.v, &t.g, scratch);
        check(array_agrees("dw", &t.dw, tolerance), k, &shapes[i], "weight gradient");
        check(array_agrees("dbias", &t.dbias, tolerance), k, &shapes[i], "bias gradient");
        memset(t.dw.f, 0xff, t.dw.n * sizeof(float));
        k->conv_weight_grad(t.dw.f, NULL, t.x.v, t.dy.v, &t.g, scratch);
        check(array_agrees("dw", &t.dw, tolerance), k, &shapes[i], "weight gradient without bias");
        free(memory);
        setting_free(&t);
    }
}

/* The same bits from other addresses and other garbage, and at the two levels that share a rule of
 * contraction. */
static void run_all(const nn_kernels *k, setting *t, bool odd)
{
    void *memory;
    float *scratch = scratch_new(k->conv_scratch(&t->x.v, &t->y.v, &t->g) + 1, odd, &memory);
    k->conv_forward(t->y.v, t->x.v, t->w.f, t->bias.f, NN_ACT_NONE, t->stats.f, &t->g, scratch);
    if (odd)
        memset(scratch, 0x55, k->conv_scratch(&t->x.v, &t->y.v, &t->g) * sizeof(float));
    k->conv_weight_grad(t->dw.f, t->dbias.f, t->x.v, t->dy.v, &t->g, scratch);
    k->conv_input_grad(t->dx.v, t->dy.v, t->w.f, &t->g, false, scratch);
    free(memory);
}

static void assert_same(const setting *a, const setting *b, const nn_kernels *k, const shape *s)
{
    check(memcmp(a->y.mem, b->y.mem, a->y.size * sizeof(float)) == 0, k, s, "other bits in y");
    check(memcmp(a->stats.f, b->stats.f, a->stats.n * sizeof(float)) == 0, k, s,
          "other bits in the statistics");
    check(memcmp(a->dw.f, b->dw.f, a->dw.n * sizeof(float)) == 0, k, s, "other bits in dw");
    check(memcmp(a->dbias.f, b->dbias.f, a->dbias.n * sizeof(float)) == 0, k, s, "other bits in dbias");
    check(memcmp(a->dx.mem, b->dx.mem, a->dx.size * sizeof(float)) == 0, k, s, "other bits in dx");
}

static void test_same_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        const nn_kernels *v3 = nn_kernels_find("x86-64-v3");
        setting at_v3 = {0};
        FOR_LEVELS(k)
        {
            test_state = 7;
            setting a = setting_new(&shapes[i]);
            void *shift = malloc(40); /* moves the second set of buffers by less than a cache line */
            test_state = 7;
            setting b = setting_new(&shapes[i]);
            run_all(k, &a, false);
            run_all(k, &b, true);
            assert_same(&a, &b, k, &shapes[i]);
            free(shift);
            setting_free(&b);
            if (k == v3) {
                at_v3 = a;
                continue;
            }
            if (v3 && strcmp(k->level, "x86-64-v4") == 0)
                assert_same(&a, &at_v3, k, &shapes[i]);
            setting_free(&a);
        }
        if (v3)
            setting_free(&at_v3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_same_bits),
    };
    return cmocka_run_group_tests_name("kernels: convolution", tests, NULL, NULL);
}
