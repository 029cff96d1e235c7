/* SPDX-License-Identifier: GPL-3.0-or-later */
/* schema.c - numbered migrations
 *
 * A new database is an old one at version 0: there is one way to any version, and it is tested on every open.
 * All missing migrations run in one transaction; the views hold no data and are made again at its end.
 */
#include "db/private.h"

static bool execute(sqlite3 *h, const char *sql)
{
    return sqlite3_exec(h, sql, NULL, NULL, NULL) == SQLITE_OK;
}

ash_status db_migrate_to(sqlite3 *h, const char *path, int version, ash_error *err)
{
    if (!execute(h, "BEGIN IMMEDIATE"))
        return db_fail_on(h, path, err, "make its schema");
    sqlite3_stmt *s = NULL;
    int from = 0;
    bool ok = sqlite3_prepare_v2(h, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
              sqlite3_step(s) == SQLITE_ROW;
    if (ok)
        from = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    ok = ok && from >= 0;
    for (int n = from; ok && n < version; n++)
        ok = execute(h, db_migrations[n]);
    if (version == db_version)
        ok = ok && execute(h, db_views);
    char last[128];
    sqlite3_snprintf(sizeof(last), last, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                     DB_APPLICATION_ID, version);
    if (ok && execute(h, last))
        return ASH_OK;
    ash_status status = db_fail_on(h, path, err, "make its schema");
    if (!sqlite3_get_autocommit(h))
        execute(h, "ROLLBACK");
    return status;
}

ash_status db_check_schema(db *d, ash_error *err)
{
    static const char tables[] =
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('runs', 'objectives', "
        "'sessions', 'metric_lists', 'blocks', 'trials', 'metrics', 'parents', 'curves', "
        "'front_members', 'weights', 'annotations', 'artefacts')";
    sqlite3_stmt *s = NULL;
    bool ok =
        sqlite3_prepare_v2(d->handle, tables, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;
    if (!ok)
        db_fail(d, err, "read it");
    else if (!(ok = sqlite3_column_int(s, 0) == 13))
        ash_fail(err, ASH_BROKEN, "%s: the database is damaged: tables are missing", d->path);
    sqlite3_finalize(s);
    /* the statements are the contract with the tables: each has to fit */
    for (int i = 0; ok && i < DB_STATEMENT_COUNT; i++)
        ok = db_statement(d, (db_sql)i, err) != NULL;
    return ok ? ASH_OK : err->status;
}
