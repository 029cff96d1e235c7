/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure_options.h - what `report` and `compare` share about figures and the names they take */
#ifndef CLI_FIGURE_OPTIONS_H
#define CLI_FIGURE_OPTIONS_H

#include "cli/command.h"
#include "reports/report.h"

/* Ends with "--OPTION is a, b or c, not "NAME"; did you mean ..."; names is NULL-terminated. */
_Noreturn void cli_refuse_name(const struct argp_state *state, const char *option, const char *name, const char *const *names);
/* The value of --width in centimetres. */
double cli_width_cm(const struct argp_state *state, const char *text);

/* "svg" of "a.b/front.svg"; "" when there is none. */
const char *cli_ending_of(const char *path);
/* The format whose files end so, or NULL. */
const report_format *cli_format_of(const char *path);

/* The index of a metric, put into *out, which stays when name is NULL. ASH_INVALID with "did you mean". */
ash_status cli_find_metric(const report *r, const char *option, const char *name, int *out, ash_error *err);

#endif
