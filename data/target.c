/* SPDX-License-Identifier: GPL-3.0-or-later */
/* target.c - see target.h
 *
 * An autoencoder learns to reproduce its input. Trained on normal samples alone, it reproduces others badly, and the
 * error tells them: that is how MLPerf Tiny detects anomalies (arXiv:2106.07597). So classes named as anomalies never train:
 * split.c deals them to validation and test, behind the normal samples. */
#include "data/target.h"
#include "core/text.h"
#include <string.h>

static ash_status no_such_class(const data_raw *raw, const node *map, const char *name, ash_error *err)
{
    const char *near = text_nearest(name, raw->class_names, (size_t)raw->n_outputs);
    return data_fail_key(map, "anomaly", err, "%s has no class \"%s\"%s%s%s", raw->name, name, near ? "; did you mean \"" : "",
                         near ? near : "", near ? "\"?" : "");
}

static ash_status mark_anomalies(data_raw *raw, const option_texts *names, const node *map, arena *a, ash_error *err)
{
    size_t classes = (size_t)raw->n_outputs, anomalies = 0;
    bool *anomalous = ARENA_NEW(a, bool, classes);
    if (!anomalous)
        return ash_fail_memory(err);
    for (size_t i = 0; i < names->n; i++) {
        size_t c = 0;
        while (c < classes && strcmp(raw->class_names[c], names->v[i]) != 0)
            c++;
        if (c == classes)
            return no_such_class(raw, map, names->v[i], err);
        anomalies += !anomalous[c];
        anomalous[c] = true;
    }
    if (anomalies == classes)
        return data_fail_key(map, "anomaly", err, "every class of %s is an anomaly; normal samples are what is learned", raw->name);
    for (size_t i = 0; i < raw->n; i++)
        raw->label[i] = anomalous[raw->label[i]];
    return ASH_OK;
}

ash_status data_aim(data_raw *raw, const data_settings *s, const node *map, arena *a, ash_error *err)
{
    bool input = strcmp(s->target, "input") == 0;
    if (!input && s->anomaly.n)
        return data_fail_key(map, "anomaly", err, "anomalies are told by an autoencoder: say target: input as well");
    if (!input && !raw->label && !raw->target)
        return ash_fail(err, ASH_INVALID, "%s: there is no label to learn; target: input makes an autoencoder, which needs none", raw->name);
    if (!input)
        return ASH_OK;
    if (s->anomaly.n && raw->task != DATA_CLASSIFICATION)
        return data_fail_key(map, "anomaly", err, "%s has no classes that could be anomalies", raw->name);
    ash_status status = s->anomaly.n ? mark_anomalies(raw, &s->anomaly, map, a, err) : ASH_OK;
    if (s->anomaly.n == 0)
        raw->label = NULL;
    raw->task = DATA_RECONSTRUCTION;
    raw->target = NULL;
    raw->class_names = raw->target_names = NULL;
    raw->n_outputs = raw->h * raw->w * raw->c;
    return status;
}
