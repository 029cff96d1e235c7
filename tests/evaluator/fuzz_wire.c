/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_wire.c - any bytes as what the other end says, at both ends of the worker protocol
 *
 * The first byte says whose ears: c, the controller hears a worker; w, a worker hears the controller. The rest is the stream, cut at its line ends.
 * In it %v stands for the protocol's version and %N for the honest result of trial N, so that the corpus is text and outlives both. The
 * controller may lose the worker or end the run with a sentence; what was out goes to an honest worker, and the run ends.
 *
 *     scripts/fuzz 3600 evaluator_wire
 */
#include "fuzz.h"

#include "search/search_test.h"

#include "evaluator/exec/serve.h"
#include "evaluator/exec/worker.h"

#include <fcntl.h>
#include <nettle/base64.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>
#include <zlib.h>

enum { CHUNK = 32768 }; /* fits into a pipe */

int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t most, unsigned seed);
extern size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n, size_t most) __attribute__((weak));

static const run the_run = {.world = {.space = {6, 4}, .failing = 7}, .settings = "strategy=random, lookahead=4", .budget = {.evaluations = 9}, .seed = 3};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    log_set_level(LOG_QUIET);
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

/* ---- the stream ---- */

/* Some trial's result, whole and honest in form. */
static void put_result(buffer *out, uint64_t id)
{
    arena *a = arena_create();
    trial t = {.id = id, .genome = "1-2-3-0-1-2", .host = "elsewhere", .n_curve = 1, .curve = &(curve_point){1, 0.5, 0.25, 0.125}};
    metric statics[] = {{"macs", 1000}, {"model_bytes", 10}};
    t.metrics = statics;
    t.n_metrics = 2;
    world_result(&the_run, &t, a);
    wire_writer w = {.fd = -1};
    wire_trial(&w, &t);
    buffer_add(out, w.out.data, w.out.len);
    wire_writer_free(&w);
    arena_destroy(a);
}

static void expand(buffer *out, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t digits = 0;
        uint64_t id = 0;
        while (bytes[i] == '%' && digits < 3 && i + 1 + digits < n && bytes[i + 1 + digits] >= '0' && bytes[i + 1 + digits] <= '9')
            id = 10 * id + bytes[i + 1 + digits++] - '0';
        if (digits) {
            put_result(out, id);
            i += 1 + digits;
        } else if (bytes[i] == '%' && i + 1 < n && bytes[i + 1] == 'v') {
            buffer_printf(out, "%d", WIRE_VERSION);
            i += 2;
        } else {
            buffer_add(out, &bytes[i++], 1);
        }
    }
    demand(!out->failed);
}

/* Half of the time the bytes inside a message change instead, and its checksum with them: the decoder sees more than broken checksums. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t most, unsigned seed)
{
    uint8_t raw[CHUNK];
    buffer long_form = {0};
    if (n < 2 || seed % 4 < 2)
        goto plain;
    expand(&long_form, bytes, n);
    size_t words = 0, from = 0, to, size = 0;
    for (size_t i = 0; i < long_form.len; i++)
        words += long_form.data[i] == ' ';
    for (size_t skip = words ? seed / 4 % words + 1 : 0; skip && from < long_form.len;)
        skip -= long_form.data[from++] == ' ';
    for (to = from; to < long_form.len && long_form.data[to] != ' ' && long_form.data[to] != '\n';)
        to++;
    struct base64_decode_ctx ctx;
    base64_decode_init(&ctx);
    if (!words || to - from > CHUNK || to - from < 16 || !base64_decode_update(&ctx, &size, raw, to - from, long_form.data + from) ||
        size < 5)
        goto plain;
    size = LLVMFuzzerMutate(raw, size - 4, sizeof(raw) - 4);
    uint32_t sum = (uint32_t)crc32(0, raw, (uInt)size);
    memcpy(raw + size, &sum, sizeof(sum)); /* fuzzers run on little-endian machines */
    size_t mutated = BASE64_ENCODE_RAW_LENGTH(size + 4), rest = long_form.len - to;
    if (from + mutated + rest > most)
        goto plain;
    memcpy(bytes, long_form.data, from);
    base64_encode_raw((char *)bytes + from, size + 4, raw);
    memcpy(bytes + from + mutated, long_form.data + to, rest);
    buffer_free(&long_form);
    return from + mutated + rest;
plain:
    buffer_free(&long_form);
    return LLVMFuzzerMutate(bytes, n, most);
}

static void open_pipe(int ends[2])
{
    demand(pipe2(ends, O_CLOEXEC) == 0);
    wire_unblock(ends[0]);
}

/* The next line with its end, or what fits into a pipe. */
static size_t next_chunk(const char *from, size_t n)
{
    const char *end = memchr(from, '\n', n);
    size_t chunk = end ? (size_t)(end + 1 - from) : n;
    return chunk < CHUNK ? chunk : CHUNK;
}

/* ---- the controller's side ---- */

static bool wants_weights(void *ctx, const trial *t)
{
    (void)ctx;
    return t->id % 2 == 1;
}

static void keep_weights(void *ctx, uint64_t id, const void *bytes, size_t n)
{
    (void)ctx, (void)id;
    for (size_t i = 0; i < n; i++)
        *(size_t *)ctx += ((const unsigned char *)bytes)[i];
}

/* An honest worker does what is left. */
static ash_status finish_run(ledger *l, run *x, ash_error *err)
{
    for (flight *f;;) {
        if (ledger_fill(l, 1, err) != ASH_OK)
            return err->status;
        if (!(f = ledger_take(l, x, INFINITY)))
            return ASH_OK;
        trial t = *f->handed;
        world_result(x, &t, f->arena);
        if (ledger_done(l, f, &t, err) != ASH_OK)
            return err->status;
    }
}

static void hear_a_worker(const char *stream, size_t n)
{
    run x = the_run;
    size_t weights = 0;
    executor_remote remote = {.run = "{}", .heartbeat_s = 1, .wants_weights = wants_weights, .keep_weights = keep_weights, .ctx = &weights};
    executor_job job = {.controller = begin(&x), .remote = &remote};
    ledger l = {.job = &job};
    worker_context with = {&job, &l, arena_create()};
    int ends[2];
    open_pipe(ends);
    worker w = {.place = {.name = "a place", .slots = 2}, .state = WORKER_STARTING, .ends_s = INFINITY};
    w.link.from.fd = ends[0];
    w.link.to.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    ash_error err = {0};
    ash_status status = ASH_OK;
    bool gone = false;
    while (status == ASH_OK && !gone) {
        size_t chunk = next_chunk(stream, n);
        if (chunk)
            demand(write(ends[1], stream, chunk) == (ssize_t)chunk);
        else if (ends[1] >= 0)
            close(ends[1]), ends[1] = -1;
        stream += chunk;
        n -= chunk;
        status = ledger_fill(&l, 2, &err);
        if (status == ASH_OK) {
            worker_feed(&w, &with);
            demand(w.busy >= 0 && w.busy <= 2);
            status = worker_hear(&w, &with, &gone, &err);
        }
    }
    demand(err.text[0]);
    size_t lost;
    if (status == ASH_OK)
        status = ledger_lose(&l, &w, &lost, &err);
    if (status == ASH_OK) {
        demand(lost <= 2);
        status = finish_run(&l, &x, &err);
    }
    if (status == ASH_OK) {
        controller_progress p = controller_status(job.controller);
        demand(p.in_flight == 0 && p.counted == 9 && !l.flights);
    } else {
        demand(strlen(err.text) > 10);
    }
    close(ends[0]), close(w.link.to.fd);
    if (ends[1] >= 0)
        close(ends[1]);
    wire_reader_free(&w.link.from);
    wire_writer_free(&w.link.to);
    ledger_free(&l);
    arena_destroy(with.scratch);
    finish(&x, job.controller);
    end(&x);
}

/* ---- the worker's side ---- */

static server *serving;

static ash_status evaluate(void *state, trial *t, arena *a, bool (*stop)(void *), void *stop_ctx, ash_error *err)
{
    (void)stop, (void)stop_ctx, (void)err;
    world_result(state, t, a);
    serve_keep(serving, t->id, &t->id, sizeof(t->id));
    return ASH_OK;
}

static void hear_a_controller(const char *stream, size_t n)
{
    static const evaluator_type type = {.name = "test", .help = "any", .evaluate = evaluate};
    run x = the_run;
    int ends[2];
    open_pipe(ends);
    wire_reader in = {.fd = ends[0]};
    wire_writer out = {.fd = open("/dev/null", O_WRONLY | O_CLOEXEC)};
    if (n > CHUNK)
        n = CHUNK;
    demand(write(ends[1], stream, n) == (ssize_t)n);
    close(ends[1]);
    ash_error err = {0};
    serving = serve_create();
    serve_settings set = {.in = &in, .out = &out, .slots = 2, .type = &type, .evaluator = &x};
    if (serve_run(serving, &set, &err) != ASH_OK)
        demand(strlen(err.text) > 10);
    serve_destroy(serving);
    wire_reader_free(&in);
    wire_writer_free(&out);
    close(ends[0]), close(out.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n == 0 || (bytes[0] != 'c' && bytes[0] != 'w'))
        return -1;
    buffer stream = {0};
    expand(&stream, bytes + 1, n - 1);
    const char *text = stream.len ? stream.data : "";
    (bytes[0] == 'c' ? hear_a_worker : hear_a_controller)(text, stream.len);
    buffer_free(&stream);
    return 0;
}
