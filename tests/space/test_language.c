/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The space section: what it may say, and one clear message at the right line for what it may not */
#include "tests/space/space_test.h"

static const nn_shape image = {8, 8, 1};

static void refuses(int line, const char *why, const char *text)
{
    arena *a = arena_create();
    ash_error err = {0};
    space *s = NULL;
    char place[32];
    snprintf(place, sizeof(place), "test.yaml:%d:", line);
    ash_status status = space_read(nodes_of_text(a, text), image, 10, &s, &err);
    if (status != ASH_INVALID || strncmp(err.text, place, strlen(place)) != 0 || !strstr(err.text, why))
        fail_msg("expected %s ... %s\nfor %s\ngot status %d: %s", place, why, text, status, err.text);
    assert_null(s);
    arena_destroy(a);
}

static void has(double genomes, size_t genes, const char *text)
{
    space *s = space_of_text(text, image, 10);
    if (space_count(s) != genomes || space_genes(s) != genes)
        fail_msg("%s: %g genomes of %zu genes, not %g of %zu", text, space_count(s), space_genes(s), genomes, genes);
    space_destroy(s);
}

static void counts(void **state)
{
    (void)state;
    has(1, 0, "stages: [{block: conv, width: 8}]\n");
    has(6, 2, "stages: [{block: conv, width: [8, 16], kernel: [1, 3, 5]}]\n");
    has(4, 1, "stages: [{block: conv, width: {from: 8, to: 32, step: 8}}]\n");
    has(4, 1, "stages: [{block: conv, width: {from: 8, to: 64, factor: 2}}]\n");
    has(4, 1, "stages: [{block: identity}]\nhead: {dropout: {from: 0, to: 0.3, step: 0.1}}\n");
    has(2, 1, "stages: [{block: conv, width: {values: [8, 16]}}]\n");
    /* Width counts for conv (2 x 3) and pools have a kernel of their own (2). */
    has(8, 4, "stages: [{block: [conv, max_pool], width: [8, 16], kernel: [1, 3, 5], max_pool.kernel: [2, 3]}]\n");
    /* Expansion belongs to inverted_bottleneck alone: 2 x (1 + 3). */
    has(8, 3, "stages: [{block: [conv, inverted_bottleneck], width: [8, 16], expansion: [1, 2, 4]}]\n");
    /* 1 + 2 + 2: repeats share their genes; 1 + 2 + 4: they do not. */
    has(5, 2, "stages: [{block: conv, width: [8, 16], repeat: [0, 1, 2]}]\n");
    has(7, 3, "stages: [{block: conv, width: [8, 16], repeat: [0, 1, 2], vary: true}]\n");
    has(4, 2, "stages: [{block: identity}]\nhead: {pool: [global, flatten], hidden: [0, 32]}\n");
    /* Conditions: on another gene of the stage, of another stage, on a whole stage, on a constant. */
    has(3, 2, "stages: [{block: conv, width: [8, 16], kernel: {values: [3, 5], when: {width: 8}}}]\n");
    has(3, 2, "stages: [{name: a, block: conv, width: [8, 16]}, {name: b, block: conv, width: 4, kernel: {values: [3, 5], when: {a.width: 8}}}]\n");
    has(3, 2, "stages: [{name: a, block: conv, width: [8, 16]}, {name: b, when: {a.width: [8]}, block: conv, width: [4, 8]}]\n");
}

static void constants(void **state)
{
    (void)state;
    has(2, 1, "stages: [{name: a, block: conv, width: 16, kernel: 3}, {name: b, when: {a.kernel: 3}, block: conv, width: [8, 16]}]\n");
    refuses(1, "is never \"5\"", "stages: [{name: a, block: conv, width: 16, kernel: 3}, {name: b, when: {a.kernel: 5}, block: conv, width: 8}]\n");
    has(4, 2, "defaults: {bits: [1, 2]}\nstages: [{name: a, block: conv, width: 8}]\n");
    has(2, 1, "defaults: {bits: [1, 2]}\nstages: [{name: a, block: conv, width: 8}]\nhead: {bits: 32}\n");
}

static void large_spaces(void **state)
{
    (void)state;
    has(65535, 1, "stages: [{block: identity}]\nhead: {hidden: {from: 0, to: 65534}}\n");
    space *s = space_of_text("defaults: {bits: [32, 8, 4, 2, 1]}\n"
                             "stages: [{block: [conv, separable], width: {from: 1, to: 8192}, repeat: 60, vary: true}]\n", image, 10);
    assert_true(space_count(s) > 1e280);
    space_destroy(s);
}

static void wrong_stages(void **state)
{
    (void)state;
    refuses(1, "needs \"stages\"", "defaults: {bits: 8}\n");
    refuses(1, "at least one stage", "stages: []\n");
    refuses(1, "must be a list", "stages: {block: conv}\n");
    refuses(1, "did you mean \"stages\"", "stage: [{block: conv, width: 8}]\n");
    refuses(2, "did you mean \"head\"", "stages: [{block: conv, width: 8}]\nhed: {pool: global}\n");
    refuses(1, "needs \"block\"", "stages: [{width: 8}]\n");
    refuses(1, "must be a map", "stages: [conv]\n");
    refuses(3, "two stages are named \"a\"", "stages:\n  - {name: a, block: conv, width: 8}\n  - {name: a, block: conv, width: 8}\n");
    refuses(1, "cannot name a stage", "stages: [{name: a.b, block: conv, width: 8}]\n");
    refuses(1, "cannot name a stage", "stages: [{name: head, block: conv, width: 8}]\n");
    refuses(1, "duplicate key \"width\"", "stages: [{block: conv, width: 8, width: 16}]\n");
    refuses(2, "not both", "stages: [{block: conv, width: 8}]\ncell: nasbench201\n");
}

static void wrong_blocks(void **state)
{
    (void)state;
    refuses(1, "unknown block \"convv\"; did you mean \"conv\"?", "stages: [{block: convv, width: 8}]\n");
    refuses(1, "known are: conv, separable", "stages: [{block: [conv, transformer], width: 8}]\n");
    refuses(1, "no values", "stages: [{block: [], width: 8}]\n");
    refuses(1, "conv twice", "stages: [{block: [conv, conv], width: 8}]\n");
    refuses(1, "block conv needs \"width\"", "stages: [{block: conv}]\n");
    refuses(1, "block separable needs \"width\"", "stages: [{block: [conv, separable], conv.width: 8}]\n");
    refuses(1, "did you mean \"kernel\"?", "stages: [{block: conv, width: 8, kernal: 3}]\n");
    refuses(1, "no such option", "stages: [{block: conv, width: 8, expansion: 3}]\n");
    refuses(1, "in stage \"stage1\"", "stages: [{block: conv, width: 8, max_pool.kernel: 3}]\n");
    refuses(2, "did you mean \"bits\"?", "stages: [{block: conv, width: 8}]\nhead: {bit: 8}\n");
}

static void wrong_values(void **state)
{
    (void)state;
    refuses(1, "width has no values", "stages: [{block: conv, width: []}]\n");
    refuses(1, "from (32) is greater than to (8)", "stages: [{block: conv, width: {from: 32, to: 8}}]\n");
    refuses(1, "step must be greater than 0", "stages: [{block: conv, width: {from: 8, to: 32, step: 0}}]\n");
    refuses(1, "factor must be greater than 1", "stages: [{block: conv, width: {from: 8, to: 32, factor: 1}}]\n");
    refuses(1, "not both", "stages: [{block: conv, width: {from: 8, to: 32, factor: 2, step: 8}}]\n");
    refuses(1, "\"to\" is missing", "stages: [{block: conv, width: {from: 8}}]\n");
    refuses(1, "unknown key \"upto\"", "stages: [{block: conv, width: {from: 8, upto: 9}}]\n");
    refuses(1, "a whole number", "stages: [{block: conv, width: {from: 8, to: 9, step: 0.5}}]\n");
    refuses(1, "a whole number", "stages: [{block: conv, width: [8, wide]}]\n");
    refuses(1, "from 1 to 8192", "stages: [{block: conv, width: [8, 0]}]\n");
    refuses(1, "from 1 to 8192", "stages: [{block: conv, width: 100000}]\n");
    refuses(1, "unknown bits \"3\"", "stages: [{block: conv, width: 8, bits: [4, 3]}]\n");
    refuses(1, "8 twice", "stages: [{block: conv, width: [8, 16, 8]}]\n");
    refuses(1, "8 twice", "stages: [{block: conv, width: [8, 08]}]\n");
    refuses(2, "more than 65535 values", "stages: [{block: identity}]\nhead: {hidden: {from: 0, to: 65536}}\n");
    refuses(1, "repeat must be from 0 to 64", "stages: [{block: conv, width: 8, repeat: 65}]\n");
    refuses(1, "true or false", "stages: [{block: conv, width: 8, vary: perhaps}]\n");
    refuses(1, "is used by no stage", "defaults: {expansion: [1, 2]}\nstages: [{block: conv, width: 8}]\n");
}

static void wrong_conditions(void **state)
{
    (void)state;
    refuses(1, "must be a map", "stages: [{block: conv, width: 8, kernel: {values: [3, 5], when: width}}]\n");
    refuses(1, "did you mean \"width\"?", "stages: [{block: conv, width: [8, 9], kernel: {values: [3, 5], when: {widht: 8}}}]\n");
    refuses(1, "it must stand before", "stages: [{block: conv, kernel: {values: [3, 5], when: {width: 8}}, width: [8, 9]}]\n");
    refuses(1, "is never \"7\"; its values are 8, 9", "stages: [{block: conv, width: [8, 9], kernel: {values: [3, 5], when: {width: 7}}}]\n");
    refuses(1, "no values", "stages: [{block: conv, width: [8, 9], kernel: {values: [3, 5], when: {width: []}}}]\n");
    refuses(1, "unknown gene \"a.kernel\"", "stages: [{name: a, block: conv, width: 16}, {when: {a.kernel: 3}, block: identity}]\n");
    refuses(1, "unknown gene \"nowhere.block\"", "stages: [{when: {nowhere.block: conv}, block: conv, width: 8}]\n");
}

static void wrong_cells(void **state)
{
    (void)state;
    refuses(1, "unknown cell \"darts\"", "cell: darts\n");
    refuses(1, "did you mean \"nor_conv_3x3\"?", "cell: {ops: [none, nor_konv_3x3]}\n");
    refuses(1, "unknown operation \"dense\"", "cell: {ops: [none, dense]}\n");
    refuses(1, "nodes must be from 2 to 8", "cell: {nodes: 9}\n");
    refuses(1, "ops has the value none twice", "cell: {ops: [none, none]}\n");
    refuses(1, "nothing to choose", "cell: {ops: none}\n");
    refuses(1, "kernel must be from 1 to 31", "cell: {ops: [none, conv_99x99]}\n");
    refuses(1, "no values", "cell: {channels: []}\n");
    refuses(1, "did you mean \"cells\"?", "cell: {cels: 4}\n");
    has(64, 3, "cell: {nodes: 3, ops: [none, separable_5x5, conv, max_pool_3x3], channels: 8, cells: 1}\n");
}

static void missing(void **state)
{
    (void)state;
    ash_error err;
    space *s;
    assert_int_equal(space_read(NULL, image, 10, &s, &err), ASH_INVALID);
    assert_non_null(strstr(err.text, "no section \"space\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),       cmocka_unit_test(constants),    cmocka_unit_test(large_spaces),
        cmocka_unit_test(wrong_stages), cmocka_unit_test(wrong_blocks), cmocka_unit_test(wrong_values),
        cmocka_unit_test(wrong_conditions), cmocka_unit_test(wrong_cells), cmocka_unit_test(missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
