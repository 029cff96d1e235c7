/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ledger.c - see ledger.h */
#include "evaluator/exec/ledger.h"
#include "core/log.h"

#include <math.h>
#include <stdlib.h>

static flight *add(ledger *l, trial *handed, ash_error *err)
{
    flight *f = l->spare;
    if (f) {
        l->spare = f->next;
        arena_reset(f->arena);
    } else if (!(f = calloc(1, sizeof(*f))) || !(f->arena = arena_create())) {
        free(f);
        ash_fail_memory(err);
        return NULL;
    }
    *f = (flight){.handed = handed, .arena = f->arena};
    flight **end = &l->flights; /* in the order in which they were handed out */
    while (*end)
        end = &(*end)->next;
    *end = f;
    l->queued++;
    return f;
}

static void drop(ledger *l, flight *f)
{
    flight **at = &l->flights;
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    l->queued -= f->holder == NULL;
    f->next = l->spare;
    l->spare = f;
}

ash_status ledger_fill(ledger *l, size_t wanted, ash_error *err)
{
    while (l->queued < wanted && !l->finished) {
        trial *t;
        controller_answer answer = controller_next(l->job->controller, &t, err);
        executor_show(l->job, &l->told);
        if (answer == CONTROLLER_BROKEN || (answer == CONTROLLER_TRIAL && !add(l, t, err)))
            return err->status;
        l->finished = answer == CONTROLLER_FINISHED;
        if (answer != CONTROLLER_TRIAL)
            break;
    }
    return ASH_OK;
}

flight *ledger_take(ledger *l, const void *holder, double most_s)
{
    for (flight *f = l->queued ? l->flights : NULL; f; f = f->next) {
        if (f->holder || l->rate * (double)f->handed->virtual_duration > most_s)
            continue;
        f->holder = holder;
        f->sent++;
        l->queued--;
        return f;
    }
    return NULL;
}

flight *ledger_find(const ledger *l, const void *holder, uint64_t id, bool waits)
{
    flight *f = l->flights;
    while (f && (f->handed->id != id || f->holder != holder || (f->result != NULL) != waits))
        f = f->next;
    return f;
}

bool ledger_holds(const ledger *l, const void *holder)
{
    const flight *f = l->flights;
    while (f && f->holder != holder)
        f = f->next;
    return f != NULL;
}

ash_status ledger_done(ledger *l, flight *f, const trial *result, ash_error *err)
{
    trial t = *result;
    t.attempts = f->sent;
    if (t.status != TRIAL_FAILED && t.wall_s > 0)
        l->rate = fmax(l->rate, t.wall_s / fmax(1, (double)f->handed->virtual_duration));
    ash_status status = controller_done(l->job->controller, &t, err);
    drop(l, f);
    executor_show(l->job, &l->told);
    return status;
}

static void queue(ledger *l, flight *f)
{
    f->holder = NULL;
    arena_reset(f->arena);
    l->queued++;
    l->redone++;
}

ash_status ledger_crash(ledger *l, flight *f, const char *why, ash_error *err)
{
    unsigned long long id = f->handed->id;
    if (++f->crashes < LEDGER_CRASHES) {
        log_warn("trial %llu: %s; evaluating it again", id, why);
        queue(l, f);
        return ASH_OK;
    }
    trial t = *f->handed;
    t.status = TRIAL_FAILED;
    t.reason = arena_printf(f->arena, "lost %u times: %s", f->crashes, why);
    return t.reason ? ledger_done(l, f, &t, err) : ash_fail_memory(err);
}

ash_status ledger_lose(ledger *l, const void *holder, size_t *n, ash_error *err)
{
    ash_status status = ASH_OK;
    *n = 0;
    for (flight *f = l->flights, *next; f && status == ASH_OK; f = next) {
        next = f->next;
        if (f->holder != holder)
            continue;
        if (f->result) {
            status = ledger_done(l, f, f->result, err);
        } else {
            queue(l, f);
            ++*n;
        }
    }
    return status;
}

ash_status ledger_abandon(ledger *l, ash_error *err)
{
    ash_status status = ASH_OK;
    l->finished = true;
    while (l->flights && status == ASH_OK) {
        status = controller_done(l->job->controller, l->flights->handed, err); /* still pending */
        drop(l, l->flights);
    }
    return status;
}

void ledger_free(ledger *l)
{
    while (l->flights)
        drop(l, l->flights);
    while (l->spare) {
        flight *next = l->spare->next;
        arena_destroy(l->spare->arena);
        free(l->spare);
        l->spare = next;
    }
}
