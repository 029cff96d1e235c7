/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan_place.c - offsets for blocks with lifetimes (dynamic storage allocation)
 *
 * First fit in a given order: each block goes to the lowest offset that is free over its whole lifetime. Several orders
 * are tried. When the best is still above the bound, the block that sticks out of it is moved to the front of its order and
 * the fit repeated, a fixed number of times. */
#include "nn/plan_steps.h"
#include <stdlib.h>
#include <string.h>

#define REPAIRS 64

typedef struct key {
    int64_t primary, secondary;
    int index;
} key;

static int by_key(const void *x, const void *y) /* the larger first */
{
    const key *a = x, *b = y;
    if (a->primary != b->primary)
        return a->primary > b->primary ? -1 : 1;
    if (a->secondary != b->secondary)
        return a->secondary > b->secondary ? -1 : 1;
    return a->index - b->index;
}

static bool overlap(const plan_block *a, const plan_block *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset at which `b` meets none of the blocks placed before it; sorted: their indices by offset. */
static int64_t lowest_offset(const plan_block *blocks, const plan_block *b, const int *sorted, int n)
{
    int64_t at = 0;
    for (int i = 0; i < n; i++) {
        const plan_block *o = &blocks[sorted[i]];
        if (!overlap(o, b))
            continue;
        if (at + b->bytes <= o->offset)
            break;
        if (o->offset + o->bytes > at)
            at = (o->offset + o->bytes + b->align - 1) / b->align * b->align;
    }
    return at;
}

/* Place all in this order; returns the arena's bytes and the block that reaches its end. */
static int64_t first_fit(plan_block *blocks, const int *order, int n, int *sorted, int *highest)
{
    int64_t end = 0;
    *highest = order[0];
    for (int k = 0; k < n; k++) {
        plan_block *b = &blocks[order[k]];
        b->offset = lowest_offset(blocks, b, sorted, k);
        int at = k;
        while (at > 0 && blocks[sorted[at - 1]].offset > b->offset) {
            sorted[at] = sorted[at - 1];
            at--;
        }
        sorted[at] = order[k];
        if (b->offset + b->bytes > end) {
            end = b->offset + b->bytes;
            *highest = order[k];
        }
    }
    return end;
}

static key key_of(const plan_block *b, int index, int rule)
{
    int64_t span = b->last - b->first + 1;
    switch (rule) {
    case 0: return (key){b->bytes, span, index};
    case 1: return (key){b->bytes * span, b->bytes, index};
    case 2: return (key){-b->first, b->bytes, index};
    case 3: return (key){b->last, b->bytes, index};
    case 4: return (key){span, b->bytes, index};
    default: return (key){-b->first, span, index};
    }
}

static void move_to_front(int *order, int block)
{
    int at = 0;
    while (order[at] != block)
        at++;
    memmove(order + 1, order, (size_t)at * sizeof *order);
    order[0] = block;
}

int64_t plan_place(plan_block *blocks, int n, int64_t bound, arena *scratch)
{
    enum { RULES = 6 };
    int *order = ARENA_NEW(scratch, int, n + 1), *sorted = ARENA_NEW(scratch, int, n + 1);
    int64_t *best_offset = ARENA_NEW(scratch, int64_t, n + 1);
    key *keys = ARENA_NEW(scratch, key, n + 1);
    if (!order || !sorted || !best_offset || !keys)
        return -1;
    int64_t best = n ? INT64_MAX : 0;
    for (int rule = 0; rule < RULES && best > bound; rule++) {
        for (int i = 0; i < n; i++)
            keys[i] = key_of(&blocks[i], i, rule);
        qsort(keys, (size_t)n, sizeof *keys, by_key);
        for (int i = 0; i < n; i++)
            order[i] = keys[i].index;
        for (int repair = 0; repair <= REPAIRS && best > bound; repair++) {
            int highest;
            int64_t end = first_fit(blocks, order, n, sorted, &highest);
            if (end < best) {
                best = end;
                for (int i = 0; i < n; i++)
                    best_offset[i] = blocks[i].offset;
            }
            if (order[0] == highest)
                break;
            move_to_front(order, highest);
        }
    }
    for (int i = 0; i < n; i++)
        blocks[i].offset = best_offset[i];
    return best;
}
