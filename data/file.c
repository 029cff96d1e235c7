/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file.c - reading a data file, plain or gzip, with bounds
 *
 * zlib's gzFile reads both kinds. What it does not say is added here: the kind of file, the bound of its
 * content, and a sentence for each way to fail. */
#include "data/file.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GZ_BUFFER = 1 << 17, SLURP_STEP = 1 << 16 };

bool data_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, R_OK) == 0;
}

static ash_status fail_errno(const char *path, int code, ash_error *err)
{
    if (code == ENOENT || code == ENOTDIR)
        return ash_fail(err, ASH_INVALID, "%s: no such file", path);
    return ash_fail(err, ASH_BROKEN, "%s: %s", path, strerror(code));
}

ash_status data_file_open(data_file *f, const char *path, ash_error *err)
{
    memset(f, 0, sizeof *f);
    f->path = path;
    /* O_NONBLOCK: opening a named pipe must not wait for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail_errno(path, errno, err);
    struct stat st;
    if (fstat(fd, &st) != 0) {
        int code = errno;
        close(fd);
        return fail_errno(path, code, err);
    }
    if (!S_ISREG(st.st_mode)) {
        close(fd);
        return ash_fail(err, ASH_INVALID, "%s: %s, not a file", path,
                        S_ISDIR(st.st_mode) ? "is a folder" : "is a device or a pipe");
    }
    f->gz = gzdopen(fd, "rb");
    if (!f->gz) {
        close(fd);
        return ash_fail_memory(err);
    }
    gzbuffer(f->gz, GZ_BUFFER);
    f->size = (uint64_t)st.st_size;
    f->compressed = !gzdirect(f->gz);
    f->most = f->compressed ? f->size * DATA_DEFLATE_RATIO : f->size;
    return ASH_OK;
}

ash_status data_file_read(data_file *f, void *bytes, size_t n, size_t *got, ash_error *err)
{
    char *p = bytes;
    size_t done = 0;
    *got = 0;
    while (done < n) {
        size_t step = n - done < (1u << 30) ? n - done : 1u << 30;
        int r = gzread(f->gz, p + done, (unsigned)step);
        if (r < 0) {
            int code;
            const char *what = gzerror(f->gz, &code);
            if (code == Z_ERRNO)
                return ash_fail(err, ASH_BROKEN, "%s: %s", f->path, strerror(errno));
            if (code == Z_MEM_ERROR)
                return ash_fail_memory(err);
            if (code == Z_BUF_ERROR)
                return ash_fail(err, ASH_INVALID, "%s: the compressed file ends early; fetch it again",
                                f->path);
            (void)what; /* zlib's words ("invalid distance too far back") help nobody here */
            return ash_fail(err, ASH_INVALID, "%s: the compressed file is damaged; fetch it again", f->path);
        }
        if (r == 0)
            break;
        done += (size_t)r;
    }
    if (done < n) {
        int code;
        gzerror(f->gz, &code);
        if (code == Z_BUF_ERROR)
            return ash_fail(err, ASH_INVALID, "%s: the compressed file ends early; fetch it again", f->path);
    }
    *got = done;
    return ASH_OK;
}

void data_file_close(data_file *f)
{
    if (f->gz)
        gzclose_r(f->gz);
    f->gz = NULL;
}

ash_status data_file_slurp(const char *path, size_t limit, buffer *out, ash_error *err)
{
    data_file f;
    ash_status s = data_file_open(&f, path, err);
    char step[SLURP_STEP];
    while (s == ASH_OK) {
        size_t got;
        s = data_file_read(&f, step, sizeof step, &got, err);
        if (s != ASH_OK)
            break;
        if (got > limit - out->len) {
            s = ash_fail(err, ASH_INVALID, "%s: holds more than %zu MiB of text", path, limit >> 20);
            break;
        }
        buffer_add(out, step, got);
        if (out->failed)
            s = ash_fail_memory(err);
        if (got < sizeof step)
            break;
    }
    data_file_close(&f);
    return s;
}
