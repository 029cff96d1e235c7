/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.c - see run.h */
#include "run/run.h"
#include "run/worker.h"
#include "core/log.h"
#include "run/front.h"
#include <stdlib.h>

static bool run_is_stored(db *d, const hash256 *identity)
{
    sqlite3_stmt *q = NULL;
    bool found = false;
    if (sqlite3_prepare_v2(db_handle(d), "SELECT 1 FROM runs WHERE identity = ?1", -1, &q, NULL) == SQLITE_OK) {
        sqlite3_bind_blob(q, 1, identity->b, sizeof(identity->b), SQLITE_STATIC);
        found = sqlite3_step(q) == SQLITE_ROW;
    }
    sqlite3_finalize(q);
    return found;
}

static const char *join(arena *a, const char *const *words, size_t n)
{
    const char *text = n ? words[0] : "";
    for (size_t i = 1; text && i < n; i++)
        text = arena_printf(a, "%s,%s", text, words[i]);
    return text;
}

static ash_status describe(run_job *r, bool is_new, ash_error *err)
{
    session *open = &r->session;
    const runfile *f = open->file;
    char hex[65] = "", *absolute = f->path ? realpath(f->path, NULL) : NULL;
    if (open->data)
        hash_to_hex(hex, &open->data->hash);
    r->row = (db_run){
        .name = f->name,
        .identity = open->identity,
        .settings = open->settings,
        .config = node_print(r->arena, f->root),
        .config_path = arena_strdup(r->arena, absolute ? absolute : f->path),
        .seed = (uint64_t)f->top.seed,
        .objectives = join(r->arena, open->objectives, open->n_objectives),
        .kernel_level = open->kernel_level,
        .data_name = open->data ? open->data->name : NULL,
        .data_hash = open->data ? arena_strdup(r->arena, hex) : NULL,
        .space_text = node_print(r->arena, f->space),
    };
    free(absolute);
    if (!r->row.config || !r->row.config_path || !r->row.objectives || !r->row.space_text)
        return ash_fail_memory(err);
    if (session_reference(open, &r->row.reference, err) != ASH_OK)
        return err->status;
    if (is_new && open->data)
        log_note("measuring the baselines of %s", open->data->name);
    return is_new ? session_data_json(open, &r->row.data_json, err) : ASH_OK;
}

static ash_status resume(run_job *r, bool check_replay, ash_error *err)
{
    trial **stored;
    size_t n;
    if (db_load_trials(r->db, r->row.id, r->arena, &stored, &n, err) != ASH_OK)
        return err->status;
    const trial *const *view = (const trial *const *)stored;
    if (recorder_resume(&r->recorder, &r->session, r->db, r->row.id, view, n, err) != ASH_OK)
        return err->status;
    if (n)
        log_note("resuming: %zu trials are stored", n);
    return n ? controller_replay(r->controller, view, n, check_replay, err) : ASH_OK;
}

static ash_status begin(run_job *r, const char *path, run_flags flags, ash_error *err)
{
    controller_hooks hooks = recorder_hooks(&r->recorder);
    const runfile *f = r->session.file;
    r->recorder.session = &r->session;
    if (controller_create(f->search, &f->budget, r->session.space, (uint64_t)f->top.seed, &hooks, &r->controller,
                          err) != ASH_OK)
        return err->status;
    /* what can be wrong with the run file is found before a database is made */
    if (session_reference(&r->session, &r->row.reference, err) != ASH_OK ||
        (flags.take_over ? db_take_over(path, &r->db, err) : db_open_writer(path, &r->db, err)) != ASH_OK)
        return err->status;
    bool resumed;
    if (describe(r, !run_is_stored(r->db, &r->session.identity), err) != ASH_OK ||
        db_run_begin(r->db, &r->row, flags.new_run, &resumed, err) != ASH_OK)
        return err->status;
    return resume(r, flags.check_replay, err);
}

ash_status run_open(run_job *r, runfile *f, const char *db_path, run_flags flags, ash_error *err)
{
    if (!(r->arena = arena_create())) {
        runfile_close(f);
        return ash_fail_memory(err);
    }
    recorder_init(&r->recorder);
    ash_status status = session_open(&r->session, f, NULL, recorder_keep, &r->recorder, err);
    return status == ASH_OK ? begin(r, db_path, flags, err) : status;
}

static ash_status tick(void *ctx, ash_error *err)
{
    return db_tick(ctx, err);
}

ash_status run_search(run_job *r, const run_watch *watch, ash_error *err)
{
    const execution_settings *execution = &r->session.file->execution;
    const char *orders = worker_orders(&r->row, execution, r->arena);
    if (!orders)
        return ash_fail_memory(err);
    const char *const worker[] = {execution->program ? execution->program : watch->worker, "worker", NULL};
    executor_remote remote = {
        .command = worker,
        .run = orders,
        .heartbeat_s = execution->heartbeat_s,
        .look_s = execution->look_s,
        .prefixes = execution->prefixes.v,
        .n_prefixes = execution->prefixes.n,
        .pilots = execution->pilots,
        .wants_weights = recorder_wants,
        .keep_weights = recorder_keep,
        .ctx = &r->recorder,
    };
    executor_job job = {
        .controller = r->controller,
        .type = r->session.type,
        .evaluator = r->session.evaluator,
        .workers = (int)execution->threads,
        .remote = watch->worker ? &remote : NULL,
        .interrupted = watch->interrupted,
        .progress = watch->progress,
        .tick = tick,
        .tick_ctx = r->db,
        .ctx = watch->ctx,
    };
    ash_status status = executor_find(execution->executor)->run(&job, err);
    return status == ASH_OK ? db_flush(r->db, err) : status;
}

ash_status run_end(run_job *r, bool interrupted, ash_error *err)
{
    if (interrupted)
        return db_run_end(r->db, r->row.id, "interrupted", err);
    const char *sentence = controller_sentence(r->controller);
    if (controller_status(r->controller).counted == 0) {
        db_run_end(r->db, r->row.id, "finished", err);
        return ash_fail(err, ASH_INVALID, "%s", sentence ? sentence : "the budget allows no evaluation");
    }
    if (sentence)
        log_note("%s", sentence);
    ash_status status = front_test(&r->recorder, err);
    return status == ASH_OK ? db_run_end(r->db, r->row.id, "finished", err) : status;
}

void run_close(run_job *r)
{
    controller_destroy(r->controller);
    db_close(r->db);
    session_close(&r->session);
    if (r->arena)
        recorder_fini(&r->recorder);
    arena_destroy(r->arena);
    *r = (run_job){0};
}
