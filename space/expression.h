/* SPDX-License-Identifier: GPL-3.0-or-later */
/* expression.h - inside space: whole-number expressions in blocks of the run file
 *
 *     $expansion * $in        max(1, $expanded.c / 4)        $stride == 1 && $width == $in
 *
 * Numbers, names with a $, + - * / %, == != < <= > >=, && || !, parentheses, min(a, b), max(a, b), with the precedence of
 * C. / rounds down and % has the divisor's sign. && and || look at their right side only when they need it. Numbers up to 2^53.
 */
#ifndef SPACE_EXPRESSION_H
#define SPACE_EXPRESSION_H

#include "core/status.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct expression_value {
    int64_t number; /* a truth value is 0 or 1 */
    bool is_truth;  /* of a comparison, or of && || ! */
} expression_value;

/* The value of a name (without its $), or an error in one sentence. */
typedef ash_status (*expression_lookup)(const void *ctx, const char *name, int64_t *out, ash_error *err);

/* check_only: names and grammar; a division by zero is no error, since the values are not the real ones. */
ash_status expression_evaluate(const char *text, expression_lookup lookup, const void *ctx, bool check_only,
                               expression_value *out, ash_error *err);

#endif
