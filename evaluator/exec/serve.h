/* SPDX-License-Identifier: GPL-3.0-or-later */
/* serve.h - the worker's side: evaluate the trials that a controller sends, in processes of their own
 *
 * The parent is single-threaded and forks one single-threaded trainer per slot. It reads messages, hands trials to idle trainers and
 * passes results on; it never evaluates. A trainer that dies, by a crash or because memory was refused, costs one attempt: the
 * parent says so and forks another. Weights stay with the parent until the controller wants or forgets them.
 * docs/worker-protocol.md has the messages.
 */
#ifndef EVALUATOR_SERVE_H
#define EVALUATOR_SERVE_H

#include "evaluator/evaluator.h"
#include "evaluator/exec/wire.h"

typedef struct server server;

/* `in`, `out`: the connection, whose greeting is over. alive: a file that is touched at each ping; NULL: none. memory_cap: bytes of address space that a trainer may add to what the parent
 * has; 0: no limit. silence_s: give up when the controller has not been heard for so long; 0: never. */
typedef struct serve_settings {
    wire_reader *in;
    wire_writer *out;
    int slots;
    int64_t memory_cap;
    double silence_s;
    const char *alive;
    const evaluator_type *type;
    void *evaluator;
} serve_settings;

server *serve_create(void); /* NULL: out of memory. Before the evaluator, whose context keeps weights with: */
void serve_keep(void *srv, uint64_t id, const void *bytes, size_t n);
/* Until the controller ends it or goes away (both ASH_OK). Leaves no trainer behind. */
ash_status serve_run(server *srv, const serve_settings *settings, ash_error *err);
void serve_destroy(server *srv);

#endif
