/* SPDX-License-Identifier: GPL-3.0-or-later */
/* propose.c - what the next trial is: bounded attempts, duplicates, constraints, the end of a space
 *
 * A trial's proposal is a pure function of (seed, id, results told so far): all random numbers come from the stream ("ask",
 * id), attempts that are thrown away leave no trace, and what was asked before enters only through the recorded trials.
 *
 * 1. The strategy proposes, up to max_attempts times, until a proposal stands:
 *      a new feasible network          stands: it will be evaluated;
 *      a genome that does not decode   stands once: recorded as invalid;
 *      a known network                 stands as a duplicate unless the strategy wants new ones;
 *      over a hard constraint          thrown away; the least violating one is kept.
 *    If all were over a constraint, the least violating one is recorded as infeasible and told, so that the strategy climbs
 *    towards the feasible region while the database is not flooded.
 * 2. If all were known, max_attempts uniform samples of the space are tried in the same way.
 * 3. If those are known too, a space of up to ENUMERABLE genomes is walked through from a random place.
 *
 * After max_attempts trials in a row that needed no evaluation, only a new feasible network stands. When nothing does,
 * the run ends with a sentence. */
#include "search/internal.h"

#include <math.h>
#include <string.h>

#define ENUMERABLE 65536

typedef enum verdict {
    NEW,
    REPEAT,  /* its key is known; trial.original says whose */
    OVER,    /* violates a hard constraint */
    INVALID, /* does not decode */
    USELESS, /* recorded as invalid or infeasible already */
} verdict;

double search_violation(const constraint *constraints, size_t n, const metric *metrics, size_t n_metrics)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += constraint_violation(&constraints[i], trial_metric(&(trial){.metrics = metrics, .n_metrics = n_metrics}, constraints[i].metric));
    return sum;
}

/* A constraint on what nobody knows before training would never bind: refuse it with what there is. */
static ash_status check_statics(controller *c, const trial *t, ash_error *err)
{
    for (size_t i = 0; i < c->set.constraints.n; i++) {
        bool found = false;
        buffer names = {0};
        for (size_t k = 0; k < t->n_metrics; k++) {
            found |= strcmp(t->metrics[k].name, c->constraints[i].metric) == 0;
            buffer_printf(&names, "%s%s", k ? ", " : "", t->metrics[k].name);
        }
        if (!found) {
            const node *list = node_get(c->map, "constraints");
            node_fail(list && list->kind == NODE_LIST ? node_at(list, i) : list, err,
                      "\"%s\" is not known before training; a hard constraint can limit %s", c->constraints[i].metric,
                      names.len ? names.data : "nothing: this evaluator has no static metrics");
            buffer_free(&names);
            return err->status;
        }
        buffer_free(&names);
    }
    c->statics_checked = true;
    return ASH_OK;
}

static ash_status note_over(controller *c, flight *f, double violation, ash_error *err)
{
    trial *t = &f->trial;
    buffer reason = {0};
    for (size_t i = 0; i < c->set.constraints.n; i++) {
        double value = trial_metric(t, c->constraints[i].metric);
        if (constraint_violation(&c->constraints[i], value) != 0)
            buffer_printf(&reason, "%s%s is %.15g, not %s", reason.len ? "; " : "", c->constraints[i].metric, value,
                          c->constraints[i].text + strlen(c->constraints[i].metric) +
                              strspn(c->constraints[i].text + strlen(c->constraints[i].metric), " \t"));
    }
    t->reason = reason.failed ? NULL : arena_strdup(c->judged, reason.data);
    buffer_free(&reason);
    if (!t->reason)
        return ash_fail_memory(err);
    if (!c->nearest || violation < c->least_violation) {
        c->least_violation = violation;
        c->nearest = arena_strdup(c->arena, t->reason);
        if (!c->nearest)
            return ash_fail_memory(err);
    }
    return ASH_OK;
}

/* Judges f->genome and fills f->trial, except for the parents, from c->judged: decoding takes far more memory than what is kept of it, and there
 * are as many flights as virtual workers. `lazy`: a known genome's costs are not wanted. */
static ash_status judge(controller *c, flight *f, bool lazy, verdict *out, double *violation, ash_error *err)
{
    arena_reset(c->judged);
    trial *t = &f->trial;
    *t = (trial){.id = t->id, .status = TRIAL_PENDING};
    *violation = 0;
    t->genome = space_print(c->space, f->genome, c->judged);
    if (!t->genome)
        return ash_fail_memory(err);
    uint64_t same = history_find_text(&c->history, t->genome);
    const record *known = same ? history_at(&c->history, same) : NULL;
    if (known && (known->status == TRIAL_INVALID || known->status == TRIAL_INFEASIBLE)) {
        *out = USELESS;
        return ASH_OK;
    }
    if (known && lazy) {
        *out = REPEAT;
        return ASH_OK;
    }
    if (c->hooks.cost(c->hooks.ctx, f->genome, t, c->judged, err) != ASH_OK)
        return err->status;
    if (t->status == TRIAL_INVALID) {
        if (!c->invalid_reason && t->reason && !(c->invalid_reason = arena_strdup(c->arena, t->reason)))
            return ash_fail_memory(err);
        t->key = (hash256){{0}};
        *out = INVALID;
        return ASH_OK;
    }
    if (!c->statics_checked && check_statics(c, t, err) != ASH_OK)
        return err->status;
    t->original = history_find_key(&c->history, &t->key);
    *violation = search_violation(c->constraints, c->set.constraints.n, t->metrics, t->n_metrics);
    if (*violation != 0) { /* NaN too */
        *out = t->original ? USELESS : OVER;
        t->original = 0;
        return note_over(c, f, *violation, err);
    }
    *out = t->original ? REPEAT : NEW;
    return ASH_OK;
}

static void settle(const controller *c, flight *f, verdict v)
{
    trial *t = &f->trial;
    switch (v) {
    case NEW: t->status = TRIAL_PENDING; break;
    case REPEAT: t->status = c->set.duplicates ? TRIAL_PENDING : TRIAL_DUPLICATE; break;
    case OVER: t->status = TRIAL_INFEASIBLE; break;
    case INVALID:
    case USELESS: t->status = TRIAL_INVALID; break;
    }
    if (t->status == TRIAL_PENDING)
        t->original = 0;
    else
        t->virtual_duration = CONTROLLER_C0;
    if (t->virtual_duration == 0)
        t->virtual_duration = CONTROLLER_C0;
}

typedef struct attempts { /* what one search_propose has seen */
    bool over, repeat;
    double violation; /* of c->best_over */
    uint32_t n_parents;
    uint64_t parents[TRIAL_MAX_PARENTS]; /* of the proposal that is kept: over or repeat */
} attempts;

/* Looks at the candidate in f->genome; *stands: it is the trial. */
static ash_status attempt(controller *c, flight *f, attempts *seen, const proposal *p, bool desperate, bool *stands,
                          ash_error *err)
{
    bool want_new = desperate || c->type->wants_new(c->state);
    verdict v;
    double violation;
    if (judge(c, f, want_new, &v, &violation, err) != ASH_OK)
        return err->status;
    *stands = v == NEW || (v == INVALID && !desperate) || (v == REPEAT && !want_new);
    if (*stands) {
        settle(c, f, v);
        f->trial.n_parents = p->n_parents;
        memcpy(f->trial.parents, p->parents, sizeof(p->parents));
        return ASH_OK;
    }
    bool keep = false;
    if (v == OVER && (!seen->over || violation < seen->violation)) {
        genome_copy(c->best_over, f->genome);
        seen->over = keep = true;
        seen->violation = violation;
    } else if (v == REPEAT && !seen->repeat) {
        genome_copy(c->repeat, f->genome);
        seen->repeat = true;
        keep = !seen->over;
    }
    if (keep) {
        seen->n_parents = p->n_parents;
        memcpy(seen->parents, p->parents, sizeof(p->parents));
    }
    return ASH_OK;
}

/* Makes a kept candidate the trial after all. */
static ash_status take(controller *c, flight *f, const attempts *seen, const genome *g, ash_error *err)
{
    verdict v;
    double violation;
    genome_copy(f->genome, g);
    if (judge(c, f, false, &v, &violation, err) != ASH_OK)
        return err->status;
    settle(c, f, v);
    f->trial.n_parents = seen->n_parents;
    memcpy(f->trial.parents, seen->parents, sizeof(seen->parents));
    return ASH_OK;
}

static void end_of_space(controller *c, bool all, uint64_t proposals)
{
    double count = space_count(c->space);
    if (c->asked_counted == 0 && c->nearest)
        c->sentence = all ? arena_printf(c->arena,
                                         "no network of the space is feasible (all %.0f genomes were looked at); the "
                                         "nearest: %s; loosen search.constraints or let the space hold smaller networks",
                                         count, c->nearest)
                          : arena_printf(c->arena,
                                         "no feasible network in %llu proposals; the nearest: %s; loosen "
                                         "search.constraints or let the space hold smaller networks",
                                         (unsigned long long)proposals, c->nearest);
    else if (c->asked_counted == 0 && c->invalid_reason)
        c->sentence = arena_printf(c->arena, "no genome of the space decodes to a network; the first said: %s",
                                   c->invalid_reason);
    else if (all)
        c->sentence = arena_printf(c->arena, "the space is exhausted: each of its %.0f genomes was tried, repeats one "
                                             "that was, or cannot be evaluated (%llu evaluations)",
                                   count, (unsigned long long)c->asked_counted);
    else
        c->sentence = arena_printf(c->arena, "nothing new in %llu proposals after %llu evaluations: the space looks "
                                             "exhausted; raise search.max_attempts to look harder",
                                   (unsigned long long)proposals, (unsigned long long)c->asked_counted);
}

static ash_status propose(controller *c, flight *f, bool *found, ash_error *err)
{
    rng r = rng_stream(c->seed, "ask", f->trial.id);
    uint64_t max = (uint64_t)c->set.max_attempts;
    bool desperate = c->barren >= max, stands = false;
    attempts seen = {0};
    *found = true;

    proposal p = {.genome = f->genome, .scratch = c->scratch};
    for (uint64_t k = 0; k < max; k++) {
        p.n_parents = 0;
        c->type->ask(c->state, f->trial.id, &r, &p);
        if (attempt(c, f, &seen, &p, desperate, &stands, err) != ASH_OK || stands)
            return stands ? ASH_OK : err->status;
    }
    if (seen.repeat && c->set.duplicates)
        return take(c, f, &seen, c->repeat, err);
    if (seen.over && !seen.repeat && !desperate)
        return take(c, f, &seen, c->best_over, err);

    p.n_parents = 0;
    for (uint64_t k = 0; k < max; k++) {
        space_sample(c->space, f->genome, &r);
        if (attempt(c, f, &seen, &p, desperate, &stands, err) != ASH_OK || stands)
            return stands ? ASH_OK : err->status;
    }
    if (seen.over && !desperate)
        return take(c, f, &seen, c->best_over, err);

    bool all = space_count(c->space) <= ENUMERABLE;
    if (all) {
        uint32_t count = (uint32_t)space_count(c->space), first = rng_below(&r, count ? count : 1);
        for (uint32_t i = 0; i < count; i++) {
            if (!space_enumerate(c->space, f->genome, (first + i) % count))
                continue;
            if (attempt(c, f, &seen, &p, desperate, &stands, err) != ASH_OK || stands)
                return stands ? ASH_OK : err->status;
        }
    }
    *found = false;
    end_of_space(c, all, (desperate ? max + 1 : 1) * max * 2);
    return c->sentence ? ASH_OK : ash_fail_memory(err);
}

ash_status search_propose(controller *c, flight *f, bool *found, ash_error *err)
{
    if (propose(c, f, found, err) != ASH_OK)
        return err->status;
    if (!*found)
        return ASH_OK;
    trial *kept = trial_copy(f->arena, &f->trial);
    if (!kept)
        return ash_fail_memory(err);
    f->trial = *kept;
    return ASH_OK;
}
