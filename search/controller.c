/* SPDX-License-Identifier: GPL-3.0-or-later */
/* controller.c - virtual time
 *
 * V virtual workers are kept busy from the first trial to the last. Whenever the trial with the smallest (virtual finish, id)
 * has its real result, it is told, its worker is free at that tick, and the next trial is asked for and starts there. So
 * the k-th trial is asked for after exactly k - V results have been told, always the same ones in the same order,
 * whatever the real order in which results come back. Results that are early wait (FLIGHT_DONE).
 *
 * A budget of evaluations closes the asking, and what is in flight is told: the told trials are exactly the ids 1..n, and a
 * longer run has the same trials first. See docs/determinism.md. */
#include "search/internal.h"
#include "core/log.h"
#include "core/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

ash_status controller_create(const node *map, const search_budget *budget, const space *s, uint64_t seed,
                             const controller_hooks *hooks, controller **out, ash_error *err)
{
    controller *c = calloc(1, sizeof(*c));
    if (!c || !(c->arena = arena_create()) || !(c->judged = arena_create()))
        goto memory;
    c->map = map;
    c->budget = *budget;
    c->space = s;
    c->seed = seed;
    c->hooks = *hooks;
    c->start_s = clock_wall_s();
    void *own;
    if (search_read_settings(map, &c->set, &c->type, &own, c->arena, err) != ASH_OK ||
        search_read_constraints(map, "constraints", c->set.constraints, &c->constraints, c->arena, err) != ASH_OK ||
        search_read_constraints(map, "soft_constraints", c->set.soft_constraints, &c->soft_constraints, c->arena, err) != ASH_OK ||
        history_init(&c->history, c->arena, err) != ASH_OK)
        goto fail;
    search_warn_unused(map, c->type);
    if (flights_init(&c->flights, (size_t)c->set.lookahead, s, c->arena, err) != ASH_OK)
        goto fail;
    c->objectives = ARENA_NEW(c->arena, double, c->set.objectives.n);
    c->scratch = genome_create(s, c->arena);
    c->best_over = genome_create(s, c->arena);
    c->repeat = genome_create(s, c->arena);
    c->state = arena_alloc(c->arena, c->type->state_size);
    if (!c->objectives || !c->scratch || !c->best_over || !c->repeat || !c->state)
        goto memory;
    strategy_context context = {s, c->set.objectives.n, own, c->arena};
    if (c->type->init(c->state, &context, err) != ASH_OK)
        goto fail;
    c->state_ready = true;
    *out = c;
    return ASH_OK;
memory:
    ash_fail_memory(err);
fail:
    controller_destroy(c);
    return err->status;
}

void controller_destroy(controller *c)
{
    if (!c)
        return;
    if (c->state_ready && c->type->fini)
        c->type->fini(c->state);
    flights_fini(&c->flights);
    arena_destroy(c->replay_arena);
    arena_destroy(c->judged);
    arena_destroy(c->arena);
    free(c);
}

static bool budget_spent(const controller *c)
{
    return (c->budget.evaluations && c->asked_counted >= (uint64_t)c->budget.evaluations) ||
           (c->budget.trained_macs && c->p.trained_macs >= (uint64_t)c->budget.trained_macs);
}

/* Virtual times of a proposed trial. A duplicate of a trial in flight waits for it. */
static void place(controller *c, trial *t)
{
    t->virtual_start = c->now;
    if (t->virtual_duration > MAX_DURATION)
        t->virtual_duration = MAX_DURATION;
    if (t->status == TRIAL_DUPLICATE) {
        uint64_t original = history_at(&c->history, t->original)->finish;
        if (original > t->virtual_start + t->virtual_duration)
            t->virtual_duration = original - t->virtual_start;
    }
}

static ash_status result_taken(controller *c, flight *f, ash_error *err);

static ash_status ask(controller *c, flight *f, ash_error *err)
{
    uint64_t id = c->history.n + 1;
    const trial *stored = replay_find(c, id);
    f->trial.id = id;
    f->stored = false;
    if (!stored || c->replay_check) {
        bool found;
        if (search_propose(c, f, &found, err) != ASH_OK)
            return err->status;
        if (!found && stored)
            return ash_fail(err, ASH_BROKEN, "trial %llu is stored, but this program finds: %s", (unsigned long long)id,
                            c->sentence);
        if (!found) {
            c->closed = true;
            return ASH_OK;
        }
        place(c, &f->trial);
        f->state = f->trial.status == TRIAL_PENDING ? FLIGHT_ASKED : FLIGHT_DONE;
    }
    if (stored && c->replay_check && replay_compare(&f->trial, stored, err) != ASH_OK)
        return err->status;
    if (stored && replay_adopt(c, f, stored, err) != ASH_OK)
        return err->status;
    const trial *t = &f->trial;
    f->finish = t->virtual_start + t->virtual_duration;
    if (history_add(&c->history, &t->key, t->genome, f->finish, err) != ASH_OK)
        return err->status;
    /* Known at once, so that it is not proposed again while it waits to be told. */
    bool barren = t->status == TRIAL_DUPLICATE || t->status == TRIAL_INFEASIBLE || t->status == TRIAL_INVALID;
    if (barren)
        history_at(&c->history, id)->status = t->status;
    history_at(&c->history, id)->flight = f;
    flights_start(&c->flights, f);
    c->barren = barren ? c->barren + 1 : 0;
    c->asked_counted += !barren;
    c->p.asked++;
    c->p.in_flight++;
    if (f->state == FLIGHT_ASKED && c->hooks.known && c->hooks.known(c->hooks.ctx, &f->trial, f->arena)) {
        f->trial.id = id;
        return result_taken(c, f, err);
    }
    if (f->state == FLIGHT_ASKED)
        flights_offer(&c->flights, f);
    return ASH_OK;
}

static ash_status fill(controller *c, ash_error *err)
{
    for (flight *f; !c->closed && !c->stopped && (f = flights_idle(&c->flights));) {
        if (budget_spent(c))
            c->closed = true;
        else if (ask(c, f, err) != ASH_OK)
            return err->status;
    }
    return ASH_OK;
}

static void count(controller *c, const trial *t)
{
    controller_progress *p = &c->p;
    p->told++;
    p->in_flight--;
    switch (t->status) {
    case TRIAL_DUPLICATE: p->duplicates++; break;
    case TRIAL_INFEASIBLE: p->infeasible++; break;
    case TRIAL_INVALID: p->invalid++; break;
    case TRIAL_OK: p->counted++; break;
    default:
        p->counted++;
        p->failed++;
    }
    p->trained_macs += t->trained_macs;
}

static ash_status tell(controller *c, flight *f, ash_error *err)
{
    trial *t = &f->trial;
    const record *r = history_at(&c->history, t->id);
    if (t->status == TRIAL_DUPLICATE) {
        r = history_at(&c->history, t->original); /* told before: it finishes no later and has a lower id */
        t->metrics = r->metrics;
        t->n_metrics = r->n_metrics;
        t->reason = r->reason;
    } else if (history_tell(&c->history, t, err) != ASH_OK) {
        return err->status;
    }
    observation o = {.id = t->id,
                     .genome = f->genome,
                     .objectives = c->objectives,
                     .violation = INFINITY,
                     .duplicate = t->status == TRIAL_DUPLICATE};
    for (size_t i = 0; i < c->set.objectives.n; i++)
        c->objectives[i] = r->status == TRIAL_OK ? trial_metric(t, c->set.objectives.v[i]) : NAN;
    if (r->status == TRIAL_OK)
        o.violation = search_violation(c->soft_constraints, c->set.soft_constraints.n, t->metrics, t->n_metrics);
    else if (r->status == TRIAL_INFEASIBLE)
        o.violation = search_violation(c->constraints, c->set.constraints.n, r->metrics, r->n_metrics);
    if (isnan(o.violation))
        o.violation = INFINITY;
    if (c->type->tell(c->state, &o, err) != ASH_OK)
        return err->status;
    if (!f->stored && c->hooks.told && c->hooks.told(c->hooks.ctx, t, err) != ASH_OK)
        return err->status;
    count(c, t);
    c->now = f->finish;
    flights_land(&c->flights);
    return ASH_OK;
}

/* Tell what can be told, asking for one trial after each. */
static ash_status settle(controller *c, ash_error *err)
{
    for (;;) {
        if (fill(c, err) != ASH_OK)
            return err->status;
        flight *f = flights_head(&c->flights);
        if (!f || f->state != FLIGHT_DONE)
            return ASH_OK;
        if (tell(c, f, err) != ASH_OK)
            return err->status;
    }
}

controller_answer controller_next(controller *c, trial **out, ash_error *err)
{
    c->started = true;
    if (c->budget.wall_s > 0 && clock_wall_s() - c->start_s >= c->budget.wall_s)
        c->stopped = true;
    if (settle(c, err) != ASH_OK)
        return CONTROLLER_BROKEN;
    if (c->stopped)
        return c->handed ? CONTROLLER_WAIT : CONTROLLER_FINISHED;
    flight *first = flights_take(&c->flights); /* in ask order, as the virtual workers started them */
    if (!first)
        return c->p.in_flight ? CONTROLLER_WAIT : CONTROLLER_FINISHED;
    first->state = FLIGHT_HANDED;
    c->handed++;
    *out = &first->trial;
    return CONTROLLER_TRIAL;
}

/* What the list `key` of the run file asks for at place i, and the evaluator does not measure. */
static ash_status no_metric(const controller *c, const trial *t, const char *key, size_t i, const char *name, ash_error *err)
{
    const char **names = ARENA_NEW(c->arena, const char *, t->n_metrics + 1);
    if (!names)
        return ash_fail_memory(err);
    buffer list = {0};
    for (size_t j = 0; j < t->n_metrics; j++) {
        names[j] = t->metrics[j].name;
        buffer_printf(&list, "%s%s", j ? ", " : "", names[j]);
    }
    const char *near = text_nearest(name, names, t->n_metrics);
    const node *at = node_get(c->map, key);
    if (at && at->kind == NODE_LIST)
        at = node_at(at, i);
    char text[1024];
    snprintf(text, sizeof(text), "there is no metric \"%s\"%s%s%s; there are %s", name, near ? "; did you mean \"" : "", near ? near : "",
             near ? "\"?" : "", list.len ? list.data : "none");
    buffer_free(&list);
    return at ? node_fail(at, err, "%s", text) : ash_fail(err, ASH_INVALID, "search.%s: %s", key, text);
}

static const metric *metric_of(const trial *t, const char *name)
{
    for (size_t k = 0; k < t->n_metrics; k++)
        if (strcmp(t->metrics[k].name, name) == 0)
            return &t->metrics[k];
    return NULL;
}

/* A metric that nobody measures is a mistake in the run file; an objective that is not a number is a failed trial. */
static ash_status check_metrics(const controller *c, flight *f, ash_error *err)
{
    trial *t = &f->trial;
    for (size_t i = 0; i < c->set.soft_constraints.n; i++)
        if (!metric_of(t, c->soft_constraints[i].metric))
            return no_metric(c, t, "soft_constraints", i, c->soft_constraints[i].metric, err);
    for (size_t i = 0; i < c->set.objectives.n; i++) {
        const char *name = c->set.objectives.v[i];
        const metric *m = metric_of(t, name);
        if (!m)
            return no_metric(c, t, "objectives", i, name, err);
        if (!isfinite(m->value)) {
            t->status = TRIAL_FAILED;
            t->reason = arena_printf(f->arena, "%s is not a number", name);
            return t->reason ? ASH_OK : ash_fail_memory(err);
        }
    }
    return ASH_OK;
}

static ash_status result_taken(controller *c, flight *f, ash_error *err)
{
    if (f->trial.status == TRIAL_OK && check_metrics(c, f, err) != ASH_OK)
        return err->status;
    f->state = FLIGHT_DONE;
    return c->hooks.done ? c->hooks.done(c->hooks.ctx, &f->trial, err) : ASH_OK;
}

bool controller_is_result(const trial *t)
{
    return t->status == TRIAL_OK || t->status == TRIAL_DIVERGED || t->status == TRIAL_CAPPED || t->status == TRIAL_TIMEOUT ||
           t->status == TRIAL_FAILED;
}

ash_status controller_done(controller *c, const trial *t, ash_error *err)
{
    flight *f = t->id && t->id <= c->history.n ? history_at(&c->history, t->id)->flight : NULL;
    if (!f || f->state != FLIGHT_HANDED || f->trial.id != t->id)
        return ash_fail(err, ASH_BROKEN, "trial %llu came back, but it was not out", (unsigned long long)t->id);
    c->handed--;
    if (t->status == TRIAL_PENDING) {
        f->state = FLIGHT_ASKED; /* not offered: nothing is handed out any more */
        controller_stop(c);
        return ASH_OK;
    }
    if (!controller_is_result(t))
        return ash_fail(err, ASH_BROKEN, "trial %llu came back as %s, which is no result", (unsigned long long)t->id,
                        trial_status_name(t->status));
    trial *copy = trial_copy(f->arena, t);
    if (!copy)
        return ash_fail_memory(err);
    const trial mine = f->trial; /* what the controller decided stays */
    f->trial = *copy;
    f->trial.id = mine.id;
    f->trial.n_parents = mine.n_parents;
    memcpy(f->trial.parents, mine.parents, sizeof(mine.parents));
    f->trial.genome = mine.genome;
    f->trial.key = mine.key;
    f->trial.original = 0;
    f->trial.virtual_start = mine.virtual_start;
    f->trial.virtual_duration = mine.virtual_duration;
    if (result_taken(c, f, err) != ASH_OK)
        return err->status;
    return settle(c, err);
}

void controller_stop(controller *c)
{
    c->stopped = c->interrupted = true;
}

controller_progress controller_status(const controller *c)
{
    controller_progress p = c->p;
    const search_budget *b = &c->budget;
    double f = 0;
    if (b->evaluations)
        f = fmax(f, (double)p.counted / (double)b->evaluations);
    if (b->trained_macs)
        f = fmax(f, (double)p.trained_macs / (double)b->trained_macs);
    if (b->wall_s > 0)
        f = fmax(f, (clock_wall_s() - c->start_s) / b->wall_s);
    p.fraction = fmin(f, 1);
    return p;
}

const char *controller_sentence(const controller *c)
{
    if (!c->sentence && c->interrupted && (!c->closed || c->p.in_flight))
        return "stopped before the budget was spent";
    return c->sentence;
}
