/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source.h - what a person calls a data set on the command line: a run file, a CSV file, a folder, a built-in name */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "run/runfile.h"

/* The run file that these words and settings amount to; runfile_close. The words are one run file (.yaml), "digits", a folder of IDX files, one
 * or two CSV files (the second is the test split), two or four IDX files (images, labels), or nothing (n = 0). `config` (NULL:
 * none) is a run file whose data section they replace. The overrides come last. */
ash_status source_open(const char *const *names, size_t n, const char *config, const override_list *overrides,
                       runfile **out, ash_error *err);

/* `--quantize SETTINGS` as nn_read takes it (NULL: not given): "weight_bits=4, act_bits=4". */
ash_status cli_quantize(const char *settings, arena *a, node **out, ash_error *err);
#define CLI_QUANTIZE_HELP "bits of all layers in place of the file's quantize: weight_bits=4, act_bits=4, weights=lsq, edge_bits=8"

#endif
