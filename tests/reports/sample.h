/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sample.h - a made-up run that looks like a real one: three objectives, block descriptions, lineages, curves, failures,
 * hostile text. Networks without a float layer are quantised: their errors are the integer network's */
#ifndef TESTS_REPORTS_SAMPLE_H
#define TESTS_REPORTS_SAMPLE_H

#include "core/arena.h"
#include "core/rng.h"
#include "reports/report.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SAMPLE_HOSTILE "</script><script>alert(1)</script><!-- \"quoted\", 'single' & \xc3\xa9 \xe2\x80\xa8 \xff end"

typedef struct sample_net {
    buffer json;
    int h, c, n;
    double macs, params, bytes, bits_sum;
    bool quantised; /* activations have the bits of the weights that they meet */
    char last[32];
} sample_net;

static inline void sample_layer(sample_net *s, const char *op, const char *block, int h, int c, double macs, double params, int bits,
                         const char *second)
{
    char name[32];
    snprintf(name, sizeof name, "%s_%d", op, ++s->n);
    double bytes = ceil(params * bits / 8);
    buffer_printf(&s->json,
                  "%s{\"name\":\"%s\",\"op\":\"%s\",\"block\":\"%s\",\"in\":[%d,%d,%d],\"out\":[%d,%d,%d],\"macs\":%.0f,"
                  "\"flops\":%.0f,\"params\":%.0f,\"params_folded\":%.0f,\"bytes\":%.0f,\"weight_bits\":%d,\"out_bits\":%d,"
                  "\"inputs\":[\"%s\"%s%s%s]}",
                  s->n > 1 ? "," : "", name, op, block, s->h, s->h, s->c, h, h, c, macs, 2 * macs, params, params, bytes, bits,
                  strcmp(op, "quantize") == 0 ? bits : 32, s->last, second ? ",\"" : "", second ? second : "", second ? "\"" : "");
    snprintf(s->last, sizeof s->last, "%s", name);
    s->h = h;
    s->c = c;
    s->macs += macs;
    s->params += params;
    s->bytes += bytes;
    s->bits_sum += params * bits;
}

static inline void sample_quantize(sample_net *s, const char *block, int bits)
{
    if (s->quantised)
        sample_layer(s, "quantize", block, s->h, s->c, 0, 0, bits, NULL);
}

static inline void sample_conv(sample_net *s, const char *block, int stride, int c, int bits)
{
    int h = (s->h + stride - 1) / stride;
    sample_quantize(s, block, bits);
    sample_layer(s, "conv2d", block, h, c, 9.0 * h * h * s->c * c, 9.0 * s->c * c, bits, NULL);
    sample_layer(s, "batch_norm", block, h, c, 0, 2 * c, 32, NULL);
    sample_layer(s, "relu", block, h, c, 0, 0, 32, NULL);
}

/* The genes of the made-up space. Those of a stage beyond the depth are not active, as in a real genome. */
enum { SAMPLE_STAGES = 4, SAMPLE_STEM = 0, SAMPLE_DEPTH = 1, SAMPLE_GENES = 2 + 3 * SAMPLE_STAGES }; /* per stage: block, width, bits */
static const int sample_widths[] = {4, 6, 8, 12, 16, 24, 32}, sample_bits[] = {1, 2, 4, 8, 32};
static const char *const sample_blocks[] = {"residual", "conv", "separable"};

static inline uint32_t sample_choices(int gene)
{
    return gene == SAMPLE_STEM || gene == SAMPLE_DEPTH ? 4 : (uint32_t[]){3, 7, 5}[(gene - 2) % 3];
}

/* Trial `id` with its genes in `genes`: drawn for the first of them, else a child of one or two of the trials before. */
static inline trial *sample_trial(arena *a, uint64_t id, uint8_t (*genes)[SAMPLE_GENES], trial *const *before)
{
    rng r = rng_stream(34, "sample", id);
    trial *t = ARENA_NEW(a, trial, 1);
    uint8_t *g = genes[id - 1];
    uint64_t parents[2] = {0};
    if (id > 20) {
        for (int p = 0; p < 2; p++)
            for (int tries = 0; tries < 4; tries++) { /* a tournament among the latest 2,000 */
                uint64_t other = id - 1 - rng_below(&r, (uint32_t)(id - 1 < 2000 ? id - 1 : 2000));
                if (other && other != parents[0] &&
                    (!parents[p] || trial_metric(before[other - 1], "error") < trial_metric(before[parents[p] - 1], "error")))
                    parents[p] = other;
            }
        if (rng_below(&r, 2))
            parents[1] = 0;
    }
    for (int k = 0; k < SAMPLE_GENES; k++)
        g[k] = parents[0] ? genes[parents[parents[1] && rng_below(&r, 2)] - 1][k] : (uint8_t)rng_below(&r, sample_choices(k));
    for (uint32_t n = parents[0] ? 1 + rng_below(&r, 2) : 0; n; n--) {
        int k = (int)rng_below(&r, SAMPLE_GENES);
        g[k] = (uint8_t)rng_below(&r, sample_choices(k));
    }
    sample_net s = {.h = 8, .c = 1, .quantised = true};
    strcpy(s.last, "input");
    buffer genome = {0};
    int stem = sample_widths[g[SAMPLE_STEM]], depth = 1 + g[SAMPLE_DEPTH];
    for (int d = 0; d < depth; d++)
        s.quantised &= sample_bits[g[2 + 3 * d + 2]] <= 8;
    buffer_printf(&genome, "stem:width=%d | body:repeat=%d", stem, depth);
    sample_conv(&s, "stem", 1, stem, 8);
    for (int d = 0; d < depth; d++) {
        const uint8_t *at = g + 2 + 3 * d;
        int bits = sample_bits[at[2]], c = at[0] ? sample_widths[at[1]] : s.c;
        char block[48];
        snprintf(block, sizeof block, "body.%d %s", d + 1, sample_blocks[at[0]]);
        buffer_printf(&genome, " | body.%d:block=%s", d + 1, sample_blocks[at[0]]);
        if (at[0])
            buffer_printf(&genome, ";width=%d", c);
        buffer_printf(&genome, ";bits=%d", bits);
        if (at[0] == 0) {
            char skip[32];
            strcpy(skip, s.last);
            sample_conv(&s, block, 1, s.c, bits);
            sample_quantize(&s, block, bits);
            sample_layer(&s, "conv2d", block, s.h, s.c, 9.0 * s.h * s.h * s.c * s.c, 9.0 * s.c * s.c, bits, NULL);
            sample_layer(&s, "batch_norm", block, s.h, s.c, 0, 2 * s.c, 32, NULL);
            sample_layer(&s, "add", block, s.h, s.c, 0, 0, 32, skip);
            sample_layer(&s, "relu", block, s.h, s.c, 0, 0, 32, NULL);
        } else if (at[0] == 1) {
            sample_conv(&s, block, d % 2 + 1, c, bits);
        } else {
            sample_quantize(&s, block, bits);
            sample_layer(&s, "depthwise_conv2d", block, s.h, s.c, 9.0 * s.h * s.h * s.c, 9.0 * s.c, bits, NULL);
            sample_layer(&s, "batch_norm", block, s.h, s.c, 0, 2 * s.c, 32, NULL);
            sample_quantize(&s, block, bits);
            sample_layer(&s, "conv2d", block, s.h, c, (double)s.h * s.h * s.c * c, (double)s.c * c, bits, NULL);
            sample_layer(&s, "relu", block, s.h, c, 0, 0, 32, NULL);
        }
    }
    buffer_puts(&genome, " | head:pool=global");
    sample_layer(&s, "global_pool", "head", 1, s.c, 0, 0, 32, NULL);
    sample_quantize(&s, "head", 8);
    sample_layer(&s, "dense", "head", 1, 10, s.c * 10, s.c * 10 + 10, 8, NULL);
    double bits = s.bits_sum / s.params, capacity = log10(s.macs) + 0.25 * log2(bits + 1) * 0.4;
    double learned = 0.9 * sqrt((double)(id < 300 ? id : 300) / 300);
    double error = 0.008 + 0.6 * exp(-1.05 * (capacity - 2.2)) * (1.1 - 0.25 * learned) + 0.012 * fabs((double)rng_normal(&r));
    error = round(fmin(error, 0.88) * 360) / 360;

    buffer json = {0};
    buffer_printf(&json, "{\"input\":[8,8,1],\"layers\":[%s],\"totals\":{\"macs\":%.0f}}", s.json.data, s.macs);
    *t = (trial){.id = id, .status = TRIAL_OK, .virtual_start = id * 100, .virtual_duration = 50 + rng_below(&r, 900),
                 .trained_macs = (uint64_t)(s.macs * 3 * 1200 * 20), .wall_s = s.macs * 2e-6 + 0.05, .attempts = 1};
    t->genome = arena_strdup(a, genome.data);
    t->blocks = arena_strdup(a, json.data);
    t->key = hash_of_bytes(genome.data, genome.len);
    for (int p = 0; p < 2 && parents[p]; p++)
        t->parents[t->n_parents++] = parents[p];
    metric *m = ARENA_NEW(a, metric, 13);
    m[0] = (metric){"macs", s.macs};
    m[1] = (metric){"model_bytes", s.bytes + 80};
    m[2] = (metric){"params", s.params};
    m[3] = (metric){"peak_ram_bytes", 64.0 * 4 * (stem + s.c)};
    m[4] = (metric){"mean_weight_bits", bits};
    m[5] = (metric){"flops", 2.1 * s.macs};
    m[6] = (metric){"bops", 8 * s.macs * bits};
    m[7] = (metric){"params_folded", s.params * 0.97};
    m[8] = (metric){"latency_s", 2e-9 * s.macs + 1.3e-8 * s.params};
    m[9] = (metric){"energy_j", 3.1e-12 * s.macs * bits + 1e-9};
    m[10] = (metric){"error", error};
    m[11] = (metric){"val_loss", 2.5 * error + 0.02 + 0.01 * rng_real(&r)};
    m[12] = (metric){"integer", s.quantised};
    t->metrics = m;
    t->n_metrics = 13;
    curve_point *c = ARENA_NEW(a, curve_point, 20);
    for (uint32_t e = 1; e <= 20; e++) {
        double rest = exp(-0.24 * e) * (0.85 - error);
        c[e - 1] = (curve_point){e, 2.2 * rest + error + 0.01, 2.4 * rest + 2.5 * error + 0.02,
                                 error + rest + 0.004 * fabs((double)rng_normal(&r)) * (20 - e)};
    }
    t->curve = c;
    t->n_curve = 20;
    if (id % 23 == 0) {
        *t = (trial){.id = id, .status = TRIAL_DUPLICATE, .original = id - 1, .genome = t->genome, .metrics = m, .n_metrics = 13,
                     .virtual_start = t->virtual_start, .virtual_duration = 50};
    } else if (id % 41 == 0) {
        t->status = TRIAL_INFEASIBLE;
        t->reason = "model_bytes is 71 204, over the constraint model_bytes <= 64K";
        t->n_metrics = 10;
        t->n_curve = 0;
    } else if (id % 67 == 0) {
        t->status = TRIAL_DIVERGED;
        t->reason = "loss was not finite in epoch 2";
        t->n_metrics = 10;
        t->n_curve = 1;
    } else if (id == 100) {
        t->status = TRIAL_FAILED;
        t->reason = SAMPLE_HOSTILE;
        t->genome = "hostile " SAMPLE_HOSTILE;
        t->n_metrics = 10;
        t->n_curve = 0;
        t->blocks = "{\"layers\": not json";
    }
    buffer_free(&s.json);
    buffer_free(&json);
    buffer_free(&genome);
    return t;
}

static inline db_run sample_run(void)
{
    return (db_run){.id = 1,
                    .name = "digits",
                    .seed = 1,
                    .objectives = "error,macs,model_bytes",
                    .kernel_level = "x86-64-v3",
                    .data_name = "digits",
                    .data_json = "{\"name\":\"digits\",\"shape\":[8,8,1],\"classes\":10,\"train\":1078,\"val\":359,\"test\":360,"
                                 "\"baselines\":{\"linear_val_error\":0.0446,\"linear_test_error\":0.0461,\"linear_macs\":640,"
                                 "\"nn1_val_error\":0.0139,\"nn1_test_error\":0.0122}}",
                    .settings = "search.strategy: nsga2\nsearch.objectives: [error, macs, model_bytes]\ntrain.epochs: 20\n",
                    .config = "data: digits\nsearch:\n  strategy: nsga2\n",
                    .space_text = "stages:\n  - block: [conv, residual, separable]\n"};
}

static inline trial **sample_trials(arena *a, size_t n)
{
    trial **t = ARENA_NEW(a, trial *, n + 1);
    uint8_t(*genes)[SAMPLE_GENES] = arena_alloc_array(a, n + 1, sizeof *genes);
    for (size_t i = 0; i < n; i++)
        t[i] = sample_trial(a, i + 1, genes, t);
    return t;
}

/* What the test split said about the front, as `ashlar run` annotates it. */
static inline void sample_add_test_errors(const report *r, arena *a)
{
    for (size_t i = 0; i < r->n_front; i++) {
        trial *t = r->trials[r->front[i]];
        metric *m = ARENA_NEW(a, metric, t->n_metrics + 1);
        memcpy(m, t->metrics, t->n_metrics * sizeof *m);
        m[t->n_metrics] = (metric){"test_error", trial_metric(t, "error") * 1.04 + 0.002};
        t->metrics = m;
        t->n_metrics++;
    }
}

#endif
