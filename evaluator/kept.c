/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kept.c - see kept.h */
#include "evaluator/kept.h"

#include <stdlib.h>
#include <string.h>

bool kept_put(kept_weights **list, uint64_t trial, const void *bytes, size_t n)
{
    kept_weights *k = malloc(sizeof(*k) + n);
    if (!k)
        return false;
    k->next = *list;
    k->trial = trial;
    k->n = n;
    memcpy(k->bytes, bytes, n);
    *list = k;
    return true;
}

kept_weights *kept_take(kept_weights **list, uint64_t trial)
{
    while (*list && (*list)->trial != trial)
        list = &(*list)->next;
    kept_weights *found = *list;
    if (found)
        *list = found->next;
    return found;
}

void kept_free(kept_weights **list)
{
    while (*list) {
        kept_weights *next = (*list)->next;
        free(*list);
        *list = next;
    }
}
