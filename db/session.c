/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.c - where and with what a run was computed
 *
 * None of this may influence a result; all of it is asked for when two results differ. A session that is
 * still "running" when the next one begins was killed: there is one writer, so it becomes "lost".
 */
#include "db/session.h"
#include "db/private.h"
#include <gnu/libc-version.h>
#include <gsl/gsl_version.h>
#include <nettle/version.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static void cpu_model(char *out, size_t size)
{
    FILE *f = fopen("/proc/cpuinfo", "re");
    char line[512];
    out[0] = 0;
    while (f && !out[0] && fgets(line, sizeof(line), f)) {
        char *colon = strchr(line, ':');
        if (colon && (strncmp(line, "model name", 10) == 0 || strncmp(line, "Hardware", 8) == 0)) {
            colon += 1 + strspn(colon + 1, " \t");
            colon[strcspn(colon, "\n")] = 0;
            snprintf(out, size, "%s", colon);
        }
    }
    if (f)
        fclose(f);
}

ash_status db_session_begin(db *d, const db_run *run, ash_error *err)
{
    char host[256] = "?", now[32], cpu[256], system[512], libraries[256];
    struct utsname u = {0};
    sqlite3_stmt *s = db_statement(d, DB_LOSE_SESSIONS, err);
    if (!s)
        return err->status;
    sqlite3_bind_int64(s, 1, run->id);
    ash_status status = db_run_statement(d, s, "store the session", err);
    if (status != ASH_OK || !(s = db_statement(d, DB_INSERT_SESSION, err)))
        return err->status;
    gethostname(host, sizeof(host) - 1);
    db_utc_now(now);
    cpu_model(cpu, sizeof(cpu));
    uname(&u);
    snprintf(system, sizeof(system), "%s %s %s", u.sysname, u.release, u.machine);
    snprintf(libraries, sizeof(libraries), "glibc %s, GSL %s, Nettle %d.%d, SQLite %s",
             gnu_get_libc_version(), gsl_version, nettle_version_major(), nettle_version_minor(),
             sqlite3_libversion());
    sqlite3_bind_int64(s, 1, run->id);
    db_bind_text(s, 2, ASHLAR_VERSION);
    db_bind_text(s, 3, host);
    sqlite3_bind_int64(s, 4, getpid());
    db_bind_text(s, 5, system);
    db_bind_text(s, 6, cpu[0] ? cpu : NULL);
    sqlite3_bind_int64(s, 7, sysconf(_SC_NPROCESSORS_ONLN));
    sqlite3_bind_int64(s, 8, (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE));
    db_bind_text(s, 9, COMPILER);
    db_bind_text(s, 10, libraries);
    db_bind_text(s, 11, run->kernel_level);
    db_bind_text(s, 12, now);
    status = db_run_statement(d, s, "store the session", err);
    sqlite3_clear_bindings(s);
    d->session = sqlite3_last_insert_rowid(d->handle);
    return status;
}

ash_status db_session_end(db *d, const char *state, ash_error *err)
{
    if (!d->session)
        return ASH_OK;
    sqlite3_stmt *s = db_statement(d, DB_END_SESSION, err);
    if (!s)
        return err->status;
    char now[32];
    db_utc_now(now);
    sqlite3_bind_int64(s, 1, d->session);
    db_bind_text(s, 2, state);
    db_bind_text(s, 3, now);
    ash_status status = db_run_statement(d, s, "store the session's end", err);
    sqlite3_clear_bindings(s);
    return status;
}
