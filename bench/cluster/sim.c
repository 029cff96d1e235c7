/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim.c - the cluster: an event queue, nodes that come and go, workers that ask for trials
 *
 * The executor's part is as in evaluator/exec/: a lost trial is handed out again before any new one; a worker that is told to wait asks again when
 * a result has come. Utilisation is an integral over time: workers at something, less what was lost, over workers that are there. */
#include "cluster/sim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOTICE_S 3.0 /* until a lost node is noticed */
#define CAUTION 1.5  /* a trial is given to a worker that has so many times its estimate left */

typedef enum kind { RESULT, DOWN, UP, NOTICED } kind;

typedef struct attempt { /* a trial that is out */
    trial *trial;    /* NULL: it has its result */
    unsigned tries;  /* until now */
    unsigned copies; /* running */
} attempt;

typedef struct event {
    double at_s;
    uint64_t sequence; /* ties */
    kind kind;
    unsigned who;  /* RESULT: worker; DOWN, UP: node */
    unsigned life; /* of the node, when it was planned: another life, no event */
    attempt *lost; /* NOTICED */
} event;

typedef struct worker {
    attempt *at;
    double since_s;
} worker;

typedef struct node_of {
    unsigned life;
    double slowness, ends_s;
} node_of;

typedef struct sim {
    const sim_settings *set;
    world world;
    rng random;
    double now_s, cpu_s;
    event *events;
    size_t n_events, cap_events;
    uint64_t sequence;
    worker *workers;
    node_of *nodes;
    unsigned n_nodes;
    unsigned *idle, n_idle;
    attempt **lost; /* (workers + nodes): to be handed out again */
    size_t n_lost;
    size_t n_busy, n_up;
    double busy_s, up_s, lost_s; /* integrals */
    double busy_at_last, up_at_last, lost_at_last;
    uint64_t redone;
    buffer message;
    bool finished;
} sim;

/* ---- events ---- */

static bool sooner(const event *a, const event *b)
{
    return a->at_s != b->at_s ? a->at_s < b->at_s : a->sequence < b->sequence;
}

static void plan(sim *s, event e)
{
    if (s->n_events == s->cap_events) {
        s->cap_events = s->cap_events ? 2 * s->cap_events : 1024;
        s->events = realloc(s->events, s->cap_events * sizeof(*s->events));
        if (!s->events)
            abort();
    }
    e.sequence = s->sequence++;
    size_t i = s->n_events++;
    for (; i && sooner(&e, &s->events[(i - 1) / 2]); i = (i - 1) / 2)
        s->events[i] = s->events[(i - 1) / 2];
    s->events[i] = e;
}

static event next_event(sim *s)
{
    event first = s->events[0], last = s->events[--s->n_events];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < s->n_events; i = child) {
        child += child + 1 < s->n_events && sooner(&s->events[child + 1], &s->events[child]);
        if (!sooner(&s->events[child], &last))
            break;
        s->events[i] = s->events[child];
    }
    s->events[i] = last;
    return first;
}

/* ---- trials ---- */

static double cpu_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void begin(sim *s, unsigned who, attempt *a)
{
    const node_of *n = &s->nodes[who / s->set->cores];
    s->workers[who] = (worker){a, s->now_s};
    a->copies++;
    a->tries++;
    s->n_busy++;
    plan(s, (event){.at_s = s->now_s + world_duration_s(&s->world, a->trial) * n->slowness, .kind = RESULT, .who = who, .life = n->life});
}

/* A copy of the trial that is out and is told first: everybody waits for it. */
static attempt *overdue(const sim *s)
{
    attempt *first = NULL;
    for (unsigned i = 0; i < s->set->workers; i++) {
        attempt *a = s->workers[i].at;
        if (a && a->trial && a->copies == 1 &&
            (!first || a->trial->virtual_start + a->trial->virtual_duration < first->trial->virtual_start + first->trial->virtual_duration))
            first = a;
    }
    return first;
}

/* Gives a worker something to do. *waits: there is nothing. */
static ash_status offer(sim *s, unsigned who, bool *waits, ash_error *err)
{
    const node_of *n = &s->nodes[who / s->set->cores];
    attempt *a = NULL;
    *waits = false;
    if (s->n_lost) {
        a = s->lost[--s->n_lost];
    } else {
        trial *t;
        double start_s = cpu_now_s();
        controller_answer answer = controller_next(s->world.controller, &t, err);
        s->cpu_s += cpu_now_s() - start_s;
        if (answer == CONTROLLER_BROKEN)
            return err->status;
        s->finished = answer == CONTROLLER_FINISHED;
        if (answer == CONTROLLER_TRIAL) {
            if (!(a = calloc(1, sizeof(*a))))
                return ash_fail_memory(err);
            a->trial = t;
            s->busy_at_last = s->busy_s;
            s->up_at_last = s->up_s;
            s->lost_at_last = s->lost_s;
        } else if (s->set->backup && (a = overdue(s))) {
            begin(s, who, a);
            return ASH_OK;
        }
    }
    if (!a) {
        *waits = true;
        s->idle[s->n_idle++] = who;
    } else if (s->now_s + CAUTION * world_estimate_s(&s->world, a->trial) > n->ends_s) {
        s->lost[s->n_lost++] = a; /* it would not end in time: another takes it, and this worker is done for this life */
    } else {
        begin(s, who, a);
    }
    return ASH_OK;
}

/* Those who wait ask again, until one has to wait again. */
static ash_status wake(sim *s, ash_error *err)
{
    bool waits = false;
    while (!waits && s->n_idle && !s->finished)
        if (offer(s, s->idle[--s->n_idle], &waits, err) != ASH_OK)
            return err->status;
    return ASH_OK;
}

static void leave(sim *s, unsigned who)
{
    attempt *a = s->workers[who].at;
    s->n_busy--;
    s->workers[who].at = NULL;
    if (--a->copies == 0 && !a->trial)
        free(a);
}

static ash_status result(sim *s, unsigned who, ash_error *err)
{
    attempt *a = s->workers[who].at;
    double wall_s = s->now_s - s->workers[who].since_s;
    ash_status status = ASH_OK;
    bool waits;
    if (!a->trial) { /* its twin was faster */
        s->lost_s += wall_s;
        s->redone++;
    } else {
        status = world_send(&s->world, a->trial, wall_s, who / s->set->cores, who % s->set->cores, a->tries, &s->message, err);
        double start_s = cpu_now_s();
        if (status == ASH_OK)
            status = world_receive(&s->world, &s->message, err);
        s->cpu_s += cpu_now_s() - start_s;
        a->trial = NULL;
    }
    leave(s, who);
    if (status == ASH_OK)
        status = offer(s, who, &waits, err);
    return status == ASH_OK ? wake(s, err) : status;
}

/* ---- nodes ---- */

static double exponential(sim *s, double mean_s)
{
    return mean_s > 0 ? -mean_s * log(1 - rng_real(&s->random)) : INFINITY;
}

static unsigned end_of(const sim *s, unsigned host)
{
    unsigned end = (host + 1) * s->set->cores;
    return end < s->set->workers ? end : s->set->workers;
}

static ash_status up(sim *s, unsigned host, double share, ash_error *err)
{
    node_of *n = &s->nodes[host];
    bool waits;
    n->ends_s = s->set->wall_time_s > 0 ? s->now_s + share * s->set->wall_time_s : INFINITY;
    double down_s = fmin(n->ends_s, s->now_s + fmin(exponential(s, s->set->mtbf_s), exponential(s, s->set->preempt_s)));
    if (isfinite(down_s))
        plan(s, (event){.at_s = down_s, .kind = DOWN, .who = host, .life = n->life});
    for (unsigned i = host * s->set->cores; i < end_of(s, host); i++) {
        s->n_up++;
        if (offer(s, i, &waits, err) != ASH_OK)
            return err->status;
    }
    return ASH_OK;
}

static void down(sim *s, unsigned host)
{
    unsigned from = host * s->set->cores, to = end_of(s, host), kept = 0;
    s->nodes[host].life++;
    s->n_up -= to - from;
    for (unsigned i = 0; i < s->n_idle; i++)
        if (s->idle[i] < from || s->idle[i] >= to)
            s->idle[kept++] = s->idle[i];
    s->n_idle = kept;
    for (unsigned i = from; i < to; i++) {
        attempt *a = s->workers[i].at;
        if (!a)
            continue;
        s->lost_s += s->now_s - s->workers[i].since_s;
        s->redone++;
        if (a->trial && a->copies == 1)
            plan(s, (event){.at_s = s->now_s + NOTICE_S, .kind = NOTICED, .lost = a});
        leave(s, i);
    }
    plan(s, (event){.at_s = s->now_s + s->set->repair_s, .kind = UP, .who = host, .life = s->nodes[host].life});
}

static ash_status step(sim *s, ash_error *err)
{
    event e = next_event(s);
    s->busy_s += (double)s->n_busy * (e.at_s - s->now_s);
    s->up_s += (double)s->n_up * (e.at_s - s->now_s);
    s->now_s = e.at_s;
    switch (e.kind) {
    case RESULT: return e.life == s->nodes[e.who / s->set->cores].life ? result(s, e.who, err) : ASH_OK;
    case DOWN: down(s, e.who); return ASH_OK;
    case UP: return up(s, e.who, 1, err);
    case NOTICED: s->lost[s->n_lost++] = e.lost; return wake(s, err);
    }
    return ASH_OK;
}

static ash_status run(sim *s, ash_error *err)
{
    for (unsigned i = 0; i < s->n_nodes; i++) {
        s->nodes[i].slowness = rng_real(&s->random) < s->set->slow ? s->set->slowness : 1;
        if (up(s, i, 0.5 + 0.5 * rng_real(&s->random), err) != ASH_OK) /* pilots do not all end at once */
            return err->status;
    }
    while (!s->finished && s->n_events)
        if (step(s, err) != ASH_OK)
            return err->status;
    return s->finished ? ASH_OK : ash_fail(err, ASH_BROKEN, "nothing happens any more after %.0f s", s->now_s);
}

ash_status sim_run(const sim_settings *set, sim_outcome *out, ash_error *err)
{
    sim s = {.set = set, .random = rng_stream(set->seed, "cluster", 0), .n_nodes = (set->workers + set->cores - 1) / set->cores};
    out->lookahead = (unsigned)fmax(1, round(set->lookahead * set->workers));
    ash_status status = world_open(&s.world, set, out->lookahead, err);
    s.workers = calloc(set->workers, sizeof(*s.workers));
    s.nodes = calloc(s.n_nodes, sizeof(*s.nodes));
    s.idle = calloc(set->workers, sizeof(*s.idle));
    s.lost = calloc(out->lookahead, sizeof(attempt *));
    if (status == ASH_OK && !(s.workers && s.nodes && s.idle && s.lost))
        status = ash_fail_memory(err);
    if (status == ASH_OK)
        status = run(&s, err);
    if (status == ASH_OK) {
        controller_progress p = controller_status(s.world.controller);
        out->evaluations = p.counted;
        out->redone = s.redone;
        out->utilisation = (s.busy_at_last - s.lost_at_last) / s.up_at_last;
        out->overall = (s.busy_s - s.lost_s) / s.up_s;
        out->makespan_s = s.now_s;
        out->cpu_us = 1e6 * s.cpu_s / (double)p.counted;
    }
    world_close(&s.world);
    free(s.workers), free(s.nodes), free(s.idle), free(s.lost), free(s.events);
    buffer_free(&s.message);
    return status;
}
