/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exec_test.h - runs of executors over an evaluator that sleeps, breaks, hangs or crashes as it is told
 *
 * Its state is shared memory, so that worker processes (this program again) see and count in the same one. */
#ifndef TESTS_EVALUATOR_EXEC_TEST_H
#define TESTS_EVALUATOR_EXEC_TEST_H

#include "search/search_test.h"

#include "evaluator/exec/executor.h"
#include "evaluator/exec/serve.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* An evaluator that sleeps for no reason. Its state is the run of search_test.h. */
typedef struct sleeper {
    run x;
    bool sleeps;
    int breaks_at;    /* trial id that finds a broken world; 0: none */
    int invalid_at;   /* trial id whose evaluation says ASH_INVALID */
    atomic_int begun, evaluated, abandoned, level;
    int drain_after, abandon_after; /* evaluations; 0: never */
    uint64_t shown, shown_last;
    bool hangs;       /* evaluations last until they are stopped */
    int crashes_at;   /* trial id whose evaluation ends its process; 0: none */
    atomic_int crashes_left;
    bool hogs;        /* the evaluation of crashes_at asks for a gigabyte instead */
    int kills_every;  /* evaluations after which a trainer kills its worker; 0: never */
    atomic_int kills;
    char path[64];    /* where another process finds this */
    int fd;
    size_t kept;      /* bytes of weights that came over */
    int wanted;       /* results whose weights were asked for */
    const char *const *command; /* of the workers; NULL: this program */
    const char *const *prefixes; /* of worker processes; LEFT=S in one: seconds that it has left, and nothing may be given to it */
    size_t n_prefixes;
    bool shown_twice;
} sleeper;

static server *trainer_of; /* in a worker process */

static inline ash_status sleeper_evaluate(void *state, trial *t, arena *a, bool (*stop)(void *), void *stop_ctx, ash_error *err)
{
    sleeper *s = state;
    atomic_fetch_add(&s->begun, 1);
    if (getenv("LEFT"))
        raise(SIGKILL);
    if (s->crashes_at && t->id == (uint64_t)s->crashes_at && atomic_fetch_sub(&s->crashes_left, 1) > 0) {
        if (s->hogs && !malloc((size_t)1 << 30))
            abort();
        else if (!s->hogs)
            raise(SIGKILL);
    }
    if (trainer_of && s->kills_every) {
        int kills = atomic_load(&s->evaluated) / s->kills_every, before = kills - 1;
        if (atomic_compare_exchange_strong(&s->kills, &before, kills)) /* once each time */
            kill(getppid(), SIGKILL);
    }
    if (s->sleeps)
        usleep((useconds_t)(mix(t->id + s->x.order) % 1500));
    if (s->breaks_at && t->id == (uint64_t)s->breaks_at)
        return ash_fail(err, ASH_BROKEN, "the disk is gone at trial %llu", (unsigned long long)t->id);
    if (s->invalid_at && t->id == (uint64_t)s->invalid_at)
        return ash_fail(err, ASH_INVALID, "no such device");
    if (s->hangs)
        atomic_fetch_add(&s->evaluated, 1);
    while (s->hangs && !(stop && stop(stop_ctx)))
        usleep(500);
    if (stop && stop(stop_ctx)) {
        atomic_fetch_add(&s->abandoned, 1);
        return ASH_OK; /* still pending */
    }
    world_result(&s->x, t, a);
    if (trainer_of)
        serve_keep(trainer_of, t->id, &t->id, sizeof(t->id));
    int n = atomic_fetch_add(&s->evaluated, 1) + 1;
    if (s->drain_after && n >= s->drain_after)
        atomic_store(&s->level, 1);
    if (s->abandon_after && n >= s->abandon_after)
        atomic_store(&s->level, 2);
    return ASH_OK;
}

static const evaluator_type sleeper_type = {.name = "sleeper", .help = "sleeps", .evaluate = sleeper_evaluate};

static inline int interrupted(void *ctx)
{
    sleeper *s = ctx;
    if (s->hangs && atomic_load(&s->evaluated) >= 2)
        return 2;
    return atomic_load(&s->level);
}

static inline void progress(void *ctx, const controller_progress *p)
{
    sleeper *s = ctx;
    s->shown_twice |= p->told <= s->shown_last; /* only when there is something new */
    s->shown_last = p->told;
    s->shown++;
}

static inline sleeper *create(const char *settings, int64_t evaluations)
{
    int fd = memfd_create("sleeper", 0); /* shared with worker processes */
    assert_int_equal(ftruncate(fd, sizeof(sleeper)), 0);
    sleeper *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(s != MAP_FAILED);
    snprintf(s->path, sizeof(s->path), "/proc/%d/fd/%d", (int)getpid(), fd);
    s->fd = fd;
    s->x = (run){.world = {.space = {6, 4}, .invalid = 9, .failing = 7},
                 .settings = settings,
                 .budget = {.evaluations = evaluations},
                 .seed = 3};
    return s;
}

/* This program as a worker: main calls it when its first argument is "worker". */
static inline int be_worker(void)
{
    wire_reader in = {.fd = STDIN_FILENO};
    wire_writer out = {.fd = STDOUT_FILENO};
    arena *a = arena_create();
    char *line, *path;
    size_t n;
    uint64_t version, slots, beat_ms;
    ash_error err;
    wire_word(&out, "hello");
    wire_number(&out, WIRE_VERSION);
    wire_bytes(&out, "test", 4);
    wire_bytes(&out, "test", 4);
    wire_number(&out, 2);
    wire_number(&out, getenv("LEFT") ? strtoull(getenv("LEFT"), NULL, 10) : 0);
    wire_end(&out);
    while (!(line = wire_line(&in)) && !in.ended)
        wire_read(&in);
    if (!line || strcmp(wire_next(&line), "run") != 0 || !wire_get_number(&line, &version) || !wire_get_number(&line, &slots) ||
        !wire_get_number(&line, &beat_ms) || !wire_get_bytes(&line, a, &path, &n))
        return 2;
    int fd = open(path, O_RDWR);
    sleeper *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    trainer_of = serve_create();
    wire_word(&out, "ready");
    wire_end(&out);
    serve_settings set = {.in = &in, .out = &out, .slots = (int)slots, .type = &sleeper_type, .evaluator = s,
                          .memory_cap = s->hogs ? (int64_t)1 << 28 : 0};
    ash_status status = serve_run(trainer_of, &set, &err);
    serve_destroy(trainer_of);
    wire_reader_free(&in);
    wire_writer_free(&out);
    arena_destroy(a);
    return status;
}

static inline bool wants_weights(void *ctx, const trial *t)
{
    sleeper *s = ctx;
    s->wanted += t->id % 2 == 0;
    return t->id % 2 == 0;
}

static inline void keep_weights(void *ctx, uint64_t id, const void *bytes, size_t n)
{
    sleeper *s = ctx;
    assert_int_equal(n, sizeof(id));
    assert_memory_equal(bytes, &id, sizeof(id));
    s->kept += n;
}

static inline executor_remote remote_of(sleeper *s)
{
    static char path[256]; /* behind a prefix, /proc/self/exe is another program */
    static const char *const self[] = {path, "worker", NULL};
    assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
    return (executor_remote){.command = s->command ? s->command : self, .run = s->path, .heartbeat_s = 5, .look_s = 1, .prefixes = s->prefixes, .n_prefixes = s->n_prefixes,
                             .wants_weights = wants_weights,
                             .keep_weights = keep_weights, .ctx = s};
}

static inline void execute(sleeper *s, const executor_type *type, int workers)
{
    executor_remote remote = remote_of(s);
    controller *c = begin(&s->x);
    executor_job job = {.controller = c,
                        .type = &sleeper_type,
                        .evaluator = s,
                        .workers = workers,
                        .remote = &remote,
                        .interrupted = interrupted,
                        .progress = progress,
                        .ctx = s};
    s->x.status = type->run(&job, &s->x.err);
    finish(&s->x, c);
}

static inline void drop(sleeper *s)
{
    end(&s->x);
    int fd = s->fd;
    munmap(s, sizeof(*s));
    close(fd);
}

#endif
