/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_bench.c - ashlar bench train ARCH...: training speed as a share of what this core can do
 *
 * Rounds are interleaved: peak, each network in turn, peak again. A network's share in a round is against the mean of the
 * two peaks around it, so a core that changes its clock moves both. Medians over rounds are printed (docs/kernels.md).
 */
#include "cli/table.h"
#include "config/config.h"
#include "core/option.h"
#include "nn/net.h"
#include <malloc.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_FILES = 64, MAX_ROUNDS = 101, BATCHES = 4 };

typedef struct request {
    const char *what, *paths[MAX_FILES], *level;
    int n_paths, batch, rounds, ms;
    bool breakdown;
    output_format format;
} request;

typedef struct subject { /* a network in training, with a made-up data set of a few batches */
    const char *path;
    nn_graph *g;
    nn_net *net;
    nn_dataset data;
    uint32_t *order;
    uint64_t steps;
    double images_per_s[MAX_ROUNDS], share[MAX_ROUNDS];
    nn_profile profile; /* --breakdown: of profiled_steps further steps */
    uint64_t profiled_steps;
    int64_t step_bytes; /* by which the heap grew over all steps */
} subject;

static const struct argp_option rows[] = {
    {"batch", 'b', "N", 0, "Images per step (default: 32)", 0},
    {"rounds", 'r', "N", 0, "Rounds, of which the median is taken (default: 5)", 0},
    {"time", 't', "MS", 0, "Milliseconds of processor time per network and round (default: 500)", 0},
    {"level", 'L', "LEVEL", 0, "Kernel level (default: the best of this machine)", 0},
    {"breakdown", 'B', NULL, 0, "Where the time of a step goes: a row per operator, forward and backward", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    request *r = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &r->format;
        return 0;
    case 'b':
        r->batch = (int)cli_integer(state, "--batch", text, 1, 4096);
        return 0;
    case 'r':
        r->rounds = (int)cli_integer(state, "--rounds", text, 1, MAX_ROUNDS);
        return 0;
    case 't':
        r->ms = (int)cli_integer(state, "--time", text, 1, 600000);
        return 0;
    case 'L':
        r->level = text;
        return 0;
    case 'B':
        r->breakdown = true;
        return 0;
    case ARGP_KEY_ARG:
        if (!r->what) {
            if (strcmp(text, "train") != 0)
                cli_usage(state, "unknown benchmark \"%s\"; there is \"train\"", text);
            r->what = text;
        } else if (r->n_paths == MAX_FILES) {
            cli_usage(state, "at most %d architecture files at once", MAX_FILES);
        } else {
            r->paths[r->n_paths++] = text;
        }
        return 0;
    case ARGP_KEY_END:
        if (!r->what)
            cli_usage(state, "which benchmark? There is \"train\"");
        if (!r->n_paths)
            cli_usage(state, "which architecture files?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static ash_status choose_level(request *r, ash_error *err)
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

/* Images of normal noise with labels in turn: what is measured does not depend on them. */
static bool make_data(subject *s, int batch, arena *a)
{
    nn_shape in = s->g->nodes[0].shape;
    size_t n = (size_t)BATCHES * (size_t)batch, size = n * (size_t)nn_elements(in);
    int classes = (int)nn_elements(s->g->nodes[s->g->output].shape);
    float *x = ARENA_NEW(a, float, size);
    int32_t *label = ARENA_NEW(a, int32_t, n);
    s->order = ARENA_NEW(a, uint32_t, n);
    if (!x || !label || !s->order)
        return false;
    rng r = rng_stream(1, "bench", 0);
    for (size_t i = 0; i < size; i++)
        x[i] = rng_normal(&r);
    for (size_t i = 0; i < n; i++) {
        label[i] = (int32_t)(i % (size_t)classes);
        s->order[i] = (uint32_t)i;
    }
    s->data = (nn_dataset){.n = n, .shape = in, .n_outputs = classes, .x = x, .label = label};
    return true;
}

static double processor_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static ash_status open_subject(subject *s, const char *path, const request *r, arena *a, ash_error *err)
{
    node *root;
    nn_recipe recipe;
    s->path = path;
    ash_status status = config_read_file(path, a, &root, err);
    if (status == ASH_OK)
        status = nn_read(root, NULL, a, &s->g, err);
    if (status == ASH_OK)
        status = option_read(&nn_recipe_options, &recipe, NULL, a, err);
    if (status != ASH_OK)
        return status;
    recipe.batch = r->batch;
    status = nn_net_create(s->g, &recipe, r->level, 0, &s->net, err);
    if (status != ASH_OK)
        return ash_prefix(err, "%s", path);
    nn_net_init(s->net, 1);
    size_t groups = (size_t)s->net->fused.n_groups;
    s->profile = (nn_profile){.now = processor_s, .forward = ARENA_NEW(a, double, groups), .backward = ARENA_NEW(a, double, groups)};
    if (!s->profile.forward || !s->profile.backward)
        return ash_fail_memory(err);
    return make_data(s, r->batch, a) ? ASH_OK : ash_fail_memory(err);
}

/* Images per second of processor time over at least `seconds`; NaN when the loss is no longer finite. */
static double train_for(subject *s, int batch, double seconds)
{
    uint64_t first = s->steps;
    double start = processor_s(), took;
    do {
        const uint32_t *order = s->order + (size_t)(s->steps % BATCHES) * (size_t)batch;
        if (isnan(nn_train_step(s->net, &s->data, order, batch, 0.001, s->steps, NULL)))
            return NAN;
        s->steps++;
        took = processor_s() - start;
    } while (took < seconds);
    return (double)(s->steps - first) * batch / took;
}

static double flops_per_image(const subject *s) { return 3.0 * 2.0 * (double)nn_macs(s->g); }

static int ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

/* Sorts v. */
static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, ascending);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* What malloc has taken from the system and what is in use of it. */
static int64_t heap_bytes(void)
{
    struct mallinfo2 m = mallinfo2();
    return (int64_t)(m.arena + m.hblkhd + m.uordblks);
}

static ash_status measure(subject *s, const request *r, double *peaks, ash_error *err)
{
    for (int i = 0; i < r->n_paths; i++)
        train_for(&s[i], r->batch, 0.02); /* caches and clock */
    double before = nn_kernels_peak_flops(r->level);
    for (int round = 0; round < r->rounds; round++) {
        for (int i = 0; i < r->n_paths; i++) {
            int64_t heap = heap_bytes();
            double rate = train_for(&s[i], r->batch, r->ms / 1000.0);
            s[i].step_bytes += heap_bytes() - heap;
            double after = nn_kernels_peak_flops(r->level);
            if (isnan(rate))
                return ash_fail(err, ASH_INVALID, "%s: the loss is not finite on random images", s[i].path);
            s[i].images_per_s[round] = rate;
            s[i].share[round] = rate * flops_per_image(&s[i]) / ((before + after) / 2);
            before = after;
        }
        peaks[round] = before;
    }
    for (int i = 0; r->breakdown && i < r->n_paths; i++) {
        uint64_t first = s[i].steps;
        s[i].net->profile = &s[i].profile;
        train_for(&s[i], r->batch, r->ms / 1000.0);
        s[i].profiled_steps = s[i].steps - first;
    }
    return ASH_OK;
}

static void print(subject *s, const request *r, double peak)
{
    static const char *const columns[] = {"level",  "batch",       "macs",          "images_per_s",
                                          "gflops", "peak_gflops", "share_of_peak", "least", "most",
                                          "bytes",  "step_bytes"};
    table *t = table_create();
    table_column(t, "network", TABLE_LEFT);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        table_column(t, columns[i], TABLE_RIGHT);
    for (int i = 0; i < r->n_paths; i++) {
        double rate = median(s[i].images_per_s, r->rounds), share = median(s[i].share, r->rounds);
        table_row(t);
        table_text(t, s[i].g->name);
        table_text(t, r->level);
        table_integer(t, r->batch);
        table_integer(t, nn_macs(s[i].g));
        table_integer(t, (int64_t)(rate + 0.5));
        table_number(t, rate * flops_per_image(&s[i]) * 1e-9, "%.1f");
        table_number(t, peak * 1e-9, "%.1f");
        table_number(t, share, "%.3f");
        table_number(t, s[i].share[0], "%.3f");
        table_number(t, s[i].share[r->rounds - 1], "%.3f");
        table_integer(t, (int64_t)s[i].net->bytes);
        table_integer(t, s[i].step_bytes);
    }
    table_print(t, r->format, stdout);
    table_destroy(t);
}

/* conv2d+batch_norm+relu */
static void group_text(const nn_graph *g, const nn_group *p, buffer *text)
{
    int nodes[] = {p->main, p->norm, p->act};
    for (int k = 0; k < 3; k++)
        if (nodes[k] >= 0 && (k == 0 || nodes[k] != p->main))
            buffer_printf(text, "%s%s", k ? "+" : "", g->nodes[nodes[k]].op->name);
}

static void breakdown_row(table *t, const subject *s, const char *layer, const char *operators, const char *pass, double spent,
                          double flops, double total)
{
    table_row(t);
    table_text(t, s->g->name);
    table_text(t, layer);
    table_text(t, operators);
    table_text(t, pass);
    table_number(t, spent * 1e6 / (double)s->profiled_steps, "%.1f");
    table_number(t, spent / total, "%.3f");
    table_number(t, flops > 0 ? flops * (double)s->profiled_steps / spent * 1e-9 : NAN, "%.1f");
}

static void breakdown_of(table *t, const subject *s, int batch)
{
    const nn_profile *p = &s->profile;
    const nn_net *net = s->net;
    double total = p->load + p->loss + p->update;
    for (int i = 1; i < net->fused.n_groups; i++) /* 0 is the image */
        total += p->forward[i] + p->backward[i];
    breakdown_row(t, s, NULL, NULL, "load", p->load, 0, total);
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 1; k < net->fused.n_groups; k++) {
            int i = pass ? net->fused.n_groups - k : k;
            const nn_group *group = &net->fused.groups[i];
            const nn_node *n = &s->g->nodes[group->main];
            bool input_grad = net->tensors[net->fused.tensor[n->inputs[0]]].dy != NULL;
            double flops = 2.0 * (double)n->macs * batch * (pass && input_grad ? 2 : 1);
            buffer operators = {0};
            group_text(s->g, group, &operators);
            breakdown_row(t, s, n->name, operators.data, pass ? "backward" : "forward", (pass ? p->backward : p->forward)[i], flops,
                          total);
            buffer_free(&operators);
        }
        if (pass == 0)
            breakdown_row(t, s, NULL, NULL, "loss", p->loss, 0, total);
    }
    breakdown_row(t, s, NULL, NULL, "update", p->update, 0, total);
}

/* gflops counts what a pass does: no input gradient where nobody wants it. */
static void print_breakdown(const subject *s, const request *r)
{
    table *t = table_create();
    static const char *const texts[] = {"network", "layer", "operators", "pass"}, *const numbers[] = {"us_per_step", "share", "gflops"};
    for (int i = 0; i < 4; i++)
        table_column(t, texts[i], TABLE_LEFT);
    for (int i = 0; i < 3; i++)
        table_column(t, numbers[i], TABLE_RIGHT);
    for (int i = 0; i < r->n_paths; i++)
        breakdown_of(t, &s[i], r->batch);
    table_print(t, r->format, stdout);
    table_destroy(t);
}

int cmd_bench(int argc, char **argv)
{
    static const struct argp_child children[] = {{&cli_format_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        rows, parse, "train ARCH...",
        "Measure training steps (load, forward, loss, backward, update) of architecture files on one core, on noise, in images per "
        "second of processor time and as a share of the core's fp32 peak. The peak is that of an FMA loop in registers, measured in the same "
        "process between the networks; a step counts 3 x 2 x MACs. docs/kernels.md says how.\v"
        "  ashlar bench train examples/bench/*.yaml\n"
        "  ashlar bench train --batch 100 --rounds 9 examples/architectures/ds-cnn.yaml\n"
        "  ashlar bench train --breakdown examples/architectures/resnet8.yaml\n"
        "  ashlar bench train --level reference --format json examples/bench/small-cnn.yaml\n",
        children, NULL, NULL};
    request r = {.batch = 32, .rounds = 5, .ms = 500};
    cli_parse(&argp, argc, argv, &r);
    static subject subjects[MAX_FILES];
    double peaks[MAX_ROUNDS];
    ash_error err;
    arena *a = arena_create();
    ash_status status = a ? choose_level(&r, &err) : ash_fail_memory(&err);
    for (int i = 0; status == ASH_OK && i < r.n_paths; i++)
        status = open_subject(&subjects[i], r.paths[i], &r, a, &err);
    if (status == ASH_OK)
        status = measure(subjects, &r, peaks, &err);
    if (status == ASH_OK && r.breakdown)
        print_breakdown(subjects, &r);
    else if (status == ASH_OK)
        print(subjects, &r, median(peaks, r.rounds));
    for (int i = 0; i < r.n_paths; i++)
        nn_net_destroy(subjects[i].net);
    arena_destroy(a);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
