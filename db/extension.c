/* SPDX-License-Identifier: GPL-3.0-or-later */
/* extension.c - Ashlar's SQL functions in any sqlite3 shell
 *
 *     sqlite3 study.db
 *     sqlite> .load ./ashlar_sqlite
 *     sqlite> SELECT hypervolume(error, macs, 1.0, 100000) FROM results;
 */
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1
#include "db/functions.h"

/* The name that SQLite derives from the file's. */
__attribute__((visibility("default"))) int sqlite3_ashlarsqlite_init(sqlite3 *handle, char **message, const sqlite3_api_routines *api);
int sqlite3_ashlarsqlite_init(sqlite3 *handle, char **message, const sqlite3_api_routines *api)
{
    (void)message;
    SQLITE_EXTENSION_INIT2(api);
    return db_functions_create(handle);
}
