/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trial.c - the trial record: names, copies, its digest; its message is in trial_message.c */
#include "core/trial.h"
#include <math.h>
#include <string.h>

static const char *const status_names[TRIAL_STATUS_COUNT] = {
    [TRIAL_PENDING] = "pending",       [TRIAL_OK] = "ok",         [TRIAL_DUPLICATE] = "duplicate", [TRIAL_INVALID] = "invalid",
    [TRIAL_INFEASIBLE] = "infeasible", [TRIAL_DIVERGED] = "diverged", [TRIAL_CAPPED] = "capped",   [TRIAL_TIMEOUT] = "timeout",
    [TRIAL_FAILED] = "failed",
};

const char *trial_status_name(trial_status s) { return status_names[s]; }

bool trial_status_from_name(const char *name, trial_status *out)
{
    for (int i = 0; i < TRIAL_STATUS_COUNT; i++) {
        if (strcmp(status_names[i], name) == 0) {
            *out = (trial_status)i;
            return true;
        }
    }
    return false;
}

double trial_metric(const trial *t, const char *name)
{
    for (size_t i = 0; i < t->n_metrics; i++)
        if (strcmp(t->metrics[i].name, name) == 0)
            return t->metrics[i].value;
    return NAN;
}

static bool copy_text(arena *a, const char **text)
{
    return !*text || (*text = arena_strdup(a, *text)) != NULL;
}

trial *trial_copy(arena *a, const trial *t)
{
    trial *copy = arena_memdup(a, t, sizeof(*t));
    if (!copy || !copy_text(a, &copy->genome) || !copy_text(a, &copy->reason) || !copy_text(a, &copy->blocks) ||
        !copy_text(a, &copy->host) || !copy_text(a, &copy->found_in))
        return NULL;
    metric *metrics = arena_memdup(a, t->metrics, t->n_metrics * sizeof(*metrics));
    curve_point *curve = arena_memdup(a, t->curve, t->n_curve * sizeof(*curve));
    if (!metrics || !curve)
        return NULL;
    for (size_t i = 0; i < t->n_metrics; i++)
        if (!copy_text(a, &metrics[i].name))
            return NULL;
    copy->metrics = metrics;
    copy->curve = curve;
    return copy;
}

void trial_digest(const trial *t, hasher *h)
{
    hash_u64(h, t->id);
    hash_u64(h, t->n_parents);
    for (uint32_t i = 0; i < t->n_parents; i++)
        hash_u64(h, t->parents[i]);
    hash_text(h, t->genome);
    hash_key(h, &t->key);
    hash_u64(h, t->original);
    hash_text(h, trial_status_name(t->status));
    hash_u64(h, t->n_metrics);
    for (size_t i = 0; i < t->n_metrics; i++) {
        hash_text(h, t->metrics[i].name);
        hash_real(h, t->metrics[i].value);
    }
    hash_u64(h, t->n_curve);
    for (size_t i = 0; i < t->n_curve; i++) {
        hash_u64(h, t->curve[i].epoch);
        hash_real(h, t->curve[i].train_loss);
        hash_real(h, t->curve[i].val_loss);
        hash_real(h, t->curve[i].val_error);
    }
    hash_key(h, &t->weights_hash);
}
