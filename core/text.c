/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.c - see text.h */
#include "core/text.h"
#include "core/format.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_NUMBER = 64, LONGEST_WORD = 64 };

static double parse_real(const char *text, char **end)
{
    return strtod_l(text, end, format_locale());
}

/* The number's text without underscores between digits; false when it is too long or cannot be a decimal number. */
static bool plain_digits(const char *text, char out[LONGEST_NUMBER])
{
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        if (*p == '_' && p > text && p[-1] >= '0' && p[-1] <= '9' && p[1] >= '0' && p[1] <= '9')
            continue;
        if (!strchr("0123456789.+-eE", *p) || n + 1 >= LONGEST_NUMBER)
            return false;
        out[n++] = *p;
    }
    out[n] = '\0';
    return n > 0;
}

bool text_to_real(const char *text, double *out)
{
    char digits[LONGEST_NUMBER], *end;
    if (!plain_digits(text, digits))
        return false;
    double value = parse_real(digits, &end);
    if (end == digits || *end || !isfinite(value))
        return false;
    *out = value;
    return true;
}

bool text_to_int(const char *text, int64_t *out)
{
    char digits[LONGEST_NUMBER], *end;
    if (!plain_digits(text, digits))
        return false;
    errno = 0;
    long long value = strtoll(digits, &end, 10);
    if (end != digits && !*end && errno == 0) {
        *out = value;
        return true;
    }
    double real; /* 1e6 */
    if (!strpbrk(digits, "eE") || !text_to_real(digits, &real) || real != floor(real) || fabs(real) > 9e15)
        return false;
    *out = (int64_t)real;
    return true;
}

static bool scaled(const char *text, double base, int64_t *out)
{
    size_t n = strlen(text);
    if (n == 0 || n >= LONGEST_NUMBER)
        return false;
    double factor = 1;
    switch (text[n - 1]) {
    case 'k':
    case 'K':
        factor = base;
        break;
    case 'M':
        factor = base * base;
        break;
    case 'G':
        factor = base * base * base;
        break;
    case 'T':
        factor = base * base * base * base;
        break;
    default:
        return text_to_int(text, out);
    }
    char number[LONGEST_NUMBER];
    memcpy(number, text, n - 1);
    number[n - 1] = '\0';
    double value;
    if (!text_to_real(number, &value))
        return false;
    value = nearbyint(value * factor);
    if (fabs(value) > 9e15)
        return false;
    *out = (int64_t)value;
    return true;
}

bool text_to_size(const char *text, int64_t *out) { return scaled(text, 1024, out); }
bool text_to_count(const char *text, int64_t *out) { return scaled(text, 1000, out); }

char *text_of_real(char out[32], double value)
{
    for (int precision = 1; precision <= 17; precision++) {
        format_text(out, 32, "%.*g", precision, value);
        double back = parse_real(out, NULL);
        if (back == value || isnan(value))
            break;
    }
    /* 100000 reads better than 1e+05; both are exact. */
    if (value == floor(value) && fabs(value) < 1e15 && strchr(out, 'e'))
        format_text(out, 32, "%.0f", value);
    return out;
}

char *text_of_hex(char out[32], double value)
{
    if (isnan(value))
        return strcpy(out, "nan");
    if (isinf(value))
        return strcpy(out, value > 0 ? "inf" : "-inf");
    /* Built from the bits, since %a may normalise as it likes. */
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    uint64_t mantissa = bits & 0xfffffffffffffULL;
    int exponent = (int)(bits >> 52 & 0x7ff);
    char digits[16];
    snprintf(digits, sizeof(digits), "%013llx", (unsigned long long)mantissa);
    size_t n = 13;
    while (n > 0 && digits[n - 1] == '0')
        n--;
    digits[n] = '\0';
    int power = exponent ? exponent - 1023 : mantissa ? -1022 : 0;
    snprintf(out, 32, "%s0x%d%s%sp%+d", bits >> 63 ? "-" : "", exponent ? 1 : 0, n ? "." : "", digits, power);
    return out;
}

bool text_from_hex(const char *text, double *out)
{
    if (strcmp(text, "nan") == 0)
        *out = NAN;
    else if (strcmp(text, "inf") == 0)
        *out = INFINITY;
    else if (strcmp(text, "-inf") == 0)
        *out = -INFINITY;
    else {
        const char *digits = text + (text[0] == '-');
        if (strncmp(digits, "0x", 2) != 0 || strlen(text) > 31)
            return false;
        char *end;
        double value = parse_real(text, &end);
        if (*end || !isfinite(value))
            return false;
        *out = value;
    }
    return true;
}

/* Damerau-Levenshtein distance (optimal string alignment), ignoring case; both at most LONGEST_WORD - 1 bytes. */
static bool differ(char a, char b)
{
    return tolower((unsigned char)a) != tolower((unsigned char)b);
}

static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    unsigned char d[LONGEST_WORD][LONGEST_WORD];
    for (size_t i = 0; i <= n; i++)
        d[i][0] = (unsigned char)i;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = (unsigned char)j;
    for (size_t i = 1; i <= n; i++) {
        for (size_t j = 1; j <= m; j++) {
            size_t best = d[i - 1][j - 1] + differ(a[i - 1], b[j - 1]);
            if (d[i - 1][j] + 1u < best)
                best = d[i - 1][j] + 1u;
            if (d[i][j - 1] + 1u < best)
                best = d[i][j - 1] + 1u;
            if (i > 1 && j > 1 && !differ(a[i - 1], b[j - 2]) && !differ(a[i - 2], b[j - 1]) &&
                d[i - 2][j - 2] + 1u < best)
                best = d[i - 2][j - 2] + 1u;
            d[i][j] = (unsigned char)best;
        }
    }
    return d[n][m];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strlen(word);
    if (length == 0 || length >= LONGEST_WORD)
        return NULL;
    size_t limit = length / 3 > 1 ? length / 3 : 1, best = limit + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strlen(candidates[i]) >= LONGEST_WORD)
            continue;
        size_t d = distance(word, candidates[i]);
        if (d < best) {
            best = d;
            nearest = candidates[i];
        }
    }
    return nearest;
}

size_t text_characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += (*text & 0xc0) != 0x80;
    return n;
}
