/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stored.c - see stored.h */
#include "run/stored.h"
#include "nn/kernels/kernels.h"

ash_status stored_open(stored_run *s, const char *path, int64_t run, ash_error *err)
{
    const db_run *r = &s->row;
    *s = (stored_run){.arena = arena_create()};
    recorder_init(&s->recorder);
    if (!s->arena)
        return ash_fail_memory(err);
    if (db_open_reader(path, &s->db, err) != ASH_OK || db_load_run(s->db, run, s->arena, &s->row, err) != ASH_OK)
        return err->status;
    if (r->kernel_level && !nn_kernels_supported(r->kernel_level))
        return ash_fail(err, ASH_INVALID, "%s: the run was made at kernel level %s, which this machine cannot run", path, r->kernel_level);
    s->recorder.session = &s->session;
    s->recorder.db = s->db;
    s->recorder.run = r->id;
    if (session_open_stored(&s->session, r, path, r->kernel_level, recorder_keep, &s->recorder, err) != ASH_OK)
        return err->status;
    if (!hash_equal(&s->session.identity, &r->identity))
        return ash_fail(err, ASH_BROKEN, "%s: run %lld does not have the identity that its settings make; it was changed, or "
                        "written by another version of ashlar", path, (long long)r->id);
    return ASH_OK;
}

void stored_close(stored_run *s)
{
    if (!s->arena)
        return;
    session_close(&s->session);
    recorder_fini(&s->recorder);
    db_close(s->db);
    arena_destroy(s->arena);
    *s = (stored_run){0};
}
