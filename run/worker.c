/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker.c - see worker.h */
#include "run/worker.h"
#include "nn/kernels/kernels.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

const char *worker_orders(const db_run *row, const execution_settings *execution, arena *a)
{
    char identity[65];
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I}", "version", ASHLAR_VERSION, "config", row->config, "path",
                          row->config_path ? row->config_path : "", "level", row->kernel_level, "identity",
                          hash_to_hex(identity, &row->identity), "memory_cap", (json_int_t)execution->memory_cap);
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    const char *out = text ? arena_strdup(a, text) : NULL;
    free(text);
    json_decref(o);
    return out;
}

ash_status worker_open(const char *orders, size_t n, session *s, int64_t *memory_cap,
                       void (*keep)(void *ctx, uint64_t trial_id, const void *bytes, size_t n), void *keep_ctx, ash_error *err)
{
    const char *version, *config, *path, *level, *identity;
    json_int_t cap;
    hash256 expected;
    runfile *f;
    json_t *o = json_loadb(orders, n, 0, NULL);
    ash_status status = ASH_OK;
    if (!o || json_unpack(o, "{s:s, s:s, s:s, s:s, s:s, s:I}", "version", &version, "config", &config, "path", &path, "level", &level,
                          "identity", &identity, "memory_cap", &cap) != 0 || !hash_from_hex(identity, &expected))
        status = ash_fail(err, ASH_INVALID, "the controller does not say which run this is");
    else if (strcmp(version, ASHLAR_VERSION) != 0)
        status = ash_fail(err, ASH_INVALID, "the controller is ashlar %s, this worker is ashlar %s", version, ASHLAR_VERSION);
    else if (!nn_kernels_supported(level))
        status = ash_fail(err, ASH_INVALID, "the run is pinned to kernel level %s, which this machine cannot run", level);
    else
        status = runfile_read_text(config, *path ? path : NULL, &f, err);
    if (status == ASH_OK) {
        const char *kept = arena_strdup(f->arena, level);
        *memory_cap = cap;
        status = session_open(s, f, kept, keep, keep_ctx, err);
    }
    if (status == ASH_OK && !hash_equal(&s->identity, &expected))
        status = ash_fail(err, ASH_INVALID, "this worker finds another run than the controller's: its data or tables differ");
    json_decref(o);
    return status;
}
