/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source.h - what a person calls a data set on the command line: a run file, a CSV file, a folder, a built-in name */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "cli/runfile.h"

/* Either *file is the one .yaml file among the names, or *file is NULL and overrides for the data section are added: "digits", a
 * folder of IDX files, one or two CSV files (the second is the test split), two or four IDX files (images, labels). */
ash_status source_read(const char *const *names, size_t n, const char **file, override_list *out, ash_error *err);

#endif
