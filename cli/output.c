/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output.c - see output.h */
#include "cli/output.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

static ash_status fail(const char *path, ash_error *err)
{
    return ash_fail(err, ASH_BROKEN, "%s: cannot write it: %s", path, strerror(errno));
}

static ash_status write_through(const char *path, const char *bytes, size_t n, ash_error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write_all(fd, bytes, n);
    if (fd >= 0 && close(fd) != 0)
        ok = false;
    return ok ? ASH_OK : fail(path, err);
}

static mode_t usual_mode(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static ash_status replace(const char *path, mode_t mode, const char *bytes, size_t n, ash_error *err)
{
    size_t length = strlen(path) + sizeof ".XXXXXX";
    char *temporary = malloc(length);
    if (!temporary)
        return ash_fail_memory(err);
    snprintf(temporary, length, "%s.XXXXXX", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        free(temporary);
        return fail(path, err);
    }
    bool ok = fchmod(fd, mode) == 0 && write_all(fd, bytes, n) && fsync(fd) == 0;
    int why = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok && rename(temporary, path) != 0) {
        ok = false;
        why = errno;
    }
    if (!ok)
        unlink(temporary);
    free(temporary);
    errno = why;
    return ok ? ASH_OK : fail(path, err);
}

ash_status output_write(const char *path, const char *input, const void *bytes, size_t n, ash_error *err)
{
    if (strcmp(path, "-") == 0) { /* main() checks standard output at the end */
        fwrite(bytes, 1, n, stdout);
        return ASH_OK;
    }
    struct stat to, from;
    if (stat(path, &to) != 0)
        return replace(path, usual_mode(), bytes, n, err);
    if (S_ISDIR(to.st_mode))
        return ash_fail(err, ASH_INVALID, "%s is a folder; name a file", path);
    if (input && stat(input, &from) == 0 && from.st_dev == to.st_dev && from.st_ino == to.st_ino)
        return ash_fail(err, ASH_INVALID, "%s is the database itself; name another file with --output", path);
    if (!S_ISREG(to.st_mode))
        return write_through(path, bytes, n, err);
    if (access(path, W_OK) != 0)
        return fail(path, err);
    char *real = realpath(path, NULL); /* a link stays a link */
    ash_status status = real ? replace(real, to.st_mode & 0777, bytes, n, err) : fail(path, err);
    free(real);
    return status;
}
