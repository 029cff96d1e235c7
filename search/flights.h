/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flights.h - virtual workers and the trials they work on
 *
 * Which worker is free, which trial is handed out next and which is told next are each answered in at most O(log V), so
 * that tens of thousands of virtual workers cost no more than sixteen. Everything lives in one arena.
 */
#ifndef SEARCH_FLIGHTS_H
#define SEARCH_FLIGHTS_H

#include "core/trial.h"
#include "space/space.h"

typedef enum flight_state {
    FLIGHT_FREE,
    FLIGHT_ASKED,  /* may be handed out */
    FLIGHT_HANDED, /* at an executor */
    FLIGHT_DONE,   /* has its result and waits for its virtual turn */
} flight_state;

typedef struct flight { /* a virtual worker and the trial it works on */
    flight_state state;
    arena *arena; /* of the trial's strings; reset when it has been told */
    trial trial;
    genome *genome;
    uint64_t finish; /* virtual */
    bool stored;     /* replayed: the database has it */
} flight;

typedef struct flights {
    flight *all;   /* (n) */
    flight **free; /* (n_free): a stack */
    flight **heap; /* (n_heap): trials in flight, the smallest (finish, id) first */
    flight **asked; /* a ring, in ask order */
    size_t n, n_free, n_heap, first_asked, n_asked;
} flights;

ash_status flights_init(flights *s, size_t n, const space *of, arena *a, ash_error *err);
void flights_fini(flights *s); /* fine on a zeroed struct, and after a failed init */

flight *flights_idle(const flights *s);     /* a free worker, NULL: none */
void flights_start(flights *s, flight *f);  /* the worker that flights_idle gave is in flight; finish and id are set */
flight *flights_head(const flights *s);     /* the trial that is told next, NULL: none is in flight */
void flights_land(flights *s);              /* the head has been told */
void flights_offer(flights *s, flight *f);  /* may be handed out */
flight *flights_take(flights *s);           /* the first that was offered, NULL: none */

#endif
