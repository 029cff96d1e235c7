/* SPDX-License-Identifier: GPL-3.0-or-later */
/* front.c - see front.h */
#include "run/front.h"
#include "core/log.h"
#include "evaluator/train.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

ash_status front_weights(recorder *r, const trial *t, arena *a, void **bytes, size_t *n, bool *again, ash_error *err)
{
    *again = false;
    if (db_get_weights(r->db, r->run, t->id, a, bytes, n, err) != ASH_OK || *bytes)
        return err->status = *bytes ? ASH_OK : err->status;
    trial repeated = {.id = t->id, .genome = t->genome, .key = t->key, .status = TRIAL_PENDING};
    const evaluator_type *type = r->session->type;
    if (type->evaluate(r->session->evaluator, &repeated, a, NULL, NULL, err) != ASH_OK)
        return err->status;
    kept_weights *kept = recorder_take(r, t->id);
    if (!kept)
        return ASH_OK;
    *again = true;
    *n = kept->n;
    *bytes = arena_memdup(a, kept->bytes, kept->n);
    free(kept);
    return *bytes ? ASH_OK : ash_fail_memory(err);
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
    bool again = false;
    metric *measured;
    ash_status status = db_load_trial(r->db, r->run, id, a, &t, err);
    if (status != ASH_OK || !t || hash_is_zero(&t->weights_hash))
        return status; /* a result without weights, of an evaluator that trains nothing here, has nothing to be scored with */
    status = front_weights(r, t, a, &bytes, &n, &again, err);
    if (status == ASH_OK && again)
        status = db_put_weights(r->db, r->run, id, bytes, n, err);
    if (status == ASH_OK && bytes) {
        status = train_score(&r->session->context, t->genome, bytes, n, &r->session->data->test, a, &measured, &n_measured, err);
        if (status == ASH_OK)
            status = put_measures(r, id, measured, n_measured, a, err);
    }
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
