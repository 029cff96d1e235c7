/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kept.h - trained weights of a few trials, until somebody says whether they are wanted */
#ifndef EVALUATOR_KEPT_H
#define EVALUATOR_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct kept_weights { /* a list; NULL is the empty one */
    struct kept_weights *next;
    uint64_t trial;
    size_t n;
    unsigned char bytes[];
} kept_weights;

/* Copies. False: out of memory. */
bool kept_put(kept_weights **list, uint64_t trial, const void *bytes, size_t n);
/* Out of the list, for the caller to free; NULL: there are none. */
kept_weights *kept_take(kept_weights **list, uint64_t trial);
void kept_free(kept_weights **list);

#endif
