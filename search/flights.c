/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flights.c - see flights.h */
#include "search/flights.h"

ash_status flights_init(flights *s, size_t n, const space *of, arena *a, ash_error *err)
{
    s->all = ARENA_NEW(a, flight, n);
    s->free = ARENA_NEW(a, flight *, n);
    s->heap = ARENA_NEW(a, flight *, n);
    s->asked = ARENA_NEW(a, flight *, n);
    if (!s->all || !s->free || !s->heap || !s->asked)
        return ash_fail_memory(err);
    for (s->n = 0; s->n < n;) {
        flight *f = &s->all[s->n++];
        f->arena = arena_create();
        f->genome = genome_create(of, a);
        if (!f->arena || !f->genome)
            return ash_fail_memory(err);
        s->free[s->n_free++] = f;
    }
    return ASH_OK;
}

void flights_fini(flights *s)
{
    for (size_t i = 0; i < s->n; i++)
        arena_destroy(s->all[i].arena);
}

flight *flights_idle(const flights *s)
{
    return s->n_free ? s->free[s->n_free - 1] : NULL;
}

static bool before(const flight *a, const flight *b)
{
    return a->finish != b->finish ? a->finish < b->finish : a->trial.id < b->trial.id;
}

void flights_start(flights *s, flight *f)
{
    s->n_free--;
    size_t i = s->n_heap++;
    for (; i && before(f, s->heap[(i - 1) / 2]); i = (i - 1) / 2)
        s->heap[i] = s->heap[(i - 1) / 2];
    s->heap[i] = f;
}

flight *flights_head(const flights *s)
{
    return s->n_heap ? s->heap[0] : NULL;
}

void flights_land(flights *s)
{
    flight *told = s->heap[0], *last = s->heap[--s->n_heap];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < s->n_heap; i = child) {
        if (child + 1 < s->n_heap && before(s->heap[child + 1], s->heap[child]))
            child++;
        if (!before(s->heap[child], last))
            break;
        s->heap[i] = s->heap[child];
    }
    s->heap[i] = last;
    told->state = FLIGHT_FREE;
    arena_reset(told->arena);
    s->free[s->n_free++] = told;
}

void flights_offer(flights *s, flight *f)
{
    s->asked[(s->first_asked + s->n_asked++) % s->n] = f;
}

flight *flights_take(flights *s)
{
    if (!s->n_asked)
        return NULL;
    flight *f = s->asked[s->first_asked];
    s->first_asked = (s->first_asked + 1) % s->n;
    s->n_asked--;
    return f;
}
