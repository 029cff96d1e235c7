/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks that the run file defines: expressions, what they lay, what they cost, and every way to write them wrong */
#include "space/block.h"
#include "space/expression.h"
#include "tests/space/space_test.h"

/* ------------------------------------------------------------------ expressions */

static ash_status look_up(const void *ctx, const char *name, int64_t *out, ash_error *err)
{
    (void)ctx;
    static const struct {
        const char *name;
        int64_t value;
    } known[] = {{"a", 7}, {"b", 2}, {"zero", 0}, {"mid.c", 24}, {"big", INT64_C(1) << 52}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].name, name) == 0) {
            *out = known[i].value;
            return ASH_OK;
        }
    return ash_fail(err, ASH_INVALID, "unknown name $%s", name);
}

static void values(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
        bool truth;
    } cases[] = {
        {"3", 3, false}, {"$a", 7, false}, {"$a+$b*3", 13, false}, {"($a + $b) * 3", 27, false}, {"$a / $b", 3, false},
        {"-$a / $b", -4, false}, {"-$a % 4", 1, false}, {"$a % -4", -1, false}, {"7 - 2 - 1", 4, false}, {"64 / 4 / 2", 8, false},
        {"$mid.c / 4", 6, false}, {"max(1, $b / 4)", 1, false}, {"min($a, max(2, 3)) + 1", 4, false}, {"$a == 7", 1, true},
        {"$a != 7", 0, true}, {"$a < 7", 0, true}, {"$a <= 7", 1, true}, {"$a > 2 && $b > 2", 0, true}, {"$a > 2 || $b > 2", 1, true},
        {"!($a == 7)", 0, true}, {"!0 + 1", 2, false}, {"1 + 1 == 2 && 3 > 2", 1, true}, {"$zero && 1 / $zero", 0, true},
        {"1 || 1 / $zero", 1, true}, {"$zero != 0 && $big * $big > 0", 0, true}, {"$b == 2 || 1 / 0 && 1 / 0", 1, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ash_error err;
        expression_value v;
        if (expression_evaluate(cases[i].text, look_up, NULL, false, &v, &err) != ASH_OK)
            fail_msg("%s: %s", cases[i].text, err.text);
        if (v.number != cases[i].value || v.is_truth != cases[i].truth)
            fail_msg("%s is %ld", cases[i].text, (long)v.number);
    }
}

static void wrong_expressions(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"$a / $zero", "division by zero in \"$a / $zero\""},
        {"1 % (2 - $b)", "division by zero"},
        {"$big * $b * 2", "above 2^53"},
        {"99999999999999999999", "above 2^53"},
        {"$nobody", "unknown name $nobody"},
        {"width * 2", "a parameter is written $width"},
        {"$a +", "a number, $name or ( should stand at the end of \"$a +\""},
        {"max(1", ", should stand at the end of \"max(1\"; inside { } a value with a comma needs quotes"},
        {"max 1", "( should stand"},
        {"($a", ") should stand"},
        {"$a $b", "something is left over at \"$b\""},
        {"0.5 * $a", "whole numbers only"},
        {"$", "a name should follow $"},
        {"", "a number, $name or ( should stand"},
        {"$a = 7", "something is left over at \"= 7\""},
    };
    ash_error err;
    expression_value v;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (expression_evaluate(cases[i].text, look_up, NULL, false, &v, &err) == ASH_OK)
            fail_msg("%s is %ld", cases[i].text, (long)v.number);
        if (!strstr(err.text, cases[i].why))
            fail_msg("%s: %s", cases[i].text, err.text);
    }
    char deep[600] = "";
    memset(deep, '(', 390);
    assert_int_equal(expression_evaluate(deep, look_up, NULL, false, &v, &err), ASH_INVALID);
    memset(deep, '-', 599);
    assert_int_equal(expression_evaluate(deep, look_up, NULL, false, &v, &err), ASH_INVALID);
    assert_int_equal(expression_evaluate("1 / $zero", look_up, NULL, true, &v, &err), ASH_OK); /* checking only */
}

/* ------------------------------------------------------------------ blocks */

/* The inverted bottleneck with squeeze-and-excitation of MobileNetV3. */
#define MB_SE                                                                                                              \
    "blocks:\n"                                                                                                            \
    "  mb_se:\n"                                                                                                           \
    "    help: inverted bottleneck with squeeze-and-excitation\n"                                                          \
    "    parameters: {width: , kernel: , stride: , bits: , activation: {default: hard_swish}, expansion: {default: 3, min: 1, max: 8}, se: true}\n" \
    "    layers:\n"                                                                                                        \
    "      - {block: conv, width: $in * $expansion, kernel: 1, activation: $activation, bits: $bits, when: $expansion > 1}\n" \
    "      - {op: depthwise_conv2d, kernel: $kernel, stride: $stride, bias: false, weight_bits: $bits}\n"                  \
    "      - {op: batch_norm}\n"                                                                                           \
    "      - {op: $activation, id: inner}\n"                                                                               \
    "      - {op: global_avg_pool}\n"                                                                                      \
    "      - {op: conv2d, out: \"max(1, $inner.c / 4)\", kernel: 1}\n"                                                     \
    "      - {op: relu}\n"                                                                                                 \
    "      - {op: conv2d, out: $inner.c, kernel: 1}\n"                                                                     \
    "      - {op: hard_sigmoid, id: gate}\n"                                                                               \
    "      - {op: multiply, inputs: [inner, gate], when: $se}\n"                                                           \
    "      - {block: conv, width: $width, kernel: 1, activation: none, bits: $bits, id: projected}\n"                      \
    "      - {op: add, inputs: [projected, input], when: $stride == 1 && $width == $in}\n"

static nn_graph *decode_first(const char *text, nn_shape input, arena *a, ash_error *err)
{
    space *s = space_of_text(text, input, 10);
    genome *g = genome_create(s, a);
    nn_graph *out = NULL;
    assert_true(space_enumerate(s, g, 0));
    *err = (ash_error){0};
    ash_status status = space_decode(s, g, a, &out, err);
    assert_int_equal(status, out ? ASH_OK : ASH_INVALID);
    space_destroy(s);
    return out;
}

static void lays(const char *text, nn_shape input, const char *ops, int64_t params)
{
    arena *a = arena_create();
    ash_error err;
    nn_graph *g = decode_first(text, input, a, &err);
    if (!g)
        fail_msg("%s: %s", text, err.text);
    buffer found = {0};
    for (int i = 1; i < g->n_nodes; i++)
        buffer_printf(&found, "%s%s", i > 1 ? " " : "", nn_op_name(g->nodes[i].op));
    assert_string_equal(found.data, ops);
    if (nn_params(g) != params)
        fail_msg("%s: %ld params, not %ld", text, (long)nn_params(g), (long)params);
    buffer_free(&found);
    arena_destroy(a);
}

static const nn_shape image = {8, 8, 4};

static void anatomy(void **state)
{
    (void)state;
    /* 4 -> 12 -> 4 channels: 48 + 24 + 108 + 24 + (36 + 3) + (36 + 12) + 48 + 8, head 50 */
    lays(MB_SE "stages: [{block: mb_se, width: 4}]\n", image,
         "conv2d batch_norm hard_swish depthwise_conv2d batch_norm hard_swish global_avg_pool conv2d relu conv2d hard_sigmoid multiply "
         "conv2d batch_norm add global_avg_pool dense", 48 + 24 + 108 + 24 + 39 + 48 + 48 + 8 + 50);
    /* no shortcut where the shape changes; no expansion; the activation left out; the gate is built and not used */
    lays(MB_SE "stages: [{block: mb_se, width: 6, expansion: 1, activation: none, se: false, stride: 2}]\n", image,
         "depthwise_conv2d batch_norm global_avg_pool conv2d relu conv2d hard_sigmoid conv2d batch_norm global_avg_pool dense",
         36 + 8 + 5 + 8 + 24 + 12 + 70);
    /* the first repeat strides */
    lays("blocks: {pair: {parameters: {width: , stride: , k: 3}, layers: [{op: conv2d, out: $width, kernel: [$k, 1], stride: $stride, "
         "bias: $stride == 1}, {op: tanh}]}}\nstages: [{block: pair, width: 2, k: 5, stride: 2, repeat: 2}]\n", image,
         "conv2d tanh conv2d tanh global_avg_pool dense", 40 + 20 + 2 + 30);
    /* a block of vectors, with a rate that is no whole number, and a block within a block */
    lays("blocks:\n"
         "  layer: {takes: vectors, parameters: {width: , rate: 0.5}, layers: [{op: dense, out: $width}, {op: dropout, rate: $rate}, {op: relu}]}\n"
         "  twice: {takes: vectors, parameters: {width: }, layers: [{block: layer, width: $width * 2, rate: 0.1}, {block: layer, width: $width, id: y}, "
         "{op: concat, inputs: [y, input], when: $width > 3}]}\n"
         "stages: [{block: twice, width: 3}]\n", (nn_shape){1, 1, 5}, "dense dropout relu dense dropout relu dense", 36 + 21 + 40);
    /* what is left out hands on its first input */
    lays("blocks: {maybe: {takes: any, layers: [{op: relu, when: $in > 4}]}}\nstages: [{block: maybe}]\n", image,
         "global_avg_pool dense", 50);
}

static void labels_and_bits(void **state)
{
    (void)state;
    arena *a = arena_create();
    ash_error err;
    nn_graph *g = decode_first(MB_SE "stages: [{name: body, block: [mb_se, conv], width: 4, bits: 2}]\n", image, a, &err);
    assert_non_null(g);
    for (int i = 1; i < 10; i++)
        assert_string_equal(g->nodes[i].block, "body mb_se");
    assert_int_equal(g->nodes[1].weight_bits, 2);
    assert_int_equal(g->nodes[4].weight_bits, 2);
    assert_int_equal(g->nodes[8].weight_bits, 32); /* the gate's own */
    arena_destroy(a);
}

/* As a built-in block: genes, conditions, text, mutation, crossover, canonical form. */
static void lives_like_a_block(void **state)
{
    (void)state;
    space *s = space_of_text(MB_SE "stages:\n"
                             "  - {name: a, block: [conv, mb_se], width: [4, 8], mb_se.kernel: [3, 5], expansion: [1, 2, 4], se: [true, false]}\n"
                             "  - {name: b, block: mb_se, width: 8, activation: [relu, none, tanh], repeat: [0, 2], stride: [1, 2]}\n",
                             image, 10);
    assert_true(space_count(s) == (2 * 1 + 2 * 2 * 3 * 2) * (1 + 3 * 2));
    arena *a = arena_create();
    genome *g = genome_create(s, a), *h = genome_create(s, a), *child = genome_create(s, a);
    rng r = rng_stream(1, "user blocks", 0);
    space_sample(s, h, &r);
    for (int i = 0; i < 500; i++) {
        ash_error err;
        nn_graph *net, *canonical, *again;
        hash256 hash, same;
        space_mutate(s, g, h, &r);
        assert_false(genome_equal(g, h));
        space_crossover(s, child, g, h, 0.5, &r);
        genome_copy(h, i % 7 ? g : child);
        char *text = space_print(s, h, a);
        if (space_parse(s, text, child, &err) != ASH_OK || !genome_equal(child, h))
            fail_msg("%s: %s", text, err.text);
        if (space_decode(s, h, a, &net, &err) != ASH_OK)
            fail_msg("%s: %s", text, err.text);
        assert_int_equal(space_canonical(net, a, &canonical, &hash, &err), ASH_OK);
        assert_int_equal(space_canonical(canonical, a, &again, &same, &err), ASH_OK);
        assert_true(hash_equal(&hash, &same));
    }
    arena_destroy(a);
    space_destroy(s);
}

/* Networks and genomes outlive the space and the document. */
static void owns_its_text(void **state)
{
    (void)state;
    arena *a = arena_create();
    ash_error err;
    nn_graph *g = decode_first("blocks: {pool: {layers: [{op: max_pool, kernel: 3, padding: same}, {op: conv2d, out: 4, padding: valid}]}}\n"
                               "stages: [{block: pool}]\n", image, a, &err);
    assert_non_null(g);
    buffer text = {0};
    nn_print(g, &text);
    assert_non_null(strstr(text.data, "padding: [same]"));
    buffer_free(&text);
    arena_destroy(a);
}

/* NAS-Bench-201's cell with an operation of one's own. */
static void in_cells(void **state)
{
    (void)state;
    space *s = space_of_text("blocks: {twice: {parameters: {width: , kernel: 3}, layers: [{block: nor_conv, width: $width, kernel: $kernel}, "
                             "{block: nor_conv, width: $width, kernel: $kernel}]}}\n"
                             "cell: {ops: [none, skip_connect, twice_5x5], channels: [4, 8], cells: 1}\n", image, 10);
    assert_true(space_count(s) == 729);
    arena *a = arena_create();
    genome *g = genome_create(s, a);
    ash_error err;
    nn_graph *net;
    assert_int_equal(space_parse(s, "|twice_5x5~0|+|none~0|skip_connect~1|+|none~0|none~1|twice_5x5~2|", g, &err), ASH_OK);
    assert_int_equal(space_decode(s, g, a, &net, &err), ASH_OK);
    arena_destroy(a);
    space_destroy(s);
}

/* ------------------------------------------------------------------ wrong inputs */

static void invalid(const char *why, const char *text)
{
    arena *a = arena_create();
    ash_error err;
    if (decode_first(text, image, a, &err))
        fail_msg("%s decodes", text);
    if (!strstr(err.text, why) || strstr(err.text, "test.yaml")) /* a trial's reason names no file */
        fail_msg("%s\n%s\nnot: %s", text, err.text, why);
    arena_destroy(a);
}

static void invalid_trials(void **state)
{
    (void)state;
    invalid("stage1: half: layer 1 (conv2d): out must be from 1 to 65536, not 0",
            "blocks: {half: {layers: [{op: conv2d, out: $in / 8}]}}\nstages: [{block: half}]\n");
    invalid("divide: layer 2 (conv2d): division by zero in \"$in / ($k - 3)\"",
            "blocks: {divide: {parameters: {k: 3}, layers: [{op: relu}, {op: conv2d, out: $in / ($k - 3)}]}}\nstages: [{block: divide}]\n");
    invalid("sum: layer 2: add: inputs of different shapes",
            "blocks: {sum: {layers: [{op: conv2d, out: 5, id: x}, {op: add, inputs: [x, input]}]}}\nstages: [{block: sum}]\n");
    invalid("outer: layer 1 (inner): layer 1: conv2d: groups 3 does not divide",
            "blocks:\n  inner: {parameters: {groups: }, layers: [{op: conv2d, out: 9, groups: $groups}]}\n"
            "  outer: {layers: [{block: inner, groups: 3}]}\nstages: [{block: outer}]\n");
    invalid("stride 16 on a map of 8 x 8", "blocks: {step: {parameters: {stride: }, layers: [{op: max_pool, stride: $stride}]}}\n"
                                            "stages: [{block: step, stride: 16}]\n");
    invalid("needs a map", "blocks: {b: {layers: [{op: relu}]}}\nstages: [{block: dense, width: 3}, {name: x, block: b}]\n");
}

static void refuses(const char *why, const char *text)
{
    arena *a = arena_create();
    ash_error err = {0};
    space *s;
    char all[2000];
    snprintf(all, sizeof(all), "%sstages: [{block: conv, width: 4}]\n", text);
    if (space_read(nodes_of_text(a, all), image, 10, &s, &err) == ASH_OK)
        fail_msg("%s is read", all);
    if (!strstr(err.text, why) || !strstr(err.text, "test.yaml:"))
        fail_msg("%s\n%s\nnot: %s", all, err.text, why);
    arena_destroy(a);
}

#define LAYERS(text) "blocks: {b: {parameters: {width: , k: 3, act: {names: [relu, none], default: relu}, rate: 0.5}, layers: [" text "]}}\n"

static void wrong_layers(void **state)
{
    (void)state;
    refuses("unknown operator \"conv3d\"; did you mean \"conv2d\"?", LAYERS("{op: conv3d, out: 3}"));
    refuses("\"residual\"; it is a block: write {block: residual, ...}", LAYERS("{op: residual, width: 3}"));
    refuses("unknown operator \"input\"", LAYERS("{op: input}"));
    refuses("unknown block \"conf\"; did you mean \"conv\"?", LAYERS("{block: conf, width: 3}"));
    refuses("has one key op or block", LAYERS("{out: 3}"));
    refuses("has one key op or block", LAYERS("{op: relu, block: conv}"));
    refuses("a layer is a map", LAYERS("relu"));
    refuses("unknown key \"outs\" in conv2d; did you mean \"out\"?", LAYERS("{op: conv2d, outs: $width}"));
    refuses("unknown key \"widht\" in conv; did you mean \"width\"?", LAYERS("{block: conv, widht: $width}"));
    refuses("relu has no attribute \"out\"", LAYERS("{op: relu, out: 3}"));
    refuses("conv2d needs \"out\" (output channels)", LAYERS("{op: conv2d, kernel: 3}"));
    refuses("conv needs \"width\" (output channels)", LAYERS("{block: conv}"));
    refuses("out must be a whole number, not \"wide\"", LAYERS("{op: conv2d, out: wide}"));
    refuses("kernel must be from 1 to 1024, not 0", LAYERS("{op: conv2d, out: 3, kernel: [3, 0]}"));
    refuses("unknown name $widht; did you mean $width?", LAYERS("{op: conv2d, out: $widht}"));
    refuses("unknown name $x.c", LAYERS("{op: conv2d, out: $x.c}"));
    refuses("unknown name $input.q", LAYERS("{op: conv2d, out: $input.q + 1}"));
    refuses("$act is no whole number; it can only stand alone", LAYERS("{op: conv2d, out: $act + 1}"));
    refuses("$rate is no whole number", LAYERS("{op: relu, when: $rate > 0}"));
    refuses("a parameter is written $width", LAYERS("{op: relu, when: width > 3}"));
    refuses("a value with a comma needs quotes inside { }", LAYERS("{op: conv2d, out: max(1, $width / 4): }")); /* as YAML reads it */
    refuses("op is an operator, or $NAME of a parameter", LAYERS("{op: $k}"));
    refuses("no layer \"aa\" before this one; did you mean \"a\"?", LAYERS("{op: relu, id: a}, {op: add, inputs: [a, aa]}"));
    refuses("layer \"z\" stands further down; a layer reads only layers before it", LAYERS("{op: relu, inputs: z}, {op: tanh, id: z}"));
    refuses("layer \"z\" stands further down", LAYERS("{op: relu, id: z, inputs: z}"));
    refuses("there is a layer \"a\" already", LAYERS("{op: relu, id: a}, {op: relu, id: a}"));
    refuses("there is a layer \"input\" already: what the block reads", LAYERS("{op: relu, id: input}"));
    refuses("an id is a word", LAYERS("{op: relu, id: a b}"));
    refuses("add takes 2 or more inputs, not 1; name them: inputs: [a, b]", LAYERS("{op: add}"));
    refuses("relu takes 1 input, not 2", LAYERS("{op: relu, inputs: [input, input]}"));
    refuses("conv takes 1 input, not 0", LAYERS("{block: conv, width: 3, inputs: []}"));
    refuses("no layer reads this one", LAYERS("{op: relu}, {op: relu, inputs: input}"));
    refuses("duplicate key \"out\" in a layer", LAYERS("{op: conv2d, out: 3, out: 4}"));
}

static void wrong_definitions(void **state)
{
    (void)state;
    refuses("there is a built-in block \"conv\"", "blocks: {conv: {layers: [{op: relu}]}}\n");
    refuses("two blocks are named \"a\"", "blocks: {a: {layers: [{op: relu}]}, a: {layers: [{op: relu}]}}\n");
    refuses("\"a.b\" cannot name a block", "blocks: {a.b: {layers: [{op: relu}]}}\n");
    refuses("unknown key \"layer\" in block; did you mean \"layers\"?", "blocks: {a: {layer: [{op: relu}]}}\n");
    refuses("block \"a\" needs layers", "blocks: {a: {help: nothing}}\n");
    refuses("block \"a\" needs layers", "blocks: {a: {layers: []}}\n");
    refuses("unknown takes \"map\"; did you mean \"maps\"?", "blocks: {a: {takes: map, layers: [{op: relu}]}}\n");
    refuses("blocks must be a map", "blocks: [{layers: [{op: relu}]}]\n");
    refuses("unknown block \"b\"", "blocks: {a: {layers: [{block: b}]}, b: {layers: [{op: relu}]}}\n"); /* before it is used */
    refuses("unknown block \"a\"", "blocks: {a: {layers: [{block: a}]}}\n");
#define PARAMETER(text) "blocks: {a: {parameters: {" text "}, layers: [{op: relu}]}}\n"
    refuses("\"when\" cannot name a parameter", PARAMETER("when: 3"));
    refuses("duplicate parameter \"k\"", PARAMETER("k: 3, k: 4"));
    refuses("the default \"tall\" is no number; a parameter of words lists them", PARAMETER("k: tall"));
    refuses("what a search may choose from stands in the stages", PARAMETER("k: [3, 5]"));
    refuses("k must be from 1 to 3, not 4", PARAMETER("k: {default: 4, min: 1, max: 3}"));
    refuses("min must be less than max", PARAMETER("k: {default: 4, min: 5, max: 3}"));
    refuses("unknown key \"least\" in parameter", PARAMETER("k: {default: 4, least: 5}"));
    refuses("unknown k \"c\"", PARAMETER("k: {names: [a, b], default: c}"));
    refuses("min and max are for numbers", PARAMETER("k: {names: [a, b], min: 3}"));
    refuses("stride must be from 1 to 16, not 99", PARAMETER("stride: 99"));
    refuses("unknown bits \"3\"", PARAMETER("bits: 3"));
    refuses("$act may be \"softmax\", which is no operator",
            "blocks: {a: {parameters: {act: {names: [relu, softmax]}}, layers: [{op: $act}]}}\n");
    refuses("$act may be \"dense\", which needs attributes", "blocks: {a: {parameters: {act: {names: [dense]}}, layers: [{op: $act}]}}\n");
}

/* Blocks of blocks of blocks ... would grow without end. */
static void bounded(void **state)
{
    (void)state;
    buffer text = {0};
    buffer_puts(&text, "blocks:\n  b0: {layers: [{op: relu}, {op: relu}]}\n");
    for (int i = 1; i < 12; i++)
        buffer_printf(&text, "  b%d: {layers: [{block: b%d}, {block: b%d}]}\n", i, i - 1, i - 1);
    refuses("more than 2000 layers", text.data);
    buffer_free(&text);
}

/* In a stage, the parameters are checked like a built-in block's. */
static void wrong_stages(void **state)
{
    (void)state;
    static const struct {
        const char *why, *stage;
    } cases[] = {
        {"unknown block \"mb_sa\"; did you mean \"mb_se\"?", "{block: mb_sa}"},
        {"block mb_se needs \"width\" (output channels)", "{block: mb_se}"},
        {"expansion must be from 1 to 8, not 9", "{block: mb_se, width: 4, expansion: [1, 9]}"},
        {"unknown parameter \"kernl\" in stage \"stage1\"; did you mean \"kernel\"?", "{block: mb_se, width: 4, kernl: 3}"},
        {"unknown activation \"swish\"; known are: relu", "{block: mb_se, width: 4, activation: swish}"},
        {"se must be true or false", "{block: mb_se, width: 4, se: 2}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[4000];
        arena *a = arena_create();
        ash_error err;
        space *s;
        snprintf(text, sizeof(text), MB_SE "stages: [%s]\n", cases[i].stage);
        assert_int_equal(space_read(nodes_of_text(a, text), image, 10, &s, &err), ASH_INVALID);
        if (!strstr(err.text, cases[i].why) || !strstr(err.text, "test.yaml:"))
            fail_msg("%s: %s", cases[i].stage, err.text);
        arena_destroy(a);
    }
}

/* The k-th allocation fails, for every k: a sentence, and nothing leaks. */
static void out_of_memory(void **state)
{
    (void)state;
    arena *a = arena_create();
    node *text = nodes_of_text(a, MB_SE "stages: [{block: mb_se, width: 4}]\n");
    size_t before = arena_live();
    bool done = false;
    for (long k = 1; !done; k++) {
        ash_error err = {0};
        space *s = NULL;
        nn_graph *g;
        arena *own = arena_create();
        arena_fail_at(k);
        ash_status status = own ? space_read(text, image, 10, &s, &err) : ASH_BROKEN;
        genome *first = status == ASH_OK ? genome_create(s, own) : NULL;
        if (first)
            status = space_decode(s, first, own, &g, &err);
        arena_fail_at(0);
        if (status != ASH_OK && status != ASH_BROKEN)
            fail_msg("allocation %ld: %s", k, err.text);
        done = first && status == ASH_OK;
        space_destroy(s);
        arena_destroy(own);
        assert_true(k < 100000);
    }
    assert_int_equal(arena_live(), before);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),         cmocka_unit_test(wrong_expressions),  cmocka_unit_test(anatomy),
        cmocka_unit_test(labels_and_bits), cmocka_unit_test(lives_like_a_block), cmocka_unit_test(owns_its_text),
        cmocka_unit_test(in_cells),       cmocka_unit_test(invalid_trials),     cmocka_unit_test(wrong_layers),
        cmocka_unit_test(wrong_definitions), cmocka_unit_test(bounded),         cmocka_unit_test(wrong_stages),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
