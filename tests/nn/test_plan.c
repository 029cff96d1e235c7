/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_plan.c - the inference memory plan: known peaks, least peak against brute force, and networks executed inside the arena */
#include "core/rng.h"
#include "nn/op.h"
#include "nn/plan.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct fixture {
    arena *a;
    nn_graph *g;
    ash_error err;
} fixture;

static int add(fixture *f, const char *op, int x, int y, const char *attrs)
{
    int inputs[2] = {x, y};
    int i = nn_add(f->g, &f->err, op, inputs, y < 0 ? 1 : 2, attrs);
    if (i < 0)
        fail_msg("%s %s: %s", op, attrs ? attrs : "", f->err.text);
    return i;
}

static fixture start(int h, int w, int c)
{
    fixture f = {.a = arena_create()};
    f.g = nn_graph_create(f.a, (nn_shape){h, w, c});
    assert_non_null(f.g);
    return f;
}

static nn_plan *plan_of(fixture *f, int bits, bool exclude_input)
{
    nn_plan *p;
    if (nn_plan_create(f->g, bits, exclude_input, f->a, &p, &f->err) != ASH_OK)
        fail_msg("%s", f->err.text);
    return p;
}

static void check(fixture *f, int64_t with_input, int64_t without)
{
    nn_memory m;
    assert_int_equal(nn_plan_inference(f->g, 8, &m, &f->err), ASH_OK);
    assert_int_equal(m.peak_bytes, with_input);
    assert_int_equal(m.arena_bytes_without_input, without);
    arena_destroy(f->a);
}

static int conv_bn(fixture *f, int x, const char *attrs, bool relu)
{
    x = add(f, "conv2d", x, -1, attrs);
    x = add(f, "batch_norm", x, -1, NULL);
    return relu ? add(f, "relu", x, -1, NULL) : x;
}

static void test_resnet8(void **state)
{
    (void)state;
    fixture f = start(32, 32, 3);
    int x = conv_bn(&f, 0, "out=16", true);
    const char *wide[] = {"out=16", "out=32, stride=2", "out=64, stride=2"};
    const char *next[] = {"out=16", "out=32", "out=64"};
    const char *skip[] = {NULL, "out=32, kernel=1, stride=2", "out=64, kernel=1, stride=2"};
    for (int i = 0; i < 3; i++) {
        int y = conv_bn(&f, conv_bn(&f, x, wide[i], true), next[i], false);
        if (skip[i])
            x = add(&f, "conv2d", x, -1, skip[i]);
        x = add(&f, "relu", add(&f, "add", y, x, NULL), -1, NULL);
    }
    x = add(&f, "global_avg_pool", x, -1, NULL);
    add(&f, "dense", add(&f, "flatten", x, -1, NULL), -1, "out=10");
    check(&f, 49152, 49152);
}

static void test_lenet(void **state)
{
    (void)state;
    fixture f = start(28, 28, 1);
    int x = add(&f, "conv2d", 0, -1, "out=20, kernel=5, padding=valid");
    x = add(&f, "max_pool", x, -1, "kernel=2");
    x = add(&f, "conv2d", x, -1, "out=50, kernel=5, padding=valid");
    x = add(&f, "max_pool", x, -1, "kernel=2");
    x = add(&f, "relu", add(&f, "dense", x, -1, "out=500"), -1, NULL);
    add(&f, "dense", x, -1, "out=10");
    check(&f, 14400, 14400);
}

static void test_lenet_300_100(void **state)
{
    (void)state;
    fixture f = start(28, 28, 1);
    int x = add(&f, "flatten", 0, -1, NULL);
    x = add(&f, "relu", add(&f, "dense", x, -1, "out=300"), -1, NULL);
    x = add(&f, "relu", add(&f, "dense", x, -1, "out=100"), -1, NULL);
    add(&f, "dense", x, -1, "out=10");
    check(&f, 1084, 400);
}

/* What has no buffer of its own, and what must have one. */
static void test_roles(void **state)
{
    (void)state;
    fixture f = start(4, 4, 2);
    int image_relu = add(&f, "relu", 0, -1, NULL); /* not in place: the image is never written over */
    int conv = add(&f, "conv2d", image_relu, -1, "out=2");
    int bn = add(&f, "batch_norm", conv, -1, NULL);
    int relu = add(&f, "relu", bn, -1, NULL);
    int drop = add(&f, "dropout", relu, -1, "rate=0.5");
    int unused = add(&f, "conv2d", drop, -1, "out=64");
    int relu6 = add(&f, "relu6", drop, -1, NULL); /* not fused: the sum reads its input too */
    int sum = add(&f, "add", drop, relu6, NULL);
    int last = add(&f, "flatten", sum, -1, NULL);
    nn_plan *p = plan_of(&f, 32, false);
    assert_int_equal(p->nodes[image_relu].role, NN_PLAN_RUN);
    assert_int_equal(p->nodes[image_relu].over, -1);
    assert_int_equal(p->nodes[bn].role, NN_PLAN_FUSED);
    assert_int_equal(p->nodes[relu].role, NN_PLAN_FUSED);
    assert_int_equal(p->nodes[relu].host, conv);
    assert_int_equal(p->nodes[drop].role, NN_PLAN_ALIAS);
    assert_int_equal(p->nodes[drop].host, conv);
    assert_int_equal(p->nodes[unused].role, NN_PLAN_UNUSED);
    assert_int_equal(p->nodes[relu6].role, NN_PLAN_RUN);
    assert_int_equal(p->nodes[sum].over, conv);
    assert_int_equal(p->nodes[last].role, NN_PLAN_ALIAS);
    assert_int_equal(p->nodes[last].offset, p->nodes[sum].offset);
    int order[] = {image_relu, conv, bn, relu, relu6, sum};
    assert_int_equal(p->n_order, 6);
    assert_memory_equal(p->order, order, sizeof order);
    assert_int_equal(p->arena_bytes, 2 * 4 * 4 * 2 * 4);
    arena_destroy(f.a);
}

static void test_bits_and_alignment(void **state)
{
    (void)state;
    fixture f = start(1, 1, 9);
    add(&f, "dense", 0, -1, "out=3");
    assert_int_equal(plan_of(&f, 1, false)->arena_bytes, 2 + 1); /* ceil(9 / 8) + ceil(3 / 8) */
    assert_int_equal(plan_of(&f, 4, false)->arena_bytes, 5 + 2);
    assert_int_equal(plan_of(&f, 8, false)->arena_bytes, 12);
    assert_int_equal(plan_of(&f, 0, false)->arena_bytes, 48); /* floats */
    f.g->nodes[0].out_bits = 8;                               /* bytes, then floats on a multiple of 4 */
    nn_plan *p = plan_of(&f, 0, false);
    assert_int_equal(p->live_bytes, 9 + 12);
    assert_int_equal(p->nodes[1].offset % 4, 0);
    arena_destroy(f.a);
}

/* Random networks of up to `most` operators on (4, 4, c) and vectors. */
static fixture random_network(uint64_t seed, int most)
{
    static const char *convs[] = {"out=3, kernel=3", "out=5, kernel=1", "out=5, kernel=3, dilation=2", "out=2, kernel=[1, 3]",
                                  "out=6, kernel=3, bias=false"};
    static const char *ops[] = {"relu", "batch_norm", "relu6", "identity", "dropout", "hard_swish", "sigmoid", "tanh"};
    static const char *pools[] = {"max_pool", "avg_pool"};
    rng r = rng_stream(seed, "networks", 0);
    fixture f = start(4, 4, 3);
    int n = 2 + (int)rng_below(&r, (uint32_t)most - 1);
    for (int i = 0; i < n; i++) {
        int last = f.g->n_nodes - 1;
        int back = (int)rng_below(&r, 4), x = last - (back < last ? back : last), other = (int)rng_below(&r, (uint32_t)last + 1);
        nn_shape a = f.g->nodes[x].shape, b = f.g->nodes[other].shape;
        bool same = a.c == b.c && a.h == b.h;
        switch (rng_below(&r, 8)) {
        case 0: add(&f, "conv2d", x, -1, convs[rng_below(&r, 5)]); break;
        case 1: add(&f, ops[rng_below(&r, 8)], x, -1, NULL); break;
        case 2: add(&f, pools[rng_below(&r, 2)], x, -1, "kernel=3, stride=1, padding=same"); break;
        case 3: add(&f, "depthwise_conv2d", x, -1, "kernel=3"); break;
        case 4: add(&f, "concat", x, a.h == b.h ? other : x, NULL); break;
        case 5: add(&f, "multiply", add(&f, "hard_sigmoid", add(&f, "global_avg_pool", other, -1, NULL), -1, NULL), other, NULL); break;
        case 6: add(&f, "multiply", x, same ? other : x, NULL); break;
        default:
            if (same) {
                int inputs[3] = {x, other, x};
                int k = 2 + (int)rng_below(&r, 2);
                assert_true(nn_add(f.g, &f.err, "add", inputs, k, NULL) > 0);
            } else {
                add(&f, "relu", add(&f, "conv2d", x, -1, "out=4, kernel=1"), -1, NULL);
            }
        }
    }
    add(&f, "dense", f.g->n_nodes - 1, -1, "out=4");
    return f;
}

/* One image through a node; `at` gives each node's floats. Weights are a hash of where they stand. */
static float weight(int of, size_t i)
{
    uint64_t h = ((uint64_t)of * 1000003 + i + 1) * 0x9e3779b97f4a7c15u;
    return (float)(int64_t)(h >> 40) / (float)(1 << 24) - 0.5f;
}

static nn_view view_of(nn_shape s, float *p)
{
    return (nn_view){.p = p, .n = 1, .h = s.h, .w = s.w, .c = s.c, .sw = s.c, .sh = (ptrdiff_t)s.w * s.c,
                     .sn = (ptrdiff_t)s.h * s.w * s.c};
}

static float *const *at_nodes;

static void run_linear(const nn_graph *g, int i)
{
    const nn_node *n = &g->nodes[i];
    nn_shape in = g->nodes[n->inputs[0]].shape, out = n->shape;
    const float *x = at_nodes[n->inputs[0]];
    nn_conv k = n->op->geometry(n, in);
    int per_group = in.c / k.groups, out_per_group = out.c / k.groups;
    for (int y = 0; y < out.h; y++)
        for (int z = 0; z < out.w; z++)
            for (int c = 0; c < out.c; c++) {
                float sum = weight(i, 999983 + (size_t)c);
                for (int u = 0; u < k.kh; u++)
                    for (int v = 0; v < k.kw; v++) {
                        int row = y * k.stride_h + u * k.dilation_h - k.pad_top;
                        int column = z * k.stride_w + v * k.dilation_w - k.pad_left;
                        if (row < 0 || row >= in.h || column < 0 || column >= in.w)
                            continue;
                        const float *pixel = x + ((size_t)row * (size_t)in.w + (size_t)column) * (size_t)in.c;
                        for (int d = 0; d < per_group; d++)
                            sum += pixel[c / out_per_group * per_group + d] *
                                   weight(i, (size_t)(((u * k.kw + v) * per_group + d) * out.c + c));
                    }
                at_nodes[i][((size_t)y * (size_t)out.w + (size_t)z) * (size_t)out.c + (size_t)c] = sum;
            }
}

static void run_node(const nn_graph *g, int i)
{
    const nn_node *n = &g->nodes[i];
    const nn_kernels *kernels = nn_kernels_find("reference");
    nn_view y = view_of(n->shape, at_nodes[i]), x = view_of(g->nodes[n->inputs[0]].shape, at_nodes[n->inputs[0]]);
    float scale[64], shift[64];
    switch (n->op->kind) {
    case NN_LINEAR: run_linear(g, i); break;
    case NN_NORM:
        assert_true(n->shape.c <= 64);
        for (int c = 0; c < n->shape.c; c++) {
            scale[c] = 0.75f + weight(i, (size_t)c);
            shift[c] = weight(i, (size_t)c + 1000);
        }
        kernels->scale_act(y, x, scale, shift, NN_ACT_NONE);
        break;
    case NN_ACTIVATION: kernels->scale_act(y, x, NULL, NULL, n->op->act); break;
    default: {
        nn_pass p = {.kernels = kernels, .node = n, .y = y};
        for (int k = 0; k < n->n_inputs; k++)
            p.x[k] = view_of(g->nodes[n->inputs[k]].shape, at_nodes[n->inputs[k]]);
        n->op->forward(&p);
    }
    }
}

static void fill_image(float *image, size_t n)
{
    for (size_t i = 0; i < n; i++)
        image[i] = weight(0, i);
}

/* Every node with memory of its own, against every node where the plan puts it. */
static void execute(fixture *f, bool exclude_input)
{
    const nn_graph *g = f->g;
    nn_plan *p = plan_of(f, 32, exclude_input);
    size_t n = (size_t)g->n_nodes, n_out = (size_t)nn_elements(g->nodes[g->output].shape);
    size_t n_in = (size_t)nn_elements(g->nodes[0].shape);
    float **own = calloc(n, sizeof *own), **planned = calloc(n, sizeof *planned);
    char *block = malloc((size_t)p->arena_bytes + 1);
    float *image = calloc(n_in, sizeof *image);
    memset(block, 0x7f, (size_t)p->arena_bytes); /* 3.4e38: whatever is read before it is written shows */
    for (size_t i = 0; i < n; i++) {
        own[i] = calloc((size_t)nn_elements(g->nodes[i].shape), sizeof(float));
        planned[i] = p->nodes[i].offset >= 0 ? (float *)(void *)(block + p->nodes[i].offset)
                     : p->nodes[i].host == 0 ? image
                                             : NULL;
        assert_true(p->nodes[i].offset + p->nodes[i].bytes <= p->arena_bytes || p->nodes[i].offset < 0);
    }
    fill_image(own[0], n_in);
    fill_image(planned[0], n_in);
    at_nodes = own;
    for (int i = 1; i < g->n_nodes; i++)
        run_node(g, i);
    at_nodes = planned;
    for (int k = 0; k < p->n_order; k++)
        run_node(g, p->order[k]);
    assert_memory_equal(planned[g->output], own[g->output], n_out * sizeof(float));
    for (size_t i = 0; i < n; i++)
        free(own[i]);
    free(own);
    free(planned);
    free(image);
    free(block);
}

static void test_execution(void **state)
{
    (void)state;
    int shared = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        fixture f = random_network(seed, 30);
        execute(&f, false);
        execute(&f, true);
        nn_plan *p = plan_of(&f, 32, false);
        int64_t all = 0;
        for (int i = 0; i < f.g->n_nodes; i++)
            if (p->nodes[i].role == NN_PLAN_RUN)
                all += p->nodes[i].bytes;
        shared += p->arena_bytes < all;
        assert_true(p->arena_bytes >= p->live_bytes);
        arena_destroy(f.a);
    }
    assert_true(shared > 300);
}

/* Least peak by trying every order of the hosts: an implementation of plan.h's rules on its own. */
typedef struct brute {
    const nn_graph *g;
    const nn_plan *p;
    bool done[64];
    int64_t best;
    long orders;
} brute;

static bool reads(const brute *b, int reader, int host)
{
    const nn_node *n = &b->g->nodes[reader];
    for (int k = 0; k < n->n_inputs; k++)
        if (b->p->nodes[n->inputs[k]].host == host)
            return true;
    return false;
}

static bool still_read(const brute *b, int host)
{
    if (b->p->nodes[b->g->output].host == host)
        return true;
    for (int i = 1; i < b->g->n_nodes; i++)
        if (b->p->nodes[i].role == NN_PLAN_RUN && !b->done[i] && reads(b, i, host))
            return true;
    return false;
}

static int64_t live_now(const brute *b)
{
    int64_t sum = 0;
    for (int i = 0; i < b->g->n_nodes; i++)
        if (b->p->nodes[i].role == NN_PLAN_RUN && b->done[i] && still_read(b, i))
            sum += b->p->nodes[i].bytes;
    return sum;
}

static bool can_write_over(const brute *b, int i, int host)
{
    const nn_node *n = &b->g->nodes[i];
    int may = n->op->kind == NN_PLAIN ? n->op->in_place : n->op->kind == NN_LINEAR ? 0 : 1;
    bool found = false, again = false;
    for (int k = 0; k < n->n_inputs; k++) {
        bool same = b->p->nodes[n->inputs[k]].host == host;
        found |= k < may && same;
        again |= k >= may && same;
    }
    return host != 0 && found && !again && b->p->nodes[host].bytes == b->p->nodes[i].bytes;
}

static void try_orders(brute *b, int left, int64_t peak)
{
    if (peak >= b->best || b->orders > 200000)
        return;
    if (!left) {
        b->best = peak;
        return;
    }
    for (int i = 1; i < b->g->n_nodes; i++) {
        if (b->p->nodes[i].role != NN_PLAN_RUN || b->done[i])
            continue;
        bool ready = true;
        for (int k = 0; k < b->g->nodes[i].n_inputs; k++)
            ready &= b->done[b->p->nodes[b->g->nodes[i].inputs[k]].host];
        if (!ready)
            continue;
        b->orders++;
        int64_t during = live_now(b) + b->p->nodes[i].bytes, saved = 0;
        b->done[i] = true;
        for (int h = 0; h < i; h++)
            if (b->p->nodes[h].role == NN_PLAN_RUN && can_write_over(b, i, h) && !still_read(b, h))
                saved = b->p->nodes[h].bytes;
        try_orders(b, left - 1, during - saved > peak ? during - saved : peak);
        b->done[i] = false;
    }
}

static void test_least_peak(void **state)
{
    (void)state;
    int compared = 0, tight = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        fixture f = random_network(seed + 10000, 14);
        nn_plan *p = plan_of(&f, 8, false);
        assert_true(p->exact_order);
        brute b = {.g = f.g, .p = p, .best = INT64_MAX, .done = {true}};
        int hosts = 0;
        for (int i = 1; i < f.g->n_nodes; i++)
            hosts += p->nodes[i].role == NN_PLAN_RUN;
        try_orders(&b, hosts, p->nodes[0].bytes);
        if (b.orders <= 200000) {
            compared++;
            assert_int_equal(p->live_bytes, b.best);
        }
        tight += p->arena_bytes == p->live_bytes;
        arena_destroy(f.a);
    }
    assert_true(compared > 300);
    assert_true(tight >= 396); /* of 400: first fit hardly ever misses the bound */
}

/* The order matters: two branches, written down in the worst order. */
static void test_order_matters(void **state)
{
    (void)state;
    fixture f = start(8, 8, 4);
    int a = add(&f, "conv2d", 0, -1, "out=32");      /* 2048 B */
    int c = add(&f, "conv2d", 0, -1, "out=16");      /* 1024 B */
    int b = add(&f, "max_pool", a, -1, "kernel=8, padding=valid");  /* 32 B */
    int d = add(&f, "max_pool", c, -1, "kernel=8, padding=valid");  /* 16 B */
    add(&f, "concat", b, d, NULL);
    nn_plan *p = plan_of(&f, 8, false); /* best: c and d before a; as written: 256 + 2048 + 1024 */
    assert_int_equal(p->live_bytes, 256 + 16 + 2048);
    arena_destroy(f.a);
}

/* More branches side by side than the exact search takes: still a valid plan, and said to be inexact. */
static void test_beam(void **state)
{
    (void)state;
    fixture f = start(4, 4, 3);
    int sum = -1;
    for (int branch = 0; branch < 8; branch++) {
        int x = 0;
        for (int k = 0; k < 6; k++)
            x = add(&f, "conv2d", x, -1, k % 2 ? "out=3" : "out=7, kernel=1");
        sum = sum < 0 ? x : add(&f, "add", sum, x, NULL);
    }
    add(&f, "dense", sum, -1, "out=4");
    nn_plan *p = plan_of(&f, 8, false);
    assert_false(p->exact_order);
    assert_int_equal(p->live_bytes, 16 * (3 + 3 + 3 + 7)); /* one branch at a time: image, sum, and a convolution */
    execute(&f, false);
    arena_destroy(f.a);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    fixture f = random_network(7, 20);
    size_t before = arena_live();
    bool failed = true;
    for (long k = 1; failed; k++) {
        nn_memory m;
        arena_fail_at(k);
        failed = nn_plan_inference(f.g, 8, &m, &f.err) != ASH_OK;
        arena_fail_at(0);
        if (failed)
            assert_int_equal(f.err.status, ASH_BROKEN);
        assert_int_equal(arena_live(), before);
        assert_true(k < 100000);
    }
    arena_destroy(f.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resnet8),       cmocka_unit_test(test_lenet),
        cmocka_unit_test(test_lenet_300_100), cmocka_unit_test(test_roles),
        cmocka_unit_test(test_bits_and_alignment), cmocka_unit_test(test_execution),
        cmocka_unit_test(test_least_peak),    cmocka_unit_test(test_order_matters),
        cmocka_unit_test(test_beam),          cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
