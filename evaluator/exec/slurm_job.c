/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slurm_job.c - see slurm_job.h */
#include "evaluator/exec/slurm_job.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int64_t slurm_seconds(const char *text)
{
    int64_t days = 0, fields = 0, seconds = 0;
    char *end;
    const char *dash = strchr(text, '-');
    if (dash) {
        days = strtoll(text, NULL, 10);
        text = dash + 1;
    }
    while (isdigit((unsigned char)*text)) {
        seconds = 60 * seconds + strtoll(text, &end, 10);
        fields++;
        text = *end == ':' ? end + 1 : end;
    }
    if (fields == 1) /* hours behind days, minutes alone */
        seconds *= dash ? 3600 : 60;
    else if (fields == 2 && dash)
        seconds *= 60;
    return 86400 * days + seconds;
}

void slurm_forget_job(void)
{
    for (size_t i = 0; environ[i];) {
        const char *name = environ[i];
        size_t n = strcspn(name, "=");
        bool job = (strncmp(name, "SLURM_", 6) == 0 && strncmp(name, "SLURM_CONF=", 11) != 0) || strncmp(name, "SLURMD_", 7) == 0 ||
                   strncmp(name, "SRUN_", 5) == 0 || strncmp(name, "PMI", 3) == 0;
        char *copy = job ? strndup(name, n) : NULL;
        i = copy && unsetenv(copy) == 0 ? 0 : i + 1;
        free(copy);
    }
}

ash_status slurm_place(const executor_job *job, const char *name, const char *srun, int64_t left_s, const char *alive, int slots, arena *a, place *out,
                       ash_error *err)
{
    const char *more[5] = {NULL};
    size_t n = 0;
    if (left_s > 0) {
        more[n++] = "--time-left";
        more[n++] = arena_printf(a, "%lld", (long long)left_s);
    }
    if (alive) {
        more[n++] = "--alive";
        more[n++] = alive;
    }
    *out = (place){arena_strdup(a, name), pool_command(job, srun, more, a), slots};
    return out->name && out->command && (n == 0 || more[1]) ? ASH_OK : ash_fail_memory(err);
}
