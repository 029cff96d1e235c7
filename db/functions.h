/* SPDX-License-Identifier: GPL-3.0-or-later */
/* functions.h - the SQL functions, on any connection: db_open_* and the loadable extension call it. SQLITE_OK
 * or an error code. */
#ifndef DB_FUNCTIONS_H
#define DB_FUNCTIONS_H

int db_functions_create(sqlite3 *handle);

#endif
