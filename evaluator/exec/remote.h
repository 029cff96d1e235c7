/* SPDX-License-Identifier: GPL-3.0-or-later */
/* remote.h - a program spoken to over its standard input and output: a worker, or what lists the places for workers
 *
 * It leads a process group of its own: an interrupt at the terminal is not for it, and nothing of it outlives remote_stop.
 */
#ifndef EVALUATOR_REMOTE_H
#define EVALUATOR_REMOTE_H

#include "evaluator/exec/wire.h"

#include <sys/types.h>

typedef struct remote_process {
    pid_t pid; /* 0: none */
    wire_reader from;
    wire_writer to;
} remote_process;

ash_status remote_start(remote_process *r, const char *const *command, ash_error *err);
/* Closes its input and waits; kills it at once, or when it is not gone after grace_ms. Returns its wait status. */
int remote_stop(remote_process *r, int grace_ms);

#endif
