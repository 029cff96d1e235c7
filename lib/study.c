/* SPDX-License-Identifier: GPL-3.0-or-later */
/* study.c - studies, runs and trials for programs that link libashlar */
#include "core/log.h"
#include "core/start.h"
#include "lib/private.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void lib_begin(void)
{
    log_set_level(LOG_QUIET);
    ash_start();
}

const char *ash_version(void) { return ASHLAR_VERSION; }

ash_status ash_study_open(const char *path, ash_study **out, ash_error *err)
{
    lib_begin();
    *out = NULL;
    ash_study *s = calloc(1, sizeof(*s));
    if (!s || !(s->arena = arena_create())) {
        free(s);
        return ash_fail_memory(err);
    }
    if (db_open_reader(path, &s->db, err) != ASH_OK || db_run_ids(s->db, s->arena, &s->ids, &s->n, err) != ASH_OK) {
        ash_study_close(s);
        return err->status;
    }
    *out = s;
    return ASH_OK;
}

void ash_study_close(ash_study *s)
{
    if (!s)
        return;
    for (ash_run *r = s->runs, *next; r; r = next) {
        next = r->next;
        arena_destroy(r->arena);
    }
    db_close(s->db);
    arena_destroy(s->arena);
    free(s);
}

size_t ash_study_run_count(const ash_study *s) { return s->n; }

int64_t ash_study_run_id(const ash_study *s, size_t i) { return i < s->n ? s->ids[i] : 0; }

/* ---- loading a run ---- */

static size_t position(const ash_run *r, uint64_t id)
{
    size_t lo = 0, hi = r->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (r->trials[mid].record->id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static ash_status load_objectives(ash_run *r, ash_error *err)
{
    char *text = arena_strdup(r->arena, r->row.objectives ? r->row.objectives : ""), *rest = text;
    size_t most = 1;
    for (const char *p = text; p && *p; p++)
        most += *p == ',';
    r->objectives = ARENA_NEW(r->arena, const char *, most);
    if (!text || !r->objectives)
        return ash_fail_memory(err);
    for (char *name; (name = strsep(&rest, ",")) != NULL;)
        if (*name)
            r->objectives[r->n_objectives++] = name;
    return ASH_OK;
}

static ash_status load_run(ash_run *r, int64_t id, ash_error *err)
{
    db *d = r->study->db;
    trial **records;
    uint64_t *front;
    if (db_load_run(d, id, r->arena, &r->row, err) != ASH_OK || load_objectives(r, err) != ASH_OK ||
        db_load_trials(d, r->row.id, r->arena, &records, &r->n, err) != ASH_OK ||
        db_load_front(d, r->row.id, r->arena, &front, &r->n_front, err) != ASH_OK)
        return err->status;
    r->trials = ARENA_NEW(r->arena, ash_trial, r->n + 1);
    r->front = ARENA_NEW(r->arena, const ash_trial *, r->n_front + 1);
    if (!r->trials || !r->front)
        return ash_fail_memory(err);
    for (size_t i = 0; i < r->n; i++)
        r->trials[i] = (ash_trial){records[i], r};
    size_t known = 0;
    for (size_t i = 0; i < r->n_front; i++) /* a search may have added members after the trials were read */
        if ((r->front[known] = ash_run_find(r, front[i])) != NULL)
            known++;
    r->n_front = known;
    return ASH_OK;
}

ash_status ash_study_run(ash_study *s, int64_t id, const ash_run **out, ash_error *err)
{
    lib_begin();
    *out = NULL;
    arena *a = arena_create();
    ash_run *r = a ? ARENA_NEW(a, ash_run, 1) : NULL;
    if (!r) {
        arena_destroy(a);
        return ash_fail_memory(err);
    }
    *r = (ash_run){.study = s, .arena = a};
    if (load_run(r, id, err) != ASH_OK) {
        arena_destroy(a);
        return err->status;
    }
    r->next = s->runs;
    s->runs = r;
    *out = r;
    return ASH_OK;
}

/* ---- looking at it ---- */

int64_t ash_run_id(const ash_run *r) { return r->row.id; }

const char *ash_run_name(const ash_run *r) { return r->row.name; }

uint64_t ash_run_seed(const ash_run *r) { return r->row.seed; }

size_t ash_run_objective_count(const ash_run *r) { return r->n_objectives; }

const char *ash_run_objective(const ash_run *r, size_t i) { return i < r->n_objectives ? r->objectives[i] : NULL; }

size_t ash_run_trial_count(const ash_run *r) { return r->n; }

const ash_trial *ash_run_trial(const ash_run *r, size_t i) { return i < r->n ? &r->trials[i] : NULL; }

const ash_trial *ash_run_find(const ash_run *r, uint64_t id)
{
    size_t i = position(r, id);
    return i < r->n && r->trials[i].record->id == id ? &r->trials[i] : NULL;
}

size_t ash_run_front_count(const ash_run *r) { return r->n_front; }

const ash_trial *ash_run_front(const ash_run *r, size_t i) { return i < r->n_front ? r->front[i] : NULL; }

uint64_t ash_trial_id(const ash_trial *t) { return t->record->id; }

const char *ash_trial_status(const ash_trial *t) { return trial_status_name(t->record->status); }

const char *ash_trial_reason(const ash_trial *t) { return t->record->reason; }

const char *ash_trial_genome(const ash_trial *t) { return t->record->genome; }

const char *ash_trial_network(const ash_trial *t) { return t->record->blocks; }

size_t ash_trial_metric_count(const ash_trial *t) { return t->record->n_metrics; }

const char *ash_trial_metric_name(const ash_trial *t, size_t i)
{
    return i < t->record->n_metrics ? t->record->metrics[i].name : NULL;
}

double ash_trial_metric(const ash_trial *t, const char *name)
{
    double value = trial_metric(t->record, name);
    return isnan(value) ? db_get_metric(t->run->study->db, t->run->row.id, t->record->id, name) : value;
}

uint64_t ash_trial_parent(const ash_trial *t, size_t i) { return i < t->record->n_parents ? t->record->parents[i] : 0; }
