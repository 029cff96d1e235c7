/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire.h - lines between a controller and its workers
 *
 * A message is one line: a verb and words behind it, separated by single spaces. Bytes (a trial's compact message, weights, a
 * sentence) travel as base64 (RFC 4648), so that a message is a line whatever it holds and passes through pipes, ssh and srun.
 * docs/worker-protocol.md lists the verbs. Both ends are non-blocking: a reader gives whole lines as they become complete, a
 * writer keeps what the other end does not take yet.
 */
#ifndef EVALUATOR_WIRE_H
#define EVALUATOR_WIRE_H

#include "core/arena.h"
#include "core/buffer.h"
#include "core/trial.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_VERSION 2
#define WIRE_MAX_LINE ((size_t)512 << 20) /* a longer line is garbage, or weights that no worker of ours has */

typedef struct wire_reader {
    int fd;
    buffer in;
    size_t taken, scanned; /* bytes given out as lines; bytes known to hold no newline */
    bool ended, broken;    /* end of input; a line too long, out of memory, or a read error */
} wire_reader;

void wire_unblock(int fd); /* O_NONBLOCK */
/* Reads what is there; call when poll says so. */
void wire_read(wire_reader *r);
/* The next complete line without its newline, NUL-terminated, valid until the next wire_read; NULL: none yet. */
char *wire_line(wire_reader *r);
void wire_reader_free(wire_reader *r);

typedef struct wire_writer {
    int fd;
    buffer out;
    size_t sent;
    bool broken; /* nobody reads any more */
} wire_writer;

void wire_word(wire_writer *w, const char *word); /* words of one message, then wire_end */
void wire_number(wire_writer *w, uint64_t value);
void wire_bytes(wire_writer *w, const void *bytes, size_t n);
void wire_trial(wire_writer *w, const trial *t);
void wire_end(wire_writer *w); /* ends the line and writes what the other end takes at once */
void wire_flush(wire_writer *w);
bool wire_pending(const wire_writer *w);
void wire_writer_free(wire_writer *w);

/* Taking a line apart: the next word, "" at its end; *rest moves on. */
char *wire_next(char **rest);
bool wire_get_number(char **rest, uint64_t *out);
/* False: not base64, or out of memory. *bytes has a NUL behind it. */
bool wire_get_bytes(char **rest, arena *a, char **bytes, size_t *n);
ash_status wire_get_trial(char **rest, arena *a, trial **out, ash_error *err);

#endif
