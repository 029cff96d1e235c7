/* SPDX-License-Identifier: GPL-3.0-or-later */
/* remote.c - see remote.h */
#include "evaluator/exec/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int spawn(remote_process *r, const char *const *command, int in, int out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &none);
    int failed = posix_spawnp(&r->pid, command[0], &actions, &attributes, (char *const *)command, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

ash_status remote_start(remote_process *r, const char *const *command, ash_error *err)
{
    int down[2], up[2];
    *r = (remote_process){0};
    if (pipe2(down, O_CLOEXEC) != 0)
        return ash_fail(err, ASH_BROKEN, "cannot make a pipe to %s: %s", command[0], strerror(errno));
    if (pipe2(up, O_CLOEXEC) != 0) {
        close(down[0]), close(down[1]);
        return ash_fail(err, ASH_BROKEN, "cannot make a pipe to %s: %s", command[0], strerror(errno));
    }
    int failed = spawn(r, command, down[0], up[1]);
    close(down[0]), close(up[1]);
    if (failed) {
        r->pid = 0;
        close(up[0]), close(down[1]);
        return ash_fail(err, ASH_BROKEN, "cannot start %s: %s", command[0], strerror(failed));
    }
    r->from = (wire_reader){.fd = up[0]};
    r->to = (wire_writer){.fd = down[1]};
    wire_unblock(up[0]);
    wire_unblock(down[1]);
    return ASH_OK;
}

int remote_stop(remote_process *r, int grace_ms)
{
    int status = 0;
    if (!r->pid)
        return 0;
    close(r->to.fd);
    for (int ms = 0; ms < grace_ms; ms += 10) {
        if (waitpid(r->pid, &status, WNOHANG) == r->pid)
            goto gone;
        usleep(10000);
    }
    kill(-r->pid, SIGKILL);
    while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
        ;
gone:
    close(r->from.fd);
    wire_reader_free(&r->from);
    wire_writer_free(&r->to);
    *r = (remote_process){0};
    return status;
}
