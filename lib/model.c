/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model.c - a stored network, or a model file, that predicts
 *
 * The database holds genome and weights; how samples are normalised is fitted on the training split, so the data set is opened once, and
 * closed as soon as its few numbers are copied. Bits of a prediction of floats may differ between kernel levels: any level of this machine will do.
 * A model file holds all that there is to know, and its integers are the same everywhere. */
#include "data/file.h"
#include "evaluator/about.h"
#include "evaluator/network.h"
#include "lib/private.h"
#include "nn/infer/engine.h"
#include "nn/infer/file.h"
#include "nn/kernels/kernels.h"
#include "nn/op.h"
#include "nn/train.h"
#include "run/session.h"
#include <math.h>
#include <stdlib.h>

enum { CHUNK = 64 }; /* samples normalised at a time */
#define MOST_BYTES ((size_t)1 << 30) /* of a model file */

struct ash_model {
    arena *arena;
    session session; /* without its data set */
    nn_net *net;           /* of a trial, */
    infer_engine *engine;  /* or of a file */
    nn_shape input;
    infer_about *about;
    float *chunk; /* (CHUNK, sample) */
};

static ash_status make_room(ash_model *m, ash_error *err)
{
    m->chunk = ARENA_NEW(m->arena, float, CHUNK * m->about->sample);
    return m->chunk ? ASH_OK : ash_fail_memory(err);
}

static ash_status load(ash_model *m, ash_study *study, const ash_trial *t, ash_error *err)
{
    const db_run *row = &t->run->row;
    void *weights;
    size_t n;
    hash256 hash;
    nn_graph *graph;
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
    if (network_of_text(m->session.space, t->record->genome, m->arena, &graph, &hash, err) != ASH_OK ||
        nn_net_create(graph, &m->session.file->recipe, level, 0, &m->net, err) != ASH_OK || nn_weights_set(m->net, weights, n, err) != ASH_OK ||
        nn_deploy(m->net, err) != ASH_OK || about_data(m->session.data, graph->name, m->arena, &m->about, err) != ASH_OK)
        return err->status;
    data_close(m->session.data);
    m->session.data = NULL;
    m->input = graph->nodes[0].shape;
    return make_room(m, err);
}

static ash_status load_file(ash_model *m, const char *path, ash_error *err)
{
    buffer bytes = {0};
    infer_model *model;
    ash_status status = data_file_slurp(path, MOST_BYTES, &bytes, err);
    if (status == ASH_OK && (status = infer_read(bytes.data, bytes.len, m->arena, &model, &m->about, err)) != ASH_OK)
        ash_prefix(err, "%s", path);
    buffer_free(&bytes);
    if (status != ASH_OK || infer_engine_create(model, NULL, &m->engine, err) != ASH_OK)
        return err->status;
    m->input = model->tensors[0].shape;
    return make_room(m, err);
}

static ash_status create(ash_model **out, ash_error *err)
{
    lib_begin();
    *out = calloc(1, sizeof(**out));
    if (*out && ((*out)->arena = arena_create()))
        return ASH_OK;
    free(*out);
    *out = NULL;
    return ash_fail_memory(err);
}

static ash_status hand_out(ash_model **out, ash_status status)
{
    if (status != ASH_OK) {
        ash_model_close(*out);
        *out = NULL;
    }
    return status;
}

ash_status ash_model_load(ash_study *study, const ash_trial *t, ash_model **out, ash_error *err)
{
    return create(out, err) == ASH_OK ? hand_out(out, load(*out, study, t, err)) : err->status;
}

ash_status ash_model_open(const char *path, ash_model **out, ash_error *err)
{
    return create(out, err) == ASH_OK ? hand_out(out, load_file(*out, path, err)) : err->status;
}

void ash_model_close(ash_model *m)
{
    if (!m)
        return;
    if (m->net)
        nn_net_destroy(m->net);
    infer_engine_destroy(m->engine);
    session_close(&m->session);
    arena_destroy(m->arena);
    free(m);
}

void ash_model_input(const ash_model *m, int *h, int *w, int *c)
{
    if (h)
        *h = m->input.h;
    if (w)
        *w = m->input.w;
    if (c)
        *c = m->input.c;
}

size_t ash_model_output_count(const ash_model *m) { return m->about->outputs; }

const char *ash_model_output_name(const ash_model *m, size_t i) { return m->about->names && i < m->about->outputs ? m->about->names[i] : NULL; }

/* n <= CHUNK */
static void predict(ash_model *m, const float *samples, size_t n, float *out)
{
    const infer_about *a = m->about;
    for (size_t i = 0; i < n; i++)
        infer_normalise(a, m->chunk + i * a->sample, samples + i * a->sample);
    if (m->net)
        nn_predict(m->net, m->chunk, n, out);
    for (size_t i = 0; i < n; i++) {
        if (m->engine)
            infer_run(m->engine, m->chunk + i * a->sample, out + i * a->outputs);
        infer_finish(a, out + i * a->outputs);
    }
}

ash_status ash_model_predict(ash_model *m, const float *samples, size_t n, float *out, ash_error *err)
{
    const infer_about *a = m->about;
    for (size_t i = 0; i < n * a->sample; i++)
        if (isinf(samples[i]))
            return ash_fail(err, ASH_INVALID, "sample %zu holds an infinite value", i / a->sample);
    for (size_t from = 0; from < n; from += CHUNK)
        predict(m, samples + from * a->sample, n - from < CHUNK ? n - from : CHUNK, out + from * a->outputs);
    return ASH_OK;
}
