/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NAS-Bench-201: published costs, strings that read back, and exactly the published classes of equal networks */
#include "space/space.h"
#include "tests/space/space_test.h"
#include <stdlib.h>

static space *nasbench(const char *text)
{
    return space_of_text(text, (nn_shape){32, 32, 3}, 10);
}

static nn_graph *decoded(const space *s, const char *text, arena *a)
{
    ash_error err;
    genome *g = genome_create(s, a);
    nn_graph *out = NULL;
    if (space_parse(s, text, g, &err) != ASH_OK || space_decode(s, g, a, &out, &err) != ASH_OK)
        fail_msg("%s", err.text);
    return out;
}

static void published_costs(void **state)
{
    (void)state;
    space *s = nasbench("cell: nasbench201");
    arena *a = arena_create();
    assert_true(space_count(s) == 15625);
    nn_graph *g = decoded(s, "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|", a);
    assert_int_equal(nn_params(g), 802426);
    assert_int_equal(nn_macs(g), 113951360);
    g = decoded(s, "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|", a);
    assert_int_equal(nn_params(g), 1531546);
    assert_int_equal(nn_macs(g), 220119680);
    g = decoded(s, "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", a);
    assert_int_equal(nn_macs(g), 7783040);
    /* Operators that nothing uses count too, as in the published figures. */
    g = decoded(s, "|nor_conv_1x1~0|+|none~0|none~1|+|none~0|none~1|none~2|", a);
    assert_int_equal(nn_macs(g), 7783040 + 3932160);
    arena_destroy(a);
    space_destroy(s);
}

/* The benchmark's own expression of a cell (`to_unique_str(consider_zero=True)`), written independently of the space: text in,
 * text out, both of one fixed size. */
#define EXPRESSION 512
static int by_text(const void *x, const void *y)
{
    return strcmp(x, y);
}

static void expression(const char *arch, char out[EXPRESSION])
{
    static char nodes[4][EXPRESSION], terms[3][EXPRESSION];
    strcpy(nodes[0], "0");
    const char *at = arch;
    for (int i = 1; i < 4; i++) {
        at += strspn(at, "+|");
        for (int j = 0; j < i; j++) {
            char op[32];
            int from, used;
            assert_int_equal(sscanf(at, "%31[^~]~%d|%n", op, &from, &used), 2);
            at += used;
            if (strcmp(op, "none") == 0 || strcmp(nodes[from], "#") == 0)
                strcpy(terms[j], "#");
            else if (strcmp(op, "skip_connect") == 0)
                strcpy(terms[j], nodes[from]);
            else
                assert_true(snprintf(terms[j], EXPRESSION, "(%s)@%s", nodes[from], op) < EXPRESSION);
        }
        qsort(terms, (size_t)i, EXPRESSION, by_text);
        nodes[i][0] = '\0';
        for (int j = 0; j < i; j++) {
            assert_true(strlen(nodes[i]) + strlen(terms[j]) + 2 < EXPRESSION);
            strcat(nodes[i], j ? "+" : "");
            strcat(nodes[i], terms[j]);
        }
    }
    strcpy(out, nodes[3]);
}

typedef struct member {
    char expression[EXPRESSION];
    hash256 hash;
} member;

static int by_expression(const void *x, const void *y)
{
    return strcmp(((const member *)x)->expression, ((const member *)y)->expression);
}

static int by_hash(const void *x, const void *y)
{
    return memcmp(&((const member *)x)->hash, &((const member *)y)->hash, sizeof(hash256));
}

static size_t classes(const member *m, size_t n, int (*compare)(const void *, const void *))
{
    size_t count = 1;
    for (size_t i = 1; i < n; i++)
        count += compare(&m[i - 1], &m[i]) != 0;
    return count;
}

/* One cell per stage and one stage: the classes of a network are those of its cell. */
static void published_classes(void **state)
{
    (void)state;
    size_t n = 15625, differ = 0;
    space *s = nasbench("cell: {channels: [4, 8], cells: 2}");
    member *m = calloc(n, sizeof(*m));
    arena *a = arena_create(), *keep = arena_create();
    genome *g = genome_create(s, keep);
    for (size_t i = 0; i < n; i++) {
        ash_error err;
        nn_graph *net, *canonical;
        arena_reset(a);
        assert_true(space_enumerate(s, g, i));
        expression(space_print(s, g, a), m[i].expression);
        if (space_decode(s, g, a, &net, &err) != ASH_OK || space_canonical(net, a, &canonical, &m[i].hash, &err) != ASH_OK)
            fail_msg("%s: %s", space_print(s, g, a), err.text);
    }
    assert_false(space_enumerate(s, g, n));
    qsort(m, n, sizeof(*m), by_expression);
    assert_int_equal(classes(m, n, by_expression), 6466);
    for (size_t i = 1; i < n; i++)
        differ += strcmp(m[i - 1].expression, m[i].expression) == 0 && !hash_equal(&m[i - 1].hash, &m[i].hash);
    assert_int_equal(differ, 0); /* equal expressions have equal hashes */
    qsort(m, n, sizeof(*m), by_hash);
    assert_int_equal(classes(m, n, by_hash), 6466); /* so there are no more: the classes are the same */
    arena_destroy(a);
    arena_destroy(keep);
    space_destroy(s);
    free(m);
}

static void strings_read_back(void **state)
{
    (void)state;
    const char *source = getenv("ASHLAR_SOURCE");
    char path[4096], line[512];
    snprintf(path, sizeof(path), "%s/../shared/data/nb201_cifar10.csv", source ? source : ".");
    FILE *f = fopen(path, "r");
    if (!f)
        skip();
    space *s = nasbench("cell: nasbench201");
    arena *a = arena_create();
    size_t n = 0;
    assert_non_null(fgets(line, sizeof(line), f));
    while (fgets(line, sizeof(line), f)) {
        ash_error err;
        arena_reset(a);
        genome *g = genome_create(s, a);
        char *arch = strchr(line, ',') + 1;
        *strchr(arch, ',') = '\0';
        assert_int_equal(space_parse(s, arch, g, &err), ASH_OK);
        assert_string_equal(space_print(s, g, a), arch);
        n++;
    }
    assert_int_equal(n, 15625);
    fclose(f);
    arena_destroy(a);
    space_destroy(s);
}

static void refuses(const char *text, const char *why)
{
    ash_error err;
    arena *a = arena_create();
    space *s = nasbench("cell: nasbench201");
    assert_int_equal(space_parse(s, text, genome_create(s, a), &err), ASH_INVALID);
    if (!strstr(err.text, why))
        fail_msg("%s", err.text);
    space_destroy(s);
    arena_destroy(a);
}

static void bad_strings(void **state)
{
    (void)state;
    refuses("", "edges of node 1");
    refuses("|nor_conv_3x3~0|", "edges of node 2");
    refuses("|nor_conv_5x5~0|+|none~0|none~1|+|none~0|none~1|none~2|", "no operation");
    refuses("|none~1|+|none~0|none~1|+|none~0|none~1|none~2|", "~0|");
    refuses("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|+|none~0|", "left over");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_costs),
        cmocka_unit_test(published_classes),
        cmocka_unit_test(strings_read_back),
        cmocka_unit_test(bad_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
