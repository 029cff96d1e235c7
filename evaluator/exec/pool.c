/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool.c - see pool.h
 *
 * One thread: it asks the controller for as many trials as there are free slots, polls all workers at once, pings them, and starts a worker
 * where a place has none. A worker that ends, is silent for three heartbeats or sends garbage is given up, and what it had is queued
 * again. At a place that comes and goes, the next worker waits for a listing that is younger than the loss. */
#include "evaluator/exec/pool.h"
#include "core/log.h"
#include "evaluator/exec/worker.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { POLL_MS = 50, GOODBYE_MS = 5000, STARTS = 3 };

typedef struct pool {
    const launcher *type;
    worker_context with;
    ledger ledger;
    worker *workers;
    size_t n_workers;
    arena *arena;
    const char *const *lister; /* NULL: the places never change */
    remote_process listing;
    struct pollfd *polled;
    size_t cap_polled;
    double looked_s, pinged_s, ticked_s, turned_s;
    uint64_t pings;
    ash_error last; /* why the last worker was given up */
} pool;

/* ---- places ---- */

static const char *const *copy_command(const char *const *command, arena *a)
{
    size_t n = 0;
    while (command[n])
        n++;
    const char **out = ARENA_NEW(a, const char *, n + 1);
    for (size_t i = 0; out && i < n; i++)
        if (!(out[i] = arena_strdup(a, command[i])))
            return NULL;
    return out;
}

static ash_status set_place(worker *w, const place *from, ash_error *err)
{
    arena_reset(w->arena);
    w->place = (place){arena_strdup(w->arena, from->name), copy_command(from->command, w->arena), from->slots};
    w->listed = true;
    return w->place.name && w->place.command ? ASH_OK : ash_fail_memory(err);
}

static ash_status meet(pool *p, const place *from, ash_error *err)
{
    worker *w = p->workers;
    while (w && strcmp(w->place.name, from->name) != 0)
        w = w->next;
    if (w && w->state != WORKER_NONE) {
        w->listed = true;
        return ASH_OK;
    }
    if (!w) {
        if (!(w = calloc(1, sizeof(*w))) || !(w->arena = arena_create())) {
            free(w);
            return ash_fail_memory(err);
        }
        worker **end = &p->workers;
        while (*end)
            end = &(*end)->next;
        *end = w;
        p->n_workers++;
    }
    if (set_place(w, from, err) != ASH_OK)
        return err->status;
    return w->closed ? ASH_OK : worker_start(w, err);
}

static void forget(pool *p, worker **at)
{
    worker *w = *at;
    *at = w->next;
    p->n_workers--;
    arena_destroy(w->arena);
    free(w);
}

static ash_status take_listing(pool *p, const char *text, ash_error *err)
{
    place *places;
    size_t n;
    arena *a = arena_create();
    if (!a)
        return ash_fail_memory(err);
    for (worker *w = p->workers; w; w = w->next)
        w->listed = false;
    ash_status status = p->type->places(p->with.job, text, a, &places, &n, err);
    for (size_t i = 0; status == ASH_OK && i < n; i++)
        status = meet(p, &places[i], err);
    for (worker **at = &p->workers; *at;)
        if ((*at)->state == WORKER_NONE && !(*at)->listed)
            forget(p, at);
        else
            at = &(*at)->next;
    arena_destroy(a);
    return status;
}

/* The program that lists the places may take its time, or fail while its server is away: then all stays as it is. */
static ash_status look(pool *p, double now, ash_error *err)
{
    if (!p->lister)
        return ASH_OK;
    if (!p->listing.pid) {
        if (p->looked_s && now - p->looked_s < p->with.job->remote->look_s)
            return ASH_OK;
        p->looked_s = now;
        return remote_start(&p->listing, p->lister, err);
    }
    wire_read(&p->listing.from);
    if (!p->listing.from.ended && !p->listing.from.broken)
        return ASH_OK;
    char *text = p->listing.from.in.len ? strndup(p->listing.from.in.data, p->listing.from.in.len) : strdup("");
    int ended = remote_stop(&p->listing, GOODBYE_MS);
    ash_status status = text ? ASH_OK : ash_fail_memory(err);
    if (text && WIFEXITED(ended) && WEXITSTATUS(ended) == 0)
        status = take_listing(p, text, err);
    free(text);
    return status;
}

/* ---- workers ---- */

/* False: the run goes on without it. */
static bool is_needed(pool *p)
{
    if (p->type->elastic)
        return false;
    for (const worker *w = p->workers; w; w = w->next)
        if (!w->closed)
            return false;
    return true;
}

static ash_status lose(pool *p, worker *w, const ash_error *why, ash_error *err)
{
    bool named = w->place.name[0] != '\0';
    size_t n;
    worker_end(w, 0);
    if (ledger_lose(&p->ledger, w, &n, err) != ASH_OK)
        return err->status;
    if (why->status == ASH_INVALID && p->type->elastic && w->host[0])
        log_warn("%s: refused: %s", w->host, why->text);
    else if (!w->closed || !is_needed(p))
        log_warn("%s%s%s%s %s; %zu evaluations go to others", named ? w->place.name : "the worker process", w->host[0] && named ? " (" : "",
                 named ? w->host : "", w->host[0] && named ? ")" : "", why->text, n);
    p->last = *why;
    if (!p->lister && !w->closed && w->starts >= STARTS) {
        w->closed = true;
        ash_fail(&p->last, ASH_BROKEN, "%s %s, %u times in a row without a result", named ? w->place.name : "the worker process", why->text,
                 w->starts);
    }
    if (is_needed(p))
        return ash_fail(err, p->last.status, "%s", p->last.text);
    return p->lister || w->closed ? ASH_OK : worker_start(w, err);
}

static ash_status hear(pool *p, worker *w, ash_error *err)
{
    ash_error why;
    bool gone;
    bool was_ready = w->state == WORKER_READY;
    ash_status status = worker_hear(w, &p->with, &gone, &why);
    if (!was_ready && w->state == WORKER_READY && w->place.name[0])
        log_note("%s: a worker on %s, %d at a time", w->place.name, w->host, w->slots);
    if (status != ASH_OK)
        return ash_fail(err, status, "%s", why.text);
    return gone ? lose(p, w, &why, err) : ASH_OK;
}

/* A worker that can end nothing more that is queued in its wall time is let go. */
static void share_out(pool *p)
{
    for (worker *w = p->workers; w; w = w->next) {
        worker_feed(w, &p->with);
        if (p->ledger.queued && w->state == WORKER_READY && isfinite(w->ends_s) && !ledger_holds(&p->ledger, w)) {
            if (w->starts) /* it did nothing: nothing fits, and the next one of its kind will do nothing either */
                log_warn("%s (%s): no evaluation that waits can end in its %.0f s; workers need more time", w->place.name, w->host,
                         w->ends_s - w->started_s);
            else
                log_note("%s (%s): its time is nearly over", w->place.name, w->host);
            w->closed = true;
            wire_word(&w->link.to, "end");
            wire_end(&w->link.to);
            worker_end(w, 100);
        }
    }
}

static size_t free_slots(const pool *p)
{
    size_t n = 0;
    for (const worker *w = p->workers; w; w = w->next)
        n += w->state == WORKER_READY ? (size_t)(w->slots - w->busy) : 0;
    return n;
}

/* ---- one turn ---- */

static bool room_to_poll(pool *p)
{
    size_t wanted = 2 * p->n_workers + 1;
    if (wanted <= p->cap_polled)
        return true;
    struct pollfd *polled = realloc(p->polled, 2 * wanted * sizeof(*polled));
    if (!polled)
        return false;
    p->polled = polled;
    p->cap_polled = 2 * wanted;
    return true;
}

static ash_status listen(pool *p, ash_error *err)
{
    size_t n = 0;
    if (!room_to_poll(p))
        return ash_fail_memory(err);
    p->polled[n++] = (struct pollfd){.fd = p->listing.pid ? p->listing.from.fd : -1, .events = POLLIN};
    for (const worker *w = p->workers; w; w = w->next) {
        bool lives = w->state != WORKER_NONE;
        p->polled[n++] = (struct pollfd){.fd = lives ? w->link.from.fd : -1, .events = POLLIN};
        p->polled[n++] = (struct pollfd){.fd = lives && wire_pending(&w->link.to) ? w->link.to.fd : -1, .events = POLLOUT};
    }
    if (poll(p->polled, n, POLL_MS) < 0 && errno != EINTR)
        return ash_fail(err, ASH_BROKEN, "cannot wait for workers: %s", strerror(errno));
    n = 1;
    for (worker *w = p->workers; w; w = w->next, n += 2) {
        if (w->state != WORKER_NONE && p->polled[n + 1].revents)
            wire_flush(&w->link.to);
        if (w->state != WORKER_NONE && p->polled[n].revents && hear(p, w, err) != ASH_OK)
            return err->status;
    }
    return ASH_OK;
}

static ash_status beat(pool *p, ash_error *err)
{
    double now = clock_wall_s(), beat_s = p->with.job->remote->heartbeat_s;
    bool slept = now - p->turned_s > beat_s; /* this program was stopped: it cannot blame the others for it */
    bool pings = now - p->pinged_s > beat_s;
    p->turned_s = now;
    p->pings += pings;
    if (pings)
        p->pinged_s = now;
    for (worker *w = p->workers; w; w = w->next) {
        if (w->state == WORKER_NONE)
            continue;
        if (slept)
            w->heard_s = now;
        if (pings && w->state >= WORKER_GREETED)
            worker_ping(w, p->pings);
        if (now - w->heard_s <= beat_s * (w->state == WORKER_READY ? WORKER_SILENT_BEATS : WORKER_START_BEATS))
            continue;
        ash_error why;
        ash_fail(&why, ASH_BROKEN, "does not answer");
        if (lose(p, w, &why, err) != ASH_OK)
            return err->status;
    }
    if (!p->with.job->tick || now - p->ticked_s < 1)
        return ASH_OK;
    p->ticked_s = now;
    return p->with.job->tick(p->with.job->tick_ctx, err);
}

static void end_all(pool *p, bool kindly)
{
    double until_s = clock_wall_s() + GOODBYE_MS / 1000.0;
    remote_stop(&p->listing, 0);
    for (worker *w = p->workers; w && kindly; w = w->next)
        if (w->state != WORKER_NONE) {
            wire_word(&w->link.to, "end");
            wire_end(&w->link.to);
        }
    while (p->workers) {
        double left_s = until_s - clock_wall_s();
        worker_end(p->workers, kindly && left_s > 0 ? (int)(1000 * left_s) + 10 : 0);
        forget(p, &p->workers);
    }
}

static ash_status work(pool *p, ash_error *err)
{
    const executor_job *job = p->with.job;
    p->turned_s = clock_wall_s();
    for (;;) {
        int level = job->interrupted ? job->interrupted(job->ctx) : 0;
        if (level >= 2)
            return ledger_abandon(&p->ledger, err);
        if (level > 0)
            controller_stop(job->controller);
        size_t slots = free_slots(p);
        if (ledger_fill(&p->ledger, slots ? slots : 1, err) != ASH_OK)
            return err->status;
        if (!p->ledger.flights && p->ledger.finished)
            return ASH_OK;
        if (!p->lister && !p->workers && take_listing(p, "", err) != ASH_OK)
            return err->status;
        share_out(p);
        if (is_needed(p))
            return ash_fail(err, ASH_BROKEN, "no worker has time left for what is to be evaluated");
        if (look(p, clock_wall_s(), err) != ASH_OK || listen(p, err) != ASH_OK || beat(p, err) != ASH_OK)
            return err->status;
    }
}

ash_status pool_run(const executor_job *job, const launcher *l, ash_error *err)
{
    if (!job->remote)
        return ash_fail(err, ASH_INVALID, "this program cannot start worker processes");
    pool p = {.type = l, .ledger = {.job = job}, .arena = arena_create()};
    p.with = (worker_context){job, &p.ledger, arena_create()};
    ash_status status = p.arena && p.with.scratch ? ASH_OK : ash_fail_memory(err);
    if (status == ASH_OK && l->lister)
        status = l->lister(job, p.arena, &p.lister, err);
    if (status == ASH_OK)
        status = work(&p, err);
    bool abandons = job->interrupted && job->interrupted(job->ctx) >= 2;
    end_all(&p, status == ASH_OK && !abandons);
    if (p.ledger.redone)
        log_note("%llu evaluations were lost with their workers and done again", (unsigned long long)p.ledger.redone);
    ledger_free(&p.ledger);
    free(p.polled);
    arena_destroy(p.with.scratch);
    arena_destroy(p.arena);
    return status;
}

const char *const *pool_command(const executor_job *job, const char *text, const char *const *more, arena *a)
{
    size_t n = 0, most = strlen(text) + 1;
    const char *const *lists[] = {job->remote->command, more};
    for (size_t i = 0; i < 2; i++)
        for (const char *const *word = lists[i]; word && *word; word++)
            most++;
    const char **out = ARENA_NEW(a, const char *, most + 1);
    char *words = arena_strdup(a, text), *rest;
    if (!out || !words)
        return NULL;
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        out[n++] = word;
    for (size_t i = 0; i < 2; i++)
        for (const char *const *word = lists[i]; word && *word; word++)
            out[n++] = *word;
    return out;
}
