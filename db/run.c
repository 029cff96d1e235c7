/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.c - runs of a study
 *
 * A run is its identity: every setting that its result depends on. The same identity resumes or extends;
 * another one in the same file is most likely a mistake, and is answered by what differs from the run that is
 * most alike.
 */
#include "core/text.h"
#include "db/private.h"
#include "db/session.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t line_length(const char *line)
{
    return strcspn(line, "\n");
}

static const char *next_line(const char *line)
{
    line += line_length(line);
    return *line ? line + 1 : line;
}

/* The line of `text` that starts with the same "key:" as `line`, or NULL. */
static const char *same_key(const char *text, const char *line)
{
    size_t n = strcspn(line, ":\n");
    for (const char *l = text; l && *l; l = next_line(l))
        if (strcspn(l, ":\n") == n && strncmp(l, line, n) == 0)
            return l;
    return NULL;
}

static bool same_line(const char *a, const char *b)
{
    return line_length(a) == line_length(b) && strncmp(a, b, line_length(a)) == 0;
}

static int clip(size_t n)
{
    return n > 60 ? 60 : (int)n;
}

static const char *value_of(const char *line)
{
    line += strcspn(line, ":\n");
    return *line == ':' ? line + 1 + (line[1] == ' ') : line;
}

/* One line for each difference; returns their number. out may be NULL to count. */
static size_t differences(const char *there, const char *here, buffer *out)
{
    size_t n = 0;
    there = there ? there : "";
    here = here ? here : "";
    for (const char *l = here; *l; l = next_line(l)) {
        const char *other = same_key(there, l);
        if (other && same_line(l, other))
            continue;
        n++;
        int key = clip(strcspn(l, ":\n"));
        if (out && other)
            buffer_printf(out, "\n  %.*s: %.*s there, %.*s here", key, l, clip(line_length(value_of(other))),
                          value_of(other), clip(line_length(value_of(l))), value_of(l));
        else if (out)
            buffer_printf(out, "\n  %.*s: %.*s, only here", key, l, clip(line_length(value_of(l))),
                          value_of(l));
    }
    for (const char *l = there; *l; l = next_line(l))
        if (!same_key(here, l)) {
            n++;
            if (out)
                buffer_printf(out, "\n  %.*s: %.*s, only there", clip(strcspn(l, ":\n")), l,
                              clip(line_length(value_of(l))), value_of(l));
        }
    return n;
}

/* settings and what else the identity is made of, as lines */
static char *identity_lines(arena *a, const db_run *r)
{
    const char *settings = r->settings ? r->settings : "";
    size_t n = strlen(settings);
    return arena_printf(a, "%s%sseed: %llu\nkernel level: %s\ndata: %s %.12s\nobjectives: %s", settings,
                        n && settings[n - 1] != '\n' ? "\n" : "", (unsigned long long)r->seed,
                        r->kernel_level ? r->kernel_level : "-", r->data_name ? r->data_name : "-",
                        r->data_hash ? r->data_hash : "", r->objectives ? r->objectives : "-");
}

static ash_status refuse(db *d, const db_run *run, ash_error *err)
{
    arena *a = arena_create();
    int64_t *ids = NULL, nearest = 0;
    size_t n_ids = 0, fewest = SIZE_MAX;
    char *mine = a ? identity_lines(a, run) : NULL, *best = NULL;
    ash_status status = mine ? db_run_ids(d, a, &ids, &n_ids, err) : ash_fail_memory(err);
    for (size_t i = 0; status == ASH_OK && i < n_ids; i++) {
        db_run other;
        if ((status = db_load_run(d, ids[i], a, &other, err)) != ASH_OK)
            break;
        char *theirs = identity_lines(a, &other);
        size_t n = theirs ? differences(theirs, mine, NULL) : SIZE_MAX;
        if (n < fewest) {
            fewest = n;
            best = theirs;
            nearest = ids[i];
        }
    }
    if (status == ASH_OK) {
        buffer text = {0};
        size_t n = differences(best, mine, &text);
        if (n == 0)
            buffer_puts(&text, "\n  the search space or the program's own settings");
        if (text.len > 1500) { /* whole lines that fit */
            text.len = 1500;
            while (text.len && text.data[text.len] != '\n')
                text.len--;
            text.data[text.len] = 0;
            buffer_puts(&text, "\n  ...");
        }
        status = ash_fail(
            err, ASH_INVALID,
            "%s holds another run (run %lld); different from it:%s\nUse --new-run to add a run to this "
            "study, or --db for another file.",
            d->path, (long long)nearest, text.failed ? "" : text.data);
        buffer_free(&text);
    }
    arena_destroy(a);
    return status;
}

static ash_status insert_objectives(db *d, const db_run *run, ash_error *err)
{
    const char *name = run->objectives ? run->objectives : "",
               *reference = run->reference ? run->reference : "";
    for (int position = 0; *name; position++) {
        char objective[128], number[64];
        double value = NAN;
        size_t n = strcspn(name, ","), r = strcspn(reference, ",");
        if (n >= sizeof(objective) || n == 0)
            return ash_fail(err, ASH_INVALID, "\"%s\" is no list of objectives", run->objectives);
        memcpy(objective, name, n);
        objective[n] = 0;
        if (r && r < sizeof(number)) {
            memcpy(number, reference, r);
            number[r] = 0;
            if (!text_to_real(number + strspn(number, " "), &value))
                return ash_fail(err, ASH_INVALID, "\"%s\" is no reference point", run->reference);
        }
        sqlite3_stmt *s = db_statement(d, DB_INSERT_OBJECTIVE, err);
        if (!s)
            return err->status;
        sqlite3_bind_int64(s, 1, run->id);
        sqlite3_bind_int64(s, 2, position);
        db_bind_text(s, 3, objective + strspn(objective, " "));
        sqlite3_bind_double(s, 4, value);
        ash_status status = db_run_statement(d, s, "store the objectives", err);
        if (status != ASH_OK)
            return status;
        name += n + (name[n] == ',');
        reference += r + (reference[r] == ',');
    }
    return ASH_OK;
}

static ash_status insert_run(db *d, db_run *run, ash_error *err)
{
    sqlite3_stmt *s = db_statement(d, DB_INSERT_RUN, err);
    if (!s)
        return err->status;
    char now[32];
    db_utc_now(now);
    db_bind_text(s, 1, run->name);
    sqlite3_bind_blob(s, 2, run->identity.b, sizeof(run->identity.b), SQLITE_STATIC);
    db_bind_text(s, 3, run->settings);
    db_bind_text(s, 4, run->config);
    db_bind_text(s, 5, run->config_path);
    sqlite3_bind_int64(s, 6, (int64_t)run->seed);
    db_bind_text(s, 7, run->objectives);
    db_bind_text(s, 8, run->reference);
    db_bind_text(s, 9, run->kernel_level);
    db_bind_text(s, 10, run->data_name);
    db_bind_text(s, 11, run->data_json);
    db_bind_text(s, 12, run->data_hash);
    db_bind_text(s, 13, run->space_text);
    db_bind_text(s, 14, now);
    ash_status status = db_run_statement(d, s, "store the run", err);
    sqlite3_clear_bindings(s);
    run->id = sqlite3_last_insert_rowid(d->handle);
    return status == ASH_OK ? insert_objectives(d, run, err) : status;
}

/* A statement about a run and one text. */
static ash_status update_run(db *d, db_sql statement, int64_t run, const char *text, ash_error *err)
{
    sqlite3_stmt *s = db_statement(d, statement, err);
    if (!s)
        return err->status;
    sqlite3_bind_int64(s, 1, run);
    db_bind_text(s, 2, text);
    ash_status status = db_run_statement(d, s, "store the run's state", err);
    sqlite3_clear_bindings(s);
    return status;
}

/* First column of the first row; 0 when there is none. */
static ash_status first_integer(db *d, sqlite3_stmt *s, int64_t *out, ash_error *err)
{
    int rc = sqlite3_step(s);
    *out = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    ash_status status = rc == SQLITE_ROW || rc == SQLITE_DONE ? ASH_OK : db_fail(d, err, "read the runs");
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return status;
}

ash_status db_run_begin(db *d, db_run *run, bool new_run, bool *resumed, ash_error *err)
{
    sqlite3_stmt *find = db_statement(d, DB_FIND_RUN, err);
    if (!find)
        return err->status;
    sqlite3_bind_blob(find, 1, run->identity.b, sizeof(run->identity.b), SQLITE_STATIC);
    int64_t latest = 0;
    ash_status status = first_integer(d, find, &run->id, err);
    sqlite3_stmt *s = status == ASH_OK ? db_statement(d, DB_LATEST_RUN, err) : NULL;
    if (!s || (status = first_integer(d, s, &latest, err)) != ASH_OK)
        return err->status;
    *resumed = run->id != 0;
    if (!*resumed && latest && !new_run)
        return refuse(d, run, err);
    if ((status = db_flush(d, err)) != ASH_OK || (status = db_begin(d, err)) != ASH_OK)
        return status; /* what is pending is another run's, and does not share this one's fate */
    status = *resumed ? update_run(d, DB_RESUME_RUN, run->id, run->config, err) : insert_run(d, run, err);
    if (status == ASH_OK)
        status = db_session_begin(d, run, err);
    if (status == ASH_OK)
        return db_flush(d, err);
    sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
    d->in_transaction = false;
    d->session = 0;
    return status;
}

ash_status db_run_end(db *d, int64_t run, const char *state, ash_error *err)
{
    ash_status status = db_begin(d, err);
    if (status != ASH_OK || (status = update_run(d, DB_SET_RUN_STATE, run, state, err)) != ASH_OK ||
        (status = db_session_end(d, state, err)) != ASH_OK)
        return status;
    return db_flush(d, err);
}

ash_status db_load_run(db *d, int64_t id, arena *a, db_run *out, ash_error *err)
{
    ash_status status = ASH_OK;
    sqlite3_stmt *s;
    bool latest = id == 0;
    *out = (db_run){0};
    if (latest) {
        if (!(s = db_statement(d, DB_LATEST_RUN, err)) || (status = first_integer(d, s, &id, err)) != ASH_OK)
            return err->status;
    }
    if (!(s = db_statement(d, DB_SELECT_RUN, err)))
        return err->status;
    sqlite3_bind_int64(s, 1, id);
    int rc = sqlite3_step(s);
    if (rc == SQLITE_DONE)
        status = latest ? ash_fail(err, ASH_INVALID, "%s has no runs yet", d->path)
                        : ash_fail(err, ASH_INVALID, "%s has no run %lld; \"ashlar query %s --runs\" lists them",
                                   d->path, (long long)id, d->path);
    else if (rc != SQLITE_ROW)
        status = db_fail(d, err, "read the run");
    if (status == ASH_OK) {
        bool ok = true;
        out->id = id;
        out->name = db_column_text(s, 0, a, &ok);
        out->identity = db_column_hash(s, 1);
        out->settings = db_column_text(s, 2, a, &ok);
        out->config = db_column_text(s, 3, a, &ok);
        out->config_path = db_column_text(s, 4, a, &ok);
        out->seed = (uint64_t)sqlite3_column_int64(s, 5);
        out->objectives = db_column_text(s, 6, a, &ok);
        out->reference = db_column_text(s, 7, a, &ok);
        out->kernel_level = db_column_text(s, 8, a, &ok);
        out->data_name = db_column_text(s, 9, a, &ok);
        out->data_json = db_column_text(s, 10, a, &ok);
        out->data_hash = db_column_text(s, 11, a, &ok);
        out->space_text = db_column_text(s, 12, a, &ok);
        if (!ok)
            status = ash_fail_memory(err);
    }
    sqlite3_reset(s);
    return status;
}

static ash_status load_ids(db *d, sqlite3_stmt *s, arena *a, void **out, size_t *n, ash_error *err)
{
    buffer ids = {0}; /* of int64_t */
    *out = NULL;
    *n = 0;
    int rc;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(s, 0);
        buffer_add(&ids, &id, sizeof(id));
    }
    ash_status status = rc == SQLITE_DONE ? ASH_OK : db_fail(d, err, "read the runs");
    if (status == ASH_OK && (ids.failed || (ids.len && !(*out = arena_memdup(a, ids.data, ids.len)))))
        status = ash_fail_memory(err);
    if (status == ASH_OK)
        *n = ids.len / sizeof(int64_t);
    sqlite3_reset(s);
    buffer_free(&ids);
    return status;
}

ash_status db_run_ids(db *d, arena *a, int64_t **out, size_t *n, ash_error *err)
{
    void *ids = NULL;
    sqlite3_stmt *s = db_statement(d, DB_RUN_IDS, err);
    ash_status status = s ? load_ids(d, s, a, &ids, n, err) : err->status;
    *out = ids;
    return status;
}

ash_status db_load_front(db *d, int64_t run, arena *a, uint64_t **out, size_t *n, ash_error *err)
{
    void *ids = NULL;
    sqlite3_stmt *s = db_statement(d, DB_SELECT_FRONT, err);
    if (!s)
        return err->status;
    sqlite3_bind_int64(s, 1, run);
    ash_status status = load_ids(d, s, a, &ids, n, err);
    *out = ids;
    return status;
}
