/* SPDX-License-Identifier: GPL-3.0-or-later */
/* process.c - see process.h
 *
 * posix_spawn instead of fork: a fork would copy the page tables of a process full of arenas, and the child of a threaded process may hardly call
 * anything. It cannot set a resource limit, so a memory cap is set by a shell that becomes the program at once. */
#include "evaluator/process.h"
#include "core/log.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POLL_MS = 20, TAIL_BYTES = 4096, GRACE_S = 1 };

typedef struct process {
    pid_t pid;
    int in, out, err; /* our ends; -1: closed */
    const char *input;
    size_t n_input;
    size_t most; /* of standard output */
    process_result *result;
} process;

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- starting ---- */

static bool open_pipes(int pipes[3][2])
{
    for (int i = 0; i < 3; i++)
        if (pipe2(pipes[i], O_CLOEXEC) != 0)
            return false;
    return true;
}

/* What the program starts from: the three pipes, the folder, default signals, a group of its own. */
static int prepare(posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes, int pipes[3][2], const char *folder)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rc = posix_spawn_file_actions_adddup2(files, pipes[0][0], 0);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(files, pipes[1][1], 1);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(files, pipes[2][1], 2);
    rc = rc ? rc : posix_spawn_file_actions_addclosefrom_np(files, 3);
    rc = rc ? rc : posix_spawn_file_actions_addchdir_np(files, folder);
    rc = rc ? rc : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    rc = rc ? rc : posix_spawnattr_setpgroup(attributes, 0);
    rc = rc ? rc : posix_spawnattr_setsigmask(attributes, &none);
    return rc ? rc : posix_spawnattr_setsigdefault(attributes, &all);
}

static int spawn(pid_t *pid, char *const *argv, const char *folder, int pipes[3][2], int64_t memory_bytes)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    char kib[32];
    size_t n = 0;
    while (argv[n])
        n++;
    char **capped = calloc(n + 5, sizeof(*capped));
    if (!capped)
        return ENOMEM;
    snprintf(kib, sizeof(kib), "%lld", (long long)(memory_bytes / 1024));
    memcpy(capped, (char *[]){"/bin/sh", "-c", "ulimit -v \"$0\" && exec \"$@\"", kib}, 4 * sizeof(*capped));
    memcpy(capped + 4, argv, n * sizeof(*capped));
    int rc = posix_spawn_file_actions_init(&files);
    if (rc == 0) {
        if ((rc = posix_spawnattr_init(&attributes)) == 0) {
            rc = prepare(&files, &attributes, pipes, folder);
            char *const *words = memory_bytes ? capped : argv;
            rc = rc ? rc : posix_spawn(pid, words[0], &files, &attributes, words, environ);
            posix_spawnattr_destroy(&attributes);
        }
        posix_spawn_file_actions_destroy(&files);
    }
    free(capped);
    return rc;
}

static ash_status start(process *p, char *const *argv, const char *folder, int64_t memory_bytes, ash_error *err)
{
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    int rc = open_pipes(pipes) ? spawn(&p->pid, argv, folder, pipes, memory_bytes) : errno;
    int theirs[] = {pipes[0][0], pipes[1][1], pipes[2][1]};
    for (int i = 0; i < 3; i++)
        close_end(&theirs[i]);
    p->in = pipes[0][1];
    p->out = pipes[1][0];
    p->err = pipes[2][0];
    if (rc == 0) {
        fcntl(p->in, F_SETFL, O_NONBLOCK);
        fcntl(p->out, F_SETFL, O_NONBLOCK);
        fcntl(p->err, F_SETFL, O_NONBLOCK);
        return ASH_OK;
    }
    close_end(&p->in);
    close_end(&p->out);
    close_end(&p->err);
    return ash_fail(err, ASH_BROKEN, "cannot start %s: %s", argv[0], strerror(rc));
}

/* ---- talking ---- */

/* A program that does not read its input has its reasons: a broken pipe is no error. */
static void feed(process *p)
{
    while (p->n_input) {
        ssize_t n = write(p->in, p->input, p->n_input);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            break;
        p->input += n;
        p->n_input -= (size_t)n;
    }
    close_end(&p->in);
}

/* false: the end of the stream, or nothing there yet (*fd tells). */
static bool drain(int *fd, char *chunk, size_t size, size_t *got)
{
    ssize_t n;
    do
        n = read(*fd, chunk, size);
    while (n < 0 && errno == EINTR);
    if (n == 0 || (n < 0 && errno != EAGAIN))
        close_end(fd);
    *got = n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* false: too much. */
static bool read_out(process *p)
{
    char chunk[16384];
    size_t n;
    while (p->out >= 0 && drain(&p->out, chunk, sizeof(chunk), &n)) {
        if (p->result->out.len + n > p->most)
            return false;
        buffer_add(&p->result->out, chunk, n);
    }
    return true;
}

static void read_err(process *p)
{
    char chunk[TAIL_BYTES];
    size_t n;
    buffer *tail = &p->result->tail;
    while (p->err >= 0 && drain(&p->err, chunk, sizeof(chunk), &n)) {
        buffer_add(tail, chunk, n);
        if (!tail->failed && tail->len > 2 * TAIL_BYTES) {
            memmove(tail->data, tail->data + tail->len - TAIL_BYTES, TAIL_BYTES);
            tail->len = TAIL_BYTES;
            tail->data[tail->len] = '\0';
        }
    }
}

/* Waits until there is something to do; with all pipes closed, a moment. */
static bool talk(process *p)
{
    struct pollfd fds[] = {{p->in, POLLOUT, 0}, {p->out, POLLIN, 0}, {p->err, POLLIN, 0}}; /* poll skips -1 */
    bool closed = p->out < 0 && p->err < 0;
    poll(fds, 3, closed ? 1 : POLL_MS);
    if (p->in >= 0 && fds[0].revents)
        feed(p);
    read_err(p);
    return read_out(p);
}

/* ---- ending ---- */

/* The program has ended but is not reaped, so its group's number is still its own. */
static bool has_ended(const process *p)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == p->pid;
}

/* Time to clean up, then none. */
static void end_group(process *p)
{
    double deadline_s = clock_wall_s() + GRACE_S;
    kill(-p->pid, SIGTERM);
    while (!has_ended(p) && clock_wall_s() < deadline_s)
        talk(p);
}

static void reap(process *p)
{
    int status;
    pid_t got;
    kill(-p->pid, SIGKILL); /* whoever is left: helpers that the program started */
    do
        got = waitpid(p->pid, &status, 0);
    while (got < 0 && errno == EINTR);
    if (p->result->end != PROCESS_EXITED || got < 0)
        return;
    p->result->code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    if (WIFSIGNALED(status))
        p->result->end = PROCESS_KILLED;
}

ash_status process_run(char *const *argv, const char *folder, const void *input, size_t n, const process_limits *limits,
                       process_result *out, ash_error *err)
{
    *out = (process_result){.end = PROCESS_EXITED};
    process p = {.input = input, .n_input = n, .most = limits->output_bytes, .result = out};
    double deadline_s = limits->timeout_s > 0 ? clock_wall_s() + limits->timeout_s : 0;
    if (start(&p, argv, folder, limits->memory_bytes, err) != ASH_OK)
        return err->status;
    bool ended;
    while (!(ended = has_ended(&p)) && out->end == PROCESS_EXITED) {
        if (!talk(&p))
            out->end = PROCESS_TOO_WORDY;
        else if (limits->stop && limits->stop(limits->stop_ctx))
            out->end = PROCESS_STOPPED;
        else if (deadline_s > 0 && clock_wall_s() > deadline_s)
            out->end = PROCESS_TIMED_OUT;
    }
    if (!ended)
        end_group(&p);
    else if (!read_out(&p)) /* what it wrote before it ended is in the pipes */
        out->end = PROCESS_TOO_WORDY;
    reap(&p);
    read_err(&p);
    close_end(&p.in);
    close_end(&p.out);
    close_end(&p.err);
    if (out->out.failed || out->tail.failed) {
        process_result_free(out);
        return ash_fail_memory(err);
    }
    return ASH_OK;
}

void process_result_free(process_result *r)
{
    buffer_free(&r->out);
    buffer_free(&r->tail);
}
