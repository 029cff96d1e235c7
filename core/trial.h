/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trial.h - the trial record: all that travels
 *
 * One plain record goes from the controller to an executor, through the evaluator, back, into the database and
 * over any wire. It names things by text, never by index, and serialises to one compact message (trial_encode).
 *
 * What a trial's result may depend on is its key (see evaluator/key.h): canonical network, recipe, training seed, data,
 * kernel level. The rest of the record is either decided by the controller (id, parents, virtual times) or
 * an annotation that may differ from run to run (wall_s, host, attempts) and stays out of the digest.
 */
#ifndef CORE_TRIAL_H
#define CORE_TRIAL_H

#include "core/arena.h"
#include "core/buffer.h"
#include "core/hash.h"
#include "core/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A bad candidate is a recorded trial, never a dead run. Stored by name (trial_status_name). */
typedef enum trial_status {
    TRIAL_PENDING,    /* "pending": handed out, no result yet; never stored */
    TRIAL_OK,         /* "ok" */
    TRIAL_DUPLICATE,  /* "duplicate": same key as trial `original`, whose metrics it carries */
    TRIAL_INVALID,    /* "invalid": the genome does not decode to a network */
    TRIAL_INFEASIBLE, /* "infeasible": over a hard constraint, found before training */
    TRIAL_DIVERGED,   /* "diverged": loss not finite */
    TRIAL_CAPPED,     /* "capped": over a cap on planned bytes or trained MACs */
    TRIAL_TIMEOUT,    /* "timeout": the wall-clock safety net; replayed on resume, counted by `digest` */
    TRIAL_FAILED,     /* "failed": the evaluation crashed or answered nonsense */
    TRIAL_STATUS_COUNT
} trial_status;

const char *trial_status_name(trial_status s);
bool trial_status_from_name(const char *name, trial_status *out);

typedef struct metric {
    const char *name; /* "error", "macs", "model_bytes", ...; docs/costs.md */
    double value;     /* minimised when an objective */
} metric;

typedef struct curve_point { /* one epoch of the learning curve */
    uint32_t epoch;          /* from 1 */
    double train_loss, val_loss, val_error; /* val_error: fraction; regression: RMSE. NaN: not measured */
} curve_point;

#define TRIAL_MAX_PARENTS 2

typedef struct trial {
    /* decided by the controller */
    uint64_t id; /* from 1, in ask order */
    uint32_t n_parents;
    uint64_t parents[TRIAL_MAX_PARENTS];
    const char *genome; /* one canonical line of text */
    hash256 key;        /* training key; zero when the genome is invalid */
    uint64_t original;  /* the trial that a duplicate points at; 0: none */
    uint64_t virtual_start, virtual_duration; /* ticks of virtual time */

    /* the result, a pure function of the key */
    trial_status status;
    const char *reason; /* one sentence, NULL when ok */
    const metric *metrics;
    size_t n_metrics;
    const curve_point *curve;
    size_t n_curve;
    const char *blocks;   /* JSON block description for reports, NULL when invalid */
    hash256 weights_hash; /* of the trained weights; zero when not trained */
    uint64_t trained_macs; /* MACs spent on training: forward MACs x 3 x samples seen */

    /* annotations: never part of the digest */
    double wall_s;
    const char *host; /* NULL: unknown */
    uint32_t worker, attempts;
    const char *found_in; /* run that a known result was taken from; NULL: computed here */
} trial;

/* The value of a metric, or NaN when the trial does not have it. */
double trial_metric(const trial *t, const char *name);

/* Deep copy into `a`; NULL when out of memory. */
trial *trial_copy(arena *a, const trial *t);

/* One compact message: version byte, fields little-endian, CRC-32 at the end. Appends to `out`. */
void trial_encode(const trial *t, buffer *out);
/* Refuses (ASH_INVALID) truncated, garbled or oversized input; never reads past n. Strings live in `a`. */
ash_status trial_decode(const void *bytes, size_t n, arena *a, trial **out, ash_error *err);

/* Feed the reproducible fields into a digest, in a fixed order: genome, key, status, metrics, curve, weights' hash. */
void trial_digest(const trial *t, hasher *h);

#endif
