/* SPDX-License-Identifier: GPL-3.0-or-later */
/* asked.c - see asked.h */
#include "cli/asked.h"
#include "core/log.h"
#include "evaluator/train.h"
#include "run/front.h"
#include <inttypes.h>
#include <string.h>

static ash_status find_trial(asked *q, const char *path, uint64_t id, arena *a, ash_error *err)
{
    const db_run *row = &q->stored.row;
    if (db_load_trial(q->stored.db, row->id, id, a, &q->trial, err) != ASH_OK)
        return err->status;
    if (q->trial && q->trial->status == TRIAL_DUPLICATE && db_load_trial(q->stored.db, row->id, q->trial->original, a, &q->trial, err) != ASH_OK)
        return err->status;
    if (!q->trial)
        return ash_fail(err, ASH_INVALID, "run %" PRId64 " of %s has no trial %" PRIu64, row->id, path, id);
    if (q->trial->status != TRIAL_OK)
        return ash_fail(err, ASH_INVALID, "trial %" PRIu64 " is %s: there is no trained network to ask", id, trial_status_name(q->trial->status));
    if (hash_is_zero(&q->trial->weights_hash))
        return ash_fail(err, ASH_INVALID, "trial %" PRIu64 " was scored by the evaluator %s, which leaves no weights to ask", id,
                        q->stored.session.type->name);
    return ASH_OK;
}

static ash_status choose_split(asked *q, const char *split, arena *a, ash_error *err)
{
    uint64_t *front;
    size_t n;
    const data_set *d = q->stored.session.data;
    if (db_load_front(q->stored.db, q->stored.row.id, a, &front, &n, err) != ASH_OK)
        return err->status;
    for (size_t i = 0; i < n; i++)
        q->on_front |= front[i] == q->trial->id;
    q->test = split ? strcmp(split, "test") == 0 : q->on_front && d->test.n > 0;
    return q->test && d->test.n == 0 ? ash_fail(err, ASH_INVALID, "%s has no test split", d->name) : ASH_OK;
}

ash_status asked_open(asked *q, const char *path, int64_t run, int64_t id, const char *split, arena *a, ash_error *err)
{
    void *bytes = NULL;
    size_t n = 0;
    if (stored_open(&q->stored, path, run, err) != ASH_OK || find_trial(q, path, (uint64_t)id, a, err) != ASH_OK ||
        choose_split(q, split, a, err) != ASH_OK || front_weights(&q->stored.recorder, q->trial, a, &bytes, &n, &q->again, err) != ASH_OK)
        return err->status;
    if (!bytes)
        return ash_fail(err, ASH_INVALID, "trial %" PRIu64 " has no weights", q->trial->id);
    return train_restore(&q->stored.session.context, q->trial->genome, bytes, n, a, &q->net, err);
}

void asked_close(asked *q)
{
    if (q->net)
        nn_net_destroy(q->net);
    stored_close(&q->stored);
}

void asked_warn(const asked *q)
{
    if (q->test && !q->on_front)
        log_warn("trial %" PRIu64 " is not on the front: whoever chooses by its test figures has no test split left", q->trial->id);
}
