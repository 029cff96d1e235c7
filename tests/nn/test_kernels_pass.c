/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every level's passes, pooling, loss and optimisers against the float64 reference. */
#include "kernel_test.h"

typedef struct shape {
    int n, h, w, c, halo, gap;
} shape;

static const shape shapes[] = {
    {1, 1, 1, 1, 0, 0},    {3, 4, 5, 1, 0, 0},    {2, 5, 7, 3, 1, 0},   {2, 3, 3, 7, 1, 0},
    {4, 8, 8, 8, 0, 0},    {4, 7, 7, 8, 1, 0},    {3, 14, 14, 8, 1, 0}, {5, 4, 4, 16, 1, 0},
    {2, 6, 5, 24, 0, 0},   {2, 6, 5, 24, 1, 3},   {9, 2, 2, 32, 0, 0},  {2, 5, 5, 64, 1, 0},
    {2, 3, 4, 100, 1, 0},  {2, 2, 2, 130, 0, 0},  {33, 1, 1, 10, 0, 0}, {2, 2, 1, 1100, 0, 0},
    {2, 2, 2, 1024, 1, 0}, {4, 40, 40, 16, 0, 0}, {3, 9, 9, 12, 2, 5},  {70, 32, 32, 2, 0, 0},
};
#define EACH_SHAPE(s) for (const shape *s = shapes; s < shapes + sizeof(shapes) / sizeof(*shapes); s++)

static const nn_act acts[] = {NN_ACT_NONE, NN_ACT_RELU, NN_ACT_RELU6};
static const double tolerance = 2e-6;
static const nn_kernels_f64 *const ref = &nn_reference_f64;

static tensor padded(const shape *s, float around)
{
    return tensor_new(s->n, s->h, s->w, s->c, s->halo, s->halo, s->halo, s->halo, s->gap, around);
}

static tensor plain(const shape *s)
{
    return tensor_new(s->n, s->h, s->w, s->c, 0, 0, 0, 0, 0, NAN);
}

static void scale_by(tensor *t, float factor) /* so that ReLU6 meets its upper corner */
{
    for (size_t i = 0; i < t->size; i++) {
        t->mem[i] *= factor;
        t->mem64[i] = t->mem[i];
    }
}

static void check(bool ok, const nn_kernels *k, const shape *s, const char *what)
{
    if (!ok)
        fail_msg("%s at level %s: %d images of %dx%dx%d, halo %d, gap %d", what, k->level, s->n, s->h, s->w,
                 s->c, s->halo, s->gap);
}

static void test_maps(void **state)
{
    (void)state;
    FOR_LEVELS(k)
    EACH_SHAPE(s)
    {
        tensor y = padded(s, 0.0f), x = plain(s), z = padded(s, NAN);
        array scale = array_new((size_t)s->c), shift = array_new((size_t)s->c);
        scale_by(&x, 8);
        for (size_t a = 0; a < 3; a++) {
            ref->scale_act(y.d, x.d, scale.d, shift.d, acts[a]);
            k->scale_act(y.v, x.v, scale.f, shift.f, acts[a]);
            check(tensor_agrees(&y, tolerance), k, s, "scale_act");
            ref->scale_act(y.d, x.d, NULL, NULL, acts[a]);
            k->scale_act(y.v, x.v, NULL, NULL, acts[a]);
            check(tensor_agrees(&y, 0), k, s, "activation");
            for (int accumulate = 0; accumulate < 2; accumulate++) { /* z: some gradient; y: an output */
                ref->act_backward(x.d, z.d, y.d, acts[a], accumulate);
                k->act_backward(x.v, z.v, y.v, acts[a], accumulate);
                check(tensor_agrees(&x, tolerance), k, s, "act_backward");
            }
            scale_by(&x, 3);
            ref->add(y.d, x.d, z.d, acts[a]);
            k->add(y.v, x.v, z.v, acts[a]);
            check(tensor_agrees(&y, tolerance), k, s, "add");
            ref->copy(z.d, x.d, a > 0);
            k->copy(z.v, x.v, a > 0);
            check(tensor_agrees(&z, tolerance), k, s, "copy");
        }
        k->scale_act(x.v, x.v, scale.f, shift.f, NN_ACT_RELU); /* in place */
        ref->scale_act(x.d, x.d, scale.d, shift.d, NN_ACT_RELU);
        check(tensor_agrees(&x, tolerance), k, s, "scale_act in place");
        array_free(&scale);
        array_free(&shift);
        tensor_free(&x);
        tensor_free(&y);
        tensor_free(&z);
    }
}

static void test_batch_norm(void **state)
{
    (void)state;
    FOR_LEVELS(k)
    EACH_SHAPE(s)
    for (size_t a = 0; a < 3; a++) {
        tensor x = plain(s), dy = padded(s, NAN), dx = plain(s);
        size_t c = (size_t)s->c;
        array stats = array_new(2 * c), gamma = array_new(c), beta = array_new(c), inv = array_new(c),
              dgamma = array_new(c), dbeta = array_new(c);
        scale_by(&x, 4);
        for (size_t i = 0; i < x.size; i++) /* a mean far from zero */
            x.mem64[i] = x.mem[i] += 50;
        ref->mean_var(stats.d, x.d);
        k->mean_var(stats.f, x.v);
        check(array_agrees("mean and variance", &stats, tolerance), k, s, "mean_var");
        for (size_t i = 0; i < c; i++) {
            stats.d[i] = stats.f[i];
            inv.d[i] = inv.f[i] = 1 / sqrtf(stats.f[c + i] + 1e-5f);
            gamma.d[i] = gamma.f[i] = (gamma.f[i] + 2) * 2;
            beta.d[i] = beta.f[i] = beta.f[i] + 2;
        }
        double count = (double)s->n * s->h * s->w, *sums = calloc(2 * c, sizeof(double));
        nn_gradient d = {dy.v, acts[a], x.v, stats.f, inv.f, gamma.f, beta.f, sums, sums + c, count};
        nn_gradient_f64 d64 = {dy.d, acts[a], x.d, stats.d, inv.d, gamma.d, beta.d, dgamma.d, dbeta.d, count};
        ref->norm_sums(dgamma.d, dbeta.d, &d64);
        k->norm_sums(sums, sums + c, &d);
        for (size_t i = 0; i < c; i++) {
            dgamma.f[i] = (float)sums[i];
            dbeta.f[i] = (float)sums[c + i];
        }
        ref->norm_backward(dx.d, &d64);
        k->norm_backward(dx.v, &d);
        if (stats.f[c] > 0) { /* not the single pixel, whose 1 / std magnifies the rounding of x - mean */
            check(array_agrees("dgamma", &dgamma, 2e-5), k, s, "norm_sums");
            check(array_agrees("dbeta", &dbeta, 2e-5), k, s, "norm_sums");
            check(tensor_agrees(&dx, 1e-4), k, s, "norm_backward");
        }
        k->norm_backward(dy.v, &d);
        ref->norm_backward(dy.d, &d64);
        if (stats.f[c] > 0)
            check(tensor_agrees(&dy, 1e-4), k, s, "norm_backward in place");
        free(sums);
        array *arrays[] = {&stats, &gamma, &beta, &inv, &dgamma, &dbeta};
        for (size_t i = 0; i < 6; i++)
            array_free(arrays[i]);
        tensor_free(&x);
        tensor_free(&dy);
        tensor_free(&dx);
    }
}

static void test_pools(void **state)
{
    (void)state;
    static const nn_conv windows[] = {
        {2, 2, 2, 2, 0, 0, 1, 1, 1}, {3, 3, 2, 2, 1, 1, 1, 1, 1}, {3, 2, 1, 3, 0, 1, 1, 1, 1},
        {3, 3, 1, 1, 2, 2, 2, 2, 1}, {1, 1, 1, 1, 0, 0, 1, 1, 1}, {2, 2, 1, 1, 3, 0, 1, 1, 1},
    };
    FOR_LEVELS(k)
    EACH_SHAPE(s)
    for (size_t i = 0; i <= sizeof(windows) / sizeof(*windows); i++) {
        bool global = i == sizeof(windows) / sizeof(*windows);
        nn_conv g = global ? (nn_conv){s->h, s->w, 1, 1, 0, 0, 1, 1, 1} : windows[i];
        int oh = global ? 1 : (s->h + 2 * g.pad_top - (g.kh - 1) * g.dilation_h - 1) / g.stride_h + 1;
        int ow = global ? 1 : (s->w + 2 * g.pad_left - (g.kw - 1) * g.dilation_w - 1) / g.stride_w + 1;
        if (oh < 1 || ow < 1 || s->h + 2 * g.pad_top < g.kh || s->w + 2 * g.pad_left < g.kw)
            continue;
        tensor x = padded(s, NAN), dx = plain(s);
        tensor y = tensor_new(s->n, oh, ow, s->c, 1, 0, 0, 1, s->gap, 0.0f);
        size_t count = (size_t)s->n * oh * ow * s->c;
        int32_t *at = malloc(count * sizeof *at), *at64 = malloc(count * sizeof *at64);
        assert_true(at && at64);
        for (size_t j = 0; j < x.size; j++) /* ties, so that "the first of equals" is seen */
            if (x.mem[j] == x.mem[j])
                x.mem64[j] = x.mem[j] = floorf(x.mem[j] * 4);
        ref->max_pool_forward(y.d, at64, x.d, &g);
        k->max_pool_forward(y.v, at, x.v, &g);
        check(tensor_agrees(&y, 0), k, s, "max_pool_forward");
        check(memcmp(at, at64, count * sizeof *at) == 0, k, s, "argmax");
        k->max_pool_forward(y.v, NULL, x.v, &g);
        check(tensor_agrees(&y, 0), k, s, "max_pool_forward without argmax");
        for (int flags = 3; flags >= 0; flags--) {
            bool accumulate = flags & 1, padding = flags & 2;
            ref->max_pool_backward(dx.d, y.d, at64, &g, accumulate);
            k->max_pool_backward(dx.v, y.v, at, &g, accumulate);
            check(tensor_agrees(&dx, tolerance), k, s, "max_pool_backward");
            ref->avg_pool_backward(dx.d, y.d, &g, padding, accumulate);
            k->avg_pool_backward(dx.v, y.v, &g, padding, accumulate);
            check(tensor_agrees(&dx, tolerance), k, s, "avg_pool_backward");
            ref->avg_pool_forward(y.d, x.d, &g, padding);
            k->avg_pool_forward(y.v, x.v, &g, padding);
            check(tensor_agrees(&y, tolerance), k, s, "avg_pool_forward");
        }
        free(at);
        free(at64);
        tensor_free(&x);
        tensor_free(&dx);
        tensor_free(&y);
    }
}

static void test_dropout(void **state)
{
    (void)state;
    static const float rates[] = {0, 0.2f, 0.5f, 0.99f};
    FOR_LEVELS(k)
    EACH_SHAPE(s)
    {
        tensor x = padded(s, NAN), y = padded(s, 0.0f);
        size_t n = (size_t)s->n * s->h * s->w * s->c, some = 0;
        uint8_t *want = malloc(n), *got = malloc(n);
        assert_true(want && got);
        rng r = rng_stream(5, "dropout", 3);
        r.counter[0] = UINT32_MAX - 7; /* the carry into the second word of the counter */
        float rate = rates[(s - shapes) % 4];
        ref->dropout_draw(want, n, &r, (double)rate);
        k->dropout_draw(got, n, &r, rate);
        check(memcmp(want, got, n) == 0, k, s, "dropout_draw");
        for (size_t i = 0; i < n; i++)
            some += got[i];
        check(fabs((double)some / (double)n - 1 + (double)rate) < 4 / sqrt((double)n), k, s, "share that dropout keeps");
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            ref->dropout_apply(y.d, x.d, got, 1.25, accumulate);
            k->dropout_apply(y.v, x.v, got, 1.25f, accumulate);
            check(tensor_agrees(&y, tolerance), k, s, "dropout_apply");
        }
        free(want);
        free(got);
        tensor_free(&x);
        tensor_free(&y);
    }
}

static void test_loss(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 2}, {3, 10}, {5, 7}, {2, 100}, {1, 1000}, {32, 10}, {4, 1}};
    FOR_LEVELS(k)
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        for (int smooth = 0; smooth < 2; smooth++) {
            int n = sizes[i][0], c = sizes[i][1];
            float smoothing = smooth ? 0.125f : 0.0f;
            array z = array_new((size_t)n * c), d = array_new((size_t)n * c);
            int32_t *label = malloc((size_t)n * sizeof *label);
            size_t errors = 5, errors64 = 5, errors_only = 0;
            assert_non_null(label);
            for (size_t j = 0; j < z.n; j++)
                z.d[j] = z.f[j] =
                    floorf(z.f[j] * 64) * (j % 3 == 0 ? 2.0f : 0.25f); /* ties, and exp far under 0 */
            for (int j = 0; j < n; j++)
                label[j] = (int32_t)(j * 7 % c);
            double want = ref->softmax_ce(d.d, z.d, label, n, c, smoothing, &errors64);
            double got = k->softmax_ce(d.f, z.f, label, n, c, smoothing, &errors);
            assert_true(fabs(got - want) <= 2e-6 * (1 + fabs(want)));
            assert_int_equal(errors, errors64);
            assert_true(array_agrees("dlogits", &d, 5e-7));
            assert_true(k->softmax_ce(NULL, z.f, label, n, c, smoothing, &errors_only) == got);
            assert_int_equal(errors_only + 5, errors);
            z.f[0] = NAN; /* a diverged net must show */
            got = k->softmax_ce(d.f, z.f, label, n, c, smoothing, NULL);
            assert_true(got != got);
            free(label);
            array_free(&z);
            array_free(&d);
        }
}

static void test_optimisers(void **state)
{
    (void)state;
    FOR_LEVELS(k)
    for (size_t n = 1; n < 200; n = n * 2 + 1) {
        array w = array_new(n), m = array_new(n), v = array_new(n), grad = array_new(n);
        for (size_t i = 0; i < n; i++)
            v.d[i] = v.f[i] = fabsf(v.f[i]);
        ref->sgd(w.d, m.d, grad.d, n, 0.125, 0.9, 0.25);
        k->sgd(w.f, m.f, grad.f, n, 0.125f, 0.9f, 0.25f);
        assert_true(array_agrees("w after sgd", &w, 1e-6));
        assert_true(array_agrees("velocity", &m, 1e-6));
        ref->adamw(w.d, m.d, v.d, grad.d, n, 0.125, 0.9, 0.99, 1e-3, 0.25, 3, 5);
        k->adamw(w.f, m.f, v.f, grad.f, n, 0.125f, 0.9f, 0.99f, 1e-3f, 0.25f, 3, 5);
        assert_true(array_agrees("w after adamw", &w, 2e-6));
        assert_true(array_agrees("m", &m, 1e-6));
        assert_true(array_agrees("v", &v, 1e-6));
        for (size_t i = 0; i < n; i++)
            grad.d[i] = grad.f[i];
        double want = ref->sum_squares(grad.d, n);
        assert_true(fabs(k->sum_squares(grad.f, n) - want) <= 1e-12 * (1 + want));
        array_free(&w);
        array_free(&m);
        array_free(&v);
        array_free(&grad);
    }
}

/* The levels with fused multiply-add agree to the bit, also where sums run over several pixels at once. */
static void test_same_bits(void **state)
{
    (void)state;
    const nn_kernels *levels[] = {nn_kernels_find("x86-64-v3"), nn_kernels_find("x86-64-v4")};
    if (!levels[0] || !levels[1])
        skip();
    EACH_SHAPE(s)
    {
        tensor dx[2];
        array stats[2], dgamma[2], dbeta[2];
        size_t c = (size_t)s->c;
        array gamma = array_new(c);
        for (int l = 0; l < 2; l++) {
            test_state = 3;
            tensor x = plain(s), dy = plain(s);
            dx[l] = padded(s, 0.0f);
            stats[l] = array_new(2 * c);
            dgamma[l] = array_new(c);
            dbeta[l] = array_new(c);
            levels[l]->mean_var(stats[l].f, x.v);
            nn_gradient d = {dy.v, NN_ACT_RELU, x.v, stats[l].f, gamma.f, gamma.f, gamma.f, dgamma[l].d, dbeta[l].d, (double)s->n * s->h * s->w};
            levels[l]->norm_sums(dgamma[l].d, dbeta[l].d, &d);
            levels[l]->norm_backward(dx[l].v, &d);
            tensor_free(&x);
            tensor_free(&dy);
        }
        check(memcmp(dx[0].mem, dx[1].mem, dx[0].size * sizeof(float)) == 0, levels[1], s,
              "other bits in dx");
        check(memcmp(stats[0].f, stats[1].f, 2 * c * sizeof(float)) == 0, levels[1], s,
              "other bits in mean_var");
        check(memcmp(dgamma[0].d, dgamma[1].d, c * sizeof(double)) == 0, levels[1], s, "other bits in dgamma");
        check(memcmp(dbeta[0].d, dbeta[1].d, c * sizeof(double)) == 0, levels[1], s, "other bits in dbeta");
        for (int l = 0; l < 2; l++) {
            tensor_free(&dx[l]);
            array_free(&stats[l]);
            array_free(&dgamma[l]);
            array_free(&dbeta[l]);
        }
        array_free(&gamma);
    }
}

static void test_levels(void **state)
{
    (void)state;
    assert_string_equal(nn_kernels_levels()[0], "reference");
    assert_null(nn_kernels_find("x86-64-v9"));
    assert_false(nn_kernels_supported("x86-64-v9"));
    assert_string_not_equal(nn_kernels_best()->level, "reference");
    for (const char *const *l = nn_kernels_levels(); *l; l++) {
        const nn_kernels *k = nn_kernels_find(*l);
        assert_int_equal(k != NULL, nn_kernels_supported(*l));
        if (k)
            assert_string_equal(k->level, *l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),    cmocka_unit_test(test_maps), cmocka_unit_test(test_batch_norm),
        cmocka_unit_test(test_pools),     cmocka_unit_test(test_dropout), cmocka_unit_test(test_loss), cmocka_unit_test(test_optimisers),
        cmocka_unit_test(test_same_bits),
    };
    return cmocka_run_group_tests_name("kernels: passes", tests, NULL, NULL);
}
