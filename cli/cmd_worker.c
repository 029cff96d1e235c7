/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_worker.c - ashlar worker: evaluate what a controller sends (docs/worker-protocol.md)
 *
 * Standard output belongs to the protocol. The run is opened from what the controller says, and refused when it does not come out as the
 * controller's own: another program version, other data, another kernel level. */
#include "cli/command.h"
#include "evaluator/exec/serve.h"
#include "run/worker.h"
#include <string.h>
#include <unistd.h>

typedef struct worker {
    session session;
    server *server;
    serve_settings serve;
    wire_reader in;
    wire_writer out;
    arena *arena;
} worker;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key == ARGP_KEY_ARG)
        cli_usage(state, "\"%s\" is too many: a worker takes its orders from standard input", arg);
    return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
    .parser = parse,
    .args_doc = "",
    .doc = "Evaluate the trials that a controller sends on standard input, each in a process of its own, and answer on "
           "standard output. \"ashlar run\" starts workers itself when execution.executor is process.\v"
           "For example:\n\n  ashlar run examples/digits.yaml --executor process\n",
};

static void greet(worker *w)
{
    char host[256] = "";
    gethostname(host, sizeof(host) - 1);
    wire_word(&w->out, "hello");
    wire_number(&w->out, WIRE_VERSION);
    wire_bytes(&w->out, ASHLAR_VERSION, strlen(ASHLAR_VERSION));
    wire_bytes(&w->out, host, strlen(host));
    wire_number(&w->out, (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
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
    uint64_t version, slots;
    size_t n;
    if (!rest)
        return ash_fail(err, ASH_INVALID, "no controller speaks to this worker: \"ashlar run\" starts workers itself");
    if (strcmp(wire_next(&rest), "run") != 0 || !wire_get_number(&rest, &version))
        return ash_fail(err, ASH_INVALID, "what came first on standard input is not a controller's message");
    if (version != WIRE_VERSION)
        return ash_fail(err, ASH_INVALID, "the controller speaks version %llu of the protocol, this worker version %d",
                        (unsigned long long)version, WIRE_VERSION);
    if (!wire_get_number(&rest, &slots) || slots < 1 || slots > 4096 || !wire_get_bytes(&rest, w->arena, &text, &n))
        return ash_fail(err, ASH_INVALID, "the controller does not say which run this is");
    w->serve.slots = (int)slots;
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
    cli_parse(&argp, argc, argv, NULL);
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
        w.serve.silence_s = 120;
        status = serve_run(w.server, &w.serve, &err);
    }
    session_close(&w.session);
    serve_destroy(w.server);
    arena_destroy(w.arena);
    wire_reader_free(&w.in);
    wire_writer_free(&w.out);
    return status == ASH_OK ? 0 : cli_fail(&err);
}
