/* SPDX-License-Identifier: GPL-3.0-or-later */
/* constraint.c - see constraint.h */
#include "search/constraint.h"
#include "core/text.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static bool is_bytes(const char *name)
{
    size_t n = strlen(name);
    return n > 6 && strcmp(name + n - 6, "_bytes") == 0;
}

ash_status constraint_parse(const char *text, arena *a, constraint *out, ash_error *err)
{
    static const char blank[] = " \t";
    const char *name = text + strspn(text, blank);
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    const char *p = name + n + strspn(name + n, blank);
    if (n == 0 || (*p != '<' && *p != '>'))
        return ash_fail(err, ASH_INVALID, "\"%s\" is no constraint; write one like \"model_bytes <= 64K\"", text);
    *out = (constraint){.op = *p == '<' ? CONSTRAINT_LT : CONSTRAINT_GT};
    if (*++p == '=') {
        out->op = out->op == CONSTRAINT_LT ? CONSTRAINT_LE : CONSTRAINT_GE;
        p++;
    }
    p += strspn(p, blank);
    size_t len = strlen(p);
    while (len && strchr(blank, p[len - 1]))
        len--;
    char *bound = arena_strndup(a, p, len);
    out->text = arena_strndup(a, name, (size_t)(p - name) + len);
    out->metric = arena_strndup(a, name, n);
    if (!bound || !out->text || !out->metric)
        return ash_fail_memory(err);

    int64_t whole;
    if (text_to_real(bound, &out->bound))
        return ASH_OK;
    if (is_bytes(out->metric) ? text_to_size(bound, &whole) : text_to_count(bound, &whole)) {
        out->bound = (double)whole;
        return ASH_OK;
    }
    return ash_fail(err, ASH_INVALID, "\"%s\": \"%s\" is no number; write %s", text, bound,
                    is_bytes(out->metric) ? "bytes, like 65536 or 64K" : "a number, like 0.5, 20000 or 20k");
}

double constraint_violation(const constraint *c, double value)
{
    double excess = 0;
    switch (c->op) {
    case CONSTRAINT_LE: excess = value - c->bound; break;
    case CONSTRAINT_GE: excess = c->bound - value; break;
    case CONSTRAINT_LT: excess = value < c->bound ? -1 : value - c->bound; break;
    case CONSTRAINT_GT: excess = value > c->bound ? -1 : c->bound - value; break;
    }
    if (isnan(value))
        return value;
    bool strict = c->op == CONSTRAINT_LT || c->op == CONSTRAINT_GT;
    if (excess < 0 || (excess == 0 && !strict))
        return 0;
    double scale = c->bound != 0 ? fabs(c->bound) : 1;
    return fmax(excess / scale, 1e-12);
}
