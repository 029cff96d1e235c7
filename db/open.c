/* SPDX-License-Identifier: GPL-3.0-or-later */
/* open.c - opening a study, and refusing what is not one
 *
 * A study may come from anywhere, so nothing in it is trusted: schema functions and triggers are off,
 * SQLite's defensive mode is on, and the file has to carry Ashlar's application id and a schema that this
 * program's statements fit. A file that is suspect by its size or by an error gets a sentence that says what
 * is wrong with it.
 *
 * On a local file system the journal is a write-ahead log, so readers never wait for the writer. A log needs
 * shared memory, so on a network file system it is a rollback journal. At the end the writer puts the whole
 * study back into its one file, which can then be copied, and read in a folder that is not writable.
 */
#include "core/log.h"
#include "db/private.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BUSY_MS 30000
#define QUICK_CHECK_BYTES (64 << 20) /* a writer checks a smaller file whole before it adds to it */

bool db_on_network(const char *path)
{
    /* magic numbers of statfs(2): NFS, SMB, CIFS, SMB2, Lustre, GPFS, BeeGFS, CephFS, 9P, AFS, Coda, PanFS,
     * OrangeFS, and FUSE, behind which sshfs and cluster file systems hide */
    static const uint32_t magic[] = {0x6969,     0x517b,     0xff534d42, 0xfe534d42, 0x0bd00bd0,
                                     0x47504653, 0x19830326, 0x00c36400, 0x01021997, 0x5346414f,
                                     0x73757245, 0xaad7aaea, 0x20030528, 0x65735546};
    struct statfs fs;
    if (statfs(path, &fs) != 0)
        return false;
    for (size_t i = 0; i < sizeof(magic) / sizeof(*magic); i++)
        if ((uint32_t)fs.f_type == magic[i])
            return true;
    return false;
}

static uint32_t big_endian(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* "is truncated: 12288 of 40960 bytes", or "" */
static void describe_size(const char *path, char *out, size_t size)
{
    uint8_t h[100];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    out[0] = 0;
    if (fd >= 0 && fstat(fd, &st) == 0 && pread(fd, h, sizeof(h), 0) == (ssize_t)sizeof(h)) {
        uint64_t page = (uint64_t)h[16] << 8 | h[17];
        uint64_t bytes = (page == 1 ? 65536 : page) * big_endian(h + 28);
        if ((uint64_t)st.st_size < bytes)
            snprintf(out, size, "; it is truncated: %lld of %llu bytes are there", (long long)st.st_size,
                     (unsigned long long)bytes);
    }
    if (fd >= 0)
        close(fd);
}

ash_status db_fail(db *d, ash_error *err, const char *what)
{
    return db_fail_on(d->handle, d->path, err, what);
}

static int last_errno(sqlite3_file *file)
{
    int code = 0;
    if (file && file->pMethods)
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &code);
    return code;
}

/* What the system said. SQLite forgets it when a COMMIT fails; its files remember. */
static int system_errno(sqlite3 *h)
{
    sqlite3_file *file = NULL, *journal = NULL;
    int code = sqlite3_system_errno(h);
    if (code)
        return code;
    sqlite3_file_control(h, "main", SQLITE_FCNTL_JOURNAL_POINTER, &journal);
    sqlite3_file_control(h, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    code = last_errno(journal);
    return code ? code : last_errno(file);
}

ash_status db_fail_on(sqlite3 *h, const char *path, ash_error *err, const char *what)
{
    int code = sqlite3_extended_errcode(h);
    const char *text = sqlite3_errmsg(h);
    int system = (code & 0xff) == SQLITE_OK ? 0 : system_errno(h);
    char size[128];
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return ash_fail_memory(err);
    case SQLITE_FULL:
        return ash_fail(err, ASH_BROKEN,
                        "%s: cannot %s: the disk is full; everything committed before is safe", path, what);
    case SQLITE_IOERR:
        if (system == ENOSPC || system == EDQUOT || system == EFBIG)
            return ash_fail(err, ASH_BROKEN, "%s: cannot %s: %s; everything committed before is safe", path,
                            what,
                            system == ENOSPC   ? "the disk is full"
                            : system == EDQUOT ? "the disk quota is spent"
                                               : "the file would grow over its size limit (ulimit -f)");
        describe_size(path, size, sizeof(size));
        return ash_fail(err, ASH_BROKEN, "%s: cannot %s: %s%s%s%s", path, what, text, system ? ": " : "",
                        system ? strerror(system) : "", size);
    case SQLITE_CORRUPT:
        describe_size(path, size, sizeof(size));
        return ash_fail(
            err, ASH_BROKEN,
            "%s: cannot %s: the database is damaged (%s)%s; \"sqlite3 FILE .recover\" saves what can be read",
            path, what, text, size);
    case SQLITE_NOTADB:
        return ash_fail(err, ASH_INVALID, "%s is not an Ashlar database (not an SQLite file, or encrypted)",
                        path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ash_fail(err, ASH_BROKEN,
                        "%s: cannot %s: another program has kept the database locked for %d s", path, what,
                        BUSY_MS / 1000);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return ash_fail(err, ASH_BROKEN, "%s: cannot %s: %s%s%s", path, what, text, system ? ": " : "",
                        system ? strerror(system) : "");
    default:
        return ash_fail(err, ASH_BROKEN, "%s: cannot %s: %s", path, what, text);
    }
}

/* What can be said without SQLite. *size: -1 when the file does not exist. */
static ash_status look(const char *path, bool writer, int64_t *size, ash_error *err)
{
    struct stat st;
    *size = -1;
    if (!path[0])
        return ash_fail(err, ASH_INVALID, "the database's path is empty");
    if (stat(path, &st) != 0) {
        if (errno != ENOENT)
            return ash_fail(err, ASH_INVALID, "%s: %s", path, strerror(errno));
        if (!writer)
            return ash_fail(err, ASH_INVALID, "%s: there is no such database", path);
        char *folder = strdup(path);
        if (!folder)
            return ash_fail_memory(err);
        char *slash = strrchr(folder, '/');
        if (slash)
            slash[slash == folder] = 0;
        const char *name = slash ? folder : ".";
        ash_status status = ASH_OK;
        if (access(name, F_OK) != 0)
            status = ash_fail(err, ASH_INVALID, "%s: the folder %s does not exist", path, name);
        else if (access(name, W_OK) != 0)
            status = ash_fail(err, ASH_BROKEN, "%s: the folder %s is not writable: %s", path, name,
                              strerror(errno));
        free(folder);
        return status;
    }
    if (!S_ISREG(st.st_mode))
        return ash_fail(err, ASH_INVALID, "%s is %s, not a database", path,
                        S_ISDIR(st.st_mode) ? "a folder" : "not a regular file");
    *size = st.st_size;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ash_fail(err, ASH_BROKEN, "%s: cannot read it: %s", path, strerror(errno));
    char magic[16] = "";
    ssize_t n = pread(fd, magic, sizeof(magic), 0);
    close(fd);
    if (st.st_size > 0 && (n < (ssize_t)sizeof(magic) || memcmp(magic, "SQLite format 3", 16) != 0))
        return ash_fail(err, ASH_INVALID, "%s is not an Ashlar database (not an SQLite file)", path);
    if (st.st_size == 0 && !writer)
        return ash_fail(err, ASH_INVALID, "%s is empty: no run has been stored in it", path);
    if (writer && access(path, W_OK) != 0)
        return ash_fail(err, ASH_BROKEN, "%s: cannot write it: %s", path, strerror(errno));
    return ASH_OK;
}

/* SQLite reads "file:..." as an address and ":memory:" as no file at all; a path that is asked for is always
 * a path. */
static char *literal_path(const char *path, bool immutable)
{
    char *out = NULL;
    if (!immutable)
        return asprintf(&out, "%s%s", path[0] == '/' ? "" : "./", path) < 0 ? NULL : out;
    char *escaped = malloc(3 * strlen(path) + 64), *w = escaped;
    if (!escaped)
        return NULL;
    w += sprintf(w, "file:%s", path[0] == '/' ? "" : "./");
    for (const char *p = path; *p; p++)
        w += *p == '?' || *p == '#' || *p == '%' ? sprintf(w, "%%%02x", *p) : sprintf(w, "%c", *p);
    sprintf(w, "?immutable=1");
    return escaped;
}

static ash_status configure(db *d, bool writer, ash_error *err)
{
    sqlite3 *h = d->handle;
    sqlite3_extended_result_codes(h, 1);
    sqlite3_busy_timeout(h, BUSY_MS);
    sqlite3_db_config(h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(h, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DML, 0, NULL); /* "ok" is a column, 'ok' a text: say so */
    sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_limit(h, SQLITE_LIMIT_LENGTH, 512 << 20);
    sqlite3_limit(h, SQLITE_LIMIT_ATTACHED, writer ? 1 : 0);
    if (sqlite3_exec(h, "PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON", NULL, NULL, NULL) !=
        SQLITE_OK)
        return db_fail(d, err, "open it");
    return db_register_functions(h, err);
}

static ash_status read_integer(db *d, const char *sql, int64_t *out, ash_error *err)
{
    sqlite3_stmt *s = NULL;
    *out = 0;
    if (sqlite3_prepare_v2(d->handle, sql, -1, &s, NULL) != SQLITE_OK)
        return db_fail(d, err, "read it");
    int rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(s, 0);
    ash_status status = rc == SQLITE_ROW || rc == SQLITE_DONE ? ASH_OK : db_fail(d, err, "read it");
    sqlite3_finalize(s);
    return status;
}

/* Ours? *version: its schema, 0 when the file has nothing in it. */
static ash_status identify(db *d, int64_t *version, ash_error *err)
{
    int64_t application, objects;
    ash_status status = read_integer(d, "PRAGMA application_id", &application, err);
    if (status == ASH_OK)
        status = read_integer(d, "PRAGMA user_version", version, err);
    if (status == ASH_OK)
        status = read_integer(d, "SELECT count(*) FROM sqlite_schema", &objects, err);
    if (status != ASH_OK)
        return status;
    if (application == 0 && *version == 0 && objects == 0)
        return ASH_OK;
    if (application != DB_APPLICATION_ID)
        return ash_fail(err, ASH_INVALID, "%s is the database of another program; Ashlar leaves it alone",
                        d->path);
    if (*version > db_version)
        return ash_fail(
            err, ASH_INVALID,
            "%s was written by a newer Ashlar (schema %lld, this program knows up to %d); use that version",
            d->path, (long long)*version, db_version);
    if (*version < 1)
        return ash_fail(err, ASH_BROKEN, "%s: the database is damaged (schema version %lld)", d->path,
                        (long long)*version);
    return ASH_OK;
}

static ash_status check_pages(db *d, ash_error *err)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(d->handle, "PRAGMA quick_check(1)", -1, &s, NULL) != SQLITE_OK)
        return db_fail(d, err, "check it");
    ash_status status = ASH_OK;
    int rc = sqlite3_step(s);
    const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
    if (rc != SQLITE_ROW)
        status = db_fail(d, err, "check it");
    else if (!text || strcmp(text, "ok") != 0)
        status =
            ash_fail(err, ASH_BROKEN,
                     "%s: the database is damaged (%s); \"sqlite3 FILE .recover\" saves what can be read",
                     d->path, text ? text : "no answer");
    sqlite3_finalize(s);
    return status;
}

static db *create(const char *path)
{
    db *d = calloc(1, sizeof(*d));
    if (d && !(d->path = strdup(path))) {
        free(d);
        d = NULL;
    }
    if (d)
        d->lock.fd = -1;
    return d;
}

static ash_status open_file(db *d, int flags, bool immutable, ash_error *err)
{
    char *name = literal_path(d->path, immutable);
    if (!name)
        return ash_fail_memory(err);
    sqlite3_close(d->handle);
    d->handle = NULL;
    int rc = sqlite3_open_v2(name, &d->handle, flags | (immutable ? SQLITE_OPEN_URI : 0), NULL);
    free(name);
    if (!d->handle)
        return ash_fail_memory(err);
    return rc == SQLITE_OK ? ASH_OK : db_fail(d, err, "open it");
}

static ash_status open_writer(db *d, bool network, bool take_over, ash_error *err)
{
    int64_t size, version;
    ash_status status = look(d->path, true, &size, err);
    d->writer = true;
    if (status != ASH_OK)
        return status;
    status = db_lock_take(d->path, &d->lock, err);
    if (status != ASH_OK && !take_over)
        return status;
    if (status != ASH_OK)
        log_warn("%s; taking it over", err->text);
    if ((status = open_file(d, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, false, err)) != ASH_OK ||
        (status = configure(d, true, err)) != ASH_OK || (status = identify(d, &version, err)) != ASH_OK)
        return status;
    if (size > 0 && size <= QUICK_CHECK_BYTES && (status = check_pages(d, err)) != ASH_OK)
        return status;
    if (version < db_version && (status = db_migrate_to(d->handle, d->path, db_version, err)) != ASH_OK)
        return status;
    if ((status = db_check_schema(d, err)) != ASH_OK)
        return status;
    /* after the migration, so that a new file is an Ashlar database before a log exists beside it */
    const char *journal = network ? "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL"
                                  : "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                    "PRAGMA journal_size_limit = 67108864";
    if (sqlite3_exec(d->handle, journal, NULL, NULL, NULL) != SQLITE_OK)
        return db_fail(d, err, "open it for writing");
    return ASH_OK;
}

ash_status db_open_writer_as(const char *path, bool network, bool take_over, db **out, ash_error *err)
{
    struct sigaction xfsz;
    if (sigaction(SIGXFSZ, NULL, &xfsz) == 0 && !(xfsz.sa_flags & SA_SIGINFO) && xfsz.sa_handler == SIG_DFL)
        signal(SIGXFSZ, SIG_IGN);
    bool existed = access(path, F_OK) == 0;
    db *d = *out = create(path);
    if (!d)
        return ash_fail_memory(err);
    ash_status status = open_writer(d, network, take_over, err);
    if (status != ASH_OK) {
        struct stat st;
        if (!existed && d->lock.fd >= 0 && d->handle && stat(path, &st) == 0 && st.st_size == 0)
            unlink(path); /* made by us, and nothing came of it */
        db_close(d);
        *out = NULL;
    }
    return status;
}

static ash_status open_by_file_system(const char *path, bool take_over, db **out, ash_error *err)
{
    char *folder = strdup(path);
    if (!folder)
        return ash_fail_memory(err);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = 0;
    bool network = db_on_network(slash ? folder : ".");
    free(folder);
    return db_open_writer_as(path, network, take_over, out, err);
}

ash_status db_open_writer(const char *path, db **out, ash_error *err)
{
    return open_by_file_system(path, false, out, err);
}

ash_status db_take_over(const char *path, db **out, ash_error *err)
{
    return open_by_file_system(path, true, out, err);
}

/* An older schema is read through a migrated copy, in a temporary file of SQLite's; the study stays as it is.
 */
static ash_status open_copy(db *d, ash_error *err)
{
    sqlite3 *copy = NULL;
    int rc = sqlite3_open_v2("", &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    sqlite3_backup *backup = rc == SQLITE_OK ? sqlite3_backup_init(copy, "main", d->handle, "main") : NULL;
    if (backup) {
        sqlite3_backup_step(backup, -1);
        rc = sqlite3_backup_finish(backup);
    } else if (copy) {
        rc = sqlite3_errcode(copy);
    }
    if (rc != SQLITE_OK) {
        ash_fail(err, ASH_BROKEN, "%s has an older schema, and a copy of it cannot be made: %s", d->path,
                 sqlite3_errstr(rc));
        sqlite3_close(copy);
        return err->status;
    }
    sqlite3_close(d->handle);
    d->handle = copy;
    ash_status status = configure(d, true, err);
    return status == ASH_OK ? db_migrate_to(d->handle, d->path, db_version, err) : status;
}

static ash_status open_reader(db *d, ash_error *err)
{
    int64_t size, version;
    ash_status status = look(d->path, false, &size, err);
    if (status != ASH_OK || (status = open_file(d, SQLITE_OPEN_READONLY, false, err)) != ASH_OK ||
        (status = configure(d, false, err)) != ASH_OK)
        return status;
    status = identify(d, &version, err);
    int code = sqlite3_extended_errcode(d->handle);
    if (status != ASH_OK && (code == SQLITE_READONLY_RECOVERY || code == SQLITE_READONLY_ROLLBACK ||
                             code == SQLITE_READONLY_CANTINIT || (code & 0xff) == SQLITE_CANTOPEN)) {
        /* A killed writer left a journal that somebody with write access has to finish; failing that, a log
         * without content is no reason not to read the file as it is. */
        struct stat st;
        char *log;
        if (asprintf(&log, "%s-wal", d->path) < 0)
            return ash_fail_memory(err);
        bool log_empty = stat(log, &st) != 0 || st.st_size == 0;
        free(log);
        status = open_file(d, log_empty ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE, log_empty, err);
        if (status == ASH_OK && (status = configure(d, false, err)) == ASH_OK)
            status = identify(d, &version, err);
    }
    if (status != ASH_OK)
        return status;
    if (version == 0)
        return ash_fail(err, ASH_INVALID, "%s is empty: no run has been stored in it", d->path);
    if (version < db_version && (status = open_copy(d, err)) != ASH_OK)
        return status;
    if (sqlite3_exec(d->handle, "PRAGMA query_only = ON", NULL, NULL, NULL) != SQLITE_OK)
        return db_fail(d, err, "open it");
    return db_check_schema(d, err);
}

ash_status db_open_reader(const char *path, db **out, ash_error *err)
{
    db *d = *out = create(path);
    if (!d)
        return ash_fail_memory(err);
    ash_status status = open_reader(d, err);
    if (status != ASH_OK) {
        db_close(d);
        *out = NULL;
    }
    return status;
}

void db_close(db *d)
{
    if (!d)
        return;
    ash_error err;
    if (d->handle && d->in_transaction && db_flush(d, &err) != ASH_OK)
        log_error("%s", err.text);
    for (int i = 0; i < DB_STATEMENT_COUNT; i++)
        sqlite3_finalize(d->statements[i]);
    if (d->handle && d->writer) {
        /* one file again, unless somebody is reading: then the log stays, which is as good */
        sqlite3_busy_timeout(d->handle, 100);
        sqlite3_exec(d->handle, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    }
    sqlite3_close_v2(d->handle);
    db_lock_release(&d->lock);
    db_front_forget(d);
    free(d->metric_list);
    free(d->path);
    free(d);
}

sqlite3 *db_handle(db *d)
{
    return d->handle;
}

const char *db_path(const db *d)
{
    return d->path;
}
