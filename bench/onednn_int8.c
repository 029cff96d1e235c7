/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onednn_int8.c - our 8-bit convolution beside oneDNN's (Debian's libdnnl-dev, version 2), one thread, u8 x s8 -> u8
 *
 *     build/release/bench/bench_onednn_int8 [LEVEL]
 *
 * oneDNN chooses its own layouts of image and weights; its output is scaled per channel and rounded in float, which is what it
 * offers in place of our integer rule. The two alternate; medians of 15 rounds of 20 ms of processor time. */
#include "nn/infer/linear.h"
#include <dnnl.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 15, MOST = 256 };

static void need(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench_onednn_int8: %s\n", what);
        exit(1);
    }
}

static void *memory(size_t bytes)
{
    size_t whole = (bytes + 63) / 64 * 64;
    void *p = aligned_alloc(64, whole);
    need(p != NULL, "out of memory");
    return memset(p, 1, whole);
}

typedef struct theirs {
    dnnl_stream_t stream;
    dnnl_primitive_t conv;
    dnnl_exec_arg_t args[3];
} theirs;

static dnnl_exec_arg_t argument(int which, const_dnnl_primitive_desc_t d, dnnl_query_t what, dnnl_engine_t engine)
{
    dnnl_memory_t m;
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(d, what, 0);
    need(dnnl_memory_create(&m, md, engine, memory(dnnl_memory_desc_get_size(md))) == dnnl_success, "no memory object");
    return (dnnl_exec_arg_t){which, m};
}

static theirs open_theirs(int size, int c, dnnl_engine_t engine)
{
    theirs t;
    dnnl_dims_t image = {1, c, size, size}, window = {c, c, 3, 3}, ones = {1, 1};
    dnnl_memory_desc_t x, w, y;
    dnnl_convolution_desc_t conv;
    dnnl_primitive_attr_t attr;
    dnnl_primitive_desc_t d;
    float scales[MOST];
    for (int i = 0; i < c; i++)
        scales[i] = 1.0f / 2048;
    bool ok = dnnl_stream_create(&t.stream, engine, dnnl_stream_default_flags) == dnnl_success &&
              dnnl_memory_desc_init_by_tag(&x, 4, image, dnnl_u8, dnnl_format_tag_any) == dnnl_success &&
              dnnl_memory_desc_init_by_tag(&w, 4, window, dnnl_s8, dnnl_format_tag_any) == dnnl_success &&
              dnnl_memory_desc_init_by_tag(&y, 4, image, dnnl_u8, dnnl_format_tag_any) == dnnl_success &&
              dnnl_convolution_forward_desc_init(&conv, dnnl_forward_inference, dnnl_convolution_auto, &x, &w, NULL, &y, ones, ones,
                                                 ones) == dnnl_success &&
              dnnl_primitive_attr_create(&attr) == dnnl_success &&
              dnnl_primitive_attr_set_output_scales(attr, c, 1 << 1, scales) == dnnl_success &&
              dnnl_primitive_desc_create(&d, &conv, attr, engine, NULL) == dnnl_success &&
              dnnl_primitive_create(&t.conv, d) == dnnl_success;
    need(ok, "oneDNN refuses the convolution");
    t.args[0] = argument(DNNL_ARG_SRC, d, dnnl_query_src_md, engine);
    t.args[1] = argument(DNNL_ARG_WEIGHTS, d, dnnl_query_weights_md, engine);
    t.args[2] = argument(DNNL_ARG_DST, d, dnnl_query_dst_md, engine);
    return t;
}

static void run_theirs(void *p)
{
    theirs *t = p;
    dnnl_primitive_execute(t->conv, t->stream, 3, t->args);
    dnnl_stream_wait(t->stream);
}

typedef struct ours {
    const infer_kernels *kernels;
    void *prepared, *scratch;
    uint8_t *x, *y;
} ours;

static ours open_ours(int size, int c, const infer_kernels *k)
{
    size_t elements = (size_t)(size * size * c);
    int32_t m[MOST], bias[MOST] = {0};
    int8_t shift[MOST], *w = memory((size_t)(9 * c * c));
    for (int i = 0; i < c; i++) {
        m[i] = 1 << 23;
        shift[i] = 34;
    }
    for (int i = 0; i < 9 * c * c; i++)
        w[i] = (int8_t)(i * 7919 % 255 - 127);
    infer_linear l = {
        .conv = {3, 3, 1, 1, 1, 1, 1, 1, 1},
        .in = {size, size, c},
        .out = {size, size, c},
        .x = {8, false},
        .y = {8, false},
        .weight_bits = 8,
        .weights = w,
        .requant = {m, bias, shift, 0, 255},
    };
    ours o = {k, memory(k->prepared_bytes(&l)), memory(k->scratch_bytes(&l)), memory(elements), memory(elements)};
    k->prepare(&l, o.prepared);
    free(w);
    return o;
}

static void run_ours(void *p)
{
    ours *o = p;
    o->kernels->run(o->prepared, o->x, o->y, o->scratch);
}

static double processor_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds_of(void (*run)(void *), void *p)
{
    long runs = 0;
    double start = processor_s(), took;
    do {
        run(p);
        runs++;
        took = processor_s() - start;
    } while (took < 0.02);
    return took / (double)runs;
}

static int ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    static const int layers[][2] = {{16, 64}, {16, 128}, {16, 256}, {8, 64}, {8, 128}, {8, 256}};
    const infer_kernels *k = argc > 1 ? infer_kernels_find(argv[1]) : infer_kernels_best();
    dnnl_engine_t engine;
    need(k != NULL, "this machine lacks the level");
    omp_set_num_threads(1);
    need(dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success, "oneDNN has no engine");
    printf("level %s, oneDNN %d.%d\nsize channels  ours GOP/s  oneDNN GOP/s  ours / oneDNN\n", k->level, DNNL_VERSION_MAJOR,
           DNNL_VERSION_MINOR);
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        int size = layers[i][0], c = layers[i][1];
        double operations = 2.0 * 9 * size * size * c * c, our_s[ROUNDS], their_s[ROUNDS], ratio[ROUNDS];
        theirs t = open_theirs(size, c, engine);
        ours o = open_ours(size, c, k);
        for (int r = 0; r < ROUNDS; r++) {
            our_s[r] = seconds_of(run_ours, &o);
            their_s[r] = seconds_of(run_theirs, &t);
            ratio[r] = their_s[r] / our_s[r];
        }
        qsort(our_s, ROUNDS, sizeof *our_s, ascending);
        qsort(their_s, ROUNDS, sizeof *their_s, ascending);
        qsort(ratio, ROUNDS, sizeof *ratio, ascending);
        printf("%4d %8d %11.0f %13.0f %14.2f\n", size, c, operations / our_s[ROUNDS / 2] * 1e-9, operations / their_s[ROUNDS / 2] * 1e-9,
               ratio[ROUNDS / 2]);
    }
    return 0;
}
