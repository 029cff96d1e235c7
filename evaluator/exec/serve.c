/* SPDX-License-Identifier: GPL-3.0-or-later */
/* serve.c - see serve.h */
#include "evaluator/exec/serve.h"
#include "core/log.h"
#include "evaluator/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_MS 500

typedef struct trainer { /* one slot */
    pid_t pid;           /* 0: not running */
    wire_writer to;
    wire_reader from;
    uint64_t id; /* what it is at; 0: idle */
} trainer;

struct server {
    serve_settings set;
    trainer *trainers;
    kept_weights *weights; /* that the controller may want */
    arena *arena; /* of one message */
    wire_writer *up; /* in a trainer: to the parent */
    double heard_s, turned_s;
    bool ending;
};

server *serve_create(void)
{
    server *s = calloc(1, sizeof(*s));
    if (s && !(s->arena = arena_create())) {
        free(s);
        s = NULL;
    }
    return s;
}

/* ---- a trainer ---- */

void serve_keep(void *srv, uint64_t id, const void *bytes, size_t n)
{
    server *s = srv;
    wire_word(s->up, "weights");
    wire_number(s->up, id);
    wire_bytes(s->up, bytes, n);
    wire_end(s->up);
}

static void limit_memory(int64_t cap)
{
    FILE *f = fopen("/proc/self/statm", "r");
    unsigned long long pages = 0;
    if (f && fscanf(f, "%llu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    rlim_t bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (rlim_t)cap;
    setrlimit(RLIMIT_AS, &(struct rlimit){bytes, bytes});
}

/* False: the parent is gone, or cannot be understood. */
static bool train_one(server *s, const char *host, uint32_t slot, char *line)
{
    trial *t;
    ash_error err;
    char *rest = line;
    if (strcmp(wire_next(&rest), "trial") != 0 || wire_get_trial(&rest, s->arena, &t, &err) != ASH_OK)
        return false;
    double start_s = clock_wall_s();
    ash_status status = s->set.type->evaluate(s->set.evaluator, t, s->arena, NULL, NULL, &err);
    t->wall_s = clock_wall_s() - start_s;
    t->host = host;
    t->worker = slot;
    if (status == ASH_OK) {
        wire_word(s->up, "result");
        wire_trial(s->up, t);
    } else {
        bool lost = status == ASH_BROKEN && s->set.memory_cap > 0; /* what is broken is this process's small world */
        wire_word(s->up, lost ? "lost" : "broken");
        wire_number(s->up, t->id);
        if (!lost)
            wire_number(s->up, status);
        wire_bytes(s->up, err.text, strlen(err.text));
    }
    wire_end(s->up);
    return !s->up->broken;
}

_Noreturn static void be_trainer(server *s, uint32_t slot, int in, int out)
{
    char host[256] = "";
    wire_reader from = {.fd = in};
    s->up = &(wire_writer){.fd = out}; /* this end may block */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    gethostname(host, sizeof(host) - 1);
    if (s->set.memory_cap > 0)
        limit_memory(s->set.memory_cap);
    while (!from.ended && !from.broken) {
        char *line = wire_line(&from);
        if (!line)
            wire_read(&from);
        else if (!train_one(s, host, slot, line))
            break;
        else
            arena_reset(s->arena);
    }
    _exit(0);
}

/* ---- the parent ---- */

static ash_status start(server *s, int slot, ash_error *err)
{
    trainer *t = &s->trainers[slot];
    int down[2], up[2];
    if (pipe2(down, O_CLOEXEC) != 0)
        return ash_fail(err, ASH_BROKEN, "cannot make a pipe to a trainer: %s", strerror(errno));
    if (pipe2(up, O_CLOEXEC) != 0) {
        close(down[0]), close(down[1]);
        return ash_fail(err, ASH_BROKEN, "cannot make a pipe to a trainer: %s", strerror(errno));
    }
    pid_t parent = getpid();
    fflush(NULL);
    t->pid = fork();
    if (t->pid == 0) {
        for (int i = 0; i < s->set.slots; i++) /* only its own ends: another's death must be seen */
            if (i != slot && s->trainers[i].pid)
                close(s->trainers[i].to.fd), close(s->trainers[i].from.fd);
        close(s->set.in->fd), close(s->set.out->fd), close(down[1]), close(up[0]);
        if (getppid() == parent || getppid() == 0)
            be_trainer(s, (uint32_t)slot, down[0], up[1]);
        _exit(0);
    }
    close(down[0]), close(up[1]);
    if (t->pid < 0) {
        t->pid = 0;
        close(down[1]), close(up[0]);
        return ash_fail(err, ASH_BROKEN, "cannot start a trainer: %s", strerror(errno));
    }
    t->to = (wire_writer){.fd = down[1]};
    t->from = (wire_reader){.fd = up[0]};
    t->id = 0;
    wire_unblock(down[1]);
    wire_unblock(up[0]);
    return ASH_OK;
}

static int reap(trainer *t, bool kill_it)
{
    int status = 0;
    if (!t->pid)
        return 0;
    if (kill_it)
        kill(t->pid, SIGKILL);
    while (waitpid(t->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(t->to.fd), close(t->from.fd);
    wire_writer_free(&t->to);
    wire_reader_free(&t->from);
    *t = (trainer){0};
    return status;
}

/* A trainer is gone: its trial, if any, has lost an attempt. */
static void lose(server *s, trainer *t)
{
    uint64_t id = t->id;
    char why[128];
    int status = reap(t, false);
    if (WIFSIGNALED(status))
        snprintf(why, sizeof(why), "the trainer was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(why, sizeof(why), "the trainer ended with status %d", WEXITSTATUS(status));
    if (!id)
        return;
    wire_word(s->set.out, "lost");
    wire_number(s->set.out, id);
    wire_bytes(s->set.out, why, strlen(why));
    wire_end(s->set.out);
}

static ash_status hold(server *s, char *rest, ash_error *err)
{
    uint64_t id;
    char *bytes;
    size_t n;
    bool held = wire_get_number(&rest, &id) && wire_get_bytes(&rest, s->arena, &bytes, &n) && kept_put(&s->weights, id, bytes, n);
    return held ? ASH_OK : ash_fail_memory(err);
}

/* What a trainer says: weights stay here, everything else goes up as it is, and makes it idle. */
static ash_status hear_trainer(server *s, trainer *t, ash_error *err)
{
    char *line;
    wire_read(&t->from);
    while ((line = wire_line(&t->from))) {
        if (strncmp(line, "weights ", 8) == 0) {
            if (hold(s, line + 8, err) != ASH_OK)
                return err->status;
        } else {
            wire_word(s->set.out, line);
            wire_end(s->set.out);
            t->id = 0;
        }
        arena_reset(s->arena);
    }
    if (t->from.ended || t->from.broken)
        lose(s, t);
    return ASH_OK;
}

static ash_status begin_trial(server *s, char *rest, char *line, ash_error *err)
{
    trial *t;
    int slot = 0;
    if (wire_get_trial(&rest, s->arena, &t, err) != ASH_OK)
        return ash_prefix(err, "the controller sent garbage");
    while (slot < s->set.slots && s->trainers[slot].id)
        slot++;
    if (slot == s->set.slots)
        return ash_fail(err, ASH_INVALID, "the controller sent more trials than there are slots");
    if (!s->trainers[slot].pid && start(s, slot, err) != ASH_OK)
        return err->status;
    s->trainers[slot].id = t->id;
    wire_word(&s->trainers[slot].to, line);
    wire_end(&s->trainers[slot].to);
    return ASH_OK;
}

static void give_weights(server *s, uint64_t id)
{
    kept_weights *k = kept_take(&s->weights, id);
    wire_word(s->set.out, "weights");
    wire_number(s->set.out, id);
    wire_bytes(s->set.out, k ? (const char *)k->bytes : "", k ? k->n : 0);
    wire_end(s->set.out);
    free(k);
}

/* Whoever holds this node sees that it is used. The file may be in a folder of everybody's: nobody's link is followed. */
static void touch(const char *path)
{
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return;
    futimens(fd, NULL);
    close(fd);
}

static ash_status obey(server *s, char *line, ash_error *err)
{
    char *whole = strdup(line), *rest = line, *verb = wire_next(&rest);
    uint64_t number = 0;
    ash_status status = whole ? ASH_OK : ash_fail_memory(err);
    s->heard_s = clock_wall_s();
    if (!whole)
        return status;
    if (strcmp(verb, "trial") == 0)
        status = begin_trial(s, rest, whole, err);
    else if (strcmp(verb, "end") == 0)
        s->ending = true;
    else if (!wire_get_number(&rest, &number))
        status = ash_fail(err, ASH_INVALID, "the controller sent \"%.40s\", which this worker does not understand", whole);
    else if (strcmp(verb, "weights") == 0)
        give_weights(s, number);
    else if (strcmp(verb, "forget") == 0)
        free(kept_take(&s->weights, number));
    else if (strcmp(verb, "ping") == 0) {
        touch(s->set.alive);
        wire_word(s->set.out, "pong");
        wire_number(s->set.out, number);
        wire_end(s->set.out);
    } else {
        status = ash_fail(err, ASH_INVALID, "the controller sent \"%.40s\", which this worker does not understand", whole);
    }
    free(whole);
    arena_reset(s->arena);
    return status;
}

static ash_status turn(server *s, struct pollfd *polled, ash_error *err)
{
    wire_reader *in = s->set.in;
    char *line;
    size_t n = 0;
    polled[n++] = (struct pollfd){.fd = in->fd, .events = POLLIN};
    polled[n++] = (struct pollfd){.fd = wire_pending(s->set.out) ? s->set.out->fd : -1, .events = POLLOUT};
    for (int i = 0; i < s->set.slots; i++) {
        const trainer *t = &s->trainers[i];
        polled[n++] = (struct pollfd){.fd = t->pid ? t->from.fd : -1, .events = POLLIN};
        polled[n++] = (struct pollfd){.fd = t->pid && wire_pending(&t->to) ? t->to.fd : -1, .events = POLLOUT};
    }
    if (poll(polled, n, POLL_MS) < 0 && errno != EINTR)
        return ash_fail(err, ASH_BROKEN, "cannot wait for messages: %s", strerror(errno));
    wire_flush(s->set.out);
    for (int i = 0; i < s->set.slots; i++) {
        trainer *t = &s->trainers[i];
        if (t->pid)
            wire_flush(&t->to);
        if (t->pid && polled[2 + 2 * i].revents && hear_trainer(s, t, err) != ASH_OK)
            return err->status;
    }
    if (polled[0].revents)
        wire_read(in);
    while (!s->ending && (line = wire_line(in)))
        if (obey(s, line, err) != ASH_OK)
            return err->status;
    if (in->ended || in->broken || s->set.out->broken)
        s->ending = true;
    double now = clock_wall_s();
    if (now - s->turned_s > 2 * POLL_MS / 1000.0) /* this process was stopped: that is not the controller's silence */
        s->heard_s = now;
    s->turned_s = now;
    if (s->set.silence_s > 0 && now - s->heard_s > s->set.silence_s)
        return ash_fail(err, ASH_BROKEN, "nothing was heard of the controller for %.0f s", s->set.silence_s);
    return ASH_OK;
}

ash_status serve_run(server *s, const serve_settings *settings, ash_error *err)
{
    s->set = *settings;
    s->heard_s = s->turned_s = clock_wall_s();
    s->trainers = calloc((size_t)settings->slots, sizeof(*s->trainers));
    struct pollfd *polled = calloc(2 + 2 * (size_t)settings->slots, sizeof(*polled));
    ash_status status = s->trainers && polled ? ASH_OK : ash_fail_memory(err);
    wire_unblock(settings->in->fd);
    wire_unblock(settings->out->fd);
    while (status == ASH_OK && !s->ending)
        status = turn(s, polled, err);
    for (int i = 0; s->trainers && i < settings->slots; i++)
        reap(&s->trainers[i], true);
    free(polled);
    return status;
}

void serve_destroy(server *s)
{
    if (!s)
        return;
    kept_free(&s->weights);
    free(s->trainers);
    arena_destroy(s->arena);
    free(s);
}
