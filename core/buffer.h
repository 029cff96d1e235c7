/* SPDX-License-Identifier: GPL-3.0-or-later */
/* buffer.h - a byte string that grows
 *
 * Zero-initialise ({0}), append, read data/len, buffer_free. Appending after a failed allocation does nothing and
 * keeps `failed` set, so a writer checks once at the end. data is always NUL-terminated when len > 0.
 */
#ifndef CORE_BUFFER_H
#define CORE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct buffer {
    char *data;
    size_t len, cap;
    bool failed;
} buffer;

void buffer_add(buffer *b, const void *bytes, size_t n);
void buffer_puts(buffer *b, const char *text);
void buffer_printf(buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_clear(buffer *b); /* len = 0, keeps the memory, forgets a failure */
void buffer_free(buffer *b);

#endif
