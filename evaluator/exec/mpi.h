/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mpi.h - the ranks of an MPI job: rank 0 searches, the others evaluate, each one trial at a time in its own process */
#ifndef EVALUATOR_MPI_H
#define EVALUATOR_MPI_H

#include "core/arena.h"
#include "evaluator/evaluator.h"

/* Joins the MPI that started this program; ASH_INVALID when none did, or there is no module for it. Once per process. */
ash_status mpi_begin(int *rank, ash_error *err);

/* What follows is for ranks other than 0. */
/* Waits for what rank 0 says of the run (executor_remote.run), in `a`. */
ash_status mpi_orders(arena *a, char **text, size_t *n, ash_error *err);
void mpi_refuse(const ash_error *why); /* this rank cannot work for the run */
/* evaluator_context.keep_weights */
void mpi_keep(void *ctx, uint64_t trial_id, const void *bytes, size_t n);
/* Evaluates until rank 0 ends it, or is silent for too long (ASH_BROKEN: leave by _exit, MPI would wait for it). */
ash_status mpi_serve(const evaluator_type *type, void *evaluator, ash_error *err);
void mpi_end(void);

#endif
