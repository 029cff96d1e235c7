/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front.c - see front.h */
#include "run/front.h"
#include "core/log.h"
#include "evaluator/train.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Weights of a member: stored, or trained again. Caller frees *copy. */
static ash_status member_weights(recorder *r, uint64_t id, const trial *t, arena *a, void **bytes, size_t *n,
                                 kept_weights **copy, ash_error *err)
{
    *copy = NULL;
    if (db_get_weights(r->db, r->run, id, a, bytes, n, err) != ASH_OK || *bytes)
        return err->status = *bytes ? ASH_OK : err->status;
    trial again = {.id = id, .genome = t->genome, .key = t->key, .status = TRIAL_PENDING};
    const evaluator_type *type = r->session->type;
    if (type->evaluate(r->session->evaluator, &again, a, NULL, NULL, err) != ASH_OK)
        return err->status;
    if (!(*copy = recorder_take(r, id)))
        return ASH_OK;
    *bytes = (*copy)->bytes;
    *n = (*copy)->n;
    return db_put_weights(r->db, r->run, id, *bytes, *n, err);
}

/* error becomes test_error, val_loss test_loss. */
static ash_status put_measures(recorder *r, uint64_t id, const metric *m, size_t n, arena *a, ash_error *err)
{
    ash_status status = ASH_OK;
    for (size_t i = 0; status == ASH_OK && i < n; i++) {
        const char *name = arena_printf(a, "test_%s", m[i].name + (strncmp(m[i].name, "val_", 4) == 0 ? 4 : 0));
        status = name ? db_put_metric(r->db, r->run, id, name, m[i].value, err) : ash_fail_memory(err);
    }
    return status;
}

static ash_status test_member(recorder *r, uint64_t id, arena *a, ash_error *err)
{
    trial *t;
    void *bytes = NULL;
    size_t n = 0, n_measured;
    kept_weights *copy = NULL;
    metric *measured;
    ash_status status = db_load_trial(r->db, r->run, id, a, &t, err);
    if (status != ASH_OK || !t || hash_is_zero(&t->weights_hash))
        return status; /* a result without weights, of an evaluator that trains nothing here, has nothing to be scored with */
    status = member_weights(r, id, t, a, &bytes, &n, &copy, err);
    if (status == ASH_OK && bytes) {
        status = train_score(&r->session->context, t->genome, bytes, n, &r->session->data->test, a, &measured, &n_measured, err);
        if (status == ASH_OK)
            status = put_measures(r, id, measured, n_measured, a, err);
    }
    free(copy);
    return status;
}

ash_status front_test(recorder *r, ash_error *err)
{
    if (!r->session->data || r->session->data->test.n == 0)
        return ASH_OK;
    arena *a = arena_create();
    ash_status status = a ? ASH_OK : ash_fail_memory(err);
    progress_begin("testing the front");
    for (size_t i = 0; status == ASH_OK && i < r->n; i++) {
        progress_update((double)i / (double)r->n, "%zu/%zu networks", i, r->n);
        if (isnan(db_get_metric(r->db, r->run, r->ids[i], "test_error")))
            status = test_member(r, r->ids[i], a, err);
        arena_reset(a);
    }
    progress_end();
    arena_destroy(a);
    return status == ASH_OK ? db_flush(r->db, err) : status;
}
