/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.c - what all subcommands share: errors, options, --format */
#include "cli/command.h"
#include "core/format.h"
#include "core/log.h"
#include "core/text.h"
#include <langinfo.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int cli_fail(const ash_error *err)
{
    log_error("%s", err->text);
    return err->status;
}

bool cli_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void cli_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    argp_err_exit_status = ASH_INVALID;
    if (argp_parse(argp, argc, argv, 0, NULL, input) != 0)
        exit(ASH_INVALID);
}

void cli_usage(const struct argp_state *state, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    format_args(text, sizeof(text), format, args);
    va_end(args);
    log_error("%s; see %s --help", text, state->name);
    exit(ASH_INVALID);
}

long long cli_integer(const struct argp_state *state, const char *option, const char *text, long long min,
                      long long max)
{
    int64_t value;
    if (!text_to_int(text, &value))
        cli_usage(state, "%s takes a whole number, not \"%s\"", option, text);
    if (value < min || value > max)
        cli_usage(state, "%s takes a number from %lld to %lld, not %s", option, min, max, text);
    return value;
}

static error_t parse_format(int key, char *arg, struct argp_state *state)
{
    static const char *const names[] = {"table", "csv", "json"};
    output_format *format = state->input;
    if (key != 'f')
        return ARGP_ERR_UNKNOWN;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(arg, names[i]) == 0) {
            if (format)
                *format = (output_format)i;
            return 0;
        }
    cli_usage(state, "--format is table, csv or json, not \"%s\"", arg);
}

static const struct argp_option format_options[] = {
    {"format", 'f', "FORMAT", 0, "table (for people), csv or json", 90},
    {0},
};
const struct argp cli_format_argp = {.options = format_options, .parser = parse_format};

static error_t parse_run(int key, char *arg, struct argp_state *state)
{
    if (key != 'r')
        return ARGP_ERR_UNKNOWN;
    *(int64_t *)state->input = cli_integer(state, "--run", arg, 1, INT64_MAX);
    return 0;
}

static const struct argp_option run_options[] = {
    {"run", 'r', "N", 0, "Run of the study (default: the latest)", 0},
    {0},
};
const struct argp cli_run_argp = {.options = run_options, .parser = parse_run};
