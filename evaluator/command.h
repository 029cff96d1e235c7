/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.h - the two documents that go between Ashlar and a program that scores trials (docs/external-evaluator.md) */
#ifndef EVALUATOR_COMMAND_H
#define EVALUATOR_COMMAND_H

#include "evaluator/evaluator.h"

typedef struct command_options {
    option_texts command, metrics, files;
    const char *key; /* network, genome */
    const node *settings;
    int64_t max_bytes;
    double timeout_s;
} command_options;

/* The trial as JSON, appended to `out`. `folder`: of the run file, absolute. */
ash_status command_write_trial(const command_options *o, const evaluator_context *context, const char *folder, const trial *t, arena *a,
                               buffer *out, ash_error *err);

/* The program's answer to the trial's result; an answer that is not as documented is the result "failed", with a reason. */
ash_status command_read_answer(const command_options *o, const buffer *answer, trial *t, arena *a, ash_error *err);

bool command_is_utf8(const char *text);

#endif
