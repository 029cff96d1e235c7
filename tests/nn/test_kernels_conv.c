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
    array scale, shift;                               /* (in): of a source that is made as it is read */
    tensor after;                                     /* like y: what the gradient passes through */
    array mean, inv_std, gamma, beta, dgamma, dbeta; /* (out): of the norm behind */
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
    t.w = array_new((size_t)s->kh * s->kw * (s->in / s->groups) * s->out + 15); /* 15 more may be read */
    t.w.n -= 15;
    t.bias = array_new((size_t)s->out);
    t.stats = array_new((size_t)s->out * 2);
    t.dw = array_new(t.w.n);
    t.dbias = array_new((size_t)s->out);
    t.scale = array_new((size_t)s->in);
    t.shift = array_new((size_t)s->in);
    t.after = tensor_new(s->n, oh, ow, s->out, 0, 0, 0, 0, s->gap, NAN);
    array *of_norm[] = {&t.mean, &t.inv_std, &t.gamma, &t.beta, &t.dgamma, &t.dbeta};
    for (size_t i = 0; i < 6; i++)
        *of_norm[i] = array_new((size_t)s->out);
    return t;
}

static void setting_free(setting *t)
{
    tensor *tensors[] = {&t->x, &t->y, &t->dy, &t->dx, &t->after};
    array *arrays[] = {&t->w, &t->bias, &t->stats, &t->dw, &t->dbias, &t->scale, &t->shift,
                       &t->mean, &t->inv_std, &t->gamma, &t->beta, &t->dgamma, &t->dbeta};
    for (size_t i = 0; i < sizeof(tensors) / sizeof(*tensors); i++)
        tensor_free(tensors[i]);
    for (size_t i = 0; i < sizeof(arrays) / sizeof(*arrays); i++)
        array_free(arrays[i]);
}

static nn_source source(const setting *t, bool made)
{
    return made ? (nn_source){t->x.v, t->scale.f, t->shift.f, NN_ACT_RELU} : (nn_source){.v = t->x.v};
}

static nn_source_f64 source64(const setting *t, bool made)
{
    return made ? (nn_source_f64){t->x.d, t->scale.d, t->shift.d, NN_ACT_RELU} : (nn_source_f64){.v = t->x.d};
}

static double pixels(const setting *t)
{
    return (double)t->dy.v.n * t->dy.v.h * t->dy.v.w;
}

static nn_gradient gradient(const setting *t, bool norm, nn_act act)
{
    nn_gradient d = {.dy = t->dy.v, .act = act, .y = t->after.v};
    if (norm)
        d = (nn_gradient){t->dy.v, act, t->after.v, t->mean.f, t->inv_std.f, t->gamma.f, t->beta.f, t->dgamma.d, t->dbeta.d, pixels(t)};
    return d;
}

static nn_gradient_f64 gradient64(const setting *t, bool norm, nn_act act)
{
    nn_gradient_f64 d = {.dy = t->dy.d, .act = act, .y = t->after.d};
    if (norm)
        d = (nn_gradient_f64){t->dy.d, act, t->after.d, t->mean.d, t->inv_std.d, t->gamma.d, t->beta.d, t->dgamma.d, t->dbeta.d, pixels(t)};
    return d;
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
        const struct {
            const char *what;
            bool bias, stats, made;
            nn_act act;
        } variants[] = {
            {"forward", false, false, false, NN_ACT_NONE},
            {"forward with bias and ReLU", true, false, false, NN_ACT_RELU},
            {"forward with ReLU6", false, false, false, NN_ACT_RELU6},
            {"forward of a made source", false, false, true, NN_ACT_NONE},
            {"forward with statistics", false, true, false, NN_ACT_NONE},
            {"forward with bias and statistics of a made source", true, true, true, NN_ACT_NONE},
        };
        for (size_t v = 0; v < sizeof(variants) / sizeof(*variants); v++) {
            if (variants[v].stats) /* a mean far from zero */
                for (size_t c = 0; c < t.bias.n; c++)
                    t.bias.d[c] = t.bias.f[c] += 100;
            const float *bias = variants[v].bias ? t.bias.f : NULL;
            const double *bias64 = variants[v].bias ? t.bias.d : NULL;
            nn_source x = source(&t, variants[v].made);
            nn_source_f64 x64 = source64(&t, variants[v].made);
            void *memory;
            float *scratch = scratch_new(k->conv_scratch(&x, &t.y.v, &t.g), i % 2, &memory);
            ref->conv_forward(t.y.d, &x64, t.w.d, bias64, variants[v].act, variants[v].stats ? t.stats.d : NULL, &t.g, NULL);
            k->conv_forward(t.y.v, &x, t.w.f, bias, variants[v].act, variants[v].stats ? t.stats.f : NULL, &t.g, scratch);
            check(tensor_agrees(&t.y, tolerance), k, &shapes[i], variants[v].what);
            if (variants[v].stats) {
                size_t c = t.stats.n / 2;
                array mean = {t.stats.f, t.stats.d, c}, var = {t.stats.f + c, t.stats.d + c, c};
                check(array_agrees("mean", &mean, tolerance), k, &shapes[i], variants[v].what);
                check(array_agrees("variance", &var, 2e-4), k, &shapes[i], variants[v].what);
            }
            free(memory);
        }
        setting_free(&t);
    }
}

static void fill_dy(setting *t) /* a kernel may overwrite it */
{
    for (size_t i = 0; i < t->dy.size; i++)
        if (t->dy.mem64[i] == t->dy.mem64[i])
            t->dy.mem64[i] = t->dy.mem[i] = test_random();
}

static void test_gradients(void **state)
{
    (void)state;
    const nn_kernels_f64 *ref = &nn_reference_f64;
    static const struct {
        const char *what;
        bool made, norm, bias, accumulate;
        nn_act act;
        double tolerance;
    } variants[] = {
        {"gradients", false, false, true, true, NN_ACT_NONE, 4e-6},
        {"gradients without bias", false, false, false, false, NN_ACT_NONE, 4e-6},
        {"gradients through ReLU", false, false, true, false, NN_ACT_RELU, 4e-6},
        {"gradients of a made source", true, false, true, false, NN_ACT_RELU6, 4e-6},
        {"gradients through a norm", false, true, true, true, NN_ACT_NONE, 2e-5},
        {"gradients through norm and ReLU of a made source", true, true, true, false, NN_ACT_RELU, 2e-5},
    };
    FOR_LEVELS(k)
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
        for (size_t v = 0; v < sizeof(variants) / sizeof(*variants); v++) {
            setting t = setting_new(&shapes[i]);
            nn_source x = source(&t, variants[v].made);
            nn_source_f64 x64 = source64(&t, variants[v].made);
            nn_gradient d = gradient(&t, variants[v].norm, variants[v].act);
            nn_gradient_f64 d64 = gradient64(&t, variants[v].norm, variants[v].act);
            void *memory;
            float *scratch = scratch_new(k->conv_scratch(&x, &t.y.v, &t.g), i % 2, &memory);
            for (int with_dx = 1; with_dx >= 0; with_dx--) {
                nn_view dx = t.dx.v;
                nn_view_f64 dx64 = t.dx.d;
                if (!with_dx) {
                    dx.p = NULL;
                    dx64.p = NULL;
                }
                memset(t.dw.f, 0xff, t.dw.n * sizeof(float));
                fill_dy(&t);
                if (variants[v].norm)
                    ref->norm_sums(t.dgamma.d, t.dbeta.d, &d64);
                ref->conv_backward(dx64, t.dw.d, variants[v].bias ? t.dbias.d : NULL, &d64, &x64, t.w.d, &t.g,
                                   variants[v].accumulate, NULL);
                k->conv_backward(dx, t.dw.f, variants[v].bias ? t.dbias.f : NULL, &d, &x, t.w.f, &t.g,
                                 variants[v].accumulate, scratch);
                check(tensor_agrees(&t.dx, variants[v].tolerance), k, &shapes[i], variants[v].what);
                check(array_agrees("dw", &t.dw, variants[v].tolerance), k, &shapes[i], variants[v].what);
                check(array_agrees("dbias", &t.dbias, variants[v].tolerance), k, &shapes[i], variants[v].what);
            }
            free(memory);
            setting_free(&t);
        }
}

/* The same bits from other addresses and other garbage, and at the two levels that share a rule of
 * contraction. */
static void run_all(const nn_kernels *k, setting *t, bool odd)
{
    void *memory;
    nn_source x = source(t, true);
    nn_gradient d = gradient(t, true, NN_ACT_RELU), plain = gradient(t, false, NN_ACT_NONE);
    size_t floats = k->conv_scratch(&x, &t->y.v, &t->g);
    float *scratch = scratch_new(floats + 1, odd, &memory);
    k->conv_forward(t->y.v, &x, t->w.f, t->bias.f, NN_ACT_NONE, t->stats.f, &t->g, scratch);
    if (odd)
        memset(scratch, 0x55, floats * sizeof(float));
    k->conv_backward(t->dx.v, t->dw.f, t->dbias.f, &plain, &x, t->w.f, &t->g, false, scratch);
    k->norm_sums(t->dgamma.d, t->dbeta.d, &d);
    k->conv_backward(t->dx.v, t->dw.f, NULL, &d, &x, t->w.f, &t->g, true, scratch);
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
    /* what the thread sanitizer puts between a product and its sum keeps clang from contracting them, here and there */
    const char *sanitize = getenv("ASHLAR_SANITIZE");
    bool contracts = !sanitize || !strstr(sanitize, "thread");
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
            if (v3 && contracts && strcmp(k->level, "x86-64-v4") == 0)
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
