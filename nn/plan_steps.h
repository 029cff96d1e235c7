/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan_steps.h - inside nn/plan: a network as steps, each of which makes one buffer */
#ifndef NN_PLAN_STEPS_H
#define NN_PLAN_STEPS_H

#include "nn/plan.h"

typedef struct plan_step { /* step k makes buffer k; step 0 is the image */
    int node;              /* that runs */
    int last;              /* the last node fused into it, else `node` */
    int n_in;
    int in[NN_MAX_INPUTS]; /* distinct buffers that it reads, all made by lower steps */
    int n_over;
    int over[NN_MAX_INPUTS]; /* those of them that it may write over, when they die */
    int64_t elements;
    int bits;        /* of an element */
    int64_t bytes;
    int64_t align;   /* bytes, a power of two */
    uint64_t *users; /* set of the steps that read it */
} plan_step;

typedef struct plan_steps {
    int n, words; /* words: 64-bit words in a set of steps */
    plan_step *v;
    int output;
} plan_steps;

static inline bool plan_has(const uint64_t *set, int i)
{
    return set[i / 64] >> (i % 64) & 1;
}

static inline void plan_put(uint64_t *set, int i)
{
    set[i / 64] |= UINT64_C(1) << (i % 64);
}

/* Nobody reads buffer v after step t, when `done` are the steps before t. */
bool plan_dies(const plan_steps *s, int v, int t, const uint64_t *done);
/* The buffer that step t writes over, or -1. */
int plan_over(const plan_steps *s, int t, const uint64_t *done);

/* order (n): all steps, 0 first, with the least peak of live bytes. */
ash_status plan_order(const plan_steps *s, int *order, int64_t *peak, bool *exact, arena *scratch, ash_error *err);

typedef struct plan_block { /* a piece of the arena and when it is taken */
    int64_t bytes, align, offset;
    int first, last; /* positions in the order, both included */
} plan_block;

/* Fills the offsets and returns the arena's bytes; `bound` is the sum of what is alive at once. -1: out of memory. */
int64_t plan_place(plan_block *blocks, int n, int64_t bound, arena *scratch);

#endif
