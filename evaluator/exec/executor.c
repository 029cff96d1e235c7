/* SPDX-License-Identifier: GPL-3.0-or-later */
/* executor.c - the registry of executors */
#include "evaluator/exec/executor.h"

#include <string.h>

#define EXECUTOR(name) extern const executor_type executor_##name;
#include "evaluator/exec/executors.def"
#undef EXECUTOR

static const executor_type *const types[] = {
#define EXECUTOR(name) &executor_##name,
#include "evaluator/exec/executors.def"
#undef EXECUTOR
};

const char *const executor_names[] = {
#define EXECUTOR(name) #name,
#include "evaluator/exec/executors.def"
#undef EXECUTOR
    NULL,
};

const executor_type *executor_at(size_t i)
{
    return i < sizeof(types) / sizeof(types[0]) ? types[i] : NULL;
}

const executor_type *executor_find(const char *name)
{
    for (size_t i = 0; executor_at(i); i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    return NULL;
}

void executor_show(const executor_job *job, uint64_t *told)
{
    controller_progress p = controller_status(job->controller);
    if (p.told == *told)
        return;
    *told = p.told;
    if (job->progress)
        job->progress(job->ctx, &p);
}
