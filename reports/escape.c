/* SPDX-License-Identifier: GPL-3.0-or-later */
/* escape.c - one UTF-8 reader, several ways to write what it reads */
#include "reports/escape.h"
#include "core/text.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* Length of the well-formed UTF-8 sequence at s (Unicode 15, table 3-7), or 0. */
static size_t utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : 0;
    if (!n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

/* Of a sequence of n bytes. */
static unsigned code_point(const unsigned char *s, size_t n)
{
    unsigned c = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (s[i] & 0x3f);
    return c;
}

void escape_json(buffer *out, const char *text)
{
    if (!text) {
        buffer_puts(out, "null");
        return;
    }
    buffer_puts(out, "\"");
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        size_t n = utf8_length(s);
        if (!n)
            buffer_puts(out, REPLACEMENT);
        else if (*s == '"' || *s == '\\')
            buffer_printf(out, "\\%c", *s);
        else if (*s < 0x20 || *s == 0x7f || *s == '<' || *s == '>' || *s == '&')
            buffer_printf(out, "\\u%04x", *s);
        else
            buffer_add(out, s, n);
        s += n ? n : 1;
    }
    buffer_puts(out, "\"");
}

double escape_rounded(double value, int digits)
{
    if (value == 0 || !isfinite(value))
        return value;
    double scale = pow(10, digits - 1 - floor(log10(fabs(value))));
    double rounded = isfinite(scale) && scale > 0 ? round(value * scale) / scale : value;
    return isfinite(rounded) ? rounded : value;
}

void escape_json_number(buffer *out, double value, int digits)
{
    char text[32];
    if (!isfinite(value)) {
        buffer_puts(out, "null");
        return;
    }
    if (digits)
        value = escape_rounded(value, digits);
    buffer_puts(out, text_of_real(text, value));
}

void escape_xml(buffer *out, const char *text)
{
    for (const unsigned char *s = (const unsigned char *)(text ? text : ""); *s;) {
        size_t n = utf8_length(s);
        bool noncharacter = n == 3 && s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe; /* U+FFFE, U+FFFF */
        if (!n || noncharacter || (*s < 0x20 && *s != '\t' && *s != '\n' && *s != '\r'))
            buffer_puts(out, "&#xfffd;");
        else if (*s == '<')
            buffer_puts(out, "&lt;");
        else if (*s == '>')
            buffer_puts(out, "&gt;");
        else if (*s == '&')
            buffer_puts(out, "&amp;");
        else if (*s == '"')
            buffer_puts(out, "&quot;");
        else if (*s == '\'')
            buffer_puts(out, "&#39;");
        else if (n > 1)
            buffer_printf(out, "&#x%x;", code_point(s, n));
        else
            buffer_add(out, s, n);
        s += n ? n : 1;
    }
}

void escape_csv(buffer *out, const char *text)
{
    if (!text)
        return;
    bool quote = strpbrk(text, ",\"\r\n") || *text == ' ' || (*text && text[strlen(text) - 1] == ' ');
    if (quote)
        buffer_puts(out, "\"");
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        size_t n = utf8_length(s);
        if (!n)
            buffer_puts(out, REPLACEMENT);
        else if (*s == '"')
            buffer_puts(out, "\"\"");
        else
            buffer_add(out, s, n);
        s += n ? n : 1;
    }
    if (quote)
        buffer_puts(out, "\"");
}

/* Calls put for every character; what is not UTF-8 and, as a space, what is a control character included. */
static void each_character(buffer *out, const char *text, void (*put)(buffer *out, const char *character, size_t n))
{
    for (const unsigned char *s = (const unsigned char *)(text ? text : ""); *s;) {
        size_t n = utf8_length(s);
        bool control = *s < 0x20 || *s == 0x7f || (n == 2 && *s == 0xc2 && s[1] < 0xa0);
        if (!n)
            put(out, REPLACEMENT, sizeof REPLACEMENT - 1);
        else
            put(out, control ? " " : (const char *)s, control ? 1 : n);
        s += n ? n : 1;
    }
}

static void put_latex(buffer *out, const char *character, size_t n)
{
    static const struct {
        const char *character, *latex;
    } special[] = {{"\\", "\\textbackslash{}"}, {"{", "\\{"}, {"}", "\\}"}, {"$", "\\$"}, {"&", "\\&"}, {"#", "\\#"}, {"%", "\\%"},
                   {"_", "\\_"}, {"^", "\\textasciicircum{}"}, {"~", "\\textasciitilde{}"}, {"<", "$<$"}, {">", "$>$"},
                   {"\xe2\x89\xa4", "$\\leq$"}, {REPLACEMENT, "?"}};
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
        if (strlen(special[i].character) == n && memcmp(special[i].character, character, n) == 0) {
            buffer_puts(out, special[i].latex);
            return;
        }
    buffer_add(out, character, n);
}

static void put_markdown(buffer *out, const char *character, size_t n)
{
    if (n == 1 && strchr("\\`*_{}[]<>#|~", *character))
        buffer_puts(out, "\\");
    buffer_add(out, character, n);
}

static void put_gnuplot(buffer *out, const char *character, size_t n)
{
    buffer_puts(out, *character == '\'' ? "'" : "");
    buffer_add(out, character, n);
}

static void put_plain(buffer *out, const char *character, size_t n)
{
    buffer_add(out, character, n);
}

void escape_latex(buffer *out, const char *text)
{
    each_character(out, text, put_latex);
}

void escape_markdown(buffer *out, const char *text)
{
    each_character(out, text, put_markdown);
}

void escape_gnuplot(buffer *out, const char *text)
{
    buffer_puts(out, "'");
    each_character(out, text, put_gnuplot);
    buffer_puts(out, "'");
}

void escape_line(buffer *out, const char *text)
{
    each_character(out, text, put_plain);
}
