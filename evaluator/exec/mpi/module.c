/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module.c - see module.h; compiled once for each MPI that is found, never into the program */
#include "evaluator/exec/mpi/module.h"

#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct sent {
    struct sent *next;
    MPI_Request request;
    char bytes[];
} sent;
static sent *on_the_way;

static void forget_what_arrived(void)
{
    for (sent **at = &on_the_way; *at;) {
        sent *s = *at;
        int arrived = 0;
        if (MPI_Test(&s->request, &arrived, MPI_STATUS_IGNORE) == MPI_SUCCESS && !arrived) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        free(s);
    }
}

static bool begin(int *rank, int *ranks)
{
    int provided;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS)
        return false;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    return MPI_Comm_rank(MPI_COMM_WORLD, rank) == MPI_SUCCESS && MPI_Comm_size(MPI_COMM_WORLD, ranks) == MPI_SUCCESS;
}

static bool post(int to, int kind, const void *bytes, size_t n)
{
    sent *s = n <= INT_MAX ? malloc(sizeof(*s) + n) : NULL;
    if (!s)
        return false;
    if (n)
        memcpy(s->bytes, bytes, n);
    forget_what_arrived();
    if (MPI_Isend(s->bytes, (int)n, MPI_BYTE, to, kind, MPI_COMM_WORLD, &s->request) != MPI_SUCCESS) {
        free(s);
        return false;
    }
    s->next = on_the_way;
    on_the_way = s;
    return true;
}

static bool probe(int *from, int *kind, size_t *n)
{
    int there = 0, count = 0;
    MPI_Status status;
    if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status) != MPI_SUCCESS || !there)
        return false;
    MPI_Get_count(&status, MPI_BYTE, &count);
    *from = status.MPI_SOURCE;
    *kind = status.MPI_TAG;
    *n = count > 0 ? (size_t)count : 0;
    return true;
}

static bool receive(int from, int kind, void *bytes, size_t n)
{
    return MPI_Recv(bytes, (int)n, MPI_BYTE, from, kind, MPI_COMM_WORLD, MPI_STATUS_IGNORE) == MPI_SUCCESS;
}

static void flush(double most_s)
{
    double until_s = MPI_Wtime() + most_s;
    for (forget_what_arrived(); on_the_way && MPI_Wtime() < until_s; forget_what_arrived())
        usleep(100);
}

static void end(void)
{
    flush(5);
    MPI_Finalize();
}

extern const mpi_calls ashlar_mpi_calls;
__attribute__((visibility("default"))) const mpi_calls ashlar_mpi_calls = {begin, post, probe, receive, flush, end};
