/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_memory.c - thousands of candidates in one process: memory at the end is that after the first ones */
#include "unit.h"

#include "nn/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CANDIDATES = 40000, FIRST = 1000, BATCH = 4 };

static double resident_bytes(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f)
        skip();
    assert_int_equal(fscanf(f, "%*d %ld", &pages), 1);
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* One candidate: a graph of one or two convolutions, other widths each time, and a step of training. */
static void train_one(int k, const nn_dataset *data)
{
    ash_error err;
    arena *a = arena_create();
    nn_recipe recipe;
    assert_non_null(a);
    assert_int_equal(option_read(&nn_recipe_options, &recipe, NULL, a, &err), ASH_OK);
    recipe.batch = BATCH;
    nn_graph *g = nn_graph_create(a, data->shape);
    int last = nn_add1(g, &err, 0, "conv2d", "out=%d, kernel=3", 1 + k % 9);
    last = nn_add1(g, &err, last, "batch_norm", NULL);
    if (k % 2)
        last = nn_add1(g, &err, last, "conv2d", "out=%d, kernel=1", 1 + k % 7);
    last = nn_add1(g, &err, last, "global_avg_pool", NULL);
    assert_true(nn_add1(g, &err, last, "dense", "out=2") > 0);
    nn_net *net;
    assert_int_equal(nn_net_create(g, &recipe, NULL, 0, &net, &err), ASH_OK);
    nn_net_init(net, (uint64_t)k);
    assert_true(nn_train_step(net, data, NULL, BATCH, 0.01, 1) > 0);
    nn_net_destroy(net);
    arena_destroy(a);
}

static void test_resident(void **state)
{
    (void)state;
    const char *sanitize = getenv("ASHLAR_SANITIZE");
    int candidates = sanitize && *sanitize ? FIRST : CANDIDATES; /* a sanitizer keeps what is freed */
    float x[BATCH * 6 * 6];
    int32_t label[BATCH];
    rng r = rng_stream(1, "test", 0);
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = rng_normal(&r);
    for (int i = 0; i < BATCH; i++)
        label[i] = i % 2;
    nn_dataset data = {.n = BATCH, .shape = {6, 6, 1}, .n_outputs = 2, .x = x, .label = label};
    double after_first = 0;
    for (int k = 0; k < candidates; k++) {
        train_one(k, &data);
        if (k + 1 == FIRST)
            after_first = resident_bytes();
    }
    double at_end = resident_bytes();
    if (at_end > 1.05 * after_first)
        fail_msg("%.0f bytes after %d candidates, %.0f after %d", after_first, FIRST, at_end, candidates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_resident)};
    return cmocka_run_group_tests_name("memory of many candidates", tests, NULL, NULL);
}
