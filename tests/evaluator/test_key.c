/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_key.c - the training key covers each thing that a training depends on, and nothing else */
#include "unit.h"

#include "evaluator/key.h"

#include <string.h>

typedef struct world {
    evaluator_context context;
    data_set data;
    nn_recipe recipe;
    hash256 network;
    uint64_t replicate;
} world;

static world example(arena *a)
{
    world w = {.network = {{1, 2, 3}}};
    ash_error err;
    assert_int_equal(option_read(&nn_recipe_options, &w.recipe, NULL, a, &err), ASH_OK);
    w.data.hash = (hash256){{9}};
    w.context = (evaluator_context){.kernel_level = "x86-64-v3", .training_seed = 7};
    return w;
}

static hash256 key_of(world *w)
{
    w->context.data = &w->data;
    w->context.recipe = &w->recipe;
    return training_key(&w->context, &w->network, w->replicate);
}

static void change(world *w, int what)
{
    switch (what) {
    case 0: w->network.b[31] ^= 1; break;
    case 1: w->replicate++; break;
    case 2: w->context.training_seed++; break;
    case 3: w->context.kernel_level = "x86-64-v4"; break;
    case 4: w->data.hash.b[0] ^= 1; break;
    case 5: w->data.flip = true; break;
    case 6: w->data.shift = 1; break;
    case 7: w->recipe.epochs++; break;
    case 8: w->recipe.batch++; break;
    case 9: w->recipe.lr *= 1 + 1e-15; break;
    case 10: w->recipe.optimizer = "adamw"; break;
    case 11: w->recipe.schedule = "step"; break;
    case 12: w->recipe.momentum /= 2; break;
    case 13: w->recipe.weight_decay += 1e-9; break;
    case 14: w->recipe.label_smoothing += 0.01; break;
    case 15: w->data.rotate = 5; break;
    case 16: w->data.cutout = 1; break;
    case 17: w->data.noise = 1; break;
    default: fail();
    }
}
enum { CHANGES = 18 };

static void test_every_ingredient_counts(void **state)
{
    (void)state;
    arena *a = arena_create();
    hash256 keys[CHANGES + 1];
    world w = example(a);
    keys[CHANGES] = key_of(&w);
    for (int i = 0; i < CHANGES; i++) {
        w = example(a);
        change(&w, i);
        keys[i] = key_of(&w);
    }
    for (int i = 0; i <= CHANGES; i++)
        for (int k = 0; k < i; k++)
            if (hash_equal(&keys[i], &keys[k]))
                fail_msg("changes %d and %d give one key", k, i);
    arena_destroy(a);
}

static void keep(void *ctx, uint64_t id, const void *bytes, size_t n)
{
    (void)ctx, (void)id, (void)bytes, (void)n;
}

static void test_nothing_else_counts(void **state)
{
    (void)state;
    arena *a = arena_create();
    world w = example(a), x = example(a);
    char level[] = "x86-64-v3"; /* the text, not the pointer */
    x.context.kernel_level = level;
    x.context.space = (const space *)&w;
    x.context.keep_weights = keep;
    x.context.keep_ctx = &w;
    x.data.name = "another name";
    x.data.train.n = 5;
    hash256 one = key_of(&w), other = key_of(&x), again = key_of(&w);
    assert_true(hash_equal(&one, &other) && hash_equal(&one, &again));
    assert_false(hash_is_zero(&one));
    arena_destroy(a);
}

/* Every identity row of the recipe is in the key, also one that is added tomorrow. */
static void test_every_row_of_the_recipe_counts(void **state)
{
    (void)state;
    static const char *const another[] = {"another"};
    arena *a = arena_create();
    world w = example(a);
    hash256 base = key_of(&w);
    for (size_t i = 0; i < nn_recipe_options.count; i++) {
        const option *o = &nn_recipe_options.rows[i];
        w = example(a);
        char *field = (char *)&w.recipe + o->offset;
        switch (o->type) {
        case OPTION_INT: case OPTION_SIZE: case OPTION_COUNT: ++*(int64_t *)field; break;
        case OPTION_REAL: *(double *)field += 0.0625; break;
        case OPTION_BOOL: *(bool *)field ^= true; break;
        case OPTION_TEXT_LIST: *(option_texts *)field = (option_texts){another, 1}; break;
        default: *(const char **)field = "another"; break;
        }
        hash256 key = key_of(&w);
        if (hash_equal(&key, &base) != o->execution)
            fail_msg("train.%s", o->name);
    }
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_ingredient_counts),
        cmocka_unit_test(test_nothing_else_counts),
        cmocka_unit_test(test_every_row_of_the_recipe_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
