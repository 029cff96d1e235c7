/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_bench.c - ashlar bench train ARCH... and ashlar bench infer [ARCH...]: speed beside what this core can do */
#include "cli/bench.h"
#include "cli/source.h"
#include "core/buffer.h"
#include "nn/op.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY_THREADS = 256, KEY_CANDIDATES };

static const struct argp_option rows[] = {
    {"batch", 'b', "N", 0, "Images per training step, or of the fp32 batch beside infer ARCH (default: 32)", 0},
    {"rounds", 'r', "N", 0, "Rounds, of which the median is taken (default: 5)", 0},
    {"time", 't', "MS", 0, "Milliseconds of processor time per network or kernel and round (default: 500; kernels: 50)", 0},
    {"level", 'L', "LEVEL", 0, "Kernel level (default: the best of this machine)", 0},
    {"breakdown", 'B', NULL, 0, "train: where the time of a step goes, a row per operator, forward and backward", 0},
    {"threads", KEY_THREADS, "N", 0, "train: threads inside the network (default: 1); more than one are timed by the clock on the wall", 0},
    {"candidates", KEY_CANDIDATES, "N", 0, "train: copies of the network at a time, each with threads of its own (default: 1)", 0},
    {"size", 'S', "N", 0, "infer without ARCH: height and width of the image (default: 16 and 8)", 0},
    {"channels", 'C', "N", 0, "infer without ARCH: channels (default: 64, 128 and 256)", 0},
    {"quantize", 'q', "SETTINGS", 0, "infer ARCH: " CLI_QUANTIZE_HELP, 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    bench_request *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->format;
        return 0;
    case 'b':
        r->batch = (int)cli_integer(state, "--batch", text, 1, 4096);
        return 0;
    case 'r':
        r->rounds = (int)cli_integer(state, "--rounds", text, 1, BENCH_MAX_ROUNDS);
        return 0;
    case 't':
        r->ms = (int)cli_integer(state, "--time", text, 1, 600000);
        return 0;
    case 'L':
        r->level = text;
        return 0;
    case 'S':
        r->size = (int)cli_integer(state, "--size", text, 1, 256);
        return 0;
    case 'C':
        r->channels = (int)cli_integer(state, "--channels", text, 1, 1024);
        return 0;
    case 'q':
        r->quantize = text;
        return 0;
    case KEY_THREADS:
        r->threads = (int)cli_integer(state, "--threads", text, 1, 256);
        return 0;
    case KEY_CANDIDATES:
        r->candidates = (int)cli_integer(state, "--candidates", text, 1, 256);
        return 0;
    case 'B':
        r->breakdown = true;
        return 0;
    case ARGP_KEY_ARG:
        if (!r->what) {
            if (strcmp(text, "train") != 0 && strcmp(text, "infer") != 0)
                cli_usage(state, "unknown benchmark \"%s\"; there are \"train\" and \"infer\"", text);
            r->what = text;
        } else if (r->n_paths == BENCH_MAX_FILES) {
            cli_usage(state, "at most %d architecture files at once", BENCH_MAX_FILES);
        } else {
            r->paths[r->n_paths++] = text;
        }
        return 0;
    case ARGP_KEY_END:
        if (!r->what)
            cli_usage(state, "which benchmark? There are \"train\" and \"infer\"");
        if (strcmp(r->what, "train") == 0 && !r->n_paths)
            cli_usage(state, "which architecture files?");
        if (r->n_paths && (r->size || r->channels))
            cli_usage(state, "--size and --channels are of convolutions, not of architecture files");
        if (r->quantize && (strcmp(r->what, "infer") != 0 || !r->n_paths))
            cli_usage(state, "--quantize is of infer ARCH");
        if (strcmp(r->what, "train") != 0 && r->threads * r->candidates > 1)
            cli_usage(state, "--threads and --candidates are of train");
        if (r->breakdown && r->threads * r->candidates > 1)
            cli_usage(state, "--breakdown is of one network and one thread");
        if (!r->ms)
            r->ms = r->n_paths ? 500 : 50;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static ash_status choose_level(bench_request *r, ash_error *err)
{
    if (!r->level)
        r->level = nn_kernels_best()->level;
    if (nn_kernels_find(r->level))
        return ASH_OK;
    buffer names = {0};
    for (const char *const *level = nn_kernels_levels(); *level; level++)
        if (nn_kernels_supported(*level))
            buffer_printf(&names, "%s%s", names.len ? ", " : "", *level);
    ash_fail(err, ASH_INVALID, "unknown kernel level \"%s\", or this machine lacks it; it has %s", r->level,
             names.data ? names.data : "none");
    buffer_free(&names);
    return err->status;
}

bool bench_noise(const nn_graph *g, size_t n, arena *a, nn_dataset *out)
{
    nn_shape in = g->nodes[0].shape;
    size_t size = n * (size_t)nn_elements(in);
    int classes = (int)nn_elements(g->nodes[g->output].shape);
    float *x = ARENA_NEW(a, float, size);
    int32_t *label = ARENA_NEW(a, int32_t, n);
    if (!x || !label)
        return false;
    rng r = rng_stream(1, "bench", 0);
    for (size_t i = 0; i < size; i++)
        x[i] = rng_normal(&r);
    for (size_t i = 0; i < n; i++)
        label[i] = (int32_t)(i % (size_t)classes);
    *out = (nn_dataset){.n = n, .shape = in, .n_outputs = classes, .x = x, .label = label};
    return true;
}

static double clock_s(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double bench_processor_s(void)
{
    return clock_s(CLOCK_THREAD_CPUTIME_ID);
}

double bench_wall_s(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

static int ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

double bench_median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, ascending);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

int cmd_bench(int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        rows, parse, "train ARCH...\ninfer [ARCH...]",
        "Measure on one core, on noise.\n"
        "train: steps (load, forward, loss, backward, update) of architecture files, in images per second of processor time and as a "
        "share of the core's fp32 peak. The peak is that of an FMA loop in registers, measured in the same process between the networks; a "
        "step counts 3 x 2 x MACs. docs/kernels.md says how.\n"
        "infer: 3x3 convolutions of one image in 8, 4, 2 and 1 bits, in 10^9 operations per second (2 per MAC) and beside the same "
        "convolution in fp32. docs/inference-kernels.md says how.\n"
        "infer ARCH: whole networks on integers alone, image by image, beside the same networks unquantised in fp32, image by image and in "
        "batches; the bytes of their activations and of their model files.\v"
        "  ashlar bench train examples/bench/*.yaml\n"
        "  ashlar bench train --batch 100 --rounds 9 examples/architectures/ds-cnn.yaml\n"
        "  ashlar bench train --breakdown examples/architectures/resnet8.yaml\n"
        "  ashlar bench train --level reference --format json examples/bench/small-cnn.yaml\n"
        "  ashlar bench infer\n"
        "  ashlar bench infer examples/architectures/ds-cnn.yaml --quantize \"weight_bits=4, act_bits=4\"\n"
        "  ashlar bench infer --level x86-64-v3 --size 32 --channels 16 --format csv\n",
        children, NULL, NULL};
    bench_request r = {.batch = 32, .rounds = 5, .threads = 1, .candidates = 1};
    cli_parse(&argp, argc, argv, &r);
    ash_error err;
    ash_status status = choose_level(&r, &err);
    if (status == ASH_OK)
        status = (strcmp(r.what, "train") == 0 ? bench_train : r.n_paths ? bench_networks : bench_infer)(&r, &err);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
