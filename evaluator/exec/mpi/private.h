/* SPDX-License-Identifier: GPL-3.0-or-later */
/* private.h - what both sides of executor mpi share: the module and the kinds of messages */
#ifndef EVALUATOR_MPI_PRIVATE_H
#define EVALUATOR_MPI_PRIVATE_H

#include "core/buffer.h"
#include "evaluator/exec/mpi.h"
#include "evaluator/exec/mpi/module.h"

typedef enum mpi_kind { /* tags */
    MPI_KIND_ORDERS = 1, /* 0 to rank: milliseconds between heartbeats, then the run's text */
    MPI_KIND_READY,
    MPI_KIND_REFUSE,     /* status, sentence */
    MPI_KIND_TRIAL,      /* 0 to rank: a trial's message */
    MPI_KIND_RESULT,
    MPI_KIND_BROKEN,     /* id, status, sentence */
    MPI_KIND_WANT,       /* 0 to rank: id of a result whose weights are wanted */
    MPI_KIND_FORGET,     /* 0 to rank: id */
    MPI_KIND_WEIGHTS,    /* id, bytes */
    MPI_KIND_BEAT,       /* both ways */
    MPI_KIND_END,        /* 0 to rank */
} mpi_kind;

const mpi_calls *mpi_module(void); /* after mpi_begin; NULL: none */
int mpi_ranks(void);
/* The message that probe announced; in `a`, with a NUL behind it. NULL: it could not be received. */
char *mpi_take(int from, int kind, size_t n, arena *a);
/* Numbers in front of a message are 8 bytes. */
bool mpi_send_numbered(int to, mpi_kind kind, const uint64_t *numbers, size_t n_numbers, const void *bytes, size_t n);
bool mpi_number(char **bytes, size_t *n, uint64_t *out);
/* Sleeps longer the longer nothing comes: a waiting rank must not burn a core. *idle is 0 after each message. */
void mpi_rest(unsigned *idle);

#endif
