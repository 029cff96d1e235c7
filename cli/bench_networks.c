/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_networks.c - ashlar bench infer ARCH...: whole networks on integers, beside the same networks in fp32
 *
 * A *network* is run three ways in turn, round after round: by the integer engine, image by image; without any quantisation by the kernels of
 * training, image by image; and so a batch at a time. Each way evaluates the same images of noise, loss included. A ratio is of two ways in
 * the same round. Weights are those of one training step, which sets the steps of quantizers: how fast it goes does not depend on them. */
#include "cli/bench.h"
#include "cli/source.h"
#include "cli/table.h"
#include "config/config.h"
#include "nn/infer/engine.h"
#include "nn/infer/file.h"

enum { INTEGER, SINGLE, BATCHED, WAYS };

typedef struct subject { /* a network, three times */
    const nn_graph *g;
    infer_model *model;
    infer_engine *engine;
    nn_net *fp32[WAYS]; /* SINGLE, BATCHED */
    nn_dataset data;    /* a batch */
    size_t file_bytes;
    double images_per_s[WAYS][BENCH_MAX_ROUNDS], ratio[WAYS][BENCH_MAX_ROUNDS]; /* ratio: of the integers to the way */
} subject;

static ash_status open_net(const nn_graph *g, int64_t batch, const char *level, arena *a, nn_net **out, ash_error *err)
{
    nn_recipe recipe;
    if (option_read(&nn_recipe_options, &recipe, NULL, a, err) != ASH_OK)
        return err->status;
    recipe.batch = batch;
    recipe.epochs = 1;
    if (nn_net_create(g, &recipe, level, 0, out, err) == ASH_OK)
        nn_net_init(*out, 1);
    return *out ? ASH_OK : err->status;
}

/* Bytes of the model file, for data that are not normalised. */
static ash_status measure_file(subject *s, arena *a, ash_error *err)
{
    nn_shape in = s->g->nodes[0].shape;
    float *missing = ARENA_NEW(a, float, (size_t)in.c);
    buffer file = {0};
    if (!missing)
        return ash_fail_memory(err);
    const infer_about about = {.name = s->g->name, .answer = INFER_CLASSES, .sample = (size_t)nn_elements(in), .channels = (size_t)in.c,
                               .outputs = (size_t)s->data.n_outputs, .missing = missing};
    infer_write(s->model, &about, &file);
    s->file_bytes = file.len;
    bool failed = file.failed;
    buffer_free(&file);
    return failed ? ash_fail_memory(err) : ASH_OK;
}

static ash_status open_integer(subject *s, const bench_request *r, arena *a, ash_error *err)
{
    ash_error why;
    nn_net *net = NULL;
    curve_point curve;
    size_t n_curve;
    if (!infer_supports(s->g, &why))
        return why.status != ASH_INVALID
                   ? ash_fail(err, why.status, "%s", why.text)
                   : ash_fail(err, ASH_INVALID, "%s; --quantize \"weight_bits=8, act_bits=8\" gives all layers bits", why.text);
    ash_status status = open_net(s->g, r->batch, r->level, a, &net, err);
    if (status == ASH_OK && nn_train(net, &s->data, NULL, 1, &curve, &n_curve, NULL, NULL) != NN_TRAINED)
        status = ash_fail(err, ASH_INVALID, "the loss is not finite on random images");
    if (status == ASH_OK)
        status = infer_compile(net, a, &s->model, err);
    if (status == ASH_OK)
        status = infer_engine_create(s->model, r->level, &s->engine, err);
    nn_net_destroy(net);
    return status == ASH_OK ? measure_file(s, a, err) : status;
}

static ash_status open_subject(subject *s, const char *path, const bench_request *r, arena *a, ash_error *err)
{
    node *root, *quantize, *none;
    nn_graph *g, *plain;
    if (cli_quantize(r->quantize, a, &quantize, err) != ASH_OK || cli_quantize("weight_bits=32, act_bits=32", a, &none, err) != ASH_OK ||
        config_read_file(path, a, &root, err) != ASH_OK || nn_read(root, quantize, a, &g, err) != ASH_OK ||
        nn_read(root, none, a, &plain, err) != ASH_OK)
        return err->status;
    s->g = g;
    if (!bench_noise(g, (size_t)r->batch, a, &s->data))
        return ash_fail_memory(err);
    if (open_integer(s, r, a, err) != ASH_OK || open_net(plain, 1, r->level, a, &s->fp32[SINGLE], err) != ASH_OK ||
        open_net(plain, r->batch, r->level, a, &s->fp32[BATCHED], err) != ASH_OK)
        return ash_prefix(err, "%s", path);
    return ASH_OK;
}

/* Images per second of processor time over at least `seconds`. */
static double run_for(subject *s, int way, double seconds)
{
    size_t images = 0;
    double start = bench_processor_s(), took;
    do {
        if (way == INTEGER)
            infer_evaluate(s->engine, &s->data, NULL, NULL);
        else
            nn_evaluate(s->fp32[way], &s->data);
        images += s->data.n;
        took = bench_processor_s() - start;
    } while (took < seconds);
    return (double)images / took;
}

static void measure(subject *s, const bench_request *r)
{
    for (int i = 0; i < r->n_paths; i++)
        for (int way = 0; way < WAYS; way++)
            run_for(&s[i], way, 0.02); /* caches and clock */
    for (int round = 0; round < r->rounds; round++)
        for (int i = 0; i < r->n_paths; i++)
            for (int way = 0; way < WAYS; way++) {
                s[i].images_per_s[way][round] = run_for(&s[i], way, r->ms / 1000.0);
                s[i].ratio[way][round] = s[i].images_per_s[INTEGER][round] / s[i].images_per_s[way][round];
            }
}

static void print(subject *s, const bench_request *r)
{
    static const char *const columns[] = {"level", "macs",  "images_per_s",         "fp32_images_per_s",  "ratio_to_fp32", "least",
                                          "most",  "batch", "fp32_batch_images_per_s", "ratio_to_fp32_batch", "arena_bytes",   "file_bytes"};
    table *t = table_create();
    table_column(t, "network", TABLE_LEFT);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        table_column(t, columns[i], TABLE_RIGHT);
    for (int i = 0; i < r->n_paths; i++) {
        double rate[WAYS], ratio[WAYS];
        for (int way = 0; way < WAYS; way++) {
            rate[way] = bench_median(s[i].images_per_s[way], r->rounds);
            ratio[way] = bench_median(s[i].ratio[way], r->rounds);
        }
        table_row(t);
        table_text(t, s[i].g->name);
        table_text(t, r->level);
        table_integer(t, nn_macs(s[i].g));
        table_number(t, rate[INTEGER], "%.0f");
        table_number(t, rate[SINGLE], "%.0f");
        table_number(t, ratio[SINGLE], "%.2f");
        table_number(t, s[i].ratio[SINGLE][0], "%.2f");
        table_number(t, s[i].ratio[SINGLE][r->rounds - 1], "%.2f");
        table_integer(t, r->batch);
        table_number(t, rate[BATCHED], "%.0f");
        table_number(t, ratio[BATCHED], "%.2f");
        table_integer(t, s[i].model->arena_bytes);
        table_integer(t, (int64_t)s[i].file_bytes);
    }
    table_print(t, r->format, stdout);
    table_destroy(t);
}

ash_status bench_networks(const bench_request *r, ash_error *err)
{
    static subject subjects[BENCH_MAX_FILES];
    arena *a = arena_create();
    ash_status status = a ? ASH_OK : ash_fail_memory(err);
    for (int i = 0; status == ASH_OK && i < r->n_paths; i++)
        status = open_subject(&subjects[i], r->paths[i], r, a, err);
    if (status == ASH_OK) {
        measure(subjects, r);
        print(subjects, r);
    }
    for (int i = 0; i < r->n_paths; i++) {
        infer_engine_destroy(subjects[i].engine);
        nn_net_destroy(subjects[i].fp32[SINGLE]);
        nn_net_destroy(subjects[i].fp32[BATCHED]);
    }
    arena_destroy(a);
    return status;
}
