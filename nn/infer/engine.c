/* SPDX-License-Identifier: GPL-3.0-or-later */
/* engine.c - see engine.h */
#include "nn/infer/engine.h"
#include "nn/infer/steps.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)4 << 30)

struct infer_engine {
    const infer_model *m;
    const infer_kernels *kernels;
    void *block;       /* all of what follows */
    uint8_t *arena;    /* the plan's, all tensors */
    void **prepared;   /* (steps) of linear steps */
    infer_constants *constants; /* (steps) of those that are not */
    void *scratch;     /* of kernels */
    int16_t *codes;    /* unpacked: inputs and output of one step */
    float *outputs;
    size_t bytes;      /* of the block */
};

static infer_linear linear_of(const infer_model *m, int k)
{
    const infer_step *s = &m->steps[k];
    return (infer_linear){.conv = s->conv, .in = s->seen[0], .out = m->tensors[k + 1].shape, .x = m->tensors[s->inputs[0]].type,
                          .y = m->tensors[k + 1].type, .weight_bits = s->weight_bits, .weights = s->weights, .requant = s->requant};
}

/* ---- memory: laid out twice by the same code, once to measure it ---- */

static void *carve(infer_engine *e, size_t bytes)
{
    void *at = e->block ? (char *)e->block + e->bytes : NULL;
    e->bytes += (bytes + 63) / 64 * 64;
    return at;
}

/* Codes that step k unpacks. */
static size_t codes_of(const infer_model *m, int k)
{
    size_t n = (size_t)nn_elements(m->tensors[k + 1].shape);
    for (int i = 0; i < m->steps[k].n_inputs; i++)
        n += (size_t)nn_elements(m->steps[k].seen[i]);
    return n;
}

static void lay_out(infer_engine *e)
{
    const infer_model *m = e->m;
    size_t steps = (size_t)m->n_tensors - 1, scratch = 0, codes = (size_t)nn_elements(m->tensors[0].shape);
    e->bytes = 0;
    e->arena = carve(e, (size_t)m->arena_bytes);
    e->prepared = carve(e, steps * sizeof(*e->prepared));
    e->constants = carve(e, steps * sizeof(*e->constants));
    e->outputs = carve(e, (size_t)nn_elements(m->tensors[steps].shape) * sizeof(float));
    for (int k = 0; k < m->n_tensors - 1; k++) {
        if (m->steps[k].kind == INFER_LINEAR) {
            infer_linear l = linear_of(m, k);
            size_t needs = e->kernels->scratch_bytes(&l);
            scratch = needs > scratch ? needs : scratch;
            void *prepared = carve(e, e->kernels->prepared_bytes(&l));
            if (e->block)
                e->prepared[k] = prepared;
            continue;
        }
        codes = codes_of(m, k) > codes ? codes_of(m, k) : codes;
        size_t bytes;
        infer_constants_at(NULL, &bytes, &m->steps[k], &m->tensors[k + 1]);
        void *memory = carve(e, bytes);
        if (e->block)
            e->constants[k] = infer_constants_at(memory, &bytes, &m->steps[k], &m->tensors[k + 1]);
    }
    e->scratch = carve(e, scratch);
    e->codes = carve(e, codes * sizeof(int16_t));
}

static void prepare(infer_engine *e)
{
    const infer_model *m = e->m;
    for (int k = 0; k < m->n_tensors - 1; k++)
        if (m->steps[k].kind == INFER_LINEAR) {
            infer_linear l = linear_of(m, k);
            e->kernels->prepare(&l, e->prepared[k]);
        }
}

ash_status infer_engine_create(const infer_model *m, const char *level, infer_engine **out, ash_error *err)
{
    *out = NULL;
    const infer_kernels *kernels = level ? infer_kernels_find(level) : infer_kernels_best();
    if (!kernels)
        return ash_fail(err, ASH_INVALID, "this machine cannot run kernel level %s", level);
    infer_engine *e = calloc(1, sizeof(*e));
    if (!e)
        return ash_fail_memory(err);
    e->m = m;
    e->kernels = kernels;
    lay_out(e);
    bool fits = e->bytes <= MAX_BYTES;
    e->block = fits ? aligned_alloc(64, e->bytes) : NULL;
    if (!e->block) {
        free(e);
        return fits ? ash_fail_memory(err) : ash_fail(err, ASH_INVALID, "the model takes more than 4 GiB of memory to run");
    }
    memset(e->block, 0, e->bytes);
    lay_out(e);
    prepare(e);
    *out = e;
    return ASH_OK;
}

void infer_engine_destroy(infer_engine *e)
{
    if (e)
        free(e->block);
    free(e);
}

/* ---- running ---- */

void infer_load(infer_engine *e, const float *image)
{
    const infer_tensor *t = &e->m->tensors[0];
    size_t n = (size_t)nn_elements(t->shape);
    e->kernels->quantise(e->codes, image, n, t->step, t->type);
    e->kernels->pack(e->arena + t->offset, e->codes, n, t->type);
}

void infer_run_step(infer_engine *e, int k)
{
    const infer_step *s = &e->m->steps[k];
    const infer_tensor *tensors = e->m->tensors, *y = &tensors[k + 1];
    if (s->kind == INFER_LINEAR) {
        e->kernels->run(e->prepared[k], e->arena + tensors[s->inputs[0]].offset, e->arena + y->offset, e->scratch);
        return;
    }
    infer_pass p = {.step = s, .y = y, .x_type = tensors[s->inputs[0]].type, .constants = e->constants[k]};
    int16_t *free_codes = e->codes;
    for (int i = 0; i < s->n_inputs; i++) {
        const infer_tensor *x = &tensors[s->inputs[i]];
        size_t n = (size_t)nn_elements(x->shape);
        e->kernels->unpack(free_codes, e->arena + x->offset, n, x->type);
        p.x[i] = free_codes;
        free_codes += n;
    }
    p.to = free_codes;
    e->kernels->pass(&p);
    e->kernels->pack(e->arena + y->offset, p.to, (size_t)nn_elements(y->shape), y->type);
}

static void finish(const infer_engine *e, float *outputs)
{
    const infer_tensor *t = &e->m->tensors[e->m->n_tensors - 1];
    const int32_t *acc = (const int32_t *)(const void *)(e->arena + t->offset);
    for (int64_t i = 0, n = nn_elements(t->shape); i < n; i += t->shape.c)
        for (int c = 0; c < t->shape.c; c++)
            outputs[i + c] = (float)((double)acc[i + c] * e->m->scale[c] + e->m->offset[c]);
}

void infer_run(infer_engine *e, const float *image, float *outputs)
{
    infer_load(e, image);
    for (int k = 0; k < e->m->n_tensors - 1; k++)
        infer_run_step(e, k);
    finish(e, outputs);
}

void infer_codes(const infer_engine *e, int tensor, int32_t *codes)
{
    const infer_tensor *t = &e->m->tensors[tensor];
    size_t n = (size_t)nn_elements(t->shape);
    if (t->type.bits == 32) {
        memcpy(codes, e->arena + t->offset, n * sizeof(int32_t));
        return;
    }
    for (size_t from = 0; from < n; from += 64) { /* 64 codes of any width end with a byte */
        int16_t some[64];
        size_t m = n - from < 64 ? n - from : 64;
        e->kernels->unpack(some, e->arena + t->offset + from * (size_t)t->type.bits / 8, m, t->type);
        for (size_t i = 0; i < m; i++)
            codes[from + i] = some[i];
    }
}

/* ---- scoring ---- */

static double squared_error(const float *y, const float *target, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        double d = (double)y[i] - (double)target[i];
        sum += d * d;
    }
    return sum / n;
}

nn_score infer_evaluate(infer_engine *e, const nn_dataset *data, nn_answer *each, void *ctx)
{
    const nn_kernels *reference = nn_kernels_find("reference");
    size_t image = (size_t)nn_elements(data->shape), wrong = 0;
    double loss = 0;
    for (size_t i = 0; i < data->n; i++) {
        const float *x = data->x + i * image;
        infer_run(e, x, e->outputs);
        if (data->label)
            loss += reference->softmax_ce(NULL, e->outputs, &data->label[i], 1, data->n_outputs, 0, &wrong);
        else
            loss += squared_error(e->outputs, data->target ? data->target + i * (size_t)data->n_outputs : x, data->n_outputs);
        if (each)
            each(ctx, i, 1, e->outputs);
    }
    double mean = loss / (double)data->n;
    return (nn_score){mean, data->label ? (double)wrong / (double)data->n : sqrt(mean)};
}
