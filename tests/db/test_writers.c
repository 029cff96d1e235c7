/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Killed writers, second writers, readers beside a writer; what was told stays as it was told. */
#include "db/db_test.h"
#include "core/log.h"
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

enum { BATCH = 10 };

/* Appends trials in batches for as long as it lives; after each commit it writes the last id to the pipe. */
static _Noreturn void write_until_killed(const char *path, int fd)
{
    ash_error err;
    db *d;
    bool resumed;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
    arena *a = arena_create();
    db_run run = plain_run("crash", 1);
    if (db_open_writer(path, &d, &err) != ASH_OK || db_run_begin(d, &run, false, &resumed, &err) != ASH_OK)
        _exit(dprintf(2, "%s\n", err.text));
    uint64_t id = (uint64_t)sql_integer(d, "SELECT coalesce(max(trial), 0) FROM trials");
    for (;;) {
        arena_reset(a);
        rng r = rng_stream(12, "crash", ++id);
        if (db_put_trial(d, run.id, plain_trial(&r, a, id, 30), &err) != ASH_OK)
            _exit(dprintf(2, "%s\n", err.text));
        if (id % BATCH == 0 && (db_flush(d, &err) != ASH_OK || write(fd, &id, sizeof id) != sizeof id))
            _exit(1);
    }
}

static void assert_whole(db *d, uint64_t at_least)
{
    ash_error err;
    arena *a = arena_create();
    trial **all;
    size_t n;
    buffer told = {0}, found = {0};
    assert_ok(db_load_trials(d, 1, a, &all, &n, &err), err);
    assert_true(n >= at_least);
    for (size_t i = 0; i < n; i++) {
        rng r = rng_stream(12, "crash", i + 1);
        buffer_clear(&told);
        buffer_clear(&found);
        trial_encode(plain_trial(&r, a, i + 1, 30), &told);
        trial_encode(all[i], &found);
        assert_int_equal(told.len, found.len);
        assert_memory_equal(told.data, found.data, told.len);
    }
    assert_int_equal(sql_integer(d, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
    assert_int_equal(sql_integer(d, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(sql_integer(d, "SELECT count(*) FROM front_members f JOIN trials a ON a.trial = f.trial JOIN trials b ON b.status = 'ok' "
                                    "AND a.run = b.run AND dominates(b.error, b.macs, a.error, a.macs)"),
                     0);
    buffer_free(&told);
    buffer_free(&found);
    arena_destroy(a);
}

static void killed(void **state)
{
    (void)state;
    const char *path = in_folder("crash.db");
    uint64_t committed = 0;
    rng r = rng_stream(13, "kill", 0);
    for (int round = 0; round < 12; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            write_until_killed(path, ends[1]);
        }
        close(ends[1]);
        uint64_t id;
        uint32_t batches = 1 + rng_below(&r, 8);
        for (uint32_t i = 0; i < batches; i++) {
            assert_int_equal(read(ends[0], &id, sizeof id), sizeof id); /* 0: the writer died of an error */
            committed = id;
        }
        struct timespec pause = {0, (long)rng_below(&r, 3000000)};
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (read(ends[0], &id, sizeof id) == sizeof id)
            committed = id;
        close(ends[0]);
        ash_error err;
        db *d;
        if (round % 2) { /* a reader first, or at once a writer */
            assert_ok(db_open_reader(path, &d, &err), err);
            assert_whole(d, committed);
            db_close(d);
        }
        assert_ok(db_open_writer(path, &d, &err), err);
        assert_whole(d, committed);
        db_close(d);
    }
}

static void one_writer(void **state)
{
    (void)state;
    const char *path = in_folder("two.db");
    ash_error err;
    db *first, *second;
    assert_ok(db_open_writer(path, &first, &err), err);
    char who[32];
    snprintf(who, sizeof who, "process %ld", (long)getpid());
    assert_refused(db_open_writer(path, &second, &err), ASH_BROKEN, err, who);
    assert_int_equal(symlink(path, in_folder("link.db")), 0);
    assert_refused(db_open_writer(in_folder("link.db"), &second, &err), ASH_BROKEN, err, who); /* the same study */
    pid_t child = fork();
    if (child == 0)
        _exit(db_open_writer(path, &second, &err) == ASH_BROKEN ? 0 : 1);
    int how;
    waitpid(child, &how, 0);
    assert_int_equal(how, 0);
    db_close(first);
    assert_ok(db_open_writer(path, &second, &err), err); /* free again */
    db_close(second);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0)
        write_until_killed(path, ends[1]);
    uint64_t id;
    assert_int_equal(read(ends[0], &id, sizeof id), sizeof id);
    assert_refused(db_open_writer(path, &second, &err), ASH_BROKEN, err, "one writer at a time");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_ok(db_open_writer(path, &second, &err), err); /* a killed writer holds nothing */
    db_close(second);
    close(ends[0]);
    close(ends[1]);
}

/* Whoever takes a study over is its writer; the other one can store nothing more, and finds out. */
static void taken_over(void **state)
{
    (void)state;
    const char *path = in_folder("taken.db");
    ash_error err;
    db *old, *new, *third;
    bool resumed;
    arena *a = arena_create();
    db_run run = plain_run("fence", 1);
    rng r = rng_stream(12, "crash", 1);
    assert_ok(db_open_writer(path, &old, &err), err);
    assert_ok(db_run_begin(old, &run, false, &resumed, &err), err);
    assert_ok(db_put_trial(old, run.id, plain_trial(&r, a, 1, 30), &err), err);
    assert_ok(db_flush(old, &err), err);
    assert_ok(db_tick(old, &err), err);

    log_set_level(LOG_ERROR);
    assert_ok(db_take_over(path, &new, &err), err);
    log_set_level(LOG_NOTE);
    assert_ok(db_tick(old, &err), err); /* not yet */
    assert_ok(db_run_begin(new, &run, false, &resumed, &err), err);
    assert_true(resumed);
    assert_refused(db_tick(old, &err), ASH_STALE, err, "taken this study over");
    assert_refused(db_put_trial(old, run.id, plain_trial(&r, a, 2, 30), &err), ASH_STALE, err, "taken this study over");
    assert_ok(db_put_trial(new, run.id, plain_trial(&r, a, 3, 30), &err), err);
    assert_ok(db_flush(new, &err), err);
    assert_refused(db_run_end(old, run.id, "finished", &err), ASH_STALE, err, "taken this study over");
    db_close(old);
    assert_ok(db_tick(new, &err), err); /* the lock is free: now it is the new one's */
    assert_refused(db_open_writer(path, &third, &err), ASH_BROKEN, err, "one writer at a time");
    assert_int_equal(sql_integer(new, "SELECT sum(trial) FROM trials"), 1 + 3);
    assert_int_equal(sql_integer(new, "SELECT count(*) FROM sessions WHERE state = 'running'"), 1);
    db_close(new);
    arena_destroy(a);
}

/* A reader sees whole batches while they are being appended, and does not stop the writer. */
static void reader_beside_writer(void **state)
{
    (void)state;
    const char *path = in_folder("live.db");
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        write_until_killed(path, ends[1]);
    uint64_t id, seen = 0;
    ash_error err;
    db *d;
    assert_int_equal(read(ends[0], &id, sizeof id), sizeof id);
    assert_ok(db_open_reader(path, &d, &err), err);
    for (int round = 0; round < 30; round++) {
        assert_int_equal(sqlite3_exec(db_handle(d), "BEGIN", NULL, NULL, NULL), SQLITE_OK);
        int64_t n = sql_integer(d, "SELECT count(*) FROM trials");
        assert_true((uint64_t)n >= id);
        for (int i = 0; i < 3; i++) /* the writer goes on */
            assert_int_equal(read(ends[0], &id, sizeof id), sizeof id);
        assert_int_equal(sql_integer(d, "SELECT count(*) FROM trials"), n);
        assert_int_equal(sql_integer(d, "SELECT count(*) FROM curves"), 3 * n);
        assert_int_equal(sqlite3_exec(db_handle(d), "COMMIT", NULL, NULL, NULL), SQLITE_OK);
        assert_true((uint64_t)n >= seen);
        seen = (uint64_t)n;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_whole(d, id);
    db_close(d);
    close(ends[0]);
    close(ends[1]);
}

/* The journal of network file systems keeps the same promises. */
static void rollback_journal(void **state)
{
    (void)state;
    ash_error err;
    db *d;
    bool resumed;
    arena *a = arena_create();
    db_run run = plain_run("net", 1);
    assert_ok(db_open_writer_as(in_folder("net.db"), true, false, &d, &err), err);
    assert_int_equal(sql_integer(d, "SELECT journal_mode = 'delete' FROM pragma_journal_mode"), 1);
    assert_ok(db_run_begin(d, &run, false, &resumed, &err), err);
    for (uint64_t i = 1; i <= 20; i++) {
        rng r = rng_stream(12, "crash", i);
        assert_ok(db_put_trial(d, run.id, plain_trial(&r, a, i, 30), &err), err);
    }
    assert_ok(db_flush(d, &err), err);
    assert_whole(d, 20);
    db_close(d);
    assert_false(db_on_network("/tmp/no such file"));
    arena_destroy(a);
}

/* Told is told: a second trial of one id changes nothing, whatever it says. */
static void append_only(void **state)
{
    (void)state;
    ash_error err;
    db *d;
    bool resumed;
    arena *a = arena_create();
    rng r = rng_stream(14, "append", 0);
    db_run run = plain_run("a", 1);
    hash256 before, after;
    size_t n, clock;
    assert_ok(db_open_writer(in_folder("a.db"), &d, &err), err);
    assert_ok(db_run_begin(d, &run, false, &resumed, &err), err);
    for (uint64_t i = 1; i <= 50; i++)
        assert_ok(db_put_trial(d, run.id, plain_trial(&r, a, i, 20), &err), err);
    assert_ok(db_digest(d, run.id, &before, &n, &clock, &err), err);
    int64_t rows = sql_integer(d, "SELECT (SELECT count(*) FROM curves) + (SELECT count(*) FROM parents) + (SELECT count(*) FROM metrics)"
                                  " + 1000 * (SELECT total(trial) FROM front_members)");
    for (uint64_t i = 1; i <= 50; i++) {
        trial *other = random_trial(&r, a, i);
        other->status = TRIAL_OK;
        metric best[] = {{"error", 0}, {"macs", 0}, {"other", 1}}; /* would be the whole front */
        other->metrics = best;
        other->n_metrics = 3;
        assert_ok(db_put_trial(d, run.id, other, &err), err);
    }
    assert_ok(db_digest(d, run.id, &after, &n, &clock, &err), err);
    assert_true(hash_equal(&before, &after));
    assert_int_equal(n, 50);
    assert_int_equal(sql_integer(d, "SELECT (SELECT count(*) FROM curves) + (SELECT count(*) FROM parents) + (SELECT count(*) FROM metrics)"
                                    " + 1000 * (SELECT total(trial) FROM front_members)"),
                     rows);
    db_close(d);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(killed, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(one_writer, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(taken_over, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(reader_beside_writer, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(rollback_journal, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(append_only, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
