/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every block of the registry decodes, and what does not fit is an invalid genome with a reason */
#include "space/block.h"
#include "tests/space/space_test.h"

/* Decodes the i-th genome; NULL with err filled in when it is invalid. */
static nn_graph *decode_at(const char *text, nn_shape input, uint64_t i, arena *a, ash_error *err)
{
    space *s = space_of_text(text, input, 10);
    genome *g = genome_create(s, a);
    nn_graph *out = NULL;
    assert_true(space_enumerate(s, g, i));
    *err = (ash_error){0};
    ash_status status = space_decode(s, g, a, &out, err);
    assert_int_equal(status, out ? ASH_OK : ASH_INVALID);
    space_destroy(s);
    return out;
}

static void check_network(const char *text, nn_shape input, const char *ops, int64_t macs, int64_t params)
{
    arena *a = arena_create();
    ash_error err;
    nn_graph *g = decode_at(text, input, 0, a, &err);
    if (!g)
        fail_msg("%s: %s", text, err.text);
    buffer found = {0};
    for (int i = 1; i < g->n_nodes; i++)
        buffer_printf(&found, "%s%s", i > 1 ? " " : "", nn_op_name(g->nodes[i].op));
    assert_string_equal(found.data, ops);
    if (nn_macs(g) != macs || nn_params(g) != params)
        fail_msg("%s: %ld MACs, %ld params; not %ld, %ld", text, (long)nn_macs(g), (long)nn_params(g), (long)macs, (long)params);
    buffer_free(&found);
    arena_destroy(a);
}

static void refuses(const char *text, nn_shape input, const char *why)
{
    arena *a = arena_create();
    ash_error err;
    if (decode_at(text, input, 0, a, &err))
        fail_msg("%s decodes", text);
    if (!strstr(err.text, why))
        fail_msg("%s: %s", text, err.text);
    arena_destroy(a);
}

static const nn_shape image = {8, 8, 3};

/* MACs and params by hand; the head adds width x 10 MACs and 10 biases. */
static void anatomy(void **state)
{
    (void)state;
    check_network("stages: [{block: conv, width: 8}]\n", image, "conv2d batch_norm relu global_avg_pool dense",
                  64 * 27 * 8 + 80, 27 * 8 + 16 + 90);
    check_network("stages: [{block: conv, width: 9, kernel: 5, stride: 2, groups: 3, activation: none}]\n", image,
                  "conv2d batch_norm global_avg_pool dense", 16 * 25 * 9 + 90, 25 * 9 + 18 + 100);
    check_network("stages: [{block: separable, width: 8}]\n", image,
                  "depthwise_conv2d batch_norm relu conv2d batch_norm relu global_avg_pool dense", 64 * (27 + 24) + 80,
                  27 + 6 + 24 + 16 + 90);
    check_network("stages: [{block: inverted_bottleneck, width: 3, expansion: 2}]\n", image,
                  "conv2d batch_norm relu6 depthwise_conv2d batch_norm relu6 conv2d batch_norm add global_avg_pool dense",
                  64 * (18 + 54 + 18) + 30, 18 + 12 + 54 + 12 + 18 + 6 + 40);
    check_network("stages: [{block: inverted_bottleneck, width: 4, expansion: 1}]\n", image,
                  "depthwise_conv2d batch_norm relu6 conv2d batch_norm global_avg_pool dense", 64 * (27 + 12) + 40,
                  27 + 6 + 12 + 8 + 50);
    check_network("stages: [{block: residual, width: 3}]\n", image,
                  "conv2d batch_norm relu conv2d batch_norm add relu global_avg_pool dense", 64 * 162 + 30, 162 + 12 + 40);
    check_network("stages: [{block: residual, width: 4, stride: 2}]\n", image,
                  "conv2d batch_norm relu conv2d batch_norm conv2d batch_norm add relu global_avg_pool dense",
                  16 * (108 + 144 + 12) + 40, 108 + 144 + 12 + 24 + 50);
    check_network("stages: [{block: nor_conv, width: 8}]\n", image, "relu conv2d batch_norm global_avg_pool dense",
                  64 * 27 * 8 + 80, 27 * 8 + 16 + 90);
    check_network("stages: [{block: max_pool}]\nhead: {pool: flatten}\n", image, "max_pool flatten dense", 480, 490);
    check_network("stages: [{block: avg_pool, kernel: 3, stride: 1}]\n", image, "avg_pool global_avg_pool dense", 30, 40);
    check_network("stages: [{block: dense, width: 5}]\n", image, "dense relu dense", 192 * 5 + 50, 192 * 5 + 5 + 60);
    check_network("stages: [{block: dense, width: 5, batch_norm: true}]\n", image, "dense batch_norm relu dense", 192 * 5 + 50,
                  192 * 5 + 10 + 60);
    /* sequences of 12 steps and 3 features */
    nn_shape steps = {12, 1, 3};
    check_network("stages: [{block: conv1d, width: 8, kernel: 5, stride: 2, activation: tanh}]\n", steps,
                  "conv2d batch_norm tanh global_avg_pool dense", 6 * 15 * 8 + 80, 15 * 8 + 16 + 90);
    check_network("stages: [{block: separable1d, width: 4, activation: hard_swish}]\n", steps,
                  "depthwise_conv2d batch_norm hard_swish conv2d batch_norm hard_swish global_avg_pool dense", 12 * (9 + 12) + 40,
                  9 + 6 + 12 + 8 + 50);
    check_network("stages: [{block: max_pool1d, kernel: 3}]\nhead: {pool: flatten}\n", steps, "max_pool flatten dense", 180, 190);
    check_network("stages: [{block: avg_pool1d, stride: 5}]\nhead: {pool: flatten}\n", steps, "avg_pool flatten dense", 90, 100);
    check_network("stages: [{block: inverted_bottleneck, width: 4, expansion: 1, activation: hard_swish}]\n", image,
                  "depthwise_conv2d batch_norm hard_swish conv2d batch_norm global_avg_pool dense", 64 * (27 + 12) + 40,
                  27 + 6 + 12 + 8 + 50);
    check_network("stages: [{block: identity}]\nhead: {hidden: 7, dropout: 0.5}\n", image,
                  "global_avg_pool dense relu dropout dense", 21 + 70, 28 + 80);
}

static void repeats_and_strides(void **state)
{
    (void)state;
    /* Shared genes: the first repeat strides. 16 x (27 x 4) + 16 x (36 x 4) x 2 + 40 */
    check_network("stages: [{block: conv, width: 4, stride: 2, repeat: 3}]\n", image,
                  "conv2d batch_norm relu conv2d batch_norm relu conv2d batch_norm relu global_avg_pool dense",
                  16 * 108 + 2 * 16 * 144 + 40, 108 + 2 * 144 + 24 + 50);
    /* Their own: all do. */
    check_network("stages: [{block: conv, width: 4, stride: 2, repeat: 3, vary: true}]\n", image,
                  "conv2d batch_norm relu conv2d batch_norm relu conv2d batch_norm relu global_avg_pool dense",
                  16 * 108 + 4 * 144 + 144 + 40, 108 + 2 * 144 + 24 + 50);
    check_network("stages: [{block: conv, width: 4, repeat: 0}]\n", image, "global_avg_pool dense", 30, 40);
}

static void bits_reach_the_weights(void **state)
{
    (void)state;
    arena *a = arena_create();
    ash_error err;
    nn_graph *g = decode_at("stages: [{name: a, block: [inverted_bottleneck, residual], width: 3, inverted_bottleneck.bits: 4, bits: 1}]\n"
                            "head: {hidden: 8, bits: 2}\n", image, 0, a, &err);
    assert_non_null(g);
    for (int i = 1; i < g->n_nodes; i++)
        if (g->nodes[i].macs)
            assert_int_equal(g->nodes[i].weight_bits, strcmp(g->nodes[i].block, "head") == 0 ? 2 : 4);
    assert_string_equal(g->nodes[1].block, "a inverted_bottleneck");
    arena_destroy(a);
}

static void invalid_genomes(void **state)
{
    (void)state;
    refuses("stages: [{block: conv, width: 8, stride: 2, repeat: 5, vary: true}]\n", (nn_shape){8, 8, 1},
            "stride 2 on a map of 1 x 1");
    refuses("stages: [{block: max_pool, repeat: 5, vary: true}]\n", (nn_shape){8, 8, 1}, "repeat 4: stride 2 on a map of 1 x 1");
    refuses("stages: [{block: conv, width: 8, groups: 2}]\n", image, "groups");
    refuses("stages: [{block: conv, width: 8, groups: 3}]\n", image, "groups");
    refuses("stages: [{block: dense, width: 8}, {name: b, block: conv, width: 8}]\n", image, "b: conv needs a map");
    refuses("stages: [{block: max_pool}]\n", (nn_shape){1, 1, 13}, "max_pool needs a map");
    refuses("stages: [{block: conv1d, width: 4, stride: 4, repeat: 2, vary: true}]\n", (nn_shape){6, 1, 2}, "stride 4 on a map of 2 x 1");
    refuses("cell: nasbench201\n", (nn_shape){1, 1, 13}, "needs maps");
    refuses("cell: {channels: [4, 4, 4], cells: 1}\n", (nn_shape){2, 2, 3}, "reduction.2: stride 2 on a map of 1 x 1");
}

/* Contract of the registry: a block that is listed has a name, help and defaults, and decodes at every stride it takes. */
static void registry(void **state)
{
    (void)state;
    for (size_t i = 0; block_at(i); i++) {
        const block *b = block_at(i);
        char text[512];
        assert_string_equal(block_names[i], b->name);
        assert_ptr_equal(block_find(b->name), b);
        assert_true(b->help && *b->help && b->options && b->build);
        snprintf(text, sizeof(text), "stages: [{name: a, block: conv, width: 6}, {name: b, block: %s%s%s, repeat: 2}]\n", b->name,
                 option_find(b->options, "width") ? ", width: [6, 12]" : "", option_find(b->options, "stride") ? ", stride: [1, 2]" : "");
        space *s = space_of_text(text, (nn_shape){9, 7, 3}, 10);
        arena *a = arena_create();
        genome *g = genome_create(s, a);
        for (uint64_t k = 0; space_enumerate(s, g, k); k++) {
            ash_error err;
            nn_graph *net, *canonical, *again;
            hash256 hash, same;
            if (space_decode(s, g, a, &net, &err) != ASH_OK)
                fail_msg("%s: %s", text, err.text);
            assert_int_equal(net->nodes[net->output].shape.c, 10);
            assert_int_equal(space_canonical(net, a, &canonical, &hash, &err), ASH_OK);
            assert_int_equal(space_canonical(canonical, a, &again, &same, &err), ASH_OK);
            assert_true(hash_equal(&hash, &same));
            assert_int_equal(nn_macs(net), nn_macs(canonical));
        }
        arena_destroy(a);
        space_destroy(s);
    }
    assert_null(block_find("convv"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anatomy),         cmocka_unit_test(repeats_and_strides), cmocka_unit_test(bits_reach_the_weights),
        cmocka_unit_test(invalid_genomes), cmocka_unit_test(registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
