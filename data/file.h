/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file.h - reading a data file, plain or gzip, with bounds
 *
 * Whether a file is compressed is seen from its first bytes, not its name. `most` bounds what it can hold
 * before anything is read: its size, or 1,032 times its size when compressed (deflate cannot expand further),
 * so that a header's claim can be refused before memory is taken for it.
 */
#ifndef DATA_FILE_H
#define DATA_FILE_H

#include "core/arena.h"
#include "core/buffer.h"
#include "core/status.h"
#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

enum { DATA_DEFLATE_RATIO = 1032 }; /* what deflate can expand a byte to */

typedef struct data_file {
    const char *path; /* borrowed */
    gzFile gz;
    bool compressed;
    uint64_t size, most; /* on disk; upper bound of the content */
} data_file;

bool data_file_exists(const char *path); /* a readable regular file */
ash_status data_file_open(data_file *f, const char *path, ash_error *err);
/* Up to n bytes; *got < n only at the end of the file. A compressed file that ends early or fails its
 * checksum is an error. */
ash_status data_file_read(data_file *f, void *bytes, size_t n, size_t *got, ash_error *err);
void data_file_close(data_file *f); /* fine on a zeroed struct */

/* The whole content in `out`, at most `limit` bytes. */
ash_status data_file_slurp(const char *path, size_t limit, buffer *out, ash_error *err);

#endif
