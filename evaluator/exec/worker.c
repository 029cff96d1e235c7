/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker.c - see worker.h */
#include "evaluator/exec/worker.h"
#include "core/log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SPARE_S 2.0 /* of a worker's wall time, for the way back */

ash_status worker_start(worker *w, ash_error *err)
{
    if (remote_start(&w->link, w->place.command, err) != ASH_OK)
        return err->status;
    w->state = WORKER_STARTING;
    w->starts++;
    w->started_s = w->heard_s = clock_wall_s();
    w->ends_s = INFINITY;
    w->busy = 0;
    return ASH_OK;
}

void worker_ping(worker *w, uint64_t number)
{
    wire_word(&w->link.to, "ping");
    wire_number(&w->link.to, number);
    wire_end(&w->link.to);
}

void worker_feed(worker *w, worker_context *c)
{
    flight *f;
    double left_s = w->ends_s - clock_wall_s() - SPARE_S;
    while (w->state == WORKER_READY && w->busy < w->slots && (f = ledger_take(c->ledger, w, left_s))) {
        wire_word(&w->link.to, "trial");
        wire_trial(&w->link.to, f->handed);
        wire_end(&w->link.to);
        w->busy++;
    }
}

void worker_end(worker *w, int grace_ms)
{
    if (w->state == WORKER_NONE)
        return;
    remote_stop(&w->link, grace_ms);
    w->state = WORKER_NONE;
    w->busy = 0;
}

/* ---- what it says ---- */

static ash_status give_up(bool *gone, ash_error *err, const char *why)
{
    *gone = true;
    ash_fail(err, ASH_BROKEN, "%s", why);
    return ASH_OK;
}

/* A worker of another version is told so by the worker itself, too: `run` carries ours. */
static ash_status take_hello(worker *w, worker_context *c, char *rest, bool *gone, ash_error *err)
{
    uint64_t version, cores, left_s = 0;
    char *program, *host;
    size_t n;
    if (!wire_get_number(&rest, &version))
        return give_up(gone, err, "sent garbage");
    if (version != WIRE_VERSION) {
        char text[128];
        snprintf(text, sizeof(text), "a worker speaks version %llu of the protocol, this program version %d", (unsigned long long)version, WIRE_VERSION);
        w->closed = true;
        give_up(gone, err, text);
        err->status = ASH_INVALID;
    } else if (w->state != WORKER_STARTING || !wire_get_bytes(&rest, c->scratch, &program, &n) || !wire_get_bytes(&rest, c->scratch, &host, &n) ||
               !wire_get_number(&rest, &cores) || !wire_get_number(&rest, &left_s)) {
        return give_up(gone, err, "sent garbage");
    } else {
        snprintf(w->host, sizeof(w->host), "%s", host);
        w->slots = w->place.slots > 0 ? w->place.slots : cores < 1 ? 1 : cores > 4096 ? 4096 : (int)cores;
        w->ends_s = left_s ? clock_wall_s() + (double)left_s : (double)INFINITY;
    }
    const executor_remote *remote = c->job->remote;
    wire_word(&w->link.to, "run");
    wire_number(&w->link.to, WIRE_VERSION);
    wire_number(&w->link.to, (uint64_t)w->slots);
    wire_number(&w->link.to, (uint64_t)(1000 * remote->heartbeat_s));
    wire_bytes(&w->link.to, remote->run, strlen(remote->run));
    wire_end(&w->link.to);
    w->state = WORKER_GREETED;
    return ASH_OK;
}

static ash_status take_result(worker *w, worker_context *c, char *rest, bool *gone, ash_error *err)
{
    ash_error garbled;
    trial *t;
    if (wire_get_trial(&rest, c->scratch, &t, &garbled) != ASH_OK || !controller_is_result(t))
        return give_up(gone, err, "sent garbage");
    flight *f = ledger_find(c->ledger, w, t->id, false);
    if (!f) /* nobody waits for it */
        return ASH_OK;
    arena *own = f->arena;
    f->arena = c->scratch;
    c->scratch = own;
    w->starts = 0;
    w->busy--;
    const executor_remote *remote = c->job->remote;
    bool wanted = t->status == TRIAL_OK && remote->wants_weights(remote->ctx, t);
    wire_word(&w->link.to, wanted ? "weights" : "forget");
    wire_number(&w->link.to, t->id);
    wire_end(&w->link.to);
    if (!wanted)
        return ledger_done(c->ledger, f, t, err);
    f->result = t;
    return ASH_OK;
}

static ash_status take_weights(worker *w, worker_context *c, char *rest, bool *gone, ash_error *err)
{
    uint64_t id;
    char *bytes;
    size_t n;
    flight *f = wire_get_number(&rest, &id) ? ledger_find(c->ledger, w, id, true) : NULL;
    if (!f)
        return ASH_OK;
    if (!wire_get_bytes(&rest, c->scratch, &bytes, &n))
        return give_up(gone, err, "sent garbage");
    if (n)
        c->job->remote->keep_weights(c->job->remote->ctx, id, bytes, n);
    return ledger_done(c->ledger, f, f->result, err);
}

static ash_status take_loss(worker *w, worker_context *c, char *rest, bool *gone, ash_error *err)
{
    uint64_t id;
    char *why;
    size_t n;
    flight *f = wire_get_number(&rest, &id) ? ledger_find(c->ledger, w, id, false) : NULL;
    if (!f)
        return ASH_OK;
    if (!wire_get_bytes(&rest, c->scratch, &why, &n))
        return give_up(gone, err, "sent garbage");
    w->busy--;
    return ledger_crash(c->ledger, f, why, err);
}

/* The world of a trainer is broken, or the worker will not work for this run: no worker here any more. */
static ash_status take_error(worker *w, worker_context *c, char *rest, bool has_trial, bool *gone, ash_error *err)
{
    uint64_t id, status = ASH_BROKEN;
    char *text;
    size_t n;
    bool whole = (!has_trial || wire_get_number(&rest, &id)) && wire_get_number(&rest, &status) && wire_get_bytes(&rest, c->scratch, &text, &n) && n;
    w->closed = true;
    give_up(gone, err, whole ? text : "a worker failed and cannot say why");
    if (whole && status == ASH_INVALID)
        err->status = ASH_INVALID;
    return ASH_OK;
}

static ash_status obey(worker *w, worker_context *c, char *line, bool *gone, ash_error *err)
{
    char *rest = line, *verb = wire_next(&rest);
    w->heard_s = clock_wall_s();
    if (strcmp(verb, "hello") == 0)
        return take_hello(w, c, rest, gone, err);
    if (strcmp(verb, "ready") == 0 && w->state == WORKER_GREETED)
        w->state = WORKER_READY;
    else if (strcmp(verb, "result") == 0)
        return take_result(w, c, rest, gone, err);
    else if (strcmp(verb, "weights") == 0)
        return take_weights(w, c, rest, gone, err);
    else if (strcmp(verb, "lost") == 0)
        return take_loss(w, c, rest, gone, err);
    else if (strcmp(verb, "broken") == 0 || strcmp(verb, "refuse") == 0)
        return take_error(w, c, rest, *verb == 'b', gone, err);
    return ASH_OK; /* pong, and what a later version may say */
}

ash_status worker_hear(worker *w, worker_context *c, bool *gone, ash_error *err)
{
    char *line;
    *gone = false;
    wire_read(&w->link.from);
    while (!*gone && (line = wire_line(&w->link.from))) {
        ash_status status = obey(w, c, line, gone, err);
        arena_reset(c->scratch);
        if (status != ASH_OK)
            return status;
    }
    if (!*gone && (w->link.from.ended || w->link.from.broken || w->link.to.broken))
        return give_up(gone, err, "is gone");
    return ASH_OK;
}
