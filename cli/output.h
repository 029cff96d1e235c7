/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output.h - a file that is there whole or not at all */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "core/status.h"
#include <stddef.h>

/* Writes n bytes to `path`: to a temporary name in the same folder, then renamed, so that a full disk or a kill leaves what was there
 * before. "-" is standard output; a pipe or a device is written to directly. Refuses to replace the file `input` (NULL: none), which the
 * bytes were made from. ASH_BROKEN when it cannot be written, ASH_INVALID for a folder or the input itself. */
ash_status output_write(const char *path, const char *input, const void *bytes, size_t n, ash_error *err);

#endif
