/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rank.c - see rank.h */
#include "run/rank.h"
#include "core/log.h"
#include "evaluator/exec/mpi.h"
#include "run/worker.h"
#include <signal.h>
#include <unistd.h>

ash_status rank_work(ash_error *err)
{
    session s = {0};
    char *text;
    size_t n;
    int64_t memory_cap; /* a rank trains in its own process, which MPI's library shares */
    arena *a = arena_create();
    signal(SIGINT, SIG_IGN); /* mpirun passes signals on to all; rank 0 decides */
    signal(SIGTERM, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    ash_status status = a ? mpi_orders(a, &text, &n, err) : ash_fail_memory(err);
    if (status == ASH_OK && (status = worker_open(text, n, &s, &memory_cap, mpi_keep, NULL, err)) != ASH_OK)
        mpi_refuse(err);
    if (status == ASH_OK && (status = mpi_serve(s.type, s.evaluator, err)) != ASH_OK) {
        log_error("%s", err->text);
        _exit(ASH_BROKEN);
    }
    session_close(&s);
    arena_destroy(a);
    mpi_end();
    return status;
}
