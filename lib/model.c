/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model.c - a stored network that predicts
 *
 * The database holds genome and weights; how samples are normalised is fitted on the training split, so the data set is opened once, and
 * closed as soon as its few numbers are copied. Bits of a prediction may differ between kernel levels: any level of this machine will do. */
#include "evaluator/network.h"
#include "lib/private.h"
#include "nn/kernels/kernels.h"
#include "nn/op.h"
#include "nn/train.h"
#include "run/session.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 }; /* samples normalised at a time */

struct ash_model {
    arena *arena;
    session session; /* without its data set */
    nn_graph *graph;
    nn_net *net;
    size_t sample, n_outputs, n_norm;
    const float *mean, *scale;        /* (n_norm) */
    float *missing;                   /* (channels): what a value that is not there counts as */
    size_t channels;
    data_task task;
    const double *out_mean, *out_std; /* (n_outputs), regression */
    const char **names;               /* (n_outputs); NULL: none */
    float *chunk;                     /* (CHUNK, sample) */
};

static ash_status copy_names(ash_model *m, const char *const *names, ash_error *err)
{
    if (!names)
        return ASH_OK;
    m->names = ARENA_NEW(m->arena, const char *, m->n_outputs);
    for (size_t i = 0; m->names && i < m->n_outputs; i++)
        if (!(m->names[i] = arena_strdup(m->arena, names[i])))
            return ash_fail_memory(err);
    return m->names ? ASH_OK : ash_fail_memory(err);
}

/* What predictions need of the data set, which goes. */
static ash_status keep_of_data(ash_model *m, ash_error *err)
{
    data_set *d = m->session.data;
    m->task = d->task;
    m->sample = (size_t)d->h * (size_t)d->w * (size_t)d->c;
    m->n_outputs = (size_t)d->n_outputs;
    m->n_norm = d->n_norm;
    m->channels = (size_t)d->c;
    m->missing = ARENA_NEW(m->arena, float, m->channels);
    m->chunk = ARENA_NEW(m->arena, float, CHUNK * m->sample);
    m->mean = arena_memdup(m->arena, d->norm_mean, d->n_norm * sizeof(float));
    m->scale = arena_memdup(m->arena, d->norm_scale, d->n_norm * sizeof(float));
    if (d->target_mean) {
        m->out_mean = arena_memdup(m->arena, d->target_mean, m->n_outputs * sizeof(double));
        m->out_std = arena_memdup(m->arena, d->target_std, m->n_outputs * sizeof(double));
    }
    for (size_t i = 0; m->missing && i < m->channels; i++)
        m->missing[i] = (float)d->summary[i].mean;
    if (!m->chunk || !m->missing || (d->n_norm && (!m->mean || !m->scale)) || (d->target_mean && (!m->out_mean || !m->out_std)))
        return ash_fail_memory(err);
    ash_status status = copy_names(m, d->task == DATA_CLASSIFICATION ? d->class_names : d->task == DATA_REGRESSION ? d->target_names : NULL, err);
    data_close(d);
    m->session.data = NULL;
    return status;
}

static ash_status load(ash_model *m, ash_study *study, const ash_trial *t, ash_error *err)
{
    const db_run *row = &t->run->row;
    void *weights;
    size_t n;
    hash256 hash;
    if (db_get_weights(study->db, row->id, t->record->id, m->arena, &weights, &n, err) != ASH_OK)
        return err->status;
    if (!weights)
        return ash_fail(err, ASH_INVALID, "%s: trial %llu of run %lld has no weights; members of the front keep theirs", db_path(study->db),
                        (unsigned long long)t->record->id, (long long)row->id);
    const char *level = row->kernel_level && nn_kernels_supported(row->kernel_level) ? row->kernel_level : nn_kernels_best()->level;
    if (session_open_stored(&m->session, row, db_path(study->db), level, NULL, NULL, err) != ASH_OK)
        return err->status;
    if (!m->session.data)
        return ash_fail(err, ASH_INVALID, "%s: run %lld was not trained on a data set", db_path(study->db), (long long)row->id);
    if (network_of_text(m->session.space, t->record->genome, m->arena, &m->graph, &hash, err) != ASH_OK ||
        nn_net_create(m->graph, &m->session.file->recipe, level, 0, &m->net, err) != ASH_OK ||
        nn_weights_set(m->net, weights, n, err) != ASH_OK)
        return err->status;
    return keep_of_data(m, err);
}

ash_status ash_model_load(ash_study *study, const ash_trial *t, ash_model **out, ash_error *err)
{
    lib_begin();
    *out = NULL;
    ash_model *m = calloc(1, sizeof(*m));
    if (!m || !(m->arena = arena_create())) {
        free(m);
        return ash_fail_memory(err);
    }
    if (load(m, study, t, err) != ASH_OK) {
        ash_model_close(m);
        return err->status;
    }
    *out = m;
    return ASH_OK;
}

void ash_model_close(ash_model *m)
{
    if (!m)
        return;
    if (m->net)
        nn_net_destroy(m->net);
    session_close(&m->session);
    arena_destroy(m->arena);
    free(m);
}

void ash_model_input(const ash_model *m, int *h, int *w, int *c)
{
    nn_shape in = m->graph->nodes[0].shape;
    if (h)
        *h = in.h;
    if (w)
        *w = in.w;
    if (c)
        *c = in.c;
}

size_t ash_model_output_count(const ash_model *m) { return m->n_outputs; }

const char *ash_model_output_name(const ash_model *m, size_t i) { return m->names && i < m->n_outputs ? m->names[i] : NULL; }

/* As data/normalize.c does it. */
static void normalise(const ash_model *m, const float *samples, size_t n)
{
    for (size_t i = 0; i < n * m->sample; i++) {
        size_t k = m->n_norm ? i % m->sample % m->n_norm : 0; /* per element, or per channel, the innermost dimension */
        float x = isnan(samples[i]) ? m->missing[i % m->channels] : samples[i];
        m->chunk[i] = m->n_norm ? (x - m->mean[k]) * m->scale[k] : x;
    }
}

static void softmax(float *x, size_t n)
{
    float top = x[0], sum = 0;
    for (size_t i = 1; i < n; i++)
        top = fmaxf(top, x[i]);
    for (size_t i = 0; i < n; i++)
        sum += x[i] = expf(x[i] - top);
    for (size_t i = 0; i < n; i++)
        x[i] /= sum;
}

/* The outputs of one sample in the units that people know. */
static void finish(const ash_model *m, float *y)
{
    size_t n = m->n_outputs;
    if (m->task == DATA_CLASSIFICATION)
        softmax(y, n);
    for (size_t i = 0; m->task == DATA_REGRESSION && i < n; i++)
        y[i] = (float)(m->out_mean[i] + m->out_std[i] * (double)y[i]);
    for (size_t i = 0; m->task == DATA_RECONSTRUCTION && m->n_norm && i < n; i++)
        y[i] = y[i] / m->scale[i % m->n_norm] + m->mean[i % m->n_norm];
}

ash_status ash_model_predict(ash_model *m, const float *samples, size_t n, float *out, ash_error *err)
{
    for (size_t i = 0; i < n * m->sample; i++)
        if (isinf(samples[i]))
            return ash_fail(err, ASH_INVALID, "sample %zu holds an infinite value", i / m->sample);
    for (size_t from = 0; from < n; from += CHUNK) {
        size_t some = n - from < CHUNK ? n - from : CHUNK;
        normalise(m, samples + from * m->sample, some);
        nn_predict(m->net, m->chunk, some, out + from * m->n_outputs);
        for (size_t i = from; i < from + some; i++)
            finish(m, out + i * m->n_outputs);
    }
    return ASH_OK;
}
