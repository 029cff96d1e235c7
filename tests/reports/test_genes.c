/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Genomes as columns: what is read prints again exactly, in every form, and what would not is kept as a text. */
#include "reports/genes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define N(list) (sizeof(list) / sizeof *(list))

/* Every genome that is not odd prints as itself; gives the table. */
static gene_table *round_trip(const char *const *genomes, size_t n, arena *a)
{
    gene_table *t = genes_read(genomes, n, a);
    assert_non_null(t);
    for (size_t i = 0; i < n; i++) {
        buffer out = {0};
        genes_print(t, i, &out);
        if (t->odd[i])
            assert_int_equal(out.len, 0);
        else
            assert_string_equal(out.data, genomes[i]);
        buffer_free(&out);
    }
    return t;
}

static void stages(void **state)
{
    (void)state;
    static const char *const genomes[] = {
        "stem:width=6;stride=2 | body:repeat=0 | head:pool=global",
        "stem:width=8;stride=1 | body:repeat=2 | body.1:block=conv;bits=4 | body.2:block=identity | head:pool=flatten",
        "stem:width=6;stride=1 | body:repeat=1 | body.1:block=separable;kernel=3;bits=4 | head:pool=global",
    };
    arena *a = arena_create();
    gene_table *t = round_trip(genomes, N(genomes), a);
    assert_false(t->is_cell);
    for (size_t i = 0; i < N(genomes); i++)
        assert_false(t->odd[i]);
    /* the kernel that came last stands where its genome has it, between block and bits */
    static const char *const order[] = {"stem width", "stem stride", "body repeat", "body.1 block", "body.1 kernel",
                                        "body.1 bits", "body.2 block", "head pool"};
    assert_int_equal(t->n_columns, N(order));
    for (size_t i = 0; i < N(order); i++)
        assert_string_equal(arena_printf(a, "%s %s", t->columns[i]->unit, t->columns[i]->name), order[i]);
    assert_int_equal(t->columns[0]->n_values, 2);
    assert_int_equal(t->columns[0]->choice[0], 1);
    assert_int_equal(t->columns[0]->choice[1], 2);
    assert_int_equal(t->columns[0]->choice[2], 1);
    assert_int_equal(t->columns[4]->choice[0], 0);
    arena_destroy(a);
}

static void cells(void **state)
{
    (void)state;
    static const char *const genomes[] = {
        "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|",
        "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
        "|none~0|+|none~0|none~1|+|none~0|none~1|none~2", /* cut off */
    };
    arena *a = arena_create();
    gene_table *t = round_trip(genomes, N(genomes), a);
    assert_true(t->is_cell);
    assert_int_equal(t->n_columns, 6);
    assert_false(t->odd[0]);
    assert_false(t->odd[1]);
    assert_true(t->odd[2]);
    arena_destroy(a);
}

static void odd_ones(void **state)
{
    (void)state;
    static const char *const genomes[] = {
        "a:x=1;y=2", "", "-", "a", "a:x", "a:x=1;", "a:x=1 | ", "a:x=1 |b:y=1", "a:x=1 | a:y=2", "a:y=1;x=2", "a:x=1;x=1",
        "=", ":=", "a:=1", "x=1", "a:x=", "a:x=1 | | b:y=2", "|", "~", "a:x=1|", "</script>", "a:x=1;y=2;z=\xff\xfe",
    };
    arena *a = arena_create();
    gene_table *t = round_trip(genomes, N(genomes), a);
    assert_false(t->odd[0]);
    for (size_t i = 1; i < N(genomes); i++)
        if (!strstr(genomes[i], "\xff") && strcmp(genomes[i], "a:x=") != 0)
            assert_true(t->odd[i]);
    static const char *const none[] = {NULL};
    assert_true(genes_read(none, 1, a)->odd[0]);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stages), cmocka_unit_test(cells), cmocka_unit_test(odd_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
