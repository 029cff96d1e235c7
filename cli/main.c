/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main.c - dispatch over commands.def, and what holds for all commands
 *
 * Numbers are read and written with '.' whatever the locale, since LC_NUMERIC is never set; LC_CTYPE is, for the widths
 * of characters in tables. A reader that goes away or a full disk is an error, not a signal: SIGPIPE and SIGXFSZ are
 * ignored and standard output is checked once, when the program ends in whatever way.
 */
#include "cli/command.h"
#include "core/log.h"
#include "core/start.h"
#include "core/text.h"
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const command commands[] = {
#define COMMAND(name, summary) {#name, summary, cmd_##name},
#include "cli/commands.def"
#undef COMMAND
};
enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_help(FILE *out)
{
    fputs("Usage: ashlar COMMAND [OPTION...]\n"
          "From a data set and a space of blocks to a Pareto front of trained networks.\n\n",
          out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\n\"ashlar COMMAND --help\" shows a command's options and examples.\n"
          "Exit status: 0 success; 1 a broken world (disk, memory, database); 2 wrong usage, configuration or data;\n"
          "3 another process has taken the study over.\n",
          out);
}

static int unknown(const char *name)
{
    const char *names[N_COMMANDS];
    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i].name;
    const char *near = text_nearest(name, names, N_COMMANDS);
    const char *what = name[0] == '-' ? "option" : "command";
    if (near && name[0] != '-')
        log_error("unknown command \"%s\"; did you mean \"%s\"?", name, near);
    else
        log_error("unknown %s \"%s\"; \"ashlar --help\" lists the commands", what, name);
    return ASH_INVALID;
}

static void check_output(void)
{
    bool failed = ferror(stdout);
    errno = 0;
    if (fflush(stdout) != 0)
        failed = true;
    if (!failed)
        return;
    if (errno == EPIPE)
        log_error("standard output was closed before everything was written");
    else
        log_error("cannot write standard output%s%s", errno ? ": " : "", errno ? strerror(errno) : "");
    _exit(ASH_BROKEN);
}

/* A closed standard descriptor would be given to the next file that is opened, a database for example. */
static void hold_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 1 ? O_RDONLY : O_RDWR) < 0)
            _exit(ASH_BROKEN);
}

static void set_locale(void)
{
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

int main(int argc, char **argv)
{
    hold_descriptors();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    set_locale();
    ash_start();
    atexit(check_output);
    if (argc < 2) {
        print_help(stderr);
        return ASH_INVALID;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        puts("ashlar " ASHLAR_VERSION);
        return 0;
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0) {
            char full[64] = "ashlar ";
            strncat(full, commands[i].name, sizeof(full) - 8);
            argv[1] = full;
            return commands[i].run(argc - 1, argv + 1);
        }
    return unknown(name);
}
