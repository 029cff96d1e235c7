/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status.h - how a function says that it failed
 *
 * Three kinds of trouble, three answers. A bug: assert. A broken world or a wrong input: a status, which is
 * also the exit status of the program, and one sentence in an ash_error that the caller owns (thread-locals get
 * lost in OpenMP). A bad candidate network is neither: it is a trial with a status (trial.h).
 *
 * A function that can fail returns ash_status and takes `ash_error *err` last; err may not be NULL.
 */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include "include/ashlar.h" /* ash_status, ash_error: the two types that the public header shares with the house */

/* Write the message and return `status`, so that failing is one line: return ash_fail(err, ...). */
ash_status ash_fail(ash_error *err, ash_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "out of memory", ASH_BROKEN. */
ash_status ash_fail_memory(ash_error *err);

/* Put "context: " before the message that err already holds; returns err->status. */
ash_status ash_prefix(ash_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
