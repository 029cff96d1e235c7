/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain.h - a network's answers to a split as figures and as a sheet; for `ashlar explain` */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cli/facts.h"
#include "evaluator/quality/answers.h"

typedef struct explained {
    answers answers;
    const metric *metrics; /* of the split */
    size_t n_metrics;
    const uint32_t *worst; /* samples by falling loss */
} explained;

ash_status explain_ask(explained *e, nn_net *net, const data_set *d, const data_split *split, arena *a, ash_error *err);
/* Measures with intervals, classes and confusions or values, anomalies, the `worst` samples. */
ash_status explain_facts(const explained *e, size_t worst, arena *a, facts *f, ash_error *err);
/* Of tables with classes or values; nothing otherwise. */
ash_status explain_importance(const explained *e, nn_net *net, int repeats, arena *a, facts *f, ash_error *err);
/* The noise of the seed, when the trial was trained several times. */
void explain_replicates(const trial *t, bool classes, facts *f);
/* A PNG of the `shown` samples that went worst; of an autoencoder each with its reconstruction. */
ash_status explain_sheet(const explained *e, size_t shown, arena *a, buffer *out, ash_error *err);

#endif
