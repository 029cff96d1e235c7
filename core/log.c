/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log.c - messages and the progress line share standard error under one lock
 *
 * The progress line is erased before a message and drawn again by the next update. The estimate divides the
 * time since the first update by the progress made since then, so a resumed run, which starts at 60 %, is not
 * thought to be fast.
 */
#include "core/log.h"
#include "core/format.h"
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 512 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static log_level level = LOG_NOTE; /* under the lock, as all below */

static struct {
    bool active, terminal, drawn, estimating;
    char what[64];
    double first_fraction, first_s, drawn_s;
} progress;

double clock_wall_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

char *text_of_duration(char out[32], double seconds)
{
    if (!(seconds >= 0))
        strcpy(out, "?");
    else if (seconds < 0.9995)
        format_text(out, 32, "%.0f ms", seconds * 1e3);
    else if (seconds < 9.95)
        format_text(out, 32, "%.1f s", seconds);
    else if (seconds < 59.5)
        format_text(out, 32, "%.0f s", seconds);
    else if (seconds < 3599.5)
        format_text(out, 32, "%d min %02d s", (int)(seconds + 0.5) / 60, (int)(seconds + 0.5) % 60);
    else if (seconds < 86400.0 * 36500)
        format_text(out, 32, "%d h %02d min", (int)((seconds + 30) / 3600),
                    (int)fmod((seconds + 30) / 60, 60));
    else
        strcpy(out, "over a century");
    return out;
}

/* Whole lines in one write, so that lines of several processes do not mix. Nobody can be told when this
 * fails. */
static void put(const char *text, size_t n)
{
    while (n) {
        ssize_t written = write(STDERR_FILENO, text, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        text += written;
        n -= (size_t)written;
    }
}

static void erase(void)
{
    if (progress.drawn)
        put("\r\x1b[K", 4);
    progress.drawn = false;
}

static void message(log_level of, const char *tag, const char *format, va_list args)
{
    char line[4096];
    int n = format_text(line, sizeof(line), "ashlar: %s", tag);
    int m = format_args(line + n, sizeof(line) - (size_t)n - 1, format, args);
    n = m < 0 ? n : n + m;
    if (n > (int)sizeof(line) - 2)
        n = (int)sizeof(line) - 2;
    line[n++] = '\n';
    pthread_mutex_lock(&lock);
    if (of <= level) {
        erase();
        put(line, (size_t)n);
    }
    pthread_mutex_unlock(&lock);
}

void log_set_level(log_level l)
{
    pthread_mutex_lock(&lock);
    level = l;
    pthread_mutex_unlock(&lock);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    message(LOG_ERROR, "", format, args);
    va_end(args);
}

void log_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    message(LOG_WARN, "warning: ", format, args);
    va_end(args);
}

void log_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    message(LOG_NOTE, "", format, args);
    va_end(args);
}

static int terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* The bytes of the first `columns` characters. A line that wraps could not be erased. */
static size_t cut(const char *text, int columns)
{
    size_t n = 0;
    for (; text[n]; n++)
        if (((unsigned char)text[n] & 0xc0) != 0x80 && columns-- <= 0)
            break;
    return n;
}

void progress_begin(const char *what)
{
    const char *term = getenv("TERM");
    pthread_mutex_lock(&lock);
    erase();
    memset(&progress, 0, sizeof(progress));
    progress.active = true;
    progress.terminal = isatty(STDERR_FILENO) && !(term && !strcmp(term, "dumb"));
    progress.drawn_s = -1;
    format_text(progress.what, sizeof(progress.what), "%s", what ? what : "");
    pthread_mutex_unlock(&lock);
}

static void draw(double fraction, double now, const char *text)
{
    char line[LINE], left[48] = "", duration[32];
    double gained = fraction - progress.first_fraction, spent = now - progress.first_s;
    if (gained > 0 && spent > 0.5)
        format_text(left, sizeof(left), "  about %s left",
                    text_of_duration(duration, spent * (1 - fraction) / gained));
    format_text(line, sizeof(line), "  %s%s%3.0f %%%s%s%s", progress.what, *progress.what ? " " : "",
                floor(100 * fraction), left, *text ? "  " : "", text);
    erase();
    put(line, cut(line, terminal_columns() - 1));
    progress.drawn = true;
    progress.drawn_s = now;
}

void progress_update(double fraction, const char *format, ...)
{
    char text[LINE];
    pthread_mutex_lock(&lock);
    double now = clock_wall_s();
    if (progress.active && progress.terminal && level > LOG_QUIET &&
        (progress.drawn_s < 0 || now - progress.drawn_s >= 0.1)) {
        fraction = fraction > 0 ? fraction < 1 ? fraction : 1 : 0;
        if (!progress.estimating) {
            progress.estimating = true;
            progress.first_fraction = fraction;
            progress.first_s = now;
        }
        va_list args;
        va_start(args, format);
        format_args(text, sizeof(text), format, args);
        va_end(args);
        draw(fraction, now, text);
    }
    pthread_mutex_unlock(&lock);
}

void progress_end(void)
{
    pthread_mutex_lock(&lock);
    erase();
    progress.active = false;
    pthread_mutex_unlock(&lock);
}

bool progress_shown(void)
{
    pthread_mutex_lock(&lock);
    bool shown = progress.active && progress.terminal && level > LOG_QUIET;
    pthread_mutex_unlock(&lock);
    return shown;
}
