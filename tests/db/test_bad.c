/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that are no study, studies that are damaged, disks that are full: one sentence each, and nothing is changed. */
#include "db/db_test.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* A study of n trials, closed. */
static void make_study(const char *path, uint32_t n)
{
    ash_error err;
    db *d;
    bool resumed;
    arena *a = arena_create();
    rng r = rng_stream(5, "bad", 0);
    db_run run = plain_run("digits", 1);
    assert_ok(db_open_writer(path, &d, &err), err);
    assert_ok(db_run_begin(d, &run, false, &resumed, &err), err);
    for (uint32_t i = 1; i <= n; i++)
        assert_ok(db_put_trial(d, run.id, plain_trial(&r, a, i, 50), &err), err);
    assert_ok(db_run_end(d, run.id, "finished", &err), err);
    db_close(d);
    arena_destroy(a);
}

static char *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *n = (size_t)ftell(f);
    rewind(f);
    char *bytes = malloc(*n + 1);
    assert_int_equal(fread(bytes, 1, *n, f), *n);
    fclose(f);
    return bytes;
}

static void spew(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

/* Both ways of opening refuse, and leave the bytes and the folder as they were. */
static void assert_both_refuse(const char *path, ash_status status, const char *part)
{
    ash_error err;
    db *d;
    size_t before, after, files = files_in_folder();
    char *old = slurp(path, &before);
    assert_refused(db_open_reader(path, &d, &err), status, err, part);
    assert_null(d);
    assert_refused(db_open_writer(path, &d, &err), status, err, part);
    assert_null(d);
    char *new = slurp(path, &after);
    assert_int_equal(before, after);
    assert_memory_equal(old, new, before);
    assert_int_equal(files, files_in_folder());
    free(old);
    free(new);
}

static void not_a_study(void **state)
{
    (void)state;
    ash_error err;
    db *d;
    spew(in_folder("text.db"), "trial,error\n1,0.5\n2,0.4\n3,0.3\n", 30);
    assert_both_refuse(in_folder("text.db"), ASH_INVALID, "not an Ashlar database");
    spew(in_folder("short.db"), "x", 1);
    assert_both_refuse(in_folder("short.db"), ASH_INVALID, "not an Ashlar database");
    raw_sql(in_folder("other.db"), "CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('x')");
    assert_both_refuse(in_folder("other.db"), ASH_INVALID, "another program");
    raw_sql(in_folder("id.db"), "PRAGMA application_id = 77; CREATE TABLE runs (run)");
    assert_both_refuse(in_folder("id.db"), ASH_INVALID, "another program");
    make_study(in_folder("new.db"), 3);
    raw_sql(in_folder("new.db"), "PRAGMA user_version = 99");
    assert_both_refuse(in_folder("new.db"), ASH_INVALID, "newer Ashlar (schema 99");
    make_study(in_folder("lost.db"), 3);
    raw_sql(in_folder("lost.db"), "PRAGMA foreign_keys = OFF; DROP TABLE parents");
    assert_both_refuse(in_folder("lost.db"), ASH_BROKEN, "damaged");
    make_study(in_folder("negative.db"), 3);
    raw_sql(in_folder("negative.db"), "PRAGMA user_version = -1");
    assert_both_refuse(in_folder("negative.db"), ASH_BROKEN, "damaged");

    assert_refused(db_open_reader(in_folder("none.db"), &d, &err), ASH_INVALID, err, "no such database");
    assert_refused(db_open_writer(in_folder("no/such/folder.db"), &d, &err), ASH_INVALID, err, "does not exist");
    assert_refused(db_open_writer(in_folder("text.db/x.db"), &d, &err), ASH_INVALID, err, "Not a directory");
    assert_refused(db_open_writer(test_folder, &d, &err), ASH_INVALID, err, "a folder");
    assert_refused(db_open_writer("/dev/null", &d, &err), ASH_INVALID, err, "not a regular file");
    assert_refused(db_open_writer("", &d, &err), ASH_INVALID, err, "empty");
    spew(in_folder("empty.db"), "", 0);
    assert_refused(db_open_reader(in_folder("empty.db"), &d, &err), ASH_INVALID, err, "no run has been stored");
    assert_ok(db_open_writer(in_folder("empty.db"), &d, &err), err); /* mktemp makes such files */
    db_close(d);
}

/* Every prefix and every burst of garbage is refused or read right; the program stays alive. */
static void damaged(void **state)
{
    (void)state;
    make_study(in_folder("good.db"), 60);
    size_t n;
    char *good = slurp(in_folder("good.db"), &n);
    rng r = rng_stream(6, "damage", 0);
    unsigned refused = 0;
    for (int round = 0; round < 60; round++) {
        const char *path = in_folder("cut.db");
        char *bytes = malloc(n);
        memcpy(bytes, good, n);
        size_t length = n;
        if (round < 20) {
            length = 1 + rng_below(&r, (uint32_t)n - 1);
        } else {
            size_t from = 100 + rng_below(&r, (uint32_t)n - 700); /* past the header */
            for (size_t i = 0; i < 600; i++)
                bytes[from + i] = (char)rng_u32(&r);
        }
        spew(path, bytes, length);
        free(bytes);
        ash_error err = {0};
        db *d;
        ash_status opened = db_open_writer(path, &d, &err);
        if (round < 20)
            assert_true(opened != ASH_OK);
        if (opened == ASH_OK) {
            db_close(d);
            opened = db_open_reader(path, &d, &err);
        }
        arena *a = arena_create();
        trial **all;
        size_t count;
        if (opened == ASH_OK) {
            opened = db_load_trials(d, 1, a, &all, &count, &err);
            db_close(d);
        }
        refused += opened != ASH_OK;
        if (opened != ASH_OK)
            assert_true(strlen(err.text) > 20 && strstr(err.text, "cut.db"));
        arena_destroy(a);
    }
    assert_true(refused >= 30);
    spew(in_folder("half.db"), good, n / 4096 / 2 * 4096);
    ash_error err;
    db *d;
    assert_refused(db_open_writer(in_folder("half.db"), &d, &err), ASH_BROKEN, err, "truncated");
    free(good);
}

static void odd_rows(void **state)
{
    (void)state;
    static const char *const odd[] = {"UPDATE trials SET status = 'wonderful' WHERE trial = 2",
                                      "UPDATE trials SET status = 'pending' WHERE trial = 2",
                                      "INSERT INTO parents VALUES (1, 2, 7, 1), (1, 2, 8, 1), (1, 2, 9, 1)"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
        char name[32];
        snprintf(name, sizeof name, "odd%zu.db", i);
        make_study(in_folder(name), 3);
        raw_sql(in_folder(name), odd[i]);
        ash_error err;
        db *d;
        arena *a = arena_create();
        trial **all;
        size_t n, clock;
        hash256 sum;
        assert_ok(db_open_reader(in_folder(name), &d, &err), err);
        assert_refused(db_load_trials(d, 1, a, &all, &n, &err), ASH_BROKEN, err, "trial 2 has");
        assert_refused(db_digest(d, 1, &sum, &n, &clock, &err), ASH_BROKEN, err, "damaged");
        db_close(d);
        arena_destroy(a);
    }
}

static void unwritable(void **state)
{
    (void)state;
    if (geteuid() == 0) { /* root may write anywhere: give that up in a child */
        pid_t child = fork();
        if (child == 0) {
            if (chown(test_folder, 65534, 65534) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
                _exit(0);
            ash_error err = {0};
            db *d;
            mkdir(in_folder("closed"), 0700);
            make_study(in_folder("closed/a.db"), 3);
            chmod(in_folder("closed"), 0500);
            bool right = db_open_writer(in_folder("closed/b.db"), &d, &err) == ASH_BROKEN && strstr(err.text, "not writable");
            right = right && db_open_reader(in_folder("closed/a.db"), &d, &err) == ASH_OK; /* reading needs no writing */
            size_t n = 0, clock;
            hash256 sum;
            right = right && db_digest(d, 1, &sum, &n, &clock, &err) == ASH_OK && n == 3;
            db_close(d);
            right = right && db_open_writer(in_folder("closed/a.db"), &d, &err) == ASH_BROKEN;
            chmod(in_folder("closed"), 0700);
            chmod(in_folder("closed/a.db"), 0400);
            right = right && db_open_writer(in_folder("closed/a.db"), &d, &err) == ASH_BROKEN && strstr(err.text, "cannot write");
            _exit(right ? 0 : 1);
        }
        int how;
        waitpid(child, &how, 0);
        assert_int_equal(how, 0);
    }
}

/* A full disk, as a file-size limit: the message says so, and what was committed before is whole. */
static void full_disk(void **state)
{
    (void)state;
    make_study(in_folder("full.db"), 40);
    pid_t child = fork();
    if (child == 0) {
        struct stat st;
        stat(in_folder("full.db"), &st);
        struct rlimit limit = {(rlim_t)st.st_size + 50000, (rlim_t)st.st_size + 50000};
        setrlimit(RLIMIT_FSIZE, &limit);
        ash_error err = {0};
        db *d;
        bool resumed;
        arena *a = arena_create();
        rng r = rng_stream(7, "full", 0);
        db_run run = plain_run("digits", 1);
        ash_status status = db_open_writer(in_folder("full.db"), &d, &err);
        if (status == ASH_OK)
            status = db_run_begin(d, &run, false, &resumed, &err);
        for (uint32_t i = 41; status == ASH_OK && i < 20000; i++) {
            status = db_put_trial(d, run.id, plain_trial(&r, a, i, 50), &err);
            if (status == ASH_OK && i % 50 == 0)
                status = db_flush(d, &err);
        }
        if (status != ASH_BROKEN || !strstr(err.text, "size limit") || !strstr(err.text, "safe"))
            dprintf(2, "said: %s\n", err.text);
        else
            status = ASH_OK;
        db_close(d);
        _exit(status);
    }
    int how;
    waitpid(child, &how, 0);
    assert_int_equal(how, 0);
    ash_error err;
    db *d;
    arena *a = arena_create();
    trial **all;
    size_t n;
    assert_ok(db_open_writer(in_folder("full.db"), &d, &err), err);
    assert_ok(db_load_trials(d, 1, a, &all, &n, &err), err);
    assert_true(n >= 40 && n < 20000 && (n == 40 || n % 50 == 0)); /* whole batches */
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(all[i]->id, i + 1);
        assert_int_equal(all[i]->n_curve, 3);
    }
    assert_ok(db_run_end(d, 1, "finished", &err), err); /* there is room again */
    db_close(d);
    assert_ok(db_open_reader(in_folder("full.db"), &d, &err), err);
    assert_int_equal(sql_integer(d, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
    db_close(d);
    arena_destroy(a);
}

/* A reader cannot write, whatever it is asked. */
static void readers_read(void **state)
{
    (void)state;
    make_study(in_folder("r.db"), 3);
    ash_error err;
    db *d;
    assert_ok(db_open_reader(in_folder("r.db"), &d, &err), err);
    assert_int_not_equal(sqlite3_exec(db_handle(d), "DELETE FROM trials", NULL, NULL, NULL), SQLITE_OK);
    assert_refused(db_put_metric(d, 1, 1, "test_error", 0.1, &err), ASH_BROKEN, err, "reading only");
    assert_refused(db_put_weights(d, 1, 1, "x", 1, &err), ASH_BROKEN, err, "reading only");
    assert_refused(db_run_end(d, 1, "finished", &err), ASH_BROKEN, err, "reading only");
    assert_int_equal(sql_integer(d, "SELECT count(*) FROM trials"), 3);
    db_close(d);
    assert_int_equal(files_in_folder(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(not_a_study, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(damaged, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(odd_rows, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(unwritable, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(full_disk, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(readers_read, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
