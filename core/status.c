/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status.c - see status.h */
#include "core/status.h"
#include "core/format.h"
#include <stdarg.h>
#include <string.h>

ash_status ash_fail(ash_error *err, ash_status status, const char *format, ...)
{
    /* The arguments may point into err->text, so write beside it first. */
    char text[sizeof(err->text)];
    va_list args;
    va_start(args, format);
    format_args(text, sizeof(text), format, args);
    va_end(args);
    memcpy(err->text, text, sizeof(text));
    err->status = status;
    return status;
}

ash_status ash_fail_memory(ash_error *err) { return ash_fail(err, ASH_BROKEN, "out of memory"); }

ash_status ash_prefix(ash_error *err, const char *format, ...)
{
    char context[512];
    va_list args;
    va_start(args, format);
    format_args(context, sizeof(context), format, args);
    va_end(args);
    return ash_fail(err, err->status, "%s: %s", context, err->text);
}
