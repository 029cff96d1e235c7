/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Genomes by property: over many random ones, text reads back, mutation changes, crossover mixes, enumeration counts */
#include "tests/space/space_test.h"
#include <stdlib.h>

static const char *const big =
    "defaults: {bits: [32, 8, 1]}\n"
    "stages:\n"
    "  - {name: stem, block: conv, width: [4, 8, 16], kernel: [3, 5]}\n"
    "  - {name: body, block: [conv, separable, inverted_bottleneck, max_pool, identity], repeat: [0, 1, 3], vary: true, width: [8, 16], kernel: 3, "
    "expansion: [1, 2, 4]}\n"
    "  - {name: tail, when: {stem.width: [8, 16]}, block: [residual, identity], width: {from: 8, to: 32, step: 8}}\n"
    "head: {pool: [global, flatten], hidden: [0, 16], dropout: [0, 0.25]}\n";

static const char *const small =
    "stages:\n"
    "  - {name: a, block: [conv, inverted_bottleneck, identity], repeat: [0, 1, 2], vary: true, width: [8, 16], expansion: [1, 2]}\n"
    "  - {name: b, when: {a.repeat: [1, 2]}, block: conv, width: 8, kernel: {values: [1, 3], when: {a.1.block: conv}}}\n"
    "head: {pool: [global, flatten]}\n";

static const nn_shape image = {16, 16, 3};

typedef struct fixture {
    space *s;
    arena *a;
    genome *g, *h, *child, *parsed;
    rng r;
} fixture;

static fixture open_fixture(const char *text)
{
    fixture f = {.s = space_of_text(text, image, 10), .a = arena_create(), .r = rng_stream(7, "test", 0)};
    f.g = genome_create(f.s, f.a);
    f.h = genome_create(f.s, f.a);
    f.child = genome_create(f.s, f.a);
    f.parsed = genome_create(f.s, f.a);
    return f;
}

static void close_fixture(fixture *f)
{
    arena_destroy(f->a);
    space_destroy(f->s);
}

/* Printed and parsed it is the same genome: so inactive genes are 0, and every active gene is in the text. */
static void check_settled(fixture *f, const genome *g)
{
    ash_error err;
    const char *text = space_print(f->s, g, f->a);
    if (space_parse(f->s, text, f->parsed, &err) != ASH_OK)
        fail_msg("%s", err.text);
    assert_true(genome_equal(f->parsed, g));
    assert_string_equal(space_print(f->s, f->parsed, f->a), text);
}

static void round_trip(void **state)
{
    (void)state;
    fixture f = open_fixture(big);
    for (int i = 0; i < 5000; i++) {
        space_sample(f.s, f.g, &f.r);
        check_settled(&f, f.g);
    }
    close_fixture(&f);
}

/* How many active genes of a child differ from the parent's, among those active in both. */
static size_t changed(const fixture *f, const genome *parent, const genome *child)
{
    size_t n = 0;
    for (size_t i = 0; i < space_genes(f->s); i++)
        n += parent->gene[i] != child->gene[i];
    return n;
}

static void mutation(void **state)
{
    (void)state;
    fixture f = open_fixture(big);
    size_t many = 0;
    for (int i = 0; i < 5000; i++) {
        space_sample(f.s, f.g, &f.r);
        space_mutate(f.s, f.child, f.g, &f.r);
        assert_false(genome_equal(f.g, f.child));
        check_settled(&f, f.child);
        space_mutate_rate(f.s, f.child, f.g, 0, &f.r);
        assert_false(genome_equal(f.g, f.child));
        check_settled(&f, f.child);
        space_mutate_rate(f.s, f.child, f.g, 1, &f.r);
        check_settled(&f, f.child);
        many += changed(&f, f.g, f.child);
    }
    assert_true(many > 5000 * 6); /* rate 1 changes every gene that both have */
    close_fixture(&f);
}

static void every_value_is_reached(void **state)
{
    (void)state;
    fixture f = open_fixture(big);
    bool *seen = calloc(space_genes(f.s) * 8, sizeof(*seen));
    space_sample(f.s, f.g, &f.r);
    for (int i = 0; i < 20000; i++) {
        space_mutate(f.s, f.child, f.g, &f.r);
        genome_copy(f.g, f.child);
        for (size_t k = 0; k < space_genes(f.s); k++)
            seen[k * 8 + f.g->gene[k]] = true;
    }
    for (size_t k = 0; k < space_genes(f.s); k++)
        for (size_t v = 0; v < space_gene_values(f.s, k); v++)
            if (!seen[k * 8 + v])
                fail_msg("%s.%s is never %s", space_gene_unit(f.s, k), space_gene_name(f.s, k), space_gene_value(f.s, k, v));
    free(seen);
    close_fixture(&f);
}

static void crossover(void **state)
{
    (void)state;
    fixture f = open_fixture(big);
    for (int i = 0; i < 5000; i++) {
        space_sample(f.s, f.g, &f.r);
        space_sample(f.s, f.h, &f.r);
        space_crossover(f.s, f.child, f.g, f.h, 0.5, &f.r);
        check_settled(&f, f.child);
        space_crossover(f.s, f.child, f.g, f.h, 0, &f.r);
        assert_true(genome_equal(f.child, f.g));
        space_crossover(f.s, f.child, f.g, f.h, 1, &f.r);
        assert_true(genome_equal(f.child, f.h));
    }
    close_fixture(&f);
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(char *const *)x, *(char *const *)y);
}

static void enumeration_counts(void **state)
{
    (void)state;
    fixture f = open_fixture(small);
    size_t n = (size_t)space_count(f.s);
    char **text = calloc(n, sizeof(*text));
    for (size_t i = 0; i < n; i++) {
        assert_true(space_enumerate(f.s, f.g, i));
        check_settled(&f, f.g);
        text[i] = space_print(f.s, f.g, f.a);
    }
    assert_false(space_enumerate(f.s, f.g, n));
    qsort(text, n, sizeof(*text), by_text);
    for (size_t i = 1; i < n; i++)
        assert_string_not_equal(text[i - 1], text[i]);
    for (int i = 0; i < 5000; i++) { /* and nothing is missing */
        space_sample(f.s, f.g, &f.r);
        char *key = space_print(f.s, f.g, f.a);
        assert_non_null(bsearch(&key, text, n, sizeof(*text), by_text));
    }
    /* By hand, for blocks conv (2 widths), inverted_bottleneck (4) and identity (1): no repeat: 1; one repeat: 7, of which
     * the two with conv have b's kernel: 2 x 2 + 5 = 9; two repeats: 9 x 7. Twice, for the head. */
    assert_int_equal(n, 2 * (1 + 9 + 9 * 7));
    free(text);
    close_fixture(&f);
}

static void text_form(void **state)
{
    (void)state;
    fixture f = open_fixture(small);
    ash_error err;
    const char *text = "a:repeat=1 | a.1:block=conv;width=16 | b:kernel=3 | head:pool=flatten";
    assert_int_equal(space_parse(f.s, text, f.g, &err), ASH_OK);
    assert_string_equal(space_print(f.s, f.g, f.a), text);
    assert_int_equal(space_active(f.s, f.g), 5);
    buffer lines = {0};
    space_describe(f.s, f.g, &lines);
    assert_string_equal(lines.data, "a.repeat=1\na.1.block=conv\na.1.width=16\nb.kernel=3\nhead.pool=flatten\n");
    buffer_free(&lines);
    close_fixture(&f);
    f = open_fixture("stages: [{block: conv, width: 8}]\n");
    assert_string_equal(space_print(f.s, f.g, f.a), "-");
    assert_int_equal(space_parse(f.s, "-", f.g, &err), ASH_OK);
    space_mutate(f.s, f.child, f.g, &f.r);
    assert_true(genome_equal(f.child, f.g));
    close_fixture(&f);
}

static void bad_text(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"", "\"a:\" should stand"},
        {"-", "\"a:\" should stand"},
        {"a:repeat=1", "a.1.block is missing"},
        {"a:repeat=0", "head.pool is missing"},
        {"a:repeat=0 | head:pool=flatten | b:kernel=3", "left over"},
        {"a:repeat=0 | head:pool=flatten ", "left over"},
        {"a:repeat=7 | head:pool=flatten", "\"7\" is no value of a.repeat"},
        {"a:repeat=1 | a.1:width=16;block=conv | head:pool=flatten", "\"block=\" should stand"},
        {"a:repeat=1 | a.1:block=conv | head:pool=flatten", "a.1.width is missing"},
        {"a:repeat=0;head:pool=flatten", "left over"},
        {"a:repeat=0|head:pool=flatten", "no value"},
        {"a:repeat", "\"repeat=\" should stand"},
    };
    fixture f = open_fixture(small);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ash_error err = {0};
        assert_int_equal(space_parse(f.s, bad[i][0], f.g, &err), ASH_INVALID);
        if (!strstr(err.text, bad[i][1]))
            fail_msg("\"%s\": %s", bad[i][0], err.text);
    }
    /* A text cut short or garbled anywhere is refused or parsed, and never read past its end. */
    for (int i = 0; i < 2000; i++) {
        ash_error err;
        space_sample(f.s, f.g, &f.r);
        char *text = space_print(f.s, f.g, f.a);
        size_t n = strlen(text);
        text[rng_below(&f.r, (uint32_t)n)] = "\0;|=: a"[rng_below(&f.r, 7)];
        if (space_parse(f.s, text, f.h, &err) == ASH_OK)
            check_settled(&f, f.h);
    }
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),         cmocka_unit_test(mutation),  cmocka_unit_test(every_value_is_reached),
        cmocka_unit_test(crossover),          cmocka_unit_test(enumeration_counts),
        cmocka_unit_test(text_form),          cmocka_unit_test(bad_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
