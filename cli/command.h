/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.h - a subcommand is one thin file
 *
 * cli/cmd_NAME.c defines `int cmd_NAME(int argc, char **argv)` and gets a line in commands.def. argv[0] is "ashlar NAME", so argp's
 * usage and messages read right. The return value is the exit status: 0 success, 1 a broken world, 2 wrong usage,
 * configuration or data. main() checks standard output once at the end, so a command just prints.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "core/status.h"
#include <argp.h>
#include <stdbool.h>

typedef struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} command;

#define COMMAND(name, summary) int cmd_##name(int argc, char **argv);
#include "cli/commands.def"
#undef COMMAND

typedef enum output_format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON } output_format;

/* `--format table|csv|json`, as an argp child; its input is an output_format *. In the parser's ARGP_KEY_INIT:
 * state->child_inputs[0] = &format. */
extern const struct argp cli_format_argp;
/* `--run N` likewise; its input is an int64_t *, which stays as it is when the option is not given. */
extern const struct argp cli_run_argp;

/* Does the terminal's locale say UTF-8? */
bool cli_utf8(void);

/* Print "ashlar: MESSAGE" on standard error and return err->status. */
int cli_fail(const ash_error *err);

/* argp_parse with this project's conventions (exit status 2, --help, no --version per command). */
void cli_parse(const struct argp *argp, int argc, char **argv, void *input);

/* Ends the program with status 2 and one line: "ashlar run: MESSAGE; see ashlar run --help". For use in argp parsers. */
_Noreturn void cli_usage(const struct argp_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The value of an option as a whole number in [min, max]; else cli_usage. */
long long cli_integer(const struct argp_state *state, const char *option, const char *text, long long min,
                      long long max);

#endif
