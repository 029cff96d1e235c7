/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_infer.c - ashlar bench infer without files: convolutions of codes beside the same convolution in fp32, at one kernel level
 *
 * A *layer* is a 3x3 convolution of one image with as many channels out as in. It is computed by each *kernel* in turn, round after
 * round; a kernel's ratio in a round is against fp32 in the same round, so a core that changes its clock moves both. Codes are
 * requantised and packed to codes of the bits that they had. The binary kernel starts from 8-bit codes: their signs are taken and packed
 * within the time that is measured (docs/inference-kernels.md).
 */
#include "cli/bench.h"
#include "cli/table.h"
#include "core/rng.h"
#include "nn/infer/linear.h"
#include "nn/kernels/kernels.h"
#include <stdlib.h>

static const struct kernel {
    const char *name;
    int bits; /* of x, weights and y */
} kernels[] = {{"fp32", 32}, {"int8", 8}, {"4 bits", 4}, {"2 bits", 2}, {"xnor", 1}};

enum { KERNELS = sizeof kernels / sizeof *kernels };

typedef struct subject { /* one kernel on one layer */
    const nn_kernels *fp32;
    const infer_kernels *integer;
    int bits;
    nn_conv conv;
    nn_view x, y;
    float *weights, *scratch;
    void *prepared, *codes, *bits_of_x, *out, *work;
    size_t elements;
    double gops[BENCH_MAX_ROUNDS], ratio[BENCH_MAX_ROUNDS];
} subject;

static void *aligned(arena *a, size_t bytes) /* zeros; NULL: out of memory */
{
    char *p = ARENA_NEW(a, char, bytes + 64);
    return p ? p + (64 - (uintptr_t)p % 64) % 64 : NULL;
}

/* Noise in a padded buffer, as training would have it. */
static bool open_fp32(subject *s, nn_shape n, arena *a)
{
    ptrdiff_t row = (ptrdiff_t)(n.w + 2) * n.c;
    float *x = aligned(a, (size_t)(n.h + 2) * (size_t)row * sizeof *x), *y = aligned(a, (size_t)(n.h * n.w * n.c) * sizeof *y);
    size_t weights = (size_t)(9 * n.c * n.c);
    s->weights = aligned(a, (weights + 15) * sizeof *s->weights);
    if (!x || !y || !s->weights)
        return false;
    s->x = (nn_view){x + row + n.c, 1, n.h, n.w, n.c, n.c, row, row * (n.h + 2)};
    s->y = (nn_view){y, 1, n.h, n.w, n.c, n.c, (ptrdiff_t)n.w * n.c, (ptrdiff_t)n.h * n.w * n.c};
    rng r = rng_stream(1, "bench", 0);
    for (int h = 0; h < n.h; h++)
        for (int e = 0; e < n.w * n.c; e++)
            s->x.p[h * row + e] = rng_normal(&r);
    for (size_t i = 0; i < weights; i++)
        s->weights[i] = rng_normal(&r);
    nn_source source = {.v = s->x};
    s->scratch = aligned(a, s->fp32->conv_scratch(&source, &s->y, &s->conv) * sizeof *s->scratch);
    return s->scratch != NULL;
}

static bool open_integer(subject *s, nn_shape n, arena *a)
{
    size_t weights = (size_t)(9 * n.c * n.c), channels = (size_t)n.c;
    int8_t *w = ARENA_NEW(a, int8_t, weights), *shift = ARENA_NEW(a, int8_t, channels);
    int32_t *m = ARENA_NEW(a, int32_t, channels), *bias = ARENA_NEW(a, int32_t, channels);
    s->elements = (size_t)(n.h * n.w * n.c);
    s->codes = aligned(a, s->elements);
    s->bits_of_x = aligned(a, s->elements / 8 + 1);
    s->out = aligned(a, s->elements);
    if (!w || !shift || !m || !bias || !s->codes || !s->bits_of_x || !s->out)
        return false;
    rng r = rng_stream(1, "bench", 1);
    for (size_t i = 0; i < s->elements; i++)
        ((uint8_t *)s->codes)[i] = (uint8_t)rng_below(&r, 256);
    int most = s->bits == 1 ? 1 : (1 << (s->bits - 1)) - 1;
    for (size_t i = 0; i < weights; i++)
        w[i] = (int8_t)(s->bits == 1 ? 1 - 2 * (int)rng_below(&r, 2) : (int)rng_below(&r, (uint32_t)(2 * most + 1)) - most);
    for (size_t c = 0; c < channels; c++) {
        m[c] = 1 << 23;
        shift[c] = 34;
    }
    infer_type type = {s->bits, s->bits == 1};
    infer_linear l = {
        .conv = s->conv,
        .in = n,
        .out = n,
        .x = type,
        .y = type,
        .weight_bits = s->bits,
        .weights = w,
        .requant = {m, bias, shift, 0, (1 << s->bits) - 1},
    };
    s->prepared = aligned(a, s->integer->prepared_bytes(&l));
    s->work = aligned(a, s->integer->scratch_bytes(&l));
    if (!s->prepared || !s->work)
        return false;
    s->integer->prepare(&l, s->prepared);
    return true;
}

static void run_once(subject *s)
{
    const void *x = s->codes;
    if (s->bits == 32) {
        nn_source source = {.v = s->x};
        s->fp32->conv_forward(s->y, &source, s->weights, NULL, NN_ACT_NONE, NULL, &s->conv, s->scratch);
        return;
    }
    if (s->bits == 1) {
        s->integer->sign(s->bits_of_x, s->codes, s->elements);
        x = s->bits_of_x;
    }
    s->integer->run(s->prepared, x, s->out, s->work);
}

static double operations(nn_shape n) { return 2.0 * 9 * n.h * n.w * n.c * n.c; }

/* Operations per second over at least `seconds`. */
static double run_for(subject *s, nn_shape n, double seconds)
{
    long runs = 0;
    double start = bench_processor_s(), took;
    do {
        for (int i = 0; i < 8; i++, runs++)
            run_once(s);
        took = bench_processor_s() - start;
    } while (took < seconds);
    return (double)runs * operations(n) / took;
}

static void measure(subject *s, nn_shape n, const bench_request *r)
{
    for (int k = 0; k < KERNELS; k++)
        run_for(&s[k], n, 0.01); /* caches and clock */
    for (int round = 0; round < r->rounds; round++)
        for (int k = 0; k < KERNELS; k++) {
            s[k].gops[round] = run_for(&s[k], n, r->ms / 1000.0) * 1e-9;
            s[k].ratio[round] = s[k].gops[round] / s[0].gops[round];
        }
}

static void add_rows(table *t, subject *s, nn_shape n, const bench_request *r)
{
    for (int k = 0; k < KERNELS; k++) {
        double gops = bench_median(s[k].gops, r->rounds), ratio = bench_median(s[k].ratio, r->rounds);
        table_row(t);
        table_text(t, kernels[k].name);
        table_text(t, r->level);
        table_integer(t, n.h);
        table_integer(t, n.c);
        table_number(t, operations(n) / gops * 1e-3, "%.1f");
        table_number(t, gops, "%.0f");
        table_number(t, ratio, "%.2f");
        table_number(t, s[k].ratio[0], "%.2f");
        table_number(t, s[k].ratio[r->rounds - 1], "%.2f");
    }
}

/* All kernels on one layer. */
static ash_status bench_layer(table *t, nn_shape n, const bench_request *r, ash_error *err)
{
    subject *s = calloc(KERNELS, sizeof *s);
    arena *a = arena_create();
    bool opened = s && a;
    for (int k = 0; opened && k < KERNELS; k++) {
        s[k].fp32 = nn_kernels_find(r->level);
        s[k].integer = infer_kernels_find(r->level);
        s[k].bits = kernels[k].bits;
        s[k].conv = (nn_conv){3, 3, 1, 1, 1, 1, 1, 1, 1};
        opened = s[k].bits == 32 ? open_fp32(&s[k], n, a) : open_integer(&s[k], n, a);
    }
    if (opened) {
        measure(s, n, r);
        add_rows(t, s, n, r);
    }
    arena_destroy(a);
    free(s);
    return opened ? ASH_OK : ash_fail_memory(err);
}

ash_status bench_infer(const bench_request *r, ash_error *err)
{
    static const char *const columns[] = {"level", "size", "channels", "us", "gops", "ratio_to_fp32", "least", "most"};
    static const int sizes[] = {16, 8}, channels[] = {64, 128, 256};
    table *t = table_create();
    table_column(t, "kernel", TABLE_LEFT);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        table_column(t, columns[i], TABLE_RIGHT);
    ash_status status = ASH_OK;
    for (int i = 0; status == ASH_OK && i < (r->size ? 1 : 2); i++)
        for (int k = 0; status == ASH_OK && k < (r->channels ? 1 : 3); k++) {
            int size = r->size ? r->size : sizes[i];
            status = bench_layer(t, (nn_shape){size, size, r->channels ? r->channels : channels[k]}, r, err);
        }
    if (status == ASH_OK)
        table_print(t, r->format, stdout);
    table_destroy(t);
    return status;
}
