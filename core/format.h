/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format.h - printf whose decimal point is '.' in every locale
 *
 * Every printf-like function of core goes through here, so a message, a database cell or a digest reads the
 * same in a process that some library has put into a comma locale.
 */
#ifndef CORE_FORMAT_H
#define CORE_FORMAT_H

#include <locale.h>
#include <stdarg.h>
#include <stddef.h>

locale_t format_locale(void); /* the C locale; never fails */
int format_text(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int format_args(char *out, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
