/* SPDX-License-Identifier: GPL-3.0-or-later */
/* about.c - see about.h */
#include "evaluator/about.h"
#include "core/arena.h"
#include <string.h>

static infer_answer answer_of(data_task task)
{
    return task == DATA_CLASSIFICATION ? INFER_CLASSES : task == DATA_REGRESSION ? INFER_VALUES : INFER_SAMPLE;
}

static ash_status copy_names(infer_about *about, const char *const *names, arena *a, ash_error *err)
{
    if (!names)
        return ASH_OK;
    const char **copy = ARENA_NEW(a, const char *, about->outputs);
    for (size_t i = 0; copy && i < about->outputs; i++)
        if (!(copy[i] = arena_strdup(a, names[i])))
            return ash_fail_memory(err);
    about->names = copy;
    return copy ? ASH_OK : ash_fail_memory(err);
}

ash_status about_data(const data_set *d, const char *name, arena *a, infer_about **out, ash_error *err)
{
    infer_about *about = *out = ARENA_NEW(a, infer_about, 1);
    size_t channels = (size_t)d->c, outputs = (size_t)d->n_outputs;
    float *missing = ARENA_NEW(a, float, channels);
    if (!about || !missing)
        return ash_fail_memory(err);
    for (size_t i = 0; i < channels; i++)
        missing[i] = (float)d->summary[i].mean;
    *about = (infer_about){.name = arena_strdup(a, name), .answer = answer_of(d->task), .sample = (size_t)d->h * (size_t)d->w * channels,
                           .channels = channels, .n_norm = d->n_norm, .outputs = outputs, .missing = missing,
                           .mean = arena_memdup(a, d->norm_mean, d->n_norm * sizeof(float)),
                           .scale = arena_memdup(a, d->norm_scale, d->n_norm * sizeof(float))};
    if (d->target_mean) {
        about->out_mean = arena_memdup(a, d->target_mean, outputs * sizeof(double));
        about->out_std = arena_memdup(a, d->target_std, outputs * sizeof(double));
    }
    if (!about->name || (d->n_norm && (!about->mean || !about->scale)) || (d->target_mean && (!about->out_mean || !about->out_std)))
        return ash_fail_memory(err);
    return copy_names(about, d->task == DATA_CLASSIFICATION ? d->class_names : d->task == DATA_REGRESSION ? d->target_names : NULL, a, err);
}

static ash_status check_names(const infer_about *about, const data_set *d, ash_error *err)
{
    const char *const *names = d->task == DATA_CLASSIFICATION ? d->class_names : d->task == DATA_REGRESSION ? d->target_names : NULL;
    for (size_t i = 0; about->names && names && i < about->outputs; i++)
        if (strcmp(about->names[i], names[i]) != 0)
            return ash_fail(err, ASH_INVALID, "the network's answer %zu is \"%s\", but that of %s is \"%s\"", i + 1, about->names[i], d->name, names[i]);
    return ASH_OK;
}

static void adopt_split(const infer_about *about, const data_set *d, data_split *s)
{
    size_t k = about->outputs;
    for (size_t i = 0; i < s->n; i++)
        infer_normalise(about, s->x + i * about->sample, s->x + i * about->sample);
    for (size_t i = 0; about->answer == INFER_VALUES && i < s->n * k; i++) {
        double raw = (double)s->target[i] * d->target_std[i % k] + d->target_mean[i % k];
        s->target[i] = (float)((raw - about->out_mean[i % k]) / about->out_std[i % k]);
    }
}

ash_status about_adopt(const infer_about *about, data_set *d, ash_error *err)
{
    size_t sample = (size_t)d->h * (size_t)d->w * (size_t)d->c;
    if (sample != about->sample || (size_t)d->c != about->channels)
        return ash_fail(err, ASH_INVALID, "the network takes %zu values in %zu channels, but a sample of %s has %zu in %d", about->sample,
                        about->channels, d->name, sample, d->c);
    if (answer_of(d->task) != about->answer || (size_t)d->n_outputs != about->outputs)
        return ash_fail(err, ASH_INVALID, "the network has %zu answers of another kind than the %d %s of %s", about->outputs, d->n_outputs,
                        d->task == DATA_CLASSIFICATION ? "classes" : d->task == DATA_REGRESSION ? "targets" : "values", d->name);
    if (check_names(about, d, err) != ASH_OK)
        return err->status;
    adopt_split(about, d, &d->train);
    adopt_split(about, d, &d->val);
    adopt_split(about, d, &d->test);
    for (size_t i = 0; about->answer == INFER_VALUES && i < about->outputs; i++) {
        d->target_mean[i] = about->out_mean[i];
        d->target_std[i] = about->out_std[i];
    }
    return ASH_OK;
}
