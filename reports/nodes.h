/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nodes.h - where a run was evaluated: machines, their trials, what was lost, and how busy they were over time
 *
 * From what the trials say of themselves: host, worker, duration, attempts, and when they were stored. Time is the run's own: seconds since its
 * first session began, and a later session goes on where the one before ended, so nights without a run are not in it. A machine counts
 * as there from its first evaluation in a session to its last.
 */
#ifndef REPORTS_NODES_H
#define REPORTS_NODES_H

#include "core/arena.h"
#include "core/buffer.h"
#include "db/db.h"

typedef struct nodes_host {
    const char *name;
    size_t workers;  /* evaluations at a time */
    uint64_t trials, redone;
    double busy_s;   /* summed over its workers */
    double there_s;  /* from first to last evaluation, over sessions; 0: nobody noted when */
} nodes_host;

typedef struct nodes_moment { /* one interval of length step_s */
    double busy;    /* evaluations at a time, mean */
    double workers; /* that were there, mean */
    uint64_t evaluations, redone; /* that ended in it */
} nodes_moment;

typedef struct nodes {
    nodes_host *hosts; /* (n), by name */
    size_t n, workers; /* workers: of all hosts */
    uint64_t trials, redone;
    nodes_moment *moments; /* (n_moments); none when an older version stored the trials */
    size_t n_moments;
    double step_s;
    double utilisation; /* busy over there, whole run; NaN: unknown */
} nodes;

ash_status nodes_load(sqlite3 *h, int64_t run, arena *a, nodes **out, ash_error *err);
/* "3 nodes, 12 workers, 96 % busy, 2 evaluations redone" and a line per node, at most `most`, each no longer than `columns`. Nothing for
 * one node that lost nothing. */
void nodes_write_lines(const nodes *s, size_t most, size_t columns, bool ascii, arena *a, buffer *out);
size_t nodes_count_lines(const nodes *s, size_t most); /* that it writes */
void nodes_write_json(const nodes *s, buffer *out);

#endif
