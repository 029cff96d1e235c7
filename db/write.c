/* SPDX-License-Identifier: GPL-3.0-or-later */
/* write.c - appending trials, in batches
 *
 * A commit waits for the disk, so trials that come fast share one: the batch is committed when the last
 * commit was half a second ago, and every 256 trials. A trial and all that hangs on it (metrics, curve,
 * parents, front) are in one batch, so a killed process leaves whole trials. When anything fails the batch is
 * rolled back: the caller ends the run with the message, and a resume computes those trials again.
 */
#include "core/log.h"
#include "db/private.h"
#include <stdlib.h>
#include <string.h>

#define BATCH_TRIALS 256
#define BATCH_S 0.5

static const char *const columns[] = {
#define DB_METRIC(name) #name,
#include "db/metrics.def"
#undef DB_METRIC
};
enum { N_COLUMNS = sizeof(columns) / sizeof(*columns), FIRST_METRIC = 20 /* bind index in INSERT_TRIAL */ };

static ash_status refuse_reader(db *d, ash_error *err)
{
    return ash_fail(err, ASH_BROKEN, "%s is open for reading only", d->path);
}

/* The fence: only the newest session writes. */
static ash_status check_session(db *d, ash_error *err)
{
    sqlite3_stmt *s = d->session ? db_statement(d, DB_NEWEST_SESSION, err) : NULL;
    if (!s)
        return d->session ? err->status : ASH_OK;
    ash_status status = ASH_OK;
    if (sqlite3_step(s) != SQLITE_ROW)
        status = db_fail(d, err, "read the sessions");
    else if (sqlite3_column_int64(s, 0) != d->session)
        status = ash_fail(err, ASH_STALE, "%s: another process has taken this study over; nothing more is stored from here", d->path);
    sqlite3_reset(s);
    return status;
}

ash_status db_begin(db *d, ash_error *err)
{
    if (d->in_transaction)
        return ASH_OK;
    if (!d->writer)
        return refuse_reader(d, err);
    if (sqlite3_exec(d->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return db_fail(d, err, "write");
    if (check_session(d, err) != ASH_OK) { /* nobody else can begin one before this transaction ends */
        sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
        return err->status;
    }
    d->in_transaction = true;
    return ASH_OK;
}

/* Drops the batch, and what was remembered of it. err holds why. */
static ash_status roll_back(db *d, ash_error *err)
{
    if (!sqlite3_get_autocommit(d->handle))
        sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
    d->in_transaction = false;
    d->pending = 0;
    db_front_forget(d);
    free(d->metric_list);
    d->metric_list = NULL;
    return err->status;
}

ash_status db_flush(db *d, ash_error *err)
{
    if (!d->in_transaction)
        return ASH_OK;
    if (sqlite3_exec(d->handle, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        db_fail(d, err, "write");
        return roll_back(d, err);
    }
    d->in_transaction = false;
    d->pending = 0;
    d->last_commit_s = clock_wall_s();
    return ASH_OK;
}

ash_status db_tick(db *d, ash_error *err)
{
    if (d->writer && d->lock.fd < 0) { /* whom it was taken from may be gone now */
        ash_error held;
        db_lock_take(d->path, &d->lock, &held);
    }
    if (!d->in_transaction)
        return check_session(d, err);
    return clock_wall_s() - d->last_commit_s >= BATCH_S ? db_flush(d, err) : ASH_OK;
}

static ash_status done(db *d, unsigned trials, ash_error *err)
{
    d->pending += trials;
    if (d->pending >= BATCH_TRIALS || clock_wall_s() - d->last_commit_s >= BATCH_S)
        return db_flush(d, err);
    return ASH_OK;
}

static ash_status check(const trial *t, ash_error *err)
{
    if (t->id == 0 || t->id > INT64_MAX)
        return ash_fail(err, ASH_INVALID, "trial id %llu cannot be stored", (unsigned long long)t->id);
    if (t->status == TRIAL_PENDING)
        return ash_fail(err, ASH_INVALID, "trial %llu is still pending", (unsigned long long)t->id);
    for (size_t i = 0; i < t->n_metrics; i++) {
        const char *name = t->metrics[i].name;
        if (!name || !name[0] || strchr(name, ','))
            return ash_fail(err, ASH_INVALID, "trial %llu: \"%s\" is no name for a metric",
                            (unsigned long long)t->id, name ? name : "");
        for (size_t j = 0; j < i; j++)
            if (strcmp(name, t->metrics[j].name) == 0)
                return ash_fail(err, ASH_INVALID, "trial %llu has the metric %s twice",
                                (unsigned long long)t->id, name);
    }
    if (t->n_parents > TRIAL_MAX_PARENTS)
        return ash_fail(err, ASH_INVALID, "trial %llu has too many parents", (unsigned long long)t->id);
    return ASH_OK;
}

/* The row of `insert`'s table whose unique column is bound as 1, made when absent. */
static ash_status find_or_insert(db *d, sqlite3_stmt *find, sqlite3_stmt *insert, int64_t *id, ash_error *err)
{
    int rc = sqlite3_step(find);
    if (rc == SQLITE_ROW)
        *id = sqlite3_column_int64(find, 0);
    else if (rc != SQLITE_DONE)
        db_fail(d, err, "read");
    sqlite3_reset(find);
    if (rc != SQLITE_DONE)
        return rc == SQLITE_ROW ? ASH_OK : err->status;
    ash_status status = db_run_statement(d, insert, "write", err);
    *id = sqlite3_last_insert_rowid(d->handle);
    return status;
}

/* Names in order, comma-separated: the trials of a run share one list. */
static ash_status metric_list(db *d, const trial *t, int64_t *id, ash_error *err)
{
    buffer names = {0};
    for (size_t i = 0; i < t->n_metrics; i++) {
        if (i)
            buffer_puts(&names, ",");
        buffer_puts(&names, t->metrics[i].name);
    }
    ash_status status = names.failed ? ash_fail_memory(err) : ASH_OK;
    if (status == ASH_OK && d->metric_list && strcmp(d->metric_list, names.data) == 0) {
        *id = d->metric_list_id;
        buffer_free(&names);
        return ASH_OK;
    }
    sqlite3_stmt *find = NULL, *insert = NULL;
    if (status == ASH_OK && (!(find = db_statement(d, DB_FIND_METRIC_LIST, err)) ||
                             !(insert = db_statement(d, DB_INSERT_METRIC_LIST, err))))
        status = err->status;
    if (status == ASH_OK) {
        db_bind_text(find, 1, names.data);
        db_bind_text(insert, 1, names.data);
        status = find_or_insert(d, find, insert, id, err);
    }
    if (status == ASH_OK) {
        free(d->metric_list);
        d->metric_list = strdup(names.data);
        d->metric_list_id = *id;
    }
    buffer_free(&names);
    return status;
}

static ash_status blocks(db *d, const char *text, int64_t *id, ash_error *err)
{
    sqlite3_stmt *find = db_statement(d, DB_FIND_BLOCKS, err),
                 *insert = db_statement(d, DB_INSERT_BLOCKS, err);
    if (!find || !insert)
        return err->status;
    hash256 h = hash_of_bytes(text, strlen(text));
    sqlite3_bind_blob(find, 1, h.b, sizeof(h.b), SQLITE_STATIC);
    sqlite3_bind_blob(insert, 1, h.b, sizeof(h.b), SQLITE_STATIC);
    db_bind_text(insert, 2, text);
    ash_status status = find_or_insert(d, find, insert, id, err);
    sqlite3_clear_bindings(find);
    sqlite3_clear_bindings(insert);
    return status;
}

static int column_of(const char *name)
{
    for (int i = 0; i < N_COLUMNS; i++)
        if (strcmp(columns[i], name) == 0)
            return i;
    return -1;
}

static ash_status insert_row(db *d, int64_t run, const trial *t, bool *inserted, ash_error *err)
{
    int64_t list = 0, description = 0;
    ash_status status = ASH_OK;
    if (t->n_metrics)
        status = metric_list(d, t, &list, err);
    if (status == ASH_OK && t->blocks)
        status = blocks(d, t->blocks, &description, err);
    sqlite3_stmt *s = status == ASH_OK ? db_statement(d, DB_INSERT_TRIAL, err) : NULL;
    if (!s)
        return err->status;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, (int64_t)t->id);
    db_bind_text(s, 3, trial_status_name(t->status));
    db_bind_text(s, 4, t->reason);
    db_bind_text(s, 5, t->genome);
    db_bind_hash(s, 6, &t->key);
    if (t->original)
        sqlite3_bind_int64(s, 7, (int64_t)t->original);
    sqlite3_bind_int64(s, 8, (int64_t)t->virtual_start);
    sqlite3_bind_int64(s, 9, (int64_t)t->virtual_duration);
    if (t->n_metrics)
        sqlite3_bind_int64(s, 10, list);
    sqlite3_bind_int64(s, 11, (int64_t)t->trained_macs);
    db_bind_hash(s, 12, &t->weights_hash);
    if (t->blocks)
        sqlite3_bind_int64(s, 13, description);
    sqlite3_bind_double(s, 14, t->wall_s);
    db_bind_text(s, 15, t->host);
    sqlite3_bind_int64(s, 16, t->worker);
    sqlite3_bind_int64(s, 17, t->attempts);
    db_bind_text(s, 18, t->found_in);
    if (d->session)
        sqlite3_bind_int64(s, 19, d->session);
    for (size_t i = 0; i < t->n_metrics; i++) {
        int column = column_of(t->metrics[i].name);
        if (column >= 0)
            sqlite3_bind_double(s, FIRST_METRIC + column, t->metrics[i].value);
    }
    status = db_run_statement(d, s, "store a trial", err);
    *inserted = status == ASH_OK && sqlite3_changes(d->handle) > 0;
    sqlite3_clear_bindings(s);
    return status;
}

static ash_status insert_metrics(db *d, int64_t run, const trial *t, ash_error *err)
{
    ash_status status = ASH_OK;
    for (size_t i = 0; status == ASH_OK && i < t->n_metrics; i++) {
        if (column_of(t->metrics[i].name) >= 0)
            continue;
        sqlite3_stmt *s = db_statement(d, DB_INSERT_METRIC, err);
        if (!s)
            return err->status;
        sqlite3_bind_int64(s, 1, run);
        sqlite3_bind_int64(s, 2, (int64_t)t->id);
        db_bind_text(s, 3, t->metrics[i].name);
        sqlite3_bind_double(s, 4, t->metrics[i].value);
        status = db_run_statement(d, s, "store a metric", err);
    }
    return status;
}

static ash_status insert_parents(db *d, int64_t run, const trial *t, ash_error *err)
{
    ash_status status = ASH_OK;
    for (uint32_t i = 0; status == ASH_OK && i < t->n_parents; i++) {
        sqlite3_stmt *s = db_statement(d, DB_INSERT_PARENT, err);
        if (!s)
            return err->status;
        sqlite3_bind_int64(s, 1, run);
        sqlite3_bind_int64(s, 2, (int64_t)t->id);
        sqlite3_bind_int64(s, 3, i);
        sqlite3_bind_int64(s, 4, (int64_t)t->parents[i]);
        status = db_run_statement(d, s, "store a parent", err);
    }
    return status;
}

static ash_status insert_curve(db *d, int64_t run, const trial *t, ash_error *err)
{
    ash_status status = ASH_OK;
    for (size_t i = 0; status == ASH_OK && i < t->n_curve; i++) {
        sqlite3_stmt *s = db_statement(d, DB_INSERT_CURVE, err);
        if (!s)
            return err->status;
        sqlite3_bind_int64(s, 1, run);
        sqlite3_bind_int64(s, 2, (int64_t)t->id);
        sqlite3_bind_int64(s, 3, (int64_t)i);
        sqlite3_bind_int64(s, 4, t->curve[i].epoch);
        sqlite3_bind_double(s, 5, t->curve[i].train_loss);
        sqlite3_bind_double(s, 6, t->curve[i].val_loss);
        sqlite3_bind_double(s, 7, t->curve[i].val_error);
        status = db_run_statement(d, s, "store a learning curve", err);
    }
    return status;
}

ash_status db_put_trial(db *d, int64_t run, const trial *t, ash_error *err)
{
    ash_status status = check(t, err);
    if (status != ASH_OK || (status = db_begin(d, err)) != ASH_OK)
        return status;
    bool inserted = false;
    status = insert_row(d, run, t, &inserted, err);
    if (inserted && ((status = insert_metrics(d, run, t, err)) != ASH_OK ||
                     (status = insert_parents(d, run, t, err)) != ASH_OK ||
                     (status = insert_curve(d, run, t, err)) != ASH_OK))
        return roll_back(d, err);
    if (inserted)
        status = db_front_add(d, run, t, err);
    return status == ASH_OK ? done(d, inserted, err) : roll_back(d, err);
}

ash_status db_put_weights(db *d, int64_t run, uint64_t trial_id, const void *bytes, size_t n, ash_error *err)
{
    ash_status status = db_begin(d, err);
    sqlite3_stmt *s = status == ASH_OK ? db_statement(d, DB_PUT_WEIGHTS, err) : NULL;
    if (!s)
        return err->status;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, (int64_t)trial_id);
    sqlite3_bind_blob64(s, 3, n ? bytes : "", n, SQLITE_STATIC);
    status = db_run_statement(d, s, "store weights", err);
    sqlite3_clear_bindings(s);
    return status == ASH_OK ? done(d, 0, err) : roll_back(d, err);
}

ash_status db_drop_weights(db *d, int64_t run, uint64_t trial_id, ash_error *err)
{
    ash_status status = db_begin(d, err);
    sqlite3_stmt *s = status == ASH_OK ? db_statement(d, DB_DROP_WEIGHTS, err) : NULL;
    if (!s)
        return err->status;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, (int64_t)trial_id);
    status = db_run_statement(d, s, "drop weights", err);
    return status == ASH_OK ? done(d, 0, err) : roll_back(d, err);
}

ash_status db_put_metric(db *d, int64_t run, uint64_t trial_id, const char *name, double value,
                         ash_error *err)
{
    if (!name[0] || strchr(name, ','))
        return ash_fail(err, ASH_INVALID, "\"%s\" is no name for a metric", name);
    ash_status status = db_begin(d, err);
    sqlite3_stmt *s = status == ASH_OK ? db_statement(d, DB_PUT_ANNOTATION, err) : NULL;
    if (!s)
        return err->status;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, (int64_t)trial_id);
    db_bind_text(s, 3, name);
    sqlite3_bind_double(s, 4, value);
    status = db_run_statement(d, s, "store a metric", err);
    sqlite3_clear_bindings(s);
    return status == ASH_OK ? done(d, 0, err) : roll_back(d, err);
}
