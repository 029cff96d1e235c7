/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rank.c - a rank that evaluates
 *
 * It trains in its own process, since forking under MPI is not safe everywhere; so a crash costs the rank. While it trains it looks for messages
 * whenever the evaluator asks whether to stop. */
#include "evaluator/exec/mpi/private.h"
#include "core/log.h"
#include "evaluator/kept.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SILENT_BEATS = 5, QUEUE = 64 };

static struct rank { /* this process is one */
    arena *arena; /* of messages */
    kept_weights *weights;
    trial *queue[QUEUE]; /* to be evaluated, each in an arena of its own */
    arena *arenas[QUEUE];
    size_t n;
    double beat_s, beaten_s, heard_s;
    bool ending;
    const char *lost; /* why this rank cannot go on; NULL */
} self = {.beat_s = 5};

void mpi_keep(void *ctx, uint64_t id, const void *bytes, size_t n)
{
    (void)ctx;
    kept_put(&self.weights, id, bytes, n); /* when there is no memory, the controller hears of none, and trains again what it needs */
}

static void give_weights(uint64_t id, bool wanted)
{
    kept_weights *k = kept_take(&self.weights, id);
    if (wanted)
        mpi_send_numbered(0, MPI_KIND_WEIGHTS, &id, 1, k ? (const char *)k->bytes : "", k ? k->n : 0);
    free(k);
}

static void queue(const char *bytes, size_t n)
{
    ash_error err;
    arena *a = self.n < QUEUE ? arena_create() : NULL;
    if (!a || trial_decode(bytes, n, a, &self.queue[self.n], &err) != ASH_OK) {
        arena_destroy(a); /* its lease ends with this rank */
        self.lost = "rank 0 sent what cannot be a trial";
        return;
    }
    self.arenas[self.n++] = a;
}

static void obey(int kind, char *bytes, size_t n)
{
    uint64_t id = 0;
    if (kind == MPI_KIND_TRIAL)
        queue(bytes, n);
    else if (kind == MPI_KIND_END)
        self.ending = true;
    else if ((kind == MPI_KIND_WANT || kind == MPI_KIND_FORGET) && mpi_number(&bytes, &n, &id))
        give_weights(id, kind == MPI_KIND_WANT);
}

/* Whether there was a message. */
static bool pump(void)
{
    int from, kind;
    size_t n;
    double now = clock_wall_s();
    if (now - self.beaten_s > self.beat_s) {
        self.beaten_s = now;
        mpi_module()->send(0, MPI_KIND_BEAT, "", 0);
    }
    bool any = false;
    while (!self.ending && mpi_module()->probe(&from, &kind, &n)) {
        char *bytes = mpi_take(from, kind, n, self.arena);
        self.heard_s = now;
        any = true;
        if (bytes && from == 0)
            obey(kind, bytes, n);
        arena_reset(self.arena);
    }
    if (now - self.heard_s > SILENT_BEATS * self.beat_s)
        self.lost = "rank 0 is not heard any more";
    return any;
}

static bool must_stop(void *ctx)
{
    (void)ctx;
    pump();
    return self.ending || self.lost;
}

static void evaluate(const evaluator_type *type, void *evaluator, const char *host)
{
    ash_error err;
    trial *t = self.queue[0];
    arena *a = self.arenas[0];
    double start_s = clock_wall_s();
    ash_status status = type->evaluate(evaluator, t, a, must_stop, NULL, &err);
    t->wall_s = clock_wall_s() - start_s;
    t->host = host;
    if (status != ASH_OK) {
        uint64_t numbers[] = {t->id, status};
        mpi_send_numbered(0, MPI_KIND_BROKEN, numbers, 2, err.text, strlen(err.text));
    } else if (t->status != TRIAL_PENDING) {
        buffer message = {0};
        trial_encode(t, &message);
        if (message.failed || !mpi_module()->send(0, MPI_KIND_RESULT, message.data, message.len))
            self.lost = "a result cannot be sent";
        buffer_free(&message);
    }
    self.n--;
    memmove(self.queue, self.queue + 1, self.n * sizeof(*self.queue));
    memmove(self.arenas, self.arenas + 1, self.n * sizeof(*self.arenas));
    arena_destroy(a);
}

ash_status mpi_orders(arena *a, char **text, size_t *n, ash_error *err)
{
    unsigned idle = 0;
    int from, kind;
    uint64_t beat_ms;
    if (!self.arena && !(self.arena = arena_create()))
        return ash_fail_memory(err);
    for (;; mpi_rest(&idle)) {
        if (!mpi_module()->probe(&from, &kind, n))
            continue;
        *text = mpi_take(from, kind, *n, a);
        if (*text && kind == MPI_KIND_END)
            return ash_fail(err, ASH_BROKEN, "rank 0 has ended before it began");
        if (*text && kind == MPI_KIND_ORDERS && mpi_number(text, n, &beat_ms))
            break;
    }
    self.beat_s = (double)beat_ms / 1000;
    self.heard_s = clock_wall_s();
    return ASH_OK;
}

void mpi_refuse(const ash_error *why)
{
    uint64_t status = why->status;
    mpi_send_numbered(0, MPI_KIND_REFUSE, &status, 1, why->text, strlen(why->text));
}

ash_status mpi_serve(const evaluator_type *type, void *evaluator, ash_error *err)
{
    char host[256] = "";
    unsigned idle = 0;
    gethostname(host, sizeof(host) - 1);
    self.heard_s = clock_wall_s();
    mpi_module()->send(0, MPI_KIND_READY, "", 0);
    while (!self.ending && !self.lost) {
        if (pump())
            idle = 0;
        if (self.n)
            evaluate(type, evaluator, host);
        else if (!self.ending)
            mpi_rest(&idle);
    }
    while (self.n)
        arena_destroy(self.arenas[--self.n]);
    kept_free(&self.weights);
    arena_destroy(self.arena);
    self.arena = NULL;
    return self.ending ? ASH_OK : ash_fail(err, ASH_BROKEN, "%s", self.lost);
}

void mpi_end(void)
{
    mpi_module()->end();
}
