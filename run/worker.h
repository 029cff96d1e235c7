/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker.h - how a worker process comes to work for the same run as its controller
 *
 * The controller sends its orders: the run file with overrides, kernel level, identity. The worker opens a session from them, and refuses when
 * that is another run than the controller's: another program version, other data, a kernel level that it lacks.
 */
#ifndef RUN_WORKER_H
#define RUN_WORKER_H

#include "run/session.h"
#include "db/db.h"

/* JSON, in `a`; NULL: out of memory. `row`: the run as the database holds it. */
const char *worker_orders(const db_run *row, const execution_settings *execution, arena *a);

/* session_close after it, whether it fails or not; `keep` as in session_open. */
ash_status worker_open(const char *orders, size_t n, session *s, int64_t *memory_cap,
                       void (*keep)(void *ctx, uint64_t trial_id, const void *bytes, size_t n), void *keep_ctx, ash_error *err);

#endif
