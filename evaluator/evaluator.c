/* SPDX-License-Identifier: GPL-3.0-or-later */
/* evaluator.c - the registry of evaluators */
#include "evaluator/evaluator.h"
#include <string.h>

#define EVALUATOR(name) extern const evaluator_type evaluator_##name;
#include "evaluator/evaluators.def"
#undef EVALUATOR

#define EVALUATOR(name) &evaluator_##name,
static const evaluator_type *const types[] = {
#include "evaluator/evaluators.def"
};
#undef EVALUATOR

#define EVALUATOR(name) #name,
const char *const evaluator_names[] = {
#include "evaluator/evaluators.def"
    NULL};
#undef EVALUATOR

const evaluator_type *evaluator_at(size_t i)
{
    return i < sizeof(types) / sizeof(types[0]) ? types[i] : NULL;
}

const evaluator_type *evaluator_find(const char *name)
{
    for (size_t i = 0; evaluator_at(i); i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    return NULL;
}
