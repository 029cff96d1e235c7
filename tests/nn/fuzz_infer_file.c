/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_infer_file.c - any bytes as a model file
 *
 * The checksum is made right, so that everything behind it is reached. What is read must run: engine and reference agree on every tensor. And what
 * is written of it reads back to the same.
 *
 *     scripts/fuzz 3600 nn_infer_file
 */
#include "fuzz.h"

#include "core/hash.h"
#include "nn/infer/engine.h"
#include "nn/infer/file.h"
#include "nn/infer/reference.h"
#include <string.h>

static bool is_small(const infer_model *m) /* so that the reference takes no seconds and the engine no gigabytes */
{
    double work = 0;
    for (int k = 0; k < m->n_tensors - 1; k++) {
        const infer_step *s = &m->steps[k];
        double window = infer_has_conv(s->kind) && s->kind != INFER_SHUFFLE ? (double)s->conv.kh * s->conv.kw : 1;
        double reach = window * s->conv.dilation_h * s->conv.dilation_w; /* a kernel may make room for its padding */
        work += (double)nn_elements(m->tensors[k + 1].shape) * window * (s->kind == INFER_LINEAR ? s->seen[0].c / s->conv.groups : 1);
        work += (double)nn_elements(s->seen[0]) + reach * s->seen[0].c;
    }
    return work < 1e6;
}

static void run(const infer_model *m, arena *a, const float *image)
{
    int32_t **codes = ARENA_NEW(a, int32_t *, (size_t)m->n_tensors);
    int64_t most = 0;
    for (int i = 0; i < m->n_tensors; i++) {
        int64_t n = nn_elements(m->tensors[i].shape);
        codes[i] = ARENA_NEW(a, int32_t, (size_t)n);
        most = n > most ? n : most;
    }
    float *outputs = ARENA_NEW(a, float, (size_t)most);
    int32_t *own = ARENA_NEW(a, int32_t, (size_t)most);
    infer_run_reference(m, image, codes, outputs);
    infer_engine *e;
    ash_error err;
    demand(infer_engine_create(m, NULL, &e, &err) == ASH_OK);
    infer_load(e, image);
    for (int i = 0; i < m->n_tensors; i++) {
        if (i > 0)
            infer_run_step(e, i - 1);
        infer_codes(e, i, own);
        demand(memcmp(own, codes[i], (size_t)nn_elements(m->tensors[i].shape) * sizeof(*own)) == 0);
    }
    infer_engine_destroy(e);
}

static void with_checksum(buffer *file, const uint8_t *bytes, size_t n)
{
    buffer_add(file, bytes, n);
    hash256 hash = hash_of_bytes(bytes, n);
    buffer_add(file, hash.b, sizeof(hash.b));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    buffer file = {0}, written = {0}, again = {0};
    arena *a = arena_create();
    infer_model *m;
    infer_about *about;
    ash_error err;
    with_checksum(&file, bytes, n);
    if (infer_read(file.data, file.len, a, &m, &about, &err) == ASH_OK) {
        infer_write(m, about, &written);
        demand(infer_read(written.data, written.len, a, &m, &about, &err) == ASH_OK);
        infer_write(m, about, &again);
        demand(again.len == written.len && memcmp(again.data, written.data, again.len) == 0);
        if (is_small(m)) {
            float *image = ARENA_NEW(a, float, about->sample);
            for (size_t i = 0; i < about->sample; i++)
                image[i] = (float)((i * 37 + n) % 101) / 25 - 2;
            run(m, a, image);
        }
    } else {
        demand(err.status == ASH_INVALID && strlen(err.text) > 10 && !strchr(err.text, '\n'));
    }
    buffer_free(&file);
    buffer_free(&written);
    buffer_free(&again);
    arena_destroy(a);
    return 0;
}
