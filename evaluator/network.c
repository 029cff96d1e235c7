/* SPDX-License-Identifier: GPL-3.0-or-later */
/* network.c - see network.h */
#include "evaluator/network.h"
#include "evaluator/cost/cost.h"

ash_status network_decode(const space *s, const genome *g, arena *a, nn_graph **out, hash256 *hash, ash_error *err)
{
    nn_graph *decoded;
    ash_status status = space_decode(s, g, a, &decoded, err);
    return status == ASH_OK ? space_canonical(decoded, a, out, hash, err) : status;
}

ash_status network_of_text(const space *s, const char *text, arena *a, nn_graph **out, hash256 *hash, ash_error *err)
{
    genome *g = genome_create(s, a);
    if (!g)
        return ash_fail_memory(err);
    ash_status status = space_parse(s, text, g, err);
    return status == ASH_OK ? network_decode(s, g, a, out, hash, err) : status;
}

ash_status network_costs(const nn_graph *g, trial *t, arena *a, ash_error *err)
{
    metric *metrics;
    if (cost_metrics(g, a, &metrics, &t->n_metrics, err) != ASH_OK)
        return err->status;
    t->metrics = metrics;
    t->blocks = cost_blocks_json(g, a);
    return t->blocks ? ASH_OK : ash_fail_memory(err);
}

ash_status network_reject(trial *t, trial_status status, const char *reason, arena *a, ash_error *err)
{
    t->status = status;
    t->reason = arena_strdup(a, reason);
    return t->reason ? ASH_OK : ash_fail_memory(err);
}
