/* SPDX-License-Identifier: GPL-3.0-or-later */
/* process.c - trials in worker processes: a network that crashes the program costs one attempt, never the run
 *
 * One worker (`ashlar worker`, serve.h) is started by a command and spoken to in lines (wire.h); it has a trainer process for each trial at a
 * time. Evaluations are pure functions of what a trial says, so whatever is lost is simply evaluated again: a trainer that died, or a
 * whole worker, which is started anew. A trial that loses CRASHES attempts is a failed trial. Weights come over only when the
 * trial enters the front. */
#include "core/log.h"
#include "evaluator/exec/executor.h"
#include "evaluator/exec/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <omp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CRASHES = 3, POLL_MS = 50, PING_S = 2, SILENCE_S = 60, GOODBYE_MS = 5000 };

typedef enum flight_state { FREE, QUEUED, OUT, WAITS_FOR_WEIGHTS } flight_state;

typedef struct flight {
    flight_state state;
    trial *handed; /* the controller's */
    uint32_t lost; /* attempts */
    arena *arena;  /* of the result */
    trial *result; /* while it waits for its weights */
} flight;

typedef struct pool {
    const executor_job *job;
    const executor_remote *remote;
    flight *flights;
    int slots;
    pid_t pid; /* the worker's; 0: none */
    wire_reader from;
    wire_writer to;
    bool ready, finished;
    unsigned starts; /* since the last result */
    double heard_s, pinged_s;
    uint64_t pings, told;
} pool;

/* ---- the worker process ---- */

static ash_status start_worker(pool *p, ash_error *err)
{
    int down[2], up[2];
    if (pipe2(down, O_CLOEXEC) != 0)
        return ash_fail(err, ASH_BROKEN, "cannot make a pipe to a worker: %s", strerror(errno));
    if (pipe2(up, O_CLOEXEC) != 0) {
        close(down[0]), close(down[1]);
        return ash_fail(err, ASH_BROKEN, "cannot make a pipe to a worker: %s", strerror(errno));
    }
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, down[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, up[1], STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP); /* an interrupt at the terminal is ours to answer */
    int failed = posix_spawnp(&p->pid, p->remote->command[0], &actions, &attributes, (char *const *)p->remote->command, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(down[0]), close(up[1]);
    p->from = (wire_reader){.fd = up[0]};
    p->to = (wire_writer){.fd = down[1]};
    if (failed) {
        p->pid = 0;
        close(up[0]), close(down[1]);
        return ash_fail(err, ASH_BROKEN, "cannot start a worker, %s: %s", p->remote->command[0], strerror(failed));
    }
    wire_unblock(up[0]);
    wire_unblock(down[1]);
    p->ready = false;
    p->starts++;
    p->heard_s = p->pinged_s = clock_wall_s();
    wire_word(&p->to, "run");
    wire_number(&p->to, WIRE_VERSION);
    wire_number(&p->to, (uint64_t)p->slots);
    wire_bytes(&p->to, p->remote->run, strlen(p->remote->run));
    wire_end(&p->to);
    return ASH_OK;
}

static void wait_for_worker(pool *p)
{
    int status;
    for (int ms = 0; ms < GOODBYE_MS; ms += 10) {
        if (waitpid(p->pid, &status, WNOHANG) != 0)
            return;
        usleep(10000);
    }
    kill(-p->pid, SIGKILL);
    waitpid(p->pid, &status, 0);
}

/* kindly: it is told, and given the time to end its trainers. */
static void stop_worker(pool *p, bool kindly)
{
    if (!p->pid)
        return;
    if (kindly) {
        wire_word(&p->to, "end");
        wire_end(&p->to);
    } else {
        kill(-p->pid, SIGKILL);
    }
    close(p->to.fd); /* it ends at the end of its input, too */
    wait_for_worker(p);
    close(p->from.fd);
    wire_reader_free(&p->from);
    wire_writer_free(&p->to);
    p->pid = 0;
    p->ready = false;
}

/* ---- trials ---- */

static flight *flight_of(pool *p, uint64_t id, flight_state state)
{
    for (int i = 0; i < p->slots; i++)
        if (p->flights[i].state == state && p->flights[i].handed->id == id)
            return &p->flights[i];
    return NULL;
}

static ash_status hand_back(pool *p, flight *f, const trial *t, ash_error *err)
{
    trial result = *t;
    result.attempts = f->lost + 1;
    f->state = FREE;
    ash_status status = controller_done(p->job->controller, &result, err);
    executor_show(p->job, &p->told);
    return status;
}

static ash_status give_up(pool *p, flight *f, const char *why, ash_error *err)
{
    trial t = *f->handed;
    t.status = TRIAL_FAILED;
    t.reason = arena_printf(f->arena, "lost %u times: %s", f->lost, why);
    f->lost--; /* hand_back counts the last one */
    return t.reason ? hand_back(p, f, &t, err) : ash_fail_memory(err);
}

static ash_status take_result(pool *p, char *rest, ash_error *err)
{
    ash_error garbled;
    trial *t;
    arena *a = arena_create();
    if (!a)
        return ash_fail_memory(err);
    flight *f = wire_get_trial(&rest, a, &t, &garbled) == ASH_OK ? flight_of(p, t->id, OUT) : NULL;
    if (!f) { /* garbage, or a trial that nobody waits for */
        arena_destroy(a);
        return ASH_OK;
    }
    arena_destroy(f->arena);
    f->arena = a;
    p->starts = 0;
    bool wanted = t->status == TRIAL_OK && p->remote->wants_weights(p->remote->ctx, t);
    wire_word(&p->to, wanted ? "weights" : "forget");
    wire_number(&p->to, t->id);
    wire_end(&p->to);
    if (!wanted)
        return hand_back(p, f, t, err);
    f->state = WAITS_FOR_WEIGHTS;
    f->result = t;
    return ASH_OK;
}

static ash_status take_weights(pool *p, char *rest, ash_error *err)
{
    uint64_t id;
    char *bytes;
    size_t n;
    flight *f = wire_get_number(&rest, &id) ? flight_of(p, id, WAITS_FOR_WEIGHTS) : NULL;
    if (!f || !wire_get_bytes(&rest, f->arena, &bytes, &n))
        return ASH_OK;
    if (n)
        p->remote->keep_weights(p->remote->ctx, id, bytes, n);
    return hand_back(p, f, f->result, err);
}

static ash_status take_loss(pool *p, char *rest, ash_error *err)
{
    uint64_t id;
    char *why;
    size_t n;
    flight *f = wire_get_number(&rest, &id) ? flight_of(p, id, OUT) : NULL;
    if (!f || !wire_get_bytes(&rest, f->arena, &why, &n))
        return ASH_OK;
    f->lost++;
    if (f->lost >= CRASHES)
        return give_up(p, f, why, err);
    log_warn("trial %llu: %s; evaluating it again", (unsigned long long)id, why);
    f->state = QUEUED;
    return ASH_OK;
}

/* The world of a trainer is broken, or the worker will not work for this run: both end the run with what they say. */
static ash_status take_error(char *rest, bool has_trial, ash_error *err)
{
    uint64_t id, status = ASH_BROKEN;
    char *text;
    size_t n;
    arena *a = arena_create();
    if (!a)
        return ash_fail_memory(err);
    bool whole = (!has_trial || wire_get_number(&rest, &id)) && wire_get_number(&rest, &status) && wire_get_bytes(&rest, a, &text, &n);
    ash_fail(err, whole && status == ASH_INVALID ? ASH_INVALID : ASH_BROKEN, "%s", whole ? text : "a worker failed and cannot say why");
    arena_destroy(a);
    return err->status;
}

static ash_status obey(pool *p, char *line, ash_error *err)
{
    char *rest = line, *verb = wire_next(&rest);
    p->heard_s = clock_wall_s();
    if (strcmp(verb, "ready") == 0)
        p->ready = true;
    else if (strcmp(verb, "result") == 0)
        return take_result(p, rest, err);
    else if (strcmp(verb, "weights") == 0)
        return take_weights(p, rest, err);
    else if (strcmp(verb, "lost") == 0)
        return take_loss(p, rest, err);
    else if (strcmp(verb, "broken") == 0)
        return take_error(rest, true, err);
    else if (strcmp(verb, "refuse") == 0)
        return take_error(rest, false, err);
    return ASH_OK; /* hello, pong, and what a later version may say */
}

/* Everything that the worker had goes to the next one. */
static void requeue(pool *p)
{
    for (int i = 0; i < p->slots; i++)
        if (p->flights[i].state == OUT || p->flights[i].state == WAITS_FOR_WEIGHTS)
            p->flights[i].state = QUEUED;
}

static ash_status listen(pool *p, ash_error *err)
{
    char *line;
    struct pollfd polled[2] = {{.fd = p->from.fd, .events = POLLIN},
                               {.fd = wire_pending(&p->to) ? p->to.fd : -1, .events = POLLOUT}};
    if (poll(polled, 2, POLL_MS) < 0 && errno != EINTR)
        return ash_fail(err, ASH_BROKEN, "cannot wait for a worker: %s", strerror(errno));
    wire_flush(&p->to);
    if (polled[0].revents)
        wire_read(&p->from);
    while ((line = wire_line(&p->from)))
        if (obey(p, line, err) != ASH_OK)
            return err->status;
    double now = clock_wall_s();
    if (now - p->pinged_s > PING_S) {
        p->pinged_s = now;
        wire_word(&p->to, "ping");
        wire_number(&p->to, ++p->pings);
        wire_end(&p->to);
    }
    bool silent = p->ready && now - p->heard_s > SILENCE_S;
    if (!p->from.ended && !p->from.broken && !p->to.broken && !silent)
        return ASH_OK;
    stop_worker(p, false);
    requeue(p);
    if (p->starts >= CRASHES)
        return ash_fail(err, ASH_BROKEN, "the worker process ended %u times without a result", p->starts);
    log_warn("the worker process %s; starting another", silent ? "does not answer" : "is gone");
    return ASH_OK;
}

/* ---- the run ---- */

static ash_status fill(pool *p, ash_error *err)
{
    for (int i = 0; i < p->slots && !p->finished; i++) {
        flight *f = &p->flights[i];
        if (f->state != FREE)
            continue;
        controller_answer answer = controller_next(p->job->controller, &f->handed, err);
        executor_show(p->job, &p->told);
        if (answer == CONTROLLER_BROKEN)
            return err->status;
        p->finished = answer == CONTROLLER_FINISHED;
        if (answer != CONTROLLER_TRIAL)
            break;
        f->state = QUEUED;
        f->lost = 0;
    }
    return ASH_OK;
}

static void send_queued(pool *p)
{
    for (int i = 0; i < p->slots; i++)
        if (p->flights[i].state == QUEUED) {
            wire_word(&p->to, "trial");
            wire_trial(&p->to, p->flights[i].handed);
            wire_end(&p->to);
            p->flights[i].state = OUT;
        }
}

static ash_status abandon(pool *p, ash_error *err)
{
    stop_worker(p, false);
    for (int i = 0; i < p->slots; i++) {
        flight *f = &p->flights[i];
        if (f->state == FREE)
            continue;
        f->state = FREE;
        if (controller_done(p->job->controller, f->handed, err) != ASH_OK) /* still pending */
            return err->status;
    }
    p->finished = true;
    return ASH_OK;
}

static bool busy(const pool *p)
{
    for (int i = 0; i < p->slots; i++)
        if (p->flights[i].state != FREE)
            return true;
    return false;
}

static ash_status work(pool *p, ash_error *err)
{
    for (;;) {
        int level = p->job->interrupted ? p->job->interrupted(p->job->ctx) : 0;
        if (level >= 2)
            return abandon(p, err);
        if (level > 0)
            controller_stop(p->job->controller);
        if (fill(p, err) != ASH_OK)
            return err->status;
        if (!busy(p))
            return ASH_OK;
        if (!p->pid && start_worker(p, err) != ASH_OK)
            return err->status;
        if (p->ready)
            send_queued(p);
        if (listen(p, err) != ASH_OK)
            return err->status;
    }
}

static ash_status run(const executor_job *job, ash_error *err)
{
    pool p = {.job = job, .remote = job->remote, .slots = job->workers > 0 ? job->workers : omp_get_num_procs()};
    if (!job->remote)
        return ash_fail(err, ASH_INVALID, "this program cannot start worker processes");
    p.flights = calloc((size_t)p.slots, sizeof(*p.flights));
    ash_status status = p.flights ? ASH_OK : ash_fail_memory(err);
    for (int i = 0; status == ASH_OK && i < p.slots; i++)
        if (!(p.flights[i].arena = arena_create()))
            status = ash_fail_memory(err);
    if (status == ASH_OK)
        status = work(&p, err);
    stop_worker(&p, status == ASH_OK);
    for (int i = 0; p.flights && i < p.slots; i++)
        arena_destroy(p.flights[i].arena);
    free(p.flights);
    return status;
}

const executor_type executor_process = {
    .name = "process",
    .help = "a worker process with a trainer process per trial: a crash costs one trial",
    .run = run,
};
