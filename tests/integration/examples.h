/* SPDX-License-Identifier: GPL-3.0-or-later */
/* examples.h - random networks of every space in examples/ live a whole life: sampled, mutated, crossed over, printed and parsed, decoded, made
 * canonical, written as an architecture file and read back, costed, drawn, and run forward and backward
 *
 * A new example is tested the day it appears. Images are small, since a space knows no size. The includer defines
 * NETWORKS, how many of each space.
 */
#ifndef TESTS_INTEGRATION_EXAMPLES_H
#define TESTS_INTEGRATION_EXAMPLES_H

#include "unit.h"

#include "config/config.h"
#include "core/log.h"
#include "core/option.h"
#include "core/text.h"
#include "evaluator/cost/cost.h"
#include "nn/net.h"
#include "space/space.h"

#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OUTPUTS = 3, BATCH = 2 };

typedef struct tally {
    int invalid, run;
} tally;

/* [h, w, c] of the run file where it says so; else that of the small data sets. */
static nn_shape shape_of(const node *root)
{
    const node *data = node_get(root, "data"), *type = node_get(data, "type"), *shape = node_get(data, "shape");
    shape = shape ? shape : node_get(root, "input");
    if (!shape)
        return type && strcmp(type->text, "synthetic") == 0 ? (nn_shape){1, 1, 3} : (nn_shape){8, 8, 1};
    int64_t v[3] = {1, 1, 1};
    for (size_t i = 0; i < shape->count && i < 3; i++)
        assert_true(text_to_int(node_at(shape, i)->text, &v[i]));
    return (nn_shape){v[0] > 24 ? 8 : (int)v[0], v[1] > 24 ? 8 : (int)v[1], (int)v[2]};
}

/* As an architecture file and back: the same network. */
static void check_text(const nn_graph *canonical, const hash256 *hash, arena *a, const char *what)
{
    ash_error err;
    node *root;
    nn_graph *read, *again;
    hash256 same;
    buffer text = {0};
    nn_print(canonical, &text);
    if (config_read_text(text.data, "printed", a, &root, &err) != ASH_OK || nn_read(root, NULL, a, &read, &err) != ASH_OK ||
        space_canonical(read, a, &again, &same, &err) != ASH_OK)
        fail_msg("%s: %s", what, err.text);
    if (!hash_equal(hash, &same) || nn_macs(read) != nn_macs(canonical) || nn_params(read) != nn_params(canonical))
        fail_msg("%s: another network is read back", what);
    buffer_free(&text);
}

static void check_costs(const nn_graph *g, arena *a, const char *what)
{
    ash_error err;
    metric *m;
    size_t n;
    if (cost_metrics(g, a, &m, &n, &err) != ASH_OK)
        fail_msg("%s: %s", what, err.text);
    for (size_t i = 0; i < n; i++)
        if (!(m[i].value >= 0 && isfinite(m[i].value)))
            fail_msg("%s: %s is %g", what, m[i].name, m[i].value);
    const char *blocks = cost_blocks_json(g, a);
    assert_true(blocks && strstr(blocks, "\"layers\""));
}

static void check_run(const nn_graph *g, arena *a, uint64_t seed, const char *what)
{
    ash_error err;
    nn_recipe recipe;
    nn_net *net;
    assert_int_equal(option_read(&nn_recipe_options, &recipe, NULL, a, &err), ASH_OK);
    recipe.batch = BATCH;
    if (nn_net_create(g, &recipe, NULL, 0, &net, &err) != ASH_OK)
        fail_msg("%s: %s", what, err.text);
    size_t n = BATCH * (size_t)nn_elements(g->nodes[0].shape);
    float *x = ARENA_NEW(a, float, n), out[BATCH * OUTPUTS];
    int32_t label[BATCH] = {0, OUTPUTS - 1};
    rng r = rng_stream(seed, "image", 0);
    for (size_t i = 0; i < n; i++)
        x[i] = rng_normal(&r);
    nn_dataset data = {.n = BATCH, .shape = g->nodes[0].shape, .n_outputs = OUTPUTS, .x = x, .label = label};
    nn_net_init(net, seed);
    double loss = nn_train_step(net, &data, NULL, BATCH, 0.01, seed);
    if (!isfinite(loss))
        fail_msg("%s: loss %g", what, loss);
    nn_predict(net, x, BATCH, out);
    for (int i = 0; i < BATCH * OUTPUTS; i++)
        if (!isfinite(out[i]))
            fail_msg("%s: output %g", what, (double)out[i]);
    nn_net_destroy(net);
}

/* One network from its genome on. */
static void check_genome(const space *s, const genome *g, arena *a, uint64_t seed, const char *path, tally *t)
{
    ash_error err = {0};
    genome *again = genome_create(s, a);
    char *text = space_print(s, g, a);
    if (space_parse(s, text, again, &err) != ASH_OK || !genome_equal(g, again))
        fail_msg("%s: %s: %s", path, text, err.text);
    nn_graph *net, *canonical = NULL, *twice;
    hash256 hash, same;
    ash_status status = space_decode(s, g, a, &net, &err);
    if (status == ASH_INVALID && *err.text && !strstr(err.text, path)) {
        t->invalid++;
        return;
    }
    if (status != ASH_OK || space_canonical(net, a, &canonical, &hash, &err) != ASH_OK ||
        space_canonical(canonical, a, &twice, &same, &err) != ASH_OK)
        fail_msg("%s: %s: %s", path, text, err.text);
    assert_true(hash_equal(&hash, &same));
    assert_int_equal(canonical->nodes[canonical->output].shape.c, OUTPUTS);
    check_text(canonical, &hash, a, text);
    check_costs(canonical, a, text);
    check_run(canonical, a, seed, text);
    t->run++;
}

static void check_space(const char *path)
{
    arena *a = arena_create(), *own = arena_create();
    node *root;
    ash_error err;
    space *s;
    tally t = {0};
    if (config_read_file(path, a, &root, &err) != ASH_OK)
        fail_msg("%s", err.text);
    if (!node_get(root, "space"))
        goto done;
    if (space_read(node_get(root, "space"), shape_of(root), OUTPUTS, &s, &err) != ASH_OK)
        fail_msg("%s", err.text);
    genome *parent = genome_create(s, own), *other = genome_create(s, own), *g = genome_create(s, own);
    clock_t begin = clock();
    for (uint64_t i = 0; i < NETWORKS; i++) {
        rng r = rng_stream(1, "examples", i);
        arena_reset(a);
        space_sample(s, other, &r);
        if (i % 3 == 0)
            space_sample(s, g, &r);
        else if (i % 3 == 1)
            space_mutate(s, g, parent, &r);
        else
            space_crossover(s, g, parent, other, 0.5, &r);
        check_genome(s, g, a, i, path, &t);
        genome_copy(parent, g);
    }
    printf("%-60s %6d networks, %5d invalid, %6d run, %6.1f s\n", path, NETWORKS, t.invalid, t.run,
           (double)(clock() - begin) / CLOCKS_PER_SEC);
    assert_true(t.run > NETWORKS / 4);
    space_destroy(s);
done:
    arena_destroy(own);
    arena_destroy(a);
}

static void test_every_example(void **state)
{
    (void)state;
    char pattern[4096];
    const char *source = getenv("ASHLAR_SOURCE");
    glob_t files;
    assert_non_null(source);
    snprintf(pattern, sizeof(pattern), "%s/examples/*.yaml", source);
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++)
        check_space(files.gl_pathv[i]);
    assert_true(files.gl_pathc >= 8);
    globfree(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_example)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
