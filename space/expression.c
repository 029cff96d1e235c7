/* SPDX-License-Identifier: GPL-3.0-or-later */
/* expression.c - see expression.h; recursive descent, precedence by climbing */
#include "space/expression.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_DEPTH 32
#define MAX_LENGTH 400
#define LARGEST 9007199254740992.0 /* 2^53 */

typedef expression_value value;

typedef struct parser {
    const char *text, *at;
    expression_lookup lookup;
    const void *ctx;
    int quiet; /* above 0: values do not count, only names and grammar do */
    int depth;
    ash_error *err;
} parser;

typedef enum operation { OR, AND, EQUAL, DIFFERENT, AT_MOST, AT_LEAST, LESS, MORE, PLUS, MINUS, TIMES, OVER, MODULO } operation;

static const struct {
    const char *sign;
    int precedence;
} operators[] = {{"||", 1}, {"&&", 2}, {"==", 3}, {"!=", 3}, {"<=", 4}, {">=", 4}, {"<", 4},
                 {">", 4},  {"+", 5},  {"-", 5},  {"*", 6},  {"/", 6},  {"%", 6}};
enum { N_OPERATORS = sizeof(operators) / sizeof(operators[0]) };

static bool binary(parser *p, int precedence, value *out);

static bool fail(parser *p, const char *what)
{
    ash_fail(p->err, ASH_INVALID, "%s in \"%s\"", what, p->text);
    return false;
}

static bool fail_at(parser *p, const char *what)
{
    if (*p->at)
        ash_fail(p->err, ASH_INVALID, "%s at \"%.20s\" in \"%s\"", what, p->at, p->text);
    else
        ash_fail(p->err, ASH_INVALID, "%s at the end of \"%s\"%s", what, p->text,
                 strchr(p->text, '(') ? "; inside { } a value with a comma needs quotes" : "");
    return false;
}

static void skip(parser *p)
{
    while (*p->at == ' ')
        p->at++;
}

static bool accept(parser *p, const char *sign)
{
    size_t n = strlen(sign);
    skip(p);
    if (strncmp(p->at, sign, n) != 0)
        return false;
    p->at += n;
    return true;
}

/* ------------------------------------------------------------------ values */

static int64_t floor_over(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static bool bounded(parser *p, double exact, int64_t *out)
{
    if (fabs(exact) <= LARGEST) {
        *out = (int64_t)exact;
        return true;
    }
    *out = 1;
    return p->quiet || fail(p, "a number above 2^53");
}

static bool apply(parser *p, operation o, int64_t a, int64_t b, value *out)
{
    out->is_truth = o < PLUS;
    switch (o) {
    case OR: out->number = a || b; return true;
    case AND: out->number = a && b; return true;
    case EQUAL: out->number = a == b; return true;
    case DIFFERENT: out->number = a != b; return true;
    case AT_MOST: out->number = a <= b; return true;
    case AT_LEAST: out->number = a >= b; return true;
    case LESS: out->number = a < b; return true;
    case MORE: out->number = a > b; return true;
    case PLUS: return bounded(p, (double)(a + b), &out->number);
    case MINUS: return bounded(p, (double)(a - b), &out->number);
    case TIMES: return bounded(p, (double)a * (double)b, &out->number);
    default: break;
    }
    if (b == 0) {
        out->number = 1;
        return p->quiet || fail(p, "division by zero");
    }
    out->number = o == OVER ? floor_over(a, b) : a - floor_over(a, b) * b;
    return true;
}

/* ------------------------------------------------------------------ grammar */

static size_t word_length(const char *s)
{
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || s[n] == '_')
        n++;
    return n;
}

static bool reference(parser *p, value *out)
{
    char name[128];
    size_t n = word_length(p->at);
    if (n && p->at[n] == '.')
        n += 1 + word_length(p->at + n + 1);
    if (n == 0 || n >= sizeof(name))
        return fail_at(p, "a name should follow $");
    memcpy(name, p->at, n);
    name[n] = '\0';
    p->at += n;
    *out = (value){1, false};
    return p->lookup(p->ctx, name, &out->number, p->err) == ASH_OK;
}

static bool number(parser *p, value *out)
{
    double exact = 0;
    for (; isdigit((unsigned char)*p->at); p->at++)
        exact = exact * 10 + (*p->at - '0');
    *out = (value){0, false};
    if (*p->at == '.')
        return fail_at(p, "expressions know whole numbers only: no digits after a point");
    return bounded(p, exact, &out->number);
}

static bool function(parser *p, value *out)
{
    size_t n = word_length(p->at);
    bool largest = n == 3 && strncmp(p->at, "max", n) == 0;
    value a, b;
    if (!largest && (n != 3 || strncmp(p->at, "min", n) != 0)) {
        ash_fail(p->err, ASH_INVALID, "\"%.*s\" is no function, which are min and max, in \"%s\"; a parameter is written $%.*s", (int)n,
                 p->at, p->text, (int)n, p->at);
        return false;
    }
    p->at += n;
    if (!accept(p, "("))
        return fail_at(p, "( should stand");
    if (!binary(p, 1, &a))
        return false;
    if (!accept(p, ","))
        return fail_at(p, ", should stand");
    if (!binary(p, 1, &b))
        return false;
    *out = (value){(a.number < b.number) == largest ? b.number : a.number, false};
    return accept(p, ")") || fail_at(p, ") should stand");
}

static bool operand(parser *p, value *out)
{
    skip(p);
    if (isdigit((unsigned char)*p->at))
        return number(p, out);
    if (accept(p, "$"))
        return reference(p, out);
    if (accept(p, "("))
        return binary(p, 1, out) && (accept(p, ")") || fail_at(p, ") should stand"));
    if (accept(p, "-")) {
        bool ok = operand(p, out);
        *out = (value){-out->number, false};
        return ok;
    }
    if (accept(p, "!")) {
        bool ok = operand(p, out);
        *out = (value){!out->number, true};
        return ok;
    }
    return word_length(p->at) ? function(p, out) : fail_at(p, "a number, $name or ( should stand");
}

static int operator_at(parser *p, int precedence)
{
    skip(p);
    for (int i = 0; i < N_OPERATORS; i++)
        if (operators[i].precedence >= precedence && strncmp(p->at, operators[i].sign, strlen(operators[i].sign)) == 0)
            return i;
    return -1;
}

static bool binary(parser *p, int precedence, value *out)
{
    *out = (value){0, false};
    if (++p->depth > MAX_DEPTH)
        return fail(p, "too many parentheses");
    bool ok = operand(p, out);
    for (int i; ok && (i = operator_at(p, precedence)) >= 0;) {
        value right;
        bool unneeded = (i == OR && out->number) || (i == AND && !out->number);
        p->at += strlen(operators[i].sign);
        p->quiet += unneeded;
        ok = binary(p, operators[i].precedence + 1, &right) && apply(p, (operation)i, out->number, right.number, out);
        p->quiet -= unneeded;
    }
    p->depth--;
    return ok;
}

ash_status expression_evaluate(const char *text, expression_lookup lookup, const void *ctx, bool check_only,
                               expression_value *out, ash_error *err)
{
    parser p = {.text = text, .at = text, .lookup = lookup, .ctx = ctx, .quiet = check_only, .err = err};
    if (strlen(text) > MAX_LENGTH) /* bounds the recursion too */
        return ash_fail(err, ASH_INVALID, "an expression of more than %d characters, \"%.40s...\"", MAX_LENGTH, text);
    if (!binary(&p, 1, out))
        return err->status;
    skip(&p);
    return *p.at ? (fail_at(&p, "something is left over"), err->status) : ASH_OK;
}
