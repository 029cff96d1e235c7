/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slurm.c - see slurm.h */
#include "cli/slurm.h"
#include "core/hash.h"
#include "evaluator/process.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *slurm_absolute(const char *path, arena *a)
{
    char *real = realpath(path, NULL), here[4096];
    const char *out = real ? arena_strdup(a, real) : path[0] == '/' ? path : getcwd(here, sizeof(here)) ? arena_printf(a, "%s/%s", here, path) : NULL;
    free(real);
    return out;
}

const char *slurm_name(const char *db, arena *a)
{
    const char *path = slurm_absolute(db, a);
    if (!path)
        return NULL;
    char hex[65];
    hash256 h = hash_of_bytes(path, strlen(path));
    hash_to_hex(hex, &h);
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    char *stem = arena_strndup(a, base, strcspn(base, "."));
    for (char *p = stem; p && *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *p))
            *p = '_';
    return stem ? arena_printf(a, "ashlar-%s-%.8s", stem, hex) : NULL;
}

ash_status slurm_call(const char *const *command, const char *input, arena *a, char **out, ash_error *err)
{
    const char *words[64] = {"/usr/bin/env"};
    size_t n = 0;
    for (; command[n] && n < 62; n++)
        words[n + 1] = command[n];
    process_limits limits = {.timeout_s = 120, .output_bytes = 1 << 20};
    process_result r;
    *out = NULL;
    if (process_run((char *const *)words, ".", input, strlen(input), &limits, &r, err) != ASH_OK)
        return err->status;
    ash_status status = ASH_OK;
    size_t last = r.out.len;
    while (last && r.out.data[last - 1] == '\n')
        last--;
    const char *said = r.tail.len ? r.tail.data : "it says nothing";
    if (r.end != PROCESS_EXITED || r.code != 0)
        status = ash_fail(err, ASH_BROKEN, "%s failed: %.*s", command[0], (int)strcspn(said, "\n"), said);
    else if (!(*out = arena_strndup(a, last ? r.out.data : "", last)))
        status = ash_fail_memory(err);
    process_result_free(&r);
    return status;
}
