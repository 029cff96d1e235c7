/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_run.c - the main job */
#include "cli/command.h"

int cmd_run(int argc, char **argv)
{
    ash_error err;
    (void)argc, (void)argv;
    ash_fail(&err, ASH_BROKEN, "run is not there yet");
    return cli_fail(&err);
}
