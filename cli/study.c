/* SPDX-License-Identifier: GPL-3.0-or-later */
/* study.c - see study.h */
#include "cli/study.h"
#include "core/text.h"
#include <ctype.h>
#include <math.h>
#include <string.h>

ash_status study_open(study *s, const char *path, int64_t run, bool needs_run, ash_error *err)
{
    *s = (study){.a = arena_create()};
    if (!s->a)
        return ash_fail_memory(err);
    ash_status status = db_open_reader(path, &s->d, err);
    if (status != ASH_OK || !needs_run)
        return status;
    return db_load_run(s->d, run, s->a, &s->run, err);
}

void study_close(study *s)
{
    db_close(s->d);
    arena_destroy(s->a);
}

static ash_status broken(study *s, ash_error *err)
{
    return ash_fail(err, ASH_BROKEN, "%s: cannot read it: %s", db_path(s->d), sqlite3_errmsg(db_handle(s->d)));
}

/* First column of the rows of a query about the run. */
static ash_status read_names(study *s, const char *sql, const char ***names, size_t *n, ash_error *err)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(db_handle(s->d), sql, -1, &q, NULL) != SQLITE_OK)
        return broken(s, err);
    sqlite3_bind_int64(q, 1, s->run.id);
    buffer list = {0};
    int rc;
    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(q, 0), *copy = arena_strdup(s->a, text ? text : "");
        list.failed |= !copy;
        buffer_add(&list, &copy, sizeof(copy));
    }
    ash_status status = rc == SQLITE_DONE ? ASH_OK : broken(s, err);
    sqlite3_finalize(q);
    if (status == ASH_OK && (list.failed || (list.len && !(*names = arena_memdup(s->a, list.data, list.len)))))
        status = ash_fail_memory(err);
    *n = status == ASH_OK ? list.len / sizeof(char *) : 0;
    buffer_free(&list);
    return status;
}

static ash_status load_columns(study *s, ash_error *err)
{
    if (s->columns)
        return ASH_OK;
    return read_names(s,
                      "SELECT name FROM pragma_table_info('results') UNION ALL SELECT metric FROM (SELECT metric FROM metrics WHERE "
                      "run = ?1 UNION SELECT metric FROM annotations WHERE run = ?1 ORDER BY metric) WHERE metric NOT IN "
                      "(SELECT name FROM pragma_table_info('results'))",
                      &s->columns, &s->n_columns, err);
}

char *study_source(study *s)
{
    ash_error err;
    if (load_columns(s, &err) != ASH_OK)
        return NULL;
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "(SELECT r.*");
    for (size_t i = 0; i < s->n_columns; i++) {
        const char *name = s->columns[i];
        if (sqlite3_table_column_metadata(db_handle(s->d), NULL, "results", name, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK)
            continue;
        sqlite3_str_appendf(sql,
                            ", coalesce((SELECT value FROM annotations x WHERE x.run = r.run AND x.trial = r.trial AND x.metric = %Q), "
                            "(SELECT value FROM metrics x WHERE x.run = r.run AND x.trial = r.trial AND x.metric = %Q)) AS \"%w\"",
                            name, name, name);
    }
    sqlite3_str_appendf(sql, " FROM results r WHERE r.run = %lld)", (long long)s->run.id);
    char *text = sqlite3_str_finish(sql), *out = text ? arena_strdup(s->a, text) : NULL;
    sqlite3_free(text);
    return out;
}

const char *study_column(study *s, const char *name, ash_error *err)
{
    if (load_columns(s, err) != ASH_OK)
        return NULL;
    for (size_t i = 0; i < s->n_columns; i++) {
        if (strcmp(s->columns[i], name) == 0) {
            char *quoted = sqlite3_mprintf("\"%w\"", name), *out = quoted ? arena_strdup(s->a, quoted) : NULL;
            sqlite3_free(quoted);
            if (!out)
                ash_fail_memory(err);
            return out;
        }
    }
    const char *near = text_nearest(name, s->columns, s->n_columns);
    if (near)
        ash_fail(err, ASH_INVALID, "there is no metric or column \"%s\"; did you mean \"%s\"?", name, near);
    else
        ash_fail(err, ASH_INVALID, "there is no metric or column \"%s\"; \"ashlar query %s --columns help\" lists them", name,
                 db_path(s->d));
    return NULL;
}

ash_status study_split(const char *list, arena *a, const char ***out, size_t *n, ash_error *err)
{
    size_t count = 1, used = 0;
    for (const char *p = list; *p; p++)
        count += *p == ',';
    const char **names = ARENA_NEW(a, const char *, count);
    if (!names)
        return ash_fail_memory(err);
    for (const char *p = list; used < count; used++) {
        size_t length = strcspn(p, ","), first = 0, end = length;
        while (first < end && isspace((unsigned char)p[first]))
            first++;
        while (end > first && isspace((unsigned char)p[end - 1]))
            end--;
        if (first == end)
            return ash_fail(err, ASH_INVALID, "\"%s\" has an empty name in it", list);
        if (!(names[used] = arena_strndup(a, p + first, end - first)))
            return ash_fail_memory(err);
        p += length + 1;
    }
    *out = names;
    *n = used;
    return ASH_OK;
}

/* ---- reading only ---- */

static int authorize(void *unused, int action, const char *first, const char *second, const char *database, const char *trigger)
{
    static const char *const pragmas[] = {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "foreign_key_list",
                                          "integrity_check", "quick_check", "compile_options", "function_list"};
    (void)unused, (void)database, (void)trigger;
    if (action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE)
        return SQLITE_OK;
    if (action == SQLITE_UPDATE && first && strcmp(first, "sqlite_master") == 0)
        return SQLITE_OK; /* asked when json_each and the like are declared; a real one is refused elsewhere */
    if (action == SQLITE_FUNCTION)
        return second && sqlite3_stricmp(second, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    if (action == SQLITE_PRAGMA) {
        for (size_t i = 0; i < sizeof(pragmas) / sizeof(*pragmas); i++)
            if (first && sqlite3_stricmp(first, pragmas[i]) == 0)
                return SQLITE_OK;
        if (first && !second && (sqlite3_stricmp(first, "user_version") == 0 || sqlite3_stricmp(first, "journal_mode") == 0))
            return SQLITE_OK;
    }
    return SQLITE_DENY;
}

void study_read_only(db *d)
{
    sqlite3_set_authorizer(db_handle(d), authorize, NULL);
}

/* SQLite's words for what the user wrote, with a hint where one helps. */
static ash_status refuse_sql(study *s, const char *sql, ash_error *err)
{
    sqlite3 *h = db_handle(s->d);
    const char *said = sqlite3_errmsg(h);
    int code = sqlite3_errcode(h) & 0xff;
    if (code == SQLITE_AUTH)
        return ash_fail(err, ASH_INVALID, "query only reads: a study is changed by runs alone (%s)", said);
    if (code != SQLITE_ERROR && code != SQLITE_TOOBIG && code != SQLITE_RANGE && code != SQLITE_MISMATCH)
        return broken(s, err);
    static const char missing[] = "no such column: ";
    const char *near = NULL;
    if (strncmp(said, missing, sizeof(missing) - 1) == 0) {
        char name[128];
        snprintf(name, sizeof name, "%s", said + sizeof(missing) - 1 + (said[sizeof(missing) - 1] == '"'));
        name[strcspn(name, "\"")] = '\0';
        char *quoted = sqlite3_mprintf("\"%s\"", name);
        if (quoted && strstr(sql, quoted))
            ash_fail(err, ASH_INVALID, "SQL: %s; a text is written in single quotes: '%s'", said, name);
        else if (load_columns(s, err) == ASH_OK && (near = text_nearest(name, s->columns, s->n_columns)) != NULL)
            ash_fail(err, ASH_INVALID, "SQL: %s; did you mean %s?", said, near);
        else
            ash_fail(err, ASH_INVALID, "SQL: %s", said);
        sqlite3_free(quoted);
        return ASH_INVALID;
    }
    return ash_fail(err, ASH_INVALID, "SQL: %s", said);
}

static bool blank(const char *text)
{
    while (*text) {
        if (strncmp(text, "--", 2) == 0)
            text += strcspn(text, "\n");
        else if (isspace((unsigned char)*text) || *text == ';')
            text++;
        else
            return false;
    }
    return true;
}

ash_status study_prepare(study *s, const char *sql, sqlite3_stmt **out, ash_error *err)
{
    const char *rest = "";
    *out = NULL;
    if (sqlite3_prepare_v2(db_handle(s->d), sql, -1, out, &rest) != SQLITE_OK)
        return refuse_sql(s, sql, err);
    if ((sqlite3_strlike("%pareto_rank%", sql, 0) == 0 || sqlite3_strlike("%is_dominated%", sql, 0) == 0) &&
        sqlite3_strlike("%unbounded%following%", sql, 0) != 0) { /* OVER () would answer the first row for all */
        sqlite3_finalize(*out);
        *out = NULL;
        return ash_fail(err, ASH_INVALID,
                        "SQL: pareto_rank and is_dominated need OVER (ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)");
    }
    if (!*out)
        return ash_fail(err, ASH_INVALID, "SQL: there is no statement in \"%s\"", sql);
    ash_status status = ASH_OK;
    if (!blank(rest))
        status = ash_fail(err, ASH_INVALID, "SQL: one statement at a time; there is more: \"%.60s\"", rest);
    else if (sqlite3_column_count(*out) == 0 || !sqlite3_stmt_readonly(*out))
        status = ash_fail(err, ASH_INVALID, "query only reads: \"%.60s\" gives no rows", sql);
    if (status != ASH_OK) {
        sqlite3_finalize(*out);
        *out = NULL;
    }
    return status;
}

/* ---- statements to tables ---- */

static bool names_a_row(const char *name)
{
    static const char *const ids[] = {"run", "trial", "original", "parent", "ancestor", "seed", "session", "pid", "epoch", "position"};
    for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
        if (strcmp(name, ids[i]) == 0)
            return true;
    return false;
}

static const char *real_format(const char *name)
{
    size_t n = strlen(name);
    if (n >= 5 && strcmp(name + n - 5, "error") == 0)
        return "%.4f";
    return "%.6g";
}

static void put_real(table *t, const char *name, double value)
{
    if (value == floor(value) && fabs(value) < 9e15 && fabs(value) >= 10000)
        table_integer(t, (int64_t)value);
    else
        table_number(t, value, fabs(value) >= 1e5 && fabs(value) < 9e15 ? "%.1f" : real_format(name));
}

static bool put_blob(table *t, const uint8_t *bytes, size_t n)
{
    buffer hex = {0};
    for (size_t i = 0; i < n; i++)
        buffer_printf(&hex, "%02x", bytes[i]);
    table_text(t, hex.len ? hex.data : "");
    bool ok = !hex.failed;
    buffer_free(&hex);
    return ok;
}

static bool put_cell(table *t, sqlite3_stmt *q, int k)
{
    const char *name = sqlite3_column_name(q, k);
    switch (sqlite3_column_type(q, k)) {
    case SQLITE_INTEGER:
        if (names_a_row(name))
            table_id(t, sqlite3_column_int64(q, k));
        else
            table_integer(t, sqlite3_column_int64(q, k));
        return true;
    case SQLITE_FLOAT:
        put_real(t, name, sqlite3_column_double(q, k));
        return true;
    case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_column_text(q, k);
        table_text(t, text);
        return text != NULL;
    }
    case SQLITE_BLOB:
        return put_blob(t, sqlite3_column_blob(q, k), (size_t)sqlite3_column_bytes(q, k));
    default:
        table_text(t, NULL);
        return true;
    }
}

/* A JSON object has one value per name: the second "n" is "n_2". */
static ash_status put_headings(study *s, sqlite3_stmt *q, table *t, ash_error *err)
{
    int n = sqlite3_column_count(q);
    const char **names = ARENA_NEW(s->a, const char *, (size_t)n);
    for (int i = 0; names && i < n; i++) {
        const char *base = sqlite3_column_name(q, i);
        names[i] = base ? arena_strdup(s->a, base) : NULL;
        for (int j = 0, copy = 1; names[i] && j < i; j++)
            if (strcmp(names[i], names[j]) == 0) {
                names[i] = arena_printf(s->a, "%s_%d", base, ++copy);
                j = -1;
            }
        if (!names[i])
            return ash_fail_memory(err);
        table_column(t, names[i], TABLE_AUTO);
    }
    return names ? ASH_OK : ash_fail_memory(err);
}

ash_status study_table(study *s, sqlite3_stmt *q, table *t, ash_error *err)
{
    ash_status status = put_headings(s, q, t, err);
    int rc = SQLITE_DONE;
    while (status == ASH_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        table_row(t);
        for (int k = 0; status == ASH_OK && k < sqlite3_column_count(q); k++)
            if (!put_cell(t, q, k))
                status = ash_fail_memory(err);
    }
    if (status == ASH_OK && rc != SQLITE_DONE)
        status = refuse_sql(s, sqlite3_sql(q), err);
    return status;
}
