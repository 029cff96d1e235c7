/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lock.c - one writer per study
 *
 * SQLite would let two writers take turns; two searches of one run would then interleave their trials. So a
 * writer holds a lock on a file beside the database for as long as it lives: an open-file-description lock,
 * which the kernel drops when the process ends in whatever way, which also keeps out a second writer in the
 * same process, and which NFS carries to the server. The file tells who holds it. It is removed on release; a
 * writer that locked a file that was removed in between tries again.
 *
 * The database's own file is never locked here: closing any descriptor of it would drop SQLite's locks.
 */
#include "db/private.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "study.db" and a symbolic link to it are the same study. Caller frees. */
static char *lock_path(const char *path)
{
    char *real = realpath(path, NULL), *out;
    if (!real && errno == ENOENT) { /* not made yet: its folder is */
        char *folder = strdup(path);
        char *slash = folder ? strrchr(folder, '/') : NULL;
        const char *name = slash ? slash + 1 : path;
        if (slash)
            slash[slash == folder] = 0;
        char *base = folder ? realpath(slash ? folder : ".", NULL) : NULL;
        if (base && asprintf(&real, "%s/%s", base, name) < 0)
            real = NULL;
        if (!base)
            real = strdup(path);
        free(base);
        free(folder);
    }
    if (!real || asprintf(&out, "%s-writer", real) < 0)
        out = NULL;
    free(real);
    return out;
}

static struct flock whole_file(short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

static ash_status refuse(const char *path, int fd, ash_error *err)
{
    char holder[256] = "";
    ssize_t n = pread(fd, holder, sizeof(holder) - 1, 0);
    if (n > 0)
        holder[n] = 0;
    holder[strcspn(holder, "\n")] = 0;
    for (char *p = holder; *p; p++)
        if ((unsigned char)*p < 32 || *p == 127)
            *p = '?';
    return ash_fail(err, ASH_BROKEN,
                    "%s is being written by %s; a study has one writer at a time (readers are welcome)", path,
                    holder[0] ? holder : "another process");
}

ash_status db_lock_take(const char *path, db_lock *lock_out, ash_error *err)
{
    char *name = lock_path(path);
    if (!name)
        return ash_fail_memory(err);
    ash_status status = ASH_OK;
    for (int attempt = 0;; attempt++) {
        int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0) {
            status = ash_fail(err, ASH_BROKEN, "cannot write %s: %s", name, strerror(errno));
            break;
        }
        struct flock lock = whole_file(F_WRLCK);
        if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
            status = errno == EAGAIN || errno == EACCES
                         ? refuse(path, fd, err)
                         : ash_fail(err, ASH_BROKEN, "cannot lock %s: %s", name, strerror(errno));
            close(fd);
            break;
        }
        struct stat mine, there;
        if (fstat(fd, &mine) == 0 && stat(name, &there) == 0 && mine.st_ino == there.st_ino &&
            mine.st_dev == there.st_dev) {
            char who[256], host[128] = "?";
            gethostname(host, sizeof(host) - 1);
            char now[32];
            db_utc_now(now);
            int n = snprintf(who, sizeof(who), "process %ld on %s, since %s\n", (long)getpid(), host, now);
            /* the words are a courtesy: the lock holds without them, also on a full disk */
            if (ftruncate(fd, 0) == 0 && pwrite(fd, who, (size_t)n, 0) != n)
                (void)ftruncate(fd, 0);
            *lock_out = (db_lock){fd, name};
            return ASH_OK;
        }
        close(fd);
        if (attempt == 100) {
            status = ash_fail(err, ASH_BROKEN, "cannot lock %s: it keeps being replaced", name);
            break;
        }
    }
    free(name);
    return status;
}

bool db_is_written(const char *path)
{
    char *name = lock_path(path);
    int fd = name ? open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    struct flock lock = whole_file(F_WRLCK);
    bool held = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    free(name);
    return held;
}

void db_lock_release(db_lock *lock)
{
    if (lock->fd < 0)
        return;
    unlink(lock->name); /* still locked: nobody else believes in this file */
    close(lock->fd);
    free(lock->name);
    *lock = (db_lock){-1, NULL};
}
