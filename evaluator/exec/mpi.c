/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mpi.c - rank 0 of an MPI job searches and stores, the others evaluate
 *
 * A rank has up to two trials, and more of very short ones, so that it need not wait for the next. A rank that is silent for three heartbeats is lost: what it had goes to others, and when it
 * speaks again it takes part again. */
#include "core/log.h"
#include "evaluator/exec/ledger.h"
#include "evaluator/exec/mpi/private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SILENT_BEATS = 3, START_BEATS = 60, DEPTH = 2, DEPTH_OF_SHORT = 32 };
#define SHORT_S 0.002

typedef struct peer {
    bool ready, closed, lost;
    int busy;
    double heard_s;
} peer;

typedef struct team {
    const executor_job *job;
    ledger ledger;
    peer *peers; /* by rank; 0 is not used */
    int n;
    arena *scratch;
    double pinged_s, ticked_s, mean_s; /* mean_s: of the last evaluations; 0: none yet */
    ash_error last; /* why a rank was given up */
} team;

static int open_peers(const team *t)
{
    int n = 0;
    for (int i = 1; i < t->n; i++)
        n += !t->peers[i].closed;
    return n;
}

static void send_id(int to, mpi_kind kind, uint64_t id)
{
    mpi_send_numbered(to, kind, &id, 1, NULL, 0);
}

static int depth_of(const team *t)
{
    return t->mean_s > 0 && t->mean_s < SHORT_S ? DEPTH_OF_SHORT : DEPTH;
}

/* First one trial for every rank, then a second one. */
static void share_out(team *t)
{
    flight *f;
    for (int depth = 1; t->ledger.queued && depth <= depth_of(t); depth++)
        for (int i = 1; i < t->n; i++) {
            peer *p = &t->peers[i];
            if (!p->ready || p->closed || p->lost || p->busy >= depth || !(f = ledger_take(&t->ledger, p, (double)INFINITY)))
                continue;
            buffer message = {0};
            trial_encode(f->handed, &message);
            if (!message.failed)
                mpi_module()->send(i, MPI_KIND_TRIAL, message.data, message.len);
            buffer_free(&message);
            p->busy++;
        }
}

static size_t room(const team *t)
{
    size_t n = 0;
    for (int i = 1; i < t->n; i++)
        if (t->peers[i].ready && !t->peers[i].closed && !t->peers[i].lost)
            n += (size_t)(t->peers[i].busy < depth_of(t) ? depth_of(t) - t->peers[i].busy : 0);
    return n;
}

static ash_status take_result(team *t, int from, const char *bytes, size_t n, ash_error *err)
{
    ash_error garbled;
    trial *result;
    peer *p = &t->peers[from];
    if (trial_decode(bytes, n, t->scratch, &result, &garbled) != ASH_OK || !controller_is_result(result))
        return ASH_OK;
    flight *f = ledger_find(&t->ledger, p, result->id, false);
    const executor_remote *remote = t->job->remote;
    bool wanted = f && result->status == TRIAL_OK && remote->wants_weights(remote->ctx, result);
    send_id(from, wanted ? MPI_KIND_WANT : MPI_KIND_FORGET, result->id);
    if (!f) /* it was lost, and others have it now */
        return ASH_OK;
    p->busy--;
    t->mean_s += (result->wall_s - t->mean_s) * (t->mean_s > 0 ? 0.05 : 1);
    result->worker = (uint32_t)from;
    arena *own = f->arena;
    f->arena = t->scratch;
    t->scratch = own;
    if (!wanted)
        return ledger_done(&t->ledger, f, result, err);
    f->result = result;
    return ASH_OK;
}

static ash_status take_weights(team *t, int from, char *bytes, size_t n, ash_error *err)
{
    uint64_t id;
    flight *f = mpi_number(&bytes, &n, &id) ? ledger_find(&t->ledger, &t->peers[from], id, true) : NULL;
    if (!f)
        return ASH_OK;
    if (n)
        t->job->remote->keep_weights(t->job->remote->ctx, id, bytes, n);
    return ledger_done(&t->ledger, f, f->result, err);
}

/* A rank that cannot work is passed over; the run ends when none is left. */
static ash_status close_peer(team *t, int from, bool has_trial, char *bytes, size_t n, ash_error *err)
{
    uint64_t id, status = ASH_BROKEN;
    if ((has_trial && !mpi_number(&bytes, &n, &id)) || !mpi_number(&bytes, &n, &status))
        bytes = "a rank failed and cannot say why";
    t->peers[from].closed = true;
    size_t n_lost;
    if (ledger_lose(&t->ledger, &t->peers[from], &n_lost, err) != ASH_OK)
        return err->status;
    ash_fail(&t->last, status == ASH_INVALID ? ASH_INVALID : ASH_BROKEN, "%s", bytes);
    if (open_peers(t) == 0)
        return ash_fail(err, t->last.status, "%s", t->last.text);
    log_warn("rank %d: %s", from, bytes);
    return ASH_OK;
}

static ash_status obey(team *t, int from, int kind, char *bytes, size_t n, ash_error *err)
{
    peer *p = &t->peers[from];
    p->heard_s = clock_wall_s();
    if (p->lost) {
        log_note("rank %d is heard again", from);
        p->lost = false;
        p->busy = 0;
    }
    switch (kind) {
    case MPI_KIND_READY: p->ready = true; return ASH_OK;
    case MPI_KIND_RESULT: return take_result(t, from, bytes, n, err);
    case MPI_KIND_WEIGHTS: return take_weights(t, from, bytes, n, err);
    case MPI_KIND_REFUSE: return close_peer(t, from, false, bytes, n, err);
    case MPI_KIND_BROKEN: return close_peer(t, from, true, bytes, n, err);
    default: return ASH_OK;
    }
}

static ash_status hear(team *t, bool *any, ash_error *err)
{
    int from, kind;
    size_t n;
    *any = false;
    while (mpi_module()->probe(&from, &kind, &n)) {
        *any = true;
        char *bytes = mpi_take(from, kind, n, t->scratch);
        if (bytes && from > 0 && from < t->n && obey(t, from, kind, bytes, n, err) != ASH_OK)
            return err->status;
        arena_reset(t->scratch);
    }
    return ASH_OK;
}

static ash_status beat(team *t, ash_error *err)
{
    double now = clock_wall_s(), beat_s = t->job->remote->heartbeat_s;
    if (now - t->pinged_s > beat_s) {
        t->pinged_s = now;
        for (int i = 1; i < t->n; i++)
            if (!t->peers[i].closed)
                mpi_module()->send(i, MPI_KIND_BEAT, "", 0);
    }
    for (int i = 1; i < t->n; i++) {
        peer *p = &t->peers[i];
        if (p->closed || p->lost || now - p->heard_s <= beat_s * (p->ready ? SILENT_BEATS : START_BEATS))
            continue;
        p->lost = true;
        size_t n;
        if (ledger_lose(&t->ledger, p, &n, err) != ASH_OK)
            return err->status;
        log_warn("rank %d does not answer; %zu evaluations go to others", i, n);
    }
    if (!t->job->tick || now - t->ticked_s < 1)
        return ASH_OK;
    t->ticked_s = now;
    return t->job->tick(t->job->tick_ctx, err);
}

static ash_status work(team *t, ash_error *err)
{
    unsigned idle = 0;
    for (;;) {
        int level = t->job->interrupted ? t->job->interrupted(t->job->ctx) : 0;
        bool any;
        if (level >= 2)
            return ledger_abandon(&t->ledger, err);
        if (level > 0)
            controller_stop(t->job->controller);
        size_t wanted = room(t);
        if (ledger_fill(&t->ledger, wanted ? wanted : 1, err) != ASH_OK)
            return err->status;
        if (!t->ledger.flights && t->ledger.finished)
            return ASH_OK;
        share_out(t);
        if (hear(t, &any, err) != ASH_OK || beat(t, err) != ASH_OK)
            return err->status;
        if (any)
            idle = 0;
        else
            mpi_rest(&idle);
    }
}

static ash_status run(const executor_job *job, ash_error *err)
{
    if (!mpi_module() || !job->remote)
        return ash_fail(err, ASH_INVALID, "executor mpi works for \"ashlar run\" under mpirun only");
    team t = {.job = job, .ledger = {.job = job}, .n = mpi_ranks(), .scratch = arena_create()};
    t.peers = calloc((size_t)t.n, sizeof(*t.peers));
    ash_status status = t.peers && t.scratch ? ASH_OK : ash_fail_memory(err);
    uint64_t beat_ms = (uint64_t)(1000 * job->remote->heartbeat_s);
    if (status == ASH_OK && t.n < 2)
        status = ash_fail(err, ASH_INVALID, "one rank searches, the others evaluate: start at least two");
    for (int i = 1; status == ASH_OK && i < t.n; i++) {
        t.peers[i].heard_s = clock_wall_s();
        mpi_send_numbered(i, MPI_KIND_ORDERS, &beat_ms, 1, job->remote->run, strlen(job->remote->run));
    }
    if (status == ASH_OK)
        status = work(&t, err);
    bool lost = false;
    for (int i = 1; t.peers && i < t.n; i++) {
        lost |= t.peers[i].lost;
        mpi_module()->send(i, MPI_KIND_END, "", 0);
    }
    mpi_module()->flush(lost ? 1 : 5);
    if (!lost) /* MPI would wait for a rank that is gone */
        mpi_end();
    if (t.ledger.redone)
        log_note("%llu evaluations were lost with their ranks and done again", (unsigned long long)t.ledger.redone);
    ledger_free(&t.ledger);
    free(t.peers);
    arena_destroy(t.scratch);
    return status;
}

const executor_type executor_mpi = {
    .name = "mpi",
    .help = "rank 0 searches, the other ranks train: mpirun -n N ashlar run CONFIG --executor mpi",
    .needs_site = true,
    .run = run,
};
