/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module.h - the few calls of MPI that a search needs, behind a module that is loaded when mpirun starts the program
 *
 * Open MPI and MPICH have different binary interfaces, so each that is found has a module of its own, ashlar-mpi-NAME.so, and the program
 * itself depends on neither. Point-to-point only: a collective call would wait for ranks that are lost.
 */
#ifndef EVALUATOR_MPI_MODULE_H
#define EVALUATOR_MPI_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#define MPI_MODULE_CALLS "ashlar_mpi_calls" /* the module's symbol */

typedef struct mpi_calls { /* false: the library failed; whom it concerns is lost sooner or later */
    bool (*begin)(int *rank, int *ranks);
    bool (*send)(int to, int kind, const void *bytes, size_t n); /* copies; never waits */
    bool (*probe)(int *from, int *kind, size_t *n);              /* is there a message? */
    bool (*receive)(int from, int kind, void *bytes, size_t n);
    void (*flush)(double most_s); /* waits until what was sent is on its way */
    void (*end)(void);
} mpi_calls;

#endif
