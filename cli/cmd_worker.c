/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_worker.c - ashlar worker: evaluate what a controller sends (docs/worker-protocol.md)
 *
 * Standard output belongs to the protocol. The run is opened from what the controller says, and refused when it does not come out as the
 * controller's own: another program version, other data, another kernel level. */
#include "cli/command.h"
#include "evaluator/exec/serve.h"
#include "run/worker.h"
#include <sched.h>
#include <string.h>
#include <unistd.h>

typedef struct worker {
    session session;
    server *server;
    serve_settings serve;
    wire_reader in;
    wire_writer out;
    arena *arena;
    long long time_left_s; /* 0: no limit */
} worker;

enum { KEY_TIME_LEFT = 256, KEY_ALIVE };
enum { SILENT_BEATS = 5 };

static const struct argp_option options[] = {
    {"time-left", KEY_TIME_LEFT, "S", 0, "seconds until this node's time is over: nothing that cannot end in them is taken", 0},
    {"alive", KEY_ALIVE, "FILE", 0, "touch FILE whenever the controller is heard, so that who holds this node sees that it is used", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    worker *w = state->input;
    switch (key) {
    case KEY_TIME_LEFT: w->time_left_s = cli_integer(state, "--time-left", arg, 1, 1000000000); break;
    case KEY_ALIVE: w->serve.alive = arg; break;
    case ARGP_KEY_ARG: cli_usage(state, "\"%s\" is too many: a worker takes its orders from standard input", arg);
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "",
    .doc = "Evaluate the trials that a controller sends on standard input, each in a process of its own, and answer on "
           "standard output. \"ashlar run\" starts workers itself, unless execution.executor is threads or serial.\v"
           "For example:\n\n  ashlar run examples/digits.yaml --executor process\n",
};

/* That this process may use. */
static uint64_t cores(void)
{
    cpu_set_t mine;
    CPU_ZERO(&mine);
    return sched_getaffinity(0, sizeof(mine), &mine) == 0 ? (uint64_t)CPU_COUNT(&mine) : (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
}

static void greet(worker *w)
{
    char host[256] = "";
    gethostname(host, sizeof(host) - 1);
    wire_word(&w->out, "hello");
    wire_number(&w->out, WIRE_VERSION);
    wire_bytes(&w->out, ASHLAR_VERSION, strlen(ASHLAR_VERSION));
    wire_bytes(&w->out, host, strlen(host));
    wire_number(&w->out, cores());
    wire_number(&w->out, (uint64_t)w->time_left_s);
    wire_end(&w->out);
}

static char *first_line(worker *w)
{
    char *line;
    while (!(line = wire_line(&w->in)) && !w->in.ended && !w->in.broken)
        wire_read(&w->in);
    return line;
}

static ash_status begin(worker *w, ash_error *err)
{
    char *rest = first_line(w), *text;
    uint64_t version, slots, beat_ms;
    size_t n;
    if (!rest)
        return ash_fail(err, ASH_INVALID, "no controller speaks to this worker: \"ashlar run\" starts workers itself");
    if (strcmp(wire_next(&rest), "run") != 0 || !wire_get_number(&rest, &version))
        return ash_fail(err, ASH_INVALID, "what came first on standard input is not a controller's message");
    if (version != WIRE_VERSION)
        return ash_fail(err, ASH_INVALID, "the controller speaks version %llu of the protocol, this worker version %d",
                        (unsigned long long)version, WIRE_VERSION);
    if (!wire_get_number(&rest, &slots) || slots < 1 || slots > 4096 || !wire_get_number(&rest, &beat_ms) ||
        !wire_get_bytes(&rest, w->arena, &text, &n))
        return ash_fail(err, ASH_INVALID, "the controller does not say which run this is");
    w->serve.slots = (int)slots;
    w->serve.silence_s = SILENT_BEATS * (double)beat_ms / 1000;
    if (worker_open(text, n, &w->session, &w->serve.memory_cap, serve_keep, w->server, err) != ASH_OK)
        return err->status;
    w->serve.type = w->session.type;
    w->serve.evaluator = w->session.evaluator;
    return ASH_OK;
}

static void refuse(worker *w, const ash_error *err)
{
    wire_word(&w->out, "refuse");
    wire_number(&w->out, err->status);
    wire_bytes(&w->out, err->text, strlen(err->text));
    wire_end(&w->out);
}

int cmd_worker(int argc, char **argv)
{
    worker w = {.in = {.fd = STDIN_FILENO}, .out = {.fd = STDOUT_FILENO}};
    ash_error err;
    cli_parse(&argp, argc, argv, &w);
    w.arena = arena_create();
    w.server = serve_create();
    ash_status status = w.arena && w.server ? ASH_OK : ash_fail_memory(&err);
    greet(&w);
    if (status == ASH_OK)
        status = begin(&w, &err);
    if (status != ASH_OK) {
        refuse(&w, &err);
    } else {
        wire_word(&w.out, "ready");
        wire_end(&w.out);
        w.serve.in = &w.in;
        w.serve.out = &w.out;
        status = serve_run(w.server, &w.serve, &err);
    }
    session_close(&w.session);
    serve_destroy(w.server);
    arena_destroy(w.arena);
    wire_reader_free(&w.in);
    wire_writer_free(&w.out);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
