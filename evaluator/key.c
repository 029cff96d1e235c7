/* SPDX-License-Identifier: GPL-3.0-or-later */
/* key.c - see key.h */
#include "evaluator/key.h"

hash256 training_key(const evaluator_context *context, const hash256 *network, uint64_t replicate)
{
    hasher h;
    hash_init(&h);
    hash_text(&h, "ashlar training 1"); /* raise when the meaning of a training changes */
    hash_key(&h, network);
    buffer recipe = {0};
    option_print(&nn_recipe_options, context->recipe, true, &recipe);
    if (recipe.failed) {
        buffer_free(&recipe);
        return (hash256){{0}};
    }
    hash_text(&h, recipe.data);
    buffer_free(&recipe);
    hash_u64(&h, context->training_seed);
    hash_key(&h, &context->data->hash);
    data_augment_hash(context->data, &h);
    hash_text(&h, context->kernel_level);
    hash_u64(&h, replicate);
    return hash_final(&h);
}

hash256 replicated_key(const hash256 *first, uint64_t n)
{
    hasher h;
    if (n == 1)
        return *first;
    hash_init(&h);
    hash_text(&h, "ashlar replicates 1");
    hash_key(&h, first);
    hash_u64(&h, n);
    return hash_final(&h);
}
