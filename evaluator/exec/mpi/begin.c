/* SPDX-License-Identifier: GPL-3.0-or-later */
/* begin.c - which MPI started this program, and its module */
#include "evaluator/exec/mpi/private.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const mpi_calls *calls;
static int ranks;

const mpi_calls *mpi_module(void)
{
    return calls;
}

int mpi_ranks(void)
{
    return ranks;
}

/* By the variables that mpirun and srun set. */
static const char *started_by(void)
{
    static const char *const openmpi[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK"}, *const mpich[] = {"PMI_RANK", "PMI_FD"};
    for (size_t i = 0; i < 2; i++)
        if (getenv(openmpi[i]))
            return "openmpi";
    for (size_t i = 0; i < 2; i++)
        if (getenv(mpich[i]))
            return "mpich";
    return NULL;
}

/* Beside the program, as in a build tree, or where modules are installed. */
static void *load(const char *name)
{
    char self[4096] = "", path[8192];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash = n > 0 ? strrchr(self, '/') : NULL;
    if (slash)
        *slash = '\0';
    const char *const folders[] = {self, ASHLAR_MODULES};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/ashlar-mpi-%s.so", folders[i], name);
        void *module = access(path, R_OK) == 0 ? dlopen(path, RTLD_NOW | RTLD_GLOBAL) : NULL; /* an MPI's own plugins look for its symbols */
        if (module)
            return module;
    }
    return NULL;
}

ash_status mpi_begin(int *rank, ash_error *err)
{
    const char *name = started_by();
    if (!name)
        return ash_fail(err, ASH_INVALID, "executor mpi needs an MPI to start it: mpirun -n 3 ashlar run CONFIG --executor mpi");
    void *module = load(name);
    calls = module ? dlsym(module, MPI_MODULE_CALLS) : NULL;
    if (!calls)
        return ash_fail(err, ASH_INVALID, "this ashlar has no module for %s (ashlar-mpi-%s.so): it was built without that MPI",
                        strcmp(name, "mpich") == 0 ? "MPICH" : "Open MPI", name);
    if (!calls->begin(rank, &ranks))
        return ash_fail(err, ASH_BROKEN, "MPI cannot be started");
    return ASH_OK;
}

char *mpi_take(int from, int kind, size_t n, arena *a)
{
    char *bytes = arena_alloc(a, n + 1);
    if (!bytes || !calls->receive(from, kind, bytes, n))
        return NULL;
    bytes[n] = '\0';
    return bytes;
}

bool mpi_send_numbered(int to, mpi_kind kind, const uint64_t *numbers, size_t n_numbers, const void *bytes, size_t n)
{
    buffer b = {0};
    buffer_add(&b, (const char *)numbers, n_numbers * sizeof(*numbers));
    buffer_add(&b, bytes, n);
    bool ok = !b.failed && calls->send(to, (int)kind, b.data, b.len);
    buffer_free(&b);
    return ok;
}

bool mpi_number(char **bytes, size_t *n, uint64_t *out)
{
    if (*n < sizeof(*out))
        return false;
    memcpy(out, *bytes, sizeof(*out));
    *bytes += sizeof(*out);
    *n -= sizeof(*out);
    return true;
}

void mpi_rest(unsigned *idle)
{
    unsigned us = *idle < 100 ? 10 : *idle < 1000 ? 100 : 1000;
    (*idle)++;
    nanosleep(&(struct timespec){.tv_nsec = 1000L * us}, NULL);
}
