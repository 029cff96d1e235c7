/* SPDX-License-Identifier: GPL-3.0-or-later */
/* replay.c - resume: stored trials take the place of proposals
 *
 * A resumed run starts from nothing and goes through virtual time again. Where the database has the trial, it is put in
 * flight with its result; where it was lost in flight it is asked for anew, and since a proposal is a pure function of
 * (seed, id, results told), it is the same trial. No strategy state is ever stored, so none can be stale. */
#include "search/internal.h"

#include <string.h>

ash_status controller_replay(controller *c, const trial *const *stored, size_t n, bool check, ash_error *err)
{
    if (c->started || c->replay)
        return ash_fail(err, ASH_BROKEN, "stored trials come too late: the run has begun");
    size_t most = n + (size_t)c->set.lookahead; /* at most that many ids can be missing */
    c->replay_arena = arena_create();
    c->replay = c->replay_arena ? ARENA_NEW(c->replay_arena, const trial *, most + 1) : NULL;
    if (!c->replay)
        return ash_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        const trial *t = stored[i];
        if (t->id == 0 || t->id > most || c->replay[t->id])
            return ash_fail(err, ASH_BROKEN, "the stored trials are not those of one run: trial %llu among %zu%s",
                            (unsigned long long)t->id, n, t->id && t->id <= most ? ", twice" : "");
        if (t->status == TRIAL_PENDING || t->status >= TRIAL_STATUS_COUNT || !t->genome)
            return ash_fail(err, ASH_BROKEN, "stored trial %llu has no result", (unsigned long long)t->id);
        trial *copy = trial_copy(c->replay_arena, t);
        if (!copy)
            return ash_fail_memory(err);
        c->replay[t->id] = copy;
    }
    c->replay_n = most;
    c->replay_check = check;
    return ASH_OK;
}

const trial *replay_find(const controller *c, uint64_t id)
{
    return id <= c->replay_n ? c->replay[id] : NULL;
}

static bool needs_evaluation(trial_status s)
{
    return s != TRIAL_DUPLICATE && s != TRIAL_INFEASIBLE && s != TRIAL_INVALID;
}

ash_status replay_adopt(controller *c, flight *f, const trial *stored, ash_error *err)
{
    if (stored->virtual_start != c->now || stored->virtual_duration == 0 || stored->virtual_duration > MAX_DURATION)
        return ash_fail(err, ASH_BROKEN,
                        "stored trial %llu starts at tick %llu where the run's other trials put it at %llu: the database was "
                        "changed, or written by another version",
                        (unsigned long long)stored->id, (unsigned long long)stored->virtual_start,
                        (unsigned long long)c->now);
    if (stored->status == TRIAL_DUPLICATE && (stored->original == 0 || stored->original >= stored->id))
        return ash_fail(err, ASH_BROKEN, "stored trial %llu is a duplicate of trial %llu, which is not before it",
                        (unsigned long long)stored->id, (unsigned long long)stored->original);
    if (space_parse(c->space, stored->genome, f->genome, err) != ASH_OK) {
        err->status = ASH_BROKEN;
        return ash_prefix(err, "stored trial %llu", (unsigned long long)stored->id);
    }
    f->trial = *stored;
    f->stored = true;
    f->state = FLIGHT_DONE;
    return ASH_OK;
}

static bool same_parents(const trial *a, const trial *b)
{
    return a->n_parents == b->n_parents && memcmp(a->parents, b->parents, a->n_parents * sizeof(a->parents[0])) == 0;
}

/* A proposal knows its static metrics; the result has them among its own. */
static bool same_statics(const trial *proposed, const trial *stored)
{
    for (size_t i = 0; i < proposed->n_metrics; i++)
        for (size_t k = 0; k < stored->n_metrics; k++)
            if (strcmp(proposed->metrics[i].name, stored->metrics[k].name) == 0 &&
                memcmp(&proposed->metrics[i].value, &stored->metrics[k].value, sizeof(double)) != 0)
                return false;
    return true;
}

ash_status replay_compare(const trial *proposed, const trial *stored, ash_error *err)
{
    const char *what = NULL;
    if (strcmp(proposed->genome, stored->genome) != 0)
        what = "genome";
    else if (needs_evaluation(stored->status) ? proposed->status != TRIAL_PENDING : proposed->status != stored->status)
        what = "status";
    else if (!hash_equal(&proposed->key, &stored->key))
        what = "training key";
    else if (proposed->original != stored->original)
        what = "original";
    else if (proposed->virtual_duration != stored->virtual_duration)
        what = "virtual duration";
    else if (!same_parents(proposed, stored))
        what = "parents";
    else if (!same_statics(proposed, stored))
        what = "static metrics";
    if (!what)
        return ASH_OK;
    return ash_fail(err, ASH_BROKEN,
                    "trial %llu differs from what this program proposes, in its %s\n  stored:   %s (%s)\n  proposed: %s (%s)\n"
                    "the database was changed, or written by another version",
                    (unsigned long long)stored->id, what, stored->genome, trial_status_name(stored->status),
                    proposed->genome, trial_status_name(proposed->status));
}
