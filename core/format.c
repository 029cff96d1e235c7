/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format.c - printf in the C locale, per thread
 *
 * uselocale changes the calling thread only, so other threads and the process's locale are left alone.
 */
#include "core/format.h"
#include <pthread.h>
#include <stdio.h>

static locale_t c_locale;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* For the name "C" glibc hands out a static object; should another libc fail, the process locale has to do. */
static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale)
        c_locale = LC_GLOBAL_LOCALE;
}

locale_t format_locale(void)
{
    pthread_once(&once, make_locale);
    return c_locale;
}

int format_args(char *out, size_t size, const char *format, va_list args)
{
    locale_t before = uselocale(format_locale());
    int n = vsnprintf(out, size, format, args);
    uselocale(before);
    return n;
}

int format_text(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = format_args(out, size, format, args);
    va_end(args);
    return n;
}
