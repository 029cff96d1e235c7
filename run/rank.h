/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rank.h - an MPI rank other than 0: opens the run that rank 0 tells it, and evaluates until it is told to end */
#ifndef RUN_RANK_H
#define RUN_RANK_H

#include "core/status.h"

/* After mpi_begin. Does not return when rank 0 is lost: the process ends, since MPI would wait for it. */
ash_status rank_work(ash_error *err);

#endif
