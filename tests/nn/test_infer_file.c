/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_infer_file.c - model files: there and back, cut, flipped, and everything the fuzzer found worth keeping */
#include "fuzz_infer_file.c"
#include "infer_nets.h"
#include "nn/quant/place.h"
#include <dirent.h>

static const char *const names[] = {"one", "two, with a comma", "", "four"};

/* Of a data set with a mean per channel. */
static infer_about about_of(quantised *f, const infer_model *m)
{
    size_t c = (size_t)m->tensors[0].shape.c;
    float *mean = ARENA_NEW(f->a, float, 3 * c);
    for (size_t i = 0; i < 3 * c; i++)
        mean[i] = 1 + (float)i;
    infer_about about = {.name = "network", .answer = INFER_CLASSES, .sample = (size_t)nn_elements(m->tensors[0].shape), .channels = c, .n_norm = c,
                         .outputs = (size_t)nn_elements(m->tensors[m->n_tensors - 1].shape), .mean = mean, .scale = mean + c, .missing = mean + 2 * c};
    if (about.outputs == 4)
        about.names = names;
    return about;
}

static void test_there_and_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        quantised f = q_random(seed, 14, false);
        infer_model *m = q_compile(&f), *read;
        infer_about about = about_of(&f, m), *also;
        buffer file = {0}, again = {0};
        infer_write(m, &about, &file);
        if (infer_read(file.data, file.len, f.a, &read, &also, &f.err) != ASH_OK)
            fail_msg("%s", f.err.text);
        assert_string_equal(also->name, "network");
        for (size_t i = 0; about.names && i < 4; i++)
            assert_string_equal(also->names[i], names[i]);
        infer_write(read, also, &again);
        assert_int_equal(file.len, again.len);
        assert_memory_equal(file.data, again.data, file.len);
        float *image = ARENA_NEW(f.a, float, about.sample);
        float *outputs[2];
        q_image(&f, image);
        for (int i = 0; i < 2; i++) {
            infer_engine *e;
            outputs[i] = ARENA_NEW(f.a, float, about.outputs);
            assert_int_equal(infer_engine_create(i ? read : m, NULL, &e, &f.err), ASH_OK);
            infer_run(e, image, outputs[i]);
            infer_engine_destroy(e);
        }
        assert_memory_equal(outputs[0], outputs[1], about.outputs * sizeof(float));
        buffer_free(&file);
        buffer_free(&again);
        q_end(&f);
    }
}

/* A file's bytes, but for its structure, are known before the network is trained: two nets of one structure differ in their parameters alone. */
static void test_foretold_bytes(void **state)
{
    (void)state;
    int64_t told[2], written[2];
    for (int k = 0; k < 2; k++) {
        arena *a = arena_create();
        ash_error err;
        nn_graph *g = nn_graph_create(a, (nn_shape){6, 6, 2}), *placed;
        int x = nn_add1(g, &err, 0, "conv2d", "out=%d, weight_bits=2", 4 + 3 * k);
        x = nn_add1(g, &err, nn_add1(g, &err, x, "batch_norm", NULL), "relu", NULL);
        int y = nn_add1(g, &err, x, "conv2d", "out=%d, weight_bits=1", 4 + 3 * k);
        x = nn_add(g, &err, "add", (int[]){x, nn_add1(g, &err, y, "batch_norm", NULL)}, 2, NULL);
        x = nn_add1(g, &err, x, "hard_swish", NULL);
        nn_add1(g, &err, x, "dense", "out=%d, weight_bits=4", 4 + 3 * k);
        nn_set_act_bits(g, 1, 4);
        nn_quantisation q = {.weights = "scaled", .activations = "lsq"};
        assert_int_equal(nn_place_quantizers(g, &q, a, &placed, &err), ASH_OK);
        int64_t *bytes = ARENA_NEW(a, int64_t, placed->n_nodes);
        assert_int_equal(infer_node_bytes(placed, a, bytes, &err), ASH_OK);
        told[k] = 0;
        for (int i = 0; i < placed->n_nodes; i++)
            told[k] += bytes[i];
        nn_recipe recipe;
        nn_net *net;
        infer_model *m;
        assert_int_equal(option_read(&nn_recipe_options, &recipe, NULL, a, &err), ASH_OK);
        assert_int_equal(nn_net_create(placed, &recipe, NULL, 0, &net, &err), ASH_OK);
        nn_net_init(net, 1);
        for (int i = 0; i < placed->n_nodes; i++) /* nothing has been met yet */
            if (strcmp(placed->nodes[i].op->name, "quantize") == 0)
                nn_param_values(net, i, 0)[0] = 0.1f;
        assert_int_equal(infer_compile(net, a, &m, &err), ASH_OK);
        infer_about about = {.name = "", .answer = INFER_VALUES, .sample = 72, .channels = 2, .outputs = (size_t)(4 + 3 * k)};
        const float none[2] = {0};
        const double zeros[16] = {0};
        about.missing = none;
        about.out_mean = about.out_std = zeros;
        buffer file = {0};
        infer_write(m, &about, &file);
        written[k] = (int64_t)file.len - 2 * (int64_t)sizeof(double) * (int64_t)about.outputs; /* of what it is about: mean and deviation of each output */
        buffer_free(&file);
        nn_net_destroy(net);
        arena_destroy(a);
    }
    assert_int_equal(written[1] - written[0], told[1] - told[0]);
}

static buffer some_file(uint64_t seed)
{
    quantised f = q_random(seed, 8, false);
    infer_model *m = q_compile(&f);
    infer_about about = about_of(&f, m);
    buffer file = {0};
    infer_write(m, &about, &file);
    q_end(&f);
    return file;
}

static ash_status read_status(const void *bytes, size_t n)
{
    arena *a = arena_create();
    infer_model *m;
    infer_about *about;
    ash_error err;
    ash_status status = infer_read(bytes, n, a, &m, &about, &err);
    arena_destroy(a);
    return status;
}

static void test_cut_and_flipped(void **state)
{
    (void)state;
    buffer file = some_file(5);
    for (size_t n = 0; n < file.len; n++)
        assert_int_equal(read_status(file.data, n), ASH_INVALID);
    for (size_t bit = 0; bit < file.len * 8; bit++) {
        file.data[bit / 8] = (char)(file.data[bit / 8] ^ 1 << bit % 8);
        assert_int_equal(read_status(file.data, file.len), ASH_INVALID);
        file.data[bit / 8] = (char)(file.data[bit / 8] ^ 1 << bit % 8);
    }
    buffer_puts(&file, "x");
    assert_int_equal(read_status(file.data, file.len), ASH_INVALID);
    buffer_free(&file);
}

/* The same with a checksum that is right: refused, or a model that runs as the reference does. */
static void test_changed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        buffer file = some_file(seed);
        size_t n = file.len - sizeof(hash256);
        rng r = rng_stream(seed, "changes", 0);
        for (size_t cut = 0; cut < n; cut += 1 + n / 300)
            LLVMFuzzerTestOneInput((uint8_t *)file.data, cut);
        for (int i = 0; i < 2000; i++) {
            size_t at = rng_below(&r, (uint32_t)n);
            char was = file.data[at];
            file.data[at] = (char)(rng_below(&r, 2) ? was ^ 1 << rng_below(&r, 8) : (int)rng_below(&r, 256));
            LLVMFuzzerTestOneInput((uint8_t *)file.data, n);
            file.data[at] = was;
        }
        buffer_free(&file);
    }
}

static void test_sentences(void **state)
{
    (void)state;
    arena *a = arena_create();
    infer_model *m;
    infer_about *about;
    ash_error err;
    assert_int_equal(infer_read("PK\3\4 something else", 19, a, &m, &about, &err), ASH_INVALID);
    assert_string_equal(err.text, "this is no Ashlar model file");
    assert_int_equal(infer_read("ASHMODEL\2\0\0\0", 12, a, &m, &about, &err), ASH_INVALID);
    assert_string_equal(err.text, "the model file has version 2, this program reads version 1");
    assert_int_equal(infer_read("ASHMODEL\1\0\0\0", 12, a, &m, &about, &err), ASH_INVALID);
    assert_string_equal(err.text, "the model file is cut short");
    arena_destroy(a);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    buffer file = some_file(7);
    ash_status status = ASH_BROKEN;
    for (long k = 2; status != ASH_OK; k++) { /* 1 is the arena itself */
        arena_fail_at(k);
        status = read_status(file.data, file.len);
        arena_fail_at(0);
        assert_int_not_equal(status, ASH_INVALID);
    }
    buffer_free(&file);
}

static void test_corpus(void **state)
{
    (void)state;
    char path[1024];
    const char *source = getenv("ASHLAR_SOURCE");
    snprintf(path, sizeof path, "%s/tests/nn/corpus", source ? source : ".");
    DIR *d = opendir(path);
    assert_non_null(d);
    int seen = 0;
    for (struct dirent *e; (e = readdir(d));) {
        static uint8_t bytes[1 << 16];
        snprintf(path, sizeof path, "%s/tests/nn/corpus/%s", source ? source : ".", e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!f)
            continue;
        LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, sizeof bytes, f));
        fclose(f);
        seen++;
    }
    closedir(d);
    assert_true(seen >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_foretold_bytes),
        cmocka_unit_test(test_cut_and_flipped),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_corpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
