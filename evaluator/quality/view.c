/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view.c - a split of a data set, as training and measuring read it */
#include "core/text.h"
#include "evaluator/quality/quality.h"
#include <string.h>

nn_dataset quality_view(const data_set *d, const data_split *split)
{
    return (nn_dataset){.n = split->n - split->n_anomalies,
                        .shape = {d->h, d->w, d->c},
                        .n_outputs = d->n_outputs,
                        .x = split->x,
                        .label = split->label,
                        .target = split->target};
}

/* n / (k n_c): the mean weight of a training sample is 1, so learning rates keep their meaning. */
static void balance(float *weight, const data_set *d)
{
    int k = d->n_outputs;
    for (size_t i = 0; i < d->train.n; i++)
        weight[d->train.label[i]]++; /* counts are exact below 2^24 */
    for (int c = 0; c < k; c++)
        weight[c] = weight[c] > 0 ? (float)((double)d->train.n / ((double)k * (double)weight[c])) : 0;
}

static ash_status read_weights(const data_set *d, option_texts words, float *weight, ash_error *err)
{
    double sum = 0;
    if (words.n != (size_t)d->n_outputs)
        return ash_fail(err, ASH_INVALID, "train.class_weights has %zu number%s, but %s has %d classes; write none, balanced or one number for "
                        "each class", words.n, words.n == 1 ? "" : "s", d->name, d->n_outputs);
    for (size_t c = 0; c < words.n; c++) {
        double v;
        if (!text_to_real(words.v[c], &v) || v < 0 || v > 1e6)
            return ash_fail(err, ASH_INVALID, "train.class_weights: \"%s\" is no weight from 0 to 1000000; write none, balanced or one number "
                            "for each class", words.v[c]);
        weight[c] = (float)v;
        sum += v;
    }
    return sum > 0 ? ASH_OK : ash_fail(err, ASH_INVALID, "train.class_weights: all weights are 0; nothing would be learned");
}

ash_status quality_training_view(const data_set *d, const nn_recipe *recipe, arena *a, nn_dataset *out, ash_error *err)
{
    *out = quality_view(d, &d->train);
    out->augment = data_has_augmentation(d) ? data_augment : NULL;
    out->augment_ctx = d;
    option_texts words = recipe->class_weights;
    const char *word = words.n == 1 ? words.v[0] : "";
    if (words.n == 0 || strcmp(word, "none") == 0)
        return ASH_OK;
    if (d->task != DATA_CLASSIFICATION)
        return ash_fail(err, ASH_INVALID, "train.class_weights: %s is a %s and has no classes", d->name, data_task_name(d->task));
    float *weight = ARENA_NEW(a, float, (size_t)d->n_outputs);
    if (!weight)
        return ash_fail_memory(err);
    out->class_weight = weight;
    if (strcmp(word, "balanced") != 0)
        return read_weights(d, words, weight, err);
    balance(weight, d);
    return ASH_OK;
}
