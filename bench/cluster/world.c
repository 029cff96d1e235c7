/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world.c - see world.h */
#include "cluster/sim.h"
#include "config/config.h"
#include "evaluator/exec/wire.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Some 10^17 genomes: no strategy runs out of them. */
static const char made_up[] = "space:\n"
                              "  stages:\n"
                              "    - block: [conv, separable, residual]\n"
                              "      repeat: {from: 1, to: 6}\n"
                              "      vary: true\n"
                              "      width: [4, 6, 8, 12, 16, 24, 32]\n"
                              "      kernel: [1, 3, 5]\n"
                              "      bits: [32, 8, 4, 2, 1]\n"
                              "search: {strategy: %s, lookahead: %u, objectives: [error, macs]}\n";

static rng stream_of(const world *w, const trial *t, const char *purpose)
{
    return rng_stream(w->seed, purpose, hash_to_u64(&t->key));
}

/* Log-normal with this sigma and mean 1. */
static double spread(rng *r, double sigma)
{
    return exp(sigma * (double)rng_normal(r) - sigma * sigma / 2);
}

static const struct recorded *recorded(const world *w, const trial *t)
{
    rng r = stream_of(w, t, "recorded");
    return &w->recorded[rng_below(&r, (uint32_t)w->n)];
}

double world_estimate_s(const world *w, const trial *t)
{
    return (double)t->virtual_duration * w->tick_s;
}

double world_duration_s(const world *w, const trial *t)
{
    if (w->recorded)
        return recorded(w, t)->wall_s;
    rng r = stream_of(w, t, "error of the estimate");
    return world_estimate_s(w, t) * spread(&r, w->estimate_error);
}

static ash_status cost(void *ctx, const genome *g, trial *t, arena *a, ash_error *err)
{
    const world *w = ctx;
    (void)g;
    t->key = hash_of_bytes(t->genome, strlen(t->genome));
    rng r = stream_of(w, t, "duration");
    t->virtual_duration = w->recorded ? (uint64_t)recorded(w, t)->virtual_duration
                                      : (uint64_t)fmax(1, w->mean_s * spread(&r, w->spread) / w->tick_s);
    metric *m = ARENA_NEW(a, metric, 1);
    if (!m)
        return ash_fail_memory(err);
    *m = (metric){"macs", (double)t->virtual_duration};
    t->metrics = m;
    t->n_metrics = 1;
    t->status = TRIAL_PENDING;
    return ASH_OK;
}

/* What a worker makes of it: an error, and a learning curve of 20 epochs. */
ash_status world_send(const world *w, const trial *t, double wall_s, unsigned host, unsigned worker, unsigned attempts, buffer *message, ash_error *err)
{
    enum { EPOCHS = 20, METRICS = 32 };
    rng r = stream_of(w, t, "result");
    trial result = *t;
    metric metrics[METRICS] = {{"error", rng_real(&r)}, {"val_loss", rng_real(&r)}};
    curve_point curve[EPOCHS];
    char name[16];
    result.n_metrics = 2;
    for (size_t i = 0; i < t->n_metrics && result.n_metrics < METRICS; i++)
        metrics[result.n_metrics++] = t->metrics[i];
    for (unsigned i = 0; i < EPOCHS; i++)
        curve[i] = (curve_point){i + 1, rng_real(&r), rng_real(&r), rng_real(&r)};
    snprintf(name, sizeof(name), "node%u", host);
    result.status = TRIAL_OK;
    result.metrics = metrics;
    result.curve = curve;
    result.n_curve = EPOCHS;
    result.weights_hash = t->key;
    result.trained_macs = t->virtual_duration * 1000;
    result.wall_s = wall_s;
    result.host = name;
    result.worker = worker;
    result.attempts = attempts;
    wire_writer out = {.fd = -1};
    wire_trial(&out, &result);
    buffer_clear(message);
    buffer_add(message, out.out.data, out.out.len);
    bool failed = out.broken || message->failed;
    wire_writer_free(&out);
    return failed ? ash_fail_memory(err) : ASH_OK;
}

ash_status world_receive(world *w, buffer *message, ash_error *err)
{
    char *rest = message->data;
    trial *t;
    arena_reset(w->scratch);
    if (wire_get_trial(&rest, w->scratch, &t, err) != ASH_OK)
        return err->status;
    return controller_done(w->controller, t, err);
}

/* ---- opening one ---- */

static ash_status read_durations(world *w, const char *path, ash_error *err)
{
    static const char sql[] = "SELECT virtual_duration, wall_s, count(*) OVER () FROM trials "
                              "WHERE wall_s > 0 AND virtual_duration > 0 AND found_in IS NULL ORDER BY run, trial";
    db *d;
    if (db_open_reader(path, &d, err) != ASH_OK)
        return err->status;
    sqlite3_stmt *q = NULL;
    double ticks = 0, seconds = 0;
    sqlite3_prepare_v2(db_handle(d), sql, -1, &q, NULL);
    while (q && sqlite3_step(q) == SQLITE_ROW) {
        if (!w->recorded && !(w->recorded = ARENA_NEW(w->arena, struct recorded, (size_t)sqlite3_column_int64(q, 2))))
            break;
        w->recorded[w->n++] = (struct recorded){sqlite3_column_double(q, 0), sqlite3_column_double(q, 1)};
        ticks += w->recorded[w->n - 1].virtual_duration;
        seconds += w->recorded[w->n - 1].wall_s;
    }
    sqlite3_finalize(q);
    db_close(d);
    w->tick_s = seconds / ticks;
    return w->n ? ASH_OK : ash_fail(err, ASH_INVALID, "%s holds no trial that was evaluated", path);
}

/* So long is a tick that the mean duration is as asked for. */
static ash_status calibrate(world *w, ash_error *err)
{
    rng r = rng_stream(w->seed, "calibrate", 0);
    genome *g = genome_create(w->job.session.space, w->arena);
    double ticks = 0;
    unsigned n = 0;
    for (unsigned i = 0; g && i < 256; i++) {
        trial t = {0};
        arena_reset(w->scratch);
        space_sample(w->job.session.space, g, &r);
        if (w->job.session.type->cost(w->job.session.evaluator, g, &t, w->scratch, err) != ASH_OK)
            return err->status;
        ticks += (double)t.virtual_duration;
        n += t.status == TRIAL_PENDING;
    }
    w->tick_s = w->mean_s / (ticks / n);
    return n ? ASH_OK : ash_fail(err, ASH_INVALID, "no network of the space can be trained");
}

static ash_status open_run(world *w, const sim_settings *set, unsigned lookahead, uint64_t evaluations, ash_error *err)
{
    override_list o = {0};
    runfile *f;
    overrides_add(&o, "search.lookahead=%u", lookahead);
    overrides_add(&o, "search.strategy=%s", set->strategy);
    overrides_add(&o, "budget.evaluations=%llu", (unsigned long long)evaluations);
    ash_status status = runfile_read(set->run, o.v, o.n, &f, err);
    overrides_free(&o);
    if (status != ASH_OK)
        return status;
    snprintf(w->folder, sizeof(w->folder), "/tmp/cluster_sim-XXXXXX");
    if (!mkdtemp(w->folder)) {
        w->folder[0] = '\0';
        runfile_close(f);
        return ash_fail(err, ASH_BROKEN, "cannot make a folder in /tmp");
    }
    if (run_open(&w->job, f, arena_printf(w->arena, "%s/sim.db", w->folder), (run_flags){0}, err) != ASH_OK)
        return err->status;
    w->controller = w->job.controller;
    return calibrate(w, err);
}

static ash_status open_made_up(world *w, const sim_settings *set, unsigned lookahead, uint64_t evaluations, ash_error *err)
{
    node *root;
    search_budget budget = {.evaluations = (int64_t)evaluations};
    controller_hooks hooks = {.ctx = w, .cost = cost};
    w->tick_s = 1e-3;
    if (config_read_text(arena_printf(w->arena, made_up, set->strategy, lookahead), "the simulation", w->arena, &root, err) != ASH_OK ||
        space_read(node_get(root, "space"), (nn_shape){32, 32, 3}, 10, &w->space, err) != ASH_OK ||
        (set->durations && read_durations(w, set->durations, err) != ASH_OK))
        return err->status;
    return controller_create(node_get(root, "search"), &budget, w->space, set->seed, &hooks, &w->controller, err);
}

ash_status world_open(world *w, const sim_settings *set, unsigned lookahead, ash_error *err)
{
    uint64_t evaluations = (uint64_t)set->evaluations * set->workers;
    *w = (world){.arena = arena_create(), .scratch = arena_create(), .spread = set->spread, .mean_s = set->mean_s,
                 .estimate_error = set->estimate_error, .seed = set->seed};
    if (!w->arena || !w->scratch)
        return ash_fail_memory(err);
    return set->run ? open_run(w, set, lookahead, evaluations, err) : open_made_up(w, set, lookahead, evaluations, err);
}

void world_close(world *w)
{
    if (w->folder[0]) {
        run_close(&w->job);
        unlink(arena_printf(w->arena, "%s/sim.db", w->folder));
        unlink(arena_printf(w->arena, "%s/sim.db-writer", w->folder));
        rmdir(w->folder);
    } else {
        controller_destroy(w->controller);
        space_destroy(w->space);
    }
    arena_destroy(w->scratch);
    arena_destroy(w->arena);
}
