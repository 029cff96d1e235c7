/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slow_infer_fashion.c - three published networks in 8, 4, 2, 1 and mixed bits on images of Fashion-MNIST
 *
 * Each network is trained for a few steps, so that weights, steps and statistics are those of a training, and compiled. For every image the
 * reference runs once; the engine of every level of this machine must have the same codes in all
 * tensors, of which the last are the sums that outputs are made of. (The level "reference", plain loops, of the first images only.)
 *
 * Then, of the float network that was trained (fake quantisation, at the best level):
 *   - where no sum of a linear layer can reach 2^24, fp32 sums of its codes are the integer sums, at every level and in any order;
 *   - elsewhere it may differ: the answers and the codes in which it does are counted, not bounded.
 *
 * Prints what it measured, and a hash of all codes and outputs, which is the same on every machine. ASHLAR_IMAGES: how many images of the test split
 * (default 50, at most 10,000). ASHLAR_MODELS: a folder to keep the models in; those that are there already are not trained, and not compared with
 * float: another machine, or an emulated one, runs what this one trained. Skipped without the data set. */
#include "unit.h"

#include "config/config.h"
#include "core/hash.h"
#include "core/log.h"
#include "data/data.h"
#include "data/file.h"
#include "evaluator/quality/quality.h"
#include "nn/infer/engine.h"
#include "nn/infer/file.h"
#include "nn/infer/reference.h"
#include "nn/net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char data_settings_text[] = "type=idx, path=/usr/share/datasets/fashion-mnist, limit=512, val_fraction=0.1";
static const char *const architectures[] = {"lenet-caffe", "resnet8", "ds-cnn"};
enum { MAX_LEVELS = 8, FIRST_IMAGES = 3, PLAIN_IMAGES = 50 }; /* whose outputs and sums are compared, too; that plain kernels run, too */

static const struct setting {
    const char *name, *quantize;
    bool mixed; /* layers have bits of their own instead */
} settings[] = {
    {"8/8 scaled", "weight_bits=8, act_bits=8", false}, /* the largest code is in every channel */
    {"8/8", "weight_bits=8, act_bits=8, weights=lsq", false},
    {"4/4", "weight_bits=4, act_bits=4, weights=lsq", false},
    {"2/2", "weight_bits=2, act_bits=2, weights=lsq", false},
    {"1/1", "weight_bits=1, act_bits=1", false},
    {"mixed", "weights=lsq", true},
};

static data_set *fashion;

typedef struct subject { /* one network */
    arena *a;
    nn_net *net; /* NULL: the model was read */
    infer_model *model;
    hasher hash; /* of the reference's codes and outputs */
    int32_t **codes;          /* (n_tensors) of the reference */
    int32_t *engine_codes;    /* of one tensor */
    float *outputs, *engine_outputs;
    const char *levels[MAX_LEVELS];
    infer_engine *engines[MAX_LEVELS];
    int n_levels;
    size_t tensors, mismatches;       /* compared, over images and levels */
    size_t answers, codes_off, n_codes; /* of the float network: other classes, other codes, all codes */
    int exact, linear;                /* linear steps whose sums fp32 holds; all of them */
} subject;

static void must(ash_status status, const ash_error *err)
{
    if (status != ASH_OK)
        fail_msg("%s", err->text);
}

static size_t elements_of(const infer_model *m, int tensor)
{
    return (size_t)nn_elements(m->tensors[tensor].shape);
}

/* ---- making one ---- */

static void set_text(arena *a, node *map, const char *key, int value)
{
    const char *text = arena_printf(a, "%d", value);
    for (node *n = map->first; n; n = n->next)
        if (strcmp(n->key, key) == 0) {
            n->text = text;
            return;
        }
    node_append(map, node_scalar(a, key, text));
}

/* The architecture for images of Fashion-MNIST and its classes; mixed: each layer with weights has the next of these bits. */
static node *read_architecture(arena *a, const char *name, bool mixed)
{
    static const int bits[][2] = {{4, 8}, {1, 4}, {8, 2}, {2, 1}, {8, 8}, {1, 1}, {2, 4}}; /* of weights, of activations */
    const char *folder = getenv("ASHLAR_SOURCE");
    node *root, *last = NULL;
    ash_error err;
    must(config_read_file(arena_printf(a, "%s/examples/architectures/%s.yaml", folder ? folder : ".", name), a, &root, &err), &err);
    const int shape[] = {fashion->h, fashion->w, fashion->c};
    node *side = node_get(root, "input")->first;
    for (int i = 0; i < 3; i++, side = side->next)
        side->text = arena_printf(a, "%d", shape[i]);
    size_t turn = 0;
    for (node *layer = node_get(root, "layers")->first; layer; layer = layer->next) {
        const char *op = node_get(layer, "op")->text;
        if (mixed && (strcmp(op, "conv2d") == 0 || strcmp(op, "depthwise_conv2d") == 0 || strcmp(op, "dense") == 0)) {
            const int *b = bits[turn++ % (sizeof(bits) / sizeof(*bits))];
            set_text(a, layer, "weight_bits", b[0]);
            set_text(a, layer, "act_bits", b[1]);
        }
        last = layer;
    }
    set_text(a, last, "out", fashion->n_outputs);
    return root;
}

static void train(subject *s, const nn_graph *g)
{
    nn_recipe recipe;
    ash_error err;
    node *map;
    must(node_parse_inline(s->a, "epochs=1, batch=32, lr=0.01", "train", &map, &err), &err);
    must(option_read(&nn_recipe_options, &recipe, map, s->a, &err), &err);
    must(nn_net_create(g, &recipe, NULL, 0, &s->net, &err), &err);
    nn_net_init(s->net, 1);
    curve_point curve;
    size_t n_curve;
    nn_dataset view = quality_view(fashion, &fashion->train);
    assert_int_equal(nn_train(s->net, &view, NULL, 1, &curve, &n_curve, NULL, NULL), NN_TRAINED);
}

/* From ASHLAR_MODELS, if it is there. */
static void read_model(subject *s, const char *path)
{
    buffer bytes = {0};
    infer_about *about;
    ash_error err;
    if (!path || access(path, R_OK) != 0)
        return;
    must(data_file_slurp(path, (size_t)1 << 30, &bytes, &err), &err);
    must(infer_read(bytes.data, bytes.len, s->a, &s->model, &about, &err), &err);
    buffer_free(&bytes);
}

static void write_model(const subject *s, const char *path)
{
    float missing = 0;
    infer_about about = {.name = "", .sample = elements_of(s->model, 0), .channels = (size_t)fashion->c, .outputs = (size_t)fashion->n_outputs,
                         .missing = &missing};
    buffer bytes = {0};
    infer_write(s->model, &about, &bytes);
    FILE *f = fopen(path, "wb");
    assert_true(f && !bytes.failed && fwrite(bytes.data, 1, bytes.len, f) == bytes.len && fclose(f) == 0);
    buffer_free(&bytes);
}

static void train_model(subject *s, const char *architecture, const struct setting *bits)
{
    ash_error err;
    node *quantize;
    nn_graph *g;
    must(node_parse_inline(s->a, bits->quantize, "quantize", &quantize, &err), &err);
    must(nn_read(read_architecture(s->a, architecture, bits->mixed), quantize, s->a, &g, &err), &err);
    train(s, g);
    must(infer_compile(s->net, s->a, &s->model, &err), &err);
}

static subject open_subject(const char *architecture, const struct setting *bits)
{
    subject s = {.a = arena_create()};
    ash_error err;
    const char *folder = getenv("ASHLAR_MODELS");
    char *path = folder ? arena_printf(s.a, "%s/%s-%s.ashm", folder, architecture, bits->name) : NULL;
    for (char *c = path ? path + strlen(folder) + 1 : NULL; c && *c; c++)
        *c = strchr("/ ", *c) ? '-' : *c;
    read_model(&s, path);
    if (!s.model) {
        train_model(&s, architecture, bits);
        if (path)
            write_model(&s, path);
    }
    hash_init(&s.hash);
    size_t most = 0;
    s.codes = ARENA_NEW(s.a, int32_t *, (size_t)s.model->n_tensors);
    for (int t = 0; t < s.model->n_tensors; t++) {
        size_t n = elements_of(s.model, t);
        s.codes[t] = ARENA_NEW(s.a, int32_t, n);
        most = n > most ? n : most;
    }
    s.engine_codes = ARENA_NEW(s.a, int32_t, most);
    s.outputs = ARENA_NEW(s.a, float, (size_t)fashion->n_outputs);
    s.engine_outputs = ARENA_NEW(s.a, float, (size_t)fashion->n_outputs);
    for (const char *const *level = nn_kernels_levels(); *level; level++)
        if (infer_kernels_find(*level)) {
            assert_true(s.n_levels < MAX_LEVELS);
            s.levels[s.n_levels] = *level;
            must(infer_engine_create(s.model, *level, &s.engines[s.n_levels++], &err), &err);
        }
    return s;
}

static void close_subject(subject *s)
{
    for (int i = 0; i < s->n_levels; i++)
        infer_engine_destroy(s->engines[i]);
    if (s->net)
        nn_net_destroy(s->net);
    arena_destroy(s->a);
}

/* ---- integers against integers ---- */

static void compare_tensor(subject *s, const infer_engine *e, int tensor)
{
    infer_codes(e, tensor, s->engine_codes);
    s->tensors++;
    s->mismatches += memcmp(s->engine_codes, s->codes[tensor], elements_of(s->model, tensor) * sizeof(int32_t)) != 0;
}

static void compare_engine(subject *s, infer_engine *e, const float *image)
{
    infer_load(e, image);
    compare_tensor(s, e, 0);
    for (int k = 0; k < s->model->n_tensors - 1; k++) {
        infer_run_step(e, k);
        compare_tensor(s, e, k + 1);
    }
}

static void compare_outputs(subject *s, infer_engine *e, const float *image)
{
    infer_run(e, image, s->engine_outputs);
    s->mismatches += memcmp(s->engine_outputs, s->outputs, (size_t)fashion->n_outputs * sizeof(float)) != 0;
}

static void hash_answer(subject *s)
{
    for (int t = 0; t < s->model->n_tensors; t++)
        hash_bytes(&s->hash, s->codes[t], elements_of(s->model, t) * sizeof(int32_t));
    hash_bytes(&s->hash, s->outputs, (size_t)fashion->n_outputs * sizeof(float));
}

/* ---- integers against floats ---- */

static int largest(const float *v)
{
    int best = 0;
    for (int i = 1; i < fashion->n_outputs; i++)
        best = v[i] > v[best] ? i : best;
    return best;
}

/* Codes of a tensor in the float network, which holds their values. */
static void count_codes(subject *s, int tensor)
{
    const infer_tensor *t = &s->model->tensors[tensor];
    nn_view v = nn_output_view(s->net, t->node, 1);
    const int32_t *expected = s->codes[tensor];
    for (int row = 0; row < v.h; row++)
        for (int column = 0; column < v.w; column++)
            for (int c = 0; c < v.c; c++)
                s->codes_off += lrintf(v.p[row * v.sh + column * v.sw + c] / t->step) != *expected++;
    s->n_codes += elements_of(s->model, tensor);
}

static void compare_float(subject *s, const float *image)
{
    nn_dataset one = {.n = 1, .shape = {fashion->h, fashion->w, fashion->c}, .n_outputs = fashion->n_outputs, .x = image};
    nn_load(s->net, &one, NULL, 1, false, 0);
    nn_forward(s->net, 1, false, 0);
    for (int t = 0; t < s->model->n_tensors - 1; t++)
        count_codes(s, t);
    s->answers += largest(nn_output_view(s->net, s->net->graph->output, 1).p) != largest(s->outputs);
}

/* ---- sums of fp32 against sums of integers ---- */

static void *aligned(size_t bytes)
{
    void *p = aligned_alloc(64, (bytes + 127) / 64 * 64);
    assert_non_null(p);
    return memset(p, 0, (bytes + 127) / 64 * 64);
}

static bool fits_fp32(const infer_model *m, const infer_step *s, int step)
{
    int64_t per_row = infer_per_row(&s->conv, s->seen[0]);
    int64_t most = per_row * infer_weight_max(s->weights, per_row * m->tensors[step + 1].shape.c);
    return most * infer_code_max(m->tensors[s->inputs[0]].type) < 1 << 24;
}

/* acc: the int32 sums of a linear step, by the specification of its kernels. */
static void sum_integers(const subject *u, int step, int32_t *acc)
{
    const infer_step *s = &u->model->steps[step];
    const infer_tensor *x = &u->model->tensors[s->inputs[0]];
    const infer_kernels *k = infer_kernels_find("reference");
    size_t n = elements_of(u->model, s->inputs[0]);
    infer_linear l = {.conv = s->conv, .in = s->seen[0], .out = u->model->tensors[step + 1].shape, .x = x->type, .y = {32, true},
                      .weight_bits = s->weight_bits, .weights = s->weights};
    int16_t *codes = aligned(n * sizeof(*codes));
    uint8_t *bytes = aligned((size_t)infer_bytes(x));
    void *prepared = aligned(k->prepared_bytes(&l)), *scratch = aligned(k->scratch_bytes(&l));
    for (size_t i = 0; i < n; i++)
        codes[i] = (int16_t)u->codes[s->inputs[0]][i];
    k->pack(bytes, codes, n, x->type);
    k->prepare(&l, prepared);
    k->run(prepared, bytes, acc, scratch);
    free(codes);
    free(bytes);
    free(prepared);
    free(scratch);
}

/* The same convolution of the same codes by the kernels of training; whether it has these sums. */
static bool same_sums(const subject *u, int step, const nn_kernels *k, const int32_t *acc)
{
    const infer_step *s = &u->model->steps[step];
    nn_shape in = s->seen[0], out = u->model->tensors[step + 1].shape;
    const int32_t *codes = u->codes[s->inputs[0]];
    int tall = s->conv.kh * s->conv.dilation_h + s->conv.stride_h, wide = s->conv.kw * s->conv.dilation_w + s->conv.stride_w; /* halo */
    ptrdiff_t row = (ptrdiff_t)(in.w + 2 * wide) * in.c;
    size_t weights = (size_t)(infer_per_row(&s->conv, in) * out.c), n = (size_t)nn_elements(out);
    float *padded = aligned((size_t)(in.h + 2 * tall) * (size_t)row * sizeof(float)), *y = aligned(n * sizeof(float));
    float *w = aligned((weights + 15) * sizeof(float));
    nn_source source = {.v = {padded + tall * row + wide * in.c, 1, in.h, in.w, in.c, in.c, row, row * (in.h + 2 * tall)}};
    nn_view to = {y, 1, out.h, out.w, out.c, out.c, (ptrdiff_t)out.w * out.c, (ptrdiff_t)n};
    for (int r = 0; r < in.h; r++)
        for (int i = 0; i < in.w * in.c; i++)
            source.v.p[r * row + i] = (float)*codes++;
    for (size_t i = 0; i < weights; i++)
        w[i] = s->weights[i];
    float *scratch = aligned(k->conv_scratch(&source, &to, &s->conv) * sizeof(float));
    k->conv_forward(to, &source, w, NULL, NN_ACT_NONE, NULL, &s->conv, scratch);
    bool same = true;
    for (size_t i = 0; i < n; i++)
        same &= y[i] == (float)acc[i];
    free(padded);
    free(y);
    free(w);
    free(scratch);
    return same;
}

static void compare_sums(subject *s)
{
    s->exact = s->linear = 0;
    for (int k = 0; k < s->model->n_tensors - 1; k++) {
        if (s->model->steps[k].kind != INFER_LINEAR)
            continue;
        s->linear++;
        if (!fits_fp32(s->model, &s->model->steps[k], k))
            continue;
        s->exact++;
        int32_t *acc = aligned(elements_of(s->model, k + 1) * sizeof(*acc));
        sum_integers(s, k, acc);
        for (int i = 0; i < s->n_levels; i++)
            if (!same_sums(s, k, nn_kernels_find(s->levels[i]), acc))
                fail_msg("step %d: fp32 sums at %s are not the integer sums", k, s->levels[i]);
        free(acc);
    }
}

/* ---- all of them ---- */

static size_t images_wanted(void)
{
    const char *text = getenv("ASHLAR_IMAGES");
    long n = text ? atol(text) : 50;
    return n < 1 ? 1 : (size_t)n > fashion->test.n ? fashion->test.n : (size_t)n;
}

static size_t measure(const char *architecture, const struct setting *bits, size_t images)
{
    subject s = open_subject(architecture, bits);
    size_t image = (size_t)(fashion->h * fashion->w * fashion->c);
    for (size_t i = 0; i < images; i++) {
        const float *x = fashion->test.x + i * image;
        infer_run_reference(s.model, x, s.codes, s.outputs);
        hash_answer(&s);
        for (int e = 0; e < s.n_levels; e++)
            if (i < PLAIN_IMAGES || strcmp(s.levels[e], "reference") != 0)
                compare_engine(&s, s.engines[e], x);
        if (s.net)
            compare_float(&s, x);
        for (int e = 0; i < FIRST_IMAGES && e < s.n_levels; e++)
            compare_outputs(&s, s.engines[e], x);
        if (i < FIRST_IMAGES)
            compare_sums(&s);
    }
    char hex[65];
    hash256 hash = hash_final(&s.hash);
    hash_to_hex(hex, &hash);
    printf("%-12s %-10s %7d %7zu %7d %10zu %10zu   %.12s %8d/%d", architecture, bits->name, s.model->n_tensors, images, s.n_levels, s.tensors,
           s.mismatches, hex, s.exact, s.linear);
    if (s.net)
        printf(" %7zu %11.6f", s.answers, 100 * (double)s.codes_off / (double)s.n_codes);
    printf("\n");
    fflush(stdout);
    size_t mismatches = s.mismatches;
    close_subject(&s);
    return mismatches;
}

static void test_all(void **state)
{
    (void)state;
    size_t mismatches = 0, images = images_wanted();
    printf("%-12s %-10s %7s %7s %7s %10s %10s   %12s %10s   float network:\n", "", "", "", "", "", "", "", "", "fp32 sums");
    printf("%-12s %-10s %7s %7s %7s %10s %10s   %12s %10s %7s %11s\n", "network", "bits", "tensors", "images", "levels", "compared", "mismatches",
           "all codes", "exact", "answers", "codes (%)");
    for (size_t i = 0; i < sizeof(architectures) / sizeof(*architectures); i++)
        for (size_t k = 0; k < sizeof(settings) / sizeof(*settings); k++)
            mismatches += measure(architectures[i], &settings[k], images);
    assert_int_equal(mismatches, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
    if (access("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz", R_OK) != 0)
        return 77;
    arena *a = arena_create();
    node *map;
    ash_error err;
    log_set_level(LOG_QUIET);
    if (!a || node_parse_inline(a, data_settings_text, "data", &map, &err) != ASH_OK || data_open(map, &fashion, &err) != ASH_OK) {
        fprintf(stderr, "%s\n", a ? err.text : "out of memory");
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    data_close(fashion);
    arena_destroy(a);
    return failed;
}
