/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_infer.c - integer networks: the engine against the reference on every tensor and at every level, both against float fake quantisation */
#include "infer_nets.h"
#include "nn/infer/engine.h"
#include "nn/infer/reference.h"
#include "nn/infer/requant.h"
#include "nn/plan.h"
#include <stdlib.h>

typedef struct answers { /* of the reference to one image */
    int32_t **codes;
    float *outputs, *image;
} answers;

static answers ask_reference(quantised *f, const infer_model *m)
{
    answers r;
    r.codes = ARENA_NEW(f->a, int32_t *, (size_t)m->n_tensors);
    for (int i = 0; i < m->n_tensors; i++)
        r.codes[i] = ARENA_NEW(f->a, int32_t, (size_t)nn_elements(m->tensors[i].shape));
    r.outputs = ARENA_NEW(f->a, float, (size_t)nn_elements(m->tensors[m->n_tensors - 1].shape));
    r.image = ARENA_NEW(f->a, float, (size_t)nn_elements(m->tensors[0].shape));
    q_image(f, r.image);
    infer_run_reference(m, r.image, r.codes, r.outputs);
    return r;
}

static bool same_codes(const infer_engine *e, const infer_model *m, int tensor, const int32_t *expected)
{
    size_t n = (size_t)nn_elements(m->tensors[tensor].shape);
    int32_t *codes = malloc(n * sizeof(*codes));
    infer_codes(e, tensor, codes);
    bool same = memcmp(codes, expected, n * sizeof(*codes)) == 0;
    free(codes);
    return same;
}

/* The reference's answer at one level, tensor by tensor, then all at once. */
static void check_level(quantised *f, const infer_model *m, const answers *r, const char *level, uint64_t seed)
{
    infer_engine *e;
    assert_int_equal(infer_engine_create(m, level, &e, &f->err), ASH_OK);
    infer_load(e, r->image);
    assert_true(same_codes(e, m, 0, r->codes[0]));
    for (int k = 0; k < m->n_tensors - 1; k++) {
        infer_run_step(e, k);
        if (!same_codes(e, m, k + 1, r->codes[k + 1]))
            fail_msg("network %d at %s: step %d, kind %d, x %d y %d bits, is wrong", (int)seed, level, k, m->steps[k].kind,
                     m->tensors[m->steps[k].inputs[0]].type.bits, m->tensors[k + 1].type.bits);
    }
    size_t n = (size_t)nn_elements(m->tensors[m->n_tensors - 1].shape);
    float *outputs = calloc(n, sizeof(float));
    infer_run(e, r->image, outputs);
    assert_memory_equal(outputs, r->outputs, n * sizeof(float));
    free(outputs);
    infer_engine_destroy(e);
}

static void test_engine_is_reference(void **state)
{
    (void)state;
    int kinds[INFER_ZERO + 1] = {0};
    for (uint64_t seed = 1; seed <= 600; seed++) {
        quantised f = q_random(seed, 14);
        infer_model *m = q_compile(&f);
        answers r = ask_reference(&f, m);
        for (int k = 0; k < m->n_tensors - 1; k++)
            kinds[m->steps[k].kind]++;
        for (const char *const *level = nn_kernels_levels(); *level; level++)
            if (infer_kernels_find(*level))
                check_level(&f, m, &r, *level, seed);
        q_end(&f);
    }
    for (int k = INFER_LINEAR; k <= INFER_ZERO; k++)
        assert_true(kinds[k] > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_is_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
