/* SPDX-License-Identifier: GPL-3.0-or-later */
/* db_test.h - temporary folders, random trials and SQL for the tests of db/ */
#ifndef TESTS_DB_DB_TEST_H
#define TESTS_DB_DB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/rng.h"
#include "db/private.h"
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define assert_ok(call, err)                                                                                           \
    do {                                                                                                               \
        if ((call) != ASH_OK)                                                                                          \
            fail_msg("%s: %s", #call, (err).text);                                                                     \
    } while (0)

/* The call fails with this status and a message that has `part` in it. */
#define assert_refused(call, expected, err, part)                                                                      \
    do {                                                                                                               \
        memset(&(err), 0, sizeof(err));                                                                                \
        assert_int_equal((call), (expected));                                                                          \
        if (!strstr((err).text, (part)))                                                                               \
            fail_msg("\"%s\" does not say \"%s\"", (err).text, (part));                                                \
    } while (0)

static char test_folder[64];

static inline int folder_make(void **state)
{
    (void)state;
    strcpy(test_folder, "/tmp/ashlar_db_XXXXXX");
    return mkdtemp(test_folder) ? 0 : -1;
}

static inline int folder_remove(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", test_folder);
    return system(command);
}

static inline const char *in_folder(const char *name)
{
    static char paths[8][160];
    static unsigned next;
    char *out = paths[next++ % 8];
    snprintf(out, sizeof(paths[0]), "%s/%s", test_folder, name);
    return out;
}

static inline size_t files_in_folder(void)
{
    DIR *dir = opendir(test_folder);
    size_t n = 0;
    for (struct dirent *e; dir && (e = readdir(dir));)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

/* Nearly everything that a double can be. */
static inline double random_real(rng *r)
{
    static const double special[] = {0.0,  -0.0,     INFINITY, -INFINITY, NAN, 5e-324, 1.7976931348623157e308, 1.0, -3.0,
                                     1e15, 9.1e18, 4611686018427387904.0, 0.1};
    switch (rng_below(r, 4)) {
    case 0:
        return special[rng_below(r, sizeof(special) / sizeof(*special))];
    case 1:
        return rng_real(r);
    case 2:
        return (double)rng_below(r, 1000000);
    default: {
        uint64_t bits = rng_u64(r);
        double d;
        memcpy(&d, &bits, sizeof(d));
        return isnan(d) ? NAN : d;
    }
    }
}

static inline const char *random_text(rng *r, arena *a)
{
    static const char *const texts[] = {"", "conv 3x3 out=16 | dense 10", "it's \"quoted\", and\nbroken", "\xc3\xa9\xe2\x82\xac", "\xff\xfe",
                                        "{\"layers\": []}", "NULL", "0x1p-3", NULL};
    const char *text = texts[rng_below(r, sizeof(texts) / sizeof(*texts))];
    return text ? arena_strdup(a, text) : NULL;
}

static inline hash256 random_hash(rng *r)
{
    hash256 h;
    for (size_t i = 0; i < sizeof(h.b); i++)
        h.b[i] = (uint8_t)rng_u32(r);
    if (rng_below(r, 5) == 0)
        memset(&h, 0, sizeof(h));
    return h;
}

/* A trial with every field set to something, and every special value somewhere. */
static inline trial *random_trial(rng *r, arena *a, uint64_t id)
{
    static const char *const names[] = {"error", "val_loss", "macs", "model_bytes", "peak_ram_bytes", "my_metric", "latency_s",
                                        "energy_j", "sparsity", "bops"};
    trial *t = ARENA_NEW(a, trial, 1);
    t->id = id;
    t->n_parents = rng_below(r, TRIAL_MAX_PARENTS + 1);
    for (uint32_t i = 0; i < t->n_parents; i++)
        t->parents[i] = rng_below(r, (uint32_t)id + 1);
    t->genome = random_text(r, a);
    t->key = random_hash(r);
    t->original = rng_below(r, 3) ? 0 : rng_below(r, 100);
    t->virtual_start = rng_u64(r);
    t->virtual_duration = rng_u64(r);
    t->status = (trial_status)(1 + rng_below(r, TRIAL_STATUS_COUNT - 1));
    t->reason = random_text(r, a);
    uint32_t order[10];
    for (uint32_t i = 0; i < 10; i++)
        order[i] = i;
    rng_shuffle(r, order, 10);
    t->n_metrics = rng_below(r, 11);
    metric *m = ARENA_NEW(a, metric, 10);
    for (size_t i = 0; i < t->n_metrics; i++)
        m[i] = (metric){names[order[i]], random_real(r)};
    t->metrics = m;
    t->n_curve = rng_below(r, 5);
    curve_point *c = ARENA_NEW(a, curve_point, 5);
    for (size_t i = 0; i < t->n_curve; i++)
        c[i] = (curve_point){rng_u32(r) >> rng_below(r, 32), random_real(r), random_real(r), random_real(r)};
    t->curve = c;
    t->blocks = random_text(r, a);
    t->weights_hash = random_hash(r);
    t->trained_macs = rng_u64(r);
    t->wall_s = random_real(r);
    t->host = random_text(r, a);
    t->worker = rng_u32(r);
    t->attempts = rng_u32(r);
    t->found_in = random_text(r, a);
    return t;
}

/* An ordinary trial of a search over error, macs and model_bytes. */
static inline trial *plain_trial(rng *r, arena *a, uint64_t id, uint32_t values)
{
    trial *t = ARENA_NEW(a, trial, 1);
    t->id = id;
    t->status = rng_below(r, 10) ? TRIAL_OK : TRIAL_DIVERGED;
    t->genome = arena_printf(a, "conv out=%u", rng_below(r, 64));
    t->key = hash_of_bytes(&id, sizeof(id));
    t->virtual_duration = 1 + rng_below(r, 50);
    metric *m = ARENA_NEW(a, metric, 3);
    m[0] = (metric){"error", rng_below(r, values) / (double)values};
    m[1] = (metric){"macs", 1000.0 * rng_below(r, values)};
    m[2] = (metric){"model_bytes", 16.0 * rng_below(r, values)};
    if (rng_below(r, 20) == 0)
        m[rng_below(r, 3)].value = NAN;
    t->metrics = m;
    t->n_metrics = 3;
    if (id > 1) {
        t->n_parents = 1;
        t->parents[0] = 1 + rng_below(r, (uint32_t)id - 1);
    }
    curve_point *c = ARENA_NEW(a, curve_point, 3);
    for (uint32_t i = 0; i < 3; i++)
        c[i] = (curve_point){i + 1, 2.0 / (i + 1), 2.5 / (i + 1), 0.5 / (i + 1)};
    t->curve = c;
    t->n_curve = 3;
    t->trained_macs = 1000000;
    t->wall_s = 0.5;
    return t;
}

static inline db_run plain_run(const char *name, uint64_t seed)
{
    char text[128];
    snprintf(text, sizeof(text), "%s %llu", name, (unsigned long long)seed);
    return (db_run){.name = name,
                    .identity = hash_of_bytes(text, strlen(text)),
                    .settings = "train.epochs: 20\nsearch.strategy: nsga2\n",
                    .config = "name: test\n",
                    .seed = seed,
                    .objectives = "error,macs",
                    .reference = "1,100000",
                    .kernel_level = "x86-64-v3",
                    .data_name = "digits",
                    .data_hash = "abcdef",
                    .data_json = "{}",
                    .space_text = "space"};
}

static inline int64_t sql_integer(db *d, const char *sql)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(db_handle(d), sql, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db_handle(d)));
    int64_t value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return value;
}

static inline void raw_sql(const char *path, const char *sql)
{
    sqlite3 *h;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
    if (sqlite3_exec(h, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(h);
}

#endif
