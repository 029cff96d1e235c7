/* SPDX-License-Identifier: GPL-3.0-or-later */
/* process.h - another program, run once: input on its standard input, answer on its standard output, under limits
 *
 * The program leads a process group of its own, so an interrupt at the terminal does not reach it and nothing of it outlives the call: when
 * it ends, is too late or is abandoned, the whole group is killed and the program reaped. It inherits no descriptor but 0, 1 and 2.
 * May be called by several threads at once. */
#ifndef EVALUATOR_PROCESS_H
#define EVALUATOR_PROCESS_H

#include "core/buffer.h"
#include "core/status.h"
#include <stdint.h>

typedef struct process_limits {
    double timeout_s;     /* wall clock; 0: none */
    int64_t memory_bytes; /* address space of each process (RLIMIT_AS); 0: none */
    size_t output_bytes;  /* standard output */
    bool (*stop)(void *ctx); /* polled 50 times a second; may be NULL */
    void *stop_ctx;
} process_limits;

typedef enum process_end {
    PROCESS_EXITED,    /* code: exit status */
    PROCESS_KILLED,    /* code: signal */
    PROCESS_TIMED_OUT,
    PROCESS_TOO_WORDY, /* more than output_bytes */
    PROCESS_STOPPED,
} process_end;

typedef struct process_result {
    process_end end;
    int code;
    buffer out;  /* standard output; buffer_free */
    buffer tail; /* the last lines of standard error */
} process_result;

/* Runs `argv` (NULL-terminated; argv[0] is a path) in `folder`. ASH_BROKEN when it cannot be started, *out is then empty. */
ash_status process_run(char *const *argv, const char *folder, const void *input, size_t n, const process_limits *limits,
                       process_result *out, ash_error *err);
void process_result_free(process_result *r);

#endif
