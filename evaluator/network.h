/* SPDX-License-Identifier: GPL-3.0-or-later */
/* network.h - what evaluators that score a network share: from a genome to its canonical network, and what is known before it is scored */
#ifndef EVALUATOR_NETWORK_H
#define EVALUATOR_NETWORK_H

#include "evaluator/evaluator.h"

/* Genome to canonical network and its hash, from `a`. ASH_INVALID: it does not decode. */
ash_status network_decode(const space *s, const genome *g, arena *a, nn_graph **out, hash256 *hash, ash_error *err);
/* The same from the genome's text. */
ash_status network_of_text(const space *s, const char *text, arena *a, nn_graph **out, hash256 *hash, ash_error *err);

/* Fills the trial's metrics with the static costs, and its block description. */
ash_status network_costs(const nn_graph *g, trial *t, arena *a, ash_error *err);

/* The trial's result is this status, for this reason (copied into `a`). */
ash_status network_reject(trial *t, trial_status status, const char *reason, arena *a, ash_error *err);

#endif
