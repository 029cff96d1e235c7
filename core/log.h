/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log.h - messages and progress on standard error
 *
 * log_warn and log_note print one line each ("ashlar: warning: ..."). Progress is a single line that is rewritten in
 * place, only when standard error is a terminal, at most ten times a second; messages move it out of the way. All
 * functions may be called from any thread.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdbool.h>
#include <stddef.h>

typedef enum log_level { LOG_QUIET, LOG_ERROR, LOG_WARN, LOG_NOTE } log_level;
void log_set_level(log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* progress: "  142/300 trials  47 %  1.6/s  about 1 min 38 s left  best error 0.0173". `fraction` in [0, 1] drives the
 * estimate; `text` is what the caller wants beside it. progress_end clears the line. */
void progress_begin(const char *what);
void progress_update(double fraction, const char *format, ...) __attribute__((format(printf, 2, 3)));
void progress_end(void);
bool progress_shown(void);

double clock_wall_s(void); /* monotonic seconds; for display and safety nets only: clocks never steer */
char *text_of_duration(char out[32], double seconds); /* "850 ms", "38 s", "1 min 38 s", "2 h 05 min" */

#endif
