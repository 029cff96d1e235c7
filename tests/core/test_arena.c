/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_arena.c - alignment, reset, growth, overflow, and the k-th allocation that fails */
#include "core/arena.h"
#include "core/rng.h"
#include "core/trial.h"
#include "unit.h"
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static bool all_zero(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

/* Random sizes and alignments; every piece keeps what was written into it while later ones are written. */
static void test_pieces_are_apart(void **state)
{
    (void)state;
    enum { N = 3000 };
    static struct { unsigned char *p; size_t n; } piece[N];
    size_t before = arena_live();
    arena *a = arena_create();
    for (int round = 0; round < 3; round++) {
        rng r = rng_stream(7, "arena", (uint64_t)round);
        size_t total = 0;
        for (int i = 0; i < N; i++) {
            size_t align = (size_t)1 << rng_below(&r, 7), n = rng_below(&r, i % 100 == 0 ? 50000 : 200);
            piece[i].p = arena_alloc_aligned(a, n, align);
            piece[i].n = n;
            total += n;
            assert_non_null(piece[i].p);
            assert_int_equal((uintptr_t)piece[i].p % align, 0);
            assert_true(all_zero(piece[i].p, n)); /* also what an earlier round wrote */
            memset(piece[i].p, i % 255 + 1, n);
        }
        for (int i = 0; i < N; i++)
            for (size_t j = 0; j < piece[i].n; j++)
                assert_int_equal(piece[i].p[j], i % 255 + 1);
        assert_int_equal(arena_used(a), total);
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
    }
    arena_destroy(a);
    arena_destroy(NULL);
    assert_int_equal(arena_live(), before);
}

static size_t open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    size_t n = 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* How many of this folder's files the process has mapped. */
static size_t mapped_files(const char *folder)
{
    char line[4096];
    FILE *f = fopen("/proc/self/maps", "r");
    size_t n = 0;
    while (fgets(line, sizeof(line), f))
        n += strstr(line, folder) != NULL;
    fclose(f);
    return n;
}

static void test_spilled_to_a_file(void **state)
{
    (void)state;
    enum { LARGE = 3 << 20, LEAST = 1 << 20 };
    char folder[] = "/tmp/ashlar-arena-XXXXXX";
    ash_error err;
    size_t files = open_files(), live = arena_live();
    assert_non_null(mkdtemp(folder));
    arena *a = arena_create();
    char *small = arena_strdup(a, "before");
    assert_int_equal(arena_spill(a, LEAST, folder, &err), ASH_OK);
    size_t before = arena_live();
    for (int round = 0; round < 3; round++) {
        unsigned char *p[2], *between;
        for (int i = 0; i < 2; i++) {
            p[i] = arena_alloc_aligned(a, LARGE, 64);
            assert_non_null(p[i]);
            assert_int_equal((uintptr_t)p[i] % 64, 0);
            assert_true(all_zero(p[i], LARGE));
            memset(p[i], 7 + i, LARGE);
        }
        between = arena_alloc(a, 100);
        assert_true(all_zero(between, 100));
        memset(between, 9, 100);
        assert_int_equal(arena_live(), before); /* not of memory */
        assert_int_equal(mapped_files(folder), 2);
        for (int i = 0; i < 2; i++)
            for (size_t j = 0; j < LARGE; j++)
                assert_int_equal(p[i][j], 7 + i);
        assert_true(round > 0 || strcmp(small, "before") == 0);
        arena_reset(a);
        assert_int_equal(mapped_files(folder), 0);
    }
    assert_int_equal(rmdir(folder), 0); /* nothing was left in it */
    arena_destroy(a);
    assert_int_equal(open_files(), files);
    assert_int_equal(arena_live(), live);
}

static void test_spill_refused(void **state)
{
    (void)state;
    ash_error err;
    arena *a = arena_create();
    assert_int_equal(arena_spill(a, 1, "/no/such/folder", &err), ASH_INVALID);
    assert_non_null(strstr(err.text, "/no/such/folder"));
    assert_non_null(arena_alloc(a, 100)); /* still in memory */
    const struct rlimit limit = {1 << 20, RLIM_INFINITY}; /* as a full disk */
    struct rlimit old;
    getrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_int_equal(arena_spill(a, 1 << 16, "/tmp", &err), ASH_OK);
    assert_false(arena_spill_failed(a));
    assert_null(arena_alloc(a, 2 << 20));
    assert_true(arena_spill_failed(a));
    assert_non_null(arena_alloc(a, 1 << 17));
    setrlimit(RLIMIT_FSIZE, &old);
    arena_destroy(a);
}

static void test_default_alignment(void **state)
{
    (void)state;
    arena *a = arena_create();
    for (int i = 0; i < 100; i++) {
        arena_alloc_aligned(a, 1, 1);
        assert_int_equal((uintptr_t)arena_alloc(a, 3) % _Alignof(long double), 0);
    }
    arena_destroy(a);
}

/* Reset after each trial: soon nothing more is asked of the system, and small use gives the rest back. */
static void test_reset_settles(void **state)
{
    (void)state;
    arena *a = arena_create();
    size_t settled = 0;
    for (int trials = 0; trials < 200; trials++) {
        for (int i = 0; i < 500; i++)
            assert_non_null(arena_alloc(a, 777));
        if (trials == 3)
            settled = arena_live();
        if (trials > 3)
            assert_int_equal(arena_live(), settled);
        arena_reset(a);
    }
    arena_destroy(a);
}

static void test_overflow(void **state)
{
    (void)state;
    size_t before = arena_live();
    arena *a = arena_create();
    assert_null(arena_alloc(a, SIZE_MAX));
    assert_null(arena_alloc(a, SIZE_MAX - 63));
    assert_null(arena_alloc(a, SIZE_MAX / 2));
    assert_null(arena_alloc_array(a, SIZE_MAX / 8 + 1, 8));
    assert_null(arena_alloc_array(a, (size_t)1 << 33, (size_t)1 << 33));
    assert_non_null(arena_alloc_array(a, 0, 8));
    assert_non_null(arena_alloc_array(a, 8, 0));
    assert_int_equal(arena_used(a), 0);
    assert_non_null(arena_alloc(a, 100)); /* still usable */
    arena_destroy(a);
    assert_int_equal(arena_live(), before);
}

static void test_texts(void **state)
{
    (void)state;
    arena *a = arena_create();
    assert_string_equal(arena_strdup(a, ""), "");
    assert_string_equal(arena_strdup(a, "stage"), "stage");
    assert_string_equal(arena_strndup(a, "stage", 3), "sta");
    assert_string_equal(arena_strndup(a, "stage", 99), "stage");
    assert_string_equal(arena_printf(a, "%s=%d", "out", 16), "out=16");
    char *longer = arena_printf(a, "%0*d", 9000, 1);
    assert_int_equal(strlen(longer), 9000);
    const int three[] = {1, 2, 3};
    assert_memory_equal(arena_memdup(a, three, sizeof(three)), three, sizeof(three));
    assert_non_null(arena_memdup(a, NULL, 0));
    arena_destroy(a);
}

/* Fails the k-th allocation for k = 1, 2, ... until the work succeeds: it must say so and leak nothing. */
static void test_every_failure(void **state)
{
    (void)state;
    const metric metrics[] = {{"error", 0.25}, {"macs", 1000}};
    const curve_point curve[] = {{1, 2, 3, 4}};
    const trial t = {.id = 3, .genome = "conv 16", .status = TRIAL_OK, .metrics = metrics, .n_metrics = 2,
                     .curve = curve, .n_curve = 1, .blocks = "[]", .host = "here", .found_in = "r1"};
    size_t before = arena_live();
    long k = 1;
    for (bool done = false; !done; k++) {
        assert_true(k < 100);
        arena_fail_at(k);
        arena *a = arena_create();
        trial *copy = a ? trial_copy(a, &t) : NULL;
        done = copy != NULL;
        if (done)
            assert_string_equal(copy->metrics[1].name, "macs");
        arena_fail_at(0);
        arena_destroy(a);
        assert_int_equal(arena_live(), before);
    }
    assert_true(k > 8); /* the arena, the trial, its texts, its lists */
}

static void test_a_failure_happens_once(void **state)
{
    (void)state;
    arena *a = arena_create();
    arena_fail_at(2);
    assert_non_null(arena_alloc(a, 8));
    assert_null(arena_alloc(a, 8));
    assert_non_null(arena_alloc(a, 8));
    arena_fail_at(0);
    arena_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spilled_to_a_file),
        cmocka_unit_test(test_spill_refused),
        cmocka_unit_test(test_pieces_are_apart), cmocka_unit_test(test_default_alignment),
        cmocka_unit_test(test_reset_settles),    cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_texts),            cmocka_unit_test(test_every_failure),
        cmocka_unit_test(test_a_failure_happens_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
